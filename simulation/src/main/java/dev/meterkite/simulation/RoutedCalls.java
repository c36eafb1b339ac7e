package dev.meterkite.simulation;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.local.chaos.Calls;
import dev.meterkite.local.chaos.Journal;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.local.chaos.World;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.io.IOException;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Calls of models that the router chooses, while providers fail for a time. One decision a key, as
 * it was answered; each reservation is settled for what was reported, or charged at its estimate.
 */
final class RoutedCalls implements Trade {
  private static final String ROUTE = "route-model";
  private static final String REPORT = "report-outcome";

  /** Models of the catalogue that have a month's quota here, by provider and model. */
  private static final List<List<String>> WITH_QUOTA =
      List.of(
          List.of("openai", "gpt-4o"),
          List.of("openai", "gpt-4o-mini"),
          List.of("anthropic", "claude-haiku-4-5"),
          List.of("google", "gemini-2.5-flash"));

  private static final long LIMIT = 1_000_000_000_000L;

  /** What a key was answered. */
  private static final class Routed {
    private @Nullable String provider;
    private @Nullable String model;

    /** The idempotency record of its settlement; null where nothing was reported. */
    private @Nullable DocRef settlement;

    /** For how many tokens. */
    private long tokens;

    private boolean isSettled;
  }

  private final Simulation simulation;
  private final Documents documents;
  private final EarlierStates history;
  private final Journal journal;
  private final Calls calls;
  private final OutageProneProviders providers;
  private final Map<String, Routed> routed = new TreeMap<>();
  private long keys;

  RoutedCalls(
      Simulation simulation,
      Documents documents,
      EarlierStates history,
      Journal journal,
      Calls calls,
      OutageProneProviders providers) {
    this.simulation = simulation;
    this.documents = documents;
    this.history = history;
    this.journal = journal;
    this.calls = calls;
    this.providers = providers;
  }

  @Override
  public void create(Store store, Instant now) {
    YearMonth month = YearMonth.from(now.atZone(ZoneOffset.UTC));
    for (List<String> each : WITH_QUOTA) {
      Map<String, Object> window =
          Map.of(
              ModelQuotas.STARTS_AT,
              month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant(),
              ModelQuotas.RESET_AT,
              month.plusMonths(1).atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant(),
              ModelQuotas.TOKENS_USED,
              0L,
              ModelQuotas.TOKENS_LIMIT,
              LIMIT);
      World.write(
          store,
          Mutation.replace(
              QuotaRules.owner(each.get(0), each.get(1)),
              Map.of(
                  ModelQuotas.PROVIDER,
                  each.get(0),
                  ModelQuotas.MODEL_ID,
                  each.get(1),
                  ModelQuotas.WINDOWS,
                  Map.of("month", window))));
    }
  }

  @Override
  public void step(String caller) throws InterruptedException {
    String key = caller + "-" + keys++;
    long input = 1 + simulation.random().nextLong(3_000);
    long output = 1 + simulation.random().nextLong(1_000);
    Routed call = new Routed();
    String id = Ids.uuid(ROUTE, key);
    routed.put(id, call);
    Calls.Answer answer =
        answer(
            ROUTE,
            key,
            "{\"task_type\":\"llm\",\"input_tokens\":%d,\"output_tokens\":%d}"
                .formatted(input, output));
    if (answer == null || answer.status() != 200) {
      return;
    }
    JsonObject decision = JsonParser.parseString(answer.body()).getAsJsonObject();
    call.provider = decision.get("provider").getAsString();
    call.model = decision.get("model_id").getAsString();
    if (!decision.get("decision_id").getAsString().equals(id)) {
      journal.surprise(ROUTE + " answered " + decision + " for " + id);
    }
    // One in ten is never reported, and its reservation lapses.
    if (simulation.random().nextInt(10) > 0) {
      report(call, decision, input + output, "report-" + key);
    }
  }

