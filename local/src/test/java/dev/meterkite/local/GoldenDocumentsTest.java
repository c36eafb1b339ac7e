package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Documents that each past version wrote, kept in {@code golden/VERSION} (docs/versions.md): this
 * version reads every one of them, repeats what was answered, and goes on with it.
 */
class GoldenDocumentsTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden");
  private static final Path TABLE = Path.of("..", "functions.tsv").toAbsolutePath().normalize();
  private static final Pattern MOMENT = Pattern.compile("\"timestampValue\":\"([^\"]+)\"");

  /** What a version does not have: relays live for seconds; later collections are of later ones. */
  private static final Map<String, Set<String>> ABSENT =
      Map.of("1.0.0", Set.of("command_relays", "erasures"));

  @TempDir private Path folder;
  private LocalHost host;
  private HostClient client;

  static List<String> versions() throws IOException {
    try (Stream<Path> folders = Files.list(GOLDEN)) {
      return folders.map(each -> each.getFileName().toString()).sorted().toList();
    }
  }

  private HttpResponse<String> post(String function, String key, String body) {
    String token = key.isEmpty() ? host.tokens().admin() : host.tokens().service();
    HttpRequest.Builder request =
        client
            .request("/" + function)
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')));
    if (!key.isEmpty()) {
      request.header("Idempotency-Key", key);
    }
    return client.send(request);
  }

  private HttpResponse<String> get(String path) {
    return client.send(
        client.request("/" + path).header("Authorization", "Bearer " + host.tokens().admin()));
  }

  private static JsonObject ok(HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  /** The latest moment at which the version noted something. */
  private static Instant end(Path golden) throws IOException {
    Instant end = Instant.EPOCH;
    Matcher moments = MOMENT.matcher(Files.readString(golden.resolve("sweeps.jsonl")));
    while (moments.find()) {
      Instant moment = Instant.parse(moments.group(1));
      end = moment.isAfter(end) ? moment : end;
    }
    return end;
  }

  @ParameterizedTest
  @MethodSource("versions")
  void documentsOfAPastVersion_areReadAndGoneOnWith(String version) throws Exception {
    Path golden = GOLDEN.resolve(version);
    Set<String> missing = new HashSet<>(JsonLines.collections());
    missing.removeIf(name -> Files.exists(golden.resolve(name + ".jsonl")));
    assertEquals(ABSENT.get(version), missing, "collections without a golden document");
    Path table =
        Files.write(
            folder.resolve("functions.tsv"),
            Files.readAllLines(TABLE).stream()
                .filter(line -> !line.contains("\tevent\t"))
                .toList());
    try (LocalHost started =
        LocalHost.start(Options.forTests().withProcesses(1), "golden", null, table, folder)) {
      host = started;
      client = new HostClient(host);
      host.clock().set(end(golden).plusSeconds(60));
      Settings settings =
          new Settings(
              Map.of(
                  "FIRESTORE_EMULATOR_HOST",
                  host.firestore(),
                  "GOOGLE_CLOUD_PROJECT",
                  host.project()));
      try (FirestoreStore store = FirestoreStore.open(settings)) {
        PrintStream nowhere =
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        new JsonLines(store, nowhere).importFrom(golden);
        credits(store);
        usage();
        models();
        persons(store);
      }
    }
  }

  private void credits(FirestoreStore store) {
    JsonObject checked = ok(post("reconcile-ledger", "", "{}"));
    assertEquals(0, checked.get("mismatches").getAsInt());
    assertEquals(3, checked.get("users_checked").getAsInt());
    for (String user : List.of("ada", "bob", "old")) {
      Snapshot document = store.read(List.of(new DocRef("users", user))).join().get(0);
      assertEquals(
          ((Number) document.fields().get("credits_balance")).longValue(),
          ok(get("credit-statement?user_id=" + user)).get("balance").getAsLong(),
          user);
    }
    JsonObject before = ok(get("credit-statement?user_id=ada"));
    replayed("register-user", "g-ada", "{'user_id':'ada','tier':'pro','email':'ada@example.com'}");
    replayed("debit-credits", "g-3", "{'user_id':'ada','amount':30,'description':'one answer'}");
    replayed("hold-credits", "g-9", "{'user_id':'ada','amount':7,'expires_in_seconds':86400}");
    assertEquals(before, ok(get("credit-statement?user_id=ada")));
    long balance = before.get("balance").getAsLong();
    JsonObject debited = ok(post("debit-credits", "n-1", "{'user_id':'ada','amount':4}"));
    assertEquals(balance - 4, debited.get("balance").getAsLong());
    String transaction = debited.getAsJsonObject("transaction").get("transaction_id").getAsString();
    ok(post("refund-credits", "n-2", "{'transaction_id':'" + transaction + "','reason':'r'}"));
    JsonObject held =
        ok(post("hold-credits", "g-9", "{'user_id':'ada','amount':7,'expires_in_seconds':86400}"));
    String hold = held.getAsJsonObject("hold").get("hold_id").getAsString();
    JsonObject captured =
        ok(post("settle-hold", "n-3", "{'hold_id':'" + hold + "','action':'capture'}"));
    assertEquals(balance - 7, captured.get("balance").getAsLong());
    assertEquals(0, ok(post("expire-credits", "", "{}")).get("failed").getAsInt());
    assertEquals(0, ok(post("reconcile-ledger", "", "{}")).get("mismatches").getAsInt());
    assertEquals(3, ok(get("list-users")).getAsJsonArray("users").size());
  }

  private void replayed(String function, String key, String body) {
    HttpResponse<String> answer = post(function, key, body);
    ok(answer);
    assertEquals("true", answer.headers().firstValue("Idempotency-Replayed").orElse(""), function);
  }

  private void usage() {
    String report = "usage-report?customer_id=lab-1&from=2026-01-01&to=2027-01-01&group_by=action";
    String before = ok(get(report)).toString();
    assertTrue(before.contains("training_run") && before.contains("export"), before);
    ok(
        post(
            "record-usage",
            "n-4",
            "{'customer_id':'lab-1','scene_id':'kitchen','action':'scene_generated'}"));
    assertFalse(before.equals(ok(get(report)).toString()));
    JsonObject config = ok(get("customer-config?scene_id=kitchen"));
    assertEquals("lab-1", config.get("customer_id").getAsString());
    assertEquals(1, ok(get("list-customers")).getAsJsonArray("customers").size());
    ok(post("reset-quotas", "", "{}"));
  }

  private void models() {
    replayed("route-model", "g-r1", "{'task_type':'llm','input_tokens':900,'output_tokens':100}");
    ok(post("route-model", "n-5", "{'task_type':'llm','input_tokens':900,'output_tokens':100}"));
    assertEquals(2, ok(get("list-decisions")).getAsJsonArray("decisions").size());
    ok(post("report-outcome", "n-6", "{'provider':'anthropic','success':true,'latency_ms':300}"));
    assertEquals(4, ok(get("provider-status")).getAsJsonArray("providers").size());
    assertTrue(ok(get("list-alerts")).getAsJsonArray("alerts").size() >= 1);
    ok(post("reserve-quota", "n-7", "{'provider':'openai','model_id':'gpt-4o','tokens':10}"));
    ok(post("check-providers", "", "{}"));
  }

  private void persons(FirestoreStore store) {
    HttpResponse<String> all = get("export-user?user_id=bob");
    assertTrue(all.body().endsWith("\"complete\":true}}\n"), all.body());
    JsonObject refused =
        JsonParser.parseString(post("erase-user", "", "{'user_id':'bob'}").body())
            .getAsJsonObject();
    assertEquals("subscription_active", refused.get("code").getAsString());
    JsonObject erased = ok(post("erase-user", "", "{'customer_id':'lab-1'}"));
    assertEquals("erased", erased.get("status").getAsString());
    assertEquals(
        "erased", ok(post("erase-user", "", "{'user_id':'old'}")).get("status").getAsString());
    assertEquals(0, ok(post("reconcile-ledger", "", "{}")).get("mismatches").getAsInt());
    assertEquals(
        List.of(),
        Books.check(store).findings().stream()
            .filter(finding -> !finding.contains("still held"))
            .toList());
  }
}
