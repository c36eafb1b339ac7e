package dev.meterkite.functions.credits;

import static dev.meterkite.functions.credits.Desk.HOSTED;
import static dev.meterkite.functions.credits.Desk.balance;
import static dev.meterkite.functions.credits.Desk.call;
import static dev.meterkite.functions.credits.Desk.done;
import static dev.meterkite.functions.credits.Desk.figures;
import static dev.meterkite.functions.credits.Desk.json;
import static dev.meterkite.functions.credits.Desk.key;
import static dev.meterkite.functions.credits.Desk.refused;
import static dev.meterkite.functions.credits.Desk.replayed;
import static dev.meterkite.functions.credits.Desk.user;
import static dev.meterkite.functions.credits.Desk.userFields;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The HTTP functions of credits, through the invoker, on the emulator. */
class CreditFunctionsTest {
  private static final List<Class<?>> WRITES =
      List.of(
          DebitCredits.class,
          GrantCredits.class,
          HoldCredits.class,
          SettleHold.class,
          RefundCredits.class);

  private static String members(JsonObject object) {
    return String.join(" ", object.keySet());
  }

  private static String fields(JsonObject problem) {
    return problem.getAsJsonArray("errors").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .map(each -> each.get("field").getAsString() + ":" + each.get("code").getAsString())
        .sorted()
        .collect(Collectors.joining(" "));
  }

  private static JsonObject transaction(JsonObject answer) {
    return answer.getAsJsonObject("transaction");
  }

  private static String hold(String userId, long amount, String more) {
    return done(HoldCredits.class, "{'user_id':'" + userId + "','amount':" + amount + more + "}")
        .getAsJsonObject("hold")
        .get("hold_id")
        .getAsString();
  }

  private static String settling(String holdId, String action, String more) {
    return "{'hold_id':'" + holdId + "','action':'" + action + "'" + more + "}";
  }

  private static String debit(String userId, long amount) {
    return "{'user_id':'" + userId + "','amount':" + amount + "}";
  }

  @Test
  void debit_isAnsweredFieldByField() {
    String user = user(100);
    JsonObject answer =
        done(
            DebitCredits.class,
            "{'user_id':'" + user + "','amount':30,'job_id':'j-1','description':'ä voice'}");
    assertEquals("transaction balance held available", members(answer));
    assertEquals("70 0 70", figures(answer));
    JsonObject booked = transaction(answer);
    assertEquals(
        "transaction_id user_id type amount balance_after sequence job_id description"
            + " plans_version created_at prev_hash hash",
        members(booked));
    assertEquals("deduction", booked.get("type").getAsString());
    assertEquals(-30, booked.get("amount").getAsLong());
    assertEquals(70, booked.get("balance_after").getAsLong());
    assertEquals(2, booked.get("sequence").getAsLong());
    assertEquals("j-1", booked.get("job_id").getAsString());
    assertEquals("ä voice", booked.get("description").getAsString());
    String id = booked.get("transaction_id").getAsString();
    Map<String, Object> stored = HOSTED.read("credit_transactions", id).fields();
    assertEquals(-30L, stored.get("amount"));
    assertEquals(user, stored.get("user_id"));
    assertEquals(booked.get("hash").getAsString(), stored.get("hash"));
    assertEquals(70, balance(user));
  }

  /** Who looks at a user sees what is held, what for and since when, and why calls were refused. */
  @Test
  void statement_hasOpenHoldsAndLastRefusals() {
    String user = user(100);
    assertEquals("[]", statement(user, "").get("holds").toString());
    assertEquals("[]", statement(user, "").get("refusals").toString());
    String job = "job-" + key();
    String later = hold(user, 20, ",'expires_in_seconds':7200,'job_id':'" + job + "'");
    String first = hold(user, 30, ",'expires_in_seconds':3600");
    String closed = hold(user, 5, "");
    done(SettleHold.class, settling(closed, "release", ""));
    refused(call(DebitCredits.class, key(), debit(user, 51)), 402, "insufficient_credits");
    refused(call(HoldCredits.class, key(), debit(user, 60)), 402, "insufficient_credits");
    done(DebitCredits.class, debit(user, 1));
    done(DebitCredits.class, debit(user, 2));

    JsonObject page = statement(user, "&limit=2");
    assertEquals(2, page.get("open_holds").getAsLong());
    JsonArray holds = page.getAsJsonArray("holds");
    assertEquals(List.of(first, later), ids(holds), "the one that lapses first comes first");
    JsonObject ofJob = holds.get(1).getAsJsonObject();
    assertEquals("hold_id amount expires_at job_id created_at", members(ofJob));
    assertEquals(job, ofJob.get("job_id").getAsString());
    Instant since = Instant.parse(ofJob.get("created_at").getAsString());
    assertEquals(since.plusSeconds(7200).toString(), ofJob.get("expires_at").getAsString());
    JsonArray refusals = page.getAsJsonArray("refusals");
    assertEquals(2, refusals.size());
    JsonObject newest = refusals.get(0).getAsJsonObject();
    assertEquals("at operation code figures", members(newest));
    assertEquals("hold-credits", newest.get("operation").getAsString());
    assertEquals("insufficient_credits", newest.get("code").getAsString());
    assertEquals(60, newest.getAsJsonObject("figures").get("required").getAsLong());
    assertEquals(50, newest.getAsJsonObject("figures").get("available").getAsLong());

    String token = page.get("next_page_token").getAsString();
    JsonObject next = statement(user, "&limit=2&page_token=" + token);
    assertFalse(next.getAsJsonArray("holds").get(0).getAsJsonObject().has("created_at"));
  }

  /** A hold by usage says which model it is for. */
  @Test
  void holdOfUsage_saysWhatItIsFor() {
    String user = user(100);
    done(
        HoldCredits.class,
        "{'user_id':'"
            + user
            + "','usage':{'provider':'openai','model_id':'gpt-4o','input_tokens':182000}}");
    JsonObject hold = statement(user, "").getAsJsonArray("holds").get(0).getAsJsonObject();
    assertEquals("gpt-4o", hold.getAsJsonObject("usage").get("model_id").getAsString());
  }

  private static JsonObject statement(String userId, String more) {
    HttpResponse<String> answer =
        HOSTED.get(CreditStatement.class, "service", "user_id=" + userId + more);
    assertEquals(200, answer.statusCode(), answer.body());
    return json(answer);
  }

