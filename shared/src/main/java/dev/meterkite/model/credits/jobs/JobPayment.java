package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a job's {@code payment} says, as found; another program may have wiped or copied it.
 *
 * @param status what came of paying, or null
 * @param code why not, or null
 * @param holdId the hold that it is about, or null
 * @param attempt which attempt of the job, from 1 to below {@value #MAX_ATTEMPT}, so that there is
 *     always a next one; 1 where it is not said
 */
public record JobPayment(
    @Nullable PaymentStatus status, @Nullable String code, @Nullable String holdId, long attempt) {
  /** The most attempts of a job that are told apart. */
  static final long MAX_ATTEMPT = 1_000_000;

  static JobPayment of(Snapshot job) {
    Map<?, ?> payment = LenientFields.map(job.fields(), PodcastJobs.PAYMENT);
    Long attempt = LenientFields.whole(payment, name(PodcastJobs.PAYMENT_ATTEMPT));
    return new JobPayment(
        PaymentStatus.parse(LenientFields.text(payment, name(PodcastJobs.PAYMENT_STATUS)))
            .orElse(null),
        LenientFields.text(payment, name(PodcastJobs.PAYMENT_CODE)),
        LenientFields.text(payment, name(PodcastJobs.PAYMENT_HOLD_ID)),
        attempt == null || attempt < 1 || attempt >= MAX_ATTEMPT ? 1 : attempt);
  }

  /** The key inside {@code payment} of one of its field paths. */
  static String name(String path) {
    return path.substring(PodcastJobs.PAYMENT.length() + 1);
  }

  /** The job's status; empty for an unknown word. */
  static Optional<JobStatus> status(Snapshot job) {
    return JobStatus.parse(LenientFields.text(job.fields(), PodcastJobs.STATUS));
  }

  /** Whether a job has ended and its price is still held. */
  public static boolean isHeldBehindItsEnd(Snapshot job) {
    return of(job).status == PaymentStatus.HELD && status(job).filter(JobStatus::ended).isPresent();
  }

  /** Whether a job is completed and its payment was refused, or its hold lapsed, before that. */
  public static boolean isOpenBehindItsCompletion(Snapshot job) {
    JobPayment payment = of(job);
    boolean isOpen =
        payment.status == PaymentStatus.REFUSED
            || (payment.status == PaymentStatus.RELEASED
                && CreditOutcome.HOLD_EXPIRED.code().equals(payment.code));
    return isOpen && status(job).filter(JobStatus.COMPLETED::equals).isPresent();
  }

  /**
   * Whether the hold was released because the job ended, which starts a new attempt if it lives.
   */
  boolean isReleasedByEnd() {
    return status == PaymentStatus.RELEASED && code == null;
  }

  /** Whether it says that this hold is open. */
  boolean isHeldBy(String id) {
    return status == PaymentStatus.HELD && id.equals(holdId);
  }
}
