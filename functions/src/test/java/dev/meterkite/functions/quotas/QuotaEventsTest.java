package dev.meterkite.functions.quotas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.alerts.Alerting;
import dev.meterkite.functions.alerts.ListAlerts;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Quotas that other programs write, windows that end, reservations that nobody settles. */
class QuotaEventsTest {
  private final Hosted hosted = Hosted.shared();
  private final Backend backend = Backend.of(hosted.settings());
  private final OnQuotaWritten trigger =
      new OnQuotaWritten(backend.intake(), new Quotas(backend, Alerting.of(backend)));
  private final String provider = "event-" + UUID.randomUUID();
  private final DocRef quota = new DocRef(ModelQuotas.COLLECTION, provider + "_m");

  private Map<String, Object> read() {
    return hosted.read(quota.collection(), quota.id()).fields();
  }

  /** Another program sets the document whole, and the event of that is delivered. */
  private void set(long used, Instant resetAt) {
    Map<String, Object> before = read();
    Map<String, Object> fields = new HashMap<>();
    fields.put(ModelQuotas.PROVIDER, provider);
    fields.put(ModelQuotas.MODEL_ID, "m");
    fields.put(ModelQuotas.TOKENS_USED, used);
    fields.put(ModelQuotas.TOKENS_LIMIT, 1_000L);
    fields.put(ModelQuotas.RESET_AT, resetAt);
    hosted.set(quota.collection(), quota.id(), fields);
    trigger.accept(FakeEvent.of(quota, before, fields));
    trigger.accept(FakeEvent.of(quota, before, fields)); // A34: delivered again
  }

  private Map<String, String> alerts() {
    Map<String, String> alerts = new TreeMap<>();
    json(hosted.get(ListAlerts.class, "admin", "provider=" + provider))
        .getAsJsonArray("alerts")
        .forEach(
            one ->
                alerts.merge(
                    one.getAsJsonObject().get("type").getAsString(),
                    one.getAsJsonObject().get("status").getAsString(),
                    (first, second) -> first + " " + second));
    return alerts;
  }

  private static JsonObject json(HttpResponse<String> response) {
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  private HttpResponse<String> reserve(String key, long tokens, long ttl) {
    return hosted.post(
        ReserveQuota.class,
        "service",
        key,
        "{\"provider\":\"%s\",\"model_id\":\"m\",\"tokens\":%d,\"ttl_seconds\":%d}"
            .formatted(provider, tokens, ttl));
  }

  private HttpResponse<String> settle(String reservation, long tokens) {
    return hosted.post(
        SettleQuota.class,
        "service",
        "s",
        "{\"reservation_id\":\"%s\",\"tokens\":%d}".formatted(reservation, tokens));
  }

  private static String id(HttpResponse<String> reserved) {
    return json(reserved).get("reservation_id").getAsString();
  }

  @Test
  void a34_eachThresholdIsToldOnceAWindow_andAResetResolvesIt() {
    Instant reset = hosted.now().plus(Duration.ofHours(1));
    set(799, reset);
    assertEquals(Map.of(), alerts());
    set(850, reset);
    assertEquals(Map.of("quota_warning", "open"), alerts());
    set(960, reset);
    assertEquals(Map.of("quota_warning", "escalated", "quota_critical", "open"), alerts());
    set(1_000, reset);
    assertEquals("open", alerts().get("quota_exhausted"));
    set(0, reset.plus(Duration.ofHours(1)));
    assertEquals(
        Map.of(
            "quota_warning", "resolved",
            "quota_critical", "resolved",
            "quota_exhausted", "resolved"),
        alerts());
  }

  @Test
  void a23_windowOfLongAgo_isResetOnce_intoThePresentOne() {
    Instant now = hosted.now();
    set(1_000, now.minus(Duration.ofDays(14_400)).plus(Duration.ofHours(5)));
    HttpResponse<String> made = reserve("a", 1_000, 600);
    assertEquals(200, made.statusCode(), made.body());
    Instant resetAt = Instant.parse(json(made).get("reset_at").getAsString());
    assertFalse(resetAt.isBefore(now) || resetAt.isAfter(now.plus(Duration.ofDays(1))), made::body);
    assertEquals(429, reserve("b", 1, 600).statusCode());
    assertEquals(0L, read().get("tokens_used"));
  }

  @Test
  void a12_a14_reservationThatNobodySettles_isChargedWhenItLapses_andALateFigureCorrectsThat() {
    set(0, hosted.now().plus(Duration.ofDays(3)));
    String reservation = id(reserve("a", 600, 60));
    assertEquals(429, reserve("b", 500, 60).statusCode());
    hosted.advance(Duration.ofSeconds(60)); // its last moment is over
    assertEquals(200, hosted.post(ResetQuotas.class, "scheduler", null, "{}").statusCode());
    assertEquals(600L, read().get("tokens_used"));
    JsonObject settled = json(settle(reservation, 250));
    assertEquals(250, settled.get("tokens_used").getAsLong());
    assertEquals(750, settled.get("tokens_remaining").getAsLong());
    assertEquals(Map.of(), read().get("reservations"));
  }

  @Test
  void a24_lateSettlement_chargesTheWindowThatReserved_notTheNext() {
    set(0, hosted.now().plus(Duration.ofSeconds(30)));
    String reservation = id(reserve("a", 600, 3_600));
    hosted.advance(Duration.ofSeconds(31));
    assertEquals(200, reserve("b", 1_000, 60).statusCode());
    JsonObject settled = json(settle(reservation, 700));
    assertEquals(0, settled.get("tokens_used").getAsLong());
    assertEquals(0, settled.get("tokens_remaining").getAsLong());
  }

  @Test
  void settlementAboveItsEstimate_isCharged_andNothingMoreFits() {
    set(0, hosted.now().plus(Duration.ofDays(3)));
    JsonObject settled = json(settle(id(reserve("a", 100, 60)), 1_200));
    assertEquals(1_200, settled.get("tokens_used").getAsLong());
    assertEquals("exhausted", settled.get("status").getAsString());
    assertEquals(429, reserve("b", 1, 60).statusCode());
  }
}
