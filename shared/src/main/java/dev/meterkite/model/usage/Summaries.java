package dev.meterkite.model.usage;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the documents of month summaries.
 *
 * <p>A month has one document, and more when it has more actions than one holds. The first says how
 * many there may be. An entry may be in several of them: its amounts are the sum.
 */
public final class Summaries {
  private Summaries() {}

  /** How many documents a month may have, as its first document says; at least 1. */
  public static long documents(Snapshot first) {
    Object documents = first.fields().get(UsageSummaries.DOCUMENTS);
    return documents instanceof Long number && number >= 1 && number <= SummaryBounds.MAX_DOCUMENTS
        ? number
        : 1;
  }

  /** The further documents of a month from one number to another, both included. */
  public static List<DocRef> further(String customerId, YearMonth month, long from, long to) {
    return LongStream.rangeClosed(from, to)
        .mapToObj(number -> UsageIds.summaryRef(customerId, month, number))
        .toList();
  }

  /** Takes an entry. */
  interface Entries {
    /**
     * Takes an entry.
     *
     * @param day day of the month
     * @param meant the day of a closed month that it is late for; null if it is not late
     */
    void take(int day, @Nullable LocalDate meant, String action);
  }

  /** Takes an entry with its amounts. */
  interface EntryAmounts {
    /**
     * Takes an entry with its amounts.
     *
     * @param meant the day of a closed month that it is late for; null for the whole of the day
     */
    void take(LocalDate day, @Nullable LocalDate meant, String action, Amounts amounts);
  }

  /** Shows all entries of a document; what is broken is left out. */
  static void eachEntry(Snapshot summary, Entries take) {
    eachAmounts(
        YearMonth.of(2000, 1),
        summary,
        (day, meant, action, amounts) -> take.take(day.getDayOfMonth(), meant, action));
  }

  /** Shows all entries of a document with their amounts; what is broken is left out. */
  static void eachAmounts(YearMonth month, Snapshot summary, EntryAmounts take) {
    members(summary.fields().get(UsageSummaries.DAYS))
        .forEach(
            (dayOfMonth, actions) -> {
              LocalDate day = day(month, String.valueOf(dayOfMonth));
              if (day != null) {
                eachAction(day, null, actions, take);
              }
            });
    members(summary.fields().get(UsageSummaries.LATE))
        .forEach(
            (dayOfMonth, meantDays) -> {
              LocalDate day = day(month, String.valueOf(dayOfMonth));
              members(meantDays)
                  .forEach(
                      (text, actions) -> {
                        LocalDate meant = date(String.valueOf(text));
                        if (day != null && meant != null) {
                          eachAction(day, meant, actions, take);
                        }
                      });
            });
  }

  private static void eachAction(
      LocalDate day, @Nullable LocalDate meant, @Nullable Object actions, EntryAmounts take) {
    members(actions)
        .forEach(
            (action, fields) -> {
              if (fields instanceof Map<?, ?> map) {
                take.take(day, meant, String.valueOf(action), Amounts.of(map));
              }
            });
  }

  private static Map<?, ?> members(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  private static @Nullable LocalDate day(YearMonth month, String dayOfMonth) {
    try {
      return month.atDay(Integer.parseInt(dayOfMonth));
    } catch (NumberFormatException | DateTimeException e) {
      return null;
    }
  }

  private static @Nullable LocalDate date(String text) {
    try {
      return LocalDate.parse(text);
    } catch (DateTimeException e) {
      return null;
    }
  }
}
