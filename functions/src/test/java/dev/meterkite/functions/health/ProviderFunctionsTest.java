package dev.meterkite.functions.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.alerts.AcknowledgeAlert;
import dev.meterkite.functions.alerts.Alerting;
import dev.meterkite.functions.alerts.ListAlerts;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.quotas.Quotas;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reports, probes of a stub provider, and the alerts that follow. */
class ProviderFunctionsTest {
  private final Hosted hosted = Hosted.shared();
  private final String provider = "health-" + UUID.randomUUID();

  private HttpResponse<String> report(String key, String more) {
    return hosted.post(
        ReportOutcome.class,
        "service",
        key,
        "{\"provider\":\"" + provider + "\",\"latency_ms\":100," + more + "}");
  }

  private static JsonObject json(String body) {
    return JsonParser.parseString(body).getAsJsonObject();
  }

  @Test
  void fiveFailuresInARow_takeTheProviderOut_andRaiseOneAlertAnIncident() {
    for (int i = 0; i < 5; i++) {
      assertEquals(200, report(null, "\"success\":false,\"http_status\":500").statusCode());
    }
    Snapshot health = hosted.read(ModelProviderHealth.COLLECTION, provider);
    assertEquals("unavailable", health.fields().get("status"));
    Backend backend = Backend.of(hosted.settings());
    Alerting alerting = Alerting.of(backend);
    Providers providers = new Providers(backend, new Quotas(backend, alerting), alerting);
    DocRef ref = health.ref();
    DocumentChange change =
        new DocumentChange(ref, Snapshot.absent(ref), health, Instant.now(), "e");
    providers.react(change);
    providers.react(change); // A34: delivered again
    String page = hosted.get(ListAlerts.class, "admin", "provider=" + provider).body();
    assertEquals(1, json(page).getAsJsonArray("alerts").size(), page);
    assertTrue(page.contains("provider_unavailable"), page);
    String id =
        json(page).getAsJsonArray("alerts").get(0).getAsJsonObject().get("alert_id").getAsString();
    String body = "{\"alert_id\":\"" + id + "\"}";
    HttpResponse<String> seen = hosted.post(AcknowledgeAlert.class, "admin", null, body);
    assertTrue(seen.body().contains("expire_at"), seen.body());
    assertEquals(seen.body(), hosted.post(AcknowledgeAlert.class, "admin", null, body).body());
    assertEquals(
        404,
        hosted.post(AcknowledgeAlert.class, "admin", null, "{\"alert_id\":\"none\"}").statusCode());
  }

  @Test
  void lastHour_isShownForProviderAndModels() {
    report(null, "\"model_id\":\"m\",\"success\":true");
    report(null, "\"model_id\":\"m\",\"success\":false,\"http_status\":500");
    report(null, "\"model_id\":\"n\",\"success\":true");
    JsonObject shown = status("");
    JsonObject hour = shown.getAsJsonObject("last_hour");
    assertEquals(12, hour.getAsJsonArray("calls").size());
    assertEquals(3, sum(hour, "calls"));
    assertEquals(1, sum(hour, "failed"));
    JsonObject m = shown.getAsJsonArray("models").get(0).getAsJsonObject();
    assertEquals(2, sum(m.getAsJsonObject("last_hour"), "calls"));
  }

  private JsonObject status(String query) {
    for (var each :
        json(hosted.get(ProviderStatus.class, "admin", query).body()).getAsJsonArray("providers")) {
      if (each.getAsJsonObject().get("provider").getAsString().equals(provider)) {
        return each.getAsJsonObject();
      }
    }
    throw new AssertionError(provider);
  }

  private static long sum(JsonObject hour, String name) {
    return hour.getAsJsonArray(name).asList().stream().mapToLong(each -> each.getAsLong()).sum();
  }

  @Test
  void sweeps_sayOnRequestWhenTheyRan() {
    assertEquals(200, hosted.post(CheckProviders.class, "scheduler", null, "{}").statusCode());
    assertFalse(json(hosted.get(ProviderStatus.class, "admin", "").body()).has("sweeps"));
    HttpResponse<String> answer = hosted.get(ProviderStatus.class, "admin", "sweeps=true");
    var sweeps = json(answer.body()).getAsJsonArray("sweeps");
    assertEquals(4, sweeps.size(), answer.body());
    JsonObject check = sweeps.get(0).getAsJsonObject();
    assertEquals("check-providers", check.get("function").getAsString());
    assertEquals("on_time", check.get("status").getAsString());
    assertEquals(60, check.get("every_seconds").getAsLong());
    assertEquals(400, hosted.get(ProviderStatus.class, "admin", "sweeps=now").statusCode());
  }

