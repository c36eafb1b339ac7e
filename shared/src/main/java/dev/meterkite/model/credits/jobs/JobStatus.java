package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The life of a podcast job. {@code completed}, {@code failed} and {@code cancelled} are its ends.
 */
public enum JobStatus implements Word {
  QUEUED,
  CLARIFYING,
  RUNNING,
  COMPLETED,
  FAILED,
  CANCELLED;

  /** Whether nothing more happens to a job in this status. */
  public boolean ended() {
    return this == COMPLETED || this == FAILED || this == CANCELLED;
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<JobStatus> parse(@Nullable String wire) {
    return Word.parse(JobStatus.class, wire);
  }
}
