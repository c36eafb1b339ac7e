package dev.meterkite.model.credits.payments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.rules.InMemoryLedger;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.StripePayment.Back;
import dev.meterkite.model.credits.stripe.StripePayment.Dispute;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.credits.stripe.StripePayment.Part;
import dev.meterkite.model.credits.stripe.StripePayment.Refund;
import dev.meterkite.model.credits.stripe.StripePayment.Refunded;
import dev.meterkite.model.credits.stripe.StripePayment.Sale;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The facts of a payment: how they merge, and what follows from them. */
class StripePaymentTest {
  private static final Instant T = InMemoryLedger.START;

  private static Instant at(int seconds) {
    return T.plusSeconds(seconds);
  }

  private static StripePayment sold(String id, boolean isInvoice, Long amount, long packages) {
    return new StripePayment(
        Map.of(id, new Sale(isInvoice, amount, packages, List.of())), Map.of(), Map.of(), Map.of());
  }

  private static StripePayment sold(
      String id, boolean isInvoice, Long amount, long packages, Line line) {
    return new StripePayment(
        Map.of(id, new Sale(isInvoice, amount, packages, List.of(line))),
        Map.of(),
        Map.of(),
        Map.of());
  }

  private static Line line(long credits) {
    return new Line("il", LineKind.WHOLE, "pro", credits, 1, T, at(9), null, null);
  }

  private static StripePayment part(String id, Long amount, Long stated, Refunded... refunded) {
    return new StripePayment(
        Map.of(), Map.of(id, new Part(amount, stated, List.of(refunded))), Map.of(), Map.of());
  }

  private static StripePayment refund(
      String id, String part, long amount, Instant made, Instant failed) {
    return new StripePayment(
        Map.of(), Map.of(), Map.of(id, new Refund(part, amount, made, failed)), Map.of());
  }

  private static StripePayment dispute(String id, long amount, Instant out, Instant back) {
    return new StripePayment(
        Map.of(), Map.of(), Map.of(), Map.of(id, new Dispute(amount, out, back)));
  }

  private static StripePayment all(StripePayment... facts) {
    StripePayment all = StripePayment.NONE;
    for (StripePayment each : facts) {
      all = all.merge(each);
    }
    return all;
  }

  private static Back back(StripePayment... facts) {
    return all(facts).back();
  }

  private static StripePayment random(Random random) {
    String id = Integer.toString(random.nextInt(3));
    Instant one = random.nextBoolean() ? null : at(random.nextInt(5));
    Instant other = random.nextBoolean() ? null : at(random.nextInt(5));
    Long amount = random.nextBoolean() ? null : (Long) (1L + random.nextInt(5));
    return switch (random.nextInt(4)) {
      case 0 -> sold(id, random.nextBoolean(), amount, random.nextInt(3), line(random.nextInt(3)));
      case 1 ->
          part(
              id,
              amount,
              random.nextBoolean() ? null : 3L,
              new Refunded(at(random.nextInt(5)), 1L + random.nextInt(5)));
      case 2 -> refund(id, random.nextBoolean() ? null : "1", 1 + random.nextInt(5), one, other);
      default -> dispute(id, 1 + random.nextInt(5), one, other);
    };
  }

  @Test
  void merge_isCommutativeAssociativeAndIdempotent() {
    Random random = new Random(17);
    for (int i = 0; i < 20_000; i++) {
      StripePayment a = all(random(random), random(random), random(random));
      StripePayment b = all(random(random), random(random));
      StripePayment c = random(random);
      assertEquals(a.merge(b), b.merge(a));
      assertEquals(a.merge(b).merge(c), a.merge(b.merge(c)));
      assertEquals(a, a.merge(a));
      assertEquals(a, a.merge(StripePayment.NONE));
    }
  }

