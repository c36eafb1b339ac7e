package dev.meterkite.model.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.usage.Counted.Part;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where corrections of closed months go; amounts and what prices them. */
class MonthBookTest {
  private static final MonthBook BOOK = new MonthBook(Duration.ofDays(3), SummaryBounds.DEFAULT);
  private static final Instant NOW = Instant.parse("2026-04-10T12:00:00Z");
  private static final LocalDate TODAY = LocalDate.of(2026, 4, 10);
  private static final LocalDate FEBRUARY = LocalDate.of(2026, 2, 10);
  private static final LocalDate MARCH = LocalDate.of(2026, 3, 5);

  private static Amounts episodes(long episodes) {
    return new Amounts(0, episodes, 0, 0, 30_000 * episodes);
  }

  private static Part part(
      String customer, LocalDate day, String action, long episodes, LocalDate meant) {
    return new Part(customer, day, action, episodes(episodes), meant);
  }

  private static List<Part> placed(List<Part> before, LocalDate home, long episodes) {
    return BOOK.place(before, "a", home, "render", episodes(episodes), null, NOW).parts();
  }

  @Test
  void partOfAClosedMonth_staysAndIsCorrectedToday() {
    Part february = part("a", FEBRUARY, "render", 10, null);
    Part rest = part("a", TODAY, "render", -6, FEBRUARY);
    assertEquals(List.of(february, rest), placed(List.of(february), FEBRUARY, 4));
    assertEquals(List.of(february, rest), placed(List.of(february, rest), FEBRUARY, 4), "again");
    assertEquals(List.of(february), placed(List.of(february, rest), FEBRUARY, 10));
  }

  @Test
  void restOfAClosedMonth_staysOnTheDayOnWhichItStood() {
    LocalDate earlier = TODAY.minusDays(5);
    Part february = part("a", FEBRUARY, "render", 10, null);
    Part rest = part("a", earlier, "render", -6, FEBRUARY);
    assertEquals(
        List.of(february, part("a", earlier, "render", -7, FEBRUARY)),
        placed(List.of(february, rest), FEBRUARY, 3));
  }

  @Test
  void partsOfOtherCustomers_decideNothing() {
    Part closed = part("b", FEBRUARY, "render", 10, null);
    Part open = part("b", TODAY.minusDays(5), "render", 7, null);
    assertEquals(
        List.of(closed, open, part("a", TODAY, "render", 4, FEBRUARY)),
        placed(List.of(closed, open), FEBRUARY, 4));
    assertEquals(
        List.of(closed, open, part("a", TODAY, "render", 4, null)),
        placed(List.of(closed, open), TODAY, 4));
  }

  /** The record was counted as another action, whose parts are made good for. */
  @Test
  void correctionOfAnotherAction_meansTheLatestDayThatWasMeant() {
    Part february = part("a", FEBRUARY, "paint", 3, null);
    Part late = part("a", MARCH, "paint", 2, FEBRUARY.plusDays(1));
    Part render = part("a", TODAY, "render", 5, null);
    assertEquals(
        List.of(february, late, part("a", TODAY, "paint", -5, FEBRUARY.plusDays(1)), render),
        placed(List.of(february, late), TODAY, 5));
    assertEquals(
        List.of(late, february, part("a", TODAY, "paint", -5, FEBRUARY.plusDays(1)), render),
        placed(List.of(late, february), TODAY, 5));
  }

  @Test
  void month_closesItsDaysAfterItsEnd() {
    YearMonth march = YearMonth.of(2026, 3);
    Instant close = Instant.parse("2026-04-04T00:00:00Z");
    assertEquals(close, BOOK.closeDueAt(march));
    assertFalse(BOOK.isClosed(march, null, close.minusNanos(1)));
    assertTrue(BOOK.isClosed(march, null, close));
    assertTrue(BOOK.isClosed(march, march, Instant.EPOCH), "stamped");
    assertFalse(BOOK.isClosed(march, march.minusMonths(1), Instant.EPOCH));
  }

