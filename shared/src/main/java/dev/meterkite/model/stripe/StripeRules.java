package dev.meterkite.model.stripe;

import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.StripePayment.Dispute;
import dev.meterkite.model.credits.stripe.StripePayment.Part;
import dev.meterkite.model.credits.stripe.StripePayment.Refund;
import dev.meterkite.model.credits.stripe.StripePayment.Refunded;
import dev.meterkite.model.credits.stripe.Subscription;
import dev.meterkite.model.credits.stripe.Subscription.Change;
import dev.meterkite.model.credits.stripe.SubscriptionStatus;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.plans.UserTier;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an event of Stripe means. The events and what each contributes stand in {@code
 * docs/stripe.md}; sales of sessions and invoices are read by {@link StripeSales}.
 *
 * <p>All or nothing: an event with a list that is cut off, or with a price that is not declared, is
 * {@link Meaning.NotYet} as a whole.
 */
public final class StripeRules {
  /** Why nothing is done about events of other types. */
  public static final String IGNORED = "ignored";

  /** Why nothing is done about an event of another product. */
  public static final String NOT_OURS = "not_ours";

  private static final String[] USER = {
    "metadata.user_id",
    "subscription_details.metadata.user_id",
    "parent.subscription_details.metadata.user_id",
    "client_reference_id",
  };

  private final StripePrices prices;
  private final StripeSales sales;

  /**
   * The rules with these prices.
   *
   * @param trials what trials give
   * @param bySubtotal whether a session that names only its user sold the package whose price its
   *     subtotal is
   */
  public StripeRules(StripePrices prices, TrialCredits trials, boolean bySubtotal) {
    this.prices = prices;
    this.sales = new StripeSales(prices, trials, bySubtotal);
  }

  /** What an event means; never fails, whatever the object looks like. */
  public Meaning of(StripeEvent event) {
    StripeObject object = new StripeObject(event.object());
    try {
      return switch (event.type()) {
        case "checkout.session.completed", "checkout.session.async_payment_succeeded" ->
            session(event, object);
        case "invoice.paid" -> invoice(event, object);
        case "invoice_payment.paid" -> tie(event, object);
        case "customer.subscription.created" -> subscription(event, object, Change.CREATED);
        case "customer.subscription.updated" -> subscription(event, object, Change.UPDATED);
        case "customer.subscription.deleted" -> subscription(event, object, Change.DELETED);
        case "charge.refunded" -> charge(event, object);
        case "refund.created", "refund.updated", "charge.refund.updated" ->
            refund(event, object, isFailure(object));
        case "refund.failed" -> refund(event, object, true);
        case "charge.dispute.funds_withdrawn" -> dispute(event, object, "lost");
        case "charge.dispute.funds_reinstated" -> dispute(event, object, "won");
        case "charge.dispute.closed" -> dispute(event, object, object.text("status"));
        default -> new Meaning.Nothing(IGNORED);
      };
    } catch (StripeObject.Unreadable e) {
      return new Meaning.NotYet(StripeSales.INCOMPLETE_EVENT, String.valueOf(e.getMessage()));
    } catch (ArithmeticException e) {
      return new Meaning.NotYet(StripeSales.AMOUNT_MISMATCH, "an amount is out of range");
    }
  }

  private Meaning session(StripeEvent event, StripeObject session) {
    String id = session.text("id");
    String mode = Objects.requireNonNullElse(session.text("mode"), "payment");
    if (id == null) {
      return new Meaning.Nothing("no_id");
    }
    if (!mode.equals("payment")) {
      return session.text("customer") == null
          ? new Meaning.Nothing("no_customer")
          : asks(session, List.of(), new CreditCommand.Introduce(told(event, session)));
    }
    String status = session.text("payment_status");
    if (!"paid".equals(status) && !"no_payment_required".equals(status)) {
      return new Meaning.Nothing("not_paid");
    }
    return sold(event, session, id, sales.session(session, user(session) != null));
  }

  private Meaning invoice(StripeEvent event, StripeObject invoice) {
    String id = invoice.text("id");
    return id == null
        ? new Meaning.Nothing("no_id")
        : sold(event, invoice, id, sales.invoice(invoice));
  }

  private Meaning sold(StripeEvent event, StripeObject object, String id, StripeSales.Read read) {
    if (read instanceof StripeSales.Refused refused) {
      return new Meaning.NotYet(refused.code(), refused.what());
    }
    if (read instanceof StripeSales.Nothing) {
      return new Meaning.Nothing(NOT_OURS);
    }
    StripeSales.Sold sold = (StripeSales.Sold) read;
    // A session that makes an invoice sells the same as that, and is told of by invoice.paid too.
    String saleId = Objects.requireNonNullElse(object.text("invoice"), id);
    List<String> ids = new ArrayList<>();
    ids.add(object.text("payment_intent"));
    for (StripeObject payment : object.list("payments.data")) {
      ids.add(payment.text("payment.payment_intent", "payment.charge"));
    }
    ids.add(object.text("charge"));
    // A session's own id leads nowhere but to itself, so it counts where nothing else is known.
    boolean isKnown = ids.stream().anyMatch(Objects::nonNull);
    ids.add(sold.sale().isInvoice() || !isKnown || !saleId.equals(id) ? saleId : null);
    StripePayment facts =
        new StripePayment(Map.of(saleId, sold.sale()), Map.of(), Map.of(), Map.of());
    return pay(event, object, ids, facts, false);
  }

  private Meaning tie(StripeEvent event, StripeObject object) {
    String invoice = object.text("invoice");
    String paid = object.text("payment.payment_intent", "payment.charge");
    if (invoice == null || paid == null) {
      return new Meaning.Nothing("no_payment");
    }
    Long amount = object.amount("amount_paid");
    Part part = new Part(null, amount == null || amount < 1 ? null : amount, List.of());
    StripePayment facts = new StripePayment(Map.of(), Map.of(paid, part), Map.of(), Map.of());
    return pay(event, object, ids(paid, invoice), facts, true);
  }