  private void report(Routed call, JsonObject decision, long most, String key)
      throws InterruptedException {
    boolean success = providers.answers(String.valueOf(call.provider));
    long tokens = success ? simulation.random().nextLong(most + 500) : 0;
    boolean reserved = decision.has("reservation_id");
    String reservation = reserved ? decision.get("reservation_id").getAsString() : "";
    if (reserved) {
      String uuid = reservation.substring(reservation.lastIndexOf(':') + 1);
      DocRef quota = QuotaRules.owner(String.valueOf(call.provider), String.valueOf(call.model));
      String marker = Ids.marker(QuotaRules.SETTLE, quota, "outcome " + uuid);
      journal.reckonedElsewhere.add(marker);
      call.settlement = new DocRef(IdempotencyKeys.COLLECTION, marker);
      call.tokens = tokens;
    }
    String body =
        "{\"provider\":\"%s\",\"model_id\":\"%s\",\"success\":%s,\"latency_ms\":%d,\"decision_id\":%s%s%s}"
            .formatted(
                call.provider,
                call.model,
                success,
                100 + simulation.random().nextInt(4_000),
                decision.get("decision_id"),
                success ? "" : ",\"http_status\":503",
                reserved
                    ? ",\"reservation_id\":\"%s\",\"tokens\":%d".formatted(reservation, tokens)
                    : "");
    Calls.Answer answer = answer(REPORT, key, body);
    Outcome outcome = answer != null && answer.status() == 200 ? Outcome.APPLIED : Outcome.UNKNOWN;
    journal.reports.put(key, new Journal.Report(String.valueOf(call.provider), outcome));
    if (answer == null || outcome != Outcome.APPLIED) {
      return;
    }
    JsonObject taken = JsonParser.parseString(answer.body()).getAsJsonObject();
    if (reserved && taken.has("reservation")) {
      String became = taken.get("reservation").getAsString();
      call.isSettled = became.equals("settled");
      // One that had lapsed, and whose window was over, is charged at its estimate.
      if (!call.isSettled && !became.equals("already_settled")) {
        journal.surprise(REPORT + " answered " + taken + " for " + reservation);
      }
    } else if (reserved) {
      journal.surprise(REPORT + " does not say what became of " + reservation + ": " + taken);
    }
  }

  private Calls.@Nullable Answer answer(String function, String key, String body)
      throws InterruptedException {
    Calls.@Nullable Answer answer = null;
    try {
      answer = calls.post(function, key, body);
    } catch (IOException noAnswer) {
      // It may have been done.
    }
    int status = answer == null ? 503 : answer.status();
    boolean sure = status != 429 && status < 500;
    if (answer != null && sure && status != 200) {
      journal.surprise(function + " answered " + status + ": " + answer.body());
    }
    journal.count(function, sure ? Outcome.APPLIED : Outcome.UNKNOWN);
    return answer;
  }

  @Override
  public boolean isBusy() {
    return false;
  }

  @Override
  public List<String> findings(Instant now) {
    List<String> findings = new ArrayList<>();
    routed.forEach(
        (id, call) -> {
          Snapshot decision = history.lastOf(new DocRef(RoutingDecisions.COLLECTION, id));
          Object provider = decision.fields().get(RoutingDecisions.SELECTED_PROVIDER);
          Object model = decision.fields().get(RoutingDecisions.SELECTED_MODEL);
          DocRef settlement = call.settlement;
          if (call.isSettled && settlement != null && !history.lastOf(settlement).exists()) {
            findings.add(decision.ref() + ": its settlement was acknowledged and lost");
          }
          if (call.provider != null
              && (!call.provider.equals(provider) || !String.valueOf(call.model).equals(model))) {
            findings.add(
                "%s: answered %s/%s, it says %s/%s"
                    .formatted(decision.ref(), call.provider, call.model, provider, model));
          }
        });
    for (Snapshot decision : documents.all(RoutingDecisions.COLLECTION)) {
      if (decision.fields().get(RoutingDecisions.SELECTED_MODEL) != null
          && !routed.containsKey(decision.ref().id())) {
        findings.add(decision.ref() + ": was asked for by nobody");
      }
    }
    WITH_QUOTA.forEach(each -> windows(QuotaRules.owner(each.get(0), each.get(1)), findings));
    return findings;
  }

  /** Each window has what its reservations came to, where none was open at its end. */
  private void windows(DocRef quota, List<String> findings) {
    List<EarlierStates.Window> windows = new ArrayList<>(history.windowsOf(quota.id()));
    EarlierStates.Window present = EarlierStates.present(documents.get(quota));
    if (present != null) {
      windows.add(present);
    }
    for (EarlierStates.Window window : windows) {
      long tokens = 0;
      long requests = 0;
      for (Map.Entry<String, EarlierStates.Reserved> each :
          history.reservations(quota.id()).entrySet()) {
        if (window.has(each.getValue().at())) {
          tokens += spent(each.getKey(), each.getValue(), window.end());
          requests++;
        }
      }
      if (!window.open() && (tokens != window.tokens() || requests != window.requests())) {
        findings.add(
            "%s: the window of %s had %d tokens and %d requests, its decisions say %d and %d"
                .formatted(
                    quota, window.start(), window.tokens(), window.requests(), tokens, requests));
      }
    }
  }

  private long spent(String decision, EarlierStates.Reserved reserved, Instant end) {
    Routed call = routed.get(decision);
    DocRef settlement = call == null ? null : call.settlement;
    if (call == null || settlement == null) {
      return reserved.tokens();
    }
    return history.lastOf(settlement).fields().get(IdempotencyKeys.CREATED_AT) instanceof Instant at
            && at.isBefore(end)
        ? call.tokens
        : reserved.tokens();
  }
}
