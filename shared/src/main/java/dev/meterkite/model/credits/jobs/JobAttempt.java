package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.holds.CreditHold;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which attempt of a job counts, and who pays for it.
 *
 * <p>A job that failed, was cancelled, refused or deleted, and lives again, is a new attempt with a
 * hold of its own. The hold of the first attempt notes the number of the latest one. A hold belongs
 * to the user for whom it was made: a job that changes its user during an attempt changes nothing.
 *
 * <p>Example: job j of u fails, its hold is released. It is queued again for v: attempt 2, held for
 * v. Were it written as {@code completed} at once, that would be the late end of attempt 1, and
 * charge nobody. Were it deleted first, the completed job would be another one, and be paid.
 *
 * @param job the job, or its absence
 * @param first the hold of its first attempt, or its absence
 * @param hold the hold of its latest attempt with a hold, or its absence
 * @param event what the event proves
 */
public record JobAttempt(Snapshot job, Snapshot first, Snapshot hold, JobEvent event) {
  /** The code of a hold whose job was read as deleted: a job of this id is then another one. */
  static final String DELETED = "deleted";

  /** The hold of the latest attempt, as the hold of the first one says. */
  public static DocRef latestHold(String jobId, Snapshot first) {
    return CreditRefs.jobHold(jobId, latest(first));
  }

  private static long latest(Snapshot first) {
    Long latest = HoldCodec.decode(first).attempts();
    return latest == null || latest < 1 || latest > JobPayment.MAX_ATTEMPT ? 1 : latest;
  }

  /** The hold of the latest attempt as read, or null. */
  @Nullable CreditHold found() {
    return HoldCodec.decode(hold, null);
  }

  /** The number of the latest attempt that has a hold; 1 where none has. */
  long latest() {
    return latest(first);
  }

  /** The number of the attempt that begins now. One that was refused had no hold, but a number. */
  long next() {
    JobPayment payment = JobPayment.of(job);
    boolean wasRefused =
        payment.status() == PaymentStatus.REFUSED
            && JobPayment.status(job).filter(JobStatus.QUEUED::equals).isPresent()
            && job.fields().get(PodcastJobs.PAYMENT_DUE_AT) == null;
    long unheld = hold.exists() ? latest() + 1 : latest();
    return Math.max(unheld, wasRefused ? payment.attempt() + 1 : 0);
  }

  /**
   * Whether the job as read belongs to no hold that there is.
   *
   * @param now the latest hold as it is now, or null
   */
  boolean isNew(@Nullable CreditHold now) {
    Optional<JobStatus> status = JobPayment.status(job);
    if (status.isEmpty() || (status.get().ended() && status.get() != JobStatus.COMPLETED)) {
      return false;
    }
    if (now == null || isCreatedAnew(now)) {
      return true;
    }
    boolean lives = !status.get().ended();
    return switch (now.statusOrExpired()) {
      case HELD, CAPTURED -> false;
      case RELEASED ->
          lives ? !isReleasedByHand(now) : event.ended() >= latest() || DELETED.equals(now.code());
      case EXPIRED -> lives && JobPayment.of(job).isReleasedByEnd();
    };
  }

  /**
   * Whether the event saw the job created after the one for which the hold was made. That {@code
   * created_at} alone differs proves nothing: pipelines write whole documents again. A hold that a
   * service made, and closed, before there was a job is the job's.
   */
  boolean isCreatedAnew(CreditHold now) {
    Instant created = event.createdAt();
    Instant known = now.jobCreatedAt();
    return created != null && known != null && created.isAfter(known);
  }

  /** Whether a service released the hold of a job under way, which is final while it lives. */
  private boolean isReleasedByHand(CreditHold now) {
    if (now.code() != null) {
      return false;
    }
    JobPayment payment = JobPayment.of(job);
    return payment.isHeldBy(hold.ref().id())
        || CreditOutcome.HOLD_ALREADY_RELEASED.code().equals(payment.code());
  }

  /**
   * Who pays: the user of the hold, or, where there is none or a new attempt begins, of the job.
   *
   * @return empty when nobody knows
   */
  public Optional<String> payer() {
    boolean isOpen = hold.exists() && HoldCodec.decode(hold).status() == HoldStatus.HELD;
    if (hold.exists() && (isOpen || !isNew(found()))) {
      return CreditRefs.owner(hold);
    }
    return job.exists() ? CreditRefs.owner(job) : Optional.ofNullable(event.userId());
  }

  /** Whether an attempt of another user begins once this one's open hold is released. */
  public boolean handsOver() {
    return hold.exists()
        && HoldCodec.decode(hold).status() == HoldStatus.HELD
        && isNew(found())
        && !CreditRefs.owner(hold).equals(CreditRefs.owner(job));
  }

  /** The user that the job names in place of the one who pays; null where they are the same. */
  @Nullable String otherUser(String payer) {
    Object named = job.fields().get(PodcastJobs.USER_ID);
    if (!job.exists() || payer.equals(named)) {
      return null;
    }
    return CreditRefs.owner(job).orElse(named == null ? "nobody" : LenientFields.shown(named));
  }
}
