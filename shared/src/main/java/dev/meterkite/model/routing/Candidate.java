package dev.meterkite.model.routing;

import dev.meterkite.model.health.AwayReason;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.health.HealthStatus;
import dev.meterkite.model.health.ModelHealth;
import dev.meterkite.model.health.Outage;
import dev.meterkite.model.quotas.QuotaOutcome;
import dev.meterkite.model.quotas.QuotaState;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model with everything that the choice depends on, as it was when the choice was made; this is
 * what a decision's document keeps, and what replays it.
 *
 * @param provider the provider's id
 * @param modelId the model's id
 * @param unfit why it cannot serve whatever the others are: the first reason that applies, null if
 *     none
 * @param returnsAt when the reason is over, null if it is not a matter of time
 * @param costMicros what the call costs there, in micro-USD, rounded up
 * @param successShare the share of its last calls that were good, 0 to 1; null when unknown
 * @param firstTokenMs the time to its first token, null without a figure
 * @param trial whether it is out and a trial call is due
 * @param outSince when it left, where it is known to be unavailable; else null
 * @param utilisation the used and reserved share of the model's tightest limit; 0 without a quota
 */
public record Candidate(
    String provider,
    String modelId,
    @Nullable String unfit,
    @Nullable Instant returnsAt,
    long costMicros,
    @Nullable Double successShare,
    @Nullable Long firstTokenMs,
    boolean trial,
    @Nullable Instant outSince,
    double utilisation) {

  /** Why a model is left out, in order of precedence. */
  public enum Reason {
    DISABLED,
    EXCLUDED,
    /** It was tried for the same task before. */
    TRIED,
    TASK_TYPE,
    CONTEXT_LENGTH,
    LANGUAGE,
    /** The request does not say how much of the model's unit it needs. */
    NO_PRICE,
    TOO_EXPENSIVE,
    /** The quota document under the model's id is that of another model. */
    AMBIGUOUS_ID,
    EXCEEDS_LIMIT,
    MODEL_GONE,
    QUOTA_GONE,
    RATE_LIMITED,
    CIRCUIT_OPEN,
    QUOTA_EXHAUSTED,
    TOO_MANY_RESERVATIONS,
    RESERVATION_LOST,
    /** Its health or quota was not read, since it could not have been chosen. */
    NOT_WEIGHED;

    /** The wire value, such as {@code circuit_open}. */
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private record Unfit(Reason reason, @Nullable Instant returnsAt) {}

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
    Unfit unfit =
        unserving(model, request, Set.of())
            .map(Candidate::always)
            .or(() -> ambiguous(model, present))
            .or(() -> exceeding(model, present, request))
            .or(() -> health == null ? Optional.empty() : away(model, health, now))
            .or(() -> present == null ? Optional.empty() : full(model, present, request))
            .orElse(null);
    ModelHealth known = health == null ? null : health.model(model.modelId()).at(now);
    Outage outage = outage(health, known);
    boolean sure = outage != null && isSure(health, known, now);
    return new Candidate(
        model.provider(),
        model.modelId(),
        unfit == null ? null : unfit.reason().wire(),
        unfit == null ? null : unfit.returnsAt(),
        model.price().cost(request.size()).orElse(0L),
        health == null ? null : health.successShare(model.modelId(), now).orElse(null),
        health == null ? null : health.firstTokenMs(model.modelId()),
        outage != null && health != null && health.isTrialDue(model.modelId(), now),
        outage != null && sure ? outage.since() : null,
        present == null ? 0 : present.utilisation());
  }

  private static @Nullable Outage outage(
      @Nullable HealthState health, @Nullable ModelHealth known) {
    if (health == null || known == null) {
      return null;
    }
    return health.access().outage() != null ? health.access().outage() : known.outage();
  }

  private static boolean isSure(
      @Nullable HealthState health, @Nullable ModelHealth known, Instant now) {
    return health != null
        && known != null
        && (known.told() == HealthStatus.UNAVAILABLE
            || health.access().at(now).told() == HealthStatus.UNAVAILABLE);
  }

  /**
   * Why a model cannot serve a request, whatever its provider and quota do; empty if it can.
   *
   * @param tried names of models that were tried for the same task
   */
  public static Optional<Reason> unserving(
      CatalogModel model, RouteRequest request, Set<String> tried) {
    if (!model.enabled()) {
      return Optional.of(Reason.DISABLED);
    }
    if (request.exclude().contains(model.modelId()) || request.exclude().contains(model.name())) {
      return Optional.of(Reason.EXCLUDED);
    }
    if (tried.contains(model.name())) {
      return Optional.of(Reason.TRIED);
    }
    if (!model.taskTypes().contains(request.taskType())) {
      return Optional.of(Reason.TASK_TYPE);
    }
    if (model.price().amount(request.size()) > model.contextTokens()) {
      return Optional.of(Reason.CONTEXT_LENGTH);
    }
    if (!speaks(model, request.language())) {
      return Optional.of(Reason.LANGUAGE);
    }
    Optional<Long> cost = model.price().cost(request.size());
    if (cost.isEmpty()) {
      return Optional.of(Reason.NO_PRICE);
    }
    return request.maxCostMicros() != null && cost.get() > request.maxCostMicros()
        ? Optional.of(Reason.TOO_EXPENSIVE)
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

  /** What is reserved for a request at a model: at least 1. */
  public static long reserved(CatalogModel model, RouteRequest request) {
    return Math.max(1, model.price().amount(request.size()));
  }

  private static Optional<Unfit> ambiguous(CatalogModel model, @Nullable QuotaState quota) {
    return quota == null || quota.isOf(model.provider(), model.modelId())
        ? Optional.empty()
        : Optional.of(always(Reason.AMBIGUOUS_ID));
  }

  private static Optional<Unfit> exceeding(
      CatalogModel model, @Nullable QuotaState quota, RouteRequest request) {
    long amount = reserved(model, request);
    boolean byCatalogue =
        quota == null
            && model.limits().windows().values().stream()
                .anyMatch(
                    limit ->
                        (limit.tokens() != null && limit.tokens() < amount)
                            || (limit.requests() != null && limit.requests() < 1));
    boolean byQuota =
        quota != null
            && quota.fit(amount, 1).refusal().equals(Optional.of(QuotaOutcome.EXCEEDS_LIMIT));
    return byCatalogue || byQuota ? Optional.of(always(Reason.EXCEEDS_LIMIT)) : Optional.empty();
  }

  private static Optional<Unfit> away(CatalogModel model, HealthState health, Instant now) {
    return health
        .away(model.modelId(), now)
        .filter(
            away -> away.reason() != AwayReason.FAILING || !health.isTrialDue(model.modelId(), now))
        .map(away -> new Unfit(reason(away.reason()), away.until()));
  }

  private static Reason reason(AwayReason away) {
    return switch (away) {
      case RATE_LIMITED -> Reason.RATE_LIMITED;
      case QUOTA_GONE -> Reason.QUOTA_GONE;
      case MODEL_GONE -> Reason.MODEL_GONE;
      case FAILING -> Reason.CIRCUIT_OPEN;
    };
  }

  private static Optional<Unfit> full(CatalogModel model, QuotaState quota, RouteRequest request) {
    QuotaState.Fit fit = quota.fit(reserved(model, request), 1);
    return fit.refusal()
        .map(
            outcome ->
                outcome == QuotaOutcome.TOO_MANY_RESERVATIONS
                    ? new Unfit(Reason.TOO_MANY_RESERVATIONS, quota.dueAt().orElse(null))
                    : new Unfit(Reason.QUOTA_EXHAUSTED, fit.resetsAt().orElse(null)));
  }

  private static Unfit always(Reason reason) {
    return new Unfit(reason, null);
  }

  /** This without a trial: others were faster, or enough trials were made. */
  public Candidate withoutTrial() {
    return trial ? with(Reason.CIRCUIT_OPEN) : this;
  }

  private Candidate with(Reason reason) {
    return new Candidate(
        provider,
        modelId,
        reason.wire(),
        returnsAt,
        costMicros,
        successShare,
        firstTokenMs,
        false,
        outSince,
        utilisation);
  }

  /** This as it was before it left, where it is known to be unavailable. */
  Optional<Candidate> beforeItLeft() {
    return outSince != null && Reason.CIRCUIT_OPEN.wire().equals(unfit)
        ? Optional.of(
            new Candidate(
                provider,
                modelId,
                null,
                null,
                costMicros,
                1.0,
                firstTokenMs,
                false,
                null,
                utilisation))
        : Optional.empty();
  }

  /** Provider and model, as decisions name it: {@code openai/gpt-4o}. */
  public String name() {
    return provider + "/" + modelId;
  }
}
