package dev.meterkite.functions.quotas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** Reservations and settlements through the invoker, with the emulator behind it. */
class QuotaFunctionsTest {
  private final Hosted hosted = Hosted.shared();
  private final String provider = "quota-" + UUID.randomUUID();

  private void limit(long tokens, long used) {
    Map<String, Object> fields = new HashMap<>();
    fields.put(ModelQuotas.PROVIDER, provider);
    fields.put(ModelQuotas.MODEL_ID, "m");
    fields.put(ModelQuotas.TOKENS_USED, used);
    fields.put(ModelQuotas.TOKENS_LIMIT, tokens);
    fields.put(ModelQuotas.RESET_AT, Instant.now().plus(Duration.ofDays(3650)));
    hosted.set(ModelQuotas.COLLECTION, provider + "_m", fields);
  }

  private HttpResponse<String> reserve(long tokens, String key) {
    return hosted.post(
        ReserveQuota.class,
        "service",
        key,
        "{\"provider\":\"" + provider + "\",\"model_id\":\"m\",\"tokens\":" + tokens + "}");
  }

  private HttpResponse<String> settle(String reservation, long tokens, String key) {
    return hosted.post(
        SettleQuota.class,
        "service",
        key,
        "{\"reservation_id\":\"" + reservation + "\",\"tokens\":" + tokens + "}");
  }

  private static JsonObject json(HttpResponse<String> response) {
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  private static String code(HttpResponse<String> response) {
    return json(response).get("code").getAsString();
  }

  @Test
  void reservationAtTheLimit_isMade_andOneAboveIsRefused() {
    limit(1_000, 700);
    assertEquals(429, reserve(301, "a").statusCode());
    HttpResponse<String> made = reserve(300, "b");
    assertEquals(200, made.statusCode(), made.body());
    assertEquals(0, json(made).get("tokens_remaining").getAsLong());
    HttpResponse<String> refused = reserve(1, "c");
    assertEquals("quota_exhausted", code(refused));
    assertTrue(Long.parseLong(refused.headers().firstValue("Retry-After").orElseThrow()) > 1);
  }

  @Test
  void a14_refusedReservation_leavesTheDocumentAsItWas() {
    limit(100, 100);
    assertEquals(429, reserve(1, "before").statusCode());
    Map<String, Object> before = hosted.read(ModelQuotas.COLLECTION, provider + "_m").fields();
    assertEquals(429, reserve(1, "after").statusCode());
    assertEquals(before, hosted.read(ModelQuotas.COLLECTION, provider + "_m").fields());
  }

  @Test
  void a15_reservationLargerThanTheLimit_isRefusedForGood() {
    limit(100, 0);
    HttpResponse<String> refused = reserve(101, "a");
    assertEquals(409, refused.statusCode());
    assertEquals("exceeds_limit", code(refused));
  }

  @Test
  void a8_settlementTwice_replaysOrConflicts() {
    limit(1_000, 0);
    String id = json(reserve(300, "a")).get("reservation_id").getAsString();
    HttpResponse<String> first = settle(id, 250, "s");
    assertEquals(200, first.statusCode(), first.body());
    assertEquals(250, json(first).get("tokens_used").getAsLong());
    HttpResponse<String> again = settle(id, 250, "s");
    assertEquals(first.body(), again.body());
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    assertEquals("idempotency_conflict", code(settle(id, 251, "s")));
    HttpResponse<String> other = settle(id, 250, "another");
    assertEquals(409, other.statusCode());
    assertEquals("already_settled", code(other));
  }

  @Test
  void unknownReservation_isNotFound() {
    limit(1_000, 0);
    for (String id : List.of(provider + "_m:" + UUID.randomUUID(), "nonsense")) {
      HttpResponse<String> missing = settle(id, 1, "k");
      assertEquals(404, missing.statusCode(), missing.body());
      JsonObject problem = JsonParser.parseString(missing.body()).getAsJsonObject();
      assertEquals(id, problem.get("reservation_id").getAsString());
      assertTrue(problem.get("detail").getAsString().contains(id), missing.body());
    }
  }

  @Test
  void modelOfAnotherProviderWithTheSameDocument_isNotFound() {
    limit(1_000, 0);
    HttpResponse<String> refused =
        hosted.post(
            ReserveQuota.class,
            "service",
            "k",
            "{\"provider\":\"quota-x\",\"model_id\":\"m\",\"tokens\":1}");
    assertEquals(404, refused.statusCode());
    hosted.set(
        ModelQuotas.COLLECTION,
        provider + "_a_b",
        Map.of("provider", provider + "_a", "model_id", "b", "tokens_limit", 9L));
    HttpResponse<String> ambiguous =
        hosted.post(
            ReserveQuota.class,
            "service",
            "k",
            "{\"provider\":\"" + provider + "\",\"model_id\":\"a_b\",\"tokens\":1}");
    assertEquals(404, ambiguous.statusCode(), ambiguous.body());
  }

  @Test
  void a13_manyConcurrentReservations_neverPassTheLimit() {
    limit(1_000, 0);
    ExecutorService callers = Executors.newFixedThreadPool(32);
    try {
      List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
      for (int i = 0; i < 160; i++) {
        String key = "c" + i;
        calls.add(CompletableFuture.supplyAsync(() -> reserve(10, key), callers));
      }
      long made = 0;
      for (CompletableFuture<HttpResponse<String>> call : calls) {
        int status = call.join().statusCode();
        assertTrue(status == 200 || status == 429, call.join().body());
        made += status == 200 ? 1 : 0;
      }
      assertEquals(100, made);
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void badFields_areNamedAllAtOnce() {
    HttpResponse<String> bad =
        hosted.post(ReserveQuota.class, "service", "k", "{\"tokens\":0,\"tokn\":1}");
    assertEquals(400, bad.statusCode());
    assertEquals(4, json(bad).getAsJsonArray("errors").size(), bad.body());
    assertFalse(bad.body().contains("Exception"));
  }
}
