package dev.meterkite.model.quotas;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The tokens that may still be reserved, as answers and refusals state it.
 *
 * @param tokens tokens left in the window with fewest left, at least 0; null without token limits
 * @param resetAt when that window ends; null where that is not known
 */
public record QuotaLeft(@Nullable Long tokens, @Nullable Instant resetAt) {
  private static final QuotaLeft UNLIMITED = new QuotaLeft(null, null);

  static QuotaLeft of(QuotaState state) {
    return state
        .remaining()
        .map(
            left ->
                new QuotaLeft(
                    left.tokens(), left.resetAt().equals(QuotaState.NEVER) ? null : left.resetAt()))
        .orElse(UNLIMITED);
  }
}
