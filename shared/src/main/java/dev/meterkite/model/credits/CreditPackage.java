package dev.meterkite.model.credits;

import java.util.Arrays;
import java.util.Optional;

/** Credits that can be bought at once, with their price. */
public enum CreditPackage {
  CREDITS_100(100, 600),
  CREDITS_250(250, 1_400),
  CREDITS_500(500, 2_700),
  CREDITS_1000(1_000, 5_000);

  private final long credits;
  private final long priceCents;

  CreditPackage(long credits, long priceCents) {
    this.credits = credits;
    this.priceCents = priceCents;
  }

  /** How many credits are in it. */
  public long credits() {
    return credits;
  }

  /** Its price in US cents. */
  public long priceCents() {
    return priceCents;
  }

  /** The package of this many credits, if one is sold. */
  public static Optional<CreditPackage> ofCredits(long credits) {
    return Arrays.stream(values()).filter(p -> p.credits == credits).findFirst();
  }
}
