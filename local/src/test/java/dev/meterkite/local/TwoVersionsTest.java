package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The previous version and this one on the same documents: rolled forward under load, and back
 * again. {@code local/two-versions.sh} builds the previous version and runs this.
 */
@EnabledIfSystemProperty(named = "meterkite.previous", matches = ".+")
class TwoVersionsTest {
  private static final Path TABLE = Path.of("..", "functions.tsv").toAbsolutePath().normalize();
  private static final long SEED = Long.getLong("meterkite.seed", 24);

  /** How many of ten calls go to the previous version, phase by phase. */
  private static final List<Integer> OLD_OF_TEN = List.of(10, 5, 0, 5, 10);

  private static final int THREADS = 4;
  private static final int CALLS = 40;
  private static final int USERS = 6;
  private static final int REPEATS = 30;

  @TempDir private Path folder;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Map<String, AtomicLong> counts = new ConcurrentHashMap<>();
  private final Map<String, AtomicLong> debited = new ConcurrentHashMap<>();
  private LocalHost host;
  private PreviousVersion previous;

  private void count(String what) {
    counts.computeIfAbsent(what, name -> new AtomicLong()).incrementAndGet();
  }

  private HttpResponse<String> send(boolean old, String function, String key, String body)
      throws IOException, InterruptedException {
    String url = old ? previous.url(function) : host.url() + "/" + function;
    String token = key.isEmpty() ? host.tokens().admin() : host.tokens().service();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(HostClient.WAIT_AT_MOST)
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')));
    if (!key.isEmpty()) {
      request.header("Idempotency-Key", key);
    }
    HttpResponse<String> answer = null;
    for (int attempt = 0; attempt < REPEATS; attempt++) {
      answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 503 && answer.statusCode() != 429) {
        break;
      }
      count("sent again");
      LockSupport.parkNanos(20_000_000);
    }
    count(old ? "calls of the previous version" : "calls of this version");
    return answer;
  }

  private JsonObject done(boolean old, String function, String key, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> answer = send(old, function, key, body);
    assertEquals(200, answer.statusCode(), () -> "seed " + SEED + ": " + answer.body());
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  /** Calls one version, and often the other one with the same key, which must repeat the answer. */
  private JsonObject keyed(Random random, int oldOfTen, String function, String body)
      throws IOException, InterruptedException {
    boolean old = random.nextInt(10) < oldOfTen;
    String key = function + "-" + Long.toHexString(random.nextLong());
    JsonObject answer = done(old, function, key, body);
    if (random.nextInt(3) == 0) {
      HttpResponse<String> again = send(!old, function, key, body);
      assertEquals(answer, JsonParser.parseString(again.body()), () -> "seed " + SEED);
      assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
      count("replays by the other version");
    }
    return answer;
  }

  private void act(Random random, int oldOfTen) throws IOException, InterruptedException {
    // Half of all is the same user, so that both versions write one document at once.
    String user = "u" + (random.nextBoolean() ? 0 : random.nextInt(USERS));
    switch (random.nextInt(5)) {
      case 0, 1 -> {
        int amount = 1 + random.nextInt(5);
        keyed(
            random,
            oldOfTen,
            "debit-credits",
            "{'user_id':'" + user + "','amount':" + amount + "}");
        debited.computeIfAbsent(user, id -> new AtomicLong()).addAndGet(amount);
      }
      case 2 -> {
        String hold =
            keyed(random, oldOfTen, "hold-credits", "{'user_id':'" + user + "','amount':5}")
                .getAsJsonObject("hold")
                .get("hold_id")
                .getAsString();
        String action = random.nextBoolean() ? "capture" : "release";
        keyed(
            random,
            10 - oldOfTen,
            "settle-hold",
            "{'hold_id':'" + hold + "','action':'" + action + "'}");
      }
      case 3 -> {
        keyed(
            random,
            oldOfTen,
            "record-usage",
            "{'customer_id':'c1','scene_id':'s"
                + Long.toHexString(random.nextLong())
                + "','action':'scene_generated'}");
        count("usage records");
      }
      default -> {
        keyed(
            random,
            oldOfTen,
            "route-model",
            "{'task_type':'llm','input_tokens':10,'output_tokens':10}");
        count("decisions");
      }
    }
  }

  private void phase(int oldOfTen, int number) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        Random random = new Random(SEED + 31L * number + 7L * thread);
        running.add(
            threads.submit(
                () -> {
                  for (int call = 0; call < CALLS; call++) {
                    act(random, oldOfTen);
                  }
                  return null;
                }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private long mismatches(boolean old) throws IOException, InterruptedException {
    JsonObject checked = done(old, "reconcile-ledger", "", "{}");
    assertTrue(checked.get("users_checked").getAsLong() >= USERS, checked::toString);
    return checked.get("mismatches").getAsLong();
  }

  @Test
  void versionsThatTakeTurns_keepTheBooksRight_forwardAndBack() throws Exception {
    Path home = Path.of(System.getProperty("meterkite.previous"));
    try (LocalHost started =
            LocalHost.start(
                Options.forTests().withProcesses(1), "two-versions", null, TABLE, folder);
        PreviousVersion other = PreviousVersion.start(home, started, folder.resolve("old.log"))) {
      host = started;
      previous = other;
      done(true, "register-customer", "c", "{'customer_id':'c1','bundle_tier':'foundation'}");
      for (int user = 0; user < USERS; user++) {
        String id = "'user_id':'u" + user + "'";
        done(user % 2 == 0, "register-user", "r" + user, "{" + id + ",'tier':'payg'}");
        done(
            user % 2 == 1,
            "grant-credits",
            "g" + user,
            "{" + id + ",'amount':100000,'type':'purchase','description':'first'}");
      }
      for (int number = 0; number < OLD_OF_TEN.size(); number++) {
        phase(OLD_OF_TEN.get(number), number);
        assertEquals(0, mismatches(false), "seed " + SEED + ", phase " + number);
        assertEquals(0, mismatches(true), "seed " + SEED + ", phase " + number);
      }
      books();
      erased();
    }
    System.out.println("two versions, seed " + SEED + ": " + new TreeMap<>(counts));
  }

  private void books() throws IOException, InterruptedException {
    Settings settings =
        new Settings(
            Map.of(
                "FIRESTORE_EMULATOR_HOST",
                host.firestore(),
                "GOOGLE_CLOUD_PROJECT",
                host.project()));
    try (FirestoreStore store = FirestoreStore.open(settings)) {
      Books books = Books.check(store);
      debited.forEach((user, amount) -> books.compare(user, amount.get()));
      assertEquals(List.of(), books.findings(), "seed " + SEED);
    }
    String ofThis = report(false);
    assertEquals(ofThis, report(true));
    long records = counts.get("usage records").get();
    assertTrue(ofThis.contains("\"count\":" + records), records + " records, but " + ofThis);
  }

  private String report(boolean old) throws IOException, InterruptedException {
    LocalDate today = LocalDate.ofInstant(host.clock().instant(), ZoneOffset.UTC);
    String query =
        "?customer_id=c1&from="
            + today.minusDays(1)
            + "&to="
            + today.plusDays(2)
            + "&group_by=action";
    String url = old ? previous.url("usage-report") : host.url() + "/usage-report";
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url + query))
            .header("Authorization", "Bearer " + host.tokens().admin())
            .build();
    return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  /** What docs/versions.md says of going back behind an erasure. */
  private void erased() throws IOException, InterruptedException {
    assertEquals(
        "erased", done(false, "erase-user", "", "{'user_id':'u1'}").get("status").getAsString());
    assertEquals(0, mismatches(false));
    assertEquals(1, mismatches(true), "the previous version does not know erased transactions");
    HttpResponse<String> refused =
        send(false, "debit-credits", "late", "{'user_id':'u1','amount':1}");
    assertEquals(409, refused.statusCode(), refused.body());
  }
}
