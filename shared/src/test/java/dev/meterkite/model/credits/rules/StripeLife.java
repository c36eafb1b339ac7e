package dev.meterkite.model.credits.rules;

import static dev.meterkite.model.credits.payments.StripeTeller.event;
import static dev.meterkite.model.credits.payments.StripeTeller.list;
import static dev.meterkite.model.credits.payments.StripeTeller.object;

import dev.meterkite.model.stripe.StripeEvent;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * A random life of a customer at Stripe: the events, and what the money that was paid and not paid
 * back is worth at the end. The reckoning knows prices, times and money alone: no lots, no
 * bookings, no facts as the rules have them.
 */
final class StripeLife {
  /** A plan: its price in cents and its credits, a month. */
  private record Plan(String price, int cents, int credits) {}

  private static final List<Plan> PLANS =
      List.of(
          new Plan("price_enthu", 900, 1_000),
          new Plan("price_pro", 2_900, 2_500),
          new Plan("price_pro_plus", 4_900, 6_000),
          new Plan("price_ultimate", 9_900, 15_000));

  /** An event and when Stripe made it. */
  record Told(Instant at, StripeEvent event) {}

  /** Money for some credits: a line of an invoice, or packages. */
  private static final class Money {
    private final Payment payment;
    private final int credits;
    private final double share;
    private final long cents;
    private final Instant start;
    private final Instant end;
    private final boolean isYear;
    private final List<double[]> credited = new ArrayList<>();

    /**
     * @param credits of the whole period, or of each month of a year
     * @param share the part of the period that it pays
     */
    private Money(
        Payment payment,
        int credits,
        double share,
        long cents,
        Instant start,
        Instant end,
        boolean isYear) {
      this.payment = payment;
      this.credits = credits;
      this.share = share;
      this.cents = cents;
      this.start = start;
      this.end = end;
      this.isYear = isYear;
    }
  }

  /** A payment: what was paid by whom, and what of it went back by the end. */
  private static final class Payment {
    private final String intent;
    private final long paid;
    private long refunded;
    private boolean isDisputed;
    private boolean isFinal;

    private Payment(String intent, long paid) {
      this.intent = intent;
      this.paid = paid;
    }

    private double kept() {
      if (paid == 0) {
        return 1;
      }
      return 1 - Math.min(paid, refunded + (isDisputed ? paid : 0)) / (double) paid;
    }
  }

  final List<Told> events = new ArrayList<>();
  private final Random random;
  private final boolean isOld;
  private final List<Money> money = new ArrayList<>();
  private final List<String> story = new ArrayList<>();
  private Instant now;
  private int ids;
  private Plan plan;
  private int seats;
  private Money running;
  private int lines;

  StripeLife(long seed) {
    random = new Random(seed);
    isOld = random.nextBoolean();
    now = Instant.parse("2026-01-03T04:05:06Z").plusSeconds(random.nextInt(60 * 86_400));
    int steps = 2 + random.nextInt(7);
    subscribe(random.nextInt(4) == 0);
    for (int step = 0; step < steps; step++) {
      step();
    }
    pass(1 + random.nextInt(86_400));
    while (money.stream().anyMatch(this::isJustOver)) {
      pass(3_600); // lots expire at full hours
    }
  }

  /** Whether a lot of it may live on until the hour is full; a year has one each month. */
  private boolean isJustOver(Money each) {
    return each.end != null
        && (isJustOver(each.end)
            || (each.isYear
                && IntStream.range(1, 12).anyMatch(month -> isJustOver(start(each, month)))));
  }

  private boolean isJustOver(Instant end) {
    return !end.isAfter(now) && end.isAfter(now.minusSeconds(3_601));
  }

  Instant end() {
    return now;
  }

  private void pass(long seconds) {
    now = now.plusSeconds(seconds);
  }

  private void step() {
    pass(3_600L + random.nextInt(12 * 86_400));
    renewals();
    switch (random.nextInt(10)) {
      case 0 -> buyPackages();
      case 1, 2 -> change(random.nextBoolean());
      case 3 -> seats();
      case 4 -> cancel();
      case 5, 6 -> refund();
      case 7 -> dispute();
      case 8 -> changesInOneSecond();
      default -> story.add("time passes");
    }
    if (plan == null && random.nextBoolean()) {
      pass(60);
      subscribe(false);
    }
  }