  /** Another program keeps the health: an outage and its end are told from what it writes. */
  @Test
  void a34_healthOfAnotherWriter_raisesAndResolves() {
    Backend backend = Backend.of(hosted.settings());
    Alerting alerting = Alerting.of(backend);
    OnHealthWritten trigger =
        new OnHealthWritten(
            backend.intake(), new Providers(backend, new Quotas(backend, alerting), alerting));
    DocRef ref = new DocRef(ModelProviderHealth.COLLECTION, provider);
    Map<String, Object> before = Map.of();
    for (String status : List.of("healthy", "unavailable", "healthy")) {
      Map<String, Object> fields =
          Map.of(
              "provider",
              provider,
              "status",
              status,
              "last_check",
              hosted.now(),
              "latency_ms",
              300L,
              "error_rate",
              status.equals("healthy") ? 0.01 : 0.9,
              "region",
              "theirs");
      hosted.set(ref.collection(), ref.id(), fields);
      trigger.accept(FakeEvent.of(ref, before, fields));
      trigger.accept(FakeEvent.of(ref, before, fields));
      before = fields;
    }
    assertEquals(before, hosted.read(ref.collection(), ref.id()).fields());
    String page = hosted.get(ListAlerts.class, "admin", "provider=" + provider).body();
    List<String> alerts = new ArrayList<>();
    json(page)
        .getAsJsonArray("alerts")
        .forEach(
            one ->
                alerts.add(
                    one.getAsJsonObject().get("type").getAsString()
                        + " "
                        + one.getAsJsonObject().get("status").getAsString()));
    Collections.sort(alerts);
    assertEquals(List.of("provider_recovered resolved", "provider_unavailable resolved"), alerts);
  }

  /** Out after five failures; back after three good calls in a row, two seconds apart. */
  @Test
  void a30_circuit_isOpenUntilThreeGoodCallsInARow() {
    for (int i = 0; i < 5; i++) {
      report(null, "\"success\":false,\"http_status\":500");
    }
    for (String circuit : List.of("open", "open", "closed")) {
      hosted.advance(Duration.ofSeconds(5));
      assertEquals(
          circuit, json(report(null, "\"success\":true").body()).get("circuit").getAsString());
    }
  }

  @Test
  void c50_longAnswers_areHealthy_andTheFirstTokenIsTheLatency() {
    String body =
        "{\"provider\":\""
            + provider
            + "\",\"model_id\":\"m\",\"success\":true,\"latency_ms\":67000,"
            + "\"first_token_ms\":350,\"output_tokens\":4000}";
    for (int i = 0; i < 30; i++) {
      JsonObject answer = json(hosted.post(ReportOutcome.class, "service", null, body).body());
      assertEquals("healthy", answer.get("status").getAsString());
    }
    Map<String, Object> health = hosted.read(ModelProviderHealth.COLLECTION, provider).fields();
    assertEquals(350L, health.get("latency_ms"));
  }

  private HttpResponse<String> reportOf(String model, String more) {
    return report(null, "\"model_id\":\"" + model + "\"," + more);
  }

  @Test
  void c52_c65_modelsThatAreAway_areShownWithDeadlineAndReason() {
    reportOf("sibling", "\"success\":true");
    reportOf("limited", "\"success\":false,\"http_status\":429,\"retry_after\":3600");
    HttpResponse<String> gone =
        reportOf(
            "gone", "\"success\":false,\"http_status\":404,\"error_code\":\"model_not_found\"");
    JsonObject model = json(gone.body()).getAsJsonObject("model");
    assertEquals("gone", model.get("model_id").getAsString());
    assertEquals("unavailable", model.get("status").getAsString());
    assertEquals("other", json(gone.body()).getAsJsonObject("retry").get("advice").getAsString());
    JsonObject shown = shown();
    assertFalse(shown.has("away_until"), shown::toString);
    assertEquals(3, shown.getAsJsonArray("models").size());
    assertEquals("model_gone", shownModel(shown, 0).get("away_reason").getAsString());
    assertEquals("rate_limited", shownModel(shown, 1).get("away_reason").getAsString());
    assertFalse(shownModel(shown, 2).has("away_until"));
    reportOf("sibling", "\"success\":false,\"http_status\":402");
    assertEquals("quota_gone", shown().get("away_reason").getAsString());
    assertEquals(List.of("model_gone open", "provider_credit_gone open"), alertsAfterReaction());
    hosted.advance(Duration.ofHours(1));
    reportOf("sibling", "\"success\":true");
    assertEquals(
        List.of("model_gone open", "provider_credit_gone resolved"), alertsAfterReaction());
  }

  @Test
  void c65_creditGoneByTheFirstReportOfAProvider_isOneAlert() {
    reportOf("m", "\"success\":false,\"http_status\":402,\"message\":\"Insufficient credits\"");
    assertEquals(List.of("provider_credit_gone open"), alertsAfterReaction());
    assertEquals("unavailable", shown().get("status").getAsString());
  }