  @Test
  void merge_isBounded() {
    Map<String, Refund> many = new HashMap<>();
    List<Refunded> figures = new ArrayList<>();
    for (int i = 0; i <= StripePayment.MAX_FACTS; i++) {
      many.put(String.format("re_%04d", i), new Refund(null, 1, null, null));
      figures.add(new Refunded(at(-i), 1 + i));
    }
    StripePayment facts = new StripePayment(Map.of(), Map.of(), many, Map.of());
    assertEquals(StripePayment.MAX_FACTS, facts.merge(StripePayment.NONE).refunds().size());
    Part part = new Part(1L, null, figures);
    assertEquals(StripePayment.MAX_FACTS, part.refunded().size());
    assertEquals(StripePayment.MAX_FACTS + 1, part.refunded().get(499).amount(), "the largest");
  }

  @Test
  void paid_isOfTheChargeElseOfTheTieElseOfTheSale() {
    StripePayment sale = sold("in_1", true, 2_900L, 0);
    assertEquals(new Back(0, 0), back());
    assertEquals(new Back(0, 2_900), back(sale));
    assertEquals(new Back(0, 2_000), back(sale, part("pi_1", null, 2_000L)));
    assertEquals(new Back(0, 1_000), back(sale, part("pi_1", 1_000L, 2_000L)));
    assertEquals(new Back(0, 2_900), back(sale, part("pi_1", null, null)));
    assertEquals(new Back(0, 1), back(part("pi_1", 1L, null)));
    StripePayment two = all(part("pi_1", 1_000L, null), part("pi_2", null, null));
    assertEquals(new Back(0, 2_900), back(sale, two), "of one part nothing is known");
    assertEquals(new Back(0, 3_000), back(sale, two, part("pi_2", 2_000L, null)));
  }

  @Test
  void back_isAtMostWhatWasPaid() {
    StripePayment paid = part("pi_1", 100L, null, new Refunded(T, 60));
    assertEquals(new Back(60, 100), back(paid));
    assertEquals(new Back(99, 100), back(paid, dispute("dp_1", 39, T, null)));
    assertEquals(new Back(100, 100), back(paid, dispute("dp_1", 41, T, null)));
    assertEquals(new Back(41, 0), back(dispute("dp_1", 41, T, null)), "nobody said what was paid");
  }

  @Test
  void credits_areTheFloorOfTheirShare() {
    assertEquals(0, new Back(0, 0).of(100));
    assertEquals(100, new Back(1, 0).of(100));
    assertEquals(0, new Back(0, 600).of(100));
    assertEquals(0, new Back(5, 600).of(100));
    assertEquals(1, new Back(6, 600).of(100));
    assertEquals(99, new Back(599, 600).of(100));
    assertEquals(100, new Back(600, 600).of(100));
    assertEquals(100, new Back(601, 600).of(100));
    long large = Ledger.MAX_BALANCE;
    assertEquals(large / 2, new Back(1L << 49, 1L << 50).of(large));
  }

  @Test
  void refunds_countUntilTheyFail() {
    StripePayment paid = part("pi_1", 100L, null);
    StripePayment first = refund("re_1", "pi_1", 30, T, null);
    StripePayment second = refund("re_2", "pi_1", 20, T, null);
    assertEquals(50, back(paid, first, second).back());
    assertEquals(20, back(paid, first, second, refund("re_1", "pi_1", 30, T, at(9))).back());
    assertEquals(50, back(paid, first, refund("re_2", null, 20, T, null)).back(), "one part only");
    StripePayment other = all(paid, part("pi_2", 100L, null));
    assertEquals(50, back(other, first, refund("re_2", "ch_9", 20, T, null)).back());
  }

  @Test
  void refundsOfSeveralCharges_areComparedWithTheFigureOfTheirOwn() {
    StripePayment two =
        all(part("pi_1", 1_000L, null), part("pi_2", 2_000L, null, new Refunded(at(9), 500)));
    assertEquals(500, back(two, refund("re_1", "pi_2", 500, T, null)).back(), "the same money");
    assertEquals(1_000, back(two, refund("re_1", "pi_1", 500, T, null)).back());
    assertEquals(1_000, back(two, refund("re_1", "ch_9", 500, T, null)).back(), "of nobody knows");
    assertEquals(1_000, back(two, refund("re_1", null, 500, T, null)).back());
  }