  /** Invoices the months that have begun meanwhile, each at its start. */
  private void renewals() {
    Instant today = now;
    while (plan != null && !running.end.isAfter(today)) {
      now = running.end;
      if (random.nextInt(5) == 0) {
        plan = null; // it ended with its period
      } else {
        whole(plan, seats, false, List.of());
      }
    }
    now = today;
  }

  private void subscribe(boolean isTrial) {
    plan = PLANS.get(random.nextInt(PLANS.size()));
    seats = 1 + random.nextInt(3);
    if (isTrial) {
      Instant end = now.plus(Duration.ofDays(7));
      Payment nothing = new Payment(null, 0);
      invoice(nothing, List.of(line(plan, seats, 0, false, now, end)));
      running = new Money(nothing, plan.credits * seats, 7 / 30.0, 0, now, end, false);
      money.add(running);
      story.add("trial of " + plan.price);
    } else {
      whole(plan, seats, random.nextInt(8) == 0, List.of());
    }
  }

  private void whole(Plan next, int count, boolean isYear, List<Object> credits) {
    Instant end = now.atZone(ZoneOffset.UTC).plusMonths(isYear ? 12 : 1).toInstant();
    long cents = (long) next.cents * count * (isYear ? 10 : 1);
    long credited = credited(credits);
    Payment payment = payment(cents - credited);
    List<Object> all = new ArrayList<>(credits);
    all.add(line(next, count, cents, false, now, end));
    invoice(payment, all);
    running = new Money(payment, next.credits * count, 1, cents, now, end, isYear);
    money.add(running);
    story.add((isYear ? "year of " : "month of ") + count + " " + next.price + " at " + now);
  }

  private static long credited(List<Object> lines) {
    long sum = 0;
    for (Object line : lines) {
      sum -= ((Number) ((Map<?, ?>) line).get("amount")).longValue();
    }
    return sum;
  }

  private Payment payment(long cents) {
    return new Payment(cents > 0 ? "pi_" + ids : null, Math.max(0, cents));
  }

  /** The credit line for what is left of the running line, whose money it takes. */
  private List<Object> creditOfRest() {
    if (running.cents == 0 || !running.end.isAfter(now) || !now.isAfter(running.start)) {
      return List.of();
    }
    double left = part(now, running.end) / part(running.start, running.end);
    long cents = Math.round(running.cents * left);
    if (cents == 0) {
      return List.of();
    }
    running.credited.add(new double[] {cents, now.getEpochSecond()});
    return List.of(line(plan, seats, -cents, true, now, running.end));
  }

  private static double part(Instant from, Instant to) {
    return to.getEpochSecond() - from.getEpochSecond();
  }

  /** Another plan: with a new period, or for the rest of the present one. */
  private void change(boolean movesAnchor) {
    if (plan == null || running.cents == 0) {
      return;
    }
    Plan next = PLANS.get(random.nextInt(PLANS.size()));
    if (next.equals(plan)) {
      return;
    }
    List<Object> credits = creditOfRest();
    story.add("to " + next.price + " at " + now + (movesAnchor ? ", new period" : ""));
    if (movesAnchor || running.isYear || credits.isEmpty()) {
      whole(next, seats, false, credits);
    } else {
      rest(next, seats, credits);
    }
    plan = next;
  }

  private void seats() {
    if (plan == null || running.cents == 0 || running.isYear) {
      return;
    }
    List<Object> credits = creditOfRest();
    int next = 1 + random.nextInt(4);
    if (!credits.isEmpty()) {
      story.add(next + " seats at " + now);
      rest(plan, next, credits);
      seats = next;
    }
  }

  /**
   * Some changes of plan and seats within one second. Their periods are the same, so that nobody
   * can say which of them a later one credits: the money stays.
   */
  private void changesInOneSecond() {
    if (plan == null || running.cents == 0 || running.isYear || !now.isAfter(running.start)) {
      return;
    }
    List<Payment> all =
        money.stream()
            .filter(each -> running.end.equals(each.end))
            .map(each -> each.payment)
            .toList();
    if (all.stream().anyMatch(each -> each.refunded > 0 || each.isDisputed)) {
      return;
    }
    all.forEach(each -> each.isFinal = true);
    int count = 2 + random.nextInt(4);
    Plan first = plan;
    Plan other = PLANS.get(random.nextInt(PLANS.size()));
    for (int i = 0; i < count; i++) {
      Plan next = random.nextInt(4) == 0 ? plan : plan.equals(first) ? other : first;
      int nextSeats = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : seats;
      if (next.equals(plan) && nextSeats == seats) {
        continue;
      }
      List<Object> credits = i == 0 ? creditOfRest() : creditOfAll();
      if (credits.isEmpty()) {
        return;
      }
      story.add(nextSeats + " of " + next.price + " at " + now + ", within the second");
      rest(next, nextSeats, credits);
      running.payment.isFinal = true;
      plan = next;
      seats = nextSeats;
    }
  }

