package dev.meterkite.model.health;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a model or provider gets no calls for now. */
public enum AwayReason implements Word {
  /** A rate limit: seconds to an hour. */
  RATE_LIMITED,
  /** A quota of a day or month, or the account's credit, is used up. */
  QUOTA_GONE,
  /** The provider does not serve the model, or no longer. */
  MODEL_GONE,
  /** It failed, and gets only trial calls. */
  FAILING;

  /** The constant with this wire value; empty for null and unknown words. */
  public static Optional<AwayReason> parse(@Nullable String wire) {
    return Word.parse(AwayReason.class, wire);
  }
}
