package dev.meterkite.local;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Calls go to the model that the router chooses; the provider that gets most of them goes down and
 * comes back. Each call is routed, made at the provider's stand-in, reported and settled; one that
 * fails is routed once more without the model that failed.
 */
final class DemoRouter implements DemoSection {
  private static final int INPUT = 900;
  private static final int OUTPUT = 100;
  private static final int SPENT = 640;
  private static final int PROBES_DOWN = 5;
  private static final String PROVIDER = "openai";
  private static final List<String> OUTAGES = List.of("provider_unavailable", "model_unavailable");
  private static final String JOB = "demo-router";

  /** Minutes that it may take until trial calls have brought it back and it is sure. */
  private static final int MOST_MINUTES = 20;

  private static final int CALLS_A_MINUTE = 6;

  private final HttpClient http = Loopback.client();
  private final Map<String, Integer> chosen = new TreeMap<>();
  private final int calls;
  private long decisions;
  private long settled;

  /**
   * @param calls how many are made while the provider is down; a third of them before, and after
   */
  DemoRouter(int calls) {
    this.calls = calls;
  }

  @Override
  public String name() {
    return "Model router: %s goes down and comes back".formatted(PROVIDER);
  }

  @Override
  public void play(DemoStage stage) throws IOException, InterruptedException {
    stage.fire("check-providers");
    show(stage, "all providers up", calls(stage, calls / 3));
    StubProviders.Behaviour down =
        new StubProviders.Behaviour(StubProviders.Mode.FAIL, 0, 503, null);
    stage.host().providers().tell(PROVIDER, down);
    show(stage, PROVIDER + " down", calls(stage, calls));
    for (int i = 0; i < PROBES_DOWN; i++) {
      probe(stage);
    }
    // Its recovery must not overtake the events of the outage.
    stage.await("an alert of the outage", () -> !outages(stage).isEmpty());
    stage.row("its circuit after " + PROBES_DOWN + " minutes", health(stage, "circuit"));
    stage.host().providers().tell(PROVIDER, StubProviders.Behaviour.OK);
    int minutes = 0;
    Ended returning = Ended.NONE;
    while (minutes < MOST_MINUTES && !health(stage, "status").equals("healthy")) {
      probe(stage);
      minutes++;
      returning = returning.and(calls(stage, CALLS_A_MINUTE));
    }
    show(stage, PROVIDER + " healthy again after " + minutes + " minutes", returning);
    show(stage, PROVIDER + " back", calls(stage, calls / 3));
    chosen.forEach((model, times) -> stage.row("calls to " + model, times));
  }

  /** A minute goes by, and all providers are probed. */
  private static void probe(DemoStage stage) throws IOException, InterruptedException {
    stage.host().clock().advance(Duration.ofMinutes(1));
    stage.fire("check-providers");
  }

  private static String health(DemoStage stage, String field)
      throws IOException, InterruptedException {
    HttpResponse<String> status = stage.service().get("provider-status");
    for (var provider :
        JsonParser.parseString(status.body()).getAsJsonObject().getAsJsonArray("providers")) {
      JsonObject view = provider.getAsJsonObject();
      if (view.get("provider").getAsString().equals(PROVIDER)) {
        return view.get(field).getAsString();
      }
    }
    return "unknown";
  }

  /** How many calls were made, and succeeded at once or at the second try. */
  private record Ended(int calls, int first, int second) {
    static final Ended NONE = new Ended(0, 0, 0);

    Ended and(Ended more) {
      return new Ended(calls + more.calls, first + more.first, second + more.second);
    }
  }

  private static void show(DemoStage stage, String phase, Ended ended) {
    stage.row(
        phase + ": at once, at the second try",
        "%d of %d, %d".formatted(ended.first(), ended.calls(), ended.second()));
  }

  private Ended calls(DemoStage stage, int calls) throws IOException, InterruptedException {
    int first = 0;
    int second = 0;
    for (int i = 0; i < calls; i++) {
      JsonObject answer = route(stage, "");
      if (call(stage, answer)) {
        first++;
      } else {
        String failed = answer.get("decision_id").getAsString();
        second += call(stage, route(stage, ",\"attempt_of\":\"" + failed + "\"")) ? 1 : 0;
      }
    }
    if (first + second < calls) {
      stage.surprise("calls failed twice while other providers were up");
    }
    return new Ended(calls, first, second);
  }

