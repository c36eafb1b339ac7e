package dev.meterkite.model.routing;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.HealthStatus;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decisions as documents: what was asked, every candidate as it was, its score terms or the reason
 * against it, and what came out; enough to decide again and to come to the same.
 */
public final class RoutingAudit {
  /** A decision expires this long after it was taken. */
  public static final Duration RETENTION = Duration.ofDays(30);

  /** The reason on a decision that chose nothing, and the code of the answer. */
  public static final String NO_CANDIDATE = "no_candidate";

  private static final String PROVIDER = "provider";
  private static final String MODEL_ID = "model_id";
  private static final String SCORE = "score";
  private static final String REASON = "reason";
  private static final String UNFIT = "unfit";
  private static final String RETURNS_AT = "returns_at";
  private static final String COST_MICROS = "cost_micros";
  private static final String STATUS = "status";
  private static final String SUCCESS_RATE = "success_rate";
  private static final String LATENCY_MS = "latency_ms";
  private static final String HALF_OPEN = "half_open";
  private static final String UTILISATION = "utilisation";

  private RoutingAudit() {}

  /** The document of a decision. */
  public static DocRef ref(String decisionId) {
    return new DocRef(RoutingDecisions.COLLECTION, decisionId);
  }

  /**
   * The fields of a decision's document.
   *
   * @param candidates all models, as given to {@link Router#choose}
   * @param lost as given to it
   * @param choice what it answered
   * @param reservationId the reservation made, null without a quota or a choice; a choice of
   *     nothing is marked {@code reason: no_candidate}
   */
  public static Map<String, Object> document(
      RouteRequest request,
      List<Candidate> candidates,
      List<String> lost,
      Router.Choice choice,
      @Nullable String reservationId,
      Instant now) {
    Map<String, Object> fields = asked(request);
    choice
        .selected()
        .ifPresent(
            selected -> {
              fields.put(RoutingDecisions.SELECTED_PROVIDER, selected.candidate().provider());
              fields.put(RoutingDecisions.SELECTED_MODEL, selected.candidate().modelId());
              fields.put(RoutingDecisions.SCORE, selected.score());
              fields.put(RoutingDecisions.ESTIMATED_COST_MICROS, selected.candidate().costMicros());
            });
    if (choice.selected().isEmpty()) {
      fields.put(RoutingDecisions.REASON, NO_CANDIDATE);
    }
    put(fields, RoutingDecisions.RESERVATION_ID, reservationId);
    put(fields, RoutingDecisions.RETRY_AT, choice.retryAt());
    fields.put(RoutingDecisions.TIMESTAMP, now);
    fields.put(RoutingDecisions.EXPIRE_AT, now.plus(RETENTION));
    fields.put(RoutingDecisions.LOST, List.copyOf(lost));
    fields.put(
        RoutingDecisions.CANDIDATES, candidates.stream().map(c -> facts(c, choice)).toList());
    fields.put(RoutingDecisions.EXCLUDED, excluded(choice));
    fields.put(RoutingDecisions.FALLBACKS, fallbacks(choice));
    return fields;
  }

