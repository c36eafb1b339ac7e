package dev.meterkite.model.prices;

import dev.meterkite.model.schema.Word;
import org.jspecify.annotations.Nullable;

/** What a component of a price counts. */
public enum Meter implements Word {
  INPUT(null),
  OUTPUT(null),
  CACHED_READ(INPUT),
  CACHED_WRITE(INPUT),
  /** Cache entries that live for an hour. */
  CACHED_WRITE_1H(CACHED_WRITE),
  REASONING(OUTPUT),
  AUDIO_IN(INPUT),
  AUDIO_OUT(OUTPUT),
  CACHED_AUDIO_IN(null),
  IMAGE_IN(INPUT),
  IMAGE_OUT(null),
  VIDEO_IN(null),
  VIDEO_OUT(null),
  SEARCH(null),
  /** The call itself, once. */
  REQUEST(null),
  PAGE(null),
  /** Results of a search. Has no price; steps count it. */
  RESULTS(null);

  private final @Nullable Meter fallback;

  Meter(@Nullable Meter fallback) {
    this.fallback = fallback;
  }

  /** Whose price counts for tokens where this one has none; null for none. */
  @Nullable Meter fallback() {
    return fallback;
  }
}
