package dev.meterkite.functions.routing;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.Page;
import dev.meterkite.functions.http.PageToken;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.routing.DecisionCodec;
import dev.meterkite.model.routing.DecisionReplay;
import dev.meterkite.model.routing.RouteRequest;
import dev.meterkite.model.routing.RoutingAudit;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The routing decisions, newest first, in pages; or one of them, and what it would be now. */
final class DecisionPages {
  /** The longest name of a provider that an index takes whole: 1,500 bytes, four a character. */
  private static final int LONGEST_NAME = 375;

  /** Fields of the engine, which say nothing of the decision. */
  private static final Set<String> INTERNAL =
      Set.of(Schema.COMMIT, Schema.REQUEST_HASH, Schema.ANSWER, RoutingDecisions.RESERVED_AT);

  private final Store store;
  private final InstantSource clock;
  private final Routing routing;

  DecisionPages(Backend backend, Routing routing) {
    this.store = backend.store();
    this.clock = backend.clock();
    this.routing = routing;
  }

  /**
   * Which decisions are asked for; null for a condition that is not made.
   *
   * @param decisionId the only one that is asked for
   * @param replay whether that one is decided again
   * @param provider the provider that was chosen
   * @param after where the page begins; empty for the first
   */
  record Request(
      @Nullable String decisionId,
      boolean replay,
      @Nullable String jobId,
      @Nullable String provider,
      int limit,
      List<Object> after) {
    static Request parse(Fields fields) {
      List<Object> after = PageToken.place(fields, List.of(PageToken.TIME_AND_ID));
      Request request =
          new Request(
              fields.optionalId("decision_id"),
              Boolean.TRUE.equals(fields.optionalFlag("replay")),
              fields.optionalId("job_id"),
              fields.optionalString("provider", 1, LONGEST_NAME),
              Page.limit(fields),
              after == null ? List.of() : after);
      if (request.replay && request.decisionId == null) {
        fields.fault("replay", Violation.INCONSISTENT, "goes with decision_id only");
      }
      if (request.decisionId != null
          && (request.jobId != null || request.provider != null || after != null)) {
        fields.fault(
            "decision_id", Violation.INCONSISTENT, "goes without job_id, provider and page_token");
      }
      return request;
    }

    Query query() {
      return Queries.decisions(jobId, provider, limit + 1, after);
    }
  }

  /** One page; a decision that has expired is passed over. */
  Answer page(Request request) {
    Instant now = clock.instant();
    if (request.decisionId() != null) {
      return one(request.decisionId(), request.replay(), now);
    }
    return Page.of(store.find(request.query()).join(), request.limit())
        .answer(
            "decisions",
            decision -> !isExpired(decision, now),
            DecisionPages::shown,
            DecisionPages::place);
  }

  private Answer one(String decisionId, boolean replay, Instant now) {
    Snapshot decision = store.read(List.of(RoutingAudit.ref(decisionId))).join().get(0);
    if (!decision.exists() || isExpired(decision, now)) {
      return Answer.ok(Map.of("decisions", List.of()));
    }
    Map<String, @Nullable Object> answer = new LinkedHashMap<>();
    answer.put("decisions", List.of(shown(decision)));
    if (replay) {
      Optional<RouteRequest> request = DecisionCodec.request(decision);
      if (request.isEmpty()) {
        return Answer.problem(
            Problem.of(409, "not_replayable", "The decision does not say what it was asked for."));
      }
      Routing.Preview preview = routing.preview(request.get(), decisionId);
      answer.put(
          "replay",
          JsonValues.shown(
              DecisionReplay.of(decision, request.get(), preview.weighed(), preview.at())));
    }
    return Answer.ok(answer);
  }

  private static boolean isExpired(Snapshot decision, Instant now) {
    return decision.fields().get(RoutingDecisions.EXPIRE_AT) instanceof Instant at
        && !at.isAfter(now);
  }

  private static Map<String, @Nullable Object> shown(Snapshot decision) {
    Map<String, @Nullable Object> shown = new LinkedHashMap<>();
    shown.put("decision_id", decision.ref().id());
    decision
        .fields()
        .forEach(
            (name, value) -> {
              if (!INTERNAL.contains(name)) {
                shown.putIfAbsent(name, JsonValues.shown(value));
              }
            });
    return shown;
  }

  private static List<Object> place(Snapshot decision) {
    return List.of(
        Objects.requireNonNull(decision.fields().get(RoutingDecisions.TIMESTAMP)),
        decision.ref().id());
  }
}
