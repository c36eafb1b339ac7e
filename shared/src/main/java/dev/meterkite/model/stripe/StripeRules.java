package dev.meterkite.model.stripe;

import dev.meterkite.model.credits.CreditCommand;
import dev.meterkite.model.credits.CreditPackage;
import dev.meterkite.model.credits.Subscription;
import dev.meterkite.model.credits.Subscription.Change;
import dev.meterkite.model.credits.SubscriptionStatus;
import dev.meterkite.model.credits.SubscriptionTier;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.time.Period;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an event of Stripe means.
 *
 * <ul>
 *   <li>{@code checkout.session.completed} and {@code checkout.session.async_payment_succeeded} in
 *       mode {@code payment}: once {@code payment_status} is no longer {@code unpaid}, the packages
 *       that were bought. In every mode: who the user is at Stripe.
 *   <li>{@code invoice.paid}: for the lines of a tier its monthly credits for the line's period;
 *       for lines of packages those. A proration gives nothing: what it pays for is the tier, until
 *       the next renewal.
 *   <li>{@code customer.subscription.created}, {@code updated}, {@code deleted}: the subscription.
 *   <li>{@code charge.refunded}: what the payment had bought is taken back in proportion.
 * </ul>
 *
 * <p>A session tells what it sold by its lines if they are there, else by {@code
 * metadata.price_id}, else by {@code metadata.credits}, else, where it names the user, by a
 * subtotal in US dollars that is the price of a package: $14 is 250 credits.
 */
public final class StripeRules {
  /** Why nothing is done about events of other types. */
  public static final String IGNORED = "ignored";

  private static final String NONE = "none";

  private static final String[] USER = {
    "metadata.user_id",
    "subscription_details.metadata.user_id",
    "parent.subscription_details.metadata.user_id",
  };

  private final StripePrices prices;

  /** The rules with these prices. */
  public StripeRules(StripePrices prices) {
    this.prices = prices;
  }

  /** What an event means; never fails, whatever the object looks like. */
  public Meaning of(StripeEvent event) {
    StripeObject object = new StripeObject(event.object());
    return switch (event.type()) {
      case "checkout.session.completed", "checkout.session.async_payment_succeeded" ->
          session(event, object);
      case "invoice.paid" -> invoice(event, object);
      case "customer.subscription.created" -> subscription(event, object, Change.CREATED);
      case "customer.subscription.updated" -> subscription(event, object, Change.UPDATED);
      case "customer.subscription.deleted" -> subscription(event, object, Change.DELETED);
      case "charge.refunded" -> refund(event, object);
      default -> new Meaning.Nothing(IGNORED);
    };
  }

  private Meaning session(StripeEvent event, StripeObject session) {
    CreditCommand.Told told = told(event, session);
    String id = session.text("id");
    String mode = Objects.requireNonNullElse(session.text("mode"), "payment");
    if (id == null) {
      return new Meaning.Nothing("no_id");
    }
    if (!mode.equals("payment")) {
      return told.customerId() == null
          ? new Meaning.Nothing("no_customer")
          : asks(session, null, new CreditCommand.Introduce(told));
    }
    String status = session.text("payment_status");
    if (!"paid".equals(status) && !"no_payment_required".equals(status)) {
      return new Meaning.Nothing("not_paid");
    }
    List<StripeObject> lines = session.list("line_items.data");
    Sold sold = lines.isEmpty() ? bySession(session) : packages(lines);
    if (sold.credits() == 0) {
      return new Meaning.UnknownPrice(sold.unknown());
    }
    // A session that makes an invoice is told of by invoice.paid too.
    String objectId = Objects.requireNonNullElse(session.text("invoice"), id);
    String payment = payment(session);
    return asks(
        session,
        null,
        new CreditCommand.Purchase(objectId, sold.credits(), null, null, payment, told));
  }

  /**
   * Packages that were sold.
   *
   * @param credits all their credits; 0 where one is not known
   * @param unknown the first price that is not a package's
   */
  private record Sold(long credits, String unknown) {}

  private Sold packages(List<StripeObject> lines) {
    long credits = 0;
    for (StripeObject line : lines) {
      Optional<CreditPackage> sold = prices.credits(line.price());
      if (sold.isEmpty()) {
        return new Sold(0, line.price());
      }
      credits = Math.addExact(credits, times(sold.get(), line));
    }
    return new Sold(credits, NONE);
  }

  private static long times(CreditPackage sold, StripeObject line) {
    long quantity = Math.min(Math.max(1, line.whole("quantity")), Integer.MAX_VALUE);
    return Math.multiplyExact(sold.credits(), quantity);
  }

  private Sold bySession(StripeObject session) {
    String price = session.text("metadata.price_id", "metadata.price");
    if (price != null) {
      return new Sold(prices.credits(price).map(CreditPackage::credits).orElse(0L), price);
    }
    String named = session.text("metadata.credits");
    boolean inDollars = "usd".equals(session.text("currency"));
    boolean isOurs = user(session) != null;
    return new Sold(
        Arrays.stream(CreditPackage.values())
            .filter(
                each ->
                    named != null
                        ? named.equals(Long.toString(each.credits()))
                        : isOurs && inDollars && each.priceCents() == subtotal(session))
            .findFirst()
            .map(CreditPackage::credits)
            .orElse(0L),
        NONE);
  }

