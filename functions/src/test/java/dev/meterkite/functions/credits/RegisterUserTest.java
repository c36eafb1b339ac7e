package dev.meterkite.functions.credits;

import static dev.meterkite.functions.credits.Desk.HOSTED;
import static dev.meterkite.functions.credits.Desk.done;
import static dev.meterkite.functions.credits.Desk.figures;
import static dev.meterkite.functions.credits.Desk.json;
import static dev.meterkite.functions.credits.Desk.key;
import static dev.meterkite.functions.credits.Desk.refused;
import static dev.meterkite.functions.credits.Desk.replayed;
import static dev.meterkite.functions.credits.Desk.userFields;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.meterkite.functions.backend.Backend;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code register-user}, through the invoker, on the emulator. */
class RegisterUserTest {
  private static String id() {
    return "registered-" + UUID.randomUUID();
  }

  private static HttpResponse<String> register(String key, String id, String more) {
    return HOSTED.post(
        RegisterUser.class,
        "service",
        key,
        ("{'user_id':'" + id + "'" + more + "}").replace('\'', '"'));
  }

  private static JsonObject registered(String id, String more) {
    HttpResponse<String> answer = register(null, id, more);
    assertEquals(200, answer.statusCode(), answer.body());
    return json(answer);
  }

  private static JsonArray transactions(String id) {
    return json(HOSTED.get(CreditStatement.class, "service", "user_id=" + id))
        .getAsJsonArray("transactions");
  }

  private static String faults(JsonObject problem) {
    return problem.getAsJsonArray("errors").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .map(each -> each.get("field").getAsString() + ":" + each.get("code").getAsString())
        .sorted()
        .collect(Collectors.joining(" "));
  }

  @Test
  void newUser_isAnsweredWithItsFirstGrant() {
    String id = id();
    JsonObject user =
        registered(
            id, ",'email':'ada@example.com','tier':'pro','stripe_customer_id':'cus_" + id + "'");
    assertEquals(
        List.of(
            "user_id",
            "email",
            "tier",
            "stripe_customer_id",
            "created_at",
            "balance",
            "held",
            "available"),
        List.copyOf(user.keySet()));
    assertEquals("2500 0 2500", figures(user));
    Map<String, Object> stored = userFields(id);
    assertEquals("ada@example.com", stored.get("email"));
    assertEquals("pro", stored.get("tier"));
    assertEquals(2_500L, stored.get("credits_balance"));
    assertEquals(id, stored.get("user_id"));
    assertEquals(stored.get("created_at"), stored.get("updated_at"));
    assertEquals(1, transactions(id).size());
    assertEquals(
        "70 0 70", figures(done(DebitCredits.class, "{'user_id':'" + id + "','amount':2430}")));
  }

  @ParameterizedTest
  @CsvSource({
    "'', free, 10",
    "free, free, 10",
    "enthu, enthu, 1000",
    "ultimate, ultimate, 15000",
    "payg, payg, 0"
  })
  void tier_decidesTheFirstGrant(String given, String tier, long balance) {
    String id = id();
    JsonObject user = registered(id, given.isEmpty() ? "" : ",'tier':'" + given + "'");
    assertEquals(tier, user.get("tier").getAsString());
    assertEquals(balance, user.get("balance").getAsLong());
    assertEquals(balance == 0 ? 0 : 1, transactions(id).size());
  }

  @Test
  void repeatWithoutAKey_changesNothing() {
    String id = id();
    JsonObject first = registered(id, ",'tier':'enthu','email':'a@b.example'");
    Map<String, Object> before = userFields(id);
    assertEquals(first, registered(id, ",'tier':'enthu','email':'a@b.example'"));
    assertEquals(first, registered(id, ""));
    assertEquals(before, userFields(id));
  }

  @Test
  void repeatWithItsKey_isAnsweredByteForByte() {
    String id = id();
    String key = key();
    HttpResponse<String> first = register(key, id, ",'tier':'pro'");
    done(DebitCredits.class, "{'user_id':'" + id + "','amount':30}");
    HttpResponse<String> again = register(key, id, ",'tier':'pro'");
    assertTrue(replayed(again) && !replayed(first));
    assertEquals(first.body(), again.body());
    refused(register(key, id, ",'tier':'free'"), 409, "idempotency_conflict");
    assertEquals("2470 0 2470", figures(registered(id, "")));
  }

  @Test
  void keyOfAUserThatExists_isKeptToo() {
    String id = id();
    registered(id, "");
    String key = key();
    HttpResponse<String> first = register(key, id, "");
    done(DebitCredits.class, "{'user_id':'" + id + "','amount':3}");
    HttpResponse<String> again = register(key, id, "");
    assertTrue(replayed(again));
    assertEquals(first.body(), again.body());
    refused(register(key, id, ",'email':'x@y.example'"), 409, "idempotency_conflict");
  }

