package dev.meterkite.model.prices;

import dev.meterkite.model.schema.Word;

/** How a provider is asked to process a call. */
public enum ServiceTier implements Word {
  STANDARD,
  BATCH,
  FLEX,
  PRIORITY
}
