package dev.meterkite.functions.persons;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.credits.CreditStatement;
import dev.meterkite.functions.credits.Credits;
import dev.meterkite.functions.credits.DebitCredits;
import dev.meterkite.functions.credits.GrantCredits;
import dev.meterkite.functions.credits.HoldCredits;
import dev.meterkite.functions.credits.ReconcileLedger;
import dev.meterkite.functions.credits.RefundCredits;
import dev.meterkite.functions.credits.RegisterUser;
import dev.meterkite.functions.credits.SettleHold;
import dev.meterkite.functions.customers.RegisterCustomer;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Caller;
import dev.meterkite.functions.http.Role;
import dev.meterkite.functions.store.ForwardingStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.functions.usage.RecordUsage;
import dev.meterkite.functions.usage.UsageReport;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.persons.Person;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** {@code export-user} and {@code erase-user}, on persons with documents in every place. */
class PersonsTest {
  private static final Hosted HOSTED = Hosted.shared();

  /** A word that stands in every text about the person, and nowhere else. */
  private final String name = "Lovelace" + UUID.randomUUID().toString().replace("-", "");

  private final String id = "person-" + UUID.randomUUID();

  private static String key() {
    return UUID.randomUUID().toString();
  }

  private static JsonObject json(String text) {
    return JsonParser.parseString(text).getAsJsonObject();
  }

  private JsonObject done(Class<?> function, String role, String body) {
    HttpResponse<String> answer =
        HOSTED.post(function, role, key(), body.replace('\'', '"').formatted());
    assertEquals(200, answer.statusCode(), answer.body());
    return json(answer.body());
  }

  /** A user who has done everything: the e-mail, a debit, a refund, a hold, a job, a payment. */
  private String user() {
    done(
        RegisterUser.class,
        "service",
        "{'user_id':'"
            + id
            + "','email':'"
            + name
            + "@example.com','tier':'payg',"
            + "'stripe_customer_id':'cus_"
            + name
            + "'}");
    done(
        GrantCredits.class,
        "service",
        "{'user_id':'" + id + "','amount':100,'type':'purchase','description':'" + name + "'}");
    String debited =
        done(
                DebitCredits.class,
                "service",
                "{'user_id':'" + id + "','amount':30,'description':'letter of " + name + "'}")
            .getAsJsonObject("transaction")
            .get("transaction_id")
            .getAsString();
    done(
        RefundCredits.class,
        "service",
        "{'transaction_id':'" + debited + "','amount':5,'reason':'" + name + " asked'}");
    String hold =
        done(HoldCredits.class, "service", "{'user_id':'" + id + "','amount':10}")
            .getAsJsonObject("hold")
            .get("hold_id")
            .getAsString();
    done(SettleHold.class, "service", "{'hold_id':'" + hold + "','action':'capture'}");
    Map<String, Object> found = new HashMap<>(HOSTED.read("users", id).fields());
    found.put("display_name", name);
    HOSTED.set("users", id, found);
    Instant now = HOSTED.now();
    HOSTED.set(
        "podcast_jobs",
        id,
        Map.of(
            "user_id",
            id,
            "topic",
            "life of " + name,
            "status",
            "failed",
            "duration_min",
            5.0,
            "created_at",
            now,
            "research_plan",
            Map.of("q", name)));
    HOSTED.set("stripe_payments", "sub_" + id, Map.of("user_id", id, "updated_at", now));
    HOSTED.set(
        "stripe_payments",
        "pi_" + id,
        Map.of("user_id", id, "parts", Map.of("ch_1", Map.of("amount", 600L)), "updated_at", now));
    HOSTED.set(
        "model_router_alerts",
        "alert-" + id,
        Map.of(
            "type",
            "refund_abuse",
            "severity",
            "warning",
            "user_id",
            id,
            "message",
            name,
            "created_at",
            now,
            "acknowledged",
            true));
    HOSTED.set(
        "credit_transactions",
        "older-" + id,
        Map.of(
            "transaction_id",
            "older-" + id,
            "user_id",
            id,
            "type",
            "deduction",
            "amount",
            -1L,
            "balance_after",
            0L,
            "created_at",
            now,
            "description",
            name,
            "buyer",
            name));
    return id;
  }

