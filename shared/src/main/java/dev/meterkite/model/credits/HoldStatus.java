package dev.meterkite.model.credits;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The life of a credit hold: {@code held} until one of the others, which are final. */
public enum HoldStatus implements Word {
  /** Credits are set aside. */
  HELD,
  /** They, or a part, were spent; the rest went back. */
  CAPTURED,
  /** They went back. */
  RELEASED,
  /** Nobody settled it in time; they went back. */
  EXPIRED;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<HoldStatus> parse(@Nullable String wire) {
    return Word.parse(HoldStatus.class, wire);
  }
}