  @Test
  void figures_containTheRefundsThatFailedAfterThem() {
    StripePayment figure = part("pi_1", 100L, null, new Refunded(at(10), 50));
    assertEquals(50, back(figure).back());
    assertEquals(20, back(figure, refund("re_1", "pi_1", 30, at(10), at(10))).back());
    assertEquals(20, back(figure, refund("re_1", "pi_1", 30, null, at(11))).back());
    assertEquals(
        50, back(figure, refund("re_1", "pi_1", 30, at(5), at(9))).back(), "failed before it");
    assertEquals(20, back(figure, refund("re_1", "pi_1", 30, at(69), at(80))).back());
    assertEquals(
        50, back(figure, refund("re_1", "pi_1", 30, at(70), at(80))).back(), "made behind it");
    assertEquals(50, back(figure, refund("re_1", "pi_1", 50, T, null)).back(), "the same");
    assertEquals(70, back(figure, refund("re_1", "pi_1", 70, T, null)).back(), "it knows more");
  }

  @Test
  void laterSmallerFigure_countsWhereTheLargerOnesRefundFailed() {
    StripePayment paid =
        part("pi_1", 100L, null, new Refunded(at(1), 80), new Refunded(at(20), 50));
    assertEquals(80, back(paid).back());
    assertEquals(50, back(paid, refund("re_1", "pi_1", 80, at(1), at(10))).back());
    Part same =
        new Part(
            null,
            null,
            List.of(new Refunded(at(5), 50), new Refunded(at(5), 60), new Refunded(T, 60)));
    assertEquals(List.of(new Refunded(at(5), 60)), same.refunded());
  }

  @Test
  void dispute_isWithdrawnUntilItsFundsAreBack() {
    StripePayment paid = part("pi_1", 100L, null);
    assertEquals(40, back(paid, dispute("dp_1", 40, at(1), null)).back());
    assertEquals(0, back(paid, dispute("dp_1", 40, null, at(1))).back());
    assertEquals(0, back(paid, dispute("dp_1", 40, at(1), at(1))).back());
    assertEquals(0, back(paid, dispute("dp_1", 40, at(1), at(2))).back());
    assertEquals(40, back(paid, dispute("dp_1", 40, at(3), at(2))).back());
    assertEquals(
        40, back(paid, dispute("dp_1", 40, at(1), at(2)), dispute("dp_1", 40, at(3), null)).back());
  }

  @Test
  void invoice_replacesTheSessionOfItsPayment() {
    StripePayment session = sold("cs_1", false, 600L, 100);
    assertEquals(100, session.sold().get("cs_1").packages());
    StripePayment both = session.merge(sold("in_1", true, 600L, 100));
    assertEquals(0, both.sold().get("cs_1").packages());
    assertEquals(100, both.sold().get("in_1").packages());
    assertEquals(List.of("cs_1", "in_1"), List.copyOf(both.sold().keySet()));
    assertEquals(new TreeMap<>(both.sales()).keySet(), both.sold().keySet());
    StripePayment told = sold("in_1", false, 700L, 900).merge(sold("in_1", true, null, 100));
    assertEquals(100, told.sold().get("in_1").packages(), "the invoice knows better");
  }

  @Test
  void amounts_areCut() {
    StripePayment paid = part("pi_1", Long.MAX_VALUE, null, new Refunded(T, Long.MAX_VALUE));
    StripePayment more =
        all(
            paid,
            refund("re_1", "pi_1", Long.MAX_VALUE, T, null),
            dispute("dp_1", Long.MAX_VALUE, T, null),
            sold("in_1", true, Long.MAX_VALUE, 1));
    assertEquals(new Back(1L << 50, 1L << 50), more.back());
  }

  @Test
  void linesThatCannotBe_areRefused() {
    for (long[] wrong : new long[][] {{0, 1, 1}, {-1, 1, 1}, {1, 0, 1}, {1, 1, -1}}) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              new Line(
                  "il",
                  LineKind.WHOLE,
                  "pro",
                  wrong[2],
                  wrong[1],
                  T,
                  T.plusSeconds(wrong[0]),
                  null,
                  null));
    }
  }
}