  private HttpResponse<String> erase(String key, String more) {
    return HOSTED.post(
        EraseUser.class, "admin", key, ("{'user_id':'" + id + "'" + more + "}").replace('\'', '"'));
  }

  private JsonObject erased(String more) {
    HttpResponse<String> answer = erase(null, more);
    assertEquals(200, answer.statusCode(), answer.body());
    return json(answer.body());
  }

  /** All lines of all pages of an export. */
  private List<JsonObject> export(String query, int limit) {
    List<JsonObject> lines = new ArrayList<>();
    String token = "";
    for (int page = 0; page < 100; page++) {
      HttpResponse<String> answer =
          HOSTED.get(
              ExportUser.class,
              "admin",
              query + "&limit=" + limit + (token.isEmpty() ? "" : "&page_token=" + token));
      assertEquals(200, answer.statusCode(), answer.body());
      assertEquals(
          "application/x-ndjson; charset=utf-8",
          answer.headers().firstValue("Content-Type").orElse(""));
      List<JsonObject> all = answer.body().lines().map(PersonsTest::json).toList();
      JsonObject end = all.get(all.size() - 1).getAsJsonObject("page");
      assertEquals(all.size() - 1, end.get("documents").getAsInt());
      lines.addAll(all.subList(0, all.size() - 1));
      if (end.has("complete")) {
        return lines;
      }
      token = end.get("next_page_token").getAsString();
    }
    throw new AssertionError("pages without end");
  }

  private static Map<String, Integer> byCollection(List<JsonObject> lines) {
    Map<String, Integer> counts = new TreeMap<>();
    for (JsonObject line : lines) {
      counts.merge(line.get("document").getAsString().split("/", 2)[0], 1, Integer::sum);
    }
    return counts;
  }

  private static long mismatches() {
    HttpResponse<String> answer = HOSTED.post(ReconcileLedger.class, "admin", null, "{}");
    assertEquals(200, answer.statusCode(), answer.body());
    JsonObject counts = json(answer.body());
    assertFalse(counts.get("more").getAsBoolean());
    assertTrue(counts.get("users_checked").getAsLong() > 0);
    return counts.get("mismatches").getAsLong();
  }

  @Test
  void exportedUser_hasEveryDocumentOnce_whateverTheSizeOfPages() {
    user();
    List<JsonObject> whole = export("user_id=" + id, 500);
    assertEquals(
        Map.of(
            "users",
            1,
            "credit_transactions",
            5,
            "credit_holds",
            1,
            "podcast_jobs",
            1,
            "stripe_payments",
            2,
            "model_router_alerts",
            1,
            "idempotency_keys",
            3),
        byCollection(whole));
    for (int limit : new int[] {1, 2, 5, 7}) {
      assertEquals(whole, export("user_id=" + id, limit), "limit " + limit);
    }
    assertTrue(whole.get(0).toString().contains(name + "@example.com"));
  }

  @Test
  void erasedUser_isNamedNowhere_andItsMoneyStays() {
    user();
    String before = statement();
    JsonObject answer = erased(",'job_topics':true");
    assertEquals("erased", answer.get("status").getAsString());
    assertFalse(answer.get("more").getAsBoolean());
    assertEquals(
        json(
            "{\"users\":1,\"credit_transactions\":4,\"podcast_jobs\":1,\"stripe_payments\":1,"
                + "\"model_router_alerts\":1,\"idempotency_keys\":1}"),
        answer.getAsJsonObject("counts"));
    List<JsonObject> left = export("user_id=" + id, 500);
    assertFalse(left.toString().contains(name), left::toString);
    assertEquals(1, byCollection(left).get("erasures"));
    assertEquals(5, byCollection(left).get("credit_transactions"));
    assertTrue(HOSTED.read("stripe_payments", "pi_" + id).exists());
    assertEquals(65L, HOSTED.read("users", id).fields().get("credits_balance"));
    assertEquals(0, mismatches());
    assertEquals(figures(before), figures(statement()));
  }

  private String statement() {
    return HOSTED.get(CreditStatement.class, "admin", "user_id=" + id).body();
  }