  /** The credit line for a charge that began just now. */
  private List<Object> creditOfAll() {
    if (running.start.isBefore(now)) {
      return creditOfRest();
    }
    if (running.cents == 0) {
      return List.of();
    }
    running.credited.add(new double[] {running.cents, now.getEpochSecond()});
    return List.of(line(plan, seats, -running.cents, true, now, running.end));
  }

  /** Charges the rest of the running period. */
  private void rest(Plan next, int count, List<Object> credits) {
    Instant end = running.end;
    Instant start = end.atZone(ZoneOffset.UTC).minusMonths(1).toInstant();
    Instant began = wholeStart(end, start);
    double share = part(now, end) / part(began, end);
    long cents = Math.round(next.cents * count * share);
    List<Object> all = new ArrayList<>(credits);
    all.add(line(next, count, cents, true, now, end));
    Payment payment = payment(cents - credited(credits));
    invoice(payment, all);
    running = new Money(payment, next.credits * count, share, cents, now, end, false);
    money.add(running);
  }

  private Instant wholeStart(Instant end, Instant otherwise) {
    return money.stream()
        .filter(each -> end.equals(each.end) && each.share == 1)
        .map(each -> each.start)
        .findFirst()
        .orElse(otherwise);
  }

  private void cancel() {
    if (plan == null) {
      return;
    }
    if (random.nextBoolean()) {
      List<Object> credits = creditOfRest();
      if (!credits.isEmpty()) {
        invoice(new Payment(null, 0), credits);
      }
      story.add("cancelled with credit at " + now);
    } else {
      story.add("cancelled at " + now);
    }
    plan = null;
  }

  private void buyPackages() {
    int count = 1 + random.nextInt(3);
    Payment payment = payment(600L * count);
    String id = "cs_" + ids++;
    tell(
        event(
            "checkout.session.completed",
            now,
            "id",
            id,
            "object",
            "checkout.session",
            "mode",
            "payment",
            "payment_status",
            "paid",
            "payment_intent",
            payment.intent,
            "currency",
            "usd",
            "amount_subtotal",
            600 * count,
            "amount_total",
            600 * count,
            "metadata",
            object("user_id", InMemoryLedger.USER, "price_id", "price_100")));
    money.add(new Money(payment, 100 * count, 1, payment.paid, now, null, false));
    story.add(count + " packages");
  }

  private Payment somePayment() {
    List<Payment> paid =
        money.stream()
            .map(each -> each.payment)
            .filter(each -> each.intent != null && !each.isFinal)
            .toList();
    return paid.isEmpty() ? null : paid.get(random.nextInt(paid.size()));
  }

  /** A refund, which may be of a part, and may fail later. */
  private void refund() {
    Payment payment = somePayment();
    if (payment == null || payment.refunded >= payment.paid) {
      return;
    }
    long left = payment.paid - payment.refunded;
    long cents = random.nextBoolean() ? left : 1 + (long) (random.nextDouble() * (left - 1));
    String id = "re_" + ids++;
    if (random.nextInt(4) > 0) {
      tell(refundEvent("refund.created", id, payment, cents, "pending"));
    }
    payment.refunded += cents;
    tell(
        event(
            "charge.refunded",
            now,
            "id",
            "ch_" + payment.intent,
            "payment_intent",
            payment.intent,
            "amount",
            payment.paid,
            "amount_refunded",
            payment.refunded));
    story.add("refund of " + cents + " of " + payment.intent);
    if (random.nextInt(3) == 0) {
      Instant made = now;
      pass(3_600);
      StripeEvent failed = refundEvent("refund.failed", id, payment, cents, "failed");
      failed.object().putAll(object("created", made));
      tell(failed);
      payment.refunded -= cents;
      story.add("which failed");
    }
  }

  private StripeEvent refundEvent(
      String type, String id, Payment payment, long cents, String status) {
    return event(
        type,
        now,
        "id",
        id,
        "object",
        "refund",
        "amount",
        cents,
        "charge",
        "ch_" + payment.intent,
        "payment_intent",
        payment.intent,
        "created",
        now,
        "status",
        status);
  }

