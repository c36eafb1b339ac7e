package dev.meterkite.model.usage;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.HashMap;
import java.util.Map;

/** The sums of the days of one month, over all documents of its summary and all actions. */
public final class MonthTotals {
  private final YearMonth month;
  private final Map<LocalDate, Amounts> sums = new HashMap<>();
  private final Map<LocalDate, Amounts> explained = new HashMap<>();

  /** A month without documents. */
  public MonthTotals(YearMonth month) {
    this.month = month;
  }

  /** Adds a document of the month's summary; an absent one is nothing. */
  public void add(Snapshot summary) {
    Summaries.eachAmounts(
        month,
        summary,
        (day, meant, action, amounts) -> {
          // What is late is in the day on which it was counted.
          if (meant == null) {
            sums.merge(day, amounts.totals(), Amounts::plus);
          }
        });
    if (summary.fields().get(UsageSummaries.EXPLAINED) instanceof Map<?, ?> days) {
      for (int day = 1; day <= month.lengthOfMonth(); day++) {
        if (days.get("%02d".formatted(day)) instanceof Map<?, ?> amounts) {
          explained.put(month.atDay(day), Amounts.of(amounts));
        }
      }
    }
  }

  Amounts sum(LocalDate day) {
    return sums.getOrDefault(day, Amounts.ZERO);
  }

  Amounts explained(LocalDate day) {
    return explained.getOrDefault(day, Amounts.ZERO);
  }
}
