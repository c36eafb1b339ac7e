package dev.meterkite.model.prices;

import dev.meterkite.model.schema.Word;

/** What a version of a price is good for. */
public enum PriceStatus implements Word {
  /** Its prices are charged; a price of 0 in it is no known price. */
  ACTIVE,
  /** Its prices are charged, those of 0 too. */
  FREE,
  /** Nobody knows what the model costs: calls of it are refused. */
  UNKNOWN,
  /** It waits for a person: the version before it goes on counting. */
  HELD
}
