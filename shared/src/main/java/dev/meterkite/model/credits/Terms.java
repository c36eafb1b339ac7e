package dev.meterkite.model.credits;

import dev.meterkite.model.credits.StripePayment.Line;
import dev.meterkite.model.credits.StripePayment.LineKind;
import java.math.BigInteger;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The running paid lines of one user, and what follows from them together: a proration concerns a
 * line that another invoice sold.
 *
 * @param byKey at most {@value #MAX}; a whole line by tier, start and end, a proration by its
 *     invoice and line
 */
record Terms(Map<String, Term> byKey) {
  /** Maximum number of running lines; beyond it those that end first are dropped. */
  static final int MAX = 100;

  static final Terms NONE = new Terms(Map.of());

  private static final Comparator<Map.Entry<String, Term>> BY_START =
      Comparator.<Map.Entry<String, Term>, Instant>comparing(each -> each.getValue().line().start())
          .thenComparing(Map.Entry::getKey);

  Terms {
    byKey = Map.copyOf(byKey);
  }

  /** The key of a line: two invoices for one tier and period are one term. */
  static String key(String saleId, Line line) {
    long from = line.start().getEpochSecond();
    long to = line.end().getEpochSecond();
    return switch (line.kind()) {
      case WHOLE -> line.tier().wire() + " " + from + " " + to;
      case TRIAL -> "trial " + line.tier().wire() + " " + from + " " + to;
      case CHARGE, CREDIT -> saleId + " " + line.key();
    };
  }

  /** Those that have not ended, in the order of their keys. */
  TreeMap<String, Term> running(Instant now) {
    TreeMap<String, Term> running = new TreeMap<>(byKey);
    running.values().removeIf(term -> !term.line().end().isAfter(now));
    while (running.size() > MAX) {
      running.entrySet().stream()
          .min(Comparator.comparing(each -> each.getValue().line().end()))
          .ifPresent(first -> running.remove(first.getKey()));
    }
    return running;
  }

  /** When the next month is to be opened; null when none is. */
  @Nullable Instant dueAt() {
    Instant due = null;
    for (Term term : byKey.values()) {
      due = Holds.earlier(due, term.dueAt());
    }
    return due;
  }

  /** The credits of a month of a term before anything is taken back. */
  long credits(Term term, int month) {
    Line line = term.line();
    if (line.kind() != LineKind.CHARGE) {
      return line.credits();
    }
    Instant start = term.monthStart(month);
    Instant end = term.monthEnd(month);
    if (term.count() > 1) {
      return share(line.credits(), seconds(start, end), fullMonth(start));
    }
    Long amount = line.amount();
    Optional<Term> whole = wholeOf(line);
    if (amount != null && amount == 0) {
      return 0;
    }
    Long unit = line.unit();
    if (amount != null && unit != null && unit > 0) {
      return share(line.credits(), big(amount), big(unit).multiply(big(line.quantity())));
    }
    Line same = whole.map(Term::line).filter(each -> each.tier() == line.tier()).orElse(null);
    Long price = same == null ? null : same.amount();
    if (amount != null && same != null && price != null && price > 0) {
      return share(
          line.credits(),
          big(amount).multiply(big(same.quantity())),
          big(price).multiply(big(line.quantity())));
    }
    Instant from =
        whole
            .map(each -> each.line().start())
            .orElseGet(() -> end.atZone(ZoneOffset.UTC).minusMonths(1).toInstant());
    return share(line.credits(), seconds(start, end), seconds(from, end));
  }

  /** The whole line of a month that ends when a proration does; the same tier's before others. */
  private Optional<Term> wholeOf(Line proration) {
    return sorted()
        .map(Map.Entry::getValue)
        .filter(
            each ->
                each.line().kind() == LineKind.WHOLE
                    && each.count() == 1
                    && each.line().end().equals(proration.end()))
        .min(Comparator.comparing(each -> each.line().tier() != proration.tier()));
  }

  private Stream<Map.Entry<String, Term>> sorted() {
    return byKey.entrySet().stream().sorted(BY_START);
  }

  /**
   * How many credits of a month of a term invoices have credited: of a whole month for $29 with
   * 2,500 credits, a credit line of $14.50 credits 1,250.
   */
  long credited(String key, int month, long credits) {
    long sum = 0;
    for (Term each : byKey.values()) {
      if (!each.gives() && key.equals(creditedBy(each))) {
        sum += credited(byKey.get(key), month, credits, each.line());
      }
    }
    return Math.min(sum, credits);
  }

  /** The line that a credit line credits: the latest one of its tier and end that began by then. */
  private @Nullable String creditedBy(Term credit) {
    return sorted()
        .filter(
            each ->
                each.getValue().line().kind() != LineKind.TRIAL
                    && each.getValue().gives()
                    && each.getValue().line().tier() == credit.line().tier()
                    && each.getValue().line().end().equals(credit.line().end())
                    && !each.getValue().line().start().isAfter(credit.line().start())
                    && !each.getValue().back().keySet().containsAll(credit.back().keySet()))
        .reduce((first, later) -> later)
        .map(Map.Entry::getKey)
        .orElse(null);
  }

  private static long credited(@Nullable Term term, int month, long credits, Line credit) {
    if (term == null) {
      return 0;
    }
    Instant start = term.monthStart(month);
    Instant end = term.monthEnd(month);
    Instant from = credit.start().isAfter(start) ? credit.start() : start;
    if (!from.isBefore(end)) {
      return 0;
    }
    BigInteger part = BigInteger.valueOf(credits).multiply(seconds(from, end));
    BigInteger whole = seconds(start, end);
    Long paid = term.line().amount();
    Long amount = credit.amount();
    if (paid != null && paid > 0 && amount != null) {
      // amount ÷ paid is the share of the time that is left; of a month of a year only its part.
      part = part.multiply(big(amount)).multiply(seconds(term.line().start(), term.line().end()));
      whole = whole.multiply(big(paid)).multiply(seconds(credit.start(), credit.end()));
    }
    return part.divide(whole).min(big(credits)).longValueExact();
  }

  private static BigInteger big(long value) {
    return BigInteger.valueOf(value);
  }

  /** {@code floor(credits × part ÷ whole)}, at most all. */
  private static long share(long credits, BigInteger part, BigInteger whole) {
    return big(credits).multiply(part).divide(whole).min(big(credits)).longValueExact();
  }

  private static BigInteger fullMonth(Instant start) {
    return seconds(start, start.atZone(ZoneOffset.UTC).plusMonths(1).toInstant());
  }

  private static BigInteger seconds(Instant from, Instant to) {
    return big(Term.seconds(from, to));
  }
}