  private static Map<String, Object> asked(RouteRequest request) {
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, RoutingDecisions.JOB_ID, request.jobId());
    fields.put(RoutingDecisions.TASK_TYPE, request.taskType().wire());
    fields.put(RoutingDecisions.INPUT_TOKENS, request.inputTokens());
    fields.put(RoutingDecisions.OUTPUT_TOKENS, request.outputTokens());
    put(fields, RoutingDecisions.LANGUAGE, request.language());
    fields.put(RoutingDecisions.EXCLUDE, List.copyOf(request.exclude()));
    put(fields, RoutingDecisions.MAX_COST_MICROS, request.maxCostMicros());
    return fields;
  }

  /** The models left out and why, as answers and documents list them. */
  public static List<Map<String, Object>> excluded(Router.Choice choice) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Router.Excluded excluded : choice.excluded()) {
      Map<String, Object> entry = named(excluded.candidate());
      entry.put(REASON, excluded.reason());
      list.add(entry);
    }
    return list;
  }

  /** The fallbacks with their scores, as answers and documents list them. */
  public static List<Map<String, Object>> fallbacks(Router.Choice choice) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Router.Scored scored : choice.fallbacks()) {
      Map<String, Object> entry = named(scored.candidate());
      entry.put(SCORE, scored.score());
      list.add(entry);
    }
    return list;
  }

  private static Map<String, Object> named(Candidate candidate) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put(PROVIDER, candidate.provider());
    entry.put(MODEL_ID, candidate.modelId());
    return entry;
  }

  private static Map<String, Object> facts(Candidate candidate, Router.Choice choice) {
    Map<String, Object> entry = named(candidate);
    put(entry, UNFIT, candidate.unfit());
    put(entry, RETURNS_AT, candidate.returnsAt());
    entry.put(COST_MICROS, candidate.costMicros());
    entry.put(STATUS, candidate.status().wire());
    entry.put(SUCCESS_RATE, candidate.successRate());
    put(entry, LATENCY_MS, candidate.latencyMs());
    entry.put(HALF_OPEN, candidate.halfOpen());
    entry.put(UTILISATION, candidate.utilisation());
    choice.ranked().stream()
        .filter(scored -> scored.candidate().equals(candidate))
        .findFirst()
        .ifPresent(
            scored -> {
              Map<String, Object> terms = new LinkedHashMap<>();
              terms.put("health", scored.health());
              terms.put("quota", scored.quota());
              terms.put("cost", scored.cost());
              terms.put("performance", scored.performance());
              entry.put("terms", terms);
              entry.put(SCORE, scored.score());
            });
    return entry;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
    if (value != null) {
      fields.put(name, value);
    }
  }

  /** Decides again from a decision's document alone. */
  public static Router.Choice replay(Snapshot decision) {
    List<Candidate> candidates = new ArrayList<>();
    for (Object entry : FieldValues.list(decision.fields().get(RoutingDecisions.CANDIDATES))) {
      candidates.add(candidate(FieldValues.map(entry)));
    }
    List<String> lost = new ArrayList<>();
    for (Object name : FieldValues.list(decision.fields().get(RoutingDecisions.LOST))) {
      lost.add(String.valueOf(name));
    }
    return Router.choose(candidates, lost);
  }

  private static Candidate candidate(Map<String, @Nullable Object> fields) {
    Long cost = FieldValues.integer(fields.get(COST_MICROS));
    Double rate = FieldValues.decimal(fields.get(SUCCESS_RATE));
    Double utilisation = FieldValues.decimal(fields.get(UTILISATION));
    return new Candidate(
        String.valueOf(fields.get(PROVIDER)),
        String.valueOf(fields.get(MODEL_ID)),
        FieldValues.text(fields.get(UNFIT)),
        FieldValues.instant(fields.get(RETURNS_AT)),
        cost == null ? 0 : cost,
        HealthStatus.parse(FieldValues.text(fields.get(STATUS))).orElse(HealthStatus.UNKNOWN),
        rate == null ? 1 : rate,
        FieldValues.integer(fields.get(LATENCY_MS)),
        Boolean.TRUE.equals(fields.get(HALF_OPEN)),
        utilisation == null ? 0 : utilisation);
  }

  /**
   * The {@code expire_at} that a decision of another writer lacks or contradicts: 30 days after its
   * {@code timestamp}, or after it was last written where it has none; empty when all is well.
   */
  public static Optional<Instant> missingExpiry(Snapshot decision) {
    if (!decision.exists()) {
      return Optional.empty();
    }
    Instant taken = FieldValues.instant(decision.fields().get(RoutingDecisions.TIMESTAMP));
    Object stands = decision.fields().get(RoutingDecisions.EXPIRE_AT);
    if (taken == null) {
      return stands instanceof Instant
          ? Optional.empty()
          : Optional.ofNullable(decision.updateTime()).map(at -> at.plus(RETENTION));
    }
    Instant due = taken.plus(RETENTION);
    return due.equals(stands) ? Optional.empty() : Optional.of(due);
  }
}
