package dev.meterkite.model.credits.holds;

import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.journal.CallCharge;
import dev.meterkite.model.credits.lots.OpenHold;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a command writes to the document of a hold that exists: how it ended, and what else is known
 * by then. Fields whose part is null stay as they are.
 *
 * @param opened the hold as it was open, with its user; null for one that was not
 * @param end how it ended
 * @param code why, where the job's end decided it
 * @param mark the attempt of the job
 * @param charge the call that the capture charged without a transaction
 */
public record HoldNote(
    @Nullable Opened opened,
    @Nullable End end,
    @Nullable String code,
    @Nullable JobMark mark,
    @Nullable Charged charge) {
  /** Nothing. */
  public static final HoldNote NONE = new HoldNote(null, null, null, null, null);

  /** A hold with its user. */
  public record Opened(String userId, OpenHold hold) {}

  /**
   * The end of a hold.
   *
   * @param captured credits spent, 0 unless captured
   * @param transactionId their deduction, or null
   * @param closedAt when
   */
  public record End(
      HoldStatus status, long captured, @Nullable String transactionId, Instant closedAt) {}

  /**
   * A call that was charged without a transaction.
   *
   * @param accruedMicros micro-USD accrued below a credit after it
   */
  public record Charged(CallCharge call, long accruedMicros) {}

  /** This with a code. */
  public HoldNote code(String word) {
    return new HoldNote(opened, end, word, mark, charge);
  }

  /** This with the attempt of a job. */
  public HoldNote mark(JobMark attempt) {
    return new HoldNote(opened, end, code, attempt, charge);
  }

  /** This with a call. */
  public HoldNote charge(Charged call) {
    return new HoldNote(opened, end, code, mark, call);
  }
}