  private Meaning charge(StripeEvent event, StripeObject charge) {
    String id = charge.text("payment_intent", "id");
    long captured = charge.whole("amount_captured");
    long paid = captured > 0 ? captured : charge.whole("amount");
    long refunded = charge.whole("amount_refunded");
    if (id == null || paid < 1 || refunded < 1) {
      return new Meaning.Nothing("nothing_refunded");
    }
    Part part = new Part(paid, null, List.of(new Refunded(event.created(), refunded)));
    return pay(
        event,
        charge,
        ids(charge.text("payment_intent"), charge.text("id"), charge.text("invoice")),
        new StripePayment(Map.of(), Map.of(id, part), Map.of(), Map.of()),
        true);
  }

  private static boolean isFailure(StripeObject refund) {
    String status = refund.text("status");
    return "failed".equals(status) || "canceled".equals(status);
  }

  private Meaning refund(StripeEvent event, StripeObject object, boolean isFailed) {
    String id = object.text("id");
    String payment = object.text("payment_intent", "charge");
    long amount = object.whole("amount");
    if (id == null || payment == null || amount < 1) {
      return new Meaning.Nothing("nothing_refunded");
    }
    Refund refund =
        new Refund(payment, amount, object.moment("created"), isFailed ? event.created() : null);
    return pay(
        event,
        object,
        ids(object.text("payment_intent"), object.text("charge")),
        new StripePayment(Map.of(), Map.of(), Map.of(id, refund), Map.of()),
        true);
  }

  /** A dispute's funds are with the bank once they are withdrawn, and back once it is won. */
  private Meaning dispute(StripeEvent event, StripeObject object, @Nullable String end) {
    String id = object.text("id", "charge", "payment_intent");
    String status = Objects.requireNonNullElse(object.text("status"), "");
    long amount = object.whole("amount");
    boolean isWon = "won".equals(end);
    if (status.startsWith("warning_") || !(isWon || "lost".equals(end))) {
      return new Meaning.Nothing("inquiry");
    }
    List<String> ids = ids(object.text("payment_intent"), object.text("charge"));
    if (id == null || amount < 1 || ids.isEmpty()) {
      return new Meaning.Nothing("nothing_disputed");
    }
    Dispute dispute =
        new Dispute(amount, isWon ? null : event.created(), isWon ? event.created() : null);
    StripePayment facts = new StripePayment(Map.of(), Map.of(), Map.of(), Map.of(id, dispute));
    return pay(event, object, ids, facts, true);
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
    boolean isLive = status.get().isLive();
    List<StripeObject> items = object.list("items.data");
    if (isLive && (object.isCutOff("items") || (object.hasList("items") && items.isEmpty()))) {
      return new Meaning.NotYet(StripeSales.INCOMPLETE_EVENT, "items");
    }
    List<StripeObject> priced = items.isEmpty() ? List.of(object) : items;
    List<String> unknown =
        priced.stream().map(StripeObject::price).filter(each -> !prices.isKnown(each)).toList();
    if (isLive && !unknown.isEmpty()) {
      return new Meaning.NotYet(StripeSales.UNKNOWN_PRICE, unknown.get(0));
    }
    Optional<StripeObject> best =
        priced.stream()
            .filter(item -> prices.tier(item.price()).isPresent())
            .max(
                Comparator.comparingInt(
                    item -> prices.plans().rank(prices.tier(item.price()).orElseThrow().word())));
    if (best.isEmpty() && unknown.isEmpty()) {
      return new Meaning.Nothing(NOT_OURS);
    }
    Instant itemEnd = best.map(item -> item.moment("current_period_end")).orElse(null);
    String tier = best.flatMap(item -> prices.tier(item.price())).map(UserTier::word).orElse(null);
    Subscription told =
        new Subscription(
            status.get(),
            tier,
            event.created(),
            change,
            itemEnd == null ? object.moment("current_period_end") : itemEnd);
    return asks(object, List.of(), new CreditCommand.Subscribe(id, told, told(event, object)));
  }

  private static CreditCommand.Told told(StripeEvent event, StripeObject object) {
    return new CreditCommand.Told(event.id(), object.text("customer"));
  }

  /** Those that are there and can be ids of documents, each once. */
  private static List<String> ids(@Nullable String... ids) {
    Set<String> found = new LinkedHashSet<>();
    for (String id : ids) {
      if (id != null && DocRef.isId(id)) {
        found.add(id);
      }
    }
    return List.copyOf(found);
  }

  private static Meaning pay(
      StripeEvent event,
      StripeObject object,
      List<@Nullable String> named,
      StripePayment facts,
      boolean mayWait) {
    List<String> ids = ids(named.toArray(String[]::new));
    if (ids.isEmpty()) {
      return new Meaning.Nothing("no_id");
    }
    CreditCommand command = new CreditCommand.Pay(ids, facts, told(event, object));
    return new Meaning.Asks(keys(object, ids, mayWait), List.of(command));
  }

  private static Meaning asks(StripeObject object, List<String> ids, CreditCommand command) {
    return new Meaning.Asks(keys(object, ids, false), List.of(command));
  }

  private static Meaning.UserKeys keys(StripeObject object, List<String> ids, boolean mayWait) {
    String subscription = object.text("parent.subscription_details.subscription", "subscription");
    if (subscription == null && "subscription".equals(object.text("object"))) {
      subscription = object.text("id");
    }
    return new Meaning.UserKeys(user(object), object.text("customer"), subscription, ids, mayWait);
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