  private void dispute() {
    Payment payment = somePayment();
    if (payment == null || payment.isDisputed) {
      return;
    }
    String id = "dp_" + ids++;
    tell(disputeEvent("funds_withdrawn", id, payment, "needs_response"));
    payment.isDisputed = true;
    story.add("dispute of " + payment.intent);
    if (random.nextBoolean()) {
      pass(7_200);
      tell(disputeEvent("funds_reinstated", id, payment, "won"));
      tell(disputeEvent("closed", id, payment, "won"));
      payment.isDisputed = false;
      story.add("won");
    }
  }

  private StripeEvent disputeEvent(String type, String id, Payment payment, String status) {
    return event(
        "charge.dispute." + type,
        now,
        "id",
        id,
        "object",
        "dispute",
        "amount",
        payment.paid,
        "charge",
        "ch_" + payment.intent,
        "payment_intent",
        payment.intent,
        "status",
        status);
  }

  private void invoice(Payment payment, List<Object> all) {
    String id = "in_" + ids++;
    lines += all.size();
    Map<String, Object> invoice =
        object(
            "id",
            id,
            "object",
            "invoice",
            "customer",
            "cus_1",
            "amount_paid",
            payment.paid,
            "lines",
            list(all.toArray()));
    if (random.nextBoolean()) {
      invoice.remove("amount_paid");
    }
    if (isOld) {
      invoice.put("payment_intent", payment.intent);
      invoice.put("subscription", "sub_1");
    } else {
      invoice.put("parent", object("subscription_details", object("subscription", "sub_1")));
    }
    tell(new StripeEvent("evt_" + id, "invoice.paid", now, invoice));
    if (!isOld && payment.intent != null) {
      tell(
          event(
              "invoice_payment.paid",
              now,
              "id",
              "inpay_" + id,
              "object",
              "invoice_payment",
              "invoice",
              id,
              "amount_paid",
              payment.paid,
              "payment",
              object("type", "payment_intent", "payment_intent", payment.intent)));
    }
  }

  private Map<String, Object> line(
      Plan what, int count, long cents, boolean isProration, Instant start, Instant end) {
    Map<String, Object> line =
        object(
            "id",
            "il_" + ids++,
            "amount",
            cents,
            "quantity",
            count,
            "period",
            object("start", start, "end", end));
    if (isOld) {
      line.put("price", object("id", what.price, "object", "price"));
      line.put("proration", isProration);
      line.put("subscription", "sub_1");
    } else {
      line.put("pricing", object("price_details", object("price", what.price)));
      line.put(
          "parent",
          object(
              "subscription_item_details",
              object("subscription", "sub_1", "proration", isProration)));
    }
    return line;
  }

  private void tell(StripeEvent event) {
    Map<String, Object> object = new LinkedHashMap<>(event.object());
    events.add(new Told(now, new StripeEvent(event.id(), event.type(), event.created(), object)));
  }

  /** What the money that was paid and not paid back is worth at the end, in credits. */
  double worth() {
    double sum = 0;
    for (Money each : money) {
      boolean isAlive = each.end == null || each.end.isAfter(now);
      sum += isAlive ? worth(each) : 0;
    }
    return sum;
  }

  private double worth(Money each) {
    double worth = each.credits * each.share * each.payment.kept();
    for (double[] credit : each.credited) {
      Instant from = Instant.ofEpochSecond((long) credit[1]);
      if (each.isYear) {
        int month = 0;
        while (!start(each, month + 1).isAfter(now)) {
          month++;
        }
        Instant end = start(each, month + 1);
        Instant later = from.isAfter(start(each, month)) ? from : start(each, month);
        worth -= each.credits * Math.max(0, part(later, end)) / part(start(each, month), end);
      } else {
        worth -= each.credits * each.share * credit[0] / each.cents;
      }
    }
    return Math.max(0, worth);
  }

  private static Instant start(Money year, int month) {
    return year.start.atZone(ZoneOffset.UTC).plusMonths(month).toInstant();
  }

  /** How many credits roundings may make up: each line is rounded when given and when taken. */
  long roundings() {
    return 2L + 2L * lines;
  }

  @Override
  public String toString() {
    return (isOld ? "old shapes: " : "new shapes: ") + story + ", ends at " + now;
  }
}
