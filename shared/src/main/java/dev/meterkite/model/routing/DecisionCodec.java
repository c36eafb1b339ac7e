package dev.meterkite.model.routing;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.document.StoredSize;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decisions as documents: what was asked, the candidates that were weighed with their score terms
 * or the reason against them, how many others were left out for which reason, and what came out;
 * enough to decide again with the same result.
 */
public final class DecisionCodec {
  private static final String PROVIDER = "provider";
  private static final String MODEL_ID = "model_id";
  private static final String SCORE = "score";
  private static final String REASON = "reason";
  private static final String UNFIT = "unfit";
  private static final String RETURNS_AT = "returns_at";
  private static final String COST_MICROS = "cost_micros";
  private static final String SUCCESS_SHARE = "success_share";
  private static final String FIRST_TOKEN_MS = "first_token_ms";
  private static final String OUT_SINCE = "out_since";

  /** The most characters of excluded names that a document keeps. */
  private static final int MAX_EXCLUDE = 1_000;

  private static final String UTILISATION = "utilisation";

  /** The most bytes of a decision's fields, its answer included. */
  public static final int MAX_STORED = 8_000;

  private DecisionCodec() {}

  /**
   * What a decision was made from.
   *
   * @param candidates the weighed models that the document keeps
   * @param lost names of candidates whose reservation or permit was refused
   * @param draw 0 to 1, decides among the best
   */
  record Inputs(List<Candidate> candidates, List<String> lost, Router.Prices prices, double draw) {}

