package dev.meterkite.functions.store;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How the processes that write one document take turns. Alone, a process never waits.
 *
 * <p>Who has won goes on from the state it knows, one round trip a commit, for a run of {@value
 * #RUN} commits; then it pauses for about as long as a rival needs to read and to commit, and the
 * rival has its run. The pause stands <em>after winning</em>: after losing, the winner would win
 * again. Runs are what makes it fast: a process that comes in from outside pays a read and some
 * lost commits, and then has them paid for all of its run.
 *
 * <p>Rivalry grows by one with every commit that lost and shrinks by a twentieth with every one
 * that won.
 */
final class Pacing {
  private static final int RUN = 5;
  private static final double MOST_RIVALRY = 4;
  private static final double ALONE = 0.2;
  private static final double DECAY = 0.95;
  private static final double SMOOTHING = 0.2;
  private static final double ROUND_TRIPS_OF_A_RIVAL = 4;
  private static final int MOST_LOSSES_COUNTED = 3;
  private static final long LONGEST_PAUSE_NANOS = Duration.ofMillis(500).toNanos();

  private double rivalry;
  private double roundTripNanos;
  private int run;

  /** A commit of ours was applied after this long. */
  void won(long nanos) {
    roundTripNanos += (nanos - roundTripNanos) * (roundTripNanos == 0 ? 1 : SMOOTHING);
    rivalry = rivalry < ALONE ? 0 : rivalry * DECAY;
    run++;
  }

  /** A commit of ours lost against another writer. */
  void lost() {
    rivalry = Math.min(MOST_RIVALRY, rivalry + 1);
    run = 0;
  }

  /** Whether others write this document so often that a kept state is hardly worth trying. */
  boolean contended() {
    return rivalry >= 1 && run == 0;
  }

  /** How long to wait after a win, so that others have their turn. */
  Duration afterWin(RandomGenerator random) {
    if (rivalry < ALONE || run < RUN) {
      return Duration.ZERO;
    }
    run = 0;
    return pause(ROUND_TRIPS_OF_A_RIVAL, random);
  }

  /** How long to wait before trying again after losing this often. */
  Duration afterLoss(int losses, RandomGenerator random) {
    return losses <= 1 ? Duration.ZERO : pause(Math.min(losses, MOST_LOSSES_COUNTED), random);
  }

  private Duration pause(double roundTrips, RandomGenerator random) {
    double nanos = roundTripNanos * roundTrips * (0.5 + random.nextDouble());
    return Duration.ofNanos(Math.min(LONGEST_PAUSE_NANOS, (long) nanos));
  }
}