  /** Balance, amounts and hashes of a statement. */
  private static String figures(String statement) {
    JsonObject all = json(statement);
    List<String> figures = new ArrayList<>(List.of(all.get("balance").getAsString()));
    all.getAsJsonArray("transactions")
        .forEach(
            each ->
                figures.add(
                    each.getAsJsonObject().get("amount")
                        + " "
                        + each.getAsJsonObject().get("hash")));
    return figures.toString();
  }

  @Test
  void topicsOfJobs_stayWithoutTheOption_andGoWithALaterOne() {
    user();
    erased("");
    assertEquals("life of " + name, HOSTED.read("podcast_jobs", id).fields().get("topic"));
    assertEquals(
        1, erased(",'job_topics':true").getAsJsonObject("counts").get("podcast_jobs").getAsInt());
    assertEquals("erased", HOSTED.read("podcast_jobs", id).fields().get("topic"));
  }

  @Test
  void erasedTwice_isAnsweredAlike_andFindsWhatCameSince() {
    user();
    JsonObject first = erased("");
    assertEquals(first, erased(""));
    Map<String, Object> edited = new HashMap<>(HOSTED.read("users", id).fields());
    edited.put("email", name + "@example.com");
    HOSTED.set("users", id, edited);
    assertEquals(2, erased("").getAsJsonObject("counts").get("users").getAsInt());
    assertFalse(HOSTED.read("users", id).fields().containsKey("email"));
  }

  @Test
  void repeatWithItsKey_isReplayed_andTheKeyOfAnotherBodyIsAConflict() {
    user();
    String key = key();
    HttpResponse<String> first = erase(key, "");
    HttpResponse<String> again = erase(key, "");
    assertEquals(first.body(), again.body());
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    HttpResponse<String> other = erase(key, ",'job_topics':true");
    assertEquals(409, other.statusCode());
    assertEquals("idempotency_conflict", json(other.body()).get("code").getAsString());
  }

  /** While an erasure is unfinished its key belongs to its request as much as afterwards. */
  @Test
  void keyOfAnUnfinishedErasure_isAConflictForAnotherBody_andGoesOnForItsOwn() {
    user();
    Erasure inSteps = new Erasure(HOSTED.store(), HOSTED::now, 1);
    assertTrue(json(inSteps.erase(call("k1", "one", false)).body()).get("more").getAsBoolean());
    Map<String, Object> before = proof();
    Answer other = inSteps.erase(call("k1", "two", true));
    assertEquals(409, other.status(), other.body());
    assertEquals("idempotency_conflict", json(other.body()).get("code").getAsString());
    assertEquals(before, proof(), "nothing is changed or noted");
    // A second key that only goes on is its request's too.
    assertEquals(200, inSteps.erase(call("k2", "one", false)).status());
    assertEquals(409, inSteps.erase(call("k2", "two", true)).status());
    assertEquals(false, proof().get("job_topics"));
    Answer answer = inSteps.erase(call("k1", "one", false));
    for (int calls = 0; json(answer.body()).get("more").getAsBoolean(); calls++) {
      assertTrue(calls < 40, "never done");
      answer = inSteps.erase(call("k1", "one", false));
    }
    Answer again = inSteps.erase(call("k1", "one", false));
    assertEquals(answer.body(), again.body());
    assertEquals("replayed", again.outcome());
    assertEquals(409, inSteps.erase(call("k1", "two", true)).status());
  }

  private Map<String, Object> proof() {
    return HOSTED.read("erasures", new Person(Person.Kind.USER, id).erasure().id()).fields();
  }

  private Call<Erasure.Request> call(String key, String hash, boolean topics) {
    return new Call<>(
        new Caller(Set.of(Role.ADMIN), "root"),
        new Erasure.Request(new Person(Person.Kind.USER, id), topics),
        key + "-" + id,
        hash,
        "request");
  }

