package dev.meterkite.model.plans;

/**
 * Credits that can be bought at once.
 *
 * @param credits how many, 1 to {@value UserTier#MAX_CREDITS}
 * @param priceCents their price in US cents, 1 to {@value #MAX_CENTS}
 */
public record CreditPackage(long credits, long priceCents) {
  /** A million dollars. */
  public static final long MAX_CENTS = 100_000_000;

  public CreditPackage {
    if (credits < 1 || credits > UserTier.MAX_CREDITS || priceCents < 1 || priceCents > MAX_CENTS) {
      throw new IllegalArgumentException("not a package: " + credits);
    }
  }
}
