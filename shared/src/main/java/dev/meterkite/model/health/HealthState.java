package dev.meterkite.model.health;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a provider.
 *
 * @param exists whether there is a document
 * @param provider the provider's id, null where the document does not say
 * @param status as of the last change; {@link #statusAt} tells what it is now
 * @param pending the status that the last observation called for, where it is not the present one
 * @param lastCheck when something was last observed, null if never
 * @param successRate moving average of 1 for a success and 0 for a failure
 * @param latencyMs moving average over the successes, null if there was none
 * @param circuit the circuit breaker
 * @param rateLimitedUntil the provider takes no calls until then, null if it does
 * @param quotaGoneUntil credit or a long quota is used up until then, null if not
 * @param claim who probes in the present interval, null if nobody ever did
 * @param recent the last keyed reports, the oldest first, at most {@value #MAX_RECENT}
 */
public record HealthState(
    boolean exists,
    @Nullable String provider,
    HealthStatus status,
    @Nullable HealthStatus pending,
    @Nullable Instant lastCheck,
    double successRate,
    @Nullable Double latencyMs,
    Circuit circuit,
    @Nullable Instant rateLimitedUntil,
    @Nullable Instant quotaGoneUntil,
    @Nullable Claim claim,
    List<String> recent) {

  /** The weight of the newest observation in the averages. */
  public static final double ALPHA = 0.2;

  /** A success rate from here on is healthy. */
  public static final double HEALTHY_RATE = 0.8;

  /** A success rate below is unavailable. */
  public static final double UNAVAILABLE_RATE = 0.5;

  /** A latency below is healthy. */
  public static final double HEALTHY_LATENCY_MS = 2_000;

  /** A latency above is unavailable. */
  public static final double UNAVAILABLE_LATENCY_MS = 5_000;

  /** The time from one probe to the next. */
  public static final Duration PROBE_INTERVAL = Duration.ofMinutes(1);

  /** Evidence older than this says nothing any more. */
  public static final Duration STALE = PROBE_INTERVAL.multipliedBy(3);

  /** Longer latencies count as this: ten minutes. */
  public static final long MAX_LATENCY_MS = 600_000;

  /** The most keyed reports remembered. */
  public static final int MAX_RECENT = 500;

  private static final double RATE_DIGITS = 10_000;

  /**
   * Who may probe in an interval.
   *
   * @param at when it was claimed
   * @param by who claimed it
   */
  public record Claim(Instant at, String by) {}

  public HealthState {
    recent = List.copyOf(recent);
    if (!(successRate >= 0 && successRate <= 1)) {
      throw new IllegalArgumentException("not a rate: " + successRate);
    }
  }

  /** The status now: unknown when never checked or when the last evidence is over 180 s old. */
  public HealthStatus statusAt(Instant now) {
    return lastCheck == null || lastCheck.plus(STALE).isBefore(now) ? HealthStatus.UNKNOWN : status;
  }

  /** The share of failures, to four decimals. */
  public double errorRate() {
    return Math.rint((1 - successRate) * RATE_DIGITS) / RATE_DIGITS;
  }

  /** The average latency in whole milliseconds, null if there is none. */
  public @Nullable Long latency() {
    return latencyMs == null ? null : Long.valueOf(Math.round(latencyMs));
  }

  /** What the averages alone call for. */
  HealthStatus target() {
    if (successRate < UNAVAILABLE_RATE
        || (latencyMs != null && latencyMs > UNAVAILABLE_LATENCY_MS)) {
      return HealthStatus.UNAVAILABLE;
    }
    return successRate >= HEALTHY_RATE && (latencyMs == null || latencyMs < HEALTHY_LATENCY_MS)
        ? HealthStatus.HEALTHY
        : HealthStatus.DEGRADED;
  }

  /** How callers see a provider: status, averages and circuit as they are now. */
  public Map<String, Object> view(Instant now) {
    Map<String, Object> view = new LinkedHashMap<>();
    view.put("provider", provider == null ? "" : provider);
    view.put("status", statusAt(now).wire());
    Long latency = latency();
    if (latency != null) {
      view.put("latency_ms", latency);
    }
    if (lastCheck != null) {
      view.put("error_rate", errorRate());
    }
    view.put("circuit", circuit.at(now).state().wire());
    return view;
  }

  HealthState withAverages(double rate, @Nullable Double latency, Instant now) {
    return new HealthState(
        true,
        provider,
        status,
        pending,
        now,
        rate,
        latency,
        circuit,
        rateLimitedUntil,
        quotaGoneUntil,
        claim,
        recent);
  }

  HealthState withStatus(HealthStatus next, @Nullable HealthStatus nextPending) {
    return new HealthState(
        exists,
        provider,
        next,
        nextPending,
        lastCheck,
        successRate,
        latencyMs,
        circuit,
        rateLimitedUntil,
        quotaGoneUntil,
        claim,
        recent);
  }

  HealthState withCircuit(Circuit next) {
    return new HealthState(
        exists,
        provider,
        status,
        pending,
        lastCheck,
        successRate,
        latencyMs,
        next,
        rateLimitedUntil,
        quotaGoneUntil,
        claim,
        recent);
  }

  HealthState withDeadlines(@Nullable Instant rateLimited, @Nullable Instant quotaGone) {
    return new HealthState(
        exists,
        provider,
        status,
        pending,
        lastCheck,
        successRate,
        latencyMs,
        circuit,
        rateLimited,
        quotaGone,
        claim,
        recent);
  }

  HealthState withClaim(Claim next) {
    return new HealthState(
        true,
        provider,
        status,
        pending,
        lastCheck,
        successRate,
        latencyMs,
        circuit,
        rateLimitedUntil,
        quotaGoneUntil,
        next,
        recent);
  }

  HealthState withRecent(List<String> next) {
    return new HealthState(
        true,
        provider,
        status,
        pending,
        lastCheck,
        successRate,
        latencyMs,
        circuit,
        rateLimitedUntil,
        quotaGoneUntil,
        claim,
        next);
  }

  HealthState named(String name) {
    return name.equals(provider)
        ? this
        : new HealthState(
            exists,
            name,
            status,
            pending,
            lastCheck,
            successRate,
            latencyMs,
            circuit,
            rateLimitedUntil,
            quotaGoneUntil,
            claim,
            recent);
  }
}
