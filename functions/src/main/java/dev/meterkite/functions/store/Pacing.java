package dev.meterkite.functions.store;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How the processes that write one document take turns.
 *
 * <p>Who has won goes on from the state it knows, one round trip a commit, for a run of {@value
 * #RUN} commits or 100 ms, whichever is over first; then it pauses for about as long as a rival
 * needs to read and to send its commit. The pause stands <em>after winning</em>: after losing, the
 * winner would win again. Runs are what makes it fast where commits are fast; where a document
 * takes one commit a second, a run is one commit.
 *
 * <p>Who loses waits the less the more often it has lost, so that those who have waited longest
 * come first. A collision out of the blue is tried again at once.
 *
 * <p>Who always wins never hears of those who lose: so the same pause is made after 250 ms of
 * commits without a rival.
 *
 * <p>Rivalry grows by one with every commit that lost and shrinks by a twentieth with every one
 * that won. Pauses are counted in round trips, the shortest of late: a commit that has to wait for
 * its document says nothing about the way.
 */
final class Pacing {
  private static final int RUN = 5;
  private static final long LONGEST_RUN_NANOS = Duration.ofMillis(100).toNanos();
  private static final long LISTEN_EVERY_NANOS = Duration.ofMillis(250).toNanos();
  private static final double ROUND_TRIPS_OF_A_RIVAL = 3;
  private static final double ROUND_TRIPS_BY_AGE = 8;
  private static final int OLD = 4;
  private static final double MOST_RIVALRY = 4;
  private static final double ALONE = 0.2;
  private static final double RIVALS = 1.5;
  private static final double DECAY = 0.95;
  private static final double DRIFT = 1.05;
  private static final long LONGEST_PAUSE_NANOS = Duration.ofMillis(500).toNanos();

  private double rivalry;
  private double roundTripNanos;
  private int run;
  private long runNanos;

  /** A commit of ours was applied after this long. */
  void won(Duration roundTrip) {
    answered(roundTrip);
    rivalry = rivalry < ALONE ? 0 : rivalry * DECAY;
    run++;
    runNanos += roundTrip.toNanos();
  }

  /** A commit of ours came back after this long, applied or not. */
  void answered(Duration roundTrip) {
    double nanos = Math.max(1, roundTrip.toNanos());
    roundTripNanos = roundTripNanos == 0 ? nanos : Math.min(nanos, roundTripNanos * DRIFT);
  }

  /** A commit of ours lost against another writer. */
  void lost() {
    rivalry = Math.min(MOST_RIVALRY, rivalry + 1);
    endRun();
  }

  /** Whether others have won of late, more than once by chance. */
  boolean hasRivals() {
    return rivalry >= RIVALS;
  }

  /** The shortest round trip of late. */
  Duration roundTrip() {
    return Duration.ofNanos((long) roundTripNanos);
  }

  private void endRun() {
    run = 0;
    runNanos = 0;
  }

  /** Whether others write this document so often that a kept state is hardly worth trying. */
  boolean contended() {
    return rivalry >= 1 && run == 0;
  }

  /** How long to wait after a win, so that others have their turn. */
  Duration afterWin(RandomGenerator random) {
    boolean over =
        rivalry < ALONE
            ? runNanos >= LISTEN_EVERY_NANOS
            : run >= RUN || runNanos >= LONGEST_RUN_NANOS;
    if (!over) {
      return Duration.ZERO;
    }
    endRun();
    return pause(ROUND_TRIPS_OF_A_RIVAL, random);
  }

  /** How long to wait before trying again after losing this often. */
  Duration afterLoss(int losses, RandomGenerator random) {
    return rivalry < ALONE
        ? Duration.ZERO
        : pause(1 + ROUND_TRIPS_BY_AGE * Math.max(0, OLD - losses), random);
  }

  private Duration pause(double roundTrips, RandomGenerator random) {
    double nanos = roundTripNanos * roundTrips * (0.5 + random.nextDouble());
    return Duration.ofNanos(Math.min(LONGEST_PAUSE_NANOS, (long) nanos));
  }
}
