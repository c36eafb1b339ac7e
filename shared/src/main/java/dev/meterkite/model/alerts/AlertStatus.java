package dev.meterkite.model.alerts;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether an incident goes on. */
public enum AlertStatus implements Word {
  /** It goes on, as far as we know. */
  OPEN,
  /** It goes on and has become worse: an alert of the next level tells of that. */
  ESCALATED,
  /** It goes on unreported: as many of its fingerprint as are allowed were raised this hour. */
  SUPPRESSED,
  /** What it reported has recovered. */
  RESOLVED;

  /** Whether the incident goes on. */
  public boolean lasts() {
    return this != RESOLVED;
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<AlertStatus> parse(@Nullable String wire) {
    return Word.parse(AlertStatus.class, wire);
  }
}