  private static List<String> ids(JsonArray holds) {
    return holds.asList().stream()
        .map(each -> each.getAsJsonObject().get("hold_id").getAsString())
        .toList();
  }

  @Test
  void repeat_isAnsweredByteForByte() {
    // A1: the caller that never heard the answer repeats, and there is one effect.
    String user = user(100);
    String key = key();
    HttpResponse<String> first = call(DebitCredits.class, key, debit(user, 60));
    done(DebitCredits.class, debit(user, 40));
    HttpResponse<String> again = call(DebitCredits.class, key, debit(user, 60));
    assertFalse(replayed(first));
    assertEquals(200, again.statusCode());
    assertTrue(replayed(again), "of a debit that could not be paid a second time");
    assertEquals(first.body(), again.body());
    assertEquals(0, balance(user));
  }

  @Test
  void debitWhoseAnswerWasLost_isAppliedOnceAndAnsweredWhenAsked() throws Exception {
    // A1: the commit is applied, and the connection is gone before a byte of the answer is read.
    String user = user(100);
    String key = key();
    String body = debit(user, 60).replace('\'', '"');
    URI url = HOSTED.url(DebitCredits.class, "");
    try (Socket socket = new Socket(url.getHost(), url.getPort())) {
      String request =
          "POST / HTTP/1.1\r\nHost: "
              + url.getAuthority()
              + "\r\nAuthorization: Bearer "
              + HOSTED.token("service")
              + "\r\nContent-Type: application/json\r\nIdempotency-Key: "
              + key
              + "\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body;
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      Instant deadline = Instant.now().plusSeconds(30);
      while (balance(user) != 40) {
        assertTrue(Instant.now().isBefore(deadline), "never applied");
      }
      socket.setSoLinger(true, 0); // a reset, whatever stands in the buffers
    }
    HttpResponse<String> again = call(DebitCredits.class, key, body);
    assertEquals(200, again.statusCode(), again.body());
    assertTrue(replayed(again));
    assertEquals("40 0 40", figures(json(again)));
    assertEquals(2, transaction(json(again)).get("sequence").getAsLong());
    JsonObject statement = json(HOSTED.get(CreditStatement.class, "service", "user_id=" + user));
    assertEquals(2, statement.getAsJsonArray("transactions").size());
    assertEquals(40, balance(user));
  }

