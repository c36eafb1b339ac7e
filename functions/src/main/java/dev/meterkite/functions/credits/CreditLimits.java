package dev.meterkite.functions.credits;

/** Bounds of what callers send, besides those of the rules. */
final class CreditLimits {
  /** The longest description of a transaction, in characters. */
  static final int DESCRIPTION = 500;

  /** The longest reason of a refund, in characters. */
  static final int REASON = 500;

  /** The longest id of a customer at Stripe, in characters; Stripe promises at most 255. */
  static final int STRIPE_ID = 255;

  private CreditLimits() {}
}
