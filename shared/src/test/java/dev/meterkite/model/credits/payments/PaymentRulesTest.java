package dev.meterkite.model.credits.payments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.GrantPeriod;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.MonthlyGrant;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.rules.CreditRulesTest;
import dev.meterkite.model.credits.rules.InMemoryLedger;
import dev.meterkite.model.credits.stripe.Billing;
import dev.meterkite.model.credits.stripe.Booking;
import dev.meterkite.model.credits.stripe.PaymentCodec;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.Subscription;
import dev.meterkite.model.credits.stripe.SubscriptionStatus;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.stripe.Meaning;
import dev.meterkite.model.stripe.StripeEvent;
import dev.meterkite.model.stripe.StripePrices;
import dev.meterkite.model.stripe.StripeRules;
import dev.meterkite.model.stripe.TrialCredits;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Stripe tells, from the event to the books. */
class PaymentRulesTest {
  private static final StripePrices PRICES =
      new StripePrices(
          Map.of(
              "price_enthu", "enthu",
              "price_pro", "pro",
              "price_ultimate", "ultimate"),
          Map.of("price_100", 100L, "price_1000", 1000L),
          Set.of("price_foreign"),
          DefaultPlans.PLANS);
  private static final StripeRules RULES = new StripeRules(PRICES, TrialCredits.NONE, true);
  private static final Instant NOW = InMemoryLedger.START;
  private static final Instant RENEWAL = Instant.parse("2026-12-10T10:00:00Z");

  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");

  private int events;

  // Events.

