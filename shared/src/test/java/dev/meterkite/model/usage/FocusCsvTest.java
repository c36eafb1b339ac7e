package dev.meterkite.model.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.Snapshot;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** C31: the file for finance, against the rules of FOCUS. */
class FocusCsvTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final String[] ACTIONS = {
    "scene_generated", "episodes_generated", "upsell_applied", "render"
  };
  private static final LocalDate FIRST = LocalDate.of(2026, 1, 1);
  private static final LocalDate LAST = LocalDate.of(2026, 6, 1);
  private static final FocusParties PARTIES =
      new FocusParties("-lab,\"7\"", "=Lab\r\nSeven", "Robots & Sons", "Robots, Billing");

  private static String csv(InMemoryUsage world, String customer, RateCard rates) {
    FocusCsv file = new FocusCsv(rates, FIRST, LAST);
    addAll(world, customer, file::add);
    return file.toCsv(PARTIES);
  }

  private static void addAll(
      InMemoryUsage world,
      String customer,
      java.util.function.BiConsumer<YearMonth, Snapshot> add) {
    for (Snapshot summary : world.summaries()) {
      if (customer.equals(summary.fields().get("customer_id"))) {
        add.accept(YearMonth.parse((String) summary.fields().get("month")), summary);
      }
    }
  }

  private static Map<String, Object> item(String action, String timestamp, Object... more) {
    Map<String, Object> item = new LinkedHashMap<>();
    item.put("customer_id", "a");
    item.put("scene_id", "s");
    item.put("action", action);
    item.put("timestamp", timestamp);
    for (int i = 0; i < more.length; i += 2) {
      item.put((String) more[i], more[i + 1]);
    }
    return item;
  }

  private static List<String> columns(String csv, String... names) {
    return FocusChecker.rows(csv).stream()
        .map(row -> String.join(" ", Stream.of(names).map(row::get).toList()))
        .toList();
  }

  private final InMemoryUsage world = new InMemoryUsage("2026-02-10T12:00:00Z");

  @Test
  void c31_oneRowAMeter_unitPriceTimesQuantityIsTheListCost() {
    world.create("a");
    world.record(
        "k",
        List.of(
            item(
                "render",
                "2026-02-10T00:00:00Z",
                "episodes_generated",
                100L,
                "compute_minutes",
                45.5,
                "storage_gb",
                2.3),
            item("upsell_applied", "2026-02-10T00:00:00Z")));
    String csv = csv(world, "a", RateCard.DEFAULT);
    assertEquals(List.of(), FocusChecker.faults(csv));
    assertEquals(
        List.of(
            "render episode 100 Episodes 100 Episodes 0.03 3.000000 3.000000",
            "render compute_minute 45.5 Compute-Minutes 45.5 Compute-Minutes 0.00144 0.065520"
                + " 0.065520",
            "render storage_gb_month 2.3 GB-Months 2.3 GB-Months 0.02 0.046000 0.046000",
            "upsell_applied record 1 Records 1 Records 0 0.000000 0.000000"),
        columns(
            csv,
            "ChargeDescription",
            "SkuId",
            "ConsumedQuantity",
            "ConsumedUnit",
            "PricingQuantity",
            "PricingUnit",
            "ListUnitPrice",
            "ListCost",
            "BilledCost"));
    Map<String, String> row = FocusChecker.rows(csv).get(0);
    assertEquals("-lab,\"7\"", row.get("BillingAccountId"));
    assertEquals("=Lab\r\nSeven", row.get("BillingAccountName"));
    assertEquals("Robots & Sons", row.get("ProviderName"));
    assertEquals("Robots & Sons", row.get("PublisherName"));
    assertEquals("Robots & Sons", row.get("ServiceName"));
    assertEquals("Robots, Billing", row.get("InvoiceIssuerName"));
    assertEquals("2026-02-01T00:00:00Z", row.get("BillingPeriodStart"));
    assertEquals("2026-03-01T00:00:00Z", row.get("BillingPeriodEnd"));
    assertEquals("2026-02-10T00:00:00Z", row.get("ChargePeriodStart"));
    assertEquals("2026-02-11T00:00:00Z", row.get("ChargePeriodEnd"));
  }

  @Test
  void c31_statedCostsAndWhatIsNotBillable_areOneChargeOfItsOwnPrice() {
    world.create("a");
    String at = "2026-02-10T00:00:00Z";
    world.record(
        "k",
        List.of(
            item("render", at, "episodes_generated", 7L, "estimated_cost", 1.1),
            item("render", at, "episodes_generated", 3L),
            item("render", at, "episodes_generated", 50L, "billable", false),
            item("free", at, "compute_minutes", 5.0, "billable", false),
            item("stated", at, "estimated_cost", 0.000001)));
    String csv = csv(world, "a", RateCard.DEFAULT);
    assertEquals(List.of(), FocusChecker.faults(csv));
    assertEquals(
        List.of(
            "free stated_cost 1 1 Charges 0 0.000000",
            "render episode 3 3 Episodes 0.03 0.090000",
            "render stated_cost 2 1 Charges 1.1 1.100000",
            "stated stated_cost 1 1 Charges 0.000001 0.000001"),
        columns(
            csv,
            "ChargeDescription",
            "SkuId",
            "ConsumedQuantity",
            "PricingQuantity",
            "PricingUnit",
            "ListUnitPrice",
            "BilledCost"));
  }

  private static List<String> charges(Amounts amounts, RateCard rates) {
    return FocusCharge.of(FIRST, null, "render", amounts, rates).stream()
        .map(
            each ->
                String.join(
                    " ",
                    each.meter().sku,
                    each.listCost().stripTrailingZeros().toPlainString(),
                    each.billedCost().toPlainString()))
        .toList();
  }

  /** Corrections: episodes are $0.03 each, compute minutes $0.00144, storage $0.02 a GB. */
  @Test
  void c31_billedCost_isSharedByListCostOrIsItWhereRowsPointInTwoDirections() {
    RateCard card = RateCard.DEFAULT;
    assertEquals(
        List.of("episode 1.44 0.500001", "compute_minute 1.44 0.500000"),
        charges(new Amounts(1, 48, 60_000_000, 0, 1_000_001), card),
        "a later price; the first of equal rows has the rest");
    assertEquals(
        List.of("episode -0.03 -0.030000", "compute_minute 0.144 0.144005"),
        charges(new Amounts(0, -1, 6_000_000, 0, 114_005), card));
    assertEquals(
        List.of("episode -1.44 -1.440000", "compute_minute 1.44 1.440000"),
        charges(new Amounts(0, -48, 60_000_000, 0, 0), card));
    assertEquals(
        List.of("stated_cost 0.0005 0.000500"),
        charges(new Amounts(1, 0, 0, 0, 500), card),
        "a cost without a quantity is a charge of its own price");
    assertEquals(List.of(), charges(Amounts.ZERO, card));
    RateCard freeCompute =
        new RateCard(card.episodeMicros(), BigDecimal.ZERO, card.storageGbMicros());
    assertEquals(
        List.of(
            "episode 0.3 0.150000", "compute_minute 0 0.000000", "storage_gb_month 0.1 0.050000"),
        charges(new Amounts(1, 10, 60_000, 5_000_000_000L, 200_000), freeCompute));
  }

  @Test
  void c31_closedMonth_isCorrectedByRowsOfTheDayMeant() {
    world.create("a");
    Map<String, Object> item = item("render", "2026-02-10T00:00:00Z", "episodes_generated", 10L);
    String id = (String) world.record("k", List.of(item)).get(0).get("id");
    String february = csv(world, "a", RateCard.DEFAULT);
    world.now = Instant.parse("2026-03-05T12:00:00Z");
    Map<String, Object> amend = new LinkedHashMap<>(item);
    amend.put("corrects", id);
    amend.put("correction", "amend");
    amend.put("episodes_generated", 4L);
    world.record("l", List.of(amend));
    world.record(
        "m",
        List.of(
            item("render", "2026-02-11T00:00:00Z", "episodes_generated", 1L),
            item("render", "2026-03-05T00:00:00Z", "episodes_generated", 2L),
            item("render", "2026-02-11T00:00:00Z", "estimated_cost", 2.5)));
    String csv = csv(world, "a", RateCard.DEFAULT);
    assertEquals(List.of(), FocusChecker.faults(csv));
    assertTrue(csv.startsWith(february), "February has changed after it was closed");
    assertEquals(
        List.of(
            "2026-02-01T00:00:00Z 2026-02-10T00:00:00Z  10 0.300000",
            "2026-03-01T00:00:00Z 2026-03-05T00:00:00Z  2 0.060000",
            "2026-03-01T00:00:00Z 2026-02-10T00:00:00Z Correction -6 -0.180000",
            "2026-03-01T00:00:00Z 2026-02-11T00:00:00Z Correction 1 0.030000",
            "2026-03-01T00:00:00Z 2026-02-11T00:00:00Z Correction 1 2.500000"),
        columns(
            csv,
            "BillingPeriodStart",
            "ChargePeriodStart",
            "ChargeClass",
            "PricingQuantity",
            "BilledCost"));
  }

  @Test
  void c31_voidInAnOpenMonth_leavesNoRow() {
    world.create("a");
    Map<String, Object> item = item("render", "2026-02-09T00:00:00Z", "estimated_cost", 3.0);
    String id = (String) world.record("k", List.of(item)).get(0).get("id");
    item.remove("estimated_cost");
    item.put("corrects", id);
    item.put("correction", "void");
    world.record("l", List.of(item));
    assertEquals(List.of(), FocusChecker.rows(csv(world, "a", RateCard.DEFAULT)));
  }

  @Test
  void accountWithoutName_isNull() {
    world.create("a");
    world.record("k", List.of(item("render", "2026-02-09T00:00:00Z")));
    FocusCsv file = new FocusCsv(RateCard.DEFAULT, FIRST, LAST);
    addAll(world, "a", file::add);
    for (Object name : new Object[] {"", " ", 7L}) {
      world.customer("a").put("organization_name", name);
      Snapshot customer = world.get(UsageIds.customerRef("a"));
      String csv = file.toCsv(FocusParties.of(customer, "P", "I"));
      assertEquals("", FocusChecker.rows(csv).get(0).get("BillingAccountName"));
    }
    Snapshot absent = Snapshot.absent(UsageIds.customerRef("a"));
    assertEquals(
        "",
        FocusChecker.rows(file.toCsv(FocusParties.of(absent, "P", "I")))
            .get(0)
            .get("BillingAccountName"));
  }

  /** What records cost, each rounded, need not be what the sums cost: the shares still add up. */
  @Test
  void roundedRecords_areBilledAsTheyWereCounted() {
    world.create("a");
    List<Map<String, Object>> items = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      // 0.3 and 0.15 micro-USD: nothing is billed.
      items.add(
          item(
              "render",
              "2026-02-10T00:00:00Z",
              "compute_minutes",
              0.0002,
              "storage_gb",
              0.0000075));
    }
    world.record("k", items);
    String csv = csv(world, "a", RateCard.DEFAULT);
    assertEquals(List.of(), FocusChecker.faults(csv));
    assertEquals(
        List.of("0.0000288 0.000000", "0.000015 0.000000"), columns(csv, "ListCost", "BilledCost"));
  }

  @Test
  @Tag("long")
  void randomMonths_obeyTheRulesAndAddUpToTheReport() {
    int seeds = DEEP ? 3_000 : 60;
    int corrections = 0;
    for (int seed = 0; seed < seeds; seed++) {
      Random random = new Random(seed);
      RateCard rates =
          RateCard.parse(
              List.of(
                      "episode=0.03,compute_minute=0.00144,storage_gb_month=0.02",
                      "episode=0,compute_minute=0.000000000001,storage_gb_month=0.333333333333",
                      "episode=0,compute_minute=0,storage_gb_month=0")
                  .get(random.nextInt(3)));
      InMemoryUsage months = months(random, rates);
      String csv = csv(months, "a", rates);
      assertEquals(List.of(), FocusChecker.faults(csv), "seed " + seed);
      GroupedUsage report = new GroupedUsage(GroupedUsage.GroupBy.ACTION, FIRST, LAST);
      addAll(months, "a", report::addSummary);
      BigDecimal billed = BigDecimal.ZERO;
      for (Map<String, String> row : FocusChecker.rows(csv)) {
        billed = billed.add(new BigDecimal(row.get("BilledCost")));
        corrections += row.get("ChargeClass").isEmpty() ? 0 : 1;
        boolean down = new BigDecimal(row.get("BilledCost")).signum() < 0;
        assertFalse(down && row.get("ChargeClass").isEmpty(), "seed " + seed + " " + row);
      }
      assertEquals(
          0,
          billed.compareTo(BigDecimal.valueOf(report.totals().costMicros(), 6)),
          "seed " + seed + ": " + billed + ", not " + report.totals());
    }
    assertTrue(corrections > seeds, corrections + " corrections");
  }

  /** Three months of records, corrections and edits of a customer. */
  private static InMemoryUsage months(Random random, RateCard rates) {
    InMemoryUsage world =
        new InMemoryUsage(
            "2026-01-05T12:00:00Z",
            random.nextBoolean() ? SummaryBounds.DEFAULT : new SummaryBounds(2, 20, 1 << 10),
            rates);
    world.create("a");
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      Instant at = world.now.minus(Duration.ofHours(random.nextInt(40 * 24)));
      Map<String, Object> item = item(ACTIONS[random.nextInt(4)], at.toString());
      fill(random, item);
      String corrected =
          random.nextInt(3) == 0 && !ids.isEmpty() ? ids.get(random.nextInt(ids.size())) : null;
      if (random.nextInt(6) == 0) {
        item.put("timestamp", at);
        String id = "foreign" + random.nextInt(5);
        world.documents.put(UsageIds.recordRef(id), item);
        world.deliver(id);
      } else {
        if (corrected != null) {
          Counted.Identity identity =
              Counted.of(world.get(UsageIds.countsRef(corrected))).figures();
          item.put("action", identity.action());
          item.put("timestamp", identity.timestamp().toString());
          item.put("corrects", corrected);
          item.put("correction", random.nextBoolean() ? "void" : "amend");
        }
        world.record("k" + i, List.of(item)).stream()
            .filter(result -> "recorded".equals(result.get("status")))
            .forEach(result -> ids.add((String) result.get("id")));
      }
      world.pass(Duration.ofHours(random.nextInt(72)));
    }
    return world;
  }

  private static void fill(Random random, Map<String, Object> item) {
    if (random.nextBoolean()) {
      item.put("episodes_generated", (long) random.nextInt(100));
    }
    if (random.nextBoolean()) {
      item.put("compute_minutes", random.nextInt(1_000_000) / 60_000.0);
    }
    if (random.nextBoolean()) {
      item.put("storage_gb", random.nextInt(1_000_000) / 1e6);
    }
    if (random.nextInt(4) == 0) {
      item.put("estimated_cost", random.nextInt(1_000) / 1e4);
    }
    if (random.nextInt(5) == 0) {
      item.put("billable", false);
    }
  }

  /** The checker finds what it is there for: each fault planted in a good file. */
  @TestFactory
  Stream<DynamicTest> plantedFault_isFound() {
    world.create("a");
    Map<String, Object> item = item("render", "2026-02-10T00:00:00Z", "episodes_generated", 10L);
    world.record("k", List.of(item));
    world.now = Instant.parse("2026-03-05T12:00:00Z");
    world.record("l", List.of(item));
    String good = csv(world, "a", RateCard.DEFAULT);
    assertEquals(List.of(), FocusChecker.faults(good));
    List<DynamicTest> tests = new ArrayList<>();
    for (String column : FocusCsv.COLUMNS) {
      if (!List.of("ChargeFrequency", "ServiceSubcategory").contains(column)) {
        tests.add(planted("without " + column, good, column, column + "s", true));
      }
    }
    Map<String, List<String>> wrong = new LinkedHashMap<>();
    for (String cost : List.of("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")) {
      wrong.put(cost, List.of("", "1,000.00", "+1", "1E+2", "$1", "NaN", "1.", "null"));
    }
    wrong.put("ListCost", List.of("0.300001", "0.29"));
    wrong.put("ContractedCost", List.of("0.31"));
    wrong.put("PricingQuantity", List.of("", "11", "0"));
    wrong.put("PricingUnit", List.of("", "episodes", "N/A"));
    wrong.put("ConsumedQuantity", List.of("", "many"));
    wrong.put("ConsumedUnit", List.of("", "per second"));
    wrong.put("ListUnitPrice", List.of("", "-0.03", "0.030001"));
    wrong.put("ChargeClass", List.of("Correction", "None"));
    wrong.put("ChargeCategory", List.of("", "usage", "Tax", "Credit", "Purchase"));
    wrong.put("BillingCurrency", List.of("", "usd", "Credits"));
    wrong.put("BillingPeriodStart", List.of("", "2026-02-01", "2026-02-02T00:00:00Z"));
    wrong.put("BillingPeriodEnd", List.of("2026-02-28T23:59:59Z", "2026-03-01T00:00:00+00:00"));
    wrong.put("ChargePeriodStart", List.of("2026-02-30T00:00:00Z", "2/10/26"));
    wrong.put("ChargePeriodEnd", List.of("2026-02-10T23:59:59Z"));
    wrong.put("BillingAccountId", List.of(""));
    wrong.put("BillingAccountName", List.of("Not Applicable"));
    wrong.put("ProviderName", List.of("", "unknown"));
    wrong.put("PublisherName", List.of(""));
    wrong.put("InvoiceIssuerName", List.of(""));
    wrong.put("ServiceName", List.of(""));
    wrong.put("ServiceCategory", List.of("", "Robots"));
    wrong.put("ServiceSubcategory", List.of("", "Robots"));
    wrong.put("ChargeFrequency", List.of("", "Daily"));
    wrong.put("SkuId", List.of(""));
    wrong.put("SkuPriceId", List.of("", "null"));
    wrong.forEach(
        (column, values) ->
            values.forEach(
                value ->
                    tests.add(planted(column + " '" + value + "'", good, column, value, false))));
    tests.add(
        DynamicTest.dynamicTest(
            "a byte order mark",
            () -> assertFalse(FocusChecker.faults("\uFEFF" + good).isEmpty())));
    tests.add(
        DynamicTest.dynamicTest(
            "a correction that is not called one",
            () -> assertFalse(FocusChecker.faults(good.replace("Correction", "")).isEmpty())));
    return tests.stream();
  }

  private static DynamicTest planted(
      String name, String good, String column, String value, boolean header) {
    List<List<String>> lines = new ArrayList<>();
    FocusChecker.lines(good).forEach(line -> lines.add(new ArrayList<>(line)));
    lines.get(header ? 0 : 1).set(lines.get(0).indexOf(column), value);
    StringBuilder bad = new StringBuilder();
    for (List<String> line : lines) {
      bad.append(String.join(",", line.stream().map(GroupedUsage::quoted).toList())).append("\r\n");
    }
    return DynamicTest.dynamicTest(
        name, () -> assertFalse(FocusChecker.faults(bad.toString()).isEmpty(), bad.toString()));
  }
}
