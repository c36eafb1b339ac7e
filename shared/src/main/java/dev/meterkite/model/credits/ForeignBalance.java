package dev.meterkite.model.credits;

/** What happens to a {@code credits_balance} that another program changed beside a ledger. */
public enum ForeignBalance {
  /** The ledger's figure is written back. */
  PUT_BACK,
  /** The difference is booked as an {@code admin_adjustment}: for the time of a cut-over. */
  ADOPT
}
