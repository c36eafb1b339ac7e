package dev.meterkite.model.health;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What becomes known of a provider, or is asked of its document. */
public sealed interface HealthCommand {
  /**
   * One call has ended.
   *
   * @param provider the provider's id
   * @param modelId the model's id, null for the provider's only or nameless model
   * @param latencyMs how long it took: 0 to {@value HealthState#MAX_LATENCY_MS}; says when it began
   * @param firstTokenMs when its first token came, null if not reported
   * @param error what went wrong, null for a success
   * @param firstAttempt whether nothing else was tried before for the same task
   * @param replay the caller's key, null if there is none
   */
  record Observe(
      String provider,
      @Nullable String modelId,
      long latencyMs,
      @Nullable Long firstTokenMs,
      ProviderErrors.@Nullable Verdict error,
      boolean firstAttempt,
      @Nullable Replay replay)
      implements HealthCommand {}

  /**
   * A free endpoint of the provider was called.
   *
   * @param latencyMs how long it took
   * @param error what went wrong, null for a success
   */
  record Probed(String provider, long latencyMs, ProviderErrors.@Nullable Verdict error)
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

  /** Asks to make a trial call of a model that is out. */
  record Permit(String provider, String modelId) implements HealthCommand {}

  /** Writes down what time has changed, so that it is alerted. */
  record Refresh() implements HealthCommand {}
}
