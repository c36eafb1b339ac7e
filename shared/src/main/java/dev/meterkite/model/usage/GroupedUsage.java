package dev.meterkite.model.usage;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Word;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a customer used in whole UTC days, grouped. By action, day and month it is made of
 * summaries, one document a month; by scene of the records.
 *
 * <p>Summaries hold a late record on the day on which it came; the report by scene has it where its
 * timestamp says.
 */
public final class GroupedUsage {
  /** The most days of a report by scene. */
  public static final int MAX_DAYS_BY_SCENE = 31;

  private static final String CRLF = "\r\n";

  /** What the rows of a report stand for. */
  public enum GroupBy implements Word {
    ACTION,
    SCENE,
    DAY,
    MONTH;

    /** The constant written so; empty for null and unknown words. */
    public static Optional<GroupBy> parse(@Nullable String wire) {
      return Word.parse(GroupBy.class, wire);
    }
  }

  private final GroupBy groupBy;
  private final LocalDate from;
  private final LocalDate to;
  private final Map<String, Amounts> groups = new TreeMap<>();

  /**
   * An empty report.
   *
   * @param from the first day
   * @param to the first day that is not in it any more
   */
  public GroupedUsage(GroupBy groupBy, LocalDate from, LocalDate to) {
    if (!from.isBefore(to)) {
      throw new IllegalArgumentException("no days from " + from + " to " + to);
    }
    this.groupBy = groupBy;
    this.from = from;
    this.to = to;
  }

  /**
   * Adds a document of a month's summary, as far as its days are in the report; an absent one is
   * nothing.
   */
  public void addSummary(YearMonth month, Snapshot summary) {
    Summaries.eachAmounts(
        month,
        summary,
        (day, meant, action, amounts) -> {
          // What is late is in the day on which it was counted.
          if (meant == null && contains(day)) {
            add(key(day, action), amounts.totals());
          }
        });
  }

  /**
   * Adds a record under its scene, if it counts: not before it was counted, not when it was
   * corrected (its amendment counts in its place), not if it voids another.
   */
  public void addRecord(Snapshot record, Instant now) {
    Map<String, Object> fields = record.fields();
    StoredUsage stored = StoredUsage.of(record.ref().id(), fields, RateCard.DEFAULT, now);
    UsageFigures figures = stored.figures();
    if (figures != null
        && stored.settled()
        && contains(figures.day())
        && fields.get(UsageTracking.CORRECTED_BY) == null
        && !Correction.VOID.wire().equals(fields.get(UsageTracking.CORRECTION))) {
      add(figures.sceneId(), figures.amounts(RateCard.DEFAULT, true).totals());
    }
  }

  private void add(String key, Amounts amounts) {
    groups.merge(key, amounts, Amounts::plus);
  }

  private boolean contains(LocalDate day) {
    return !day.isBefore(from) && day.isBefore(to);
  }

  private String key(LocalDate day, String action) {
    return switch (groupBy) {
      case ACTION -> action;
      case DAY -> day.toString();
      case MONTH -> YearMonth.from(day).toString();
      case SCENE -> throw new IllegalStateException("summaries know no scenes");
    };
  }

  /** The rows by key, in the order of the keys, without rows in which nothing is left. */
  public Map<String, Amounts> groups() {
    Map<String, Amounts> rows = new LinkedHashMap<>(groups);
    rows.values().removeIf(Amounts::isZero);
    return rows;
  }

  /** The sum of all rows. */
  public Amounts totals() {
    return groups.values().stream().reduce(Amounts.ZERO, Amounts::plus);
  }

  /** The report as an answer: {@code groups} and {@code totals}. */
  public Map<String, Object> toAnswer() {
    List<Map<String, Object>> rows = new ArrayList<>();
    groups()
        .forEach(
            (key, amounts) -> {
              Map<String, Object> row = new LinkedHashMap<>();
              row.put("key", key);
              row.putAll(columns(amounts));
              rows.add(row);
            });
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("groups", rows);
    answer.put("totals", columns(totals()));
    return answer;
  }

  private static Map<String, Object> columns(Amounts amounts) {
    Map<String, Object> columns = new LinkedHashMap<>();
    columns.put("count", amounts.count());
    columns.put("episodes_generated", amounts.episodes());
    columns.put("compute_minutes", UsageFields.minutes(amounts.computeMs()));
    columns.put("storage_gb", UsageFields.gigabytes(amounts.storageBytes()));
    columns.put("billable_cost_micros", amounts.costMicros());
    return columns;
  }

  /**
   * The rows as CSV after RFC 4180: a header, CRLF at the end of every line, quotes around values
   * with commas, quotes or line breaks. Decimals are written out, never as 1.0E7. A key that a
   * spreadsheet would run as a formula, because it begins with {@code = + - @}, tab or CR, gets an
   * apostrophe in front.
   */
  public String toCsv() {
    StringBuilder csv = new StringBuilder("key,");
    csv.append(String.join(",", columns(Amounts.ZERO).keySet())).append(CRLF);
    groups()
        .forEach(
            (key, amounts) -> {
              csv.append(guarded(key));
              columns(amounts).values().forEach(value -> csv.append(',').append(plain(value)));
              csv.append(CRLF);
            });
    return csv.toString();
  }

  static String plain(Object number) {
    return number instanceof Double decimal
        ? BigDecimal.valueOf(decimal).toPlainString()
        : number.toString();
  }

  /** A key that no spreadsheet takes for a formula; see {@link #toCsv}. */
  public static String guarded(String key) {
    return quoted(key.matches("(?s)[=+@\t\r-].*") ? "'" + key : key);
  }

  /** A value of a CSV file after RFC 4180, as it is. */
  static String quoted(String value) {
    return value.matches("[^,\"\r\n]*") ? value : '"' + value.replace("\"", "\"\"") + '"';
  }
}
