package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Usage on the whole host: another program writes records, the emulator's own triggers tell of it,
 * and the events come late, doubled and out of order.
 */
class UsageTest {
  private static final long SEED = 27;
  private static final String WRITTEN = "google.cloud.firestore.document.v1.written";

  @TempDir static Path folder;
  private static LocalHost host;
  private static HostClient client;
  private static FirestoreStore store;

  @BeforeAll
  static void start() {
    Path table = Path.of("").toAbsolutePath().getParent().resolve("functions.tsv");
    Options options = Options.forTests().withProcesses(1).withChaos(SEED);
    host = LocalHost.start(options, "usage", null, table, folder);
    client = new HostClient(host);
    store =
        FirestoreStore.open(
            new Settings(
                Map.of(
                    "FIRESTORE_EMULATOR_HOST", host.firestore(),
                    "GOOGLE_CLOUD_PROJECT", host.project())));
  }

  @AfterAll
  static void stop() {
    store.close();
    host.close();
  }

  private static void set(String collection, String id, Map<String, Object> fields) {
    store.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  private static Map<String, Object> read(String collection, String id) {
    return store.read(List.of(new DocRef(collection, id))).join().get(0).fields();
  }

  /** An event may not have left the emulator yet: what it must lead to is waited for. */
  private static void awaitCounted(String customer) {
    HostClient.await(
        customer + " is counted",
        () -> {
          Map<String, Object> counters = read("customers", customer);
          return Long.valueOf(records(customer).size())
                  .equals(counters.get("total_scenes_generated"))
              && Long.valueOf(episodes(customer)).equals(counters.get("total_episodes_generated"));
        });
    HostClient.await("no event waits", () -> host.events().counts().pending() == 0);
  }

  private static long episodes(String customer) {
    return records(customer).stream()
        .mapToLong(record -> (Long) record.fields().get("episodes_generated"))
        .sum();
  }

  private static Map<String, Object> record(String customer, Instant time, long episodes) {
    Map<String, Object> record = new HashMap<>();
    record.put("customer_id", customer);
    record.put("scene_id", "kitchen");
    record.put("action", "scene_generated");
    record.put("timestamp", time);
    record.put("episodes_generated", episodes);
    record.put("theirs", "kept");
    return record;
  }

  private static Instant now() {
    return host.clock().instant().truncatedTo(ChronoUnit.MICROS);
  }

  private static List<Snapshot> records(String customer) {
    return store
        .find(Query.of("usage_tracking", 1_000).where("customer_id", Query.Op.EQUAL, customer))
        .join();
  }

  private static JsonObject totals(String customer, String groupBy) {
    LocalDate tomorrow = LocalDate.ofInstant(now(), ZoneOffset.UTC).plusDays(1);
    String query =
        "customer_id=%s&from=%s&to=%s&group_by=%s"
            .formatted(customer, tomorrow.minusDays(31), tomorrow, groupBy);
    String token = client.get("/local/token?role=service").body();
    HttpResponse<String> report =
        client.send(
            client.request("/usage-report?" + query).header("Authorization", "Bearer " + token));
    assertEquals(200, report.statusCode(), report.body());
    return HostClient.json(report).getAsJsonObject("totals");
  }

  private static JsonObject sweep() {
    HttpResponse<String> answer = client.post("/local/fire?function=reset-quotas", "");
    assertEquals(200, answer.statusCode(), answer.body());
    return HostClient.json(answer);
  }

  /** That counters, summaries and reports say what the records are. */
  private static void assertAgrees(String customer) {
    List<Snapshot> records = records(customer);
    long episodes = episodes(customer);
    Map<String, Object> counters = read("customers", customer);
    assertEquals((long) records.size(), counters.get("total_scenes_generated"), customer);
    assertEquals(episodes, counters.get("total_episodes_generated"), customer);
    for (String by : List.of("action", "scene")) {
      JsonObject totals = totals(customer, by);
      assertEquals(records.size(), totals.get("count").getAsLong(), customer + by);
      assertEquals(episodes, totals.get("episodes_generated").getAsLong(), customer + by);
      assertEquals(episodes * 30_000, totals.get("billable_cost_micros").getAsLong(), by);
    }
    for (Snapshot record : records) {
      assertEquals("kept", record.fields().get("theirs"));
      assertTrue(record.fields().containsKey("counted_digest"), record::toString);
    }
  }

  /** A26, A27: whatever another program does, and however its events come. */
  @Test
  void writesEditsDeletionsAndReSetsOfAnotherProgram_endInWhatTheRecordsSay() {
    Random random = new Random(SEED);
    for (String customer : List.of("flow-0", "flow-1")) {
      set("customers", customer, Map.of("monthly_scene_quota", 20L));
    }
    Map<String, Map<String, Object>> first = new HashMap<>();
    for (int step = 0; step < 120; step++) {
      String id = "flow-r" + random.nextInt(30);
      Instant time = now().minus(Duration.ofMinutes(random.nextInt(1_000)));
      Map<String, Object> fields = record("flow-" + random.nextInt(2), time, random.nextInt(9));
      switch (random.nextInt(4)) {
        case 0 -> store.commit(List.of(Mutation.delete(new DocRef("usage_tracking", id)))).join();
        case 1 -> set("usage_tracking", id, first.getOrDefault(id, fields));
        default -> {
          set("usage_tracking", id, fields);
          first.putIfAbsent(id, fields);
        }
      }
    }
    awaitCounted("flow-0");
    awaitCounted("flow-1");
    assertTrue(records("flow-0").size() + records("flow-1").size() > 5);
    assertAgrees("flow-0");
    assertAgrees("flow-1");
  }

  @Test
  void recordsWhoseEventsWereLost_areFoundByTheNextDaysComparison() {
    set("customers", "lost", Map.of());
    set("usage_tracking", "lost-1", record("lost", now(), 3));
    set("usage_tracking", "lost-2", record("lost", now(), 4));
    awaitCounted("lost");
    assertAgrees("lost");
    // From here on the trigger hears nothing.
    host.documents().registerTrigger("on-usage-written", WRITTEN, "nowhere/{id}");
    set("usage_tracking", "lost-3", record("lost", now(), 5));
    set("usage_tracking", "lost-1", record("lost", now(), 30));
    store.commit(List.of(Mutation.delete(new DocRef("usage_tracking", "lost-2")))).join();
    assertEquals(7L, read("customers", "lost").get("total_episodes_generated"));
    host.clock().advance(Duration.ofDays(1));
    long redriven = 0;
    JsonObject swept;
    do {
      swept = sweep();
      redriven += swept.get("records_redriven").getAsLong();
    } while (swept.get("more").getAsBoolean());
    assertEquals(3, redriven);
    assertAgrees("lost");
    host.clock().advance(Duration.ofDays(1));
    assertEquals(0, sweep().get("records_redriven").getAsLong());
    host.documents().registerTrigger("on-usage-written", WRITTEN, "usage_tracking/{usage_id}");
  }

  @Test
  void customerThatAppearsLater_hasItsUsageCountedThen() {
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ids.add("early-" + i);
      set("usage_tracking", "early-" + i, record("early", now(), i));
    }
    for (String id : ids) {
      HostClient.await("waits", () -> "pending".equals(read("usage_counts", id).get("status")));
    }
    set("customers", "early", Map.of("monthly_scene_quota", 1L));
    awaitCounted("early");
    assertAgrees("early");
  }
}
