package dev.meterkite.functions.routing;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.Page;
import dev.meterkite.functions.http.PageToken;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The routing decisions, newest first, in pages. */
final class DecisionPages {
  /** The longest name of a provider that an index takes whole: 1,500 bytes, four a character. */
  private static final int LONGEST_NAME = 375;

  /** Fields of the engine, which say nothing of the decision. */
  private static final Set<String> INTERNAL =
      Set.of(Schema.COMMIT, Schema.REQUEST_HASH, Schema.ANSWER);

  private final Store store;
  private final InstantSource clock;

  DecisionPages(Backend backend) {
    this.store = backend.store();
    this.clock = backend.clock();
  }

  /**
   * Which decisions are asked for; null for a condition that is not made.
   *
   * @param provider the provider that was chosen
   * @param after where the page begins; empty for the first
   */
  record Request(@Nullable String jobId, @Nullable String provider, int limit, List<Object> after) {
    static Request parse(Fields fields) {
      List<Object> after = PageToken.place(fields, List.of(PageToken.TIME_AND_ID));
      return new Request(
          fields.optionalId("job_id"),
          fields.optionalString("provider", 1, LONGEST_NAME),
          Page.limit(fields),
          after == null ? List.of() : after);
    }

    Query query() {
      return Queries.decisions(jobId, provider, limit + 1, after);
    }
  }

  /** One page; a decision that has expired is passed over. */
  Answer page(Request request) {
    Instant now = clock.instant();
    return Page.of(store.find(request.query()).join(), request.limit())
        .answer(
            "decisions",
            decision -> !isExpired(decision, now),
            DecisionPages::shown,
            DecisionPages::place);
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
