package dev.meterkite.model.credits.holds;

import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.journal.CallCharge;
import dev.meterkite.model.credits.lots.OpenHold;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The document of a hold: credits set aside until they are captured, released, or expire. One that
 * another program wrote or changed may lack any part.
 *
 * @param holdId its id
 * @param userId whose credits
 * @param amount how many, at least 0
 * @param status its status; null where it cannot be read
 * @param expiresAt when it expires
 * @param jobId the job that it is for, or null
 * @param captured how many credits were spent; null while it is open
 * @param transactionId the deduction of a capture, or null
 * @param code how its job ended, or null
 * @param plansVersion the plans that decided it, or null
 * @param createdAt when it was made
 * @param closedAt when it ended, or null
 * @param attempt the attempt of the job that it is for, counted from 1, or null
 * @param attempts on the hold of the first attempt: the number of the latest one, or null
 * @param jobCreatedAt {@code created_at} of the job, or null
 * @param charge the call that it is for, or null; never read back
 */
public record CreditHold(
    @Nullable String holdId,
    @Nullable String userId,
    long amount,
    @Nullable HoldStatus status,
    @Nullable Instant expiresAt,
    @Nullable String jobId,
    @Nullable Long captured,
    @Nullable String transactionId,
    @Nullable String code,
    @Nullable String plansVersion,
    @Nullable Instant createdAt,
    @Nullable Instant closedAt,
    @Nullable Long attempt,
    @Nullable Long attempts,
    @Nullable Instant jobCreatedAt,
    @Nullable CallCharge charge) {

  /**
   * A hold that a command opens.
   *
   * @param mark the attempt of the job, or null
   * @param charge the call that it is for, or null
   */
  public static CreditHold opened(
      String userId,
      OpenHold hold,
      Instant now,
      @Nullable JobMark mark,
      @Nullable CallCharge charge) {
    return new CreditHold(
        hold.holdId(),
        userId,
        hold.amount(),
        HoldStatus.HELD,
        hold.expiresAt(),
        hold.jobId(),
        null,
        null,
        null,
        charge == null ? hold.plansVersion() : charge.plansVersion(),
        now,
        null,
        mark == null ? null : mark.attempt(),
        null,
        mark == null ? null : mark.jobCreatedAt(),
        charge);
  }

  /** The hold of a job's attempt that was never open: it ends as it is made. */
  public static CreditHold neverOpen(
      String holdId, String userId, String jobId, long amount, HoldNote.End end, JobMark mark) {
    return new CreditHold(
        holdId,
        userId,
        amount,
        end.status(),
        end.closedAt(),
        jobId,
        end.captured(),
        end.transactionId(),
        null,
        null,
        end.closedAt(),
        end.closedAt(),
        mark.attempt(),
        null,
        mark.jobCreatedAt(),
        null);
  }

  /** The status; one that cannot be read counts as expired. */
  public HoldStatus statusOrExpired() {
    return status == null ? HoldStatus.EXPIRED : status;
  }

  /** This with how its job ended. */
  public CreditHold code(String word) {
    return new CreditHold(
        holdId,
        userId,
        amount,
        status,
        expiresAt,
        jobId,
        captured,
        transactionId,
        word,
        plansVersion,
        createdAt,
        closedAt,
        attempt,
        attempts,
        jobCreatedAt,
        charge);
  }

  /** This with the number of the job's latest attempt. */
  public CreditHold attempts(long latest) {
    return new CreditHold(
        holdId,
        userId,
        amount,
        status,
        expiresAt,
        jobId,
        captured,
        transactionId,
        code,
        plansVersion,
        createdAt,
        closedAt,
        attempt,
        latest,
        jobCreatedAt,
        charge);
  }
}
