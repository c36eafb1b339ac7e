package dev.meterkite.model.alerts;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How bad it is, from the mildest to the worst. */
public enum AlertSeverity implements Word {
  INFO,
  WARNING,
  CRITICAL,
  EMERGENCY;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<AlertSeverity> parse(@Nullable String wire) {
    return Word.parse(AlertSeverity.class, wire);
  }
}
