package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an event of a job proves about the job's past. The job itself is read afresh; but a job that
 * failed, was queued again and is completed when its first event is delivered looks like one that
 * was completed late, and only the versions in the events tell the two apart.
 *
 * @param userId whose job it was before the change, or null
 * @param ended the number of an attempt after whose end the job lived; 0 for none
 * @param createdAt {@code created_at} of a job that the event saw created, or null
 */
public record JobEvent(@Nullable String userId, long ended, @Nullable Instant createdAt) {
  /** Proves nothing: for sweeps. */
  public static final JobEvent NONE = new JobEvent(null, 0, null);

  /**
   * What a change proves.
   *
   * <p>The job lived after attempt n ended if it went from failed or cancelled to another status
   * while attempt n was its last, or if a version that lives carries the payment of attempt n as
   * released by the end of a job.
   */
  public static JobEvent of(Snapshot before, Snapshot after) {
    long ended = Math.max(endedBefore(before), endedBefore(after));
    Optional<JobStatus> was = JobPayment.status(before);
    if (was.isPresent() && was.get().ended() && was.get() != JobStatus.COMPLETED && lives(after)) {
      ended = Math.max(ended, JobPayment.of(before).attempt());
    }
    return new JobEvent(
        Optional.ofNullable(LenientFields.text(before.fields(), PodcastJobs.USER_ID))
            .filter(DocRef::isId)
            .orElse(null),
        ended,
        before.exists() ? null : LenientFields.instant(after.fields(), PodcastJobs.CREATED_AT));
  }

  private static long endedBefore(Snapshot version) {
    JobPayment payment = JobPayment.of(version);
    return lives(version) && payment.isReleasedByEnd() ? payment.attempt() : 0;
  }

  private static boolean lives(Snapshot version) {
    return JobPayment.status(version).filter(status -> !status.ended()).isPresent();
  }
}
