package dev.meterkite.model.credits.rules;

import static dev.meterkite.model.credits.payments.StripeTeller.event;
import static dev.meterkite.model.credits.payments.StripeTeller.list;
import static dev.meterkite.model.credits.payments.StripeTeller.object;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.GrantPeriod;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.payments.PaymentRules;
import dev.meterkite.model.credits.payments.StripeTeller;
import dev.meterkite.model.credits.stripe.Booking;
import dev.meterkite.model.credits.stripe.PaymentCodec;
import dev.meterkite.model.credits.stripe.Subscription;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.plans.CreditPackage;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.plans.UserTier;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.stripe.Meaning;
import dev.meterkite.model.stripe.StripeEvent;
import dev.meterkite.model.stripe.StripePrices;
import dev.meterkite.model.stripe.StripeRules;
import dev.meterkite.model.stripe.TrialCredits;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cases of money from Stripe, with the events' fields as Stripe's reference names them. */
class StripeCasesTest {
  private static final Instant NOW = InMemoryLedger.START;
  private static final Instant MONTH = NOW.plus(Duration.ofDays(30));
  private static final StripePrices PRICES = prices();

  private StripeTeller stripe = teller(TrialCredits.NONE, false);
  private InMemoryLedger bank = stripe.bank;

  private static StripePrices prices() {
    Map<String, String> tiers = new HashMap<>();
    for (UserTier tier : DefaultPlans.PLANS.tiers()) {
      tiers.put("price_" + tier.word(), tier.word());
    }
    Map<String, Long> packages = new HashMap<>();
    for (CreditPackage each : DefaultPlans.PLANS.packages()) {
      packages.put("price_" + each.credits(), each.credits());
    }
    return new StripePrices(tiers, packages, Set.of("price_newsletter"), DefaultPlans.PLANS);
  }

  private static StripeTeller teller(TrialCredits trials, boolean bySubtotal) {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    bank.documents.get(CreditRefs.user(InMemoryLedger.USER)).put(Users.STRIPE_CUSTOMER_ID, "cus_1");
    return new StripeTeller(bank, new StripeRules(PRICES, trials, bySubtotal));
  }

  private void again(TrialCredits trials, boolean bySubtotal) {
    stripe = teller(trials, bySubtotal);
    bank = stripe.bank;
  }

  private String tell(StripeEvent event) {
    return stripe.tell(event);
  }

  private long balance() {
    return bank.ledger() == null ? 0 : bank.ledger().balance();
  }

  /** A line as versions since 2025-03-31 have it. */
  private static Map<String, Object> line(
      String price, int quantity, Integer amount, Instant start, Instant end) {
    Map<String, Object> line =
        object(
            "id",
            "il_" + price + quantity + amount + start.getEpochSecond(),
            "object",
            "line_item",
            "quantity",
            quantity,
            "period",
            object("start", start, "end", end),
            "pricing",
            pricing(price),
            "parent",
            parent(false));
    if (amount != null) {
      line.putAll(object("amount", amount));
    }
    return line;
  }

  private static Map<String, Object> pricing(String price) {
    return object("type", "price_details", "price_details", object("price", price));
  }

  private static Map<String, Object> parent(boolean proration) {
    return object(
        "type",
        "subscription_item_details",
        "subscription_item_details",
        object("subscription", "sub_1", "proration", proration));
  }

  private static Map<String, Object> proration(
      String price, int quantity, int amount, Instant start, Instant end) {
    Map<String, Object> line = line(price, quantity, amount, start, end);
    line.put("parent", parent(true));
    return line;
  }

  private static StripeEvent invoice(String id, Object... lines) {
    return event(
        "invoice.paid",
        NOW,
        "id",
        id,
        "object",
        "invoice",
        "customer",
        "cus_1",
        "parent",
        object(
            "type",
            "subscription_details",
            "subscription_details",
            object("subscription", "sub_1")),
        "lines",
        list(lines));
  }

  private static StripeEvent with(StripeEvent event, Object... members) {
    event.object().putAll(object(members));
    return event;
  }

  private static StripeEvent tie(String invoice, String intent, int paid) {
    return event(
        "invoice_payment.paid",
        NOW,
        "id",
        "inpay_" + intent,
        "object",
        "invoice_payment",
        "amount_paid",
        paid,
        "invoice",
        invoice,
        "status",
        "paid",
        "payment",
        object("type", "payment_intent", "payment_intent", intent));
  }

  private static StripeEvent charge(String intent, int amount, int refunded) {
    return charge(NOW, intent, amount, refunded);
  }

  private static StripeEvent charge(Instant at, String intent, int amount, int refunded) {
    return event(
        "charge.refunded",
        at,
        "id",
        "ch_" + intent,
        "payment_intent",
        intent,
        "amount",
        amount,
        "amount_refunded",
        refunded);
  }

  private static StripeEvent session(Object... members) {
    return with(
        event(
            "checkout.session.completed",
            NOW,
            "id",
            "cs_1",
            "object",
            "checkout.session",
            "mode",
            "payment",
            "payment_status",
            "paid",
            "payment_intent",
            "pi_1",
            "currency",
            "usd"),
        members);
  }

  private static Map<String, Object> user(Object... more) {
    Map<String, Object> metadata = object("user_id", InMemoryLedger.USER);
    metadata.putAll(object(more));
    return metadata;
  }

  private static StripeEvent dispute(String type, int seconds, String status, int amount) {
    return event(
        "charge.dispute." + type,
        NOW.plusSeconds(seconds),
        "id",
        "dp_1",
        "object",
        "dispute",
        "charge",
        "ch_pi_1",
        "payment_intent",
        "pi_1",
        "status",
        status,
        "amount",
        amount);
  }