  /** An object of Stripe: names and values in turn; whole numbers and moments as JSON has them. */
  private static Map<String, Object> object(Object... members) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (int i = 0; i < members.length; i += 2) {
      Object value = members[i + 1];
      object.put(
          (String) members[i],
          value instanceof Integer number
              ? BigDecimal.valueOf(number)
              : value instanceof Instant moment
                  ? BigDecimal.valueOf(moment.getEpochSecond())
                  : value);
    }
    return object;
  }

  private static Map<String, Object> list(Object... items) {
    return Map.of("data", List.of(items));
  }

  private StripeEvent event(String type, Instant created, Map<String, Object> object) {
    return new StripeEvent("evt_" + events++, type, created, object);
  }

  private static Map<String, Object> line(String price, Instant start, Instant end) {
    return object(
        "price",
        object("id", price),
        "subscription",
        "sub_1",
        "quantity",
        1,
        "period",
        object("start", start, "end", end));
  }

  private StripeEvent subscription(String change, Instant created, String status, String price) {
    return event(
        "customer.subscription." + change,
        created,
        object(
            "id",
            "sub_1",
            "customer",
            "cus_1",
            "status",
            status,
            "items",
            list(object("price", object("id", price), "current_period_end", RENEWAL))));
  }

  private StripeEvent invoice(String price) {
    return event(
        "invoice.paid",
        NOW,
        object(
            "id", "in_1",
            "customer", "cus_1",
            "payment_intent", "pi_1",
            "lines", list(line(price, NOW, RENEWAL))));
  }

  private StripeEvent checkout(Object... more) {
    Map<String, Object> session =
        object(
            "id", "cs_1",
            "mode", "payment",
            "payment_status", "paid",
            "customer", "cus_1",
            "payment_intent", "pi_1",
            "currency", "usd",
            "amount_subtotal", 600,
            "metadata", object("user_id", InMemoryLedger.USER));
    session.putAll(object(more));
    return event("checkout.session.completed", NOW, session);
  }

  private StripeEvent refund(int paid, int refunded) {
    return event(
        "charge.refunded",
        NOW,
        object(
            "id", "ch_1",
            "customer", "cus_1",
            "payment_intent", "pi_1",
            "amount", paid,
            "amount_refunded", refunded));
  }

  // What becomes of them.

  private static List<CreditCommand> commands(StripeEvent event) {
    return assertInstanceOf(Meaning.Asks.class, RULES.of(event), event.type()).commands();
  }

  private static String tell(InMemoryLedger bank, StripeEvent event) {
    List<String> outcomes = new ArrayList<>();
    for (CreditCommand command : commands(event)) {
      outcomes.add(bank.run(CreditCommands.stripe(InMemoryLedger.USER, command)));
    }
    return String.join(" ", outcomes);
  }

  private static Object field(InMemoryLedger bank, String name) {
    return bank.documents.get(CreditRefs.user(InMemoryLedger.USER)).get(name);
  }

  private static String meaning(StripeEvent event) {
    Meaning meaning = RULES.of(event);
    if (meaning instanceof Meaning.NotYet notYet) {
      return notYet.code().replace("_price", "") + " " + notYet.what();
    }
    return meaning instanceof Meaning.Nothing nothing ? nothing.why() : "asks";
  }

  @Test
  void sixWebhooksOfASubscription_endTheSameInAllOrdersAndWithRepeats() {
    // A37: 720 orders, every sixth of them (with -Pdeep each) also with all told again in between.
    List<StripeEvent> six =
        List.of(
            event(
                "checkout.session.completed",
                NOW,
                object("id", "cs_1", "mode", "subscription", "customer", "cus_1")),
            subscription("created", NOW, "incomplete", "price_enthu"),
            invoice("price_enthu"),
            subscription("updated", NOW, "active", "price_pro"),
            subscription("deleted", NOW.plusSeconds(5), "canceled", "price_pro"),
            refund(900, 300));
    Map<String, Integer> ends = new TreeMap<>();
    int orders = 0;
    for (List<StripeEvent> order : orders(six)) {
      boolean alsoRepeated = DEEP || orders++ % 6 == 0;
      for (boolean repeated : alsoRepeated ? List.of(false, true) : List.of(false)) {
        InMemoryLedger bank = InMemoryLedger.with("free", 0);
        for (int i = 0; i < order.size(); i++) {
          tell(bank, order.get(i));
          for (int k = 0; repeated && k <= i; k++) {
            assertEquals("unchanged", tell(bank, order.get(k)), "repeat of " + order.get(k));
          }
        }
        assertEquals(List.of(), bank.audit());
        ends.merge(end(bank), 1, Integer::sum);
      }
    }
    assertEquals(1, ends.size(), ends::toString);
    assertEquals(DEEP ? 1_440 : 840, ends.values().iterator().next());
    assertEquals(
        "667/0 [667@2026-12-10T10:00:00Z] free cus_1 null 2026-12-01T00:00:00Z"
            + " {sub_1={change=deleted, changed_at=2026-11-10T10:00:05Z,"
            + " period_end=2026-12-10T10:00:00Z, status=canceled, tier=pro}}",
        ends.keySet().iterator().next());
  }

  private static String end(InMemoryLedger bank) {
    Map<String, Object> subscriptions = new TreeMap<>();
    ((Map<?, ?>) field(bank, Users.STRIPE_SUBSCRIPTIONS))
        .forEach((id, map) -> subscriptions.put((String) id, new TreeMap<>((Map<?, ?>) map)));
    return String.join(
        " ",
        bank.figures(),
        bank.lots().toString(),
        String.valueOf(field(bank, Users.TIER)),
        String.valueOf(field(bank, Users.STRIPE_CUSTOMER_ID)),
        String.valueOf(field(bank, Users.STRIPE_SUBSCRIPTION_ID)),
        String.valueOf(field(bank, Users.LEDGER_DUE_AT)),
        subscriptions.toString());
  }

  private static <T> List<List<T>> orders(List<T> items) {
    if (items.isEmpty()) {
      return List.of(List.of());
    }
    List<List<T>> orders = new ArrayList<>();
    for (T first : items) {
      List<T> others = new ArrayList<>(items);
      others.remove(first);
      for (List<T> rest : orders(others)) {
        List<T> order = new ArrayList<>(List.of(first));
        order.addAll(rest);
        orders.add(order);
      }
    }
    return orders;
  }

  @Test
  void eventsOfOneSecond_areOrderedByTheirContentAlone() {
    // Every two of these differ; whichever comes first, the same one stands at the end.
    List<StripeEvent> all = new ArrayList<>();
    for (String status : List.of("incomplete", "active", "past_due", "unpaid")) {
      for (String change : List.of("created", "updated")) {
        for (String price : List.of("price_enthu", "price_pro")) {
          all.add(subscription(change, NOW, status, price));
        }
      }
    }
    for (StripeEvent one : all) {
      for (StripeEvent other : all) {
        InMemoryLedger forth = InMemoryLedger.with("free", 0);
        InMemoryLedger back = InMemoryLedger.with("free", 0);
        tell(forth, one);
        tell(forth, other);
        tell(back, other);
        tell(back, one);
        assertEquals(
            field(forth, Users.STRIPE_SUBSCRIPTIONS), field(back, Users.STRIPE_SUBSCRIPTIONS));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "trialing, pro, sub_1",
    "active, pro, sub_1",
    "past_due, pro, sub_1",
    "incomplete, payg,",
    "incomplete_expired, payg,",
    "paused, free,",
    "unpaid, free,",
    "canceled, free,",
  })
  void status_decidesTierAndWhoRenews(String status, String tier, String renews) {
    InMemoryLedger bank = InMemoryLedger.with("payg", 7);
    tell(bank, subscription("updated", NOW, status, "price_pro"));
    assertEquals(tier, field(bank, Users.TIER));
    assertEquals(renews, field(bank, Users.STRIPE_SUBSCRIPTION_ID));
    assertEquals("cus_1", field(bank, Users.STRIPE_CUSTOMER_ID));
    assertEquals("7/0", bank.figures());
  }

  @Test
  void olderEvent_isNoChange() {
    InMemoryLedger bank = InMemoryLedger.with("free", 0);
    assertEquals("applied", tell(bank, subscription("updated", NOW, "active", "price_pro")));
    StripeEvent older = subscription("updated", NOW.minusSeconds(1), "past_due", "price_enthu");
    assertEquals("unchanged", tell(bank, older));
    assertEquals("pro", field(bank, Users.TIER));
  }

  @Test
  void liveSubscription_isRenewedByInvoicesAndAfterItsEndByTheCalendar() {
    InMemoryLedger bank = InMemoryLedger.with("free", 0);
    tell(bank, subscription("created", NOW, "active", "price_enthu"));
    assertNull(field(bank, Users.LEDGER_DUE_AT));
    bank.after(Duration.ofDays(31));
    bank.sweep();
    assertEquals("0/0", bank.figures());
    tell(bank, subscription("deleted", NOW.plusSeconds(1), "canceled", "price_enthu"));
    bank.sweep();
    assertEquals("10/0", bank.figures());
    assertEquals(Instant.parse("2027-01-01T00:00:00Z"), field(bank, Users.LEDGER_DUE_AT));
  }

  @Test
  void twoSubscriptions_theHigherLiveOneCounts() {
    InMemoryLedger bank = InMemoryLedger.with("free", 0);
    tell(bank, subscription("created", NOW, "active", "price_pro"));
    StripeEvent second = subscription("created", NOW, "active", "price_ultimate");
    second.object().put("id", "sub_2");
    tell(bank, second);
    assertEquals("ultimate", field(bank, Users.TIER));
    StripeEvent end = subscription("deleted", NOW.plusSeconds(1), "canceled", "price_ultimate");
    end.object().put("id", "sub_2");
    tell(bank, end);
    assertEquals("pro", field(bank, Users.TIER));
    assertEquals("sub_1", field(bank, Users.STRIPE_SUBSCRIPTION_ID));
  }

  @Test
  void subscriptionOfWhichNoEventWasHeard_keepsItsTier() {
    InMemoryLedger bank = InMemoryLedger.with("pro", 0);
    bank.documents
        .get(CreditRefs.user(InMemoryLedger.USER))
        .put(Users.STRIPE_SUBSCRIPTION_ID, "sub_of_before");
    tell(bank, subscription("deleted", NOW, "canceled", "price_enthu"));
    assertEquals("pro", field(bank, Users.TIER));
    assertEquals("sub_of_before", field(bank, Users.STRIPE_SUBSCRIPTION_ID));
  }

  @Test
  void subscriptions_areForgottenFromTheOldestEndedOne() {
    InMemoryLedger bank = InMemoryLedger.with("free", 0);
    for (int i = 0; i <= Billing.MOST; i++) {
      StripeEvent event =
          subscription("updated", NOW.plusSeconds(i), i == 0 ? "active" : "canceled", "price_pro");
      event.object().put("id", "sub_" + i);
      tell(bank, event);
    }
    Map<?, ?> known = (Map<?, ?>) field(bank, Users.STRIPE_SUBSCRIPTIONS);
    assertEquals(Billing.MOST, known.size());
    assertTrue(known.containsKey("sub_0"), "lives");
    assertTrue(!known.containsKey("sub_1"), "ended first");
  }

  @Test
  void oddSubscriptionsInTheDocument_countAsNeverHeardOf() {
    InMemoryLedger bank = InMemoryLedger.with("free", 0);
    bank.documents
        .get(CreditRefs.user(InMemoryLedger.USER))
        .put(
            Users.STRIPE_SUBSCRIPTIONS,
            Map.of("sub_1", Map.of("status", "dreaming"), "sub_2", "odd", "sub_3", Map.of()));
    assertEquals("applied", tell(bank, subscription("updated", NOW, "active", "price_pro")));
    assertEquals("pro", field(bank, Users.TIER));
    assertEquals("odd", ((Map<?, ?>) field(bank, Users.STRIPE_SUBSCRIPTIONS)).get("sub_2"));
  }

  @Test
  void paidSession_givesItsPackageOnceUnderAnyEvent() {
    // A37: another event of the same session, or the session told again as paid later.
    InMemoryLedger bank = InMemoryLedger.with("payg", 5);
    assertEquals("applied", tell(bank, checkout()));
    assertEquals("unchanged", tell(bank, checkout()));
    StripeEvent later = event("checkout.session.async_payment_succeeded", NOW, checkout().object());
    assertEquals("unchanged", tell(bank, later));
    assertEquals("105/0", bank.figures());
    assertEquals(List.of("105"), bank.lots(), "packages never expire");
    assertEquals("purchase", bank.lastTransaction().get(CreditTransactions.TYPE));
  }

  @Test
  void sessionAndItsInvoice_sellOnce() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    StripeEvent invoice =
        event(
            "invoice.paid",
            NOW,
            object(
                "id", "in_7",
                "payment_intent", "pi_1",
                "lines", list(object("price", object("id", "price_100"), "quantity", 1))));
    assertEquals("applied", tell(bank, checkout("invoice", "in_7")));
    assertEquals("applied", tell(bank, invoice), "says so too, and gives nothing more");
    assertEquals("unchanged", tell(bank, invoice));
    assertEquals(List.of("purchase 100"), bank.entries());
  }

  @Test
  void whatASessionSold_isToldByLinesThenPriceThenCreditsThenAmount() {
    Map<String, Object> mine = object("user_id", InMemoryLedger.USER);
    assertEquals(1_000, sold(checkout("amount_subtotal", 5_000)));
    assertEquals(500, sold(checkout("amount_subtotal", 0, "amount_total", 2_700)));
    assertEquals(
        250, sold(checkout("metadata", object("user_id", InMemoryLedger.USER, "credits", "250"))));
    Map<String, Object> priced = object("user_id", InMemoryLedger.USER, "price_id", "price_1000");
    assertEquals(1_000, sold(checkout("amount_subtotal", 5_000, "metadata", priced)));
    assertEquals(
        300,
        sold(
            checkout(
                "line_items", list(object("price", object("id", "price_100"), "quantity", 3)))));
    assertEquals("unknown none", meaning(checkout("currency", "eur")));
    assertEquals("unknown none", meaning(checkout("amount_subtotal", 601)));
    assertEquals("not_ours", meaning(checkout("metadata", object("order", "x"))));
    assertEquals(
        "unknown price_x",
        meaning(
            checkout("metadata", object("user_id", InMemoryLedger.USER, "price_id", "price_x"))));
    assertEquals(
        "unknown none",
        meaning(checkout("metadata", object("user_id", InMemoryLedger.USER, "credits", "101"))));
    assertEquals(
        "unknown price_pro",
        meaning(
            checkout(
                "metadata",
                mine,
                "line_items",
                list(
                    object("price", object("id", "price_100")),
                    object("price", object("id", "price_pro"))))));
  }

  /** The credits of the packages and of a month of the tiers that an event sold. */
  private static long sold(StripeEvent event) {
    return ((CreditCommand.Pay) commands(event).get(0))
        .facts().sales().values().stream()
            .mapToLong(
                sale ->
                    sale.packages()
                        + sale.lines().stream().mapToLong(StripePayment.Line::credits).sum())
            .sum();
  }

  @Test
  void sessions_areWorthNothingBeforeTheyArePaid() {
    assertEquals("not_paid", meaning(checkout("payment_status", "unpaid")));
    assertEquals("not_paid", meaning(checkout("payment_status", null)));
    assertEquals("asks", meaning(checkout("payment_status", "no_payment_required")));
    assertEquals("no_id", meaning(checkout("id", null)));
    assertEquals("no_customer", meaning(checkout("mode", "setup", "customer", null)));
    InMemoryLedger bank = InMemoryLedger.with("payg", 3);
    assertEquals("applied", tell(bank, checkout("mode", "subscription")));
    assertEquals("3/0", bank.figures());
    assertEquals("cus_1", field(bank, Users.STRIPE_CUSTOMER_ID));
    assertEquals("applied", tell(bank, checkout("customer", "cus_2")));
    assertEquals("cus_1", field(bank, Users.STRIPE_CUSTOMER_ID), "the first one stays");
  }

  @Test
  void invoice_givesTheTiersCreditsUntilTheRenewal() {
    // A18
    InMemoryLedger bank = InMemoryLedger.with("payg", 4);
    assertEquals("applied", tell(bank, invoice("price_pro")));
    assertEquals("unchanged", tell(bank, invoice("price_pro")));
    assertEquals(List.of("2500@2026-12-10T10:00:00Z", "4"), bank.lots());
    Map<String, Object> grant = bank.lastTransaction();
    assertEquals("subscription_grant", grant.get(CreditTransactions.TYPE));
    assertEquals(NOW, grant.get(CreditTransactions.PERIOD_START));
    assertEquals(RENEWAL, grant.get(CreditTransactions.EXPIRES_AT));
    bank.now = RENEWAL;
    assertEquals("applied", bank.sweep());
    assertEquals("4/0", bank.figures());
    InMemoryLedger late = InMemoryLedger.with("payg", 4);
    late.now = RENEWAL;
    tell(late, invoice("price_pro"));
    assertEquals("4/0", late.figures(), "a period that is over gives nothing");
  }

  @Test
  void invoiceOfTheCalendarsPeriod_isTheCalendarsGrant() {
    // A18: whoever comes first, in one commit too.
    Instant start = GrantPeriod.start(NOW);
    StripeEvent invoice =
        event(
            "invoice.paid",
            NOW,
            object(
                "id", "in_1",
                "payment_intent", "pi_1",
                "lines", list(line("price_pro", start, GrantPeriod.next(NOW)))));
    InMemoryLedger calendarFirst = new InMemoryLedger().user(InMemoryLedger.USER, "pro", null);
    calendarFirst.sweep();
    assertEquals("applied", tell(calendarFirst, invoice), "only the payment is noted");
    InMemoryLedger together = new InMemoryLedger().user(InMemoryLedger.USER, "pro", null);
    assertEquals("applied", tell(together, invoice));
    for (InMemoryLedger bank : List.of(calendarFirst, together)) {
      assertEquals(List.of("subscription_grant 2500"), bank.entries());
      assertEquals("applied", tell(bank, refund(100, 100)), "and a refund finds it");
      assertEquals("0/0", bank.figures());
    }
  }

  @Test
  void invoiceLines_ofProrationsGiveNothingAndOfPackagesThose() {
    Map<String, Object> proration = line("price_ultimate", NOW, RENEWAL);
    proration.put("proration", true);
    Map<String, Object> newer = line("price_ultimate", NOW, RENEWAL);
    newer.put("parent", object("subscription_item_details", object("proration", true)));
    Map<String, Object> invoice =
        object("id", "in_1", "lines", list(proration, newer, line("price_pro", NOW, RENEWAL)));
    assertEquals(2_500, sold(event("invoice.paid", NOW, invoice)));
    invoice.put("lines", list(proration, newer));
    assertEquals("not_ours", meaning(event("invoice.paid", NOW, invoice)));
    invoice.put("lines", list(line("price_x", NOW, RENEWAL)));
    assertEquals("unknown price_x", meaning(event("invoice.paid", NOW, invoice)));
    invoice.put("lines", list(object("price", object("id", "price_x"))));
    assertEquals("unknown price_x", meaning(event("invoice.paid", NOW, invoice)));
    invoice.put("lines", list(object("price", null, "amount", 700)));
    assertEquals("not_ours", meaning(event("invoice.paid", NOW, invoice)), "names no price");
    invoice.put("lines", list(line("price_pro", RENEWAL, NOW)));
    assertEquals(
        "incomplete_event the period of price_pro", meaning(event("invoice.paid", NOW, invoice)));
    invoice.put(
        "lines",
        list(
            line("price_enthu", NOW, RENEWAL),
            line("price_pro", NOW, RENEWAL),
            object("pricing", object("price_details", object("price", "price_100")))));
    // A5: the things of one invoice are purchases of their own, each of which is made once.
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    assertEquals("applied", tell(bank, event("invoice.paid", NOW, invoice)));
    assertEquals("unchanged", tell(bank, event("invoice.paid", NOW, invoice)));
    assertEquals(List.of("3500@2026-12-10T10:00:00Z", "100"), bank.lots());
    assertEquals("no_id", meaning(event("invoice.paid", NOW, object("lines", list()))));
  }

  @Test
  void partialRefunds_takeBackInProportionToAllOfThem() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 50);
    tell(bank, checkout());
    assertEquals("applied", tell(bank, refund(600, 150)));
    assertEquals("125/0", bank.figures());
    assertEquals("unchanged", tell(bank, refund(600, 150)));
    assertEquals("applied", tell(bank, refund(600, 301)));
    assertEquals("100/0", bank.figures(), "50.17 of 100 rounded down, 25 of them taken before");
    assertEquals("unchanged", tell(bank, refund(600, 200)), "an older one that comes late");
    assertEquals("applied", tell(bank, refund(600, 302)));
    assertEquals("100/0", bank.figures(), "noted, though it is not worth a credit more");
    assertEquals("applied", tell(bank, refund(600, 600)));
    assertEquals("50/0", bank.figures());
    assertEquals(List.of(), bank.alerts());
    assertEquals(List.of(), bank.audit());
    assertEquals(
        List.of(
            "admin_adjustment 50",
            "purchase 100",
            "admin_adjustment -25",
            "admin_adjustment -25",
            "admin_adjustment -50"),
        bank.entries());
  }

  @Test
  void refundOfSpentCredits_takesWhatIsThereAndSaysWhatIsMissing() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    tell(bank, checkout());
    bank.debit(70);
    bank.hold("h", 10);
    assertEquals("applied", tell(bank, refund(600, 600)));
    assertEquals("10/10", bank.figures(), "20 were free; never below zero, never what is held");
    assertEquals(List.of("refund_abuse"), bank.alerts());
    bank.grant(500, null);
    assertEquals("unchanged", tell(bank, refund(600, 600)), "what is missing stays missing");
    assertEquals("510/10", bank.figures());
    assertEquals(List.of(), bank.audit());
    Booking booking =
        PaymentCodec.decode(bank.snapshot(CreditRefs.payment("pi_1"))).bookings().get("cs_1");
    assertEquals(new Booking(100, 100, 0, List.of(new LotShare(null, 20))), booking);
  }

  @Test
  void refundWithNothingLeft_writesNoTransaction() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    tell(bank, checkout());
    bank.debit(100);
    assertEquals("applied", tell(bank, refund(600, 600)));
    assertEquals(List.of("purchase 100", "deduction -100"), bank.entries());
    assertEquals(List.of("refund_abuse"), bank.alerts());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void refund_takesFromItsOwnLotAndThenFromWhatLivesLongest() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    Instant sooner = NOW.plus(Duration.ofDays(1));
    bank.grant(30, sooner);
    bank.grant(30, NOW.plus(Duration.ofDays(60)));
    tell(bank, invoice("price_enthu"));
    tell(bank, checkout("id", "cs_2", "payment_intent", "pi_2"));
    bank.debit(1_020);
    assertEquals(List.of("10@2026-12-10T10:00:00Z", "30@2027-01-09T10:00:00Z", "100"), bank.lots());
    tell(bank, refund(1_000, 115));
    assertEquals(List.of("25@2027-01-09T10:00:00Z"), bank.lots());
    assertEquals(List.of(), bank.alerts());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void refundOfAPeriodThatIsOver_takesNothing() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 40);
    tell(bank, invoice("price_enthu"));
    bank.now = RENEWAL;
    assertEquals("applied", tell(bank, refund(900, 900)));
    assertEquals("40/0", bank.figures());
    assertEquals(List.of("refund_abuse"), bank.alerts());
  }

  @Test
  void refundBeforeItsPurchase_isTakenWhenThatComes() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 5);
    assertEquals("applied", tell(bank, refund(600, 300)));
    assertEquals("unchanged", tell(bank, refund(600, 300)));
    assertEquals(List.of(), bank.alerts(), "the purchase may still come");
    assertEquals("5/0", bank.figures());
    assertEquals("applied", tell(bank, checkout()));
    assertEquals("55/0", bank.figures());
    assertEquals("applied", tell(bank, refund(600, 600)));
    assertEquals("5/0", bank.figures());
    assertEquals(List.of(), bank.alerts());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void refundWhosePurchaseIsGone_takesNothing() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 5);
    tell(bank, checkout());
    bank.documents.remove(CreditRefs.transaction(bank.lastTransactionId()));
    assertEquals("applied", tell(bank, refund(600, 600)));
    assertEquals("105/0", bank.figures());
    assertEquals(List.of("refund_abuse"), bank.alerts());
  }

  @Test
  void paymentOfAnotherUser_isNotTouched() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 5);
    tell(bank, checkout());
    bank.user("u2", "payg", 9L);
    CreditCommand takeBack = commands(refund(600, 600)).get(0);
    assertEquals("not_found", bank.run(CreditCommands.stripe("u2", takeBack)));
    assertEquals("not_found", bank.run(CreditCommands.stripe("nobody", takeBack)));
    assertEquals("105/0", bank.figures());
  }

  @Test
  void balanceAtItsLimit_takesNoPurchase() {
    InMemoryLedger bank = InMemoryLedger.with("payg", Ledger.MAX_BALANCE - 99);
    assertEquals("balance_limit_exceeded", tell(bank, checkout()));
    bank.debit(1);
    assertEquals("applied", tell(bank, checkout()));
  }

  @Test
  void whatWasNotReadYet_isAskedFor() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    bank.sweep();
    Command<CreditCommand> bought =
        CreditCommands.stripe(InMemoryLedger.USER, commands(checkout()).get(0));
    assertEquals("applied", bank.run(CreditRulesTest.unread(bought)));
    Read payment = new Read.Get(CreditRefs.payment("pi_1"));
    Read transaction = new Read.Get(CreditRefs.packages("cs_1"));
    assertEquals(List.of(payment, transaction), bank.asked);
    Command<CreditCommand> refunded =
        CreditCommands.stripe(InMemoryLedger.USER, commands(refund(600, 600)).get(0));
    assertEquals("applied", bank.run(CreditRulesTest.unread(refunded)));
    Read charge = new Read.Get(CreditRefs.payment("ch_1"));
    assertEquals(List.of(payment, charge, transaction), bank.asked);
    assertEquals("0/0", bank.figures());
  }

  @Test
  void invoiceOfAnEarlierPeriod_doesNotHideTheLatestGrant() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    Instant day = Instant.parse("2026-11-20T00:00:00Z");
    tell(bank, invoice("in_2", "price_pro", day));
    assertEquals(new MonthlyGrant("2026-11-20", "pro", 2_500), bank.ledger().grant());
    tell(bank, invoice("in_1", "price_enthu", NOW));
    assertEquals("3500/0", bank.figures());
    assertEquals(new MonthlyGrant("2026-11-20", "pro", 2_500), bank.ledger().grant());
    tell(bank, invoice("in_3", "price_ultimate", day));
    assertEquals(
        new MonthlyGrant("2026-11-20", "ultimate", 15_000),
        bank.ledger().grant(),
        "a tier that was raised on the day");
    tell(bank, invoice("in_5", "price_enthu", day));
    assertEquals(new MonthlyGrant("2026-11-20", "ultimate", 15_000), bank.ledger().grant());
    tell(bank, invoice("in_4", "price_enthu", day.plus(Duration.ofDays(1))));
    assertEquals(new MonthlyGrant("2026-11-21", "enthu", 1_000), bank.ledger().grant());
  }

  private StripeEvent invoice(String id, String price, Instant start) {
    return event(
        "invoice.paid",
        NOW,
        object("id", id, "customer", "cus_1", "lines", list(line(price, start, RENEWAL))));
  }

  @Test
  void whatIsMissingOfARefund_isToldInItsAlert() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    tell(bank, checkout());
    bank.debit(70);
    tell(bank, refund(600, 600));
    List<Object> messages = messages(bank);
    assertEquals(List.of("payment pi_1 was refunded, but 70 of 100 credits are gone"), messages);
    Map<String, Object> taken = bank.lastTransaction();
    assertEquals(-30L, taken.get(CreditTransactions.AMOUNT));
    assertEquals("the payment was refunded or disputed", taken.get(CreditTransactions.REASON));
    Map<String, Object> bought = bank.transactions().get(0);
    assertEquals(30L, bought.get(CreditTransactions.REFUNDED));
    assertEquals(
        bought.get(CreditTransactions.TRANSACTION_ID), taken.get(CreditTransactions.REVERSES));
    assertEquals(1L, taken.get(CreditTransactions.REVERSES_SEQUENCE));
  }

  private static List<Object> messages(InMemoryLedger bank) {
    return bank.documents.entrySet().stream()
        .filter(each -> each.getKey().collection().equals("model_router_alerts"))
        .map(each -> each.getValue().get("message"))
        .toList();
  }

  /** Both invoices paid for the same credits: they stay as far as one of them is still paid. */
  @Test
  void twoInvoicesOfOnePeriod_giveOnceAndStayWhileOneIsPaid() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 5_000);
    for (String each : List.of("1", "2")) {
      StripeEvent invoice = invoice("in_" + each, "price_enthu", NOW);
      invoice.object().put("payment_intent", "pi_" + each);
      assertEquals("applied", tell(bank, invoice));
    }
    assertEquals("6000/0", bank.figures(), "one key for user, tier and period");
    for (String each : List.of("1", "2")) {
      StripeEvent refund = refund(900, 600);
      refund.object().putAll(object("id", "ch_" + each, "payment_intent", "pi_" + each));
      assertEquals("applied", tell(bank, refund));
      assertEquals("unchanged", tell(bank, refund));
    }
    assertEquals("5334/0", bank.figures(), "floor(1,000 × 600 ÷ 900) of both");
    assertEquals(List.of(), bank.audit());
    assertEquals(List.of(), bank.alerts());
  }

  @Test
  void smallestRefund_isARefund() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    tell(bank, checkout());
    assertEquals("asks", meaning(refund(1, 1)));
    assertEquals("applied", tell(bank, refund(1, 1)));
    assertEquals("0/0", bank.figures());
  }

  @Test
  void invoiceWithTwoPeriodsOfATier_givesBoth() {
    Instant next = Instant.parse("2027-01-10T10:00:00Z");
    for (boolean laterFirst : List.of(true, false)) {
      Map<String, Object> earlier = line("price_pro", NOW, RENEWAL);
      Map<String, Object> later = line("price_pro", RENEWAL, next);
      Object lines = laterFirst ? list(later, earlier) : list(earlier, later);
      InMemoryLedger bank = InMemoryLedger.with("payg", 0);
      tell(bank, event("invoice.paid", NOW, object("id", "in_1", "lines", lines)));
      assertEquals(List.of("2500@" + RENEWAL, "2500@" + next), bank.lots());
    }
  }

  @Test
  void userIsNamed_byTheObjectOrItsSubscriptionOrALine() {
    Map<String, Object> named = object("metadata", object("user_id", "ada"));
    Map<String, Object> line = line("price_pro", NOW, RENEWAL);
    assertEquals(null, userOf("lines", list(line)));
    assertEquals("ada", userOf("lines", list(line), "metadata", object("user_id", "ada")));
    assertEquals("ada", userOf("lines", list(line), "subscription_details", named));
    assertEquals(
        "ada", userOf("lines", list(line), "parent", object("subscription_details", named)));
    Map<String, Object> lineOfBob = new LinkedHashMap<>(line);
    lineOfBob.put("metadata", object("user_id", "bob"));
    assertEquals("bob", userOf("lines", list(line, lineOfBob)));
    assertEquals(
        "ada",
        userOf("lines", list(lineOfBob), "metadata", object("user_id", "ada")),
        "the invoice itself before its lines");
  }

  private String userOf(Object... members) {
    Map<String, Object> invoice = object(members);
    invoice.put("id", "in_1");
    Meaning meaning = RULES.of(event("invoice.paid", NOW, invoice));
    return assertInstanceOf(Meaning.Asks.class, meaning).by().userId();
  }

  @Test
  void twoSubscriptions_theHigherTierCountsWhateverItsId() {
    InMemoryLedger bank = InMemoryLedger.with("free", 0);
    tell(bank, subscription("created", NOW, "active", "price_ultimate"));
    StripeEvent second = subscription("created", NOW, "active", "price_enthu");
    second.object().put("id", "sub_2");
    tell(bank, second);
    assertEquals("ultimate", field(bank, Users.TIER));
    assertEquals("sub_1", field(bank, Users.STRIPE_SUBSCRIPTION_ID));
  }

  @Test
  void olderEventOfASubscriptionNotHeardOf_isRememberedAlsoAmongTheMost() {
    InMemoryLedger bank = InMemoryLedger.with("free", 0);
    for (int i = 1; i <= Billing.MOST; i++) {
      StripeEvent event = subscription("deleted", NOW.plusSeconds(i), "canceled", "price_pro");
      event.object().put("id", "sub_" + i);
      tell(bank, event);
    }
    StripeEvent oldest = subscription("deleted", NOW, "canceled", "price_pro");
    oldest.object().put("id", "sub_0");
    assertEquals("applied", tell(bank, oldest));
    Map<?, ?> known = (Map<?, ?>) field(bank, Users.STRIPE_SUBSCRIPTIONS);
    assertEquals(Billing.MOST, known.size());
    assertTrue(known.containsKey("sub_0") && !known.containsKey("sub_1"));
    assertEquals("unchanged", tell(bank, oldest), "or it would be told for ever");
  }

  @Test
  void periodUntilTheLastSecondThatFirestoreHolds_isAPeriod() {
    Instant last = Instant.parse("9999-12-31T23:59:59Z");
    assertEquals(2_500, sold(invoice("in_1", "price_pro", NOW, last)));
    assertEquals(
        "incomplete_event the period of price_pro",
        meaning(invoice("in_1", "price_pro", NOW, last.plusSeconds(1))));
  }

  private StripeEvent invoice(String id, String price, Instant start, Instant end) {
    return event("invoice.paid", NOW, object("id", id, "lines", list(line(price, start, end))));
  }

  @Test
  void liveSubscriptionsBeyondTheMost_areForgottenFromTheOldest() {
    InMemoryLedger bank = InMemoryLedger.with("free", 0);
    for (int i = 0; i <= Billing.MOST + 2; i++) {
      StripeEvent event = subscription("updated", NOW.plusSeconds(i), "active", "price_pro");
      event.object().put("id", "sub_" + i);
      tell(bank, event);
    }
    Map<?, ?> known = (Map<?, ?>) field(bank, Users.STRIPE_SUBSCRIPTIONS);
    assertEquals(Billing.MOST, known.size());
    assertTrue(!known.containsKey("sub_2") && known.containsKey("sub_3"));
    assertEquals("pro", field(bank, Users.TIER));
  }

  @Test
  void otherEvents_meanNothing() {
    assertEquals("ignored", meaning(event("customer.updated", NOW, object("id", "cus_1"))));
    assertEquals("unknown_status", meaning(subscription("updated", NOW, "dreaming", "price_pro")));
    assertEquals("unknown price_x", meaning(subscription("updated", NOW, "active", "price_x")));
    assertEquals("asks", meaning(subscription("deleted", NOW, "dreaming", "price_x")));
    assertEquals("nothing_refunded", meaning(refund(600, 0)));
    assertEquals("nothing_refunded", meaning(refund(0, 10)));
    StripeEvent nameless = subscription("updated", NOW, "active", "price_pro");
    nameless.object().remove("id");
    assertEquals("no_id", meaning(nameless));
  }

  @Test
  void objectsOfAnyShape_crashNothing() {
    long seed = 20_261_122;
    Random random = new Random(seed);
    List<String> types =
        List.of(
            "checkout.session.completed",
            "invoice.paid",
            "customer.subscription.created",
            "customer.subscription.updated",
            "customer.subscription.deleted",
            "charge.refunded");
    List<Object> values =
        List.of(
            "active",
            "paid",
            "payment",
            "price_pro",
            "price_100",
            "",
            "/",
            "..",
            "pi_1",
            true,
            BigDecimal.ONE,
            new BigDecimal("1e300"),
            new BigDecimal("-0.5"),
            List.of(),
            Map.of(),
            list(object("price", "price_pro", "period", object("start", 1, "end", 2))),
            list("odd", object("price", object("id", "price_100"), "quantity", 2)),
            object("user_id", "u", "credits", "100", "price_id", "price_100"));
    List<String> names =
        List.of(
            "id",
            "mode",
            "status",
            "payment_status",
            "payment_intent",
            "customer",
            "invoice",
            "metadata",
            "lines",
            "items",
            "line_items",
            "amount",
            "amount_refunded",
            "amount_total",
            "currency",
            "current_period_end",
            "parent");
    for (int i = 0; i < 20_000; i++) {
      Map<String, Object> object = new LinkedHashMap<>();
      for (String name : names) {
        if (random.nextBoolean()) {
          object.put(name, values.get(random.nextInt(values.size())));
        }
      }
      StripeEvent event = event(types.get(random.nextInt(types.size())), NOW, object);
      Meaning meaning = RULES.of(event);
      if (meaning instanceof Meaning.Asks asks) {
        InMemoryLedger bank = InMemoryLedger.with("free", 10);
        asks.commands().forEach(each -> bank.run(CreditCommands.stripe(InMemoryLedger.USER, each)));
        assertEquals(List.of(), bank.audit(), () -> "seed " + seed + ": " + object);
      }
    }
  }

  @Test
  void commands_thatCannotBe_areRefused() {
    var told = new CreditCommand.Told("evt", null);
    assertThrows(
        IllegalArgumentException.class,
        () -> new CreditCommand.Pay(List.of(), StripePayment.NONE, told));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new Subscription(
                SubscriptionStatus.ACTIVE, null, NOW, Subscription.Change.CREATED, null));
  }
}
