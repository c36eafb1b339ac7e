package dev.meterkite.model.health;

import java.math.BigInteger;

/**
 * The last {@value #WINDOW} calls of a model while it was in use, and its usual share of failures.
 *
 * @param count how many calls are known, 0 to {@value #WINDOW}
 * @param failures a bit a call, the newest lowest; 1 for a failure
 * @param usual moving average of the share of failures over {@value #USUAL_OVER} calls; kept when
 *     the window starts again
 */
public record RecentCalls(int count, BigInteger failures, double usual) {
  /** The most calls known. */
  public static final int WINDOW = 200;

  /** The fewest calls from which a share is concluded. */
  public static final int ENOUGH = 50;

  /** Fewer calls count as so many for the score. */
  public static final int FEW = 10;

  /** A share of failures from here on is too much. */
  public static final double TOO_MUCH = 0.08;

  /** If it is also this many times the usual share. */
  public static final double TIMES_USUAL = 2.5;

  static final double FIRST_USUAL = 0.02;
  private static final double USUAL_OVER = 5_000;
  private static final BigInteger MASK = BigInteger.ONE.shiftLeft(WINDOW).subtract(BigInteger.ONE);

  /** No calls known. */
  public static final RecentCalls NONE = new RecentCalls(0, BigInteger.ZERO, FIRST_USUAL);

  public RecentCalls {
    if (count < 0 || count > WINDOW || failures.signum() < 0 || failures.bitLength() > count) {
      throw new IllegalArgumentException("not " + count + " calls: " + failures);
    }
    if (!(usual >= 0 && usual <= 1)) {
      throw new IllegalArgumentException("not a share: " + usual);
    }
  }

  RecentCalls with(boolean failed) {
    BigInteger shifted = failures.shiftLeft(1).and(MASK);
    return new RecentCalls(
        Math.min(WINDOW, count + 1),
        failed ? shifted.setBit(0) : shifted,
        usual + ((failed ? 1 : 0) - usual) / USUAL_OVER);
  }

  /** A window that starts again with so many good calls. */
  RecentCalls again(int good) {
    return new RecentCalls(Math.min(WINDOW, good), BigInteger.ZERO, usual);
  }

  int failed() {
    return failures.bitCount();
  }

  /**
   * The share of good calls; fewer than {@value #FEW} calls count as so many, of which the unknown
   * ones were good, so that one failure of a new model does not send all calls elsewhere.
   */
  public double successShare() {
    return 1 - (double) failed() / Math.max(count, FEW);
  }

  /** Whether failures are still half of what is too much, and more than usual. */
  boolean isStillTooMuch() {
    double share = (double) failed() / Math.max(1, count);
    return count >= ENOUGH && share >= TOO_MUCH / 2 && share >= TIMES_USUAL / 2 * usual;
  }

  /** Whether failures are 8 % of at least 50 calls, and 2.5 times the usual share. */
  boolean isTooMuch() {
    double share = (double) failed() / Math.max(1, count);
    return count >= ENOUGH && share >= TOO_MUCH && share >= TIMES_USUAL * usual;
  }
}
