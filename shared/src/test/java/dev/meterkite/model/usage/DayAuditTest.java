package dev.meterkite.model.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DayAuditTest {
  private static final LocalDate DAY = LocalDate.parse("2026-02-03");
  private static final Amounts TWO = new Amounts(2, 20, 90_000, 1_500_000_000, 602_160);

  private static Snapshot summary(Map<String, Object> fields) {
    return new Snapshot(UsageIds.summaryRef("lab", YearMonth.from(DAY)), fields, Instant.EPOCH);
  }

  private static Snapshot holding(Amounts amounts) {
    return summary(Map.of("days", Map.of("03", Map.of("a", amounts.toFields()))));
  }

  private static DayAudit audit(Snapshot document, Amounts records) {
    MonthTotals month = new MonthTotals(YearMonth.from(DAY));
    month.add(document);
    return DayAudit.of(DAY, month, records);
  }

  @Test
  void c34_documentsOfAMonth_addUp() {
    MonthTotals month = new MonthTotals(YearMonth.from(DAY));
    Amounts more = new Amounts(1, 10, 0, 0, 0);
    month.add(summary(Map.of("days", Map.of("03", Map.of("a", TWO.toFields())))));
    month.add(
        summary(
            Map.of(
                "days",
                Map.of("03", Map.of("a", more.off().toFields(), "b", more.toFields())),
                "late",
                Map.of("03", Map.of("2026-01-31", Map.of("b", more.toFields()))))));
    month.add(summary(Map.of("explained", Map.of("03", more.toFields(), "31", more.toFields()))));
    Amounts records = TWO.plus(more).plus(more).plus(more);
    assertTrue(DayAudit.of(DAY, month, records).agrees());
    assertFalse(DayAudit.of(DAY, month, TWO).agrees());
    assertTrue(DayAudit.of(DAY.plusDays(1), month, Amounts.ZERO).isEmpty());
  }

  @Test
  void sums_areReadInTheUnitsOfTheSummary() {
    assertEquals(TWO, DayAudit.records(List.of(2L, 20.0, 1.5, 1.5, 0.60216)));
    assertEquals(
        new Amounts(1, 0, 0, 0, 0),
        DayAudit.records(List.of(1L, Double.NaN, Double.POSITIVE_INFINITY, -1e300, 1e300)));
  }

  @Test
  void difference_agreesWhenItIsTheExplainedOneOrRounding() {
    assertTrue(audit(holding(TWO), TWO).agrees());
    assertTrue(audit(holding(TWO), TWO.plus(new Amounts(0, 0, 1, -1, 1))).agrees());
    for (Amounts one :
        List.of(
            new Amounts(1, 0, 0, 0, 0),
            new Amounts(0, -1, 0, 0, 0),
            new Amounts(0, 0, 2, 0, 0),
            new Amounts(0, 0, 0, -2, 0),
            new Amounts(0, 0, 0, 0, 2))) {
      DayAudit audit = audit(holding(TWO), TWO.plus(one));
      assertFalse(audit.agrees(), one::toString);
      assertEquals(one.toFields(), audit.explain("lab").fields().get("explained.`03`"));
    }
    Amounts more = new Amounts(1, 10, 0, 0, 0);
    Snapshot explained =
        summary(
            Map.of(
                "days", Map.of("03", Map.of("a", TWO.toFields(), "b", "no map")),
                "explained", Map.of("03", more.toFields())));
    assertTrue(audit(explained, TWO.plus(more)).agrees());
    assertFalse(audit(explained, TWO).agrees());
    assertEquals(
        Write.REMOVED, audit(explained, TWO).explain("lab").fields().get("explained.`03`"));
  }

  @Test
  void dayWithoutAnything_isEmpty() {
    assertTrue(audit(summary(Map.of()), Amounts.ZERO).isEmpty());
    assertFalse(audit(summary(Map.of()), new Amounts(1, 0, 0, 0, 0)).isEmpty());
    assertFalse(audit(holding(TWO), Amounts.ZERO).isEmpty());
  }
}
