package dev.meterkite.model.routing;

import dev.meterkite.model.health.CircuitState;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.health.HealthStatus;
import dev.meterkite.model.quotas.QuotaOutcome;
import dev.meterkite.model.quotas.QuotaState;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A model with everything that the choice depends on, as it was when the choice was made; these are
 * what a decision's document keeps, and what replays it.
 *
 * @param provider the provider's id
 * @param modelId the model's id
 * @param unfit why it cannot serve whatever the others are: the first reason that applies, null if
 *     none
 * @param returnsAt when the reason is over, null if it is not a matter of time
 * @param costMicros what the call costs there, in micro-USD, rounded up
 * @param status the provider's health
 * @param successRate its success rate, 0 to 1
 * @param latencyMs its latency, null without a figure
 * @param halfOpen whether its circuit is half open
 * @param utilisation the used and reserved share of the model's tightest limit; 0 without a quota
 */
public record Candidate(
    String provider,
    String modelId,
    @Nullable String unfit,
    @Nullable Instant returnsAt,
    long costMicros,
    HealthStatus status,
    double successRate,
    @Nullable Long latencyMs,
    boolean halfOpen,
    double utilisation) {

  /** Why a model is left out, in order of precedence. */
  public enum Reason {
    DISABLED,
    EXCLUDED,
    TASK_TYPE,
    CONTEXT_LENGTH,
    LANGUAGE,
    TOO_EXPENSIVE,
    /** The quota document under the model's id is that of another model. */
    AMBIGUOUS_ID,
    EXCEEDS_LIMIT,
    QUOTA_GONE,
    RATE_LIMITED,
    CIRCUIT_OPEN,
    HALF_OPEN_BUSY,
    QUOTA_EXHAUSTED,
    TOO_MANY_RESERVATIONS,
    RESERVATION_LOST;

    /** The wire value, such as {@code circuit_open}. */
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private record Unfit(Reason reason, @Nullable Instant returnsAt) {}

  private static final long MILLION = 1_000_000;

  /**
   * The candidate that a model is at a moment.
   *
   * @param health its provider's health, null where nothing is known
   * @param quota its quota, null without one
   */
  public static Candidate of(
      CatalogModel model,
      @Nullable HealthState health,
      @Nullable QuotaState quota,
      RouteRequest request,
      Instant now) {
    @Nullable QuotaState present = quota == null || !quota.exists() ? null : quota.at(now);
    long cost = cost(model, request);
    Unfit unfit =
        unserving(model, request, cost)
            .or(() -> ambiguous(model, present))
            .or(() -> exceeding(model, present, request))
            .or(() -> health == null ? Optional.empty() : away(health, now))
            .or(() -> present == null ? Optional.empty() : full(present, request))
            .orElse(null);
    return new Candidate(
        model.provider(),
        model.modelId(),
        unfit == null ? null : unfit.reason().wire(),
        unfit == null ? null : unfit.returnsAt(),
        cost,
        health == null ? HealthStatus.UNKNOWN : health.statusAt(now),
        health == null ? 1 : health.successRate(),
        health == null ? null : health.latency(),
        health != null && health.circuit().at(now).state() == CircuitState.HALF_OPEN,
        present == null ? 0 : present.utilisation());
  }

  /** Whether a model could serve a request at all, whatever its provider and quota do. */
  public static boolean fits(CatalogModel model, RouteRequest request) {
    return unserving(model, request, cost(model, request)).isEmpty();
  }

  /** Micro-USD, rounded up: at 2,500,000 and 10,000,000 a million, 1,001 and 10 cost 2,603. */
  static long cost(CatalogModel model, RouteRequest request) {
    long millionths =
        Math.addExact(
            Math.multiplyExact(model.inputCost(), request.inputTokens()),
            Math.multiplyExact(model.outputCost(), request.outputTokens()));
    return Math.floorDiv(Math.addExact(millionths, MILLION - 1), MILLION);
  }

  private static Optional<Unfit> unserving(CatalogModel model, RouteRequest request, long cost) {
    if (!model.enabled()) {
      return always(Reason.DISABLED);
    }
    if (request.exclude().contains(model.modelId())
        || request.exclude().contains(model.provider() + "/" + model.modelId())) {
      return always(Reason.EXCLUDED);
    }
    if (!model.taskTypes().contains(request.taskType())) {
      return always(Reason.TASK_TYPE);
    }
    if (request.tokens() > model.contextTokens()) {
      return always(Reason.CONTEXT_LENGTH);
    }
    if (!speaks(model, request.language())) {
      return always(Reason.LANGUAGE);
    }
    return request.maxCostMicros() != null && cost > request.maxCostMicros()
        ? always(Reason.TOO_EXPENSIVE)
        : Optional.empty();
  }

  private static boolean speaks(CatalogModel model, @Nullable String language) {
    if (language == null || model.languages().isEmpty()) {
      return true;
    }
    String primary = language.split("-", 2)[0];
    return model.languages().stream()
        .anyMatch(known -> known.equalsIgnoreCase(language) || known.equalsIgnoreCase(primary));
  }

  private static Optional<Unfit> ambiguous(CatalogModel model, @Nullable QuotaState quota) {
    return quota == null || quota.isOf(model.provider(), model.modelId())
        ? Optional.empty()
        : always(Reason.AMBIGUOUS_ID);
  }

  private static Optional<Unfit> exceeding(
      CatalogModel model, @Nullable QuotaState quota, RouteRequest request) {
    boolean byCatalogue =
        quota == null
            && model.limits().windows().values().stream()
                .anyMatch(
                    limit ->
                        (limit.tokens() != null && limit.tokens() < request.tokens())
                            || (limit.requests() != null && limit.requests() < 1));
    boolean byQuota =
        quota != null
            && quota
                .fit(request.tokens(), 1)
                .refusal()
                .equals(Optional.of(QuotaOutcome.EXCEEDS_LIMIT));
    return byCatalogue || byQuota ? always(Reason.EXCEEDS_LIMIT) : Optional.empty();
  }

  private static Optional<Unfit> away(HealthState health, Instant now) {
    Instant gone = health.quotaGoneUntil();
    if (gone != null && gone.isAfter(now)) {
      return Optional.of(new Unfit(Reason.QUOTA_GONE, gone));
    }
    Instant limited = health.rateLimitedUntil();
    if (limited != null && limited.isAfter(now)) {
      return Optional.of(new Unfit(Reason.RATE_LIMITED, limited));
    }
    CircuitState circuit = health.circuit().at(now).state();
    if (circuit == CircuitState.OPEN) {
      return Optional.of(new Unfit(Reason.CIRCUIT_OPEN, health.circuit().until()));
    }
    if (circuit == CircuitState.HALF_OPEN && health.circuit().free(now) == 0) {
      Instant free =
          health.circuit().at(now).permits().stream().min(Instant::compareTo).orElse(now);
      return Optional.of(new Unfit(Reason.HALF_OPEN_BUSY, free));
    }
    return Optional.empty();
  }

  private static Optional<Unfit> full(QuotaState quota, RouteRequest request) {
    QuotaState.Fit fit = quota.fit(request.tokens(), 1);
    return fit.refusal()
        .map(
            outcome ->
                outcome == QuotaOutcome.TOO_MANY_RESERVATIONS
                    ? new Unfit(Reason.TOO_MANY_RESERVATIONS, quota.dueAt().orElse(null))
                    : new Unfit(Reason.QUOTA_EXHAUSTED, fit.resetsAt().orElse(null)));
  }

  private static Optional<Unfit> always(Reason reason) {
    return Optional.of(new Unfit(reason, null));
  }

  /** This where its provider's circuit is open, as it was before: able and healthy. */
  Optional<Candidate> beforeItsCircuitOpened() {
    return Reason.CIRCUIT_OPEN.wire().equals(unfit)
        ? Optional.of(
            new Candidate(
                provider,
                modelId,
                null,
                null,
                costMicros,
                HealthStatus.HEALTHY,
                1,
                latencyMs,
                false,
                utilisation))
        : Optional.empty();
  }

  /** Provider and model, as decisions name what was lost: {@code openai/gpt-4o}. */
  public String name() {
    return provider + "/" + modelId;
  }
}