  @Test
  void c52_keyRefusedFromTheFirstReportOn_isTheProvidersOutage() {
    for (int i = 0; i < 5; i++) {
      reportOf("m", "\"success\":false,\"http_status\":401,\"error_code\":\"invalid_api_key\"");
    }
    assertEquals("unavailable", shown().get("status").getAsString());
    assertEquals(List.of("provider_unavailable open"), alertsAfterReaction());
  }

  private static JsonObject shownModel(JsonObject shown, int index) {
    return shown.getAsJsonArray("models").get(index).getAsJsonObject();
  }

  private JsonObject shown() {
    for (var one :
        json(hosted.get(ProviderStatus.class, "somebody", "").body()).getAsJsonArray("providers")) {
      if (one.getAsJsonObject().get("provider").getAsString().equals(provider)) {
        return one.getAsJsonObject();
      }
    }
    throw new AssertionError("not shown");
  }

  private Snapshot reactedTo = Snapshot.absent(new DocRef(ModelProviderHealth.COLLECTION, "x"));

  /** Types and states of the provider's alerts once the trigger has seen the document. */
  private List<String> alertsAfterReaction() {
    Backend backend = Backend.of(hosted.settings());
    Alerting alerting = Alerting.of(backend);
    Snapshot health = hosted.read(ModelProviderHealth.COLLECTION, provider);
    new Providers(backend, new Quotas(backend, alerting), alerting)
        .react(
            new DocumentChange(
                health.ref(),
                new Snapshot(health.ref(), reactedTo.fields(), reactedTo.updateTime()),
                health,
                Instant.now(),
                "e"));
    reactedTo = health;
    List<String> alerts = new ArrayList<>();
    json(hosted.get(ListAlerts.class, "admin", "provider=" + provider).body())
        .getAsJsonArray("alerts")
        .forEach(
            one ->
                alerts.add(
                    one.getAsJsonObject().get("type").getAsString()
                        + " "
                        + one.getAsJsonObject().get("status").getAsString()));
    Collections.sort(alerts);
    return alerts;
  }

  @Test
  void c55_outageAfterWhichNobodyCalls_isAlertedByTheSweep() {
    reportOf("m", "\"success\":true");
    for (int i = 0; i < 2; i++) {
      reportOf("m", "\"success\":false,\"http_status\":503");
    }
    assertEquals(List.of(), alertsAfterReaction());
    hosted.advance(Duration.ofSeconds(60));
    Backend backend = Backend.of(hosted.settings());
    Alerting alerting = Alerting.of(backend);
    new Providers(backend, new Quotas(backend, alerting), alerting).check();
    assertEquals(List.of("provider_unavailable open"), alertsAfterReaction());
  }

  @Test
  void decisionsOfOtherWriters_expireThirtyDaysAfterTheyWereTaken() {
    Providers providers =
        providers(
            Map.of(
                "FIRESTORE_EMULATOR_HOST",
                hosted.settings().firestoreEmulatorHost().orElseThrow(),
                "GOOGLE_CLOUD_PROJECT",
                hosted.settings().project().orElseThrow(),
                "LOG_FORMAT",
                "jul"));
    // One of now; one whose writer was offline for a year, once the sweep is past that time.
    for (Instant taken : List.of(hosted.now(), hosted.now().minus(Duration.ofDays(365)))) {
      String id = provider + taken.getEpochSecond();
      hosted.set("routing_decisions", id, Map.of("timestamp", taken, "task_type", "llm"));
      providers.check();
      assertEquals(
          taken.plus(Duration.ofDays(30)),
          hosted.read("routing_decisions", id).fields().get("expire_at"));
    }
  }

  @Test
  void keyedReport_countsOnce_andAnotherBodyConflicts() {
    HttpResponse<String> first = report("k", "\"success\":true");
    HttpResponse<String> again = report("k", "\"success\":true");
    assertEquals(first.body(), again.body());
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    assertEquals(409, report("k", "\"success\":false").statusCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"error_code\":429,\"http_status\":429",
        "\"error_code\":true,\"message\":1.5e3",
        "\"error_code\":1e30,\"message\":\"\"",
        "\"retry_after\":-1,\"retry_after_ms\":-1",
        "\"retry_after\":\"soon\",\"retry_after_ms\":\"1500.5\"",
        "\"retry_after\":\"1500ms\",\"retry_after_ms\":null",
        "\"retry_after\":false,\"message\":{LONG},\"error_code\":{LONG}"
      })
  void c40_c41_wordsOfTheProvider_neverRefuseAReport(String words) {
    String body =
        "\"success\":false," + words.replace("{LONG}", "\"" + "\uD83D\uDE00x".repeat(5_000) + "\"");
    HttpResponse<String> answer = report(null, body);
    assertEquals(200, answer.statusCode(), answer::body);
  }

