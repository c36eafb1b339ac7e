package dev.meterkite.bench;

import java.util.Random;

/**
 * When operations are meant to start.
 *
 * <p>Closed: each of so many callers starts its next operation when its last one was answered; the
 * load adapts to the answers. Open: operations start at moments that do not depend on any answer,
 * and latency counts from the moment meant, however late the request leaves.
 */
final class Arrivals {
  /**
   * Most operations that are under way at once in an open loop; the others wait, and that counts.
   */
  static final int MOST_IN_FLIGHT = 512;

  private final int inFlight;
  private final boolean closed;
  private final double offered;
  private final Gaps gaps;

  /** Nanoseconds between two starts. */
  private interface Gaps {
    long next();
  }

  private Arrivals(int inFlight, boolean closed, double offered, Gaps gaps) {
    this.inFlight = inFlight;
    this.closed = closed;
    this.offered = offered;
    this.gaps = gaps;
  }

  /** So many callers in a closed loop. */
  static Arrivals callers(int count) {
    return new Arrivals(count, true, Double.NaN, () -> 0);
  }

  /** An open loop: independent callers, so many starts a second on average, from a seed. */
  static Arrivals rate(double perSecond, long seed) {
    Random random = new Random(seed);
    return new Arrivals(
        MOST_IN_FLIGHT,
        false,
        perSecond,
        () -> (long) (-Math.log(1 - random.nextDouble()) / perSecond * 1e9));
  }

  /**
   * An open loop with recorded gaps, over and over.
   *
   * @param nanos the gaps
   */
  static Arrivals recorded(long[] nanos) {
    double total = 0;
    for (long gap : nanos) {
      total += gap;
    }
    int[] next = {0};
    return new Arrivals(
        MOST_IN_FLIGHT, false, nanos.length / total * 1e9, () -> nanos[next[0]++ % nanos.length]);
  }

  /** Most operations under way at once. */
  int inFlight() {
    return inFlight;
  }

  boolean closed() {
    return closed;
  }

  /** Starts a second that are meant; not a number in a closed loop. */
  double offered() {
    return offered;
  }

  /** How long after one start the next one is meant, in an open loop. */
  long nextGapNanos() {
    return gaps.next();
  }
}