  private static long subtotal(StripeObject session) {
    long subtotal = session.whole("amount_subtotal");
    return subtotal > 0 ? subtotal : session.whole("amount_total");
  }

  private Meaning invoice(StripeEvent event, StripeObject invoice) {
    CreditCommand.Told told = told(event, invoice);
    String id = invoice.text("id");
    if (id == null) {
      return new Meaning.Nothing("no_id");
    }
    String payment = payment(invoice);
    List<CreditCommand> commands = new ArrayList<>();
    long packages = 0;
    String unknown = null;
    for (StripeObject line : invoice.list("lines.data")) {
      Optional<CreditPackage> sold = prices.credits(line.price());
      if (sold.isPresent()) {
        packages = Math.addExact(packages, times(sold.get(), line));
      } else if (prices.tier(line.price()).isEmpty() && isSubscription(line)) {
        unknown = line.price();
      }
    }
    renewal(invoice)
        .ifPresent(
            renewal ->
                commands.add(
                    new CreditCommand.Purchase(
                        id,
                        renewal.tier().monthlyCredits(),
                        renewal.tier(),
                        renewal.period(),
                        payment,
                        told)));
    if (packages > 0) {
      commands.add(new CreditCommand.Purchase(id, packages, null, null, payment, told));
    }
    if (commands.isEmpty()) {
      return unknown == null
          ? new Meaning.Nothing("nothing_sold")
          : new Meaning.UnknownPrice(unknown);
    }
    return asks(invoice, null, commands.toArray(CreditCommand[]::new));
  }

  private record Renewal(SubscriptionTier tier, Period period) {}

  /** The highest tier that an invoice renews. */
  private Optional<Renewal> renewal(StripeObject invoice) {
    List<Renewal> renewals = new ArrayList<>();
    for (StripeObject line : invoice.list("lines.data")) {
      Instant start = line.moment("period.start");
      Instant end = line.moment("period.end");
      Optional<SubscriptionTier> tier = prices.tier(line.price());
      boolean isWhole = !isProration(line) && start != null && end != null && start.isBefore(end);
      if (tier.isPresent() && isWhole && start != null && end != null) {
        renewals.add(new Renewal(tier.get(), new Period(start, end)));
      }
    }
    return renewals.stream()
        .max(
            Comparator.comparing(Renewal::tier).thenComparing(renewal -> renewal.period().start()));
  }

  private static boolean isProration(StripeObject line) {
    return line.flag(
        "proration",
        "parent.subscription_item_details.proration",
        "parent.invoice_item_details.proration");
  }

  private static boolean isSubscription(StripeObject line) {
    return !isProration(line)
        && line.text(
                "subscription",
                "parent.subscription_item_details.subscription",
                "subscription_item")
            != null;
  }

  private Meaning subscription(StripeEvent event, StripeObject object, Change change) {
    String id = object.text("id");
    Optional<SubscriptionStatus> status =
        change == Change.DELETED
            ? Optional.of(SubscriptionStatus.CANCELED)
            : SubscriptionStatus.parse(object.text("status"));
    if (id == null || status.isEmpty()) {
      return new Meaning.Nothing(id == null ? "no_id" : "unknown_status");
    }
    List<StripeObject> items = object.list("items.data");
    List<StripeObject> priced = items.isEmpty() ? List.of(object) : items;
    SubscriptionTier tier =
        priced.stream()
            .flatMap(item -> prices.tier(item.price()).stream())
            .max(Comparator.naturalOrder())
            .orElse(null);
    if (tier == null && status.get().isLive()) {
      return new Meaning.UnknownPrice(priced.get(0).price());
    }
    Instant end = object.moment("current_period_end");
    Instant itemEnd =
        items.stream()
            .map(item -> item.moment("current_period_end"))
            .filter(Objects::nonNull)
            .findFirst()
            .orElse(null);
    Subscription told =
        new Subscription(status.get(), tier, event.created(), change, end == null ? itemEnd : end);
    return asks(object, null, new CreditCommand.Subscribe(id, told, told(event, object)));
  }

  private static Meaning refund(StripeEvent event, StripeObject charge) {
    String id = charge.text("id");
    long paid = charge.whole("amount");
    long refunded = charge.whole("amount_refunded");
    if (id == null || !DocRef.isId(id) || paid < 1 || refunded < 1) {
      return new Meaning.Nothing("nothing_refunded");
    }
    String payment = Objects.requireNonNullElse(payment(charge), id);
    return asks(
        charge,
        payment,
        new CreditCommand.TakeBack(payment, id, paid, refunded, told(event, charge)));
  }

  /** The payment intent, which session, invoice and charge have in common. */
  private static @Nullable String payment(StripeObject object) {
    String payment = object.text("payment_intent");
    return payment != null && DocRef.isId(payment) ? payment : null;
  }

  private static CreditCommand.Told told(StripeEvent event, StripeObject object) {
    return new CreditCommand.Told(event.id(), object.text("customer"));
  }

  private static Meaning asks(
      StripeObject object, @Nullable String payment, CreditCommand... commands) {
    return new Meaning.Asks(user(object), object.text("customer"), payment, List.of(commands));
  }

  /** The user that an object names; an invoice may do so on its lines, as its subscription did. */
  private static @Nullable String user(StripeObject object) {
    String named = object.text(USER);
    return named != null
        ? named
        : object.list("lines.data").stream()
            .map(line -> line.text(USER))
            .filter(Objects::nonNull)
            .findFirst()
            .orElse(null);
  }
}
