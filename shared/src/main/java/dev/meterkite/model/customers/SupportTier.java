package dev.meterkite.model.customers;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The support that a customer has. */
public enum SupportTier implements Word {
  BASIC,
  PRIORITY,
  DEDICATED;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<SupportTier> parse(@Nullable String wire) {
    return Word.parse(SupportTier.class, wire);
  }
}
