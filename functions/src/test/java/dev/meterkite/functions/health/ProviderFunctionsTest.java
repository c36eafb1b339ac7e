package dev.meterkite.functions.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

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
  void fiveFailuresInARow_openTheCircuit_andRaiseOneAlertAnIncident() {
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
    assertEquals(2, json(page).getAsJsonArray("alerts").size(), page);
    String first = hosted.get(ListAlerts.class, "admin", "limit=1&provider=" + provider).body();
    assertTrue(first.contains("next_page_token"), first);
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
  void keyedReport_countsOnce_andAnotherBodyConflicts() {
    HttpResponse<String> first = report("k", "\"success\":true");
    HttpResponse<String> again = report("k", "\"success\":true");
    assertEquals(first.body(), again.body());
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    assertEquals(409, report("k", "\"success\":false").statusCode());
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
}
