package dev.meterkite.model.prices;

import dev.meterkite.model.schema.Word;

/** The unit that a price is for. */
public enum PriceUnit implements Word {
  TOKEN,
  CHARACTER,
  SECOND,
  IMAGE,
  PIXEL,
  QUERY,
  REQUEST,
  PAGE
}
