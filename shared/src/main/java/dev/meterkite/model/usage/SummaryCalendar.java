package dev.meterkite.model.usage;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.usage.CountedUsage.Part;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * In which UTC month and day usage is summed up, and until when.
 *
 * <p>A month closes some days after its end. From that moment nothing is added to its summary any
 * more: what comes later goes into the present month and says {@code late_for}. A month counts as
 * closed from the moment on, whether or not a sweep has stamped it.
 *
 * @param lag days from the end of a month to its closing, at least 0
 * @param bounds of the documents of a month
 */
record SummaryCalendar(Duration lag, SummaryBounds bounds) {

  /** When a month closes. */
  Instant closeDueAt(YearMonth month) {
    return month.plusMonths(1).atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant().plus(lag);
  }

  /**
   * Whether nothing may be added to a month any more.
   *
   * @param closed the latest month that is known to be closed; null if none is
   */
  boolean isClosed(YearMonth month, @Nullable YearMonth closed, Instant now) {
    return (closed != null && !month.isAfter(closed)) || !now.isBefore(closeDueAt(month));
  }

  /** Where the rest of a placement goes and what it is late for. */
  record Placed(List<Part> parts, @Nullable YearMonth lateFor) {}

  /**
   * The parts that sum up to {@code amounts} for this customer and action, and to nothing for its
   * other actions. Parts of closed months stay as they are; what they leave over stands on the home
   * day while its month is open, else on the day where such a rest stands already, else on today.
   * Doing it again gives the same.
   *
   * <p>A rest that belongs to a closed month, or makes good for a part of one, says which day is
   * meant: the home day if its month is closed, else the day of that part.
   */
  Placed place(
      List<Part> before,
      String customerId,
      LocalDate home,
      String action,
      Amounts amounts,
      @Nullable YearMonth closed,
      Instant now) {
    List<Part> after = new ArrayList<>();
    Map<String, Amounts> rests = new TreeMap<>();
    Map<String, LocalDate> lateDays = new TreeMap<>();
    Map<String, LocalDate> corrected = new TreeMap<>();
    rests.put(action, amounts);
    for (Part part : before) {
      boolean ours = part.customerId().equals(customerId);
      if (!ours || isClosed(YearMonth.from(part.day()), closed, now)) {
        after.add(part);
      }
      if (ours && isClosed(YearMonth.from(part.day()), closed, now)) {
        rests.merge(part.action(), part.amounts().negated(), Amounts::plus);
        LocalDate meant = part.meant() == null ? part.day() : part.meant();
        corrected.merge(part.action(), meant, SummaryCalendar::later);
      } else if (ours) {
        lateDays.merge(part.action(), part.day(), SummaryCalendar::later);
      }
    }
    boolean late = isClosed(YearMonth.from(home), closed, now);
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    rests.forEach(
        (word, rest) -> {
          if (!rest.isZero()) {
            LocalDate day = late ? lateDays.getOrDefault(word, today) : home;
            LocalDate meant = late && word.equals(action) ? home : corrected.get(word);
            after.add(new Part(customerId, day, word, rest, meant));
          }
        });
    boolean misplaced = late && !amounts.isZero() && !rests.get(action).isZero();
    return new Placed(after, misplaced ? YearMonth.from(home) : null);
  }

  private static LocalDate later(LocalDate one, LocalDate other) {
    return one.isAfter(other) ? one : other;
  }

  /** Names a summary, so that it is found when it closes; the same whoever writes it. */
  Write named(String customerId, YearMonth month) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageSummaries.CUSTOMER_ID, customerId);
    fields.put(UsageSummaries.MONTH, month.toString());
    fields.put(UsageSummaries.CLOSE_DUE_AT, closeDueAt(month));
    return new Write.Merge(UsageIds.summaryRef(customerId, month), fields);
  }

  /** Stamps a summary as closed; the same whoever writes it. */
  Write closed(String customerId, YearMonth month) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageSummaries.CUSTOMER_ID, customerId);
    fields.put(UsageSummaries.MONTH, month.toString());
    fields.put(UsageSummaries.CLOSED_AT, closeDueAt(month));
    fields.put(UsageSummaries.CLOSE_DUE_AT, Write.REMOVED);
    return new Write.Merge(UsageIds.summaryRef(customerId, month), fields);
  }
}