  @Test
  void fieldsThatDiffer_areNamedAndNothingChanges() {
    String id = id();
    registered(id, ",'tier':'pro','email':'a@b.example','stripe_customer_id':'cus_" + id + "'");
    Map<String, Object> before = userFields(id);
    JsonObject problem =
        refused(
            register(
                key(), id, ",'tier':'free','email':'A@b.example','stripe_customer_id':'cus_other'"),
            409,
            "already_exists");
    assertEquals("email:differs stripe_customer_id:differs tier:differs", faults(problem));
    assertEquals(
        "email:differs",
        faults(
            refused(
                register(null, id, ",'tier':'pro','email':'c@d.example'"), 409, "already_exists")));
    assertEquals(before, userFields(id));
  }

  @Test
  void fieldsThatAreMissing_areSetAndTheRestStays() {
    String id = id();
    HOSTED.set(
        "users",
        id,
        Map.of("user_id", id, "credits_balance", 40L, "theme", "dark", "tier", "payg"));
    JsonObject user =
        registered(id, ",'email':'a@b.example','stripe_customer_id':'cus_" + id + "'");
    assertEquals("40 0 40", figures(user));
    Map<String, Object> stored = userFields(id);
    assertEquals("dark", stored.get("theme"));
    assertEquals("payg", stored.get("tier"));
    assertEquals("a@b.example", stored.get("email"));
    assertEquals("cus_" + id, stored.get("stripe_customer_id"));
    assertFalse(stored.containsKey("created_at"), "nobody knows when it came");
    assertEquals(1, transactions(id).size());
  }

  @Test
  void stripeCustomerOfAnotherUser_isRefused() {
    String first = id();
    String second = id();
    registered(first, ",'stripe_customer_id':'cus_" + first + "'");
    JsonObject problem =
        refused(
            register(null, second, ",'stripe_customer_id':'cus_" + first + "'"),
            409,
            "already_exists");
    assertEquals("stripe_customer_id:taken", faults(problem));
    assertFalse(HOSTED.read("users", second).exists());
  }

  @Test
  void registrationsAtOnce_createOneUserAndOneGrant() {
    String id = id();
    List<HttpResponse<String>> answers =
        IntStream.range(0, 24)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> register(i % 2 == 0 ? key() : null, id, ",'tier':'enthu'")))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .toList();
    answers.forEach(
        answer -> {
          assertEquals(200, answer.statusCode(), answer.body());
          assertEquals("1000 0 1000", figures(json(answer)));
        });
    assertEquals(1, transactions(id).size());
    assertEquals(1_000L, userFields(id).get("credits_balance"));
  }

  /** Whoever is first, another program or the registration, the end is the same. */
  @Test
  void userOfAnotherProgram_endsTheSame() {
    for (int i = 0; i < 6; i++) {
      String id = id();
      Map<String, Object> fields = new HashMap<>(Map.of("user_id", id, "tier", "pro"));
      CompletableFuture<HttpResponse<String>> registered =
          CompletableFuture.supplyAsync(() -> register(null, id, ",'tier':'pro'"));
      Credits credits = Desk.with(() -> Credits.of(Backend.ofProcess()));
      CompletableFuture<Void> other =
          CompletableFuture.runAsync(
              () -> {
                try {
                  HOSTED
                      .store()
                      .commit(
                          List.of(
                              dev.meterkite.functions.store.Mutation.create(
                                  new dev.meterkite.model.document.DocRef("users", id), fields)))
                      .join();
                } catch (java.util.concurrent.CompletionException e) {
                  // The registration was faster.
                }
                credits.openLedger(id);
              });
      assertEquals(200, registered.join().statusCode(), registered.join().body());
      other.join();
      assertEquals("2500 0 2500", figures(registered(id, ",'tier':'pro'")));
      assertEquals(1, transactions(id).size());
    }
  }

  @Test
  void faults_areAllNamedAndLeaveNothing() {
    String id = id();
    JsonObject problem =
        refused(
            register(
                null,
                id,
                ",'tier':'gold','email':'no address','stripe_customer_id':'','balance':5"),
            400,
            "invalid_request");
    assertEquals(
        "balance:unknown_field email:format stripe_customer_id:out_of_range tier:unknown_value",
        faults(problem));
    assertFalse(HOSTED.read("users", id).exists());
  }

  @ParameterizedTest
  @CsvSource({"''", "a/b", ".", "..", "__x__"})
  void hostileIds_areRefused(String id) {
    assertEquals("user_id:format", faults(refused(register(null, id, ""), 400, "invalid_request")));
  }

  @Test
  void userThatWasDeleted_comesBackWithItsLedger() {
    String id = id();
    registered(id, ",'tier':'pro'");
    done(DebitCredits.class, "{'user_id':'" + id + "','amount':500}");
    HOSTED.delete("users", id);
    JsonObject user = registered(id, ",'tier':'pro'");
    assertEquals("2000 0 2000", figures(user));
    assertEquals(2, transactions(id).size());
  }
}
