package dev.meterkite.functions.store;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long a process waits after a commit of one document, so that other processes get their turn
 * and each commit carries more. Alone, it never waits.
 *
 * <p>Rivalry grows by one with every commit that lost and shrinks by a twentieth with every one
 * that won. The pause stands <em>after a win</em>: the loser tries again at once and finds the
 * document quiet, where a pause after losing would let the winner win again.
 */
final class Pacing {
  private static final double MOST_RIVALRY = 8;
  private static final double ALONE = 0.2;
  private static final double DECAY = 0.95;
  private static final double SMOOTHING = 0.2;
  private static final long LONGEST_PAUSE_NANOS = Duration.ofMillis(500).toNanos();

  private double rivalry;
  private double roundTripNanos;

  /** A commit of ours was applied after this long. */
  void won(long nanos) {
    roundTripNanos += (nanos - roundTripNanos) * (roundTripNanos == 0 ? 1 : SMOOTHING);
    rivalry = rivalry < ALONE ? 0 : rivalry * DECAY;
  }

  /** A commit of ours lost against another writer. */
  void lost() {
    rivalry = Math.min(MOST_RIVALRY, rivalry + 1);
  }

  /** Whether others write this document so often that a kept state is hardly worth trying. */
  boolean contended() {
    return rivalry >= 1;
  }

  /**
   * How long to wait after a win: about the time that the rivals need for a read and a commit each.
   */
  Duration afterWin(RandomGenerator random) {
    if (rivalry < ALONE) {
      return Duration.ZERO;
    }
    double nanos = 2 * roundTripNanos * rivalry * (0.5 + random.nextDouble());
    return Duration.ofNanos(Math.min(LONGEST_PAUSE_NANOS, (long) nanos));
  }

  /** How long to wait before trying again after losing this often in a row. */
  Duration afterLoss(int losses, RandomGenerator random) {
    if (losses <= 2) {
      return Duration.ZERO;
    }
    double nanos = roundTripNanos * losses * random.nextDouble();
    return Duration.ofNanos(Math.min(LONGEST_PAUSE_NANOS, (long) nanos));
  }
}