  @Test
  void openHold_refusesTheErasure_andLeavesEverything() {
    user();
    String hold =
        done(HoldCredits.class, "service", "{'user_id':'" + id + "','amount':10}")
            .getAsJsonObject("hold")
            .get("hold_id")
            .getAsString();
    HttpResponse<String> refused = erase(null, "");
    assertEquals(409, refused.statusCode());
    assertEquals("holds_open", json(refused.body()).get("code").getAsString());
    assertEquals(name + "@example.com", HOSTED.read("users", id).fields().get("email"));
    done(SettleHold.class, "service", "{'hold_id':'" + hold + "','action':'release'}");
    assertEquals(200, erase(null, "").statusCode());
  }

  @Test
  void debitOfAnErasedUser_isRefused_andARepeatOfAnOldOneIsReplayedWithoutItsText() {
    user();
    String key = key();
    String body =
        ("{'user_id':'" + id + "','amount':1,'description':'" + name + "'}").replace('\'', '"');
    HttpResponse<String> debited = HOSTED.post(DebitCredits.class, "service", key, body);
    erased("");
    HttpResponse<String> refused = HOSTED.post(DebitCredits.class, "service", key(), body);
    assertEquals(409, refused.statusCode(), refused.body());
    assertEquals("user_erased", json(refused.body()).get("code").getAsString());
    // Another process than the one that has the answer in memory.
    String stored =
        (String)
            HOSTED
                .read(
                    "credit_transactions",
                    json(debited.body())
                        .getAsJsonObject("transaction")
                        .get("transaction_id")
                        .getAsString())
                .fields()
                .get("answer");
    JsonObject wanted = json(debited.body());
    wanted.getAsJsonObject("transaction").remove("description");
    assertEquals(wanted, json(stored));
  }

  @Test
  void userWhoseDocumentIsGone_isErasedAndLeavesATombstone() {
    user();
    HOSTED.delete("users", id);
    erased("");
    Map<String, Object> tombstone = HOSTED.read("users", id).fields();
    assertEquals(Set.of("user_id", "erased_at", "erasure"), tombstone.keySet());
    assertEquals(id, tombstone.get("user_id"));
    assertEquals("erased", tombstone.get("erasure"));
    Credits.of(Backend.ofProcess()).carryOut(List.of(CreditCommands.sweep(id)));
    assertEquals(0, mismatches());
    assertEquals(tombstone, HOSTED.read("users", id).fields(), "no trigger or sweep rebuilds it");
    assertFalse(
        export("user_id=" + id, 500).stream()
            .filter(line -> !line.get("document").getAsString().startsWith("podcast_jobs"))
            .toList()
            .toString()
            .contains(name));
  }

  @Test
  void unknownPerson_isNotFound_andNothingIsWritten() {
    for (String body :
        List.of("{\"user_id\":\"" + id + "\"}", "{\"customer_id\":\"" + id + "\"}")) {
      HttpResponse<String> answer = HOSTED.post(EraseUser.class, "admin", null, body);
      assertEquals(404, answer.statusCode(), answer.body());
    }
    assertFalse(HOSTED.read("users", id).exists());
    assertFalse(HOSTED.read("erasures", new Person(Person.Kind.USER, id).erasure().id()).exists());
    assertEquals(404, HOSTED.get(ExportUser.class, "admin", "user_id=" + id).statusCode());
  }

  @Test
  void request_namesOnePerson() {
    for (String body :
        List.of(
            "{}",
            "{\"user_id\":null}",
            "{\"customer_id\":null}",
            "{\"user_id\":\"a\",\"customer_id\":\"a\"}",
            "{\"customer_id\":\"_global\"}")) {
      assertEquals(400, HOSTED.post(EraseUser.class, "admin", null, body).statusCode(), body);
    }
    assertEquals(400, HOSTED.get(ExportUser.class, "admin", "").statusCode());
    String owner = new Person(Person.Kind.USER, "a").erasure().id();
    String token = dev.meterkite.functions.http.PageToken.of(List.of(owner, "customers", "x"));
    assertEquals(
        400, HOSTED.get(ExportUser.class, "admin", "user_id=a&page_token=" + token).statusCode());
  }

