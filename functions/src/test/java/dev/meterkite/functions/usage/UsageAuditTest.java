package dev.meterkite.functions.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.usage.CountedStore.Cost;
import dev.meterkite.functions.usage.Metering.Audited;
import dev.meterkite.model.document.Snapshot;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Events that never came are found by counts and sums over the records, and made up for. */
class UsageAuditTest {
  private static final String CUSTOMER = "lab";
  private static final String SUMMARY = CUSTOMER + "_2026-01";

  private final CountedMetering meter = new CountedMetering();

  @BeforeEach
  void customer() {
    meter.set("customers", CUSTOMER, Map.of("monthly_scene_quota", -1L));
  }

  /** A whole pass, on the next day. */
  private Audited audit() {
    meter.advance(Duration.ofDays(1));
    return meter.metering.audit(InstantSource.system(), Instant.MAX);
  }

  private String record(String sceneId, Map<String, Object> more) {
    Map<String, Object> record = meter.scene(CUSTOMER, sceneId, meter.now());
    record.putAll(more);
    Answer answer = meter.metering.record(List.of(record), true, "k-" + sceneId + more, "h" + more);
    assertEquals(200, answer.status(), answer.body());
    return answer.body().replaceAll(".*\"id\":\"([^\"]*)\".*", "$1");
  }

  private void foreign(String id, long episodes) {
    meter.set(
        "usage_tracking",
        id,
        CountedMetering.foreign(CUSTOMER, "scene_generated", meter.now(), episodes));
  }

  private void edit(String id, String field, Object value) {
    Map<String, Object> fields = new LinkedHashMap<>(meter.read("usage_tracking", id).fields());
    fields.put(field, value);
    meter.set("usage_tracking", id, fields);
  }

  private Object episodes() {
    return meter.read("customers", CUSTOMER).fields().get("total_episodes_generated");
  }

  private Object scenes() {
    return meter.read("customers", CUSTOMER).fields().get("total_scenes_generated");
  }

  @Test
  void lostCreation_isCounted() {
    record("s", Map.of());
    foreign("lost", 7);
    assertEquals(new Audited(1, 1, false), audit());
    assertEquals(17L, episodes());
    assertEquals(2L, scenes());
    assertEquals(new Audited(1, 0, false), audit());
  }

  @Test
  void lostEdit_isMadeUpForWhateverFigureItIsOf() {
    Map<String, Object> edits =
        Map.of(
            "episodes_generated", 11L,
            "compute_minutes", 0.25,
            "storage_gb", 1e-6,
            "estimated_cost", 0.000_9);
    edits.forEach(
        (field, value) -> {
          String id = record(field, Map.of());
          edit(id, field, value);
          assertEquals(1, audit().recounted(), field);
        });
    Map<?, ?> days = (Map<?, ?>) meter.read("usage_summaries", SUMMARY).fields().get("days");
    Map<?, ?> first = (Map<?, ?>) ((Map<?, ?>) days.get("31")).get("scene_generated");
    assertEquals(41L, episodes());
    assertEquals(1L, first.get("count"));
  }

  @Test
  void lostDeletion_isMadeUpFor() {
    String id = record("s", Map.of());
    record("stays", Map.of());
    meter.delete("usage_tracking", id);
    assertEquals(1, audit().recounted());
    assertEquals(10L, episodes());
    assertEquals(1L, scenes());
    assertEquals(0, audit().recounted());
  }

  @Test
  void recordPutBackToAnOlderStateUnseen_isCountedAsItIs() {
    foreign("r", 7);
    meter.metering.count("r");
    Snapshot older = meter.read("usage_tracking", "r");
    foreign("r", 9);
    meter.metering.count("r");
    meter.set("usage_tracking", "r", older.fields());
    assertEquals(1, audit().recounted());
    assertEquals(7L, episodes());
  }

