package dev.meterkite.model.plans;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How much data a scene is delivered with, from the least to the most. */
public enum DataPackTier implements Word {
  CORE,
  PLUS,
  FULL;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<DataPackTier> parse(@Nullable String wire) {
    return Word.parse(DataPackTier.class, wire);
  }
}
