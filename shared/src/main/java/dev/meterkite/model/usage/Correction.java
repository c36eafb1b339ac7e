package dev.meterkite.model.usage;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a record that corrects another does to it. */
public enum Correction implements Word {
  /** The corrected record counts for nothing. */
  VOID,
  /** This record counts in its place. */
  AMEND;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<Correction> parse(@Nullable String wire) {
    return Word.parse(Correction.class, wire);
  }
}