  @Test
  void debitsOfOneCommit_haveAMarkerEach() {
    // A5: what is committed together shares no key: each is booked once, each repeat is its own.
    String user = user(1_000);
    List<String> keys = Stream.generate(Desk::key).limit(40).toList();
    List<HttpResponse<String>> first =
        all(keys, key -> call(DebitCredits.class, key, debit(user, 1)));
    List<HttpResponse<String>> again =
        all(keys, key -> call(DebitCredits.class, key, debit(user, 1)));
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < keys.size(); i++) {
      assertEquals(first.get(i).body(), again.get(i).body());
      assertTrue(replayed(again.get(i)) && !replayed(first.get(i)));
      ids.add(transaction(json(first.get(i))).get("transaction_id").getAsString());
    }
    assertEquals(keys.size(), ids.size());
    assertEquals(960, balance(user));
  }

  private static List<HttpResponse<String>> all(
      List<String> keys, Function<String, HttpResponse<String>> call) {
    return keys.stream()
        .map(key -> CompletableFuture.supplyAsync(() -> call.apply(key)))
        .toList()
        .stream()
        .map(CompletableFuture::join)
        .toList();
  }

  @Test
  void whatCanNeverFit_isRefusedAtOnceWithItsReason() {
    // A15: larger than all that there is, or could ever be: told at once, with the figures.
    String user = user(100);
    JsonObject hold =
        refused(call(HoldCredits.class, key(), debit(user, 101)), 402, "insufficient_credits");
    assertEquals(
        "100 100 101",
        hold.get("balance") + " " + hold.get("available") + " " + hold.get("required"));
    long largest = Ledger.MAX_BALANCE;
    for (Class<?> function : List.of(HoldCredits.class, DebitCredits.class)) {
      refused(call(function, key(), debit(user, largest)), 402, "insufficient_credits");
      assertEquals(
          "amount:out_of_range",
          fields(refused(call(function, key(), debit(user, largest + 1)), 400, "invalid_request")));
    }
    refused(
        call(GrantCredits.class, key(), grant(user, largest - 99, "purchase", "")),
        409,
        "balance_limit_exceeded");
    String id = hold(user, 40, "");
    refused(
        call(SettleHold.class, key(), settling(id, "capture", ",'amount':41")),
        409,
        "capture_exceeds_hold");
    assertEquals(100, balance(user));
  }

  @Test
  void writesToAUserWhoseDocumentIsFull_areUnavailableAndChangeNothing() {
    String user = user(100);
    Map<String, Object> fields = userFields(user);
    fields.put("notes", "x".repeat((1 << 20) - 210));
    HOSTED.set("users", user, fields);
    for (Class<?> function : List.of(DebitCredits.class, HoldCredits.class)) {
      refused(call(function, key(), debit(user, 1)), 503, "unavailable");
    }
    assertEquals(fields, userFields(user));
  }

  @Test
  void sameKeyForAnotherRequest_isAConflict() {
    // A6
    String user = user(100);
    String key = key();
    assertEquals(200, call(DebitCredits.class, key, debit(user, 10)).statusCode());
    refused(call(DebitCredits.class, key, debit(user, 11)), 409, "idempotency_conflict");
    assertEquals(90, balance(user));
    // The key is one of its operation and user: elsewhere it is free.
    assertEquals(200, call(GrantCredits.class, key, grant(user, 10, "purchase", "")).statusCode());
    assertEquals(200, call(DebitCredits.class, key, debit(user(5), 5)).statusCode());
    assertEquals(100, balance(user));
  }

  private static String grant(String userId, long amount, String type, String more) {
    return "{'user_id':'" + userId + "','amount':" + amount + ",'type':'" + type + "'" + more + "}";
  }

  @Test
  void tooDearDebit_isRefusedWithTheFiguresAndStaysSo() {
    // A3, A16
    String user = user(20);
    hold(user, 5, "");
    Map<String, Object> before = userFields(user);
    String key = key();
    JsonObject problem =
        refused(call(DebitCredits.class, key, debit(user, 16)), 402, "insufficient_credits");
    assertEquals(
        "20 15 16",
        problem.get("balance") + " " + problem.get("available") + " " + problem.get("required"));
    Map<String, Object> after = userFields(user);
    before.remove("commit");
    after.remove("commit");
    assertEquals(before, after);
    done(GrantCredits.class, grant(user, 100, "purchase", ""));
    problem = refused(call(DebitCredits.class, key, debit(user, 16)), 402, "insufficient_credits");
    assertEquals(115, problem.get("available").getAsLong(), "the figures of the moment");
    refused(call(DebitCredits.class, key, debit(user, 17)), 409, "idempotency_conflict");
    assertEquals("104 5 99", figures(done(DebitCredits.class, debit(user, 16))));
  }

  @Test
  void grant_isAnsweredFieldByField() {
    String user = user(0);
    Instant at = Instant.now().plus(Duration.ofDays(400));
    JsonObject answer =
        done(GrantCredits.class, grant(user, 50, "purchase", ",'expires_at':'" + at + "'"));
    assertEquals("50 0 50", figures(answer));
    JsonObject booked = transaction(answer);
    assertEquals("purchase", booked.get("type").getAsString());
    Instant expiresAt = Instant.parse(booked.get("expires_at").getAsString());
    assertEquals(0, expiresAt.getEpochSecond() % 3600, "rounded up to the hour");
    assertFalse(expiresAt.isBefore(at));
    HttpResponse<String> admin =
        HOSTED.post(
            GrantCredits.class,
            "admin",
            key(),
            grant(user, 1, "admin_adjustment", "").replace('\'', '"'));
    assertEquals("51 0 51", figures(json(admin)));
    JsonObject late =
        refused(
            call(
                GrantCredits.class,
                key(),
                grant(user, 1, "purchase", ",'expires_at':'2020-01-01T00:00:00Z'")),
            400,
            "invalid_request");
    assertEquals("expires_at:range", fields(late));
  }

  @Test
  void hold_isCapturedInPartAndTheRestComesBack() {
    // A2, A11, A12
    String user = user(100);
    JsonObject held =
        done(HoldCredits.class, "{'user_id':'" + user + "','amount':40,'expires_in_seconds':60}");
    assertEquals("hold balance held available", members(held));
    assertEquals("100 40 60", figures(held));
    JsonObject hold = held.getAsJsonObject("hold");
    assertEquals("hold_id user_id amount status expires_at", members(hold));
    String id = hold.get("hold_id").getAsString();
    assertEquals("held", HOSTED.read("credit_holds", id).fields().get("status"));
    JsonObject exceeding =
        refused(
            call(SettleHold.class, key(), settling(id, "capture", ",'amount':41")),
            409,
            "capture_exceeds_hold");
    assertEquals("40 41", exceeding.get("held") + " " + exceeding.get("required"));
    String key = key();
    HttpResponse<String> first =
        call(SettleHold.class, key, settling(id, "capture", ",'amount':25"));
    assertEquals("hold transaction balance held available", members(json(first)));
    assertEquals("75 0 75", figures(json(first)));
    assertEquals(-25, transaction(json(first)).get("amount").getAsLong());
    HttpResponse<String> again =
        call(SettleHold.class, key, settling(id, "capture", ",'amount':25"));
    assertTrue(replayed(again));
    assertEquals(first.body(), again.body());
    refused(
        call(SettleHold.class, key(), settling(id, "release", "")), 409, "hold_already_captured");
    refused(
        call(SettleHold.class, key(), settling(id, "capture", "")), 409, "hold_already_captured");
    assertEquals(75, balance(user));
    Map<String, Object> stored = HOSTED.read("credit_holds", id).fields();
    assertEquals("captured 25", stored.get("status") + " " + stored.get("captured"));
  }

  @Test
  void releasedHold_staysReleased() {
    // A11
    String user = user(100);
    String id = hold(user, 40, "");
    String key = key();
    HttpResponse<String> first = call(SettleHold.class, key, settling(id, "release", ""));
    assertEquals("100 0 100", figures(json(first)));
    assertEquals(first.body(), call(SettleHold.class, key, settling(id, "release", "")).body());
    refused(
        call(SettleHold.class, key(), settling(id, "release", "")), 409, "hold_already_released");
    refused(
        call(SettleHold.class, key(), settling(id, "capture", "")), 409, "hold_already_released");
  }

  @Test
  void lapsedHold_cannotBeSettledAndItsCreditsAreFree() {
    // A4: the repeat of the hold is answered as at first, though the hold has lapsed since.
    String user = user(50);
    String key = key();
    String body = "{'user_id':'" + user + "','amount':50,'expires_in_seconds':30}";
    HttpResponse<String> first = call(HoldCredits.class, key, body);
    String id = json(first).getAsJsonObject("hold").get("hold_id").getAsString();
    refused(call(DebitCredits.class, key(), debit(user, 1)), 402, "insufficient_credits");
    HOSTED.advance(Duration.ofSeconds(31));
    refused(call(SettleHold.class, key(), settling(id, "capture", "")), 409, "hold_expired");
    assertEquals("49 0 49", figures(done(DebitCredits.class, debit(user, 1))));
    HttpResponse<String> again = call(HoldCredits.class, key, body);
    assertTrue(replayed(again));
    assertEquals(first.body(), again.body());
    assertEquals("expired", HOSTED.read("credit_holds", id).fields().get("status"));
  }

  @Test
  void sixthHoldOfFive_isRefusedAndCannotBeCaptured() {
    // A10
    String user = user(5_000);
    for (int i = 0; i < 5; i++) {
      hold(user, 1_000, "");
    }
    String sixth = "{'user_id':'" + user + "','amount':1000}";
    String key = key();
    refused(call(HoldCredits.class, key, sixth), 402, "insufficient_credits");
    String id = Ids.marker("hold-credits", new DocRef("users", user), key);
    refused(call(SettleHold.class, key(), settling(id, "capture", "")), 404, "not_found");
    assertEquals(5_000, balance(user));
  }

  @Test
  void holdOfAJob_isTheJobsOneHold() {
    String user = user(100);
    String job = "job-" + key();
    String body = "{'user_id':'" + user + "','amount':40,'job_id':'" + job + "'}";
    JsonObject first = done(HoldCredits.class, body);
    String key = key();
    HttpResponse<String> found = call(HoldCredits.class, key, body);
    JsonObject second = json(found);
    assertEquals(first.get("hold"), second.get("hold"), "whoever comes second finds it");
    assertEquals("100 40 60", figures(second));
    done(DebitCredits.class, debit(user, 5));
    HttpResponse<String> again = call(HoldCredits.class, key, body);
    assertTrue(replayed(again));
    assertEquals(found.body(), again.body(), "as it stood then");
    for (int amount : List.of(39, 41)) {
      // C23
      String another = body.replace("'amount':40", "'amount':" + amount);
      refused(call(HoldCredits.class, key, another), 409, "idempotency_conflict");
      refused(call(HoldCredits.class, key(), another), 409, "job_hold_conflict");
    }
    String other = user(100);
    refused(call(HoldCredits.class, key(), body.replace(user, other)), 409, "job_hold_conflict");
    assertEquals(100, balance(other));
    String holdId = first.getAsJsonObject("hold").get("hold_id").getAsString();
    done(SettleHold.class, settling(holdId, "release", ""));
    refused(call(HoldCredits.class, key(), body), 409, "hold_already_released");
  }

  /** Every pair of bodies under one key, whichever was first, in this process or in another. */
  @Test
  void c22_oneKeyTwoBodies_isAConflict() {
    String user = user(10_000);
    String job = "job-" + key();
    List<String> holds = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      holds.add(hold(user, 5, ""));
    }
    List<String> spent = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      spent.add(
          transaction(done(DebitCredits.class, debit(user, 9)))
              .get("transaction_id")
              .getAsString());
    }
    String owner = "{'user_id':'" + user + "','amount':10";
    pairs(
        HoldCredits.class,
        List.of(
            owner + "}",
            owner + ",'job_id':'" + job + "'}",
            owner + ",'expires_in_seconds':60}",
            owner.replace("'amount':10", "'amount':11") + "}",
            owner + ",'job_id':'" + job + "2'}"));
    pairs(
        DebitCredits.class,
        List.of(
            owner + "}",
            owner + ",'job_id':'j'}",
            owner + ",'description':'d'}",
            owner.replace("'amount':10", "'amount':11") + "}"));
    pairs(
        GrantCredits.class,
        List.of(
            owner + ",'type':'purchase'}",
            owner + ",'type':'admin_adjustment'}",
            owner + ",'type':'purchase','description':'d'}"));
    pairs(
        RefundCredits.class,
        List.of(
            "{'transaction_id':'" + spent.get(0) + "','amount':1,'reason':'r'}",
            "{'transaction_id':'" + spent.get(1) + "','amount':1,'reason':'r'}",
            "{'transaction_id':'" + spent.get(0) + "','amount':1,'reason':'other'}"));
    for (List<String> bodies :
        List.of(
            List.of(settling(holds.get(0), "capture", ""), settling(holds.get(1), "release", "")),
            List.of(settling(holds.get(1), "release", ""), settling(holds.get(2), "capture", "")),
            List.of(
                settling(holds.get(3), "capture", ",'amount':0"),
                settling(holds.get(4), "capture", ",'amount':5")),
            List.of(
                settling(holds.get(4), "capture", ",'amount':4"),
                settling(holds.get(5), "capture", ",'amount':0")))) {
      pair(SettleHold.class, bodies.get(0), bodies.get(1));
    }
  }

  private static void pairs(Class<?> function, List<String> bodies) {
    for (String first : bodies) {
      for (String second : bodies) {
        if (!first.equals(second)) {
          pair(function, first, second);
        }
      }
    }
  }

  private static void pair(Class<?> function, String first, String second) {
    String key = key();
    assertEquals(200, call(function, key, first).statusCode(), first);
    refused(call(function, key, second), 409, "idempotency_conflict");
    assertTrue(replayed(call(function, key, first)), first);
  }

  /** Before, a hold carried its own request hash and answer; a repeat still finds them. */
  @Test
  void holdWithItsAnswerInItself_isReplayed() {
    String user = user(100);
    done(DebitCredits.class, debit(user, 1));
    String key = key();
    Command<CreditCommand> command =
        CreditCommands.hold(user, 10, null, Duration.ofDays(1), key, "hash");
    DocRef older = command.markers().get(1);
    HOSTED.set(
        older.collection(), older.id(), Map.of("request_hash", "hash", "answer", "{\"hold\":1}"));
    Credits other = anotherProcess();
    assertEquals("{\"hold\":1}", other.carryOut(command).body());
    assertEquals("99 0", balance(user) + " " + Desk.held(user));
  }

  private static Credits anotherProcess() {
    Backend backend = Credits.of(Backend.ofProcess()).backend();
    return new Credits(backend, new CurrentPlans(backend));
  }

  /** The second comes to a process that knows nothing of the first. */
  @Test
  void c22_oneKeyTwoBodiesInTwoProcesses_isAConflict() {
    Credits one = Desk.with(() -> Credits.of(Backend.ofProcess()));
    Credits other = anotherProcess();
    String user = user(100);
    String job = "job-" + key();
    for (int i = 0; i < 2; i++) {
      String key = key();
      String first = i == 0 ? null : job;
      String second = i == 0 ? job : null;
      done(DebitCredits.class, debit(user, 1));
      assertEquals(200, hold(one, user, first, key, "a").status());
      assertEquals(409, hold(other, user, second, key, "b").status());
    }
    assertEquals("98 20", balance(user) + " " + Desk.held(user));
  }

  /** More refusals than the user's document remembers: all stay refused after a grant. */
  @Test
  void c26_refusalsBeyondTheRing_stayRefusals() {
    String user = user(10);
    Credits one = Desk.with(() -> Credits.of(Backend.ofProcess()));
    List<Command<CreditCommand>> debits =
        LongStream.range(0, 1_200)
            .mapToObj(i -> CreditCommands.debit(user, 11, null, null, user + i, "hash"))
            .toList();
    for (Credits each : List.of(one, anotherProcess())) {
      for (Reply reply : each.carryOut(debits)) {
        Reply.Refused refused = assertInstanceOf(Reply.Refused.class, reply);
        assertEquals(CreditOutcome.INSUFFICIENT_CREDITS, refused.outcome());
      }
      done(GrantCredits.class, grant(user, 100, "purchase", ""));
    }
    refused(call(DebitCredits.class, user + 1_199, debit(user, 12)), 409, "idempotency_conflict");
    assertEquals("209 0 209", figures(done(DebitCredits.class, debit(user, 1))));
  }

  private static Answer hold(Credits credits, String user, String job, String key, String hash) {
    return credits.carryOut(CreditCommands.hold(user, 10, job, Duration.ofDays(1), key, hash));
  }

  @Test
  void missingDocument_isNamed() {
    String user = "nobody-" + key();
    JsonObject problem = refused(call(DebitCredits.class, key(), debit(user, 1)), 404, "not_found");
    assertEquals(
        "There is no users/" + user + "; register-user creates it.",
        problem.get("detail").getAsString());
    assertEquals("users", problem.get("collection").getAsString());
    assertEquals(user, problem.get("id").getAsString());
    assertEquals(
        "There is no credit_holds/none; hold-credits answers the hold_id of a new hold.",
        refused(call(SettleHold.class, key(), settling("none", "release", "")), 404, "not_found")
            .get("detail")
            .getAsString());
    assertEquals(
        "There is no credit_transactions/none; credit-statement lists a user's transactions.",
        refused(
                call(RefundCredits.class, key(), "{'transaction_id':'none','reason':'r'}"),
                404,
                "not_found")
            .get("detail")
            .getAsString());
    assertEquals(
        "There is no users/" + user + "; register-user creates it.",
        refused(HOSTED.get(CreditStatement.class, "service", "user_id=" + user), 404, "not_found")
            .get("detail")
            .getAsString());
  }

  @Test
  void c20_balanceThatCannotBeRead_is409UntilItIsMended() {
    for (Object odd : List.of(100.5, "100", -5L, 1L << 54, true, Map.of("credits", 1L))) {
      String user = "odd-" + key();
      HOSTED.set("users", user, Map.of("user_id", user, "tier", "pro", "credits_balance", odd));
      Map<String, Object> before = HOSTED.read("users", user).fields();
      String owner = "{'user_id':'" + user + "','amount':1";
      refused(call(DebitCredits.class, key(), owner + "}"), 409, "balance_unreadable");
      refused(call(HoldCredits.class, key(), owner + "}"), 409, "balance_unreadable");
      refused(
          call(GrantCredits.class, key(), owner + ",'type':'purchase'}"),
          409,
          "balance_unreadable");
      JsonObject problem =
          refused(
              HOSTED.get(CreditStatement.class, "service", "user_id=" + user),
              409,
              "balance_unreadable");
      assertEquals(
          odd instanceof String ? "\"100\"" : String.valueOf(odd),
          problem.get("found").getAsString());
      Map<String, Object> after = new HashMap<>(HOSTED.read("users", user).fields());
      after.keySet().removeAll(Set.of("commit", "ledger_due_at"));
      assertEquals(before, after);
      List<Map<String, Object>> alerts = alertsOf(user);
      assertEquals(1, alerts.size(), alerts::toString);
      assertEquals(
          "critical open", alerts.get(0).get("severity") + " " + alerts.get(0).get("status"));
      after.put("credits_balance", 100.0);
      HOSTED.set("users", user, after);
      assertEquals("99 0 99", figures(done(DebitCredits.class, owner + "}")));
      assertEquals("resolved", alertsOf(user).get(0).get("status"));
    }
  }

  private static List<Map<String, Object>> alertsOf(String user) {
    Query ofUser = Query.of("model_router_alerts", 10).where("user_id", Query.Op.EQUAL, user);
    return HOSTED.store().find(ofUser).join().stream().map(Snapshot::fields).toList();
  }

  /** Four writers, and statements of one transaction: the figures are those of that one. */
  @Test
  void c27_statementUnderWrites_isOfOneMoment() {
    String user = user(10_000);
    boolean[] stop = {false};
    List<CompletableFuture<Void>> writers =
        Stream.generate(
                () ->
                    CompletableFuture.runAsync(
                        () -> {
                          while (!stop[0]) {
                            done(DebitCredits.class, debit(user, 1));
                          }
                        }))
            .limit(4)
            .toList();
    for (int i = 0; i < 25; i++) {
      JsonObject statement =
          json(
              HOSTED.get(
                  CreditStatement.class,
                  "service",
                  "user_id=" + user + "&limit=1&to=2999-01-01T00:00:00Z"));
      JsonObject newest = statement.getAsJsonArray("transactions").get(0).getAsJsonObject();
      assertEquals(newest.get("balance_after"), statement.get("balance"));
      assertEquals(newest.get("balance_after"), statement.get("balance_at_to"));
      assertEquals(newest.get("sequence"), statement.get("sequence"));
    }
    stop[0] = true;
    writers.forEach(CompletableFuture::join);
  }

  @Test
  void c27_statement_hasAppliedWhatIsDue() {
    String user = user(100);
    Instant soon = Instant.parse(now(user)).plusSeconds(60);
    done(GrantCredits.class, grant(user, 50, "purchase", ",'expires_at':'" + soon + "'"));
    HOSTED.advance(Duration.ofHours(2));
    JsonObject statement =
        json(HOSTED.get(CreditStatement.class, "service", "user_id=" + user + "&limit=1"));
    assertEquals("99 0 99", figures(statement));
    JsonObject newest = statement.getAsJsonArray("transactions").get(0).getAsJsonObject();
    assertEquals("expiration", newest.get("type").getAsString());
    assertEquals(99, newest.get("balance_after").getAsLong());
  }

  /** The moment of a transaction that is made for it. */
  private static String now(String user) {
    return transaction(done(DebitCredits.class, debit(user, 1))).get("created_at").getAsString();
  }

  @Test
  void c28_balanceBeforeTheFirstTransaction_isZeroOrTheOlderSystems() {
    String user = user(100);
    HOSTED.set(
        "credit_transactions",
        "old-" + user,
        Map.of(
            "user_id",
            user,
            "type",
            "purchase",
            "amount",
            70L,
            "balance_after",
            70L,
            "created_at",
            Instant.parse("2025-03-01T00:00:00Z")));
    done(DebitCredits.class, debit(user, 1));
    for (String[] row :
        new String[][] {
          {"2025-03-01T00:00:00Z", "0"},
          {"2025-04-01T00:00:00Z", "70"},
          {"2999-01-01T00:00:00Z", "99"}
        }) {
      JsonObject statement =
          json(HOSTED.get(CreditStatement.class, "service", "user_id=" + user + "&to=" + row[0]));
      assertEquals(row[1], statement.get("balance_at_to").getAsString(), row[0]);
    }
    JsonObject empty =
        json(
            HOSTED.get(
                CreditStatement.class,
                "service",
                "user_id=" + user + "&from=2025-03-02T00:00:00Z&to=2025-04-01T00:00:00Z"));
    assertEquals(0, empty.getAsJsonArray("transactions").size());
    assertEquals(70, empty.get("balance_at_to").getAsLong(), "from does not change it");
  }

  @Test
  void refund_neverExceedsWhatItReverses() {
    // A2
    String user = user(100);
    JsonObject debited = done(DebitCredits.class, debit(user, 60));
    String id = transaction(debited).get("transaction_id").getAsString();
    String part = "{'transaction_id':'" + id + "','amount':20,'reason':'too long'}";
    String key = key();
    HttpResponse<String> first = call(RefundCredits.class, key, part);
    JsonObject refund = transaction(json(first));
    assertEquals("refund", refund.get("type").getAsString());
    assertEquals(20, refund.get("amount").getAsLong());
    assertEquals(id, refund.get("reverses").getAsString());
    assertEquals("too long", refund.get("reason").getAsString());
    HttpResponse<String> again = call(RefundCredits.class, key, part);
    assertTrue(replayed(again));
    assertEquals(first.body(), again.body());
    JsonObject problem =
        refused(
            call(RefundCredits.class, key(), part.replace("'amount':20", "'amount':41")),
            409,
            "refund_exceeds_transaction");
    assertEquals(40, problem.get("refundable").getAsLong());
    String rest = "{'transaction_id':'" + id + "','reason':'all of it'}";
    assertEquals("100 0 100", figures(done(RefundCredits.class, rest)));
    refused(call(RefundCredits.class, key(), rest), 409, "refund_exceeds_transaction");
    assertEquals(60L, HOSTED.read("credit_transactions", id).fields().get("refunded"));
    String refundId = refund.get("transaction_id").getAsString();
    refused(call(RefundCredits.class, key(), rest.replace(id, refundId)), 409, "not_refundable");
  }

  @Test
  void whatDoesNotExist_is404() {
    refused(call(DebitCredits.class, key(), debit("nobody-" + key(), 1)), 404, "not_found");
    refused(
        call(GrantCredits.class, key(), grant("nobody-" + key(), 1, "purchase", "")),
        404,
        "not_found");
    refused(call(HoldCredits.class, key(), debit("nobody-" + key(), 1)), 404, "not_found");
    refused(call(SettleHold.class, key(), settling("none", "capture", "")), 404, "not_found");
    refused(
        call(RefundCredits.class, key(), "{'transaction_id':'none','reason':'r'}"),
        404,
        "not_found");
    refused(
        HOSTED.get(CreditStatement.class, "service", "user_id=nobody-" + key()), 404, "not_found");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "debit | {} | amount:required user_id:required",
        "debit | {'user_id':'a/b','amount':0,'job_id':'..','description':'','x':1} |"
            + " amount:out_of_range description:out_of_range job_id:format user_id:format"
            + " x:unknown_field",
        "debit | {'user_id':'u','amount':1.5} | amount:wrong_type",
        "debit | {'user_id':'u','amount':'1'} | amount:wrong_type",
        "debit | {'user_id':'u','amount':9007199254740992} | amount:out_of_range",
        "debit | {'user_id':7,'amount':-1} | amount:out_of_range user_id:wrong_type",
        "grant | {'user_id':'u','amount':1,'type':'deduction'} | type:unknown_value",
        "grant | {'user_id':'u','amount':1,'type':'gift','expires_at':'tomorrow'} |"
            + " expires_at:format type:unknown_value",
        "hold | {'user_id':'u','amount':1,'expires_in_seconds':604801} |"
            + " expires_in_seconds:out_of_range",
        "hold | {'user_id':'u','amount':1,'expires_in_seconds':0} |"
            + " expires_in_seconds:out_of_range",
        "settle | {'hold_id':'h','action':'keep'} | action:unknown_value",
        "refund | {'transaction_id':'t','reason':'r','amount':null} | amount:wrong_type",
        "debit | {'user_id':'u','usage':{'provider':'p','model_id':'m','input_tokens':null,"
            + "'output_tokens':null}} | usage:required",
        "settle | {'hold_id':'h','action':'release','amount':1} | amount:not_allowed",
        "settle | {'hold_id':'h','action':'capture','amount':-1} | amount:out_of_range",
        "settle | {'hold_id':'h','action':'capture','amount':null} | amount:wrong_type",
        "settle | {'hold_id':'h','action':'capture','usage':null} | usage:wrong_type",
        "settle | {'hold_id':'h','action':'capture','amount':1,'usage':null} | usage:wrong_type",
        "settle | {'hold_id':'h','action':'release','usage':null} | usage:wrong_type",
        "debit | {'user_id':'u','amount':1,'usage':null} | usage:wrong_type",
        "hold | {'user_id':'u','amount':1,'usage':null} | usage:wrong_type",
        "debit | {'user_id':'u','usage':[1]} | usage:wrong_type",
        "debit | {'user_id':'u','usage':null} | usage:wrong_type",
        "hold | {'user_id':'u','usage':'x'} | usage:wrong_type",
        "hold | {'user_id':'u','usage':'x','amount':0} | amount:out_of_range usage:wrong_type",
        "quote-usage | {'usage':null} | usage:wrong_type",
        "quote-usage | {'usage':'x'} | usage:wrong_type",
        "quote-usage | {} | usage:required",
        "refund | {'transaction_id':'t'} | reason:required",
        "refund | {'transaction_id':'t','reason':'','amount':0} |"
            + " amount:out_of_range reason:out_of_range",
        "quote | {'duration_min':0.49} | duration_min:out_of_range",
        "quote | {'duration_min':180.01,'quality':'8k','priority':'now'} |"
            + " duration_min:out_of_range priority:unknown_value quality:unknown_value"
      })
  void badRequest_isToldWithAllItsFaults(String function, String body, String faults) {
    Class<?> type =
        switch (function) {
          case "debit" -> DebitCredits.class;
          case "grant" -> GrantCredits.class;
          case "hold" -> HoldCredits.class;
          case "settle" -> SettleHold.class;
          case "quote-usage" -> QuoteUsage.class;
          case "refund" -> RefundCredits.class;
          default -> QuoteJob.class;
        };
    assertEquals(faults, fields(refused(call(type, key(), body), 400, "invalid_request")));
  }

  @Test
  void write_needsAKey() {
    // A6
    for (Class<?> function : WRITES) {
      refused(call(function, null, "{}"), 400, "missing_idempotency_key");
    }
  }

  @Test
  void functions_areOnlyForTheirRoles() {
    // A36
    String user = user(100);
    String body = debit(user, 1).replace('\'', '"');
    for (Class<?> function : List.of(ExpireCredits.class, ReconcileLedger.class)) {
      refused(HOSTED.post(function, "service", key(), "{}"), 403, "forbidden");
      refused(HOSTED.post(function, user, key(), "{}"), 403, "forbidden");
      assertEquals(200, HOSTED.post(function, "scheduler", null, "{}").statusCode());
    }
    for (Class<?> function : WRITES) {
      for (String role : List.of("scheduler", user)) {
        refused(HOSTED.post(function, role, key(), body), 403, "forbidden");
      }
      HttpRequest nobody =
          HttpRequest.newBuilder(HOSTED.url(function, ""))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(body))
              .build();
      refused(HOSTED.send(nobody), 401, "unauthenticated");
    }
    for (Class<?> function : List.of(DebitCredits.class, HoldCredits.class, SettleHold.class)) {
      refused(HOSTED.post(function, "admin", key(), body), 403, "forbidden");
    }
    assertEquals(100, balance(user));
    String query = "user_id=" + user;
    assertEquals(200, HOSTED.get(CreditStatement.class, user, query).statusCode());
    assertEquals(200, HOSTED.get(CreditStatement.class, "admin", query).statusCode());
    refused(HOSTED.get(CreditStatement.class, user(1), query), 403, "forbidden");
    refused(HOSTED.get(CreditStatement.class, "scheduler", query), 403, "forbidden");
  }

  @Test
  void concurrentDebits_neverSpendMoreThanThereIs() throws Exception {
    // A9, A13: of 40 debits of 10 on 250 exactly 25 succeed, and the others hear "insufficient".
    String user = user(250);
    ExecutorService pool = Executors.newFixedThreadPool(16);
    try {
      List<Future<Integer>> answers = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        answers.add(
            pool.submit(() -> call(DebitCredits.class, key(), debit(user, 10)).statusCode()));
      }
      int applied = 0;
      for (Future<Integer> answer : answers) {
        int status = answer.get();
        assertTrue(status == 200 || status == 402, "status " + status);
        applied += status == 200 ? 1 : 0;
      }
      assertEquals(25, applied);
      assertEquals(0, balance(user));
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void settlementsAtOnce_haveOneWinner() throws Exception {
    // A8
    String user = user(100);
    String id = hold(user, 40, "");
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try {
      List<Future<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        String action = i % 2 == 0 ? "capture" : "release";
        answers.add(pool.submit(() -> call(SettleHold.class, key(), settling(id, action, ""))));
      }
      int won = 0;
      for (Future<HttpResponse<String>> answer : answers) {
        if (answer.get().statusCode() == 200) {
          won++;
        } else {
          assertEquals(409, answer.get().statusCode(), answer.get().body());
        }
      }
      assertEquals(1, won);
      String status = (String) HOSTED.read("credit_holds", id).fields().get("status");
      assertEquals(status.equals("captured") ? 60 : 100, balance(user));
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void settlementsAtOnceWithOneKey_areOneSettlement() {
    // A2, A8
    String user = user(100);
    String id = hold(user, 40, "");
    String key = key();
    List<HttpResponse<String>> answers =
        all(
            Collections.nCopies(8, key),
            each -> call(SettleHold.class, each, settling(id, "capture", ",'amount':30")));
    answers.forEach(answer -> assertEquals(answers.get(0).body(), answer.body()));
    assertEquals(7, answers.stream().filter(Desk::replayed).count());
    assertEquals("70 0 70", figures(json(answers.get(0))));
    assertEquals(70, balance(user));
  }

  @Test
  void debit_spendsTheLotThatExpiresFirst() {
    // A17
    String user = user(0);
    Instant soon = Instant.now().plus(Duration.ofDays(900));
    done(
        GrantCredits.class,
        grant(user, 150, "purchase", ",'expires_at':'" + soon.plusSeconds(86_400) + "'"));
    done(GrantCredits.class, grant(user, 50, "purchase", ",'expires_at':'" + soon + "'"));
    done(DebitCredits.class, debit(user, 80));
    JsonArray lots =
        json(HOSTED.get(CreditStatement.class, user, "user_id=" + user)).getAsJsonArray("lots");
    assertEquals(1, lots.size());
    assertEquals(120, lots.get(0).getAsJsonObject().get("remaining").getAsLong());
    assertEquals(150, lots.get(0).getAsJsonObject().get("granted").getAsLong());
  }

  @Test
  void statement_showsBalanceLotsAndTransactions() {
    String user = user(100);
    done(DebitCredits.class, debit(user, 30));
    hold(user, 20, "");
    JsonObject answer = json(HOSTED.get(CreditStatement.class, "service", "user_id=" + user));
    assertEquals(
        "user_id balance held available accrued_micros sequence lots open_holds holds refusals"
            + " transactions",
        members(answer));
    assertEquals("70 20 50", figures(answer));
    JsonObject lot = answer.getAsJsonArray("lots").get(0).getAsJsonObject();
    assertEquals("remaining granted", members(lot));
    JsonArray shown = answer.getAsJsonArray("transactions");
    assertEquals(2, shown.size());
    JsonObject latest = shown.get(0).getAsJsonObject();
    assertEquals(2, latest.get("sequence").getAsLong());
    String at = latest.get("created_at").getAsString();
    HOSTED.advance(Duration.ofSeconds(5));
    done(DebitCredits.class, debit(user, 1));
    Instant to = Instant.parse(at).plusSeconds(1);
    JsonObject then =
        json(
            HOSTED.get(
                CreditStatement.class, "service", "user_id=" + user + "&from=" + at + "&to=" + to));
    assertEquals(70, then.get("balance_at_to").getAsLong());
    assertEquals(69, then.get("balance").getAsLong());
    then.getAsJsonArray("transactions")
        .forEach(
            each ->
                assertTrue(
                    each.getAsJsonObject().get("sequence").getAsLong() <= 2, each::toString));
  }

  /**
   * Transactions of one commit share their moment, and have no order but their sequence; what an
   * older system wrote has none.
   */
  @Test
  void statementOf130DebitsAtOnce_comesInDescendingSequence() {
    String user = user(1_000);
    List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
    for (int i = 0; i < 130; i++) {
      calls.add(
          CompletableFuture.supplyAsync(() -> call(DebitCredits.class, key(), debit(user, 1))));
    }
    calls.forEach(each -> assertEquals(200, each.join().statusCode()));
    for (int i = 0; i < 7; i++) {
      Map<String, Object> older = new HashMap<>();
      older.put("user_id", user);
      older.put("type", "deduction");
      older.put("amount", -1L);
      older.put("created_at", Instant.parse("2025-05-01T00:00:00Z").plusSeconds(i / 2));
      HOSTED.set("credit_transactions", user + "-" + i, older);
    }
    List<Long> sequences = new ArrayList<>();
    List<Instant> older = new ArrayList<>();
    String token = "";
    int pages = 0;
    while (pages == 0 || !token.isEmpty()) {
      JsonObject page =
          json(HOSTED.get(CreditStatement.class, "service", "limit=20&user_id=" + user + token));
      for (JsonElement each : page.getAsJsonArray("transactions")) {
        JsonObject shown = each.getAsJsonObject();
        if (shown.has("sequence")) {
          sequences.add(shown.get("sequence").getAsLong());
          assertTrue(older.isEmpty());
        } else {
          older.add(Instant.parse(shown.get("created_at").getAsString()));
        }
      }
      JsonElement next = page.get("next_page_token");
      token = next == null ? "" : "&page_token=" + next.getAsString();
      pages++;
    }
    assertEquals(LongStream.iterate(131, i -> i - 1).limit(131).boxed().toList(), sequences);
    assertEquals(older.stream().sorted(Comparator.reverseOrder()).toList(), older);
    assertEquals("7 older, 7 pages", older.size() + " older, " + pages + " pages");
  }

  @Test
  void transactionsOfAnOlderSystemAmongTheLedgers_areShownToo() {
    String user = user(100);
    done(DebitCredits.class, debit(user, 1));
    HOSTED.advance(Duration.ofSeconds(2));
    Instant among = HOSTED.now().truncatedTo(ChronoUnit.MICROS);
    for (String id : List.of("-before", "-among")) {
      Instant at = id.equals("-among") ? among : Instant.parse("2025-01-01T00:00:00Z");
      HOSTED.set(
          "credit_transactions",
          user + id,
          Map.of("user_id", user, "type", "deduction", "amount", -1L, "created_at", at));
    }
    HOSTED.advance(Duration.ofSeconds(2));
    done(DebitCredits.class, debit(user, 1));
    for (int limit = 1; limit <= 6; limit++) {
      List<String> shown = new ArrayList<>();
      String token = "";
      do {
        JsonObject page =
            json(
                HOSTED.get(
                    CreditStatement.class,
                    "service",
                    "limit=" + limit + "&user_id=" + user + token));
        JsonArray transactions = page.getAsJsonArray("transactions");
        assertTrue(transactions.size() <= limit);
        transactions.forEach(
            each -> shown.add(each.getAsJsonObject().get("created_at").getAsString()));
        JsonElement next = page.get("next_page_token");
        token = next == null ? "" : "&page_token=" + next.getAsString();
      } while (!token.isEmpty());
      assertEquals(5, shown.size(), "limit " + limit);
      assertEquals(List.of(among.toString(), "2025-01-01T00:00:00Z"), shown.subList(3, 5));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0, limit:out_of_range",
    "limit=101, limit:out_of_range",
    "page_token=x, page_token:format",
    "page_token=WzFd, page_token:format",
    "from=2026-02-30T00:00:00Z, from:format",
    "from=2026-02-02T00:00:00Z&to=2026-02-01T00:00:00Z, to:range",
    "page=2, page:unknown_field"
  })
  void badQuery_isToldWithItsFault(String query, String fault) {
    HttpResponse<String> answer =
        HOSTED.get(CreditStatement.class, "service", "user_id=u&" + query);
    assertEquals(fault, fields(refused(answer, 400, "invalid_request")));
  }

  @Test
  void quote_isThePriceWithItsTerms() {
    // A20
    HttpResponse<String> answer =
        HOSTED.post(
            QuoteJob.class,
            user(0),
            null,
            "{\"duration_min\":10,\"quality\":\"hd\",\"priority\":\"express\"}");
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals(30, json(answer).get("credits_required").getAsLong());
    JsonObject breakdown = json(answer).getAsJsonObject("breakdown");
    assertEquals("base quality_multiplier priority_multiplier", members(breakdown));
    assertEquals(10, breakdown.get("base").getAsInt());
    assertEquals("1.5", breakdown.get("quality_multiplier").getAsString());
    JsonObject least = done(QuoteJob.class, "{'duration_min':0.5}");
    assertEquals(1, least.get("credits_required").getAsLong());
  }

  @Test
  void unknownFieldsOfAUser_surviveEveryWrite() {
    // A39
    String user = user(10);
    Map<String, Object> fields = userFields(user);
    fields.put("favourite", Map.of("colour", "red", "x.y", List.of(1L, "z")));
    fields.put("tier", "platinum");
    HOSTED.set("users", user, fields);
    done(DebitCredits.class, debit(user, 1));
    Snapshot after = HOSTED.read("users", user);
    assertEquals(fields.get("favourite"), after.fields().get("favourite"));
    assertEquals("platinum", after.fields().get("tier"));
  }
}
