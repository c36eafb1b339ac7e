package dev.meterkite.functions.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.journal.StatementPage;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.CallUsage.Quantity;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Debits of calls of models: prices and plans from documents, and the round trips. */
class TokenDebitsTest {
  private static final Instant START = Instant.parse("2026-11-10T10:00:00Z");

  private final MemoryStore memory = new MemoryStore();
  private final MeteredStore store = new MeteredStore(memory);
  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final Credits credits = credits();
  private final String user = "u-1";
  private int keys;

  private Credits credits() {
    Backend backend =
        new Backend(
            MemoryStore.SETTINGS,
            store,
            now::get,
            new Pauses(),
            Edge.of(MemoryStore.SETTINGS),
            Intake.of(MemoryStore.SETTINGS),
            Log.ofProcess(MemoryStore.SETTINGS));
    return new Credits(backend, new CurrentPlans(backend));
  }

  private void set(String collection, String id, Map<String, Object> fields) {
    memory.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  private void user(long balance) {
    set("users", user, Map.of("user_id", user, "tier", "payg", "credits_balance", balance));
  }

  /** A price of input tokens from a moment on. */
  private void price(String modelId, Instant from, long pico) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("provider", "acme");
    fields.put("model_id", modelId);
    fields.put("effective_from", from);
    fields.put("status", "active");
    fields.put("components", List.of(Map.of("meter", "input", "unit", "token", "price", pico)));
    set("model_prices", "acme_" + modelId.replace("/", "%2F") + "_" + from, fields);
  }

  private static UsageInput call(String modelId, long tokens, Instant at) {
    return new UsageInput(CallUsage.of("acme", modelId, Map.of(Quantity.INPUT_TOKENS, tokens)), at);
  }

  private Answer debit(Credits by, UsageInput usage, String key) {
    return by.charge(
        usage, charge -> CreditCommands.debit(user, charge, null, null, key, "h" + usage));
  }

  private Answer debit(long tokens) {
    return debit(credits, call("m", tokens, null), "key-" + keys++);
  }