  private static StripeEvent refund(
      String type, int seconds, String id, String status, int amount) {
    return event(
        type,
        NOW.plusSeconds(seconds),
        "id",
        id,
        "object",
        "refund",
        "charge",
        "ch_pi_1",
        "payment_intent",
        "pi_1",
        "created",
        NOW.plusSeconds(1),
        "status",
        status,
        "amount",
        amount);
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
  void c1_invoiceItsPaymentAndTheRefund_endAtZeroInAllOrders() {
    List<StripeEvent> three =
        List.of(
            invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH)),
            tie("in_1", "pi_1", 2_900),
            charge("pi_1", 2_900, 2_900));
    for (List<StripeEvent> order : orders(three)) {
      again(TrialCredits.NONE, false);
      order.forEach(this::tell);
      assertEquals(0, balance());
      assertEquals(List.of(), bank.alerts());
      order.forEach(event -> assertEquals("unchanged", tell(event)));
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void c1_refundInParts_ofAnInvoicePaidInTwoParts() {
    List<StripeEvent> all =
        List.of(
            with(invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH)), "amount_paid", 2_900),
            tie("in_1", "pi_1", 900),
            tie("in_1", "pi_2", 2_000),
            charge("pi_2", 2_000, 1_000),
            charge("pi_1", 900, 450));
    for (List<StripeEvent> order : orders(all)) {
      again(TrialCredits.NONE, false);
      order.forEach(this::tell);
      assertEquals(2_500 - 1_250, balance());
    }
  }

  @Test
  void c1_olderVersions_tieByPaymentIntentAndByCharge() {
    Map<String, Object> line =
        object(
            "id",
            "il_1",
            "amount",
            2_900,
            "price",
            object("id", "price_pro", "object", "price", "unit_amount", 2_900),
            "plan",
            object("id", "price_pro", "amount", 2_900, "interval", "month"),
            "proration",
            false,
            "type",
            "subscription",
            "subscription",
            "sub_1",
            "quantity",
            1,
            "period",
            object("start", NOW, "end", MONTH));
    for (String tie : List.of("payment_intent", "charge")) {
      again(TrialCredits.NONE, false);
      tell(with(invoice("in_1", line), tie, tie.equals("charge") ? "ch_pi_1" : "pi_1"));
      assertEquals(2_500, balance());
      tell(charge("pi_1", 2_900, 1_450));
      assertEquals(1_250, balance());
    }
    again(TrialCredits.NONE, false);
    StripeEvent before = charge("pi_1", 2_900, 1_450);
    before.object().put("invoice", "in_1");
    tell(before);
    tell(invoice("in_1", line));
    assertEquals(1_250, balance());
  }

  @Test
  void c1_refundThatIsNeverTied_isToldAfterDays() {
    StripeEvent refund = with(charge("pi_1", 2_900, 2_900), "customer", "cus_1");
    assertEquals("applied", tell(refund));
    assertEquals(List.of(), bank.alerts());
    bank.after(PaymentRules.TIE_WITHIN.minusSeconds(1));
    assertEquals("unchanged", tell(refund));
    bank.after(Duration.ofSeconds(1));
    assertEquals("applied", tell(refund));
    assertEquals("unchanged", tell(refund));
    assertEquals(List.of("refund_abuse"), bank.alerts());
    assertEquals(List.of("open"), alerts("status"));
    // Tied months later, the alert is over.
    tell(
        invoice("in_1", line("price_pro", 1, 2_900, bank.now, bank.now.plus(Duration.ofDays(30)))));
    assertEquals("applied", tell(tie("in_1", "pi_1", 2_900)));
    assertEquals(0, balance());
    assertEquals(List.of("resolved"), alerts("status"));
    assertEquals("unchanged", tell(refund));
  }

  private List<Object> alerts(String field) {
    List<Object> values = new ArrayList<>();
    bank.documents.forEach(
        (ref, fields) -> {
          if (ref.collection().equals("model_router_alerts")) {
            values.add(fields.get(field));
          }
        });
    return values;
  }

  @Test
  void c1_untiedRefundThatFails_isNoAlertAnyMore() {
    tell(with(charge("pi_1", 2_900, 2_900), "customer", "cus_1"));
    bank.after(PaymentRules.TIE_WITHIN);
    StripeEvent failed = refund("refund.failed", 3_600, "re_1", "failed", 2_900);
    assertEquals("applied", tell(failed));
    assertEquals(List.of(), bank.alerts());
    again(TrialCredits.NONE, false);
    StripeEvent refund = with(charge("pi_1", 2_900, 2_900), "customer", "cus_1");
    tell(refund);
    bank.after(PaymentRules.TIE_WITHIN);
    tell(refund);
    assertEquals(List.of("open"), alerts("status"));
    tell(failed);
    assertEquals(List.of("resolved"), alerts("status"));
  }

  @Test
  void c2_chargeback_takesOnceAndTellsWhatIsMissingOnce() {
    tell(session("metadata", user("price_id", "price_250"), "amount_subtotal", 1_400));
    assertEquals("ignored", tell(dispute("created", 1, "needs_response", 1_400)));
    assertEquals(250, balance());
    assertEquals("applied", tell(dispute("funds_withdrawn", 1, "needs_response", 1_400)));
    assertEquals("unchanged", tell(dispute("funds_withdrawn", 1, "needs_response", 1_400)));
    assertEquals(0, balance());
    assertEquals(List.of(), bank.alerts());

    again(TrialCredits.NONE, false);
    tell(session("metadata", user("price_id", "price_250"), "amount_subtotal", 1_400));
    bank.debit(70);
    tell(dispute("funds_withdrawn", 1, "needs_response", 1_400));
    tell(dispute("closed", 2, "lost", 1_400));
    assertEquals(0, balance());
    assertEquals(List.of("refund_abuse"), bank.alerts());
  }

  @Test
  void c2_inquiry_takesNothing() {
    tell(session("metadata", user("price_id", "price_250")));
    for (String type : List.of("created", "funds_withdrawn", "closed")) {
      String status = type.equals("closed") ? "warning_closed" : "warning_needs_response";
      tell(dispute(type, 1, status, 1_400));
    }
    assertEquals(250, balance());
    assertEquals("inquiry", tell(dispute("closed", 1, "under_review", 1_400)));
  }

  @Test
  void c2_disputeWithoutASession_waitsForIt() {
    assertEquals("kept", tell(dispute("funds_withdrawn", 1, "needs_response", 1_400)));
    tell(session("metadata", user("price_id", "price_250"), "amount_subtotal", 1_400));
    assertEquals(0, balance());
    assertEquals(List.of(), bank.alerts());
  }

  @Test
  void c3_disputeWon_bringsTheCreditsBackOnceAndARefundTakesThemAgain() {
    List<StripeEvent> all =
        List.of(
            session("metadata", user("price_id", "price_250"), "amount_total", 1_400),
            dispute("funds_withdrawn", 1, "needs_response", 1_400),
            dispute("funds_reinstated", 9, "won", 1_400),
            dispute("closed", 9, "won", 1_400));
    for (List<StripeEvent> order : orders(all)) {
      again(TrialCredits.NONE, false);
      order.forEach(this::tell);
      order.forEach(event -> assertEquals("unchanged", tell(event)));
      assertEquals(250, balance());
      assertEquals(List.of(), bank.audit());
      tell(charge("pi_1", 1_400, 1_400));
      assertEquals(0, balance());
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void c3_wonDispute_bringsBackWhatWasTakenToItsLots() {
    tell(session("metadata", user("price_id", "price_250"), "amount_total", 1_400));
    bank.grant(40, MONTH);
    bank.debit(100); // 40 of the month's lot, 60 of the package
    bank.grant(30, MONTH);
    tell(dispute("funds_withdrawn", 1, "needs_response", 1_400));
    assertEquals(List.of(), bank.lots());
    tell(dispute("funds_reinstated", 2, "won", 1_400));
    assertEquals(List.of("30@" + MONTH, "190"), bank.lots());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void c3_moneyThatCameBack_resolvesTheAlertOfTheMissingRest() {
    tell(session("metadata", user("price_id", "price_250"), "amount_total", 1_400));
    bank.debit(100);
    tell(dispute("funds_withdrawn", 1, "needs_response", 1_400));
    assertEquals(1, bank.openAlerts(AlertType.REFUND_ABUSE));
    tell(dispute("funds_reinstated", 2, "won", 1_400));
    assertEquals(150, balance());
    assertEquals(0, bank.openAlerts(AlertType.REFUND_ABUSE));
    tell(charge(NOW.plusSeconds(9), "pi_1", 1_400, 1_400));
    assertEquals(1, bank.openAlerts(AlertType.REFUND_ABUSE), "gone again");
  }

  @Test
  void c2_missingRest_isOneAlertAPayment() {
    tell(session("metadata", user("price_id", "price_250"), "amount_total", 1_400));
    tell(
        session(
            "id",
            "cs_2",
            "payment_intent",
            "pi_2",
            "metadata",
            user("price_id", "price_250"),
            "amount_total",
            1_400));
    bank.debit(450);
    tell(charge("pi_1", 1_400, 700));
    tell(charge(NOW.plusSeconds(1), "pi_1", 1_400, 1_400));
    tell(charge("pi_2", 1_400, 1_400));
    assertEquals(2, bank.openAlerts(AlertType.REFUND_ABUSE));
  }

  @Test
  void c8_creditLineBesideACharge_takesFromTheOldPlanOnly() {
    Instant start = NOW.minus(Duration.ofDays(15));
    Instant end = NOW.plus(Duration.ofDays(15));
    for (boolean together : List.of(true, false)) {
      again(TrialCredits.NONE, false);
      tell(invoice("in_1", line("price_pro", 1, 2_900, start, end)));
      bank.debit(2_000);
      Map<String, Object> credit = proration("price_pro", 1, -1_450, NOW, end);
      Map<String, Object> charge = proration("price_enthu", 1, 450, NOW, end);
      if (together) {
        tell(invoice("in_2", credit, charge));
      } else {
        tell(invoice("in_2", credit));
        tell(invoice("in_3", charge));
      }
      assertEquals(500, balance(), "together: " + together);
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void refundThatFails_bringsTheCreditsBackInAnyOrder() {
    List<StripeEvent> all =
        List.of(
            session("metadata", user("price_id", "price_250"), "amount_total", 1_400),
            refund("refund.created", 1, "re_1", "pending", 700),
            charge(NOW.plusSeconds(1), "pi_1", 1_400, 700),
            refund("refund.failed", 9, "re_1", "failed", 700));
    for (List<StripeEvent> order : orders(all)) {
      again(TrialCredits.NONE, false);
      order.forEach(this::tell);
      assertEquals(250, balance());
    }
    tell(charge(NOW.plusSeconds(20), "pi_1", 1_400, 700));
    assertEquals(125, balance(), "another refund after the failed one");
    tell(refund("charge.refund.updated", 30, "re_2", "succeeded", 700));
    assertEquals(125, balance(), "the same refund told by another event");
    tell(refund("refund.updated", 40, "re_2", "canceled", 700));
    assertEquals(250, balance());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void c4_listsThatAreCutOffOrEmpty_waitAndLeaveNothing() {
    StripeEvent invoice = invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH));
    ((Map<?, ?>) invoice.object().get("lines")).remove("has_more");
    assertEquals("applied", tell(invoice));
    StripeEvent cut = invoice("in_2", line("price_100", 1, 600, NOW, MONTH));
    cut.object().put("lines", object("data", List.of(object()), "has_more", true));
    assertEquals("incomplete_event", tell(cut));
    assertEquals("incomplete_event", tell(with(invoice("in_3"), "amount_paid", 2_900)));
    assertEquals("incomplete_event", tell(with(invoice("in_3"), "lines", null)));
    assertEquals("not_ours", tell(with(invoice("in_3"), "total", 0)));
    Map<String, Object> item = object("price", object("id", "price_100"), "quantity", 1);
    Map<String, Object> more = object("data", List.of(item), "has_more", true);
    assertEquals("incomplete_event", tell(session("metadata", user(), "line_items", more)));
    assertEquals("incomplete_event", tell(session("metadata", user(), "line_items", list())));
    for (Object items : List.of(more, list())) {
      assertEquals("incomplete_event", tell(subscription(NOW, "active", items)));
    }
    assertEquals(2_500, balance());
    assertNull(bank.documents.get(CreditRefs.payment("pi_1")));
  }

  private static StripeEvent subscription(Instant at, String status, Object items) {
    return event(
        "customer.subscription.updated",
        at,
        "id",
        "sub_1",
        "object",
        "subscription",
        "customer",
        "cus_1",
        "status",
        status,
        "items",
        items);
  }

  @Test
  void c5_unknownPriceBesideAKnownOne_givesNothing() {
    Map<String, Object> pack = line("price_100", 1, 600, NOW, MONTH);
    assertEquals(
        "unknown_price", tell(invoice("in_1", line("price_newtier", 1, 9_900, NOW, MONTH), pack)));
    assertEquals(
        "unknown_price",
        tell(invoice("in_1", pack, proration("price_newtier", 1, -9_900, NOW, MONTH))));
    Map<String, Object> known = object("price", object("id", "price_pro"));
    Map<String, Object> unknown = object("price", object("id", "price_addon"));
    assertEquals("unknown_price", tell(subscription(NOW, "active", list(known, unknown))));
    assertEquals(0, balance());
    assertEquals(
        "applied", tell(invoice("in_1", pack, line("price_newsletter", 1, 9_900, NOW, MONTH))));
    assertEquals(100, balance());
  }

  @Test
  void c6_quantity_multipliesAndSeatsAreProrated() {
    tell(invoice("in_1", line("price_pro", 2, 5_800, NOW, MONTH)));
    assertEquals(5_000, balance());
    Instant half = NOW.plus(Duration.ofDays(15));
    bank.now = half;
    tell(
        invoice(
            "in_2",
            proration("price_pro", 2, -2_900, half, MONTH),
            proration("price_pro", 3, 4_350, half, MONTH)));
    assertEquals(5_000 - 2_500 + 3_750, balance());
    assertEquals(List.of(), bank.audit());
    assertEquals(List.of(), bank.alerts());
    tell(invoice("in_3", line("price_250", 3, 4_200, half, half)));
    assertEquals(6_250 + 750, balance());
    tell(invoice("in_4", line("price_pro", 0, 0, half, MONTH)));
    assertEquals(7_000, balance());
  }

  @Test
  void c6_upgradeInMidMonth_isTheSameInBothOrders() {
    Instant half = NOW.plus(Duration.ofDays(15));
    List<StripeEvent> both =
        List.of(
            invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH)),
            invoice(
                "in_2",
                proration("price_pro", 1, -1_450, half, MONTH),
                proration("price_ultimate", 1, 4_950, half, MONTH)));
    for (List<StripeEvent> order : orders(both)) {
      again(TrialCredits.NONE, false);
      bank.now = half;
      order.forEach(this::tell);
      assertEquals(1_250 + 7_500, balance());
      assertEquals(List.of(), bank.audit());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "500, 1400, price_250, 1", // a multiple of the package's price
    "1000, 2800, price_250, 2",
  })
  void c6_sessionThatNamesItsPrice_soldAsManyAsItsSubtotalSays(
      int ignored, int subtotal, String price, int count) {
    tell(session("metadata", user("price_id", price), "amount_subtotal", subtotal));
    assertEquals(250L * count, balance());
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0, 1400", "-1, -1", "-1400, -1400", "-2800, 1400"})
  void c6_subtotalOfNothingOrLess_isAMismatchAndGivesNothing(int subtotal, int total) {
    Map<String, Object> metadata = user("price_id", "price_250");
    StripeEvent session =
        session("metadata", metadata, "amount_subtotal", subtotal, "amount_total", total);
    assertEquals("amount_mismatch", tell(session));
    assertEquals("amount_mismatch", tell(with(session, "payment_status", "no_payment_required")));
    assertEquals("amount_mismatch", tell(with(session, "currency", "jpy")));
    assertEquals(
        "amount_mismatch",
        tell(
            with(
                session,
                "currency",
                "eur",
                "currency_conversion",
                object("source_currency", "usd", "amount_subtotal", subtotal))));
    assertEquals(0, balance());
  }

  @Test
  void c6_fullDiscount_pays() {
    tell(
        session(
            "metadata",
            user("price_id", "price_250"),
            "amount_subtotal",
            2_800,
            "amount_total",
            0,
            "payment_status",
            "no_payment_required"));
    assertEquals(500, balance());
  }

  @Test
  void c6_subtotalThatIsNoMultiple_waits() {
    Map<String, Object> metadata = user("price_id", "price_250");
    for (int wrong : List.of(1, 1_399, 1_401, 2_100)) {
      assertEquals(
          "amount_mismatch",
          tell(session("metadata", metadata, "amount_subtotal", wrong)),
          Integer.toString(wrong));
    }
    assertEquals(0, balance());
    tell(session("metadata", metadata, "amount_subtotal", 2_100, "currency", "jpy"));
    assertEquals(250, balance(), "of a price in yen nothing is known");
  }

  @Test
  void c7_year_givesTwelveMonthsEachForItsMonth() {
    Instant end = NOW.plus(Duration.ofDays(365));
    tell(invoice("in_1", line("price_pro", 1, 29_000, NOW, end)));
    assertEquals(List.of("2500@2026-12-10T10:00:00Z"), bank.lots());
    List<String> grants = new ArrayList<>();
    for (int day = 1; day <= 365; day++) {
      bank.now = NOW.plus(Duration.ofDays(day));
      Object due =
          bank.documents.get(CreditRefs.user(InMemoryLedger.USER)).get(Users.LEDGER_DUE_AT);
      if (due instanceof Instant at && !at.isAfter(bank.now)) {
        bank.sweep();
        grants.addAll(bank.lots());
      }
      assertEquals(day < 365 ? 2_500 : 0, balance(), "day " + day);
    }
    assertEquals(11, grants.size());
    assertEquals("2500@2027-11-10T10:00:00Z", grants.get(10));
    assertEquals(12, bank.entries().stream().filter("subscription_grant 2500"::equals).count());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void c7_yearThatIsRefundedInPart_givesLessEachMonth() {
    Instant end = NOW.plus(Duration.ofDays(365));
    tell(with(invoice("in_1", line("price_pro", 1, 29_000, NOW, end)), "payment_intent", "pi_1"));
    tell(charge("pi_1", 29_000, 14_500));
    assertEquals(1_250, balance());
    bank.after(Duration.ofDays(31));
    bank.sweep();
    assertEquals(1_250, balance());
    tell(charge("pi_1", 29_000, 29_000));
    assertEquals(0, balance());
    bank.after(Duration.ofDays(31));
    bank.sweep();
    assertEquals(0, balance());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void c7_yearThatIsLeft_givesNoFurtherMonths() {
    Instant end = NOW.plus(Duration.ofDays(365));
    tell(invoice("in_1", line("price_pro", 1, 36_500, NOW, end)));
    bank.now = NOW.plus(Duration.ofDays(10));
    int left = 35_500;
    tell(invoice("in_2", proration("price_pro", 1, -left, bank.now, end)));
    assertEquals(2_500 - 1_666, balance(), "20 of its 30 days are credited");
    bank.after(Duration.ofDays(40));
    bank.sweep();
    assertEquals(0, balance());
  }

  @Test
  void c8_plansChangedBackAndForth_gainNothing() {
    List<String> plans =
        List.of("price_pro", "price_enthu", "price_pro", "price_enthu", "price_pro");
    List<Integer> prices = List.of(2_900, 900, 2_900, 900, 2_900);
    List<StripeEvent> invoices = new ArrayList<>();
    long expected = 0;
    for (int day = 0; day < 5; day++) {
      Instant at = NOW.plus(Duration.ofDays(day));
      List<Object> lines = new ArrayList<>();
      if (day > 0) {
        int unused = prices.get(day - 1) * 29 / 30;
        lines.add(proration(plans.get(day - 1), 1, -unused, at, at.plus(Duration.ofDays(29))));
        long gave = plans.get(day - 1).equals("price_pro") ? 2_500 : 1_000;
        expected += gave - gave * unused / prices.get(day - 1);
      }
      lines.add(line(plans.get(day), 1, prices.get(day), at, at.plus(Duration.ofDays(30))));
      invoices.add(invoice("in_" + day, lines.toArray()));
    }
    expected += 2_500;
    bank.now = NOW.plus(Duration.ofDays(4));
    List<StripeEvent> backwards = new ArrayList<>(invoices);
    Collections.reverse(backwards);
    for (List<StripeEvent> order : List.of(invoices, backwards)) {
      again(TrialCredits.NONE, false);
      bank.now = NOW.plus(Duration.ofDays(4));
      order.forEach(this::tell);
      assertEquals(expected, balance());
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void c9_twoPeriodsOnOneDay_giveEachUntilItsOwnEnd() {
    tell(invoice("in_1", line("price_enthu", 1, 0, NOW, NOW.plus(Duration.ofDays(7)))));
    assertEquals(0, balance());
    tell(invoice("in_2", line("price_enthu", 1, 1_900, NOW.plusSeconds(600), MONTH)));
    assertEquals(List.of("1000@" + MONTH), bank.lots());
    again(TrialCredits.NONE, false);
    tell(with(invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH)), "payment_intent", "pi_1"));
    tell(charge("pi_1", 2_900, 2_900));
    assertEquals(0, balance());
    Instant second = NOW.plusSeconds(60);
    tell(invoice("in_2", line("price_pro", 1, 2_900, second, second.plus(Duration.ofDays(30)))));
    assertEquals(2_500, balance());
  }

  @ParameterizedTest
  @CsvSource({"NONE, 0", "SHARE, 3500", "FULL, 15000"})
  void c10_trial_givesBySettingAndOnceAUser(TrialCredits trials, long credits) {
    again(trials, false);
    Instant end = NOW.plus(Duration.ofDays(7));
    StripeEvent first = invoice("in_1", line("price_ultimate", 1, 0, NOW, end));
    tell(first);
    assertEquals(credits, balance());
    tell(first);
    tell(invoice("in_2", line("price_ultimate", 1, 0, NOW.plusSeconds(60), end.plusSeconds(60))));
    assertEquals(credits, balance());
    bank.now = end.plus(Duration.ofHours(1));
    bank.sweep();
    assertEquals(0, balance());
    tell(invoice("in_3", line("price_pro", 1, 0, bank.now, bank.now.plus(Duration.ofDays(7)))));
    assertEquals(0, balance());
  }

  @Test
  void c10_fullDiscount_pays() {
    int i = 0;
    for (Object[] discount :
        new Object[][] {
          {"discount_amounts", List.of(object("amount", 2_900, "discount", "di_1"))},
          {"discounts", List.of("di_1")},
        }) {
      again(TrialCredits.NONE, false);
      Map<String, Object> line = line("price_pro", 1, 0, NOW, MONTH);
      line.putAll(object(discount));
      tell(invoice("in_" + i++, line));
      assertEquals(2_500, balance());
    }
    again(TrialCredits.NONE, false);
    Map<String, Object> discount = object("id", "di_1");
    tell(with(invoice("in_1", line("price_pro", 1, 0, NOW, MONTH)), "discount", discount));
    assertEquals(2_500, balance());
  }

  @Test
  void c11_periodEnd_isThatOfTheItemWithTheTier() {
    Instant year = NOW.plus(Duration.ofDays(365));
    Map<String, Object> addOn =
        object("price", object("id", "price_newsletter"), "current_period_end", year);
    Map<String, Object> lower =
        object("price", object("id", "price_enthu"), "current_period_end", year);
    Map<String, Object> pro =
        object("price", object("id", "price_pro"), "current_period_end", MONTH);
    for (Map<String, Object> other : List.of(addOn, lower)) {
      for (Object items : List.of(list(other, pro), list(pro, other))) {
        again(TrialCredits.NONE, false);
        tell(subscription(NOW, "active", items));
        Subscription told = bank.state().billing().subscriptions().get("sub_1");
        assertEquals(MONTH, told.periodEnd());
        assertEquals("pro", told.tier());
      }
    }
    again(TrialCredits.NONE, false);
    Map<String, Object> older = object("price", object("id", "price_pro"));
    tell(with(subscription(NOW, "active", list(older)), "current_period_end", MONTH));
    assertEquals(MONTH, bank.state().billing().subscriptions().get("sub_1").periodEnd());
  }

  @Test
  void c12_pricesOfOtherProducts_areIgnored() {
    Map<String, Object> item = object("price", object("id", "price_newsletter"), "quantity", 1);
    assertEquals("not_ours", tell(subscription(NOW, "active", list(item))));
    assertEquals("not_ours", tell(subscription(NOW, "canceled", list(item))));
    assertEquals("not_ours", tell(invoice("in_1", line("price_newsletter", 1, 500, NOW, MONTH))));
    assertEquals("not_ours", tell(session("metadata", user(), "line_items", list(item))));
    assertEquals("not_ours", tell(session("metadata", user("price_id", "price_newsletter"))));
    Map<String, Object> unknown = object("price", object("id", "price_else"));
    assertEquals("unknown_price", tell(subscription(NOW, "active", list(unknown))));
  }

  @Test
  void c13_saleOfSomethingElse_givesNothingUnlessSubtotalsAreOn() {
    StripeEvent workshop =
        session("metadata", user("product", "workshop_ticket"), "amount_subtotal", 5_000);
    assertEquals("not_ours", tell(workshop));
    assertEquals(0, balance());
    again(TrialCredits.NONE, true);
    assertEquals("applied", tell(workshop));
    assertEquals(1_000, balance());
    assertEquals(
        "not_ours", tell(session("id", "cs_2", "amount_subtotal", 5_000)), "names no user");
  }

  @Test
  void c14_clientReferenceId_namesTheUser() {
    Map<String, Object> item = object("price", object("id", "price_100"), "quantity", 1);
    assertEquals(
        "applied",
        tell(
            session(
                "client_reference_id",
                InMemoryLedger.USER,
                "metadata",
                object(),
                "line_items",
                list(item))));
    assertEquals(100, balance());
    assertEquals(
        "not_found",
        tell(
            session(
                "client_reference_id",
                InMemoryLedger.USER,
                "id",
                "cs_2",
                "payment_intent",
                "pi_2",
                "metadata",
                object("user_id", "nobody"),
                "line_items",
                list(item))),
        "metadata comes first");
  }

  @Test
  void paymentOfTierAndPackages_takesBackOfEach() {
    tell(
        with(
            invoice(
                "in_1",
                line("price_pro", 1, 2_900, NOW, MONTH),
                line("price_1000", 1, 5_000, NOW, NOW)),
            "payment_intent",
            "pi_1"));
    assertEquals(3_500, balance());
    tell(charge("pi_1", 7_900, 3_950));
    assertEquals(List.of("1250@" + MONTH, "500"), bank.lots());
    tell(charge("pi_1", 7_900, 7_900));
    assertEquals(List.of(), bank.lots());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void invoiceOfAnUnknownCustomer_findsItsUserByTheSubscription() {
    Map<String, Object> item = object("price", object("id", "price_pro"));
    tell(with(subscription(NOW, "active", list(item)), "customer", "cus_9", "metadata", user()));
    StripeEvent invoice = invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH));
    invoice.object().put("customer", "cus_unknown");
    assertEquals("applied", tell(invoice));
    assertEquals(2_500, balance());
    StripeEvent older = invoice("in_2", line("price_100", 1, 600, NOW, MONTH));
    older.object().remove("parent");
    assertEquals("applied", tell(with(older, "customer", null, "subscription", "sub_1")));
    assertEquals(2_600, balance());
  }

  /** A ledger that another program wiped still gives the months that are paid. */
  @Test
  void c7_yearOfALostLedger_goesOn() {
    Instant end = NOW.plus(Duration.ofDays(365));
    tell(invoice("in_1", line("price_pro", 1, 29_000, NOW, end)));
    bank.debit(2_000);
    Map<String, Object> wiped =
        new HashMap<>(bank.documents.get(CreditRefs.user(InMemoryLedger.USER)));
    wiped.remove(Users.LEDGER);
    wiped.remove(Users.LEDGER_DUE_AT);
    bank.documents.put(CreditRefs.user(InMemoryLedger.USER), wiped);
    bank.sweep();
    assertEquals(500, balance());
    bank.after(Duration.ofDays(31));
    bank.sweep();
    assertEquals(List.of("2500@2027-01-10T10:00:00Z", "500"), bank.lots());
  }

  @Test
  void paymentOfTheEarlierForm_isTakenBackAndNotGivenAgain() {
    Map<String, Object> line = line("price_pro", 1, 2_900, NOW, MONTH);
    String day = GrantPeriod.day(NOW);
    for (boolean isTold : List.of(true, false)) {
      again(TrialCredits.NONE, false);
      tell(with(invoice("in_1", line), "payment_intent", "pi_1"));
      // As the version before wrote it: a grant by its day, one transaction a payment, no terms.
      String grant = CreditRefs.monthlyGrant(InMemoryLedger.USER, "pro", day).id();
      older(bank.lastTransactionId(), grant);
      Map<String, Object> payment = new HashMap<>();
      payment.put("user_id", InMemoryLedger.USER);
      payment.put("transaction_id", grant);
      payment.put("credits", 2_500L);
      bank.documents.put(CreditRefs.payment("pi_1"), payment);
      if (isTold) {
        tell(with(invoice("in_1", line), "payment_intent", "pi_1"));
        assertEquals(2_500, balance(), "given before");
      }
      tell(charge("pi_1", 2_900, 1_450));
      assertEquals(1_250, balance());
      tell(with(invoice("in_1", line), "payment_intent", "pi_1"));
      assertEquals(1_250, balance());
      tell(charge("pi_1", 2_900, 2_900));
      assertEquals(0, balance());
    }
  }

  @Test
  void refundOfTheEarlierForm_isNotTakenTwice() {
    tell(session("metadata", user("price_id", "price_250"), "amount_total", 1_400));
    Map<String, Object> payment = new HashMap<>();
    payment.put("user_id", InMemoryLedger.USER);
    payment.put("transaction_id", CreditRefs.packages("cs_1").id());
    payment.put("credits", 250L);
    payment.put("charge_id", "ch_pi_1");
    payment.put("amount_paid", 1_400L);
    payment.put("amount_refunded", 700L);
    payment.put("credits_due", 125L);
    bank.documents.put(CreditRefs.payment("pi_1"), payment);
    bank.set(CreditRefs.packages("cs_1"), Map.of("refunded", 125L)); // 125 of them were taken
    assertEquals("applied", tell(charge("pi_1", 1_400, 700)), "only the form changes");
    assertEquals(250, balance());
    tell(charge("pi_1", 1_400, 1_400));
    assertEquals(125, balance());
    tell(session("metadata", user("price_id", "price_250"), "amount_total", 1_400));
    tell(charge("pi_1", 1_400, 1_400));
    assertEquals(125, balance());
    tell(refund("refund.failed", 90, "re_1", "failed", 1_400));
    assertEquals(375, balance());
  }

  /** Gives a transaction and what the ledger knows of it the form of the version before. */
  private void older(String id, String olderId) {
    Map<String, Object> transaction = bank.documents.remove(CreditRefs.transaction(id));
    bank.documents.put(CreditRefs.transaction(olderId), transaction);
    bank.set(CreditRefs.user(InMemoryLedger.USER), Map.of("ledger.terms", Write.REMOVED));
  }

  @Test
  void refundsThatDoNotSayWhatWasPaid_areInProportionToTheSale() {
    Map<String, Object> pack = object("price", object("id", "price_250"), "quantity", 2);
    for (Object[] sold :
        List.of(
            new Object[] {"line_items", list(pack), "metadata", user()},
            new Object[] {"metadata", user("price_id", "price_250"), "amount_subtotal", 2_800},
            new Object[] {"amount_total", 2_800, "line_items", list(pack), "metadata", user()})) {
      again(TrialCredits.NONE, false);
      tell(session(sold));
      tell(refund("refund.created", 1, "re_1", "succeeded", 700));
      assertEquals(375, balance());
    }
    again(TrialCredits.NONE, false);
    StripeEvent invoice = invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH));
    tell(with(invoice, "payment_intent", "pi_1"));
    tell(refund("refund.created", 1, "re_1", "succeeded", 1_450));
    assertEquals(1_250, balance());
  }

  @Test
  void c6_seatsChangedInTheSameSecond_followTheRuleOfProrations() {
    tell(invoice("in_1", line("price_pro", 2, 5_800, NOW, MONTH)));
    tell(
        invoice(
            "in_2",
            proration("price_pro", 2, -5_800, NOW, MONTH),
            proration("price_pro", 3, 8_700, NOW, MONTH)));
    assertEquals(7_500, balance());
  }

  /**
   * A month, of which half is left, and changes of it within one second.
   *
   * @param counts how many of the price each change leads to; the first is the month's
   */
  private static List<StripeEvent> changes(
      Instant end, List<String> prices, List<Integer> counts, List<Integer> cents) {
    List<StripeEvent> invoices = new ArrayList<>();
    invoices.add(
        invoice(
            "in_0",
            line(prices.get(0), counts.get(0), cents.get(0), end.minus(Duration.ofDays(30)), end)));
    for (int i = 1; i < prices.size(); i++) {
      invoices.add(
          invoice(
              "in_" + i,
              proration(prices.get(i - 1), counts.get(i - 1), -cents.get(i - 1) / 2, NOW, end),
              proration(prices.get(i), counts.get(i), cents.get(i) / 2, NOW, end)));
    }
    return invoices;
  }

  private void tellAll(List<StripeEvent> order) {
    again(TrialCredits.NONE, false);
    order.forEach(this::tell);
    long once = balance();
    order.forEach(each -> assertEquals("unchanged", tell(each)));
    assertEquals(once, balance());
    assertEquals(List.of(), bank.audit());
    assertEquals(List.of(), bank.alerts());
  }

  /** All orders of a few; of more in time, backwards and some at random. */
  private static List<List<StripeEvent>> someOrders(List<StripeEvent> events) {
    if (events.size() < 6) {
      return orders(events);
    }
    List<List<StripeEvent>> some = new ArrayList<>();
    some.add(events);
    for (int i = 0; i < 30; i++) {
      List<StripeEvent> next = new ArrayList<>(events);
      if (i == 0) {
        Collections.reverse(next);
      } else {
        Collections.shuffle(next, new java.util.Random(i));
      }
      some.add(next);
    }
    return some;
  }

  @ParameterizedTest
  @CsvSource({"1, 8750", "2, 2500", "3, 8750", "4, 2500", "5, 8750", "6, 2500", "8, 2500"})
  void c6_changesInOneSecond_gainNothingInEveryOrder(int changes, long expected) {
    Instant end = NOW.plus(Duration.ofDays(15));
    List<String> prices = new ArrayList<>();
    List<Integer> cents = new ArrayList<>();
    for (int i = 0; i <= changes; i++) {
      prices.add(i % 2 == 0 ? "price_pro" : "price_ultimate");
      cents.add(i % 2 == 0 ? 2_900 : 14_900);
    }
    List<Integer> counts = Collections.nCopies(changes + 1, 1);
    // The two plans' prices, of which half is charged: each gives half of its credits.
    for (List<StripeEvent> order : someOrders(changes(end, prices, counts, cents))) {
      tellAll(order);
      assertEquals(expected, balance());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2 3, 6250",
    "2 3 2, 5000",
    "2 3 2 3, 6250",
    "2 3 2 3 2, 5000",
    "2 3 2 3 2 3 2, 5000",
    "3 1 2 1, 5000",
    "1 40 2 2 1, 2500",
    "2 9 4 6, 10000",
  })
  void c6_seatsChangedInOneSecond_gainNothingInEveryOrder(String seats, long expected) {
    Instant end = NOW.plus(Duration.ofDays(15));
    List<Integer> counts = Arrays.stream(seats.split(" ")).map(Integer::valueOf).toList();
    List<String> prices = Collections.nCopies(counts.size(), "price_pro");
    List<Integer> cents = counts.stream().map(each -> 2_900 * each).toList();
    for (List<StripeEvent> order : someOrders(changes(end, prices, counts, cents))) {
      tellAll(order);
      assertEquals(expected, balance());
    }
  }

  @Test
  void c6_changesInOneSecond_ofCreditsThatAreSpent_gainNothing() {
    Instant end = NOW.plus(Duration.ofDays(15));
    List<StripeEvent> all =
        changes(
            end,
            List.of("price_pro", "price_ultimate", "price_pro", "price_ultimate", "price_pro"),
            List.of(1, 1, 1, 1, 1),
            List.of(2_900, 14_900, 2_900, 14_900, 2_900));
    tell(all.get(0));
    bank.debit(2_500);
    all.forEach(this::tell);
    assertEquals(0, balance(), "what was paid is spent");
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void c6_moreChangesThanLinesCanRun_areRefusedAndGainNothing() {
    Instant end = NOW.plus(Duration.ofDays(15));
    List<String> prices = new ArrayList<>();
    List<Integer> cents = new ArrayList<>();
    for (int i = 0; i <= 70; i++) {
      prices.add(i % 2 == 0 ? "price_pro" : "price_ultimate");
      cents.add(i % 2 == 0 ? 2_900 : 14_900);
    }
    List<StripeEvent> all = changes(end, prices, Collections.nCopies(71, 1), cents);
    int refused = 0;
    for (int i = 0; i < all.size(); i++) {
      long before = bank.state().ledger() == null ? 0 : balance();
      if (tell(all.get(i)).contains("too_many_lines")) {
        refused++;
        assertEquals(before, balance(), "nothing of it is applied");
      } else if (refused == 0) {
        assertEquals(i % 2 == 0 ? 2_500 : 8_750, balance(), () -> "after " + before);
      }
    }
    assertEquals(21, refused, "49 changes have 98 lines beside the first one");
    long kept = balance();
    all.subList(0, 50).forEach(this::tell);
    assertEquals(kept, balance(), "what was applied is a repeat");
    bank.now = end;
    assertFalse(tell(all.get(70)).contains("too_many_lines"), "lines have ended");
    bank.sweep();
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void c9_samePeriodPaidAgainAfterARefund_givesItsCredits() {
    for (String intent : List.of("pi_1", "pi_2")) {
      StripeEvent invoice = invoice("in_" + intent, line("price_pro", 1, 2_900, NOW, MONTH));
      tell(with(invoice, "payment_intent", intent));
      assertEquals(2_500, balance());
      tell(charge(intent, 2_900, 2_900));
      assertEquals(0, balance());
    }
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void amountsWithoutCents_areProportionsToo() {
    for (int paid : Arrays.asList(500, 14_000, 29_000_000)) {
      again(TrialCredits.NONE, false);
      Map<String, Object> item = object("price", object("id", "price_250"), "quantity", 1);
      tell(
          session(
              "currency",
              "jpy",
              "amount_total",
              paid,
              "metadata",
              user(),
              "line_items",
              list(item)));
      tell(charge("pi_1", paid, paid / 2));
      assertEquals(125, balance());
    }
  }

  /** An invoice that a session made, and that neither names: it is the same sale, told twice. */
  @Test
  void sessionAndItsInvoice_sellOnceInBothOrdersHoweverMuchIsSpent() {
    StripeEvent session = session("metadata", user("price_id", "price_250"), "amount_total", 1_400);
    StripeEvent invoice =
        with(invoice("in_1", line("price_250", 1, 1_400, NOW, NOW)), "payment_intent", "pi_1");
    for (List<StripeEvent> order : orders(List.of(session, invoice))) {
      again(TrialCredits.NONE, false);
      tell(order.get(0));
      assertEquals(250, balance());
      bank.debit(200);
      tell(order.get(1));
      assertEquals(50, balance());
      order.forEach(event -> assertEquals("unchanged", tell(event)));
      tell(charge("pi_1", 1_400, 1_400));
      assertEquals(0, balance());
      tell(refund("refund.failed", 9, "re_1", "failed", 1_400));
      assertEquals(50, balance());
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void invoiceWithMoreThanItsSession_givesTheRestAndWithLessTakesIt() {
    for (int sold : List.of(1, 2, 3)) {
      again(TrialCredits.NONE, false);
      Map<String, Object> item = object("price", object("id", "price_250"), "quantity", 2);
      tell(session("metadata", user(), "line_items", list(item), "amount_total", 2_800));
      assertEquals(500, balance());
      StripeEvent invoice = invoice("in_1", line("price_250", sold, 1_400 * sold, NOW, NOW));
      tell(with(invoice, "payment_intent", "pi_1"));
      assertEquals(250L * sold, balance());
      assertEquals("unchanged", tell(invoice));
      tell(charge("pi_1", 1_400 * sold, 1_400 * sold));
      assertEquals(0, balance());
      assertEquals(List.of(), bank.audit());
    }
  }

  /** Several sales of one payment, each of which gives its own. */
  @Test
  void salesOfOnePayment_areTransactionsOfTheirOwnBesideOneThatAnInvoiceReplaced() {
    StripeEvent first = session("metadata", user("price_id", "price_250"));
    StripeEvent second = session("id", "cs_2", "metadata", user("price_id", "price_250"));
    tell(first);
    tell(second);
    assertEquals(500, balance());
    assertEquals(List.of("purchase 250", "purchase 250"), bank.entries());
    again(TrialCredits.NONE, false);
    tell(first);
    for (String id : List.of("in_1", "in_2")) {
      StripeEvent invoice = invoice(id, line("price_250", 1, 1_400, NOW, NOW));
      tell(with(invoice, "payment_intent", "pi_1"));
    }
    assertEquals(500, balance());
    Map<String, Booking> bookings =
        PaymentCodec.decode(bank.snapshot(CreditRefs.payment("pi_1"))).bookings();
    assertEquals(250, bookings.get("cs_1").given(), "told first, as the first invoice says");
    assertEquals(250, bookings.get("in_2").given());
  }

  @Test
  void chargeToldBeforeTheLineItIsAPartOf_givesTheSameInBothOrders() {
    Instant half = NOW.plus(Duration.ofDays(15));
    List<StripeEvent> both =
        List.of(
            invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH)),
            invoice("in_2", proration("price_pro", 1, 1_000, half, MONTH)));
    for (List<StripeEvent> order : orders(both)) {
      again(TrialCredits.NONE, false);
      bank.now = half;
      order.forEach(this::tell);
      assertEquals(2_500 + 862, balance());
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void c6_moreSeatsForAPeriodThatIsPaid_giveTheDifference() {
    for (List<Integer> order : List.of(List.of(1, 3), List.of(3, 1))) {
      again(TrialCredits.NONE, false);
      for (int seats : order) {
        tell(invoice("in_" + seats, line("price_pro", seats, 2_900 * seats, NOW, MONTH)));
      }
      assertEquals(7_500, balance(), "of two that pay one period the larger counts");
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void c9_periodThatIsRefundedBeforeItIsTold_givesOnceTheRefundFailed() {
    tell(with(charge("pi_1", 2_900, 2_900), "customer", "cus_1"));
    StripeEvent invoice = invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH));
    tell(with(invoice, "payment_intent", "pi_1"));
    assertEquals(0, balance());
    assertEquals(List.of(), bank.entries(), "what is not left is not given first");
    tell(refund("refund.failed", 9, "re_1", "failed", 2_900));
    assertEquals(List.of("2500@" + MONTH), bank.lots());
  }

  @Test
  void c10_refundBesideALaterTrial_leavesTheFirstTrialItsCredits() {
    again(TrialCredits.FULL, false);
    Instant week = NOW.plus(Duration.ofDays(7));
    tell(invoice("in_1", line("price_pro", 1, 0, NOW, week)));
    assertEquals(2_500, balance());
    Map<String, Object> second = line("price_pro", 1, 0, NOW.plusSeconds(60), week);
    StripeEvent both = invoice("in_2", second, line("price_250", 1, 1_400, NOW, NOW));
    tell(with(both, "payment_intent", "pi_2"));
    assertEquals(2_750, balance());
    tell(charge("pi_2", 1_400, 1_400));
    assertEquals(List.of("2500@" + Lots.roundUp(week)), bank.lots());
  }

  @Test
  void c7_yearThatIsRefunded_isNotDueForEver() {
    Instant end = NOW.plus(Duration.ofDays(365));
    tell(with(invoice("in_1", line("price_pro", 1, 29_000, NOW, end)), "payment_intent", "pi_1"));
    tell(charge("pi_1", 29_000, 29_000));
    bank.after(Duration.ofDays(31));
    assertEquals("applied", bank.sweep());
    assertEquals("unchanged", bank.sweep());
    assertEquals(
        Instant.parse("2027-01-10T10:00:00Z"),
        bank.documents.get(CreditRefs.user(InMemoryLedger.USER)).get(Users.LEDGER_DUE_AT));
  }

  /** A user of pro whose tier nobody tells by a subscription, so that the calendar renews it. */
  private void renewedByTheCalendar() {
    bank = new InMemoryLedger().user(InMemoryLedger.USER, "pro", null);
    bank.documents.get(CreditRefs.user(InMemoryLedger.USER)).put(Users.STRIPE_CUSTOMER_ID, "cus_1");
    stripe = new StripeTeller(bank, stripe.rules);
  }

  /** The calendar gives a month of the tier only where no invoice has paid for it. */
  @Test
  void c7_yearFromTheFirstOfAMonth_isNotGivenByTheCalendarToo() {
    Instant first = GrantPeriod.start(NOW);
    renewedByTheCalendar();
    tell(invoice("in_1", line("price_pro", 1, 29_000, first, first.plus(Duration.ofDays(365)))));
    assertEquals(2_500, balance());
    for (int month = 1; month <= 3; month++) {
      bank.now = GrantPeriod.next(bank.now);
      bank.sweep();
      assertEquals(2_500, balance(), "month " + month);
    }
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void paidPeriodOfAnotherLength_isNotTheCalendarsMonth() {
    Instant first = GrantPeriod.start(NOW);
    renewedByTheCalendar();
    bank.sweep();
    assertEquals(2_500, balance());
    tell(invoice("in_1", line("price_pro", 1, 2_900, first, MONTH)));
    assertEquals(List.of("2500@2026-12-01T00:00:00Z", "2500@" + MONTH), bank.lots());
  }

  @Test
  void periodThatWasOverWhenItWasTold_doesNotStandForTheCalendarsMonth() {
    renewedByTheCalendar();
    Instant week = NOW.minus(Duration.ofDays(7));
    tell(invoice("in_1", line("price_pro", 1, 700, week, NOW)));
    assertEquals(List.of("2500@2026-12-01T00:00:00Z"), bank.lots(), "of the calendar");
  }

  @Test
  void refundAfterThePeriod_saysHowManyCreditsOfItAreGone() {
    StripeEvent invoice = invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH));
    tell(with(invoice, "payment_intent", "pi_1"));
    bank.now = MONTH;
    tell(charge("pi_1", 2_900, 1_450));
    assertEquals(
        List.of("payment pi_1 was refunded, but 1250 of 1250 credits are gone"), alerts("message"));
    tell(charge(NOW.plusSeconds(1), "pi_1", 2_900, 2_175));
    assertEquals(
        List.of("payment pi_1 was refunded, but 625 of 625 credits are gone"), alerts("message"));
    assertEquals("unchanged", tell(charge(NOW.plusSeconds(1), "pi_1", 2_900, 2_175)));
    assertEquals(1, bank.openAlerts(AlertType.REFUND_ABUSE));
  }

  /** A package of which only the transaction is left, and which is refunded before it is told. */
  @Test
  void paymentWhoseDocumentIsLost_isTakenBackWhenItIsToldAgain() {
    StripeEvent session = session("metadata", user("price_id", "price_250"), "amount_total", 1_400);
    tell(session);
    bank.documents.keySet().removeIf(ref -> ref.collection().equals("stripe_payments"));
    tell(with(charge("pi_1", 1_400, 1_400), "customer", "cus_1"));
    assertEquals(250, balance());
    tell(session);
    assertEquals(0, balance());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void purchaseOfTheEarlierForm_isTakenBackBesideAnotherSaleOfItsPayment() {
    Map<String, Object> upgrade = proration("price_pro", 1, 10, NOW, MONTH);
    for (boolean isProration : List.of(true, false)) {
      again(TrialCredits.NONE, false);
      StripeEvent invoice = invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH));
      tell(with(invoice, "payment_intent", "pi_1"));
      String grant = CreditRefs.monthlyGrant(InMemoryLedger.USER, "pro", GrantPeriod.day(NOW)).id();
      older(bank.lastTransactionId(), grant);
      bank.documents.put(
          CreditRefs.payment("pi_1"),
          new HashMap<>(
              Map.of("user_id", InMemoryLedger.USER, "transaction_id", grant, "credits", 2_500L)));
      Map<String, Object> other = line("price_250", 1, 1_400, NOW, NOW);
      tell(with(invoice("in_2", isProration ? upgrade : other), "payment_intent", "pi_1"));
      long more = isProration ? balance() - 2_500 : 250;
      tell(charge("pi_1", 4_300, 2_150));
      assertEquals(1_250 + more - more / 2, balance());
      tell(charge("pi_1", 4_300, 4_300));
      assertEquals(0, balance());
    }
  }

  @Test
  void purchaseOfTheEarlierForm_isTakenBackInPartsWithoutBeingToldAgain() {
    tell(session("metadata", user("price_id", "price_250"), "amount_total", 1_400));
    bank.documents.put(
        CreditRefs.payment("pi_1"),
        new HashMap<>(
            Map.of(
                "user_id",
                InMemoryLedger.USER,
                "transaction_id",
                CreditRefs.packages("cs_1").id(),
                "credits",
                250L)));
    for (int part = 1; part <= 4; part++) {
      tell(charge("pi_1", 1_400, 350 * part));
      assertEquals(250 - 250 * part / 4, balance());
    }
    assertEquals(List.of(), bank.audit());
  }

  /** Events of a purchase read what they need at once: the reads are counted in round trips. */
  @Test
  void eventsOfSales_readTheirTransactionsBeforehandAndNoOthers() {
    Instant half = NOW.plus(Duration.ofDays(15));
    again(TrialCredits.FULL, false);
    bank.sweep();
    List<StripeEvent> sales =
        List.of(
            session("metadata", user("price_id", "price_250")),
            invoice("in_1", line("price_pro", 1, 2_900, NOW, MONTH)),
            invoice("in_2", proration("price_enthu", 1, 450, half, MONTH)),
            invoice("in_3", proration("price_enthu", 1, -450, half, MONTH)),
            invoice("in_4", line("price_pro", 1, 0, NOW, half)));
    List<Integer> reads = List.of(1, 2, 1, 0, 1);
    for (int i = 0; i < sales.size(); i++) {
      Meaning.Asks asks = (Meaning.Asks) stripe.rules.of(sales.get(i));
      Command<CreditCommand> command =
          CreditCommands.stripe(InMemoryLedger.USER, asks.commands().get(0));
      long transactions =
          command.reads().stream()
              .filter(read -> read instanceof Read.Get get && isTransaction(get.ref()))
              .count();
      assertEquals((long) reads.get(i), transactions, "sale " + i);
      assertEquals("applied", bank.run(command));
      boolean isCredit = i == 3; // what it takes back was sold by another one
      assertEquals(isCredit ? 1 : 0, bank.asked.size(), "sale " + i);
    }
    Map<String, Booking> bookings =
        PaymentCodec.decode(bank.snapshot(CreditRefs.payment("in_1"))).bookings();
    assertEquals(Map.of(), bookings, "lines of tiers are booked in the ledger");
  }

  private static boolean isTransaction(DocRef ref) {
    return ref.collection().equals("credit_transactions");
  }
}