  /**
   * The fields of a decision's document.
   *
   * @param choice what {@code weighed} came to
   * @param reservationId the reservation made, null without a quota or a choice; a choice of
   *     nothing is marked {@code reason: no_candidate}
   */
  public static Map<String, Object> document(
      RouteRequest request,
      Weighed weighed,
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
              fields.put(RoutingDecisions.TRIAL, selected.candidate().trial());
            });
    if (choice.selected().isEmpty()) {
      fields.put(RoutingDecisions.REASON, RoutingAudit.NO_CANDIDATE);
    }
    put(fields, RoutingDecisions.RESERVATION_ID, reservationId);
    put(fields, RoutingDecisions.RETRY_AT, weighed.retryAt(choice));
    fields.put(RoutingDecisions.TIMESTAMP, now);
    fields.put(RoutingDecisions.EXPIRE_AT, now.plus(RoutingAudit.RETENTION));
    fields.put(RoutingDecisions.LOST, weighed.lost());
    fields.put(RoutingDecisions.DRAW, weighed.draw());
    fields.put(RoutingDecisions.CHEAPEST_MICROS, weighed.prices().cheapest());
    fields.put(RoutingDecisions.DEAREST_MICROS, weighed.prices().dearest());
    if (!weighed.tried().isEmpty()) {
      fields.put(RoutingDecisions.TRIED, weighed.tried());
    }
    fields.put(
        RoutingDecisions.CANDIDATES,
        weighed.candidates().stream().map(c -> facts(c, choice)).toList());
    fields.put(RoutingDecisions.EXCLUDED, weighed.excluded(choice));
    fields.put(RoutingDecisions.FALLBACKS, fallbacks(choice));
    return fields;
  }

  private static Map<String, Object> asked(RouteRequest request) {
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, RoutingDecisions.JOB_ID, request.jobId());
    fields.put(RoutingDecisions.TASK_TYPE, request.taskType().wire());
    RouteRequest.Size size = request.size();
    fields.put(RoutingDecisions.INPUT_TOKENS, size.input());
    fields.put(RoutingDecisions.OUTPUT_TOKENS, size.output());
    if (size.cached() > 0) {
      fields.put(RoutingDecisions.CACHED_INPUT_TOKENS, size.cached());
    }
    put(fields, RoutingDecisions.CHARACTERS, size.characters());
    put(fields, RoutingDecisions.AUDIO_SECONDS, size.audioSeconds());
    put(fields, RoutingDecisions.LANGUAGE, request.language());
    fields.put(RoutingDecisions.EXCLUDE, cut(request.exclude()));
    put(fields, RoutingDecisions.MAX_COST_MICROS, request.maxCostMicros());
    put(fields, RoutingDecisions.ATTEMPT_OF, request.attemptOf());
    return fields;
  }

  /**
   * What a decision was asked for, as far as its document keeps it: of the names in {@code exclude}
   * the first ones. Empty for a document of another program that does not say it.
   */
  public static Optional<RouteRequest> request(Snapshot decision) {
    Map<String, Object> fields = decision.fields();
    Optional<TaskType> task =
        TaskType.parse(FieldValues.text(fields.get(RoutingDecisions.TASK_TYPE)));
    if (task.isEmpty()) {
      return Optional.empty();
    }
    try {
      RouteRequest.Size size =
          new RouteRequest.Size(
              whole(fields, RoutingDecisions.INPUT_TOKENS),
              whole(fields, RoutingDecisions.CACHED_INPUT_TOKENS),
              whole(fields, RoutingDecisions.OUTPUT_TOKENS),
              FieldValues.integer(fields.get(RoutingDecisions.CHARACTERS)),
              FieldValues.integer(fields.get(RoutingDecisions.AUDIO_SECONDS)));
      String attemptOf = FieldValues.text(fields.get(RoutingDecisions.ATTEMPT_OF));
      return Optional.of(
          new RouteRequest(
              FieldValues.text(fields.get(RoutingDecisions.JOB_ID)),
              task.get(),
              size,
              FieldValues.text(fields.get(RoutingDecisions.LANGUAGE)),
              Set.copyOf(names(decision, RoutingDecisions.EXCLUDE)),
              FieldValues.integer(fields.get(RoutingDecisions.MAX_COST_MICROS)),
              attemptOf != null && DocRef.isId(attemptOf) ? attemptOf : null,
              false));
    } catch (IllegalArgumentException noSize) {
      return Optional.empty();
    }
  }

  private static long whole(Map<String, Object> fields, String name) {
    Long whole = FieldValues.integer(fields.get(name));
    return whole == null ? 0 : whole;
  }

  /** The first names, {@value #MAX_EXCLUDE} characters at most. */
  private static List<String> cut(Set<String> names) {
    List<String> kept = new ArrayList<>();
    int length = 0;
    for (String name : names) {
      length += name.length();
      if (length > MAX_EXCLUDE) {
        break;
      }
      kept.add(name);
    }
    return kept;
  }

  static List<String> names(Snapshot decision, String list) {
    return FieldValues.list(decision.fields().get(list)).stream()
        .filter(String.class::isInstance)
        .map(String.class::cast)
        .toList();
  }

  /**
   * The document of a decision within {@value #MAX_STORED} bytes: where it is larger, it loses
   * candidates that could not serve, then the worst of the others. They stay counted by reason.
   *
   * @param others bytes of what is stored with it
   */
  public static Map<String, Object> bounded(Map<String, Object> document, int others) {
    int left = MAX_STORED - others - StoredSize.of(document);
    if (left >= 0) {
      return document;
    }
    List<Map<String, @Nullable Object>> kept = new ArrayList<>();
    for (Object entry : FieldValues.list(document.get(RoutingDecisions.CANDIDATES))) {
      kept.add(FieldValues.map(entry));
    }
    List<Map<String, @Nullable Object>> worstFirst = new ArrayList<>(kept);
    worstFirst.sort(Comparator.comparingDouble(DecisionCodec::worth));
    for (Map<String, @Nullable Object> worst : worstFirst) {
      if (left >= 0) {
        break;
      }
      kept.remove(worst);
      left += StoredSize.of(worst);
    }
    Map<String, Object> smaller = new LinkedHashMap<>(document);
    smaller.put(RoutingDecisions.CANDIDATES, kept);
    return smaller;
  }

  private static double worth(Map<String, @Nullable Object> candidate) {
    Double score = FieldValues.decimal(candidate.get(SCORE));
    return score == null ? -1 : score;
  }

  /** The weighed models left out and why, as answers list them on request. */
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
    put(entry, SUCCESS_SHARE, candidate.successShare());
    put(entry, FIRST_TOKEN_MS, candidate.firstTokenMs());
    if (candidate.trial()) {
      entry.put(RoutingDecisions.TRIAL, true);
    }
    put(entry, OUT_SINCE, candidate.outSince());
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

  static Inputs inputs(Snapshot decision) {
    List<Candidate> candidates = new ArrayList<>();
    for (Object entry : FieldValues.list(decision.fields().get(RoutingDecisions.CANDIDATES))) {
      candidates.add(candidate(FieldValues.map(entry)));
    }
    List<String> lost = new ArrayList<>();
    for (Object name : FieldValues.list(decision.fields().get(RoutingDecisions.LOST))) {
      lost.add(String.valueOf(name));
    }
    Long cheapest = FieldValues.integer(decision.fields().get(RoutingDecisions.CHEAPEST_MICROS));
    Long dearest = FieldValues.integer(decision.fields().get(RoutingDecisions.DEAREST_MICROS));
    Double draw = FieldValues.decimal(decision.fields().get(RoutingDecisions.DRAW));
    Router.Prices prices =
        cheapest == null || dearest == null
            ? Router.Prices.of(candidates)
            : new Router.Prices(cheapest, dearest);
    return new Inputs(candidates, lost, prices, draw == null ? 0 : draw);
  }

  private static Candidate candidate(Map<String, @Nullable Object> fields) {
    Long cost = FieldValues.integer(fields.get(COST_MICROS));
    Double utilisation = FieldValues.decimal(fields.get(UTILISATION));
    return new Candidate(
        String.valueOf(fields.get(PROVIDER)),
        String.valueOf(fields.get(MODEL_ID)),
        FieldValues.text(fields.get(UNFIT)),
        FieldValues.instant(fields.get(RETURNS_AT)),
        cost == null ? 0 : cost,
        FieldValues.decimal(fields.get(SUCCESS_SHARE)),
        FieldValues.integer(fields.get(FIRST_TOKEN_MS)),
        Boolean.TRUE.equals(fields.get(RoutingDecisions.TRIAL)),
        FieldValues.instant(fields.get(OUT_SINCE)),
        utilisation == null ? 0 : utilisation);
  }
}
