package dev.meterkite.model.stripe;

import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.credits.stripe.StripePayment.Sale;
import dev.meterkite.model.plans.CreditPackage;
import dev.meterkite.model.plans.UserTier;
import dev.meterkite.model.time.Period;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What sessions and invoices sold.
 *
 * <p>A session says so by its lines if it has them, else by {@code metadata.price_id}, of which it
 * sold as many as its subtotal is a multiple of the package's price, else by {@code
 * metadata.credits}; and only where the setting says so, by a subtotal in US dollars that is the
 * price of a package.
 */
final class StripeSales {
  static final String UNKNOWN_PRICE = "unknown_price";
  static final String INCOMPLETE_EVENT = "incomplete_event";
  static final String AMOUNT_MISMATCH = "amount_mismatch";

  private static final String US_DOLLARS = "usd";
  private static final List<String> SUBTOTALS =
      List.of("amount_subtotal", "currency_conversion.amount_subtotal");
  private static final String[] DISCOUNTS = {"discount", "discounts"};

  private final StripePrices prices;
  private final TrialCredits trials;
  private final boolean bySubtotal;

  StripeSales(StripePrices prices, TrialCredits trials, boolean bySubtotal) {
    this.prices = prices;
    this.trials = trials;
    this.bySubtotal = bySubtotal;
  }

  /** What was read. */
  sealed interface Read {}

  /** Something of ours. */
  record Sold(Sale sale) implements Read {}

  /** Nothing of ours. */
  record Nothing() implements Read {}

  /** The event is not understood as a whole. */
  record Refused(String code, String what) implements Read {}

  /** What a paid session in mode {@code payment} sold. */
  Read session(StripeObject session, boolean namesUser) {
    if (session.hasList("line_items")) {
      List<StripeObject> lines = session.list("line_items.data");
      return session.isCutOff("line_items") || lines.isEmpty()
          ? new Refused(INCOMPLETE_EVENT, "line_items")
          : packages(session, lines);
    }
    String price = session.text("metadata.price_id", "metadata.price");
    if (price != null) {
      return priced(session, price);
    }
    String credits = session.text("metadata.credits");
    if (credits != null) {
      return sized(session, credits);
    }
    if (!bySubtotal || !namesUser) {
      return new Nothing();
    }
    Long dollars = dollars(session);
    return dollars == null
        ? new Refused(UNKNOWN_PRICE, "none")
        : find(session, each -> each.priceCents() == dollars);
  }

  private Read sized(StripeObject session, String credits) {
    return find(session, each -> credits.equals(Long.toString(each.credits())));
  }

  private Read find(StripeObject session, Predicate<CreditPackage> which) {
    return prices.plans().packages().stream()
        .filter(which)
        .findFirst()
        .<Read>map(found -> sold(session, found.credits(), found.priceCents()))
        .orElseGet(() -> new Refused(UNKNOWN_PRICE, "none"));
  }

  /** A sale of packages; where the session states no amount, at their price. */
  private static Read sold(StripeObject session, long credits, long priceCents) {
    Long stated = positive(session.amount("amount_total", "amount_subtotal"));
    Long amount = stated == null && isDollars(session) ? (Long) priceCents : stated;
    return new Sold(new Sale(false, amount, credits, List.of()));
  }

  private Read packages(StripeObject session, List<StripeObject> lines) {
    long credits = 0;
    long cents = 0;
    for (StripeObject line : lines) {
      String price = line.price();
      Optional<CreditPackage> found = prices.credits(price);
      if (found.isPresent()) {
        credits = Math.addExact(credits, times(found.get().credits(), quantity(line)));
        cents = Math.addExact(cents, times(found.get().priceCents(), quantity(line)));
      } else if (!prices.isForeign(price)) {
        return new Refused(UNKNOWN_PRICE, price);
      }
    }
    return credits == 0 ? new Nothing() : sold(session, credits, cents);
  }

