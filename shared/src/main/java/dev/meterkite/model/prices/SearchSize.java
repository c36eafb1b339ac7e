package dev.meterkite.model.prices;

import dev.meterkite.model.schema.Word;

/** How much context a search brings. */
public enum SearchSize implements Word {
  LOW,
  MEDIUM,
  HIGH
}
