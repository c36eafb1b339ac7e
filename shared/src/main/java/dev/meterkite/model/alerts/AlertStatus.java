package dev.meterkite.model.alerts;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether an incident goes on. */
public enum AlertStatus implements Word {
  /** It goes on, as far as we know. */
  OPEN,
  /** What it reported has recovered. */
  RESOLVED;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<AlertStatus> parse(@Nullable String wire) {
    return Word.parse(AlertStatus.class, wire);
  }
}
