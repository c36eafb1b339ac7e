package dev.meterkite.model.usage;

import dev.meterkite.model.command.Outcome;
import java.util.Locale;

/** Why a usage record is refused, in order of precedence. */
public enum UsageOutcome implements Outcome {
  /** There is no such customer. */
  UNKNOWN_CUSTOMER(false),
  /** A record with the item's own key says something else. */
  IDEMPOTENCY_CONFLICT(false),
  /** There is no record that could be corrected under this id, or it is another customer's. */
  UNKNOWN_RECORD(true),
  /** The record was voided or amended before; only the latest amendment can be corrected. */
  ALREADY_CORRECTED(false),
  /** A correction must restate scene, action and timestamp of the record that it corrects. */
  CORRECTION_MISMATCH(false),
  /** The contract has not begun or is over; only scenes are refused. */
  CONTRACT_INACTIVE(true),
  /** No scene is left in the period. */
  QUOTA_EXCEEDED(true);

  private final boolean remembered;

  UsageOutcome(boolean remembered) {
    this.remembered = remembered;
  }

  @Override
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public boolean remembered() {
    return remembered;
  }

  /** The outcome of this code. */
  static UsageOutcome ofCode(String code) {
    for (UsageOutcome outcome : values()) {
      if (outcome.code().equals(code)) {
        return outcome;
      }
    }
    return QUOTA_EXCEEDED;
  }
}
