package dev.meterkite.model.credits;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How much of its credits a user has left to spend, from enough to nothing. */
public enum BalanceLevel implements Word {
  /** At least the user's threshold, or there is none. */
  OK,
  /** Less than the threshold. */
  LOW,
  /** Nothing. */
  EMPTY;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<BalanceLevel> parse(@Nullable String wire) {
    return Word.parse(BalanceLevel.class, wire);
  }
}