  private static JsonObject json(Answer answer) {
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  private static JsonObject done(Answer answer) {
    assertEquals(200, answer.status(), answer.body());
    return json(answer);
  }

  @Test
  void c22_warmDebitOfTokens_costsOneRoundTrip_andAWriteMoreWhereACreditFalls() {
    price("m", START.minusSeconds(60), 1_000_000);
    user(100);
    done(debit(4_000));
    store.cost();
    done(debit(4_000));
    assertEquals("1 0 2", store.cost(), "no whole credit");
    done(debit(4_000));
    assertEquals("1 0 3", store.cost(), "a transaction beside the idempotency record");
    done(credits.carryOut(CreditCommands.debit(user, 1, null, null, "plain", "h")));
    assertEquals("1 0 2", store.cost(), "an amount");
  }

  @Test
  void c22_sumOfSmallCalls_isTheExactSum_overTwoProcesses() {
    price("m", START.minusSeconds(60), 1_000_001);
    user(100);
    Credits other = credits();
    for (int i = 0; i < 40; i++) {
      done(debit(i % 2 == 0 ? credits : other, call("m", 3_000, null), "k" + i));
    }
    // 40 × 3,000.003 micro-USD
    JsonObject statement =
        done(
            credits.statement(
                new Statements.Request(user, 5, null, null, StatementPage.Position.START)));
    assertEquals(88, statement.get("balance").getAsLong());
    assertEquals(0, statement.get("accrued_micros").getAsLong());
    JsonObject last = statement.getAsJsonArray("transactions").get(0).getAsJsonObject();
    assertEquals(3_001, last.get("cost_micros").getAsLong());
    assertEquals("3000.003", last.get("cost_exact").getAsString());
    assertEquals(3_000, last.getAsJsonObject("usage").get("input_tokens").getAsLong());
    assertTrue(last.get("price_version").getAsString().startsWith("acme_m_2026-11-10T09:59:00Z@"));
  }

  @Test
  void c22_repeat_isReplayed_inAnotherProcessToo_whateverIsAccruedByThen() {
    price("m", START.minusSeconds(60), 1_000_000);
    user(100);
    Answer first = debit(credits, call("m", 6_000, null), "same");
    assertFalse(done(first).has("transaction"));
    done(debit(1_000));
    Credits other = credits();
    done(debit(other, call("m", 1_000, null), "warms"));
    Answer again = debit(other, call("m", 6_000, null), "same");
    assertEquals(first.body(), again.body());
    assertEquals("true", again.headers().get("Idempotency-Replayed"));
    assertEquals(409, debit(credits, call("m", 6_001, null), "same").status());
    assertEquals(
        409, credits.carryOut(CreditCommands.debit(user, 1, null, null, "same", "other")).status());
  }

  @Test
  void c22_priceOfItsOwnTime_isCharged_andAnUnknownOneIsNever0() {
    price("m", START.minusSeconds(3_600), 1_000_000);
    price("m", START.minusSeconds(60), 5_000_000);
    user(100);
    assertEquals(
        "1000",
        done(debit(credits, call("m", 1_000, START.minusSeconds(61)), "a"))
            .get("charge_exact")
            .getAsString());
    assertEquals("5000", done(debit(1_000)).get("charge_exact").getAsString());
    Answer before = debit(credits, call("m", 1_000, START.minusSeconds(3_601)), "b");
    assertEquals(400, before.status());
    assertEquals("unknown_price", json(before).get("code").getAsString());
    assertEquals(400, debit(credits, call("m", 1, START.plusSeconds(301)), "c").status());
    assertEquals(400, debit(credits, call("nobody-s", 1, null), "d").status());
    price("nobody-s", START.minusSeconds(1), 1_000_000);
    assertEquals(
        "1",
        done(debit(credits, call("nobody-s", 1, null), "d")).get("charge_exact").getAsString());
  }

  @Test
  void c22_changeOfAPrice_isSeenWithinTheAgeOfTheCache() {
    price("m", START.minusSeconds(60), 1_000_000);
    price("m", START.plusSeconds(30), 2_000_000);
    user(100);
    assertEquals("10", done(debit(10)).get("charge_exact").getAsString());
    now.set(START.plusSeconds(30));
    assertEquals("20", done(debit(10)).get("charge_exact").getAsString());
    price("m", START.plusSeconds(36), 3_000_000);
    now.set(START.plusSeconds(36));
    assertEquals("30", done(debit(10)).get("charge_exact").getAsString());
  }

  @Test
  void c22_seededCatalogue_servesAnEmptyOne_andPlansMakeTheCredits() {
    user(100);
    UsageInput call =
        new UsageInput(
            CallUsage.of("openai", "gpt-4o", Map.of(Quantity.OUTPUT_TOKENS, 1_000L)), null);
    JsonObject quote = done(credits.quote(call, "pro"));
    assertEquals(1, quote.get("credits").getAsLong());
    assertEquals(10_000, quote.get("cost_micros").getAsLong());
    set(
        "plans",
        "default",
        Map.of(
            "version",
            "v2",
            "price_book",
            Map.of(
                "credit_micros",
                1_000L,
                "markups",
                List.of(Map.of("tier", "pro", "percent", 50L)))));
    now.set(START.plus(Duration.ofSeconds(61)));
    assertEquals(15, done(credits.quote(call, "pro")).get("credits").getAsLong());
    assertEquals(10, done(credits.quote(call, null)).get("credits").getAsLong());
    JsonObject debit = done(debit(credits, call, "k"));
    assertEquals(-10, debit.getAsJsonObject("transaction").get("amount").getAsLong());
    assertEquals("v2", debit.get("plans_version").getAsString());
    set("plans", "default", Map.of("price_book", Map.of("credit_micros", 0L)));
    now.set(START.plus(Duration.ofSeconds(122)));
    assertEquals(15, done(credits.quote(call, "pro")).get("credits").getAsLong(), "the last valid");
    set("plans", "default", Map.of("price_book", Map.of("credit_micros", "10000")));
    now.set(START.plus(Duration.ofSeconds(183)));
    assertEquals(15, done(credits.quote(call, "pro")).get("credits").getAsLong(), "a wrong type");
  }

  @Test
  void c22_modelNamedBehindItsProvider_isFound() {
    price("acme/m-2", START.minusSeconds(60), 1_000_000);
    user(10);
    assertEquals(
        "7", done(debit(credits, call("m-2", 7, null), "a")).get("charge_exact").getAsString());
    assertEquals(
        "7",
        done(debit(credits, call("acme/m-2", 7, null), "b")).get("charge_exact").getAsString());
  }

  @Test
  void c22_freeModel_isDebitedForNothing_andNeedsNoHold() {
    set(
        "model_prices",
        "acme_free_1",
        Map.of(
            "provider",
            "acme",
            "model_id",
            "free",
            "effective_from",
            START.minusSeconds(60),
            "status",
            "free",
            "components",
            List.of(Map.of("meter", "input", "unit", "token", "price", 0L))));
    user(0);
    UsageInput call = call("free", 1_000, null);
    assertEquals(0, done(credits.quote(call, null)).get("credits").getAsLong());
    Answer hold =
        credits.charge(
            call,
            charge -> CreditCommands.hold(user, charge, null, Duration.ofDays(1), "key-h", "h"));
    assertEquals(400, hold.status(), hold.body());
    JsonObject fault = json(hold).getAsJsonArray("errors").get(0).getAsJsonObject();
    assertEquals("usage", fault.get("field").getAsString());
    assertEquals("nothing_to_hold", fault.get("code").getAsString());
    assertEquals("0", done(debit(credits, call, "key-d")).get("charge_exact").getAsString());
  }
}