  @Test
  void pageTokenOfAnotherPerson_isAFaultOfTheField() {
    user();
    String other = "other-" + id;
    done(RegisterUser.class, "service", "{'user_id':'" + other + "'}");
    HttpResponse<String> first =
        HOSTED.get(ExportUser.class, "admin", "user_id=" + id + "&limit=3");
    List<String> lines = first.body().lines().toList();
    String token =
        json(lines.get(lines.size() - 1))
            .getAsJsonObject("page")
            .get("next_page_token")
            .getAsString();
    for (String person : List.of("user_id=" + other, "customer_id=" + id)) {
      HttpResponse<String> refused =
          HOSTED.get(ExportUser.class, "admin", person + "&page_token=" + token);
      assertEquals(400, refused.statusCode(), refused.body());
    }
    assertEquals(
        200,
        HOSTED
            .get(ExportUser.class, "admin", "user_id=" + id + "&page_token=" + token)
            .statusCode());
  }

  /** The id of the customer's only document in a collection. */
  private String documentOf(String collection) {
    return export("customer_id=" + id, 500).stream()
        .map(line -> line.get("document").getAsString().split("/", 2))
        .filter(name -> name[0].equals(collection))
        .map(name -> name[1])
        .findFirst()
        .orElseThrow();
  }

  @Test
  void customer_isErasedAndItsUsageStillAddsUp() {
    done(
        RegisterCustomer.class,
        "service",
        "{'customer_id':'"
            + id
            + "','bundle_tier':'pro','organization_name':'"
            + name
            + "',"
            + "'email':'"
            + name
            + "@example.com'}");
    done(
        RecordUsage.class,
        "service",
        "{'customer_id':'"
            + id
            + "','scene_id':'s','action':'scene_generated','details':{'by':'"
            + name
            + "'}}");
    HOSTED.set(
        "scenes",
        "scene-" + id,
        Map.of(
            "schema_version",
            1L,
            "customer_id",
            id,
            "custom_settings",
            Map.of("for", name),
            "operator_name",
            name));
    for (String collection : List.of("usage_tracking", "feature_flags")) {
      String document = documentOf(collection);
      Map<String, Object> found = new HashMap<>(HOSTED.read(collection, document).fields());
      found.put("operator_name", name);
      HOSTED.set(collection, document, found);
    }
    LocalDate today = LocalDate.ofInstant(HOSTED.now(), ZoneOffset.UTC);
    String query =
        "customer_id=" + id + "&from=" + today + "&to=" + today.plusDays(1) + "&group_by=action";
    String before = HOSTED.get(UsageReport.class, "admin", query).body();
    assertTrue(before.contains("scene_generated"), before);
    assertTrue(export("customer_id=" + id, 3).toString().contains(name));
    HttpResponse<String> answer =
        HOSTED.post(EraseUser.class, "admin", key(), "{\"customer_id\":\"" + id + "\"}");
    assertEquals(200, answer.statusCode(), answer.body());
    List<JsonObject> left = export("customer_id=" + id, 500);
    assertFalse(left.toString().contains(name), left::toString);
    assertEquals(
        Set.of(
            "customers",
            "erasures",
            "feature_flags",
            "idempotency_keys",
            "scenes",
            "usage_counts",
            "usage_summaries",
            "usage_tracking"),
        byCollection(left).keySet());
    assertEquals(before, HOSTED.get(UsageReport.class, "admin", query).body());
  }

  @Test
  void erasedCustomer_isNotNamedAgainByARegistration_alsoWhileTheErasureIsUnfinished() {
    String named = "{'customer_id':'" + id + "','organization_name':'" + name + "'}";
    done(RegisterCustomer.class, "service", named);
    Call<Erasure.Request> erase =
        new Call<>(
            new Caller(Set.of(Role.ADMIN), "root"),
            new Erasure.Request(new Person(Person.Kind.CUSTOMER, id), false),
            null,
            "hash",
            "request");
    Answer half = new Erasure(HOSTED.store(), HOSTED::now, 0).erase(erase);
    assertTrue(json(half.body()).get("more").getAsBoolean(), half.body());
    isNotNamed(named);
    assertEquals(200, new Erasure(HOSTED.store(), HOSTED::now).erase(erase).status());
    isNotNamed(named);
    done(
        RegisterCustomer.class,
        "service",
        "{'customer_id':'" + id + "','support_tier':'priority'}");
    assertEquals("priority", HOSTED.read("customers", id).fields().get("support_tier"));
    assertFalse(export("customer_id=" + id, 500).toString().contains(name));
  }

