package dev.meterkite.functions.alerts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpServer;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.model.document.DocRef;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Who is told of alerts and how often, when they expire, and how they are listed. */
class AlertFunctionsTest {
  private static final Instant T0 = Instant.parse("2026-03-01T00:00:00Z");

  private final MemoryStore memory = new MemoryStore();
  private final HttpServer receiver;
  private final ConcurrentLinkedQueue<String> received = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Object> dueWhenReceived = new ConcurrentLinkedQueue<>();
  private final DocRef alert = new DocRef("model_router_alerts", UUID.randomUUID().toString());
  private volatile Instant now = T0;
  private volatile int status = 200;

  AlertFunctionsTest() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          received.add(exchange.getRequestURI() + " " + body);
          dueWhenReceived.add(read().getOrDefault("notify_due_at", "none"));
          exchange.sendResponseHeaders(status, -1);
          exchange.close();
        });
    receiver.start();
  }

  @AfterEach
  void close() {
    receiver.stop(0);
  }

  private Alerting alerting(Map<String, String> more) {
    Map<String, String> variables = new HashMap<>(more);
    variables.put("GOOGLE_CLOUD_PROJECT", "simulated");
    variables.put("LOG_FORMAT", "jul");
    Settings settings = new Settings(variables);
    return Alerting.of(
        new Backend(
            settings,
            memory,
            () -> now,
            new Pauses(),
            Edge.of(settings),
            Intake.of(settings),
            Log.ofProcess(new Settings(Map.of("LOG_FORMAT", "jul")))));
  }

  private String host() {
    return "127.0.0.1:" + receiver.getAddress().getPort();
  }

  private Alerting slack() {
    return alerting(Map.of("ALERT_WEBHOOK_URL", "http://" + host() + "/slack"));
  }

  private Map<String, Object> read() {
    return memory.read(List.of(alert)).join().get(0).fields();
  }

  private void write(Map<String, Object> fields) {
    memory.commit(List.of(Mutation.replace(alert, fields))).join();
  }

  private static Map<String, Object> raised() {
    return new HashMap<>(
        Map.of(
            "type", "provider_unavailable",
            "severity", "critical",
            "provider", "openai",
            "message", "openai is unavailable",
            "acknowledged", false,
            "created_at", T0,
            "fingerprint", "provider_unavailable provider:openai",
            "notify_due_at", T0));
  }

  /** The event of the document as it stands, as the platform delivers it. */
  private void deliver(Alerting alerting) {
    new OnAlertWritten(Intake.of(new Settings(Map.of("LOG_FORMAT", "jul"))), alerting)
        .accept(FakeEvent.of(alert, Map.of(), read()));
  }

  @Test
  void webhook_isToldOnce_andTheAlertIsClaimedBefore() {
    write(raised());
    Alerting slack = slack();
    deliver(slack);
    deliver(slack);
    assertEquals(1, received.size());
    JsonObject sent =
        JsonParser.parseString(received.peek().substring("/slack ".length())).getAsJsonObject();
    assertEquals(Set.of("text"), sent.keySet());
    assertEquals(
        "[critical] openai is unavailable (" + alert.id() + ")", sent.get("text").getAsString());
    assertEquals(T0.plus(Alerting.CLAIM), dueWhenReceived.peek());
    assertEquals(T0, read().get("notified_at"));
    assertFalse(read().containsKey("notify_due_at"));
  }

  @Test
  void webhookThatFails_isToldAgain_whenTheClaimHasLapsed() {
    write(raised());
    Alerting slack = slack();
    status = 500;
    assertThrows(RuntimeException.class, () -> deliver(slack));
    assertFalse(read().containsKey("notified_at"));
    status = 200;
    now = T0.plus(Alerting.CLAIM).minusNanos(1_000);
    slack.sweep();
    assertEquals(1, received.size(), "the claim stands");
    now = T0.plus(Alerting.CLAIM);
    slack.sweep(); // The event was lost for good.
    assertEquals(2, received.size());
    assertEquals(now, read().get("notified_at"));
  }

  @Test
  void twoInstancesAtOnce_tellOnce() {
    write(raised());
    Alerting one = slack();
    Alerting other = slack();
    List<CompletableFuture<Void>> both = new ArrayList<>();
    for (Alerting instance : List.of(one, other)) {
      both.add(
          CompletableFuture.runAsync(() -> deliver(instance)).exceptionally(redelivered -> null));
    }
    both.forEach(CompletableFuture::join);
    deliver(one);
    assertEquals(1, received.size());
    assertTrue(read().containsKey("notified_at"));
  }

  @Test
  void topic_getsTheAlertWithItsId() {
    write(raised());
    Alerting topic =
        alerting(Map.of("ALERT_TOPIC", "projects/p/topics/alerts", "PUBSUB_EMULATOR_HOST", host()));
    deliver(topic);
    String path = "/v1/projects/p/topics/alerts:publish ";
    assertTrue(received.peek().startsWith(path), received::toString);
    JsonObject message =
        JsonParser.parseString(received.peek().substring(path.length()))
            .getAsJsonObject()
            .getAsJsonArray("messages")
            .get(0)
            .getAsJsonObject();
    JsonObject attributes = message.getAsJsonObject("attributes");
    assertEquals(alert.id(), attributes.get("alert_id").getAsString());
    assertEquals("critical", attributes.get("severity").getAsString());
    byte[] data = Base64.getDecoder().decode(message.get("data").getAsString());
    JsonObject shown =
        JsonParser.parseString(new String(data, StandardCharsets.UTF_8)).getAsJsonObject();
    assertEquals("openai", shown.get("provider").getAsString());
    assertEquals(T0, read().get("notified_at"));
  }

  /** It was marked as notified, so that whoever looked believed that somebody knew. */
  @Test
  void alertThatNobodyIsToldOf_isNotMarkedAsNotified() {
    write(raised());
    deliver(alerting(Map.of()));
    assertFalse(read().containsKey("notified_at"));
    assertFalse(read().containsKey("notify_due_at"));
  }

  @Test
  void alertsOfOtherWriters_expireNinetyDaysAfterTheyWereRaised_onceAcknowledged() {
    Map<String, Object> theirs =
        new HashMap<>(Map.of("type", "quota_warning", "created_at", T0, "acknowledged", true));
    write(theirs);
    deliver(alerting(Map.of()));
    assertEquals(T0.plus(Duration.ofDays(90)), read().get("expire_at"));
    theirs.put("acknowledged", false);
    theirs.put("expire_at", T0.plus(Duration.ofDays(90)));
    write(theirs);
    deliver(alerting(Map.of()));
    assertFalse(read().containsKey("expire_at"));
    assertEquals("quota_warning", read().get("type"));
  }

  @Test
  void alertOfAnotherWriter_isToldOfToo() {
    write(Map.of("type", "martian", "message", "they come", "created_at", T0, "severity", 9L));
    deliver(slack());
    assertTrue(received.peek().contains("they come"), received::toString);
    assertEquals(T0, read().get("notified_at"));
  }

  @Test
  void list_goesPageByPage_byProviderAndAcknowledgement_withoutWhatHasExpired() {
    Hosted hosted = Hosted.shared();
    String provider = "list-" + UUID.randomUUID();
    Instant at = hosted.now();
    for (int i = 0; i < 7; i++) {
      Map<String, Object> fields = raised();
      fields.put("provider", provider);
      fields.put("created_at", at.minusSeconds(i));
      fields.put("acknowledged", i % 2 == 1);
      if (i == 3) {
        fields.put("expire_at", at.minusSeconds(1));
      }
      hosted.set("model_router_alerts", provider + "-" + i, fields);
    }
    List<String> seen = new ArrayList<>();
    String token = "";
    int pages = 0;
    do {
      JsonObject page =
          json(hosted, "provider=" + provider + "&limit=3" + (token.isEmpty() ? "" : token));
      page.getAsJsonArray("alerts")
          .forEach(one -> seen.add(one.getAsJsonObject().get("alert_id").getAsString()));
      token =
          page.has("next_page_token")
              ? "&page_token=" + page.get("next_page_token").getAsString()
              : "";
      pages++;
    } while (!token.isEmpty() && pages < 9);
    assertEquals(3, pages);
    List<String> wanted = new ArrayList<>();
    for (int i : List.of(0, 1, 2, 4, 5, 6)) {
      wanted.add(provider + "-" + i);
    }
    assertEquals(wanted, seen);
    JsonArray acknowledged =
        json(hosted, "provider=" + provider + "&acknowledged=true").getAsJsonArray("alerts");
    Set<String> ids = new HashSet<>();
    acknowledged.forEach(one -> ids.add(one.getAsJsonObject().get("alert_id").getAsString()));
    assertEquals(Set.of(provider + "-1", provider + "-5"), ids);
    assertEquals(
        400, hosted.get(ListAlerts.class, "admin", "page_token=nonsense&limit=0").statusCode());
  }

  @Test
  void acknowledging_isRepeatedByItsKey() {
    Hosted hosted = Hosted.shared();
    String id = UUID.randomUUID().toString();
    Map<String, Object> fields = raised();
    fields.put("details", Map.of("incidents", Map.of("job-1", T0)));
    hosted.set("model_router_alerts", id, fields);
    String body = "{\"alert_id\":\"" + id + "\"}";
    HttpResponse<String> first = hosted.post(AcknowledgeAlert.class, "admin", "seen-1", body);
    assertEquals(200, first.statusCode(), first.body());
    JsonObject answer = JsonParser.parseString(first.body()).getAsJsonObject();
    assertTrue(answer.get("acknowledged").getAsBoolean());
    assertEquals("{\"incidents\":{\"job-1\":\"" + T0 + "\"}}", answer.get("details").toString());
    HttpResponse<String> again = hosted.post(AcknowledgeAlert.class, "admin", "seen-1", body);
    assertEquals(first.body(), again.body());
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    HttpResponse<String> other = hosted.post(AcknowledgeAlert.class, "admin", "seen-2", body);
    assertEquals(first.body(), other.body(), "a second time changes nothing");
    assertTrue(other.headers().firstValue("Idempotency-Replayed").isEmpty());
  }

  private static JsonObject json(Hosted hosted, String query) {
    return JsonParser.parseString(hosted.get(ListAlerts.class, "admin", query).body())
        .getAsJsonObject();
  }
}
