package dev.meterkite.model.health;

import dev.meterkite.model.schema.Word;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a caller does after a call. */
public enum RetryAdvice implements Word {
  /** Call the same model again. */
  SAME,
  /** Call another model. */
  OTHER,
  /** Do not call again: it was good, or the call itself is at fault. */
  NONE;

  /** The pause before the same model is called again after a fault. */
  static final Duration WAIT = Duration.ofMillis(500);

  /** A rate limit up to this is worth waiting for. */
  static final Duration SHORT = Duration.ofSeconds(10);

  /** A call that took this long to fail is not made again at the same model. */
  private static final long LONG_MS = 5_000;

  /** Advice, and how long to wait before following it. */
  record Advised(RetryAdvice advice, Duration after) {}

  /**
   * The same model after the first attempt's fault, if the model is in use and failed quickly, or
   * after a rate limit of at most 10 s; else another. None after a success or the caller's error;
   * but a first request that is too long for the model is worth one call of another.
   *
   * @param inUse whether the model still takes calls
   */
  static Advised after(HealthCommand.Observe call, boolean inUse, Instant now) {
    ProviderErrors.@Nullable Verdict error = call.error();
    if (error != null && error.tooLong() && call.firstAttempt()) {
      return new Advised(OTHER, Duration.ZERO);
    }
    if (error == null || !error.counts()) {
      return new Advised(NONE, Duration.ZERO);
    }
    Instant until = error.until();
    boolean worth = call.firstAttempt() && inUse;
    Advised other = new Advised(OTHER, Duration.ZERO);
    return switch (error.kind()) {
      case RATE_LIMITED, PROVIDER_FAULT -> {
        if (!worth || (until == null && error.kind() == ProviderErrors.Kind.RATE_LIMITED)) {
          yield other;
        }
        if (until != null) {
          Duration wait = Duration.between(now, until);
          yield wait.compareTo(SHORT) <= 0 ? new Advised(SAME, wait) : other;
        }
        yield call.latencyMs() >= LONG_MS ? other : new Advised(SAME, WAIT);
      }
      case KEY_REFUSED, QUOTA_GONE, CREDIT_GONE, MODEL_GONE -> other;
      case CALLER_FAULT -> new Advised(NONE, Duration.ZERO);
    };
  }
}