  private JsonObject route(DemoStage stage, String more) throws IOException, InterruptedException {
    String body =
        "{\"job_id\":\"%s\",\"task_type\":\"llm\",\"input_tokens\":%d,\"output_tokens\":%d%s}"
            .formatted(JOB, INPUT, OUTPUT, more);
    HttpResponse<String> response =
        stage.service().post("route-model", "demo-route-" + decisions, body);
    decisions++;
    JsonObject answer = stage.expect(200, "route-model", response).orElse(null);
    if (answer == null) {
      throw new IOException("no model was chosen: " + response.body());
    }
    String model = answer.get("model_id").getAsString();
    chosen.merge(model, 1, Math::addExact);
    return answer;
  }

  /** Makes the call at the stand-in, and reports how it ended; whether it succeeded. */
  private boolean call(DemoStage stage, JsonObject routed)
      throws IOException, InterruptedException {
    String provider = routed.get("provider").getAsString();
    long began = System.nanoTime();
    HttpResponse<String> generated =
        http.send(
            HttpRequest.newBuilder(
                    URI.create(stage.host().providers().url(provider) + "/v1/generate"))
                .header("Authorization", "Bearer local")
                .header("x-api-key", "local")
                .header("x-goog-api-key", "local")
                .header("xi-api-key", "local")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    long millis = (System.nanoTime() - began) / 1_000_000;
    boolean success = generated.statusCode() == 200;
    String reservation = routed.get("reservation_id").getAsString();
    settled += success ? SPENT : 0;
    stage.expect(
        200,
        "report-outcome",
        stage
            .service()
            .post(
                "report-outcome",
                "demo-outcome-" + routed.get("decision_id").getAsString(),
                """
                {"provider": "%s", "model_id": "%s", "decision_id": "%s", "success": %s,
                 "latency_ms": %d, "http_status": %d, "reservation_id": "%s", "tokens": %d}
                """
                    .formatted(
                        provider,
                        routed.get("model_id").getAsString(),
                        routed.get("decision_id").getAsString(),
                        success,
                        millis,
                        generated.statusCode(),
                        reservation,
                        success ? SPENT : 0)));
    return success;
  }

  @Override
  public List<String> check(DemoStage stage) {
    List<String> findings = new ArrayList<>();
    List<Snapshot> written =
        stage.find(
            Query.of(RoutingDecisions.COLLECTION, 1_000)
                .where(RoutingDecisions.JOB_ID, Query.Op.EQUAL, JOB));
    if (written.size() != decisions) {
      findings.add(decisions + " decisions were answered, " + written.size() + " written");
    }
    for (Snapshot quota : stage.find(Query.of(ModelQuotas.COLLECTION, 1_000))) {
      if (quota.fields().get(ModelQuotas.RESERVATIONS) instanceof Map<?, ?> open
          && !open.isEmpty()) {
        findings.add(quota.ref().id() + " holds " + open.size() + " reservations");
      }
    }
    if (settled == 0) {
      findings.add("nothing was settled");
    }
    List<Snapshot> alerts = outages(stage);
    boolean resolved =
        alerts.stream()
            .allMatch(alert -> "resolved".equals(alert.fields().get(ModelRouterAlerts.STATUS)));
    if (alerts.isEmpty() || !resolved) {
      findings.add("one outage, and alerts: " + alerts.size() + ", resolved: " + resolved);
    }
    return findings;
  }

  /** Alerts that an outage of the provider or of one of its models raises. */
  private static List<Snapshot> outages(DemoStage stage) {
    return stage
        .find(
            Query.of(ModelRouterAlerts.COLLECTION, 100)
                .where(ModelRouterAlerts.PROVIDER, Query.Op.EQUAL, PROVIDER))
        .stream()
        .filter(alert -> OUTAGES.contains(alert.fields().get(ModelRouterAlerts.TYPE)))
        .toList();
  }
}
