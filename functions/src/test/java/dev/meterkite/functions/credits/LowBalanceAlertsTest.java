package dev.meterkite.functions.credits;

import static dev.meterkite.functions.credits.Desk.HOSTED;
import static dev.meterkite.functions.credits.Desk.json;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.cloud.functions.HttpFunction;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.meterkite.functions.alerts.ListAlerts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Alerts of low balances, through the invoker, on the emulator. */
class LowBalanceAlertsTest {
  private static final int MAX_TRIES = 10;

  private final String id = "low-" + UUID.randomUUID();
  private final String debit = "{'user_id':'" + id + "','amount':1}";

  /** As clients do: 503 is asked again with the same key. A busy machine may take its time. */
  private int post(Class<? extends HttpFunction> function, String key, String body) {
    int status = 503;
    for (int tries = 0; status == 503 && tries < MAX_TRIES; tries++) {
      status = HOSTED.post(function, "service", key + id, body.replace('\'', '"')).statusCode();
    }
    return status;
  }

  private List<String> alerts() {
    List<String> alerts = new ArrayList<>();
    JsonObject page = json(HOSTED.get(ListAlerts.class, "admin", "limit=100"));
    for (JsonElement each : page.getAsJsonArray("alerts")) {
      JsonObject alert = each.getAsJsonObject();
      if (alert.get("message").getAsString().contains(id)) {
        alerts.add(alert.get("type").getAsString() + " " + alert.get("status").getAsString());
      }
    }
    return alerts;
  }

  private Object level() {
    return HOSTED.read("users", id).fields().get("balance_level");
  }

  @Test
  void sixtyDebitsAtOnce_crossOnce() {
    HOSTED.set("users", id, Map.of("tier", "payg", "credits_balance", 100L, "low_balance_at", 50L));
    List<CompletableFuture<Integer>> debits =
        IntStream.range(0, 60)
            .mapToObj(
                i -> CompletableFuture.supplyAsync(() -> post(DebitCredits.class, "d" + i, debit)))
            .toList();
    debits.forEach(each -> assertEquals(200, each.join()));
    assertEquals("low", level());
    assertEquals(List.of("balance_low open"), alerts());

    HOSTED.advance(Duration.ofMinutes(1));
    String grant = "{'user_id':'" + id + "','amount':10,'type':'purchase'}";
    assertEquals(200, post(GrantCredits.class, "g", grant));
    assertEquals("ok", level());
    assertEquals(List.of("balance_low resolved"), alerts());
    assertEquals(200, post(GrantCredits.class, "g", grant), "a repeat changes nothing");
    assertEquals(List.of("balance_low resolved"), alerts());
  }

  @Test
  void crossingThereAndBackAtOnce_leavesNothingOpen() {
    HOSTED.set("users", id, Map.of("tier", "payg", "credits_balance", 50L, "low_balance_at", 50L));
    String grant = "{'user_id':'" + id + "','amount':1,'type':'purchase'}";
    List<CompletableFuture<Integer>> calls = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      Class<? extends HttpFunction> function = i % 2 == 0 ? DebitCredits.class : GrantCredits.class;
      String body = i % 2 == 0 ? debit : grant;
      String key = "k" + i;
      calls.add(CompletableFuture.supplyAsync(() -> post(function, key, body)));
    }
    calls.forEach(call -> assertEquals(200, call.join()));
    assertEquals("ok", level());
    assertEquals(List.of(), alerts().stream().filter(alert -> alert.endsWith("open")).toList());
  }
}
