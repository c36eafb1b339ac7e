package dev.meterkite.functions.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.usage.CountedStore.Cost;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.usage.GroupedUsage.GroupBy;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What metering costs, and that it agrees with the records whatever events come. */
class MeteringTest {
  private static final String CUSTOMER = "lab";
  private static final String JANUARY = CUSTOMER + "_2026-01";

  private final CountedMetering meter = new CountedMetering();

  @BeforeEach
  void customer() {
    meter.set("customers", CUSTOMER, Map.of("monthly_scene_quota", -1L, "note", "theirs"));
  }

  private Answer record(String key, List<Map<String, Object>> records) {
    return meter.metering.record(records, records.size() == 1, key, "hash of " + key);
  }

  private List<Map<String, Object>> scenes(int n, String prefix) {
    List<Map<String, Object>> records = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      records.add(meter.scene(CUSTOMER, prefix + i, meter.now()));
    }
    return records;
  }

  private Object field(String name) {
    return meter.read("customers", CUSTOMER).fields().get(name);
  }

  private DocumentChange change(String id, Snapshot before) {
    DocRef ref = new DocRef("usage_tracking", id);
    Snapshot was = before == null ? Snapshot.absent(ref) : before;
    return new DocumentChange(ref, was, meter.read(ref.collection(), id), meter.now(), "e");
  }

  @Test
  void batches_costOneRoundTripAndTwoWritesARecordAndThreeMore() {
    record("first", scenes(1, "warm"));
    for (int n : new int[] {1, 50, 500}) {
      meter.store.cost();
      assertEquals(200, record("batch " + n, scenes(n, "of" + n + "_")).status());
      // Records and usage_counts; the customer, the summary, the marker.
      assertEquals(new Cost(1, 0, 2L * n + 3), meter.store.cost(), "batch of " + n);
    }
    assertEquals(552L, field("total_scenes_generated"));
    assertEquals("theirs", field("note"));
  }

  private List<Map<String, Object>> actions(int from, int to) {
    List<Map<String, Object>> records = new ArrayList<>();
    for (int i = from; i < to; i++) {
      Map<String, Object> record = meter.scene(CUSTOMER, "s", meter.now());
      record.put("action", "action_" + i);
      records.add(record);
    }
    return records;
  }

  /** As a caller does on a slow machine: a 503 is repeated with the same key. */
  private Answer insist(String key, List<Map<String, Object>> records) {
    long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    Answer answer = record(key, records);
    while (answer.status() == 503 && System.nanoTime() < deadline) {
      answer = record(key, records);
    }
    return answer;
  }

  private String report(GroupBy groupBy, Reports.Format format) {
    return meter
        .metering
        .report(
            new Reports.Request(
                CUSTOMER,
                LocalDate.of(2026, 1, 1),
                LocalDate.of(2026, 3, 1),
                groupBy,
                format,
                false))
        .body();
  }

  @Test
  void c34_thousandsOfActions_areCountedOnceInBoundedDocuments() throws Exception {
    int requests = 6;
    ExecutorService threads = Executors.newFixedThreadPool(requests);
    List<String> answers = new ArrayList<>();
    try {
      for (int round = 0; round < 2; round++) {
        List<Callable<Answer>> calls = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
          String key = "k" + i;
          List<Map<String, Object>> records = actions(500 * i, 500 * i + 500);
          calls.add(() -> insist(key, records));
        }
        for (Future<Answer> answer : threads.invokeAll(calls)) {
          assertEquals(200, answer.get().status(), answer.get().body());
          assertFalse(answer.get().body().contains("refused"), answer.get().body());
          answers.add(answer.get().body());
        }
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(answers.subList(0, requests), answers.subList(requests, 2 * requests));
    long documents = (Long) meter.read("usage_summaries", JANUARY).fields().get("documents");
    int found = 0;
    for (long number = 1; number <= documents; number++) {
      String id = number == 1 ? JANUARY : JANUARY + "_" + number;
      if (meter.read("usage_summaries", id).fields().get("days") instanceof Map<?, ?> days) {
        int held = ((Map<?, ?>) days.get("31")).size();
        assertTrue(held <= 500, id + " holds " + held);
        found += held;
      }
    }
    assertEquals(3_000, found, "an action has one place");
    Instant real = Instant.now();
    assertEquals(
        new Metering.Audited(1, 0, false),
        meter.metering.audit(Instant::now, real.plusSeconds(60)));
    String month = report(GroupBy.MONTH, Reports.Format.CSV);
    assertTrue(month.contains("2026-01,3000,30000,0.0,0.0,900000000\r\n"), month);
    String focus = report(GroupBy.DAY, Reports.Format.FOCUS);
    assertEquals(3_001, focus.lines().count());
    List<Map<String, Object>> late = actions(2_990, 3_010);
    meter.setNow(Instant.parse("2026-02-04T00:00:00Z"));
    assertEquals(1, meter.metering.close(due()).done());
    assertEquals(List.of(), due());
    assertFalse(field("usage_months").toString().contains("2026-01"));
    assertEquals(200, insist("late", late).status());
    assertEquals(month, report(GroupBy.MONTH, Reports.Format.CSV).replaceAll("2026-02.*\r\n", ""));
    String later = report(GroupBy.DAY, Reports.Format.FOCUS);
    assertTrue(later.startsWith(focus), "January has changed");
    List<String> rows = later.substring(focus.length()).lines().toList();
    assertEquals(20, rows.size());
    for (String row : rows) {
      String periods = "USD,2026-02-01T00:00:00Z,2026-03-01T00:00:00Z,2026-01-31T00:00:00Z";
      assertTrue(row.contains(periods) && row.contains(",Usage,Correction,"), row);
    }
  }

  private List<Snapshot> due() {
    return meter
        .store
        .find(Queries.due("usage_summaries", "close_due_at", meter.now(), 100))
        .join();
  }

  @Test
  void c34_nextMonth_costsNoReadAndAFurtherDocumentOne() {
    record("first", scenes(1, "warm"));
    meter.setNow(Instant.parse("2026-02-01T12:00:00Z"));
    meter.store.cost();
    record("second", scenes(1, "s"));
    assertEquals(new Cost(1, 0, 5), meter.store.cost());
    record("many", actions(0, 499));
    meter.store.cost();
    record("more", actions(499, 500));
    // The second document, and in the first that there is one.
    assertEquals(new Cost(1, 0, 6), meter.store.cost());
    record("again", actions(499, 500));
    Cost again = meter.store.cost();
    assertEquals(5, again.writes());
    assertEquals(2, again.trips(), again::toString);
  }

  @Test
  void repeatOfABatch_isAnsweredByteForByteThoughAnItemIsNotAheadAnyMore() {
    List<Map<String, Object>> records = new ArrayList<>(scenes(2, "s"));
    records.add(1, meter.scene(CUSTOMER, "ahead", meter.now().plus(Duration.ofMinutes(6))));
    records.get(2).remove("timestamp");
    Answer first = record("k", records);
    assertTrue(first.body().contains("invalid_request"), first.body());
    meter.advance(Duration.ofMinutes(10));
    Answer second = new Metering(meter.backend).record(records, false, "k", "hash of k");
    assertEquals(first.body(), second.body());
    assertEquals("true", second.headers().get("Idempotency-Replayed"));
    assertEquals(2L, field("total_scenes_generated"));
  }

  /** A26. */
  @Test
  void eventOfOurOwnRecord_costsNothing() {
    Answer answer = record("k", scenes(1, "s"));
    String id = answer.body().replaceAll(".*\"id\":\"([^\"]*)\".*", "$1");
    DocumentChange created = change(id, null);
    meter.store.cost();
    assertEquals(Handled.done("nothing"), meter.metering.react(created));
    assertEquals(new Cost(0, 0, 0), meter.store.cost());
    assertEquals(1L, field("total_scenes_generated"));
  }

  /** A26, A38. */
  @Test
  void recordOfAnotherProgram_isCountedOnceAndTheTriggersOwnMarkIsDoneWithAtOnce() {
    meter.set(
        "usage_tracking",
        "r",
        CountedMetering.foreign(CUSTOMER, "scene_generated", meter.now(), 7));
    DocumentChange created = change("r", null);
    meter.metering.react(created);
    meter.metering.react(created);
    assertEquals(1L, field("total_scenes_generated"));
    assertEquals(7L, field("total_episodes_generated"));
    assertEquals("pipeline", meter.read("usage_tracking", "r").fields().get("producer"));
    DocumentChange marked = change("r", created.after());
    meter.store.cost();
    assertEquals(Handled.done("nothing"), meter.metering.react(marked));
    assertEquals(new Cost(0, 0, 0), meter.store.cost());
  }

  @Test
  void recordThatIsDeletedAndPutBackAsItWas_isCountedAgain() {
    meter.set(
        "usage_tracking", "r", CountedMetering.foreign(CUSTOMER, "upsell_applied", meter.now(), 7));
    meter.metering.react(change("r", null));
    Snapshot counted = meter.read("usage_tracking", "r");
    meter.delete("usage_tracking", "r");
    meter.metering.react(change("r", counted));
    assertEquals(0L, field("total_episodes_generated"));
    meter.set("usage_tracking", "r", counted.fields());
    meter.metering.react(change("r", null));
    assertEquals(7L, field("total_episodes_generated"));
  }

  @Test
  void recordThatIsSetBackToAnOlderState_countsWhatItSays() {
    meter.set(
        "usage_tracking", "r", CountedMetering.foreign(CUSTOMER, "upsell_applied", meter.now(), 7));
    meter.metering.react(change("r", null));
    Snapshot older = meter.read("usage_tracking", "r");
    meter.set(
        "usage_tracking", "r", CountedMetering.foreign(CUSTOMER, "upsell_applied", meter.now(), 9));
    meter.metering.react(change("r", older));
    assertEquals(9L, field("total_episodes_generated"));
    Snapshot newer = meter.read("usage_tracking", "r");
    meter.set("usage_tracking", "r", older.fields());
    meter.metering.react(change("r", newer));
    assertEquals(7L, field("total_episodes_generated"));
  }

  @Test
  void brokenRecord_isMarkedAndCountsNothingUntilItIsMended() {
    Map<String, Object> broken =
        CountedMetering.foreign(CUSTOMER, "upsell_applied", meter.now(), -1);
    meter.set("usage_tracking", "r", broken);
    assertEquals(Handled.Verdict.DONE, meter.metering.react(change("r", null)).verdict());
    Snapshot marked = meter.read("usage_tracking", "r");
    assertTrue(marked.fields().containsKey("validation_errors"), marked.toString());
    assertFalse(meter.read("usage_summaries", JANUARY).exists());
    meter.set(
        "usage_tracking", "r", CountedMetering.foreign(CUSTOMER, "upsell_applied", meter.now(), 5));
    meter.metering.react(change("r", marked));
    assertEquals(5L, field("total_episodes_generated"));
  }

  @Test
  void timestampThatIsText_becomesAMomentThatQueriesFind() {
    Map<String, Object> fields =
        new LinkedHashMap<>(CountedMetering.foreign(CUSTOMER, "upsell_applied", meter.now(), 5));
    fields.put("timestamp", "2026-01-31T13:00:00+01:00");
    fields.put("episodes_generated", 5.0);
    meter.set("usage_tracking", "r", fields);
    meter.metering.react(change("r", null));
    assertEquals(meter.now(), meter.read("usage_tracking", "r").fields().get("timestamp"));
    assertEquals(5L, field("total_episodes_generated"));
    Reports.Request byScene =
        new Reports.Request(
            CUSTOMER,
            LocalDate.of(2026, 1, 31),
            LocalDate.of(2026, 2, 1),
            GroupBy.SCENE,
            Reports.Format.CSV,
            false);
    assertTrue(meter.metering.report(byScene).body().contains("scene,1,5,"));
  }

  @Test
  void recordOfACustomerThatAppearsLater_isCountedByTheSweep() {
    meter.set(
        "usage_tracking", "r", CountedMetering.foreign("later", "upsell_applied", meter.now(), 5));
    assertEquals("unknown_customer", meter.metering.react(change("r", null)).outcome());
    assertEquals("pending", meter.read("usage_counts", "r").fields().get("status"));
    meter.set("customers", "later", Map.of());
    meter.advance(Duration.ofHours(2));
    meter.metering.recount(List.of(meter.read("usage_counts", "r")));
    assertEquals(5L, meter.read("customers", "later").fields().get("total_episodes_generated"));
    assertFalse(meter.read("usage_counts", "r").fields().containsKey("count_due_at"));
  }

  /** A27: creations, edits and deletions, their events shuffled and doubled. */
  @Test
  void eventsInAnyOrderAndNumber_endInTheSameFigures() {
    for (long seed = 1; seed <= 3; seed++) {
      String customer = "c" + seed;
      meter.set("customers", customer, Map.of("monthly_scene_quota", 5L));
      Random random = new Random(seed);
      List<DocumentChange> events = new ArrayList<>();
      long episodes = 0;
      for (int i = 0; i < 12; i++) {
        String id = customer + "_r" + i;
        Instant time = meter.now().minus(Duration.ofHours(random.nextInt(600)));
        meter.set(
            "usage_tracking", id, CountedMetering.foreign(customer, "scene_generated", time, i));
        events.add(change(id, null));
        Snapshot first = meter.read("usage_tracking", id);
        long last = i;
        if (i % 3 == 1) {
          meter.set(
              "usage_tracking",
              id,
              CountedMetering.foreign(customer, "scene_generated", time, 100));
          events.add(change(id, first));
          last = 100;
        } else if (i % 3 == 2) {
          meter.delete("usage_tracking", id);
          events.add(change(id, first));
          last = 0;
        }
        episodes += last;
      }
      events.addAll(List.copyOf(events));
      Collections.shuffle(events, random);
      events.forEach(meter.metering::react);
      Map<String, Object> fields = meter.read("customers", customer).fields();
      assertEquals(8L, fields.get("total_scenes_generated"), "seed " + seed);
      assertEquals(episodes, fields.get("total_episodes_generated"), "seed " + seed);
      String month =
          meter
              .metering
              .report(
                  new Reports.Request(
                      customer,
                      LocalDate.of(2026, 1, 1),
                      LocalDate.of(2026, 2, 1),
                      GroupBy.MONTH,
                      Reports.Format.CSV,
                      false))
              .body();
      assertTrue(month.contains("2026-01,8," + episodes + ","), month);
    }
  }

  /** A21, A22: periods begin on the 31st at midnight in Tokyo, in short months on the last day. */
  @Test
  void anchorDayAndZone_areWhereTheCounterBeginsAnew() {
    Map<String, Object> terms =
        Map.of(
            "monthly_scene_quota", 1L,
            "billing_anchor_day", 31L,
            "billing_time_zone", "Asia/Tokyo");
    meter.set("customers", CUSTOMER, terms);
    List<Instant> starts =
        List.of(
            Instant.parse("2026-01-30T15:00:00Z"),
            Instant.parse("2026-02-27T15:00:00Z"),
            Instant.parse("2026-03-30T15:00:00Z"),
            Instant.parse("2026-04-29T15:00:00Z"));
    for (int i = 0; i < starts.size() - 1; i++) {
      meter.setNow(starts.get(i));
      assertEquals(200, record("first of " + i, scenes(1, "a" + i)).status());
      assertEquals(starts.get(i + 1), field("quota_due_at"));
      meter.setNow(starts.get(i + 1).minusNanos(1_000));
      assertEquals(409, record("last of " + i, scenes(1, "b" + i)).status());
    }
    assertEquals(3L, field("total_scenes_generated"));
  }

  /** A24. */
  @Test
  void lastMicrosecondOfAMonth_countsInItAndTheNextInTheNext() {
    meter.set("customers", CUSTOMER, Map.of("monthly_scene_quota", 2L));
    meter.setNow(Instant.parse("2026-02-01T00:00:00Z"));
    record("a", List.of(meter.scene(CUSTOMER, "old", meter.now().minusNanos(1_000))));
    record("b", List.of(meter.scene(CUSTOMER, "new", meter.now())));
    assertTrue(meter.read("usage_summaries", JANUARY).fields().containsKey("days"));
    assertTrue(meter.read("usage_summaries", CUSTOMER + "_2026-02").fields().containsKey("days"));
    assertEquals(1L, field("scenes_generated_this_month"));
    assertEquals(2L, field("total_scenes_generated"));
  }
}
