package dev.meterkite.model.quotas;

import dev.meterkite.model.command.Write;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What can be done to a model's quota. */
public sealed interface QuotaCommand {
  /**
   * Sets an amount aside in all windows at once, or in none.
   *
   * @param provider the provider's id
   * @param modelId the model's id
   * @param tokens 1 to {@value QuotaState#MAX_FIGURE}
   * @param requests 0 to {@value QuotaState#MAX_FIGURE}, usually 1
   * @param ttl how long it stands unless settled, 1 s to {@link QuotaRules#MAX_TTL}
   * @param limits the catalogue's limits, which make the document where there is none; null where
   *     the catalogue knows none
   * @param purpose what it is made for; null for the caller's own
   */
  record Reserve(
      String provider,
      String modelId,
      long tokens,
      long requests,
      Duration ttl,
      @Nullable QuotaLimits limits,
      @Nullable Purpose purpose)
      implements QuotaCommand {
    /** A reservation for the caller's own purpose. */
    public Reserve(
        String provider,
        String modelId,
        long tokens,
        long requests,
        Duration ttl,
        @Nullable QuotaLimits limits) {
      this(provider, modelId, tokens, requests, ttl, limits, null);
    }

    public Reserve {
      if (tokens < 1
          || tokens > QuotaState.MAX_FIGURE
          || requests < 0
          || requests > QuotaState.MAX_FIGURE) {
        throw new IllegalArgumentException("cannot reserve " + tokens + ", " + requests);
      }
      if (ttl.compareTo(Duration.ofSeconds(1)) < 0 || ttl.compareTo(QuotaRules.MAX_TTL) > 0) {
        throw new IllegalArgumentException("cannot reserve for " + ttl);
      }
    }
  }

  /**
   * What a reservation is made for, in the same commit.
   *
   * @param document a new document, such as a decision; where it is the command's marker, it proves
   *     that the reservation was made
   * @param answer told in place of the reservation's own
   */
  record Purpose(Write.Create document, Map<String, Object> answer) {}

  /**
   * Charges the real figure in place of the estimate, in the windows that reserved it.
   *
   * @param tokens 0 to {@value QuotaState#MAX_FIGURE}; may be above the estimate; 0 gives all back
   */
  record Settle(String reservation, long tokens) implements QuotaCommand {
    public Settle {
      if (tokens < 0 || tokens > QuotaState.MAX_FIGURE) {
        throw new IllegalArgumentException("cannot settle " + tokens);
      }
    }
  }

  /**
   * What the provider says is left, which counts where it is less than we believe.
   *
   * @param tokens tokens left, null if not stated
   * @param requests requests left, null if not stated
   * @param reset when the provider's window ends, null if not stated
   * @param plan the catalogue's limits, which make the document where there is none; null where the
   *     catalogue knows none
   */
  record Stated(
      @Nullable Long tokens,
      @Nullable Long requests,
      @Nullable Instant reset,
      @Nullable Ensure plan)
      implements QuotaCommand {}

  /** Resets what has ended and charges what has lapsed. */
  record Sweep() implements QuotaCommand {}

  /** Brings zone, windows and limits to what the catalogue says; what was used stays. */
  record Ensure(String provider, String modelId, QuotaLimits limits) implements QuotaCommand {}
}