  private void isNotNamed(String named) {
    Map<String, Object> before = HOSTED.read("customers", id).fields();
    String key = key();
    for (int calls = 0; calls < 2; calls++) {
      HttpResponse<String> refused =
          HOSTED.post(RegisterCustomer.class, "service", key, named.replace('\'', '"'));
      assertEquals(409, refused.statusCode(), refused.body());
      assertEquals("customer_erased", json(refused.body()).get("code").getAsString());
      assertTrue(refused.body().contains("organization_name"), refused.body());
    }
    assertEquals(before, HOSTED.read("customers", id).fields());
  }

  /** A store that dies at a commit: before it is applied, or before its answer is heard. */
  private static final class DyingStore extends ForwardingStore {
    private final boolean applies;
    private int commitsLeft;

    DyingStore(Store store, int commits, boolean applies) {
      super(store);
      this.commitsLeft = commits;
      this.applies = applies;
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      if (commitsLeft-- > 0) {
        return super.commit(mutations);
      }
      CompletableFuture<List<Instant>> done =
          applies ? super.commit(mutations) : CompletableFuture.completedFuture(List.of());
      return done.thenCompose(
          times ->
              CompletableFuture.failedFuture(
                  new StoreException(StoreException.Kind.UNKNOWN, "the process died", null)));
    }
  }

  private Call<Erasure.Request> call() {
    return new Call<>(
        new Caller(Set.of(Role.ADMIN), "root"),
        new Erasure.Request(new Person(Person.Kind.USER, id), true),
        "key-" + id,
        "hash",
        "request");
  }

  /** An erasure that dies at every one of its commits in turn, and the next one goes on. */
  @Test
  void erasureThatDiesAnywhere_isFinishedByTheNext_andCountsEachDocumentOnce() {
    user();
    int deaths = 0;
    Answer answer = null;
    while (answer == null) {
      assertTrue(deaths < 40, "never done");
      Store dying = new DyingStore(HOSTED.store(), deaths % 2, deaths % 4 < 2);
      try {
        answer = new Erasure(dying, HOSTED::now).erase(call());
      } catch (CompletionException e) {
        deaths++;
      }
    }
    assertTrue(deaths > 5, "it died " + deaths + " times");
    JsonObject done = json(answer.body());
    assertEquals("erased", done.get("status").getAsString());
    assertEquals(4, done.getAsJsonObject("counts").get("credit_transactions").getAsInt());
    assertEquals(1, done.getAsJsonObject("counts").get("users").getAsInt());
    assertFalse(export("user_id=" + id, 500).toString().contains(name));
    assertEquals(0, mismatches());
    Map<String, Object> proof =
        HOSTED.read("erasures", new Person(Person.Kind.USER, id).erasure().id()).fields();
    assertEquals("root", ((Map<?, ?>) ((List<?>) proof.get("requests")).get(0)).get("by"));
  }

  @Test
  void manyTransactions_takeSeveralCallsAndBatches() {
    Map<String, Object> older = new LinkedHashMap<>();
    older.put("user_id", id);
    older.put("description", name);
    int documents = Erasure.BATCH * 2 + 1;
    for (int from = 0; from < documents; from += Erasure.BATCH) {
      List<Mutation> batch = new ArrayList<>();
      for (int i = from; i < Math.min(documents, from + Erasure.BATCH); i++) {
        batch.add(Mutation.replace(new DocRef("credit_transactions", "t" + i + "-" + id), older));
      }
      HOSTED.store().commit(batch).join();
    }
    int calls = 1;
    JsonObject answer = json(new Erasure(HOSTED.store(), HOSTED::now, 1).erase(call()).body());
    while (answer.get("more").getAsBoolean()) {
      assertEquals("erasing", answer.get("status").getAsString());
      assertTrue(calls++ < 20, "never done");
      answer = json(new Erasure(HOSTED.store(), HOSTED::now, 1).erase(call()).body());
    }
    assertTrue(calls > 2, "in " + calls + " calls");
    assertEquals(documents, answer.getAsJsonObject("counts").get("credit_transactions").getAsInt());
  }
}
