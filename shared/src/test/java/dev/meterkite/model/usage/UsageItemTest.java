package dev.meterkite.model.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.DocRef;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsageItemTest {
  private static final Instant NOW = Instant.parse("2026-01-10T14:30:00Z");

  private static Map<String, Object> item(Object... fields) {
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("customer_id", "lab_001");
    item.put("scene_id", "s");
    item.put("action", "episodes_generated");
    for (int i = 0; i < fields.length; i += 2) {
      item.put((String) fields[i], fields[i + 1]);
    }
    return item;
  }

  private static List<String> errors(Map<String, Object> item) {
    return UsageItem.parse(0, item, "k", NOW).errors().stream()
        .map(error -> error.field() + " " + error.code())
        .toList();
  }

  @Test
  void allErrorsAreTold_atOnce() {
    Map<String, Object> item =
        item(
            "customer_id",
            "_x",
            "scene_id",
            "a/b",
            "action",
            7L,
            "timestamp",
            "soon",
            "episodes_generated",
            1.5,
            "compute_minutes",
            -0.1,
            "storage_gb",
            "much",
            "billable",
            1L,
            "estimated_cost",
            1_000_000.1,
            "details",
            List.of(),
            "episodes",
            1L,
            "corrects",
            "x/");
    assertEquals(
        List.of(
            "corrects out_of_range",
            "correction out_of_range",
            "customer_id out_of_range",
            "scene_id out_of_range",
            "action wrong_type",
            "timestamp out_of_range",
            "episodes_generated wrong_type",
            "compute_minutes out_of_range",
            "storage_gb wrong_type",
            "billable wrong_type",
            "estimated_cost out_of_range",
            "details wrong_type",
            "episodes unknown_value"),
        errors(item));
  }

  @ParameterizedTest
  @CsvSource({
    "2026-01-10T14:35:00Z, 0",
    "2026-01-10T14:35:00.000001Z, 1",
    "2000-01-01T00:00:00Z, 0",
    "1999-12-31T23:59:59Z, 1",
    "2026-01-10T15:30:00+01:00, 0"
  })
  void timestamps_areAtMostFiveMinutesAhead(String timestamp, int errors) {
    assertEquals(errors, errors(item("timestamp", timestamp)).size());
  }

  @Test
  void ownKeyAndCorrection_needATimestamp() {
    assertEquals(List.of("timestamp required"), errors(item("idempotency_key", "x")));
    assertEquals(
        List.of("timestamp required"), errors(item("corrects", "x", "correction", "void")));
    assertEquals(
        List.of("idempotency_key out_of_range", "timestamp required").subList(0, 1),
        errors(item("idempotency_key", "a b")));
  }

  @Test
  void details_areHeldToWhatCanBeStored() {
    Object deep = 1L;
    for (int i = 0; i < 16; i++) {
      deep = Map.of("x", deep);
    }
    assertEquals(List.of("details out_of_range"), errors(item("details", deep)));
    assertEquals(
        List.of("details out_of_range"), errors(item("details", Map.of("x", List.of(List.of())))));
    assertEquals(List.of("details out_of_range"), errors(item("details", Map.of("__x__", 1L))));
    assertEquals(
        List.of("details out_of_range"), errors(item("details", Map.of("x", "y".repeat(32_768)))));
    assertEquals(List.of(), errors(item("details", Map.of("x", List.of(1L, Map.of("y", "z"))))));
  }

  @ParameterizedTest
  @CsvSource({
    "100, 45.5, 2.3, 3111520",
    "0, 0, 0, 0",
    "0, 0.1, 0, 144",
    "0, 0.0001, 0, 0",
    "0, 0.00035, 0, 1",
    "0, 0, 0.000025, 1",
    "0, 0, 0.000024999, 0",
    "1000000000, 10000000, 1000000, 30034400000000"
  })
  void cost_isExactAndRoundedOnce(long episodes, double minutes, double gb, long micros) {
    UsageItem.Parsed parsed =
        UsageItem.parse(
            0,
            item("episodes_generated", episodes, "compute_minutes", minutes, "storage_gb", gb),
            "k",
            NOW);
    assertEquals(micros, parsed.item().figures().cost(RateCard.DEFAULT));
  }

  /** A20: every tenth of a minute to the hour. */
  @Test
  void computeMinutes_areExactInMilliseconds_thereAndBack() {
    for (int tenths = 0; tenths <= 600; tenths++) {
      UsageItem.Parsed parsed =
          UsageItem.parse(0, item("compute_minutes", tenths / 10.0), "k", NOW);
      assertEquals(tenths * 6_000L, parsed.item().figures().computeMs());
      assertEquals(tenths / 10.0, UsageFields.minutes(tenths * 6_000L));
    }
  }

  @Test
  void ids_areEncodedCutAndDistinct() {
    String plain = UsageIds.record("a%b", "s/1", "x", NOW, "key");
    assertTrue(plain.startsWith("a%25b_s%2F1_x_1768055400000000_"), plain);
    assertEquals(plain, UsageIds.record("a%b", "s/1", "x", NOW, "key"));
    assertNotEquals(plain, UsageIds.record("a%b", "s/1", "x", NOW, "key2"));
    String longId = "\uD83D\uDE00".repeat(375);
    String cut = UsageIds.record(longId, longId, "x", NOW, "key");
    assertTrue(DocRef.isId(cut), cut);
    assertNotEquals(cut, UsageIds.record(longId, longId + "y", "x", NOW, "key"));
    assertTrue(DocRef.isId(UsageIds.summary(longId, YearMonth.of(2026, 1))));
    assertEquals("lab_001_2026-01", UsageIds.summary("lab_001", YearMonth.of(2026, 1)));
  }

  @Test
  void report_isGroupedFromSummariesAndByScene_andCsvIsQuoted() {
    InMemoryUsage world = new InMemoryUsage("2026-01-10T14:30:00Z");
    world.create("lab_001");
    world.record(
        "k",
        List.of(
            item("episodes_generated", 2L, "compute_minutes", 0.5, "storage_gb", 1.5),
            item(
                "scene_id",
                "x,\"y\"",
                "action",
                "upsell_applied",
                "billable",
                false,
                "timestamp",
                "2026-01-09T23:59:59.999999Z",
                "compute_minutes",
                9_999_999.5)));
    LocalDate from = LocalDate.of(2026, 1, 9);
    LocalDate to = LocalDate.of(2026, 1, 11);
    GroupedUsage byDay = new GroupedUsage(GroupedUsage.GroupBy.DAY, from, to);
    GroupedUsage tenth = new GroupedUsage(GroupedUsage.GroupBy.ACTION, from.plusDays(1), to);
    YearMonth month = YearMonth.of(2026, 1);
    for (GroupedUsage report : List.of(byDay, tenth)) {
      report.addSummary(month, world.get(UsageIds.summaryRef("lab_001", month)));
    }
    assertEquals(List.of("2026-01-09", "2026-01-10"), List.copyOf(byDay.groups().keySet()));
    assertEquals(List.of("episodes_generated"), List.copyOf(tenth.groups().keySet()));
    assertEquals(new Amounts(1, 2, 30_000, 1_500_000_000, 90_720), tenth.totals());
    GroupedUsage byScene = new GroupedUsage(GroupedUsage.GroupBy.SCENE, from, to);
    world.documents.keySet().stream()
        .filter(ref -> ref.collection().equals("usage_tracking"))
        .forEach(ref -> byScene.addRecord(world.get(ref), world.now));
    assertEquals(byDay.totals(), byScene.totals());
    assertEquals(
        "key,count,episodes_generated,compute_minutes,storage_gb,billable_cost_micros\r\n"
            + "s,1,2,0.5,1.5,90720\r\n"
            + "\"x,\"\"y\"\"\",1,0,9999999.5,0.0,0\r\n",
        byScene.toCsv());
    Map<?, ?> totals = (Map<?, ?>) byScene.toAnswer().get("totals");
    assertEquals(2L, totals.get("count"));
    assertFalse(((List<?>) byScene.toAnswer().get("groups")).isEmpty());
  }
}
