package dev.meterkite.model.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsageRulesTest {
  private final InMemoryUsage world = new InMemoryUsage("2026-01-10T14:30:00Z");

  private static Map<String, Object> scene(String customer) {
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("customer_id", customer);
    item.put("scene_id", "scene_kitchen_v2");
    item.put("action", "scene_generated");
    return item;
  }

  private static Map<String, Object> with(Map<String, Object> item, Object... fields) {
    for (int i = 0; i < fields.length; i += 2) {
      item.put((String) fields[i], fields[i + 1]);
    }
    return item;
  }

  private static List<Map<String, Object>> scenes(int count) {
    List<Map<String, Object>> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      items.add(scene("a"));
    }
    return items;
  }

  private static List<Object> statuses(List<Map<String, Object>> results) {
    return results.stream()
        .map(result -> result.getOrDefault("code", result.get("status")))
        .toList();
  }

  private Map<String, Object> alone(String key, Map<String, Object> item) {
    UsageBatch batch = UsageBatch.parse(List.of(item), key, world.now);
    assertEquals(List.of(), batch.errors());
    return world.run(batch.commands(key, "hash", true).get(0));
  }

  private long alerts(String type) {
    return world.documents.entrySet().stream()
        .filter(entry -> entry.getKey().collection().equals(ModelRouterAlerts.COLLECTION))
        .filter(entry -> entry.getValue().get(ModelRouterAlerts.TYPE).equals(type))
        .count();
  }

  private String id(List<Map<String, Object>> results) {
    return (String) results.get(0).get("id");
  }

  @Test
  void oneRecord_isTwoCreatesAndTheSummary_withoutASideRead() {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 100L);
    Map<String, Object> answer = alone("k", with(scene("a"), "episodes_generated", 100L));
    String id = id(InMemoryUsage.results(answer));
    assertTrue(id.startsWith("a_scene_kitchen_v2_scene_generated_1768055400000000_"), id);
    assertEquals(10, id.length() - id.lastIndexOf('_') - 1);
    assertEquals(1, world.sideReads); // A customer's first record: is there a summary already?
    assertEquals(4, world.writes); // Record, counts, the new summary's name, its increments.
    alone("k2", scene("a"));
    assertEquals(1, world.sideReads);
    assertEquals(7, world.writes);
    assertEquals(2L, world.scenes("a"));
    assertEquals(100L, world.customer("a").get(Customers.TOTAL_EPISODES_GENERATED));
    assertEquals(Instant.parse("2026-01-01T00:00:00Z"), world.customer("a").get("quota_reset_at"));
    assertEquals(Instant.parse("2026-02-01T00:00:00Z"), world.customer("a").get("quota_due_at"));
    assertEquals(
        Map.of("a 2026-01-10 scene_generated", new Amounts(2, 100, 0, 0, 3_000_000)),
        world.summed());
  }

  /** A13: with n left, n of any number succeed. */
  @ParameterizedTest
  @CsvSource({"9, 1, 1", "9, 2, 1", "10, 1, 0", "8, 3, 2", "0, 12, 10", "11, 1, 0"})
  void quota_isExactWithinABatch(long used, int wanted, int recorded) {
    world.create(
        "a", Customers.MONTHLY_SCENE_QUOTA, 10L, Customers.SCENES_GENERATED_THIS_MONTH, used);
    List<Object> statuses = statuses(world.record("k", scenes(wanted)));
    assertEquals(recorded, statuses.stream().filter("recorded"::equals).count());
    assertEquals(wanted - recorded, statuses.stream().filter("quota_exceeded"::equals).count());
    assertEquals(used + recorded, world.scenes("a"));
  }

  @ParameterizedTest
  @CsvSource({"-1, recorded", "0, quota_exceeded", "-2, quota_exceeded", "1, recorded"})
  void quotaValues_boundOrDoNot(long quota, String expected) {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, quota);
    assertEquals(List.of(expected), statuses(world.record("k", scenes(1))));
  }

  /** A16: a refusal leaves every document as it was. */
  @Test
  void refusalOfOneRecord_hasQuotaAndUsed_andLeavesNothing() {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 3L, Customers.SCENES_GENERATED_THIS_MONTH, 3L);
    Map<DocRef, Map<String, Object>> before = new LinkedHashMap<>(world.documents);
    assertEquals(
        Map.of("quota", 3L, "used", 3L, "refused", "quota_exceeded"), alone("k", scene("a")));
    assertEquals(
        List.of("quota_exceeded", "quota_exceeded"), statuses(world.record("l", scenes(2))));
    assertEquals(Map.of("refused", "unknown_customer"), alone("k", scene("nobody")));
    assertEquals(before, world.documents);
    Command<UsageCommand> command =
        UsageBatch.parse(scenes(2), "l", world.now).commands("l", "hash", false).get(0);
    MeterState state = world.rules.decode(world.get(command.owner()));
    Decision.Refused<MeterState> again =
        world.rules.refuseAgain(state, command, "quota_exceeded", world.now);
    assertEquals(2, InMemoryUsage.results(again.figures()).size());
    assertTrue(again.outcome().remembered());
  }

  @Test
  void inactiveContract_refusesScenesOnly() {
    Instant now = world.now;
    world.create("a", Customers.CONTRACT_START, now, Customers.CONTRACT_END, now.plusSeconds(1));
    assertEquals(List.of("recorded"), statuses(world.record("k", scenes(1))));
    world.pass(Duration.ofSeconds(1)); // The end does not belong to the contract.
    assertEquals(
        List.of("contract_inactive", "recorded"),
        statuses(
            world.record("l", List.of(scene("a"), with(scene("a"), "action", "upsell_applied")))));
    world.now = now.minusNanos(1_000);
    assertEquals(List.of("contract_inactive"), statuses(world.record("m", scenes(1))));
  }

  /** A5, A25: items of a batch share neither key nor id, in the same microsecond. */
  @Test
  void equalItemsOfABatch_areRecordedEach_andARepeatAnswersTheSame() {
    world.create("a");
    List<Map<String, Object>> first = world.record("k", scenes(3));
    assertEquals(3, first.stream().map(result -> result.get("id")).distinct().count());
    world.pass(Duration.ofDays(1));
    assertEquals(first, world.record("k", scenes(3)));
    assertEquals(3L, world.scenes("a"));
  }

  @Test
  void itemsOwnKey_isADuplicateTheSecondTime_andAConflictWithOtherFigures() {
    world.create("a");
    Map<String, Object> item =
        with(scene("a"), "idempotency_key", "own", "timestamp", "2026-01-10T14:00:00Z");
    assertEquals(
        List.of("recorded", "duplicate"), statuses(world.record("k", List.of(item, item))));
    assertEquals(
        List.of("duplicate", "recorded"), statuses(world.record("l", List.of(item, scene("a")))));
    item.put("episodes_generated", 5L);
    assertEquals(List.of("idempotency_conflict"), statuses(world.record("m", List.of(item))));
    assertEquals(2L, world.scenes("a"));
  }

  @Test
  void severalCustomersAndBrokenItems_areAnsweredInTheirPlaces() {
    world.create("a");
    world.create("b", Customers.MONTHLY_SCENE_QUOTA, 1L);
    List<Map<String, Object>> items =
        List.of(
            scene("b"), scene("a"), with(scene("a"), "action", "No Word"), scene("x"), scene("b"));
    assertEquals(
        List.of("recorded", "recorded", "invalid_request", "unknown_customer", "quota_exceeded"),
        statuses(world.record("k", items)));
  }

  /** A24: the last microsecond counts in the old period, the first in the new one. */
  @Test
  void boundary_belongsToTheNewPeriod_andEarlyScenesWaitForIt() {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 2L);
    world.now = Instant.parse("2026-01-31T23:58:00Z");
    String last = "2026-01-31T23:59:59.999999Z";
    String first = "2026-02-01T00:00:00Z";
    assertEquals(
        List.of("recorded", "recorded", "quota_exceeded", "recorded"),
        statuses(
            world.record(
                "k",
                List.of(
                    with(scene("a"), "timestamp", last),
                    with(scene("a"), "timestamp", last),
                    with(scene("a"), "timestamp", last),
                    with(scene("a"), "timestamp", first)))));
    assertEquals(2L, world.scenes("a"));
    world.now = Instant.parse(first);
    assertEquals(Map.of("reset", true), world.run(UsageCommands.sweep("a")));
    assertEquals(1L, world.scenes("a"));
    assertEquals(Map.of("reset", false), world.run(UsageCommands.sweep("a")));
    // A late record of the old period leaves the present counter alone.
    assertEquals(
        List.of("recorded"),
        statuses(world.record("l", List.of(with(scene("a"), "timestamp", last)))));
    assertEquals(1L, world.scenes("a"));
    assertEquals(4L, world.customer("a").get(Customers.TOTAL_SCENES_GENERATED));
  }

  /** A23: late, never, or 14,400 windows late, the counter is reset once, into the present. */
  @Test
  void lateSweep_landsInThePresentPeriod() {
    world.create("a");
    world.record("k", scenes(2));
    world.now = Instant.parse("3226-01-10T14:30:00Z");
    assertEquals(Map.of("reset", true), world.run(UsageCommands.sweep("a")));
    assertEquals(0L, world.scenes("a"));
    assertEquals(Instant.parse("3226-01-01T00:00:00Z"), world.customer("a").get("quota_reset_at"));
    assertFalse(world.customer("a").containsKey(Customers.QUOTA_DUE_AT));
    int writes = world.writes;
    assertEquals(Map.of("reset", false), world.run(UsageCommands.sweep("a")));
    assertEquals(writes, world.writes);
  }

  /** A21, A22: anchor day and zone of the customer. */
  @Test
  void anchorDayAndZone_setThePeriod_andAChangeWaitsForItsEnd() {
    world.create("a", Customers.BILLING_ANCHOR_DAY, 31L, Customers.BILLING_TIME_ZONE, "Asia/Tokyo");
    world.now = Instant.parse("2026-02-27T15:00:00Z"); // Midnight of the 28th in Tokyo.
    world.record("k", scenes(1));
    assertEquals(world.now, world.customer("a").get(Customers.QUOTA_RESET_AT));
    Instant end = Instant.parse("2026-03-30T15:00:00Z");
    assertEquals(end, world.customer("a").get(Customers.QUOTA_DUE_AT));
    world.customer("a").put(Customers.BILLING_ANCHOR_DAY, 15L);
    world.now = end.minusNanos(1_000);
    world.record("l", scenes(1));
    assertEquals(2L, world.scenes("a"));
    world.now = end;
    world.record("m", scenes(1));
    assertEquals(1L, world.scenes("a"));
    assertEquals(end, world.customer("a").get(Customers.QUOTA_RESET_AT));
    assertEquals(Instant.parse("2026-04-14T15:00:00Z"), world.customer("a").get("quota_due_at"));
  }

  @Test
  void counterOfAnotherProgram_isTakenOver_orDroppedWhenItsResetIsOfAnEarlierPeriod() {
    world.create("a", Customers.SCENES_GENERATED_THIS_MONTH, 45.0);
    assertFalse(UsageRules.isTended(world.get(UsageIds.customerRef("a"))));
    assertEquals(Map.of("reset", false), world.run(UsageCommands.sweep("a")));
    assertEquals(Instant.parse("2026-02-01T00:00:00Z"), world.customer("a").get("quota_due_at"));
    world.record("k", scenes(1));
    assertEquals(46L, world.scenes("a"));
    world.create(
        "b",
        Customers.SCENES_GENERATED_THIS_MONTH,
        45L,
        Customers.QUOTA_RESET_AT,
        Instant.parse("2025-12-31T23:59:59Z"));
    assertEquals(Map.of("reset", true), world.run(UsageCommands.sweep("b")));
    assertEquals(0L, world.scenes("b"));
  }

  /** A34: each threshold once a period. */
  @Test
  void alerts_areRaisedAt80And100PercentOnceAPeriod() {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 10L);
    world.record("k1", scenes(7));
    assertEquals(0, alerts("usage_quota_warning"));
    List<Map<String, Object>> eighth = world.record("k2", scenes(1));
    assertEquals(1, alerts("usage_quota_warning"));
    world.record("k3", scenes(1));
    assertEquals(0, alerts("usage_quota_exhausted"));
    world.record("k4", scenes(1));
    assertEquals(1, alerts("usage_quota_exhausted"));
    world.documents.remove(UsageIds.recordRef(id(eighth)));
    world.deliver(id(eighth));
    assertEquals(9L, world.scenes("a"));
    world.customer("a").remove(Customers.QUOTA_ALERT_PERCENT); // Somebody's set().
    world.record("k5", scenes(1));
    assertEquals(1, alerts("usage_quota_exhausted"));
    world.pass(Duration.ofDays(31));
    world.record("k6", scenes(10));
    assertEquals(2, alerts("usage_quota_warning"));
    assertEquals(2, alerts("usage_quota_exhausted"));
  }

  /** The figures are those of the moment, whichever threshold they have passed. */
  @Test
  void alerts_sayWhatIsUsedAndWhatIsReached() {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 2L);
    world.record("k1", scenes(2));
    String period = "are used in the period from 2026-01-01T00:00:00Z";
    assertEquals(
        List.of(
            "2 of 2 scenes (100 %) " + period + "; 100 % is reached",
            "2 of 2 scenes (100 %) " + period + "; 80 % is reached"),
        alertMessages());
  }

  private List<String> alertMessages() {
    return world.documents.entrySet().stream()
        .filter(entry -> entry.getKey().collection().equals("model_router_alerts"))
        .map(entry -> (String) entry.getValue().get("message"))
        .sorted()
        .toList();
  }

  @Test
  void alertsOfAPeriod_areResolvedWhenItIsOver_byUseBySweepOrByClosing() {
    List<Consumer<InMemoryUsage>> ways =
        List.of(
            later -> later.record("next", scenes(1)),
            later -> later.run(UsageCommands.sweep("a")),
            later -> later.run(UsageCommands.closeMonth("a", YearMonth.of(2026, 1))));
    for (Consumer<InMemoryUsage> way : ways) {
      InMemoryUsage each = new InMemoryUsage("2026-01-10T14:30:00Z");
      each.create("a", Customers.MONTHLY_SCENE_QUOTA, 10L);
      each.record("k", scenes(10));
      assertEquals(List.of("open", "open"), alertStatuses(each));
      each.pass(Duration.ofDays(40));
      way.accept(each);
      assertEquals(List.of("resolved", "resolved"), alertStatuses(each));
      assertFalse(each.customer("a").containsKey(Customers.QUOTA_ALERT_PERIOD));
    }
  }

  /** Whoever deleted an alert wants none. */
  @Test
  void alertThatIsGone_isNotMadeAgainToBeResolved() {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 10L);
    world.record("k", scenes(8));
    world.documents.keySet().removeIf(ref -> ref.collection().equals(ModelRouterAlerts.COLLECTION));
    world.pass(Duration.ofDays(40));
    world.run(UsageCommands.sweep("a"));
    assertEquals(List.of(), alertStatuses(world));
  }

  private static List<Object> alertStatuses(InMemoryUsage world) {
    return world.documents.entrySet().stream()
        .filter(entry -> entry.getKey().collection().equals(ModelRouterAlerts.COLLECTION))
        .map(entry -> entry.getValue().get(ModelRouterAlerts.STATUS))
        .toList();
  }

  @Test
  void softQuota_recordsAndFlags() {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 1L, Customers.QUOTA_MODE, "soft");
    List<Map<String, Object>> results = world.record("k", scenes(2));
    assertEquals(List.of("recorded", "recorded"), statuses(results));
    assertNull(results.get(0).get("over_quota"));
    assertEquals(true, results.get(1).get("over_quota"));
    DocRef second = UsageIds.recordRef((String) results.get(1).get("id"));
    assertEquals(true, world.documents.get(second).get(UsageTracking.OVER_QUOTA));
  }

  @Test
  void voidAndAmend_countTheDifference_andOnlyTheLatestCanBeCorrected() {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 1L);
    String stamp = "2026-01-05T00:00:00Z";
    Map<String, Object> item = with(scene("a"), "timestamp", stamp, "episodes_generated", 10L);
    String id = id(world.record("k", List.of(item)));
    item.put("corrects", id);
    item.put("correction", "amend");
    item.put("episodes_generated", 4L);
    String amendment = id(world.record("l", List.of(item)));
    assertEquals(
        Map.of("a 2026-01-05 scene_generated", new Amounts(1, 4, 0, 0, 120_000)), world.summed());
    assertEquals(List.of("already_corrected"), statuses(world.record("m", List.of(item))));
    item.put("correction", "void");
    assertEquals(
        List.of("correction_mismatch"),
        statuses(
            world.record(
                "n",
                List.of(with(new LinkedHashMap<>(item), "scene_id", "x", "corrects", amendment)))));
    String voiding = id(world.record("o", List.of(with(item, "corrects", amendment))));
    assertEquals(Map.of(), world.summed());
    assertEquals(0L, world.scenes("a"));
    assertEquals(
        List.of("already_corrected"),
        statuses(world.record("p", List.of(with(item, "corrects", voiding)))));
    assertEquals(
        List.of("unknown_record"),
        statuses(world.record("q", List.of(with(item, "corrects", "nothing")))));
    // What was corrected does not follow edits and deletes any more.
    world.documents.remove(UsageIds.recordRef(id));
    assertEquals(0, world.deliver(id));
    assertEquals(List.of("recorded"), statuses(world.record("r", scenes(1))));
  }

  @Test
  void lateRecord_countsInItsMonthUntilThatCloses_thenToday() {
    world.create("a");
    Map<String, Object> january =
        with(scene("a"), "timestamp", "2026-01-31T12:00:00Z", "action", "upsell_applied");
    world.now = Instant.parse("2026-02-03T23:59:59.999999Z");
    assertEquals(
        Map.of("closed", false), world.run(UsageCommands.closeMonth("a", YearMonth.of(2026, 1))));
    assertNull(world.record("k", List.of(january)).get(0).get("late_for"));
    world.now = Instant.parse("2026-02-04T00:00:00Z");
    assertEquals("2026-01", world.record("l", List.of(january)).get(0).get("late_for"));
    assertEquals(
        List.of("a 2026-01-31 upsell_applied", "a 2026-02-04 upsell_applied"),
        List.copyOf(world.summed().keySet()));
    assertEquals(
        Map.of("closed", true), world.run(UsageCommands.closeMonth("a", YearMonth.of(2026, 1))));
    Map<String, Object> summary =
        world.documents.get(UsageIds.summaryRef("a", YearMonth.of(2026, 1)));
    assertEquals(world.now, summary.get(UsageSummaries.CLOSED_AT));
    assertFalse(summary.containsKey(UsageSummaries.CLOSE_DUE_AT));
  }

  /** A26: what another program wrote is counted once; of ours the event itself says all. */
  @Test
  void foreignRecord_isCountedOnce_costed_andFollowsEdits() {
    world.create("a", Customers.MONTHLY_SCENE_QUOTA, 0L);
    Map<String, Object> record =
        with(scene("a"), "timestamp", world.now, "episodes_generated", 10L);
    world.documents.put(UsageIds.recordRef("f"), record);
    assertFalse(world.triage.settled("f", record, world.now));
    assertEquals(1, world.deliver("f"));
    assertEquals(0, world.deliver("f"));
    assertTrue(world.triage.settled("f", record, world.now));
    assertEquals(0.3, record.get(UsageTracking.ESTIMATED_COST));
    assertEquals(true, record.get(UsageTracking.OVER_QUOTA));
    assertEquals(1L, world.scenes("a"));
    record.put("episodes_generated", 20L); // Our estimate is not the producer's figure.
    assertEquals(1, world.deliver("f"));
    assertEquals(600_000L, record.get(UsageTracking.ESTIMATED_COST_MICROS));
    record.put("estimated_cost", 15.5); // The producer's figure is.
    assertEquals(1, world.deliver("f"));
    assertEquals(
        Map.of("a 2026-01-10 scene_generated", new Amounts(1, 20, 0, 0, 15_500_000).off()),
        world.summed());
    record.put("episodes_generated", -1L);
    assertEquals(1, world.deliver("f"));
    assertTrue(record.containsKey(UsageTracking.VALIDATION_ERRORS));
    assertEquals(Map.of(), world.summed());
    assertEquals(0, world.deliver("f"));
  }

  @Test
  void recordOfAnUnknownCustomer_waits_andIsCountedWhenTheCustomerAppears() {
    Map<String, Object> record = with(scene("late"), "timestamp", world.now);
    world.documents.put(UsageIds.recordRef("f"), record);
    world.deliver("f");
    Map<String, Object> counts = world.documents.get(UsageIds.countsRef("f"));
    assertEquals("pending", counts.get(UsageCounts.STATUS));
    assertEquals(world.now.plus(Duration.ofHours(1)), counts.get(UsageCounts.COUNT_DUE_AT));
    world.pass(Duration.ofHours(5));
    world.deliver("f");
    counts = world.documents.get(UsageIds.countsRef("f"));
    assertEquals(world.now.plus(Duration.ofHours(5)), counts.get(UsageCounts.COUNT_DUE_AT));
    assertEquals(
        1,
        world.documents.keySet().stream()
            .filter(ref -> ref.id().equals("f") && ref.collection().equals(UsageCounts.COLLECTION))
            .count());
    assertNull(world.customer("late"));
    world.create("late");
    world.deliver("f");
    assertEquals(1L, world.scenes("late"));
    assertEquals("counted", counts.get(UsageCounts.STATUS));
    assertFalse(counts.containsKey(UsageCounts.COUNT_DUE_AT));
  }

  @Test
  void recordThatGoesToAnotherCustomer_isTakenFromTheFirst() {
    world.create("a");
    world.create("b");
    Map<String, Object> record = with(scene("a"), "timestamp", world.now);
    world.documents.put(UsageIds.recordRef("f"), record);
    world.deliver("f");
    record.put("customer_id", "b");
    assertEquals(2, world.deliver("f"));
    assertEquals(0L, world.scenes("a"));
    assertEquals(1L, world.scenes("b"));
  }

  /** A39: no document makes a look at it fail. */
  @Test
  void hostileDocuments_neverFail() {
    Object strange = new Object();
    for (Object value :
        new Object[] {strange, "x", -1L, Double.NaN, 1e300, List.of(), Map.of(), true}) {
      Map<String, Object> customer = new LinkedHashMap<>();
      Map<String, Object> counts = new LinkedHashMap<>();
      Map<String, Object> record = with(scene("a"), "timestamp", world.now);
      for (String field :
          List.of(
              "monthly_scene_quota",
              "scenes_generated_this_month",
              "quota_due_at",
              "quota_reset_at",
              "billing_anchor_day",
              "billing_time_zone",
              "contract_end",
              "early_scenes",
              "usage_closed_month",
              "usage_months",
              "commit")) {
        customer.put(field, value);
      }
      for (String field :
          List.of("parts", "scenes", "quota_period", "late_for", "stated", "status")) {
        counts.put(field, value);
      }
      counts.put("parts", List.of(Map.of("customer_id", "a", "day", "never", "action", "x")));
      world.documents.put(UsageIds.customerRef("a"), customer);
      world.documents.put(UsageIds.countsRef("f"), counts);
      world.documents.put(
          UsageIds.recordRef("f"),
          with(record, "episodes_generated", value, "counted_digest", value));
      world.deliver("f");
      world.run(UsageCommands.sweep("a"));
    }
  }
}