  /** Corrections, broken records and those that are not billable differ, and rightly. */
  @Test
  void differenceThatIsRight_isLookedAtOnceAndAnotherOneIsFound() {
    String id = record("voided", Map.of());
    record("voided", Map.of("corrects", id, "correction", "void"));
    String amended = record("amended", Map.of());
    record(
        "amended",
        Map.of("corrects", amended, "correction", "amend", "episodes_generated", BigDecimal.ONE));
    record("free", Map.of("billable", false));
    foreign("broken", -5);
    meter.metering.count("broken");
    assertEquals(0, audit().recounted());
    assertTrue(meter.read("usage_summaries", SUMMARY).fields().containsKey("explained"));
    meter.store.cost();
    assertEquals(new Audited(1, 0, false), audit());
    // The pass, twice the next customer, a count, two summaries; five totals for each of four days.
    assertEquals(new Cost(1 + 2 + 1 + 1 + 20 + 2, 1 + 2 + 1 + 2 + 20, 2), meter.store.cost());
    foreign("lost", 1);
    edit("lost", "timestamp", Instant.parse("2026-01-31T12:00:00Z"));
    assertEquals(1, audit().recounted());
    assertEquals(12L, episodes());
  }

  @Test
  void recordOfNobody_waitsForItsCustomerAndIsCountedThen() {
    meter.set(
        "usage_tracking", "r", CountedMetering.foreign("later", "upsell_applied", meter.now(), 5));
    assertEquals(1, audit().recounted());
    assertEquals("pending", meter.read("usage_counts", "r").fields().get("status"));
    assertEquals(0, audit().recounted());
    meter.set("customers", "later", Map.of());
    assertEquals("ok", meter.metering.count("r").outcome());
    assertEquals(0, audit().recounted());
    assertFalse(
        ((Map<?, ?>) meter.read("usage_summaries", "later_2026-01").fields().get("explained"))
            .containsKey("31"));
    assertEquals(5L, meter.read("customers", "later").fields().get("total_episodes_generated"));
  }

  @Test
  void customerWithoutUsageInTheseDays_costsThreeReads() {
    record("s", Map.of());
    meter.advance(Duration.ofDays(40));
    audit();
    meter.store.cost();
    assertEquals(new Audited(1, 0, false), audit());
    // The pass and the end of the customers; the customer, a count, a summary.
    assertEquals(2 + 3, meter.store.cost().reads());
  }

  /** What goes wrong with one customer keeps neither the sweep from its answer nor the others. */
  @Test
  void customerThatCannotBeCompared_isLeftToTheNextPass() {
    for (String customer : List.of("a", "b")) {
      meter.set("customers", customer, Map.of());
      String id = "lost-" + customer;
      meter.set(
          "usage_tracking",
          id,
          CountedMetering.foreign(customer, "upsell_applied", meter.now(), 5));
    }
    meter.store.failTotals(true);
    assertEquals(
        new Audited(0, 0, true), meter.metering.audit(InstantSource.system(), Instant.MAX));
    meter.store.failTotals(false);
    assertEquals(
        new Audited(1, 1, false), meter.metering.audit(InstantSource.system(), Instant.MAX));
    assertEquals(new Audited(2, 1, false), audit());
  }

  @Test
  void passThatRunsOutOfTime_isGoneOnWithAndBeginsOnceADay() {
    for (String customer : List.of("a", "b", "c", "_reserved")) {
      meter.set("customers", customer, Map.of());
      String id = "lost-" + customer;
      meter.set(
          "usage_tracking",
          id,
          CountedMetering.foreign(customer, "upsell_applied", meter.now(), 5));
    }
    List<Audited> runs = new ArrayList<>();
    do {
      Instant begin = Instant.EPOCH;
      int[] asked = {0};
      InstantSource real = () -> begin.plusSeconds(asked[0]++);
      runs.add(meter.metering.audit(real, begin.plusSeconds(2)));
    } while (runs.get(runs.size() - 1).more());
    assertEquals(
        List.of(new Audited(1, 1, true), new Audited(2, 2, true), new Audited(0, 0, false)), runs);
    meter.set(
        "usage_tracking", "again", CountedMetering.foreign("a", "upsell_applied", meter.now(), 5));
    assertEquals(
        new Audited(0, 0, false), meter.metering.audit(InstantSource.system(), Instant.MAX));
    assertEquals(new Audited(3, 1, false), audit());
  }
}
