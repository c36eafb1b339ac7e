package dev.meterkite.model.credits.payments;

import static dev.meterkite.model.credits.payments.StripeTeller.event;
import static dev.meterkite.model.credits.payments.StripeTeller.list;
import static dev.meterkite.model.credits.payments.StripeTeller.object;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.rules.InMemoryLedger;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.credits.stripe.StripePayment.Part;
import dev.meterkite.model.credits.stripe.StripePayment.Sale;
import dev.meterkite.model.plans.DefaultPlans;
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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What events say was sold, paid and refunded, at the edges of their fields. */
class StripeSalesTest {
  private static final Instant NOW = InMemoryLedger.START;
  private static final Instant HALF = NOW.plus(Duration.ofDays(15));
  private static final Instant MONTH = NOW.plus(Duration.ofDays(30));
  private static final StripeRules RULES =
      new StripeRules(
          new StripePrices(
              Map.of("price_pro", "pro", "price_enthu", "enthu"),
              Map.of("price_250", 250L, "price_1000", 1000L),
              Set.of("price_newsletter"),
              DefaultPlans.PLANS),
          TrialCredits.FULL,
          false);

  private StripeTeller stripe = teller();

  private static StripeTeller teller() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    bank.documents.get(CreditRefs.user(InMemoryLedger.USER)).put(Users.STRIPE_CUSTOMER_ID, "cus_1");
    return new StripeTeller(bank, RULES);
  }

  private String tell(StripeEvent event) {
    return stripe.tell(event);
  }

  private long balance() {
    return stripe.bank.ledger() == null ? 0 : stripe.bank.ledger().balance();
  }

  /** A line from now to the month's end, without quantity or amount. */
  private static Map<String, Object> line(String price, Object... more) {
    Map<String, Object> line = object("price", object("id", price));
    line.putAll(object("subscription", "sub_1", "period", object("start", NOW, "end", MONTH)));
    line.putAll(object(more));
    return line;
  }

  private static StripeEvent invoice(Object... lines) {
    return event("invoice.paid", NOW, "id", "in_1", "customer", "cus_1", "lines", list(lines));
  }

  private static StripeEvent with(StripeEvent event, Object... members) {
    event.object().putAll(object(members));
    return event;
  }

  private static StripeEvent session(Object... members) {
    StripeEvent event = event("checkout.session.completed", NOW, "id", "cs_1", "mode", "payment");
    with(event, "payment_status", "paid", "payment_intent", "pi_1", "currency", "usd");
    with(event, "client_reference_id", InMemoryLedger.USER);
    return with(event, members);
  }

  /** What an event means without asking for anything: a code, why not, and what is missing. */
  private static String meaning(StripeEvent event) {
    Meaning meaning = RULES.of(event);
    if (meaning instanceof Meaning.NotYet notYet) {
      return notYet.code() + " " + notYet.what();
    }
    return meaning instanceof Meaning.Nothing nothing ? nothing.why() : "asks";
  }

  private static StripePayment facts(StripeEvent event) {
    Meaning.Asks asks = assertInstanceOf(Meaning.Asks.class, RULES.of(event));
    return ((CreditCommand.Pay) asks.commands().get(0)).facts();
  }

  private static Sale sale(StripeEvent event) {
    return facts(event).sales().values().iterator().next();
  }

  private static List<Object> unreadableNumbers() {
    return Arrays.asList("2", "", true, new BigDecimal("1.5"), new BigDecimal("1e30"), List.of());
  }

  @Test
  void c6_quantityThatCannotBeRead_waitsWhereverItStands() {
    List<Object> wrong = new ArrayList<>(unreadableNumbers());
    wrong.add(new BigDecimal("-1"));
    wrong.add(BigDecimal.ZERO);
    for (Object quantity : wrong) {
      Map<String, Object> item = line("price_250", "quantity", quantity);
      for (StripeEvent each :
          List.of(
              invoice(line("price_pro", "quantity", quantity, "amount", 2_900)),
              invoice(line("price_pro", "quantity", quantity)),
              invoice(line("price_pro"), line("price_250", "quantity", quantity, "amount", 1_400)),
              session("line_items", list(item)),
              session("line_items", list(line("price_1000", "quantity", 1), item)))) {
        assertEquals("incomplete_event quantity", meaning(each), () -> "quantity " + quantity);
      }
    }
    assertEquals(
        "applied", tell(invoice(line("price_newsletter", "quantity", "2"), line("price_pro"))));
    assertEquals(2_500, balance(), "a line of another product is not read");
  }

  @ParameterizedTest
  @CsvSource({"-1, 0", "0, -5", "0, 5", "-1, 5"})
  void c6_quantityThatContradictsItsAmount_waits(int quantity, int amount) {
    for (String price : List.of("price_pro", "price_250")) {
      assertEquals(
          "incomplete_event quantity",
          meaning(invoice(line(price, "quantity", quantity, "amount", amount))));
    }
  }

  @Test
  void c6_quantityOfNothing_sellsNothing() {
    assertEquals("not_ours", meaning(invoice(line("price_pro", "quantity", 0, "amount", 0))));
    assertEquals("not_ours", meaning(invoice(line("price_250", "quantity", 0, "amount", 0))));
    for (String amount : List.of("amount_subtotal", "amount_total")) {
      Map<String, Object> item = line("price_250", "quantity", 0, amount, 0);
      assertEquals("not_ours", meaning(session("line_items", list(item))));
    }
    StripeEvent both = invoice(line("price_pro", "quantity", 0, "amount", 0), line("price_enthu"));
    assertEquals(List.of(1_000L), sale(both).lines().stream().map(Line::credits).toList());
  }

  @Test
  void c6_seatsCreditedWithAMinusBeforeTheirNumber_areTheSeats() {
    tell(invoice(line("price_pro", "quantity", 2, "amount", 5_800)));
    StripeEvent seats =
        invoice(
            line("price_pro", "quantity", -2, "amount", -5_800, "proration", true, "id", "il_1"),
            line("price_pro", "quantity", 3, "amount", 8_700, "proration", true, "id", "il_2"));
    assertEquals("applied", tell(with(seats, "id", "in_2")));
    assertEquals(7_500, balance());
    assertEquals(List.of(2L, 3L), sale(seats).lines().stream().map(Line::quantity).toList());
  }

  @Test
  void amountThatCannotBeRead_waitsAndIsNotTakenForNothing() {
    for (Object amount : unreadableNumbers()) {
      assertEquals(
          "incomplete_event amount", meaning(invoice(line("price_pro", "amount", amount))));
      StripeEvent refund = event("refund.created", NOW, "id", "re_1", "payment_intent", "pi_1");
      assertEquals("incomplete_event amount", meaning(with(refund, "amount", amount)));
      StripeEvent charge = event("charge.refunded", NOW, "id", "ch_1", "amount", 600);
      assertEquals(
          "incomplete_event amount_refunded", meaning(with(charge, "amount_refunded", amount)));
      StripeEvent dispute =
          event("charge.dispute.funds_withdrawn", NOW, "id", "dp_1", "charge", "ch_1");
      assertEquals("incomplete_event amount", meaning(with(dispute, "amount", amount)));
      Map<String, Object> dateless = line("price_pro", "period", object("start", amount));
      assertEquals("incomplete_event period.start", meaning(invoice(dateless)));
    }
  }

  @Test
  void amountsBeyondAllRange_wait() {
    Map<String, Object> many =
        line("price_1000", "quantity", Long.MAX_VALUE, "amount", Long.MAX_VALUE);
    assertEquals("amount_mismatch an amount is out of range", meaning(invoice(many)));
    assertEquals(
        "amount_mismatch an amount is out of range",
        meaning(invoice(line("price_pro", "quantity", Long.MIN_VALUE, "amount", -1))));
  }

  /** With prices shown in the buyer's currency, the event states what they were converted from. */
  @ParameterizedTest
  @CsvSource({
    "usd, 2800, 500",
    "usd, 1400, 250",
    "usd, 1401,",
    "usd, , 250", // not stated
    "gbp, 2800, 250", // of a price in pounds nothing is known
  })
  void c6_sessionConvertedFromDollars_soldAsManyAsTheyWere(
      String source, Integer subtotal, Long credits) {
    for (String field : List.of("amount_subtotal", "amount_total")) {
      Map<String, Object> conversion = object("source_currency", source, "fx_rate", "0.9");
      if (subtotal != null) {
        conversion.putAll(object(field, subtotal));
      }
      StripeEvent session =
          session(
              "currency",
              "eur",
              "amount_subtotal",
              2_599,
              "currency_conversion",
              conversion,
              "metadata",
              object("price_id", "price_250"));
      if (credits == null) {
        assertEquals("amount_mismatch price_250", meaning(session));
      } else {
        assertEquals(credits, sale(session).packages());
        assertEquals(2_599, sale(session).amount(), "refunds are in the currency that was paid");
      }
    }
  }

  @Test
  void sessionsPaidAmount_isStatedOrTheSubtotalOrThePriceInDollars() {
    Map<String, Object> metadata = object("price_id", "price_250");
    StripeEvent priced = session("metadata", metadata);
    assertEquals(1_400, sale(priced).amount());
    assertEquals(1_400, sale(with(priced, "currency", null)).amount());
    assertNull(sale(with(priced, "currency", "jpy")).amount());
    assertEquals(2_800, sale(session("metadata", metadata, "amount_subtotal", 2_800)).amount());
    assertEquals(
        2_500,
        sale(session("metadata", metadata, "amount_subtotal", 2_800, "amount_total", 2_500))
            .amount());
    assertEquals(
        1_400,
        sale(session("metadata", metadata, "amount_subtotal", 1_400, "amount_total", 0)).amount(),
        "what is worth nothing was not refunded");
  }

  @Test
  void invoicesPaidAmount_isWhatWasPaidOrItsTotalOrTheSumOfItsLines() {
    StripeEvent invoice =
        invoice(line("price_pro", "amount", 2_900), line("price_250", "amount", 100));
    assertEquals(3_000, sale(invoice).amount());
    assertEquals(2_000, sale(with(invoice, "total", 2_000)).amount());
    assertEquals(1_000, sale(with(invoice, "amount_paid", 1_000)).amount());
    assertEquals(2_000, sale(with(invoice, "amount_paid", 0)).amount(), "from the user's credit");
    assertNull(sale(with(invoice, "total", 0)).amount());
    assertNull(sale(invoice(line("price_pro", "amount", 2_900), line("price_250"))).amount());
    assertNull(sale(invoice(line("price_pro", "amount", 0))).amount());
  }

  @Test
  void c10_discount_isThatOfTheLineElseOfTheInvoiceAndMoreThanNothing() {
    Object none = List.of(object("amount", 0, "discount", "di_1"));
    Object some = List.of(object("amount", 0), object("amount", 1, "discount", "di_1"));
    for (Object[] paid :
        new Object[][] {
          {"discount_amounts", some},
          {"discount", "di_1"},
          {"discount", object("id", "di_1")},
          {"discounts", List.of("di_1")},
        }) {
      assertEquals(LineKind.WHOLE, kind(invoice(free(paid))), () -> Arrays.toString(paid));
    }
    for (Object[] paid :
        new Object[][] {
          {"total_discount_amounts", some},
          {"discount", "di_1"},
          {"discount", object("id", "di_1")},
          {"discounts", List.of("di_1")},
        }) {
      assertEquals(LineKind.WHOLE, kind(with(invoice(free()), paid)), () -> Arrays.toString(paid));
    }
    for (Object[] trial :
        new Object[][] {
          {},
          {"discount", ""},
          {"discount", null},
          {"discounts", List.of()},
          {"discount", Map.of()},
          {"discounts", List.of("di_1"), "total_discount_amounts", none},
          {"lines", list(free("discounts", List.of("di_1"), "discount_amounts", none))},
        }) {
      assertEquals(LineKind.TRIAL, kind(with(invoice(free()), trial)), Arrays.toString(trial));
    }
    StripeEvent coupon = invoice(free("discount_amounts", none), line("price_250", "amount", 700));
    with(coupon, "total_discount_amounts", some, "discounts", List.of("di_1"));
    assertEquals(LineKind.TRIAL, kind(coupon), "a coupon on another line");
    assertEquals(LineKind.WHOLE, kind(invoice(line("price_pro", "amount", 1))));
    assertEquals(LineKind.WHOLE, kind(invoice(line("price_pro"))), "no amount is stated");
  }

  private static Map<String, Object> free(Object... more) {
    Map<String, Object> line = line("price_pro", "amount", 0);
    line.putAll(object(more));
    return line;
  }

  private static LineKind kind(StripeEvent event) {
    return sale(event).lines().get(0).kind();
  }

  /** Half of the time for 1,000 of a month's 2,900; the month's price is where versions have it. */
  @ParameterizedTest
  @CsvSource({
    "price.recurring, month, , 862",
    "price.recurring, month, 1, 862",
    "price.recurring, month, 3, 1250",
    "price.recurring, year, 1, 1250",
    "plan, month, , 862",
    "plan, month, 1, 862",
    "plan, month, 3, 1250",
    "plan, year, 1, 1250",
    "nowhere, month, 1, 1250",
  })
  void c8_chargeOfAPlanNotHeardOf_isItsShareOfTheMonthsPriceElseOfTheTime(
      String where, String interval, Integer count, long credits) {
    Map<String, Object> recurring = object("interval", interval);
    if (count != null) {
      recurring.putAll(object("interval_count", count));
    }
    Map<String, Object> line = line("price_pro", "amount", 1_000, "proration", true);
    line.put("period", object("start", HALF, "end", HALF.plus(Duration.ofDays(15))));
    if (where.equals("plan")) {
      recurring.putAll(object("id", "price_pro", "amount", 2_900));
      line.put("plan", recurring);
    } else if (where.equals("price.recurring")) {
      line.put("price", object("id", "price_pro", "unit_amount", 2_900, "recurring", recurring));
    }
    stripe.bank.now = HALF;
    tell(invoice(line));
    assertEquals(credits, balance());
  }

  /** Of 250 credits for $14, half of the time for $7; the quantity goes up and down again. */
  @Test
  void packagesByTheMonth_areProratedWithTheLinesOfTheirInvoice() {
    assertEquals(125, sale(invoice(prorated(1, 700))).packages());
    assertEquals(375, sale(invoice(prorated(1, -700), prorated(2, 2_800))).packages());
    assertEquals(125, sale(invoice(prorated(2, -1_400), prorated(1, 700), pack(1_400))).packages());
    assertEquals("not_ours", meaning(invoice(prorated(2, -2_800), prorated(1, 700))));
    assertEquals("not_ours", meaning(invoice(prorated(1, 5))), "less than a credit");
    assertEquals(1, sale(invoice(prorated(1, 6))).packages());
    assertEquals(250, sale(invoice(prorated(1, 9_900))).packages(), "at most its credits");
    assertEquals(250, sale(invoice(pack(0))).packages(), "with a coupon");
    assertEquals("not_ours", meaning(invoice(line("price_250", "proration", true))));
    assertEquals(
        "not_ours",
        meaning(invoice(line("price_250", "proration", true, "quantity", 0, "amount", 0))));
  }

  @Test
  void packagesProration_isOfThePriceThatTheLineStates() {
    Map<String, Object> yen = prorated(1, 1_050);
    yen.put("price", object("id", "price_250", "unit_amount", 2_100));
    assertEquals(125, sale(invoice(yen)).packages());
    yen.put("price", object("id", "price_250"));
    yen.put("plan", object("id", "price_250", "amount", 4_200));
    assertEquals(62, sale(invoice(yen)).packages());
    yen.put("plan", object("id", "price_250", "amount", 0));
    assertEquals(187, sale(invoice(yen)).packages(), "of the package's price in dollars");
  }

  private static Map<String, Object> prorated(int quantity, int amount) {
    return line("price_250", "quantity", quantity, "amount", amount, "proration", true);
  }

  private static Map<String, Object> pack(int amount) {
    return line("price_250", "quantity", 1, "amount", amount);
  }

  @Test
  void tie_statesWhatWasPaidUnlessItIsNothing() {
    StripeEvent tie =
        event(
            "invoice_payment.paid",
            NOW,
            "invoice",
            "in_1",
            "payment",
            object("payment_intent", "pi_1"));
    assertEquals(new Part(null, null, List.of()), facts(tie).parts().get("pi_1"));
    for (int nothing : new int[] {0, -1}) {
      assertNull(facts(with(tie, "amount_paid", nothing)).parts().get("pi_1").stated());
    }
    assertEquals(1, facts(with(tie, "amount_paid", 1)).parts().get("pi_1").stated());
    assertEquals("no_payment", meaning(with(tie, "payment", object("type", "out_of_band"))));
    assertEquals("no_payment", meaning(event("invoice_payment.paid", NOW, "payment", "pi_1")));
  }

  @Test
  void moneyBackOfNothing_isNothing() {
    for (String type : List.of("refund.created", "charge.dispute.funds_withdrawn")) {
      String nothing = type.startsWith("refund") ? "nothing_refunded" : "nothing_disputed";
      Object[] money = {"id", "x_1", "payment_intent", "pi_1", "amount", 1};
      assertEquals("asks", meaning(event(type, NOW, money)));
      assertEquals(nothing, meaning(with(event(type, NOW, money), "amount", 0)));
      assertEquals(nothing, meaning(with(event(type, NOW, money), "payment_intent", null)));
    }
    assertEquals(
        "nothing_refunded",
        meaning(event("refund.created", NOW, "payment_intent", "pi_1", "amount", 1)));
    StripeEvent odd = event("refund.created", NOW, "id", "re_1", "charge", "a/b", "amount", 1);
    assertEquals("no_id", meaning(odd), "no id that a document can have");
    StripeEvent charge = event("charge.refunded", NOW, "id", "ch_1", "amount", 1);
    assertEquals("nothing_refunded", meaning(charge));
    assertEquals("asks", meaning(with(charge, "amount_refunded", 1)));
  }

  @Test
  void capturedAmount_isWhatWasPaidOfACharge() {
    StripeEvent charge =
        event("charge.refunded", NOW, "id", "ch_1", "amount", 900, "amount_refunded", 300);
    assertEquals(900, facts(charge).parts().get("ch_1").amount());
    assertEquals(600, facts(with(charge, "amount_captured", 600)).parts().get("ch_1").amount());
    assertEquals(900, facts(with(charge, "amount_captured", 0)).parts().get("ch_1").amount());
  }

  @Test
  void subscriptionWithoutUserOrKnownCustomer_isFoundByItself() {
    StripeEvent first = subscription("sub_1", "price_pro", NOW);
    assertEquals("applied", tell(with(first, "metadata", object("user_id", InMemoryLedger.USER))));
    StripeEvent later = subscription("sub_1", "price_enthu", NOW.plusSeconds(1));
    assertEquals("applied", tell(later));
    assertEquals(
        "enthu", stripe.bank.documents.get(CreditRefs.user(InMemoryLedger.USER)).get(Users.TIER));
    StripeEvent other = subscription("sub_2", "price_pro", NOW);
    assertEquals("unknown_user", tell(other));
    StripeEvent charge = event("refund.created", NOW, "id", "sub_1", "object", "refund");
    with(charge, "payment_intent", "pi_9", "amount", 5);
    assertEquals("kept", tell(charge), "the id of anything else is no subscription's");
  }

  private static StripeEvent subscription(String id, String price, Instant created) {
    Object items = list(object("price", object("id", price)));
    return event(
        "customer.subscription.updated",
        created,
        "id",
        id,
        "object",
        "subscription",
        "customer",
        "cus_unknown",
        "status",
        "active",
        "items",
        items);
  }

  @ParameterizedTest
  @CsvSource({"none, NONE", "share, SHARE", "full, FULL", "FULL,", "half,", ","})
  void trialSetting_isAWord(String wire, TrialCredits trials) {
    assertEquals(Optional.ofNullable(trials), TrialCredits.parse(wire));
  }
}
