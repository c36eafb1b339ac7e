package dev.meterkite.functions.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.functions.CloudEventsFunction;
import com.google.cloud.functions.HttpFunction;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.catalog.FunctionEntry;
import dev.meterkite.functions.catalog.FunctionTable;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.TokenServer;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.store.EmulatedStore;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.model.document.DocRef;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What one operation of each function costs at Firestore, with all triggers that it sets off,
 * counted on the emulator. docs/cost.md has the table; {@code -Dmeterkite.write=true} writes it
 * anew.
 */
class CostTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final Path PAGE = HOME.resolve("docs/cost.md");
  private static final String BEGIN = "<!-- costs: one row for each operation, counted -->\n";
  private static final String END = "<!-- /costs -->\n";

  /** Events that set off events end; these many are a loop. */
  private static final int MOST_EVENTS = 50;

  // Dollars a million, us-central1: reads, writes, deletes, invocations.
  private static final List<BigDecimal> PRICES =
      List.of("0.30", "0.90", "0.10", "0.40").stream().map(BigDecimal::new).toList();

  private final EmulatedStore emulated = new EmulatedStore();
  private final RSAKey key = TokenServer.rsa("cost");
  private final List<FunctionEntry> entries;
  private final Map<String, Object> functions = new HashMap<>();
  private final Set<String> counted = new LinkedHashSet<>();
  private final List<String> rows = new ArrayList<>();
  private final TokenServer issuer;
  private final FirestoreStore unbilled;
  private final Bill bill;

  CostTest() throws IOException {
    FunctionTable table = FunctionTable.read(HOME.resolve("functions.tsv"));
    entries = table.entries();
    issuer = new TokenServer(key);
    Map<String, String> values = new HashMap<>();
    values.put(
        "FIRESTORE_EMULATOR_HOST", emulated.settings().firestoreEmulatorHost().orElseThrow());
    values.put("GOOGLE_CLOUD_PROJECT", emulated.project());
    values.put("TOKEN_ISSUERS", "[" + issuer.setting("local", "") + "]");
    values.put("SERVICE_ACCOUNTS", "service@tests.invalid");
    values.put("SCHEDULER_ACCOUNTS", "scheduler@tests.invalid");
    values.put("LOG_FORMAT", "jul");
    Settings settings = new Settings(values);
    unbilled = FirestoreStore.open(settings);
    bill = new Bill(emulated.store(), unbilled);
    Backend backend =
        new Backend(
            settings,
            bill,
            InstantSource.system(),
            new Pauses(),
            Edge.of(settings),
            Intake.of(settings),
            Log.ofProcess(settings));
    // Read in the background twice a minute, which the page says apart.
    CurrentPlans plans = new CurrentPlans(backend.with(unbilled));
    plans.get();
    CurrentPlans unused = backend.feature(CurrentPlans.class, each -> plans);
    for (FunctionEntry entry : entries) {
      if (!entry.roles().contains("stripe")) {
        try {
          functions.put(
              entry.name(),
              Class.forName(entry.entryPoint()).getConstructor(Backend.class).newInstance(backend));
        } catch (ReflectiveOperationException e) {
          throw new LinkageError(
              "functions.tsv:" + table.line(entry.name()) + " names no class", e);
        }
      }
    }
  }

  @AfterEach
  void close() {
    unbilled.close();
    issuer.close();
  }

  private FunctionEntry entry(String function) {
    return entries.stream().filter(e -> e.name().equals(function)).findFirst().orElseThrow();
  }

  private String token(String role) {
    Instant now = Instant.now();
    JWTClaimsSet.Builder claims =
        switch (role) {
          case "service", "scheduler" ->
              issuer
                  .claims(role, now)
                  .claim("email", role + "@tests.invalid")
                  .claim("email_verified", true);
          case "admin" -> issuer.claims("an-admin", now).claim("admin", true);
          default -> issuer.claims("ada", now);
        };
    return TokenServer.sign(key, claims.build());
  }

  /** Calls an HTTP function: by a body that begins with a brace, else by a query. */
  private JsonElement call(String function, String input) {
    boolean post = input.startsWith("{");
    Request request = post ? Request.post(input) : Request.get(input);
    request = request.token(token(entry(function).roles().get(0)));
    if (post) {
      request = request.header("Idempotency-Key", UUID.randomUUID().toString());
    }
    Response response = new Response();
    try {
      ((HttpFunction) functions.get(function)).service(request, response);
    } catch (Exception e) {
      throw new AssertionError(function, e);
    }
    JsonElement answer = JsonParser.parseString(response.body().lines().findFirst().orElseThrow());
    assertTrue(
        !answer.getAsJsonObject().has("code"), () -> function + " answers " + response.body());
    return answer;
  }

  /** Delivers the events of all changes, and of what they change; says how many. */
  private int deliver() {
    int delivered = 0;
    List<Bill.Change> changes = bill.changes();
    while (!changes.isEmpty()) {
      for (Bill.Change change : changes) {
        for (FunctionEntry entry : entries) {
          if (isSetOff(entry, change)) {
            delivered++;
            assertTrue(delivered < MOST_EVENTS, "events set off events without end");
            accept(entry.name(), change);
          }
        }
      }
      changes = bill.changes();
    }
    return delivered;
  }

  private void accept(String trigger, Bill.Change change) {
    FakeEvent event =
        FakeEvent.of(change.after().ref(), change.before().fields(), change.after().fields());
    try {
      ((CloudEventsFunction) functions.get(trigger)).accept(event);
    } catch (Exception e) {
      throw new AssertionError(trigger, e);
    }
  }

  private static boolean isSetOff(FunctionEntry entry, Bill.Change change) {
    return entry.event() != null
        && entry.event().pattern().startsWith(change.after().ref().collection() + "/")
        && (entry.event().change().equals("written") || !change.before().exists());
  }

  private JsonElement costs(String function, String operation, String input) {
    deliver();
    bill.counts();
    JsonElement answer = call(function, input);
    row(function, operation, 1 + deliver());
    return answer;
  }

  /** What another program's write of a document sets off; the write itself is not ours. */
  private void sets(String function, String operation, String path, Map<String, Object> fields) {
    deliver();
    DocRef ref = new DocRef(path.split("/", 2)[0], path.split("/", 2)[1]);
    bill.commit(List.of(Mutation.replace(ref, fields))).join();
    bill.counts();
    row(function, operation, deliver());
  }

  private void given(String path, Map<String, Object> fields) {
    DocRef ref = new DocRef(path.split("/", 2)[0], path.split("/", 2)[1]);
    bill.commit(List.of(Mutation.replace(ref, fields))).join();
    deliver();
  }

  private void row(String function, String operation, long invocations) {
    long[] counts = bill.counts();
    List<Long> units = List.of(counts[1], counts[2], counts[3], invocations);
    BigDecimal dollars = BigDecimal.ZERO;
    for (int i = 0; i < units.size(); i++) {
      dollars = dollars.add(PRICES.get(i).multiply(BigDecimal.valueOf(units.get(i))));
    }
    counted.add(function);
    rows.add(
        "| `%s` | %s | %d | %d | %d | %d | $%s |"
            .formatted(
                function,
                operation,
                counts[1],
                counts[2],
                counts[3],
                invocations,
                dollars.setScale(2, RoundingMode.HALF_UP).toPlainString()));
  }

  private long rpcs() {
    return emulated.calls("Commit")
        + emulated.calls("BatchGetDocuments")
        + emulated.calls("RunQuery")
        + emulated.calls("RunAggregationQuery");
  }

  @Test
  void everyOperation_costsWhatThePageSays() throws IOException {
    long before = rpcs();
    credits();
    usage();
    models();
    customers();
    persons();
    call("provider-status", "");
    bill.counts();
    assertTrue(rpcs() > before, "nothing reached Firestore");
    assertEquals(
        List.of(),
        entries.stream()
            .filter(entry -> !entry.roles().contains("stripe"))
            .map(FunctionEntry::name)
            .filter(name -> !counted.contains(name))
            .toList(),
        "these functions are called nowhere in this test");
    String table =
        "| function | operation | reads | writes | deletes | invocations | a million |\n"
            + "|---|---|---|---|---|---|---|\n"
            + String.join("\n", rows)
            + "\n";
    String page = Files.readString(PAGE);
    int begin = page.indexOf(BEGIN) + BEGIN.length();
    int end = page.indexOf(END);
    if (Boolean.getBoolean("meterkite.write")) {
      Files.writeString(PAGE, page.substring(0, begin) + table + page.substring(end));
    } else {
      assertEquals(table, page.substring(begin, end), "write it with -Dmeterkite.write=true");
    }
  }

  /** The counts are those of Firestore's calls: as many of each as the connection has seen. */
  @Test
  void everyCall_isOneCallOfFirestore() {
    given("users/ada", user());
    bill.counts();
    long before = rpcs();
    call("grant-credits", "{\"user_id\":\"ada\",\"amount\":9,\"type\":\"purchase\"}");
    call("debit-credits", "{\"user_id\":\"ada\",\"amount\":1}");
    call("credit-statement", "user_id=ada");
    call("provider-status", "");
    assertEquals(rpcs() - before, bill.counts()[0]);
  }

  private static Map<String, Object> user() {
    return Map.of(
        "user_id", "ada", "tier", "payg", "credits_balance", 1_000L, "created_at", Instant.now());
  }

  private void credits() {
    sets("on-user-created", "a user of an older system", "users/ada", user());
    costs(
        "grant-credits",
        "a purchase",
        "{\"user_id\":\"ada\",\"amount\":100,\"type\":\"purchase\"}");
    String transaction =
        costs("debit-credits", "a debit", "{\"user_id\":\"ada\",\"amount\":5}")
            .getAsJsonObject()
            .getAsJsonObject("transaction")
            .get("transaction_id")
            .getAsString();
    String hold =
        costs("hold-credits", "a hold", "{\"user_id\":\"ada\",\"amount\":5}")
            .getAsJsonObject()
            .getAsJsonObject("hold")
            .get("hold_id")
            .getAsString();
    costs("settle-hold", "a capture", "{\"hold_id\":\"" + hold + "\",\"action\":\"capture\"}");
    costs(
        "refund-credits",
        "a refund",
        "{\"transaction_id\":\"" + transaction + "\",\"reason\":\"r\"}");
    costs("credit-statement", "a page of five transactions", "user_id=ada&limit=5");
    costs("quote-job", "a quote", "{\"duration_min\":10}");
    String call =
        "\"usage\":{\"provider\":\"openai\",\"model_id\":\"gpt-4o\",\"input_tokens\":100}";
    costs("quote-usage", "a quote, prices not read yet", "{" + call + "}");
    costs("quote-usage", "a quote", "{" + call + "}");
    costs(
        "debit-credits",
        "a debit of tokens, no whole credit",
        "{\"user_id\":\"ada\"," + call + "}");
    costs("record-spans", "a span of a call, no whole credit", span());
    Map<String, Object> job = new LinkedHashMap<>();
    job.put("user_id", "ada");
    job.put("status", "queued");
    job.put("topic", "kites");
    job.put("duration_min", 10L);
    job.put("created_at", Instant.now());
    sets("on-job-written", "a job is queued", "podcast_jobs/job-1", job);
    Map<String, Object> held = new LinkedHashMap<>(read("podcast_jobs/job-1"));
    held.put("progress", Map.of("pct", 40L));
    sets("on-job-written", "its progress changes", "podcast_jobs/job-1", held);
    Map<String, Object> done = new LinkedHashMap<>(held);
    done.put("status", "completed");
    sets("on-job-written", "it completes", "podcast_jobs/job-1", done);
    costs("expire-credits", "a sweep, nothing due", "{}");
    costs("reconcile-ledger", "a walk over one user", "{}");
    costs("register-user", "a new user", "{\"user_id\":\"eve\",\"tier\":\"pro\"}");
    costs("list-users", "by e-mail, nobody found", "email=eve@example.com");
    costs("list-users", "a page of two", "limit=2");
  }

  /** A call of ada, as OpenTelemetry tells of it. */
  private static String span() {
    return """
    {"resourceSpans": [{"scopeSpans": [{"spans": [{
      "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174",
      "endTimeUnixNano": "%d000000", "attributes": [
        {"key": "gen_ai.provider.name", "value": {"stringValue": "openai"}},
        {"key": "gen_ai.request.model", "value": {"stringValue": "gpt-4o"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "100"}},
        {"key": "user.id", "value": {"stringValue": "ada"}}]}]}]}]}
    """
        .formatted(Instant.now().toEpochMilli());
  }

  private Map<String, Object> read(String path) {
    DocRef ref = new DocRef(path.split("/", 2)[0], path.split("/", 2)[1]);
    return unbilled.read(List.of(ref)).join().get(0).fields();
  }

  private void usage() {
    Map<String, Object> customer = new LinkedHashMap<>();
    customer.put("schema_version", 1L);
    customer.put("customer_id", "acme");
    customer.put("bundle_tier", "pro");
    customer.put("monthly_scene_quota", 1_000L);
    sets("on-customer-written", "a new customer", "customers/acme", customer);
    String record =
        "{\"customer_id\":\"acme\",\"scene_id\":\"s-1\",\"action\":\"scene_generated\"}";
    call("record-usage", record);
    costs("record-usage", "a record", record);
    Map<String, Object> own = new LinkedHashMap<>();
    own.put("schema_version", 1L);
    own.put("customer_id", "acme");
    own.put("scene_id", "s-2");
    own.put("action", "scene_generated");
    own.put("timestamp", Instant.now());
    own.put("billable", true);
    sets("on-usage-written", "a record of another program", "usage_tracking/acme_own", own);
    String month = Instant.now().toString().substring(0, 8) + "01";
    costs(
        "usage-report",
        "a month by action",
        "customer_id=acme&from=" + month + "&to=" + month.substring(0, 8) + "28&group_by=action");
    call("reset-quotas", "{}");
    costs("reset-quotas", "a sweep, nothing due", "{}");
  }

  private void models() {
    for (String provider : List.of("openai", "anthropic")) {
      given(
          "model_catalog/" + provider + "_m",
          Map.of(
              "provider",
              provider,
              "model_id",
              "m",
              "task_types",
              List.of("llm"),
              "enabled",
              true,
              "context_tokens",
              128_000L,
              "input_cost_micros_per_million",
              1_000_000L,
              "output_cost_micros_per_million",
              4_000_000L));
    }
    Map<String, Object> quota = new LinkedHashMap<>();
    quota.put("provider", "openai");
    quota.put("model_id", "m");
    quota.put("tokens_used", 0L);
    quota.put("tokens_limit", 1_000_000L);
    quota.put("reset_at", Instant.now().plusSeconds(86_400));
    given("model_quotas/openai_m", quota);
    String reserve = "{\"provider\":\"openai\",\"model_id\":\"m\",\"tokens\":100}";
    call("reserve-quota", reserve);
    String reservation =
        costs("reserve-quota", "a reservation", reserve)
            .getAsJsonObject()
            .get("reservation_id")
            .getAsString();
    costs(
        "settle-quota",
        "a settlement",
        "{\"reservation_id\":\"" + reservation + "\",\"tokens\":90}");
    Map<String, Object> high = new LinkedHashMap<>(read("model_quotas/openai_m"));
    high.put("tokens_used", 850_000L);
    sets("on-quota-written", "a quota passes 80 %", "model_quotas/openai_m", high);
    String outcome = "{\"provider\":\"openai\",\"success\":true,\"latency_ms\":500}";
    call("report-outcome", outcome);
    costs("report-outcome", "a success", outcome);
    costs("check-providers", "one provider known, no keys", "{}");
    sets(
        "on-health-written",
        "a provider becomes unavailable",
        "model_provider_health/elevenlabs",
        Map.of(
            "provider",
            "elevenlabs",
            "status",
            "unavailable",
            "last_check",
            Instant.now(),
            "latency_ms",
            9_000L,
            "error_rate",
            0.9));
    costs("provider-status", "two providers, one quota", "");
    costs("provider-status", "and when the sweeps ran", "sweeps=true");
    String route = "{\"task_type\":\"llm\",\"input_tokens\":100,\"output_tokens\":100}";
    JsonElement decision = call("route-model", route);
    costs("route-model", "a decision between two models", route);
    costs("list-decisions", "two decisions", "limit=10");
    costs(
        "list-decisions",
        "one of them, and what it would be now",
        "replay=true&decision_id=" + decision.getAsJsonObject().get("decision_id").getAsString());
    sets(
        "on-alert-written",
        "an alert of another program",
        "model_router_alerts/a-1",
        Map.of(
            "type", "quota_warning",
            "severity", "warning",
            "provider", "openai",
            "message", "m",
            "acknowledged", false,
            "created_at", Instant.now()));
    costs("list-alerts", "a page", "limit=10");
    costs("acknowledge-alert", "one alert", "{\"alert_id\":\"a-1\"}");
  }

  private void customers() {
    sets(
        "on-scene-written",
        "a new scene",
        "scenes/s-1",
        Map.of("schema_version", 1L, "customer_id", "acme"));
    costs("customer-config", "of a scene, nothing known yet", "scene_id=s-1");
    costs("customer-config", "again within five seconds", "scene_id=s-1");
    costs("list-customers", "one customer", "limit=10");
    costs(
        "set-feature-flag",
        "one flag",
        "{\"customer_id\":\"acme\",\"flag\":\"sim2real\",\"value\":true}");
    costs(
        "register-customer",
        "a new customer",
        "{\"customer_id\":\"globex\",\"bundle_tier\":\"pro\"}");
  }

  private void persons() {
    costs("export-user", "a user with one transaction", "user_id=eve");
    costs("erase-user", "a user with one transaction", "{\"user_id\":\"eve\"}");
    costs("erase-user", "again, nothing left", "{\"user_id\":\"eve\"}");
  }
}
