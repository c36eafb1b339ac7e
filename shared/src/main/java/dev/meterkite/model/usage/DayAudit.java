package dev.meterkite.model.usage;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A UTC day of a customer in its summary, beside the number of the day's records and the sums of
 * their fields.
 *
 * <p>They differ rightly by what has been looked at record by record: corrections, late records,
 * broken ones, those that are not billable. That difference is kept in the summary as {@code
 * explained.{dd}}; a day needs another look only when the difference is another one.
 *
 * <p>Worked example: three records of 10 episodes, one of them voided by a fourth. The records are
 * 4 with 30 episodes, the summary says 2 and 20, and 2 and 10 are explained. When the event of a
 * fifth record is lost the difference is 3 and 20, and the day is looked at.
 *
 * @param day which day
 * @param records what a count and sums over the day's records say, billable or not
 * @param summary what the summary holds under the day
 * @param explained by how much the records were found to say more, when they were last looked at
 */
public record DayAudit(LocalDate day, Amounts records, Amounts summary, Amounts explained) {
  private static final double MS_A_MINUTE = 60_000;
  private static final double BYTES_A_GB = 1e9;
  private static final double MICROS_A_USD = 1e6;

  /** Beyond this a double does not hold every integer, and no sum of ours comes near. */
  private static final double LARGEST = 1L << 53;

  /** Sums of decimals come out of Firestore as floats, whatever the order of adding. */
  private static final double RELATIVE_ERROR = 1e-12;

  /** Compares a day of a month's summary with what a count and sums over its records say. */
  public static DayAudit of(LocalDate day, MonthTotals month, Amounts records) {
    return new DayAudit(day, records, month.sum(day), month.explained(day));
  }

  /** The number of records and the sums of {@link Queries#usageSums}, in integers. */
  public static Amounts records(List<Number> countAndSums) {
    return new Amounts(
        integer(countAndSums.get(0), 1),
        integer(countAndSums.get(1), 1),
        integer(countAndSums.get(2), MS_A_MINUTE),
        integer(countAndSums.get(3), BYTES_A_GB),
        integer(countAndSums.get(4), MICROS_A_USD));
  }

  /** What others wrote may be anything, also NaN: no figure then, but the same one every time. */
  private static long integer(Number number, double scale) {
    double scaled = number.doubleValue() * scale;
    return Math.abs(scaled) < LARGEST ? Math.round(scaled) : 0;
  }

  private static String key(LocalDate day) {
    return "%02d".formatted(day.getDayOfMonth());
  }

  /** Whether there is nothing on this day, neither records nor what was counted. */
  public boolean isEmpty() {
    return records.isZero() && summary.isZero() && explained.isZero();
  }

  /** Whether records and summary differ by what is explained, and nothing else. */
  public boolean agrees() {
    Amounts rest = difference().minus(explained);
    return rest.count() == 0
        && rest.episodes() == 0
        && isRounding(rest.computeMs(), records.computeMs())
        && isRounding(rest.storageBytes(), records.storageBytes())
        && isRounding(rest.costMicros(), records.costMicros());
  }

  private static boolean isRounding(long rest, long of) {
    return Math.abs(rest) <= 1 + Math.abs(of) * RELATIVE_ERROR;
  }

  private Amounts difference() {
    return records.minus(summary);
  }

  /** Notes in the summary that the difference of this day is right as it is. */
  public Write.Merge explain(String customerId) {
    YearMonth month = YearMonth.from(day);
    Amounts difference = difference();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageSummaries.CUSTOMER_ID, customerId);
    fields.put(UsageSummaries.MONTH, month.toString());
    fields.put(
        FieldPath.of(UsageSummaries.EXPLAINED, key(day)),
        difference.isZero() ? Write.REMOVED : difference.toFields());
    return new Write.Merge(UsageIds.summaryRef(customerId, month), fields);
  }
}