  @Test
  void amountsAndTheirOpposite_areNothing() {
    Amounts all = new Amounts(1, 2, 3, 4, 5).plus(new Amounts(10, 20, 30, 40, 50).off());
    assertEquals(new OffRateCard(10, 20, 30, 40, 50), all.offRateCard());
    assertEquals(new OffRateCard(-10, -20, -30, -40, -50), all.negated().offRateCard());
    assertTrue(all.minus(all).isZero());
    assertEquals(all, Amounts.of(all.toFields()));
    Map<String, Object> onCard = new Amounts(1, 2, 3, 4, 5).toFields();
    assertEquals(5, onCard.size(), "no part that is off the rate card");
  }

  @Test
  void rateCard_isReadInDollars() {
    RateCard card = RateCard.parse("episode=0.05,compute_minute=0,storage_gb_month=12.000001");
    assertEquals(
        new RateCard(new BigDecimal("5E+4"), BigDecimal.ZERO, new BigDecimal("12000001")), card);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "episode=0.05",
        "episode=-1,compute_minute=0,storage_gb_month=1",
        "episode=1,compute_minute=0,storage_gb_month=x",
        "episode=1,compute_minute=0,storage_gb_month=1,more=1",
      })
  void textThatIsNoRateCard_isRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> RateCard.parse(text));
  }

  @Test
  void pricesBelowZero_areRefused() {
    BigDecimal less = new BigDecimal("-0.1");
    BigDecimal none = BigDecimal.ZERO;
    assertEquals(none, new RateCard(none, none, none).episodeMicros());
    assertThrows(IllegalArgumentException.class, () -> new RateCard(less, none, none));
    assertThrows(IllegalArgumentException.class, () -> new RateCard(none, less, none));
    assertThrows(IllegalArgumentException.class, () -> new RateCard(none, none, less));
  }

  @Test
  void report_answersItsRowsAndTheirSum() {
    assertEquals(
        List.of(GroupedUsage.GroupBy.values()),
        List.of("action", "scene", "day", "month").stream()
            .map(word -> GroupedUsage.GroupBy.parse(word).orElseThrow())
            .toList());
    GroupedUsage report = new GroupedUsage(GroupedUsage.GroupBy.ACTION, MARCH, MARCH.plusDays(1));
    Map<String, Object> fields =
        Map.of("days", Map.of("05", Map.of("render", new Amounts(1, 2, 90_000, 0, 5).toFields())));
    YearMonth month = YearMonth.from(MARCH);
    report.addSummary(month, new Snapshot(UsageIds.summaryRef("a", month), fields, NOW));
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("count", 1L);
    figures.put("episodes_generated", 2L);
    figures.put("compute_minutes", 1.5);
    figures.put("storage_gb", 0.0);
    figures.put("billable_cost_micros", 5L);
    Map<String, Object> row = new LinkedHashMap<>(Map.of("key", "render"));
    row.putAll(figures);
    assertEquals(Map.of("groups", List.of(row), "totals", figures), report.toAnswer());
  }

  /** What other programs and we ourselves changed in a closed month is explained by its days. */
  @Test
  void explainedDays_areReadUntilTheLastOfTheMonth() {
    YearMonth month = YearMonth.from(MARCH);
    Map<String, Object> one = episodes(1).toFields();
    Map<String, Object> fields =
        Map.of("explained", Map.of("01", one, "31", one, "32", one, "1", one));
    MonthTotals totals = new MonthTotals(month);
    totals.add(new Snapshot(UsageIds.summaryRef("a", month), fields, NOW));
    assertEquals(episodes(1), totals.explained(month.atDay(1)));
    assertEquals(episodes(1), totals.explained(month.atDay(31)));
    assertEquals(Amounts.ZERO, totals.explained(month.atDay(2)));
  }
}