  @Test
  void c40_objectAsCode_isRefusedWithItsField() {
    HttpResponse<String> answer = report(null, "\"success\":false,\"error_code\":{\"a\":1}");
    assertEquals(400, answer.statusCode());
    assertTrue(answer.body().contains("error_code"), answer.body());
  }

  @Test
  void a31_callersOwnFault_saysNothing() {
    report(null, "\"success\":true");
    for (int i = 0; i < 6; i++) {
      report(null, "\"success\":false,\"http_status\":400");
    }
    assertEquals(
        "closed", json(report(null, "\"success\":true").body()).get("circuit").getAsString());
    String status = hosted.get(ProviderStatus.class, "somebody", "").body();
    assertTrue(status.contains(provider), status);
  }

  @Test
  void a28_twoInstances_makeOneProbeAnInterval_andAHangingProviderIsLetGo() throws IOException {
    AtomicInteger probes = new AtomicInteger();
    HttpServer stub =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    stub.createContext(
        "/v1/models",
        exchange -> {
          probes.incrementAndGet();
          boolean known = "Bearer k".equals(exchange.getRequestHeaders().getFirst("Authorization"));
          if (known) {
            exchange.sendResponseHeaders(200, -1);
          } // Else it hangs: nothing is ever answered.
        });
    stub.start();
    try {
      Map<String, String> variables =
          Map.of(
              "FIRESTORE_EMULATOR_HOST",
              hosted.settings().firestoreEmulatorHost().orElseThrow(),
              "GOOGLE_CLOUD_PROJECT",
              "p" + UUID.randomUUID(),
              "LOG_FORMAT",
              "jul",
              "PROBE_DEADLINE_MS",
              "2000",
              "OPENAI_API_KEY",
              "k",
              "OPENAI_BASE_URL",
              "http://127.0.0.1:" + stub.getAddress().getPort(),
              "ANTHROPIC_API_KEY",
              "hangs",
              "ANTHROPIC_BASE_URL",
              "http://127.0.0.1:" + stub.getAddress().getPort());
      long minute = minute();
      String checked = providers(variables).check().body();
      providers(variables).check();
      // One of OpenAI; two of Anthropic, for the first failed. Unless the next interval has begun.
      assertTrue(probes.get() == 3 || minute() != minute, () -> "probes: " + probes);
      assertTrue(checked.contains("\"provider\":\"openai\",\"status\":\"healthy\""), checked);
      assertTrue(checked.contains("\"provider\":\"anthropic\",\"status\":\"unknown\""), checked);
    } finally {
      stub.stop(0);
    }
  }

  private static long minute() {
    return Instant.now().getEpochSecond() / 60;
  }

  private static Providers providers(Map<String, String> variables) {
    Backend backend = Backend.of(new Settings(variables));
    Alerting alerting = Alerting.of(backend);
    return new Providers(backend, new Quotas(backend, alerting), alerting);
  }

  @Test
  void answerOfCheck_isAnAnswerWithoutProviders_whereNoneHasAKey() {
    Answer answer =
        providers(
                Map.of(
                    "FIRESTORE_EMULATOR_HOST",
                    hosted.settings().firestoreEmulatorHost().orElseThrow(),
                    "GOOGLE_CLOUD_PROJECT",
                    "p" + UUID.randomUUID(),
                    "LOG_FORMAT",
                    "jul"))
            .check();
    assertEquals("{\"providers\":[],\"decisions_given_expiry\":0}", answer.body());
  }

  @Test
  void statusOfManyProviders_isPaged_andNoneIsCutOff() {
    Set<String> expected = new TreeSet<>();
    for (int i = 0; i < 105; i++) {
      String name = "paged-" + provider + "-" + i;
      expected.add(name);
      hosted.set(ModelProviderHealth.COLLECTION, name, Map.of("provider", name));
    }
    List<String> found = new ArrayList<>();
    String token = "";
    int pages = 0;
    do {
      JsonObject page =
          json(hosted.get(ProviderStatus.class, "somebody", "limit=60" + token).body());
      page.getAsJsonArray("providers")
          .forEach(one -> found.add(one.getAsJsonObject().get("provider").getAsString()));
      assertTrue(page.getAsJsonArray("providers").size() <= 60);
      token =
          page.has("next_page_token")
              ? "&page_token=" + page.get("next_page_token").getAsString()
              : "";
      pages++;
    } while (!token.isEmpty());
    assertTrue(pages > 1);
    found.removeIf(name -> !name.startsWith("paged-" + provider));
    assertEquals(105, found.size());
    assertEquals(expected, new TreeSet<>(found));
    assertEquals(400, hosted.get(ProviderStatus.class, "somebody", "page_token=x").statusCode());
  }
}
