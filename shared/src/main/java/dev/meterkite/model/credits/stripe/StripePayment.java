package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.schema.Word;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The facts of one payment at Stripe: what it sold, what was paid, what went back. An event adds
 * facts by {@link #merge}, which is commutative, associative and idempotent, so the facts do not
 * depend on the order or the number of the events. Everything else is derived from them.
 *
 * <p>Example: an invoice of $29 sold a month of pro, a refund of $10 succeeded, one of $5 failed:
 * {@code back} is 1,000 of {@code paid} 2,900 cents, so 862 of the 2,500 credits are taken back.
 *
 * @param sales by the id of the session or invoice
 * @param parts by payment intent, or by charge where there is none; an invoice can have several
 * @param refunds by refund id
 * @param disputes by dispute id
 */
public record StripePayment(
    Map<String, Sale> sales,
    Map<String, Part> parts,
    Map<String, Refund> refunds,
    Map<String, Dispute> disputes) {
  /** Maximum number of sales, parts, refunds and disputes, each, of a payment. */
  public static final int MAX_FACTS = 500;

  /** The largest amount that counts, in the currency's smallest unit; larger ones are cut to it. */
  static final long MAX_AMOUNT = 1L << 50;

  /** By how much a refund's own time may be later than that of the figure that has it in it. */
  static final Duration SLACK = Duration.ofMinutes(1);

  /** No facts. */
  public static final StripePayment NONE =
      new StripePayment(Map.of(), Map.of(), Map.of(), Map.of());

  public StripePayment {
    sales = Map.copyOf(sales);
    parts = Map.copyOf(parts);
    refunds = Map.copyOf(refunds);
    disputes = Map.copyOf(disputes);
  }

  /** What a line of an invoice does. */
  public enum LineKind implements Word {
    /** Pays a tier for its whole period. */
    WHOLE,
    /** A trial, which costs nothing. */
    TRIAL,
    /** A proration that charges a part of a period. */
    CHARGE,
    /** A proration that credits the unused part of a period. */
    CREDIT
  }

  /**
   * A line of a tier.
   *
   * @param key what identifies it within its invoice
   * @param credits the credits of a month, all its quantity; of a trial, those of the trial
   * @param quantity at least 1
   * @param amount its amount without sign, in the currency's smallest unit; null if not stated
   * @param unit what a month of one costs, where the line says so
   */
  public record Line(
      String key,
      LineKind kind,
      String tier,
      long credits,
      long quantity,
      Instant start,
      Instant end,
      @Nullable Long amount,
      @Nullable Long unit) {
    public Line {
      if (!start.isBefore(end) || quantity < 1 || credits < 0) {
        throw new IllegalArgumentException("line of " + credits + " from " + start + " to " + end);
      }
    }
  }

  /**
   * What a session or an invoice sold.
   *
   * @param isInvoice whether an invoice says so: it knows better than its session
   * @param amount what was paid for it; null if not stated
   * @param packages the credits of its packages
   */
  public record Sale(boolean isInvoice, @Nullable Long amount, long packages, List<Line> lines) {
    private static final Comparator<Sale> ORDER =
        Comparator.comparing(Sale::isInvoice)
            .thenComparing(Sale::amount, Comparator.nullsFirst(Comparator.naturalOrder()))
            .thenComparing(Sale::packages)
            .thenComparing(sale -> sale.lines().toString());

    public Sale {
      amount = cut(amount);
      lines = List.copyOf(lines);
    }
  }

  /** A cumulative refunded amount of a charge, as an event stated it. */
  public record Refunded(Instant at, long amount) {
    public Refunded {
      amount = Math.min(amount, MAX_AMOUNT);
    }
  }

  /**
   * One charge of the payment.
   *
   * @param amount the charge's amount; null until a charge was seen
   * @param stated the amount by the tie to the invoice; null if there is none
   * @param refunded cumulative refunded amounts, later ones smaller, since refunds can fail
   */
  public record Part(@Nullable Long amount, @Nullable Long stated, List<Refunded> refunded) {
    public Part {
      amount = cut(amount);
      stated = cut(stated);
      refunded = frontier(refunded);
    }

    /** Drops figures for which there is a later or equal one that is not smaller. */
    private static List<Refunded> frontier(List<Refunded> all) {
      List<Refunded> sorted = new ArrayList<>(all);
      sorted.sort(Comparator.comparing(Refunded::at).thenComparing(Refunded::amount).reversed());
      List<Refunded> kept = new ArrayList<>();
      long most = 0;
      for (Refunded each : sorted) {
        if (each.amount() > most) {
          kept.add(each);
          most = each.amount();
        }
      }
      return List.copyOf(kept.subList(Math.max(0, kept.size() - MAX_FACTS), kept.size()));
    }

    long paid() {
      return amount != null ? amount : stated != null ? stated : 0;
    }

    private Part merge(Part other) {
      List<Refunded> all = new ArrayList<>(refunded);
      all.addAll(other.refunded);
      return new Part(max(amount, other.amount), max(stated, other.stated), all);
    }
  }

  /**
   * A refund.
   *
   * @param part the payment intent or charge that it is of, or null
   * @param createdAt when it was made, or null
   * @param failedAt when it failed or was cancelled, which is for good; null while it has not
   */
  public record Refund(
      @Nullable String part, long amount, @Nullable Instant createdAt, @Nullable Instant failedAt) {
    public Refund {
      amount = Math.min(amount, MAX_AMOUNT);
    }

    private Refund merge(Refund other) {
      return new Refund(
          max(part, other.part),
          Math.max(amount, other.amount),
          min(createdAt, other.createdAt),
          min(failedAt, other.failedAt));
    }
  }

  /**
   * A dispute whose funds have moved. The later movement counts; in the same second the funds are
   * back.
   *
   * @param withdrawnAt when funds were last withdrawn, or null
   * @param reinstatedAt when they last came back, or null
   */
  public record Dispute(
      long amount, @Nullable Instant withdrawnAt, @Nullable Instant reinstatedAt) {
    public Dispute {
      amount = Math.min(amount, MAX_AMOUNT);
    }

    boolean isWithdrawn() {
      return withdrawnAt != null && (reinstatedAt == null || withdrawnAt.isAfter(reinstatedAt));
    }

    private Dispute merge(Dispute other) {
      return new Dispute(
          Math.max(amount, other.amount),
          max(withdrawnAt, other.withdrawnAt),
          max(reinstatedAt, other.reinstatedAt));
    }
  }

  /**
   * How much of a payment went back.
   *
   * @param back at most {@code paid} where that is known
   * @param paid 0 if nobody stated it; then anything that went back is all of it
   */
  public record Back(long back, long paid) {
    /** Nothing went back. */
    static final Back NONE = new Back(0, 0);

    /** {@code floor(credits × back ÷ paid)}. */
    public long of(long credits) {
      if (back >= paid) {
        return back == 0 ? 0 : credits;
      }
      return BigInteger.valueOf(credits)
          .multiply(BigInteger.valueOf(back))
          .divide(BigInteger.valueOf(paid))
          .longValueExact();
    }
  }

  /** The facts of both. */
  public StripePayment merge(StripePayment other) {
    return new StripePayment(
        union(sales, other.sales, BinaryOperator.maxBy(Sale.ORDER)),
        union(parts, other.parts, Part::merge),
        union(refunds, other.refunds, Refund::merge),
        union(disputes, other.disputes, Dispute::merge));
  }

  private static <V> Map<String, V> union(
      Map<String, V> one, Map<String, V> other, BinaryOperator<V> both) {
    TreeMap<String, V> all = new TreeMap<>(one);
    other.forEach((id, value) -> all.merge(id, value, both));
    while (all.size() > MAX_FACTS) {
      all.pollLastEntry();
    }
    return all;
  }

  /** Sales in the order of their ids; an invoice replaces the session of the same payment. */
  public Map<String, Sale> sold() {
    boolean hasInvoice = sales.values().stream().anyMatch(Sale::isInvoice);
    TreeMap<String, Sale> sold = new TreeMap<>();
    sales.forEach(
        (id, sale) ->
            sold.put(
                id,
                hasInvoice && !sale.isInvoice()
                    ? new Sale(false, sale.amount(), 0, List.of())
                    : sale));
    return sold;
  }

  /** How much went back of how much that was paid. */
  public Back back() {
    long paid = paid();
    long back = Math.addExact(refunded(), withdrawn());
    return new Back(paid == 0 ? back : Math.min(back, paid), paid);
  }

  /**
   * What was paid: the charge, where there is one and its amount is known. Of several charges some
   * may not be known yet; then the sale's amount counts if it is larger.
   */
  private long paid() {
    long known = parts.values().stream().mapToLong(Part::paid).sum();
    if (parts.size() == 1 && known > 0) {
      return known;
    }
    return sales.values().stream()
        .map(Sale::amount)
        .filter(Objects::nonNull)
        .reduce(known, Math::max);
  }

  private long withdrawn() {
    return disputes.values().stream().filter(Dispute::isWithdrawn).mapToLong(Dispute::amount).sum();
  }

  private long refunded() {
    TreeMap<String, List<Refund>> byPart = new TreeMap<>();
    parts.keySet().forEach(part -> byPart.put(part, new ArrayList<>()));
    for (Refund refund : refunds.values()) {
      byPart.computeIfAbsent(partOf(refund), each -> new ArrayList<>()).add(refund);
    }
    long sum = 0;
    for (Map.Entry<String, List<Refund>> part : byPart.entrySet()) {
      sum = Math.addExact(sum, refunded(parts.get(part.getKey()), part.getValue()));
    }
    return sum;
  }

  private String partOf(Refund refund) {
    String part = refund.part();
    if (part != null && parts.containsKey(part)) {
      return part;
    }
    return parts.size() == 1 ? parts.keySet().iterator().next() : "";
  }

  /**
   * What was refunded of a charge: its refunds that have not failed, or a cumulative figure less
   * the refunds in it that failed afterwards, whichever is more. A refund that failed before a
   * figure is not in it.
   */
  private static long refunded(@Nullable Part part, List<Refund> refunds) {
    long most = 0;
    for (Refund refund : refunds) {
      most += refund.failedAt() == null ? refund.amount() : 0;
    }
    for (Refunded figure : part == null ? List.<Refunded>of() : part.refunded()) {
      long left = figure.amount();
      for (Refund refund : refunds) {
        left -= isFailedPartOf(refund, figure) ? refund.amount() : 0;
      }
      most = Math.max(most, left);
    }
    return most;
  }

  private static boolean isFailedPartOf(Refund refund, Refunded figure) {
    Instant failedAt = refund.failedAt();
    Instant createdAt = refund.createdAt();
    return failedAt != null
        && !failedAt.isBefore(figure.at())
        && (createdAt == null || createdAt.isBefore(figure.at().plus(SLACK)));
  }

  private static @Nullable Long cut(@Nullable Long amount) {
    return amount == null ? null : (Long) Math.min(amount, MAX_AMOUNT);
  }

  private static <T extends Comparable<? super T>> @Nullable T max(
      @Nullable T one, @Nullable T other) {
    return Stream.of(one, other)
        .filter(Objects::nonNull)
        .max(Comparator.naturalOrder())
        .orElse(null);
  }

  private static <T extends Comparable<? super T>> @Nullable T min(
      @Nullable T one, @Nullable T other) {
    return Stream.of(one, other)
        .filter(Objects::nonNull)
        .min(Comparator.naturalOrder())
        .orElse(null);
  }
}
