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

  @Test
  void sums_areReadInTheUnitsOfTheSummary() {
    assertEquals(TWO, DayAudit.records(List.of(2L, 20.0, 1.5, 1.5, 0.60216)));
    assertEquals(
        new Amounts(1, 0, 0, 0, 0),
        DayAudit.records(List.of(1L, Double.NaN, Double.POSITIVE_INFINITY, -1e300, 1e300)));
  }

  @Test
  void difference_agreesWhenItIsTheExplainedOneOrRounding() {
    assertTrue(DayAudit.of(DAY, holding(TWO), TWO).agrees());
    assertTrue(DayAudit.of(DAY, holding(TWO), TWO.plus(new Amounts(0, 0, 1, -1, 1))).agrees());
    for (Amounts one :
        List.of(
            new Amounts(1, 0, 0, 0, 0),
            new Amounts(0, -1, 0, 0, 0),
            new Amounts(0, 0, 2, 0, 0),
            new Amounts(0, 0, 0, -2, 0),
            new Amounts(0, 0, 0, 0, 2))) {
      DayAudit audit = DayAudit.of(DAY, holding(TWO), TWO.plus(one));
      assertFalse(audit.agrees(), one::toString);
      assertEquals(one.toFields(), audit.explain("lab").fields().get("explained.`03`"));
    }
    Amounts more = new Amounts(1, 10, 0, 0, 0);
    Snapshot explained =
        summary(
            Map.of(
                "days", Map.of("03", Map.of("a", TWO.toFields(), "b", "no map")),
                "explained", Map.of("03", more.toFields())));
    assertTrue(DayAudit.of(DAY, explained, TWO.plus(more)).agrees());
    assertFalse(DayAudit.of(DAY, explained, TWO).agrees());
    assertEquals(
        Write.REMOVED,
        DayAudit.of(DAY, explained, TWO).explain("lab").fields().get("explained.`03`"));
  }

  @Test
  void dayWithoutAnything_isEmpty() {
    assertTrue(DayAudit.of(DAY, summary(Map.of()), Amounts.ZERO).isEmpty());
    assertFalse(DayAudit.of(DAY, summary(Map.of()), new Amounts(1, 0, 0, 0, 0)).isEmpty());
    assertFalse(DayAudit.of(DAY, holding(TWO), Amounts.ZERO).isEmpty());
  }
}
