package dev.meterkite.model.credits;

import dev.meterkite.model.command.Outcome;
import java.util.Locale;

/** Why credits did not move, in order of precedence: the first that applies is the answer. */
public enum CreditOutcome implements Outcome {
  /** The user, hold or transaction does not exist, or belongs to somebody else. */
  NOT_FOUND(false),
  /** A field given to register-user differs from what is there, or belongs to another user. */
  ALREADY_EXISTS(false),
  /** The person was erased, or is being erased: nothing is charged, held or granted any more. */
  USER_ERASED(false),
  /**
   * {@code credits_balance} is not a whole number of at least 0, and no ledger says what it should
   * be; once it is fixed, an earlier attempt may still be in flight.
   */
  BALANCE_UNREADABLE(true),
  /** What is to be given would expire at once; an attempt of before may still be on its way. */
  ALREADY_EXPIRED(true),
  /** The hold was captured: nothing can follow. */
  HOLD_ALREADY_CAPTURED(false),
  /** The hold was released: nothing can follow. */
  HOLD_ALREADY_RELEASED(false),
  /**
   * The hold lapsed; the exact instant of its expiry counts as lapsed. Nobody may have noted that
   * yet, so an attempt of before may still be on its way.
   */
  HOLD_EXPIRED(true),
  /** Something that a call consumed has no known price. */
  UNKNOWN_PRICE(false),
  /** A call that costs nothing needs no hold, and none can be of nothing. */
  NOTHING_TO_HOLD(false),
  /** More is to be captured than the hold has; holds never grow. */
  CAPTURE_EXCEEDS_HOLD(false),
  /** Only deductions can be refunded. */
  NOT_REFUNDABLE(false),
  /** More than is left of the deduction; what is left never grows. */
  REFUND_EXCEEDS_TRANSACTION(false),
  /** The job's hold belongs to another user or has another amount; it stays as it is. */
  JOB_HOLD_CONFLICT(false),
  /** Duration, quality, priority, topic or audience of the job is outside its range. */
  INVALID_JOB(false),
  /** The job is longer than the user's tier allows. */
  DURATION_EXCEEDS_TIER(false),
  /** The balance would pass 2^53 - 1. */
  BALANCE_LIMIT_EXCEEDED(true),
  /** Less is available than required; a purchase may change that at any moment. */
  INSUFFICIENT_CREDITS(true),
  /** The user has the maximum number of open holds; settling one changes that. */
  TOO_MANY_HOLDS(true),
  /** Too many paid lines would run; those that end make room. */
  TOO_MANY_LINES(false);

  private final boolean remembered;

  CreditOutcome(boolean remembered) {
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
}
