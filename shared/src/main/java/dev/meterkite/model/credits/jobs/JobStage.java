package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Where the pipeline is with a job. */
public enum JobStage implements Word {
  QUEUED,
  RESEARCH,
  SCRIPT,
  VOICE,
  MIX,
  PUBLISH,
  COMPLETED,
  FAILED;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<JobStage> parse(@Nullable String wire) {
    return Word.parse(JobStage.class, wire);
  }
}