  /**
   * As many of one price as the subtotal says. In US dollars, or converted from them, it must be a
   * multiple of the package's price; of a price in another currency nothing is known, so it is one.
   * A subtotal of 0 or less, which is before discounts, is none in every currency.
   */
  private Read priced(StripeObject session, String price) {
    Optional<CreditPackage> found = prices.credits(price);
    if (found.isEmpty()) {
      return prices.isForeign(price) ? new Nothing() : new Refused(UNKNOWN_PRICE, price);
    }
    if (SUBTOTALS.stream().map(session::amount).anyMatch(each -> each != null && each < 1)) {
      return new Refused(AMOUNT_MISMATCH, price);
    }
    long one = found.get().priceCents();
    Long dollars = dollars(session);
    if (dollars == null) {
      return sold(session, found.get().credits(), one);
    }
    return dollars % one == 0
        ? sold(session, times(found.get().credits(), dollars / one), dollars)
        : new Refused(AMOUNT_MISMATCH, price);
  }

  private static boolean isDollars(StripeObject session) {
    return US_DOLLARS.equals(Objects.requireNonNullElse(session.text("currency"), US_DOLLARS));
  }

  /**
   * The subtotal in cents of a US dollar; null where it is not stated. Where the buyer paid in
   * another currency, API versions before 2025-03-31 state what it was converted from.
   */
  private static @Nullable Long dollars(StripeObject session) {
    if (US_DOLLARS.equals(session.text("currency_conversion.source_currency"))) {
      return positive(
          session.amount(
              "currency_conversion.amount_subtotal", "currency_conversion.amount_total"));
    }
    if (!isDollars(session)) {
      return null;
    }
    Long subtotal = positive(session.amount("amount_subtotal"));
    return subtotal == null ? positive(session.amount("amount_total")) : subtotal;
  }

  private static @Nullable Long positive(@Nullable Long amount) {
    return amount == null || amount < 1 ? null : amount;
  }

