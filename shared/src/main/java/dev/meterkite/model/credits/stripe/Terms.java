package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.credits.lots.Holds;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import java.math.BigInteger;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
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
public record Terms(Map<String, Term> byKey) {
  /** Maximum number of running lines; a payment that would bring more is refused. */
  static final int MAX = 100;

  public static final Terms NONE = new Terms(Map.of());

  private static final Comparator<Map.Entry<String, Term>> BY_START =
      Comparator.<Map.Entry<String, Term>, Instant>comparing(each -> each.getValue().line().start())
          .thenComparing(Map.Entry::getKey);

  public Terms {
    byKey = Map.copyOf(byKey);
  }

  /** The key of a line: two invoices for one tier and period are one term. */
  public static String key(String saleId, Line line) {
    long from = line.start().getEpochSecond();
    long to = line.end().getEpochSecond();
    return switch (line.kind()) {
      case WHOLE -> line.tier() + " " + from + " " + to;
      case TRIAL -> "trial " + line.tier() + " " + from + " " + to;
      case CHARGE, CREDIT -> saleId + " " + line.key();
    };
  }

  /** Whether more lines run than a user can have. */
  public boolean isOverFull(Instant now) {
    return byKey.values().stream().filter(term -> term.line().end().isAfter(now)).count() > MAX;
  }

  /**
   * Those that have not ended, in the order of their keys; of too many, as a lost ledger may find
   * them, not those that end first.
   */
  public TreeMap<String, Term> running(Instant now) {
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
  public @Nullable Instant dueAt() {
    Instant due = null;
    for (Term term : byKey.values()) {
      due = Holds.earlier(due, term.dueAt());
    }
    return due;
  }

  /** The credits of a month of a term before anything is taken back. */
  public long credits(Term term, int month) {
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
    Line same = whole.map(Term::line).filter(each -> each.tier().equals(line.tier())).orElse(null);
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
        .min(Comparator.comparing(each -> !each.line().tier().equals(proration.tier())));
  }

  private Stream<Map.Entry<String, Term>> sorted() {
    return byKey.entrySet().stream().sorted(BY_START);
  }

  /**
   * How many credits of a month of a term invoices have credited: of a whole month for $29 with
   * 2,500 credits, a credit line of $14.50 credits 1,250.
   */
  public long credited(String key, int month, long credits) {
    return credited(creditLines(), key, month, credits);
  }

  /** As {@link #credited(String, int, long)}, of what {@link #creditLines} says. */
  public long credited(
      Map<String, Map<Instant, Line>> creditLines, String key, int month, long credits) {
    Term term = byKey.get(key);
    if (term == null) {
      return 0;
    }
    long sum = 0;
    for (Line credit : creditLines.getOrDefault(key, Map.of()).values()) {
      sum += credited(term, month, credits, credit);
    }
    return Math.min(sum, credits);
  }

  /**
   * The part of credit lines that falls to each line, by its key and by when they begin.
   *
   * <p>A credit line credits the latest line of its tier and end that began by then. No line is
   * credited more than it cost: of plans that were changed more than once within a second several
   * lines have the same period, and what one cannot take falls to the next. A line of the credit's
   * own invoice comes last, and only where there is another one: it is the plan that was changed
   * to.
   */
  public Map<String, Map<Instant, Line>> creditLines() {
    List<Map.Entry<String, Term>> credits = sorted().filter(each -> !gives(each)).toList();
    List<Map.Entry<String, Term>> latestFirst =
        sorted().filter(Terms::gives).sorted(BY_START.reversed()).toList();
    Map<String, Long> room = new HashMap<>();
    Map<String, Long> left = new HashMap<>();
    Map<String, Map<Instant, Line>> parts = new HashMap<>();
    for (boolean isOwn : List.of(false, true)) {
      for (Map.Entry<String, Term> credit : credits) {
        Term term = credit.getValue();
        List<Map.Entry<String, Term>> all =
            latestFirst.stream().filter(each -> isCreditedBy(each.getValue(), term)).toList();
        boolean hasOther = all.stream().anyMatch(each -> !isOwn(each.getValue(), term));
        Long amount = term.line().amount();
        long rest = left.getOrDefault(credit.getKey(), amount == null ? 1 : amount);
        for (Map.Entry<String, Term> each : all) {
          if (rest == 0 || !hasOther || isOwn(each.getValue(), term) != isOwn) {
            continue;
          }
          long free = room.getOrDefault(each.getKey(), cost(each.getValue()));
          long part = amount == null ? rest : Math.min(rest, free);
          if (part > 0) {
            room.put(each.getKey(), amount == null ? free : free - part);
            parts
                .computeIfAbsent(each.getKey(), key -> new TreeMap<>())
                .merge(
                    term.line().start(), of(term.line(), amount == null ? null : part), Terms::add);
            rest -= part;
          }
        }
        left.put(credit.getKey(), rest);
      }
    }
    return parts;
  }

  private static boolean gives(Map.Entry<String, Term> term) {
    return term.getValue().gives();
  }

  /** What can be credited of a line; of one that states nothing, anything. */
  private static long cost(Term term) {
    Long amount = term.line().amount();
    return amount == null || amount == 0 ? Long.MAX_VALUE : amount;
  }

  private static boolean isCreditedBy(Term term, Term credit) {
    return term.line().kind() != LineKind.TRIAL
        && term.line().tier().equals(credit.line().tier())
        && term.line().end().equals(credit.line().end())
        && !term.line().start().isAfter(credit.line().start());
  }

  private static boolean isOwn(Term term, Term credit) {
    return term.back().keySet().containsAll(credit.back().keySet());
  }

  private static Line add(Line one, Line other) {
    Long amount = one.amount();
    Long more = other.amount();
    return of(one, amount == null || more == null ? null : (Long) Math.addExact(amount, more));
  }

  private static Line of(Line line, @Nullable Long amount) {
    return new Line(
        line.key(),
        line.kind(),
        line.tier(),
        line.credits(),
        line.quantity(),
        line.start(),
        line.end(),
        amount,
        line.unit());
  }

  private static long credited(Term term, int month, long credits, Line credit) {
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
