package dev.meterkite.model.health;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What becomes known of a provider, or is asked of its document. */
public sealed interface HealthCommand {
  /**
   * One call or probe has ended.
   *
   * @param provider the provider's id
   * @param latencyMs how long it took; 0 to {@value HealthState#MAX_LATENCY_MS}, others are cut
   * @param error what went wrong, null for a success
   * @param replay the caller's key, null if there is none
   */
  record Observe(
      String provider,
      long latencyMs,
      ProviderErrors.@Nullable Verdict error,
      @Nullable Replay replay)
      implements HealthCommand {}

  /**
   * A key under which an outcome is counted once.
   *
   * @param key the caller's idempotency key
   * @param requestHash hash of the normalised body
   */
  record Replay(String key, String requestHash) {}

  /**
   * Asks for the right to probe in the present interval.
   *
   * @param by who asks, unique to the attempt, so that one whose claim was written but not
   *     acknowledged recognises it
   */
  record Claim(String provider, String by, Duration interval) implements HealthCommand {}

  /** Asks to let one call through a half-open circuit. */
  record Permit(String provider) implements HealthCommand {}

  /** Writes down what time has changed: evidence gone stale, a circuit half open. */
  record Refresh() implements HealthCommand {}
}
