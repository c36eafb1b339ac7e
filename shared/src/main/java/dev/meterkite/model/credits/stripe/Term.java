package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.credits.stripe.StripePayment.Back;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.schema.Ids;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BinaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A line of a tier that is paid and not over, with what the ledger has done for its present month.
 *
 * <p>A line of a month is one lot; one of a year is twelve: each begins a calendar month after the
 * one before, counted from the line's start, and the last ends with the line.
 *
 * @param line the line as its invoice states it
 * @param back how much of the payment of each sale that paid it went back, by the sale's id
 * @param months how many months have been opened, each with a lot or passed over
 * @param booking of the month that was opened last
 */
public record Term(Line line, Map<String, Back> back, int months, Booking booking) {
  private static final Duration AVERAGE_MONTH = Duration.ofHours(730).plusMinutes(30);

  /** Of two lines of one period the one with more credits, then the one that cost more. */
  private static final BinaryOperator<Line> LARGER =
      BinaryOperator.maxBy(
          Comparator.comparing(Line::credits)
              .thenComparing(Line::amount, Comparator.nullsFirst(Comparator.naturalOrder()))
              .thenComparing(Line::toString));

  public Term {
    back = Map.copyOf(back);
  }

  /** A line that has given nothing. */
  public static Term of(String saleId, Line line, Back back) {
    return new Term(line, Map.of(saleId, back), 0, Booking.NONE);
  }

  /** This, also paid by a sale; of two that pay the same period the larger one counts. */
  public Term paidBy(String saleId, Line told, Back ratio) {
    Map<String, Back> next = new LinkedHashMap<>(back);
    next.put(saleId, ratio);
    return new Term(LARGER.apply(line, told), next, months, booking);
  }

  public Term with(int opened, Booking next) {
    return new Term(line, back, opened, next);
  }

  /** Whether it gives credits; a credit line only takes back. */
  public boolean gives() {
    return line.kind() != LineKind.CREDIT;
  }

  /** How many lots it is, at least 1: 365 days are 12, 30 days 1, 7 days 1. */
  int count() {
    return switch (line.kind()) {
      case TRIAL, CREDIT -> 1;
      case WHOLE ->
          (int)
              Math.max(
                  1,
                  Math.round(
                      (double) seconds(line.start(), line.end()) / AVERAGE_MONTH.toSeconds()));
      case CHARGE -> {
        int whole = (int) ChronoUnit.MONTHS.between(zoned(), line.end().atZone(ZoneOffset.UTC));
        yield whole == 0 || monthStart(whole).isBefore(line.end()) ? whole + 1 : whole;
      }
    };
  }

  /** The first instant of a month of it. */
  public Instant monthStart(int month) {
    return zoned().plusMonths(month).toInstant();
  }

  /** The first instant after a month of it. */
  public Instant monthEnd(int month) {
    return month + 1 >= count() ? line.end() : monthStart(month + 1);
  }

  /** The month that contains an instant; the first one before the start as well. */
  public int monthAt(Instant now) {
    if (now.isBefore(line.start())) {
      return 0;
    }
    int month = (int) ChronoUnit.MONTHS.between(zoned(), now.atZone(ZoneOffset.UTC));
    if (!monthStart(month + 1).isAfter(now)) {
      month++; // from January 31 to February 28 is a month here
    }
    return Math.min(month, count() - 1);
  }

  /** When the next month is to be opened; null when none is. */
  @Nullable Instant dueAt() {
    return gives() && months < count() ? monthStart(months) : null;
  }

  /** How many credits of a month's lot are due back, all money that went back considered. */
  public long due(long credits) {
    return back.values().stream().mapToLong(each -> each.of(credits)).min().orElse(0);
  }

  private ZonedDateTime zoned() {
    return line.start().atZone(ZoneOffset.UTC);
  }

  static long seconds(Instant from, Instant to) {
    return to.getEpochSecond() - from.getEpochSecond();
  }

  /** The transaction of a month of a line; a user's trials have one together. */
  public static String transactionId(
      String userId, String key, Line line, Instant start, Instant end) {
    return switch (line.kind()) {
      case WHOLE -> Ids.uuid("paid-month", userId, line.tier(), start.toString(), end.toString());
      case TRIAL -> Ids.uuid("trial", userId);
      case CHARGE, CREDIT -> Ids.uuid("proration", userId, key, start.toString());
    };
  }
}