  /** What a paid invoice sold. */
  Read invoice(StripeObject invoice) {
    List<StripeObject> lines = invoice.list("lines.data");
    if (invoice.isCutOff("lines") || (lines.isEmpty() && mayHaveSold(invoice))) {
      return new Refused(INCOMPLETE_EVENT, "lines");
    }
    long packages = 0;
    List<Line> tiers = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      StripeObject line = lines.get(i);
      String price = line.price();
      Optional<CreditPackage> sold = prices.credits(price);
      Optional<UserTier> tier = prices.tier(price);
      if (sold.isPresent()) {
        packages = Math.addExact(packages, packages(sold.get(), line));
      } else if (tier.isPresent()) {
        Period period = period(line);
        if (period == null) {
          return new Refused(INCOMPLETE_EVENT, "the period of " + price);
        }
        String key = Optional.ofNullable(line.text("id")).orElse("line_" + i);
        line(key, tier.get(), period, line, isDiscounted(invoice, line)).ifPresent(tiers::add);
      } else if (!prices.isForeign(price) && (line.hasPrice() || isSubscription(line))) {
        return new Refused(UNKNOWN_PRICE, price);
      }
    }
    packages = Math.max(0, packages);
    return packages == 0 && tiers.isEmpty()
        ? new Nothing()
        : new Sold(new Sale(true, paid(invoice, lines), packages, tiers));
  }

  /** What was paid for an invoice; where it does not say so, the sum of its lines. */
  private static @Nullable Long paid(StripeObject invoice, List<StripeObject> lines) {
    Long stated = invoice.amount("amount_paid", "total");
    if (stated != null) {
      Long total = positive(stated);
      return total == null ? positive(invoice.amount("total")) : total;
    }
    long sum = 0;
    for (StripeObject line : lines) {
      Long amount = line.amount("amount");
      if (amount == null) {
        return null;
      }
      sum = Math.addExact(sum, amount);
    }
    return positive(sum);
  }

  /** An invoice without lines sold nothing only if it says that it was for nothing. */
  private static boolean mayHaveSold(StripeObject invoice) {
    Long total = invoice.amount("total", "amount_paid");
    return total == null || total > 0;
  }

  private static @Nullable Period period(StripeObject line) {
    Instant start = line.moment("period.start");
    Instant end = line.moment("period.end");
    return start == null || end == null || !start.isBefore(end) ? null : new Period(start, end);
  }

  /**
   * The credits of a line of packages; of a proration its share of the price, rounded down, and of
   * one that credits unused time less than 0: with the other lines of its invoice it is what a
   * change of the quantity bought.
   */
  private static long packages(CreditPackage sold, StripeObject line) {
    long quantity = quantity(line);
    long credits = times(sold.credits(), quantity);
    Long amount = line.amount("amount");
    boolean isCredit = amount != null && amount < 0;
    if (!isCredit && !isProration(line)) {
      return credits;
    }
    Long unit = positive(line.amount("price.unit_amount", "plan.amount"));
    BigInteger price =
        BigInteger.valueOf(unit == null ? sold.priceCents() : unit)
            .multiply(BigInteger.valueOf(quantity));
    if (amount == null || price.signum() == 0) {
      return 0;
    }
    long share =
        BigInteger.valueOf(credits)
            .multiply(BigInteger.valueOf(amount).abs())
            .divide(price)
            .min(BigInteger.valueOf(credits))
            .longValueExact();
    return isCredit ? -share : share;
  }

  private Optional<Line> line(
      String key, UserTier tier, Period period, StripeObject line, boolean isDiscounted) {
    long quantity = quantity(line);
    Long amount = line.amount("amount");
    LineKind kind = kind(line, amount, isDiscounted);
    long month = times(tier.monthlyCredits(), quantity);
    long credits = kind == LineKind.TRIAL ? trials.of(month, period) : month;
    boolean isNothing = isProration(line) && (amount == null || amount == 0);
    return quantity == 0 || credits == 0 || isNothing
        ? Optional.empty()
        : Optional.of(
            new Line(
                key,
                kind,
                tier.word(),
                credits,
                quantity,
                period.start(),
                period.end(),
                amount == null ? null : Math.absExact(amount),
                monthlyUnit(line)));
  }

  private static LineKind kind(StripeObject line, @Nullable Long amount, boolean isDiscounted) {
    if (amount != null && amount < 0) {
      return LineKind.CREDIT;
    }
    if (isProration(line)) {
      return LineKind.CHARGE;
    }
    boolean isFree = amount != null && amount == 0 && !isDiscounted;
    return isFree ? LineKind.TRIAL : LineKind.WHOLE;
  }

  /**
   * Whether a line costs less than its price by a discount. Where the line, or else the invoice,
   * states amounts, they decide: a customer with a coupon has it on the invoice of a trial too,
   * with an amount of 0.
   */
  private static boolean isDiscounted(StripeObject invoice, StripeObject line) {
    List<StripeObject> amounts = line.list("discount_amounts");
    if (amounts.isEmpty()) {
      amounts = invoice.list("total_discount_amounts");
    }
    return amounts.isEmpty()
        ? Stream.of(line, invoice).anyMatch(each -> each.hasAny(DISCOUNTS))
        : amounts.stream().anyMatch(each -> each.whole("amount") > 0);
  }

  /** What a month of one costs, where the line has its whole price in it, as older versions do. */
  private static @Nullable Long monthlyUnit(StripeObject line) {
    if (isMonthly(line, "price.recurring")) {
      return line.amount("price.unit_amount");
    }
    return isMonthly(line, "plan") ? line.amount("plan.amount") : null;
  }

  private static boolean isMonthly(StripeObject line, String recurring) {
    Long count = line.amount(recurring + ".interval_count");
    return "month".equals(line.text(recurring + ".interval")) && (count == null || count == 1);
  }

  /**
   * How many a line sold: 1 where it does not say. None only of a line for nothing, as of seats
   * that were set to 0; one that credits may count what it credits below 0.
   */
  private static long quantity(StripeObject line) {
    Long quantity = line.amount("quantity");
    if (quantity == null) {
      return 1;
    }
    Long amount = line.amount("amount", "amount_subtotal", "amount_total");
    boolean isCredit = amount != null && amount < 0;
    boolean isNothing = amount != null && amount == 0;
    if (quantity < 0 && isCredit) {
      return Math.negateExact(quantity);
    }
    if (quantity > 0 || (quantity == 0 && isNothing)) {
      return quantity;
    }
    throw new StripeObject.Unreadable("quantity");
  }

  private static long times(long each, long quantity) {
    return Math.multiplyExact(each, quantity);
  }

  private static boolean isProration(StripeObject line) {
    return line.flag(
        "proration",
        "parent.subscription_item_details.proration",
        "parent.invoice_item_details.proration");
  }

  private static boolean isSubscription(StripeObject line) {
    return line.text(
            "subscription", "parent.subscription_item_details.subscription", "subscription_item")
        != null;
  }
}
