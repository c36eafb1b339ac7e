package dev.meterkite.model.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** C34: a month's summary is bounded, however many actions there are. */
class SummaryDocumentsTest {
  private static final YearMonth MARCH = YearMonth.of(2026, 3);
  private static final int MOST_BYTES = 1_048_576;

  private final InMemoryUsage world = new InMemoryUsage("2026-03-10T12:00:00Z");
  private int requests;

  private static Map<String, Object> item(String action, String timestamp) {
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("customer_id", "a");
    item.put("scene_id", "s");
    item.put("action", action);
    item.put("timestamp", timestamp);
    item.put("episodes_generated", 1L);
    return item;
  }

  private void record(List<String> actions, String timestamp) {
    List<Map<String, Object>> items =
        actions.stream().map(action -> item(action, timestamp)).toList();
    for (Map<String, Object> result : world.record("k" + requests++, items)) {
      assertEquals("recorded", result.get("status"), result::toString);
    }
  }

  private static List<String> actions(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "action_" + i).toList();
  }

  private Map<String, Snapshot> documents() {
    Map<String, Snapshot> documents = new LinkedHashMap<>();
    world.summaries().forEach(summary -> documents.put(summary.ref().id(), summary));
    return documents;
  }

  private static int actionsOf(Snapshot summary) {
    Set<String> actions = new HashSet<>();
    Summaries.eachEntry(summary, (day, meant, action) -> actions.add(action));
    return actions.size();
  }

  private void everyDocumentIsWithinItsBounds() {
    for (Snapshot summary : world.summaries()) {
      assertTrue(actionsOf(summary) <= 500, summary.ref()::toString);
      int bytes = size(summary.fields()) + summary.ref().toString().length() + 100;
      assertTrue(bytes < MOST_BYTES, summary.ref() + " has " + bytes + " bytes");
    }
    int owner = size(world.customer("a"));
    assertTrue(owner < 200_000, "the customer has " + owner + " bytes");
  }

  /** As Firestore counts. */
  private static int size(Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .mapToInt(member -> size(member.getKey()) + size(member.getValue()))
          .sum();
    }
    return value instanceof String text ? text.getBytes(StandardCharsets.UTF_8).length + 1 : 8;
  }

  private Amounts total() {
    GroupedUsage report =
        new GroupedUsage(GroupedUsage.GroupBy.ACTION, MARCH.atDay(1), MARCH.plusMonths(1).atDay(1));
    world.summaries().forEach(summary -> report.addSummary(MARCH, summary));
    return report.totals();
  }

  @Test
  void c34_fiveHundredActions_areInOneDocument() {
    world.create("a");
    record(actions(0, 500), "2026-03-01T00:00:00Z");
    assertEquals(Set.of("a_2026-03"), documents().keySet());
    assertEquals(500, actionsOf(documents().get("a_2026-03")));
    int reads = world.sideReads;
    record(actions(0, 500), "2026-03-02T00:00:00Z");
    assertEquals(reads, world.sideReads);
    record(actions(500, 501), "2026-03-01T00:00:00Z");
    assertEquals(Set.of("a_2026-03", "a_2026-03_2"), documents().keySet());
    assertEquals(500, actionsOf(documents().get("a_2026-03")));
    Map<String, Object> second = documents().get("a_2026-03_2").fields();
    assertEquals("a", second.get(UsageSummaries.CUSTOMER_ID));
    assertEquals("2026-03", second.get(UsageSummaries.MONTH));
    assertEquals(2L, second.get(UsageSummaries.DOCUMENT));
    assertFalse(second.containsKey(UsageSummaries.CLOSE_DUE_AT));
    assertEquals(2L, documents().get("a_2026-03").fields().get(UsageSummaries.DOCUMENTS));
    everyDocumentIsWithinItsBounds();
  }

  @Test
  @Tag("long")
  void c34_fiveThousandActions_areAllCountedInBoundedDocuments() {
    world.create("a");
    for (int round = 0; round < 2; round++) {
      for (int from = 0; from < 5_000; from += 500) {
        record(actions(from, from + 500), "2026-03-0" + (round + 1) + "T00:00:00Z");
      }
      everyDocumentIsWithinItsBounds();
    }
    assertEquals(new Amounts(10_000, 10_000, 0, 0, 300_000_000), total());
    long documents = Summaries.documents(documents().get("a_2026-03"));
    assertTrue(documents <= 32, documents + " documents");
    Set<DocRef> read = new HashSet<>(Summaries.further("a", MARCH, 2, documents));
    read.add(UsageIds.summaryRef("a", MARCH));
    world.summaries().forEach(summary -> assertTrue(read.contains(summary.ref())));
    // Once every action has its place, nothing grows any more.
    int before = world.summaries().size();
    for (int from = 0; from < 5_000; from += 500) {
      record(actions(from, from + 500), "2026-03-02T12:00:00Z");
    }
    assertEquals(before, world.summaries().size());
  }

  @Test
  @Tag("long")
  void c34_longestActionsOnEveryDay_stayBelowTheLimitOfADocument() {
    world.now = world.now.plus(Duration.ofDays(21));
    world.create("a");
    List<String> longest =
        IntStream.range(0, 160)
            .mapToObj(i -> "a".repeat(UsageAction.MAX_LENGTH - 6) + "_" + (10_000 + i))
            .toList();
    for (int day = 1; day <= 31; day++) {
      String at = MARCH.atDay(day) + "T00:00:00Z";
      List<Map<String, Object>> items = new ArrayList<>();
      for (String action : longest) {
        Map<String, Object> item = item(action, at);
        item.put("compute_minutes", 1.0);
        item.put("storage_gb", 1.0);
        items.add(item);
        Map<String, Object> stated = new LinkedHashMap<>(item);
        stated.put("estimated_cost", 1.0);
        items.add(stated);
      }
      world.record("k" + requests++, items);
    }
    everyDocumentIsWithinItsBounds();
    assertTrue(size(documents().get("a_2026-03").fields()) > 700_000, "a poor test");
    assertEquals(2 * 160 * 31, total().count());
    assertEquals(160 * 31, total().offRateCard().count() + 160 * 31);
  }

  @Test
  @Tag("long")
  void c34_wipedCustomer_goesOnWhereTheSummaryIs() {
    world.create("a");
    record(actions(0, 500), "2026-03-01T00:00:00Z");
    record(actions(500, 900), "2026-03-01T00:00:00Z");
    for (int wipes = 0; wipes < 5; wipes++) {
      world.create("a");
      record(actions(900 + 400 * wipes, 1_300 + 400 * wipes), "2026-03-01T00:00:00Z");
      everyDocumentIsWithinItsBounds();
    }
    assertEquals(2_900, total().count());
  }

  /** A summary of the version before, of which the customer's document says nothing. */
  @Test
  void summaryWithoutIndex_isReadOnce() {
    world.create("a", Customers.USAGE_SUMMARY_MONTH, "2026-03");
    Map<String, Object> days = new LinkedHashMap<>();
    days.put("01", new LinkedHashMap<>(Map.of("old", Amounts.ZERO.toFields())));
    world.documents.put(
        UsageIds.summaryRef("a", MARCH),
        new LinkedHashMap<>(Map.of("customer_id", "a", "month", "2026-03", "days", days)));
    record(List.of("new_one"), "2026-03-10T00:00:00Z");
    assertEquals(1, world.sideReads);
    record(List.of("new_two"), "2026-03-10T00:00:00Z");
    assertEquals(1, world.sideReads);
    MeterState state = MeterState.of(world.get(UsageIds.customerRef("a")));
    assertEquals(
        Map.of("old", 1L, "new_one", 1L << 9, "new_two", 1L << 9),
        state.months().get(MARCH).first().days());
  }

  @Test
  void newMonth_needsNoRead_andAClosedOneIsForgotten() {
    world.create("a");
    record(List.of("one"), "2026-03-10T00:00:00Z");
    int reads = world.sideReads;
    world.now = world.now.plus(Duration.ofDays(22));
    record(List.of("one"), "2026-04-01T00:00:00Z");
    record(List.of("two"), "2026-03-31T00:00:00Z");
    assertEquals(reads, world.sideReads);
    assertEquals(
        Set.of("2026-03", "2026-04"),
        ((Map<?, ?>) world.customer("a").get(Customers.USAGE_MONTHS)).keySet());
    world.now = world.now.plus(Duration.ofDays(3));
    world.run(UsageCommands.closeMonth("a", MARCH));
    assertEquals(
        Set.of("2026-04"), ((Map<?, ?>) world.customer("a").get(Customers.USAGE_MONTHS)).keySet());
  }

  @Test
  void c34_idsOfFurtherDocuments_collideWithNoOtherCustomers() {
    List<String> customers =
        List.of(
            "lab",
            "lab_2",
            "lab_2026-03",
            "lab_2026-03_2",
            "lab_2026-03_2026-04",
            "lab_2026-0",
            "lab_2_2026-03",
            "2026-03",
            "2026-03_2",
            "lab_10",
            "x".repeat(1_490),
            "x".repeat(1_500),
            "x".repeat(1_487) + "_2026-03");
    Set<DocRef> seen = new HashSet<>();
    int made = 0;
    for (String customer : customers) {
      for (YearMonth month : List.of(MARCH, MARCH.plusMonths(1), YearMonth.of(2003, 2))) {
        for (long number : new long[] {1, 2, 3, 10, 2026, 65_536}) {
          seen.add(UsageIds.summaryRef(customer, month, number));
          made++;
        }
      }
    }
    assertEquals(made, seen.size());
    assertEquals("lab_2026-03", UsageIds.summaryRef("lab", MARCH, 1).id());
    assertEquals("lab_2026-03_2", UsageIds.summaryRef("lab", MARCH, 2).id());
  }

  private static final SummaryBounds NARROW = new SummaryBounds(2, 5, 64);

  private static void record(InMemoryUsage world, String key, List<String> actions, int day) {
    String at = MARCH.atDay(day) + "T00:00:00Z";
    List<Map<String, Object>> items = actions.stream().map(each -> item(each, at)).toList();
    for (Map<String, Object> result : world.record(key, items)) {
      assertEquals("recorded", result.get("status"), result::toString);
    }
  }

  /** Bounds of two actions and five entries in place of 500 and 2,500. */
  @Test
  void c34_entries_areFoundAgainInTheDocumentsOfTheirActions() {
    InMemoryUsage narrow = new InMemoryUsage("2026-03-10T12:00:00Z", NARROW);
    narrow.create("a");
    List<String> actions = actions(0, 9);
    record(narrow, "k1", actions, 1);
    assertTrue(narrow.sideReads <= 4, narrow.sideReads + " reads; most documents cannot be there");
    for (int day = 2; day <= 4; day++) {
      record(narrow, "k" + day, actions, day);
    }
    int before = narrow.summaries().size();
    record(narrow, "again", actions, 4);
    assertEquals(before, narrow.summaries().size());
    GroupedUsage report =
        new GroupedUsage(GroupedUsage.GroupBy.ACTION, MARCH.atDay(1), MARCH.plusMonths(1).atDay(1));
    long documents =
        narrow.summaries().stream()
            .filter(each -> each.ref().equals(UsageIds.summaryRef("a", MARCH)))
            .mapToLong(Summaries::documents)
            .sum();
    assertTrue(documents >= 8, documents + " documents");
    List<DocRef> further = Summaries.further("a", MARCH, 2, documents);
    assertEquals(documents - 1, further.size());
    assertTrue(
        narrow.summaries().stream()
            .map(each -> each.fields().get("document"))
            .anyMatch(number -> number instanceof Long it && it > documents / 2 + 1),
        "all of the upper half is used");
    for (Snapshot summary : narrow.summaries()) {
      report.addSummary(MARCH, summary);
      SummaryIndex held = SummaryIndex.ofEntries(summary);
      int entries = held.days().values().stream().mapToInt(Long::bitCount).sum();
      assertTrue(held.days().size() <= 2 && entries <= 5, held::toString);
      if (!summary.ref().equals(UsageIds.summaryRef("a", MARCH))) {
        assertTrue(further.contains(summary.ref()), summary.ref()::toString);
        assertEquals(held, SummaryIndex.ofFurther(summary), "its index is what it holds");
        assertEquals(further.indexOf(summary.ref()) + 2L, summary.fields().get("document"));
      }
    }
    assertEquals(5 * 9, report.totals().count());
    report.groups().forEach((action, amounts) -> assertEquals(5, amounts.count(), action));
  }

  @Test
  void c34_orderOfTheItems_doesNotDecideWhereTheyGo() {
    List<String> actions = new ArrayList<>(actions(0, 9));
    List<List<Snapshot>> found = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      InMemoryUsage narrow = new InMemoryUsage("2026-03-10T12:00:00Z", NARROW);
      narrow.create("a");
      List<Map<String, Object>> items = new ArrayList<>();
      for (int day : i == 0 ? new int[] {1, 2} : new int[] {2, 1}) {
        actions.forEach(each -> items.add(item(each, MARCH.atDay(day) + "T00:00:00Z")));
      }
      narrow.record("k", items);
      found.add(narrow.summaries());
      Collections.reverse(actions);
    }
    assertEquals(Set.copyOf(found.get(0)), Set.copyOf(found.get(1)));
  }

  @Test
  void whatIsTakenAndGivenInOneCommand_changesNoMonth() {
    Counted.Part part =
        new Counted.Part("a", MARCH.atDay(1), "one", new Amounts(1, 2, 0, 0, 60_000), null);
    SummaryChanges changes = new SummaryChanges("a", SummaryBounds.DEFAULT);
    changes.add(List.of(part), List.of(part));
    assertEquals(List.of(), changes.months());
    changes.add(List.of(), List.of(part));
    assertEquals(List.of(MARCH), changes.months());
  }

  @Test
  void atTheMostDocuments_nothingIsRefused() {
    InMemoryUsage narrow = new InMemoryUsage("2026-03-10T12:00:00Z", new SummaryBounds(1, 1, 2));
    narrow.create("a");
    for (int i = 0; i < 20; i++) {
      List<Map<String, Object>> items = List.of(item("action_" + i, "2026-03-10T00:00:00Z"));
      assertEquals("recorded", narrow.record("k" + i, items).get(0).get("status"));
    }
    assertEquals(2, narrow.summaries().size());
  }

  @Test
  void numberOfDocuments_isTakenWhereItMakesSense() {
    DocRef ref = UsageIds.summaryRef("a", MARCH);
    for (Object strange : new Object[] {0L, -4L, 65_537L, "2", 2.0}) {
      Snapshot first = new Snapshot(ref, Map.of("documents", strange), world.now);
      assertEquals(1, Summaries.documents(first), strange::toString);
    }
    assertEquals(
        65_536, Summaries.documents(new Snapshot(ref, Map.of("documents", 65_536L), world.now)));
    assertEquals(1, Summaries.documents(Snapshot.absent(ref)));
    assertThrows(IllegalArgumentException.class, () -> new SummaryBounds(500, 10, 3));
    assertThrows(IllegalArgumentException.class, () -> new SummaryBounds(0, 10, 4));
    assertThrows(IllegalArgumentException.class, () -> new SummaryBounds(500, 0, 4));
  }

  @Test
  void strangeIndexes_areLeftOut() {
    Map<String, Object> broken = new LinkedHashMap<>();
    broken.put("2026-03", Map.of("documents", 3L));
    broken.put("2026-04", Map.of("documents", -2L));
    broken.put("2026-05", Map.of("actions", Map.of("a", 1L)));
    broken.put("soon", Map.of("documents", 1L));
    broken.put("2026-06", "no map");
    broken.put("2026-07", Map.of("documents", 4L, "actions", Map.of("a", 5L, "b", "x")));
    assertEquals(
        Map.of(YearMonth.of(2026, 7), new MonthIndex(4, new SummaryIndex(Map.of("a", 5L)))),
        MonthIndex.all(broken));
    assertEquals(Map.of(), MonthIndex.all("no map"));
  }

  @Test
  void brokenEntries_areLeftOutOfAllSums() {
    Map<String, Object> fields = new LinkedHashMap<>();
    Map<String, Object> one = Map.of("x", Map.of("count", 1L), "y", "no map");
    fields.put("days", Map.of("01", one, "32", one, "first", one, "02", "no map"));
    fields.put(
        "late",
        Map.of("03", Map.of("2026-02-01", one, "soon", one), "00", Map.of("2026-02-01", one)));
    Snapshot summary = new Snapshot(UsageIds.summaryRef("a", MARCH), fields, world.now);
    List<String> found = new ArrayList<>();
    Summaries.eachAmounts(
        MARCH,
        summary,
        (day, meant, action, amounts) ->
            found.add(day + " " + meant + " " + action + " " + amounts.count()));
    assertEquals(List.of("2026-03-01 null x 1", "2026-03-03 2026-02-01 x 1"), found);
    MonthTotals totals = new MonthTotals(MARCH);
    totals.add(summary);
    assertEquals(1, totals.sum(LocalDate.of(2026, 3, 1)).count());
    assertEquals(Amounts.ZERO, totals.sum(LocalDate.of(2026, 3, 3)));
    assertNull(MonthIndex.all(fields).get(MARCH));
  }
}
