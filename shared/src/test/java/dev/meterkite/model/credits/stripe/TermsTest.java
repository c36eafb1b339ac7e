package dev.meterkite.model.credits.stripe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.meterkite.model.credits.stripe.StripePayment.Back;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.plans.DefaultPlans;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Months of paid lines, shares of prorations, and what credit lines credit. */
class TermsTest {
  private static final Instant START = Instant.parse("2026-01-31T12:00:00Z");
  private static final Instant END = Instant.parse("2026-02-28T12:00:00Z");

  private static Line line(LineKind kind, String tier, Instant start, Instant end, Long amount) {
    return new Line(
        "il",
        kind,
        tier,
        DefaultPlans.PLANS.tier(tier).orElseThrow().monthlyCredits(),
        1,
        start,
        end,
        amount,
        null);
  }

  private static Term term(LineKind kind, Instant start, Instant end) {
    return Term.of("in_1", line(kind, "pro", start, end, 2_900L), Back.NONE);
  }

  private static Term whole(Instant start, Instant end) {
    return term(LineKind.WHOLE, start, end);
  }

  @ParameterizedTest
  @CsvSource({
    "WHOLE, 1, 1",
    "WHOLE, 28, 1",
    "WHOLE, 31, 1",
    "WHOLE, 45, 1",
    "WHOLE, 46, 2",
    "WHOLE, 92, 3",
    "WHOLE, 365, 12",
    "WHOLE, 366, 12",
    "WHOLE, 730, 24",
    "TRIAL, 90, 1",
    "CREDIT, 90, 1",
    "CHARGE, 1, 1",
    "CHARGE, 28, 1",
    "CHARGE, 29, 2",
    "CHARGE, 59, 2",
    "CHARGE, 60, 3",
  })
  void count_isOfMonths(LineKind kind, int days, int months) {
    assertEquals(months, term(kind, START, START.plus(Duration.ofDays(days))).count());
  }

  @Test
  void months_beginOnTheDayOfTheStartOrTheLastOfTheMonth() {
    Term year = whole(START, START.plus(Duration.ofDays(365)));
    assertEquals(START, year.monthStart(0));
    assertEquals(Instant.parse("2026-02-28T12:00:00Z"), year.monthStart(1));
    assertEquals(Instant.parse("2026-03-31T12:00:00Z"), year.monthStart(2));
    assertEquals(year.monthStart(1), year.monthEnd(0));
    assertEquals(START.plus(Duration.ofDays(365)), year.monthEnd(11));
    assertEquals(0, year.monthAt(START.minusSeconds(1)));
    assertEquals(0, year.monthAt(START));
    assertEquals(0, year.monthAt(year.monthStart(1).minusSeconds(1)));
    assertEquals(1, year.monthAt(year.monthStart(1)));
    assertEquals(1, year.monthAt(year.monthStart(2).minusSeconds(1)));
    assertEquals(2, year.monthAt(year.monthStart(2)));
    assertEquals(11, year.monthAt(year.monthEnd(11).minusSeconds(1)));
    assertEquals(11, year.monthAt(year.monthEnd(11).plus(Duration.ofDays(90))));
  }

  @Test
  void dueAt_isTheNextMonthThatWasNotOpened() {
    Term year = whole(START, START.plus(Duration.ofDays(365)));
    assertEquals(START, year.dueAt());
    assertEquals(year.monthStart(3), year.with(3, Booking.NONE).dueAt());
    assertNull(year.with(12, Booking.NONE).dueAt());
    assertNull(term(LineKind.CREDIT, START, END).dueAt());
    Term month = whole(START, END).with(1, Booking.NONE);
    assertNull(new Terms(Map.of("a", month)).dueAt());
    Terms both =
        new Terms(
            Map.of("a", month, "b", year.with(3, Booking.NONE), "c", year.with(2, Booking.NONE)));
    assertEquals(year.monthStart(2), both.dueAt());
  }

  @Test
  void running_areThoseThatHaveNotEndedAtMostAHundred() {
    Map<String, Term> many = new HashMap<>();
    for (int i = 0; i <= Terms.MAX; i++) {
      many.put("term " + i, whole(START, END.plusSeconds(i)));
    }
    assertEquals(Terms.MAX, new Terms(many).running(START).size());
    assertEquals(false, new Terms(many).running(START).containsKey("term 0"), "ends first");
    assertEquals(2, new Terms(many).running(END.plusSeconds(Terms.MAX - 2)).size());
    assertEquals(0, new Terms(many).running(END.plusSeconds(Terms.MAX)).size());
  }

  @Test
  void twoPaymentsOfOnePeriod_keepWhatEitherPaysFor() {
    Line line = line(LineKind.WHOLE, "pro", START, END, 2_900L);
    Line twice = new Line("il", LineKind.WHOLE, "pro", 5_000, 2, START, END, 5_800L, null);
    Term term = Term.of("in_1", line, new Back(2_900, 2_900));
    assertEquals(2_500, term.due(2_500));
    assertEquals(0, term.paidBy("in_2", line, Back.NONE).due(2_500));
    assertEquals(1_250, term.paidBy("in_2", line, new Back(1, 2)).due(2_500));
    assertEquals(0, term.paidBy("in_1", line, Back.NONE).due(2_500), "told again");
    assertEquals(5_000, term.paidBy("in_2", twice, Back.NONE).line().credits());
    Term larger = Term.of("in_2", twice, Back.NONE);
    assertEquals(5_000, larger.paidBy("in_1", line, Back.NONE).line().credits());
    assertEquals(line, term.paidBy("in_2", line, Back.NONE).line());
  }

  @Test
  void twoPricesOfOnePeriod_countAsTheLargerInBothOrders() {
    Line dear = line(LineKind.WHOLE, "pro", START, END, 2_900L);
    for (Long amount : new Long[] {2_899L, null}) {
      Line cheap = line(LineKind.WHOLE, "pro", START, END, amount);
      assertEquals(dear, Term.of("a", dear, Back.NONE).paidBy("b", cheap, Back.NONE).line());
      assertEquals(dear, Term.of("a", cheap, Back.NONE).paidBy("b", dear, Back.NONE).line());
    }
  }

  // Shares of charge lines.

  private static final Instant HALF = Instant.parse("2026-02-14T12:00:00Z");

  private static Term charge(String tier, Long amount, long quantity, Long unit) {
    return Term.of(
        "in_2",
        new Line(
            "il",
            LineKind.CHARGE,
            tier,
            DefaultPlans.PLANS.tier(tier).orElseThrow().monthlyCredits() * quantity,
            quantity,
            HALF,
            END,
            amount,
            unit),
        Back.NONE);
  }

  private static long credits(Term charge, Term... others) {
    Map<String, Term> all = new LinkedHashMap<>();
    all.put("charge", charge);
    for (Term other : others) {
      all.put("other " + all.size(), other);
    }
    return new Terms(all).credits(charge, 0);
  }

  @Test
  void chargeLine_givesItsShareOfThePriceThatIsKnown() {
    Term whole = whole(START, END);
    assertEquals(1_000, credits(charge("pro", 400L, 1, 1_000L)), "by its own price");
    assertEquals(2_500, credits(charge("pro", 4_000L, 1, 1_000L)), "at most all");
    assertEquals(3_000, credits(charge("pro", 1_200L, 3, 1_000L)));
    assertEquals(1_000, credits(charge("pro", 1_160L, 1, null), whole), "by the whole line's");
    assertEquals(3_750, credits(charge("pro", 4_350L, 3, null), whole));
    Term two =
        Term.of(
            "in_1",
            new Line("il", LineKind.WHOLE, "pro", 5_000, 2, START, END, 5_800L, null),
            Back.NONE);
    assertEquals(3_750, credits(charge("pro", 4_350L, 3, null), two));
    assertEquals(0, credits(charge("pro", 0L, 1, 1_000L)));
  }

  @Test
  void chargeLineOfAnotherTier_givesItsShareOfTheTime() {
    Term whole = whole(START, END);
    assertEquals(7_500, credits(charge("ultimate", 1L, 1, null), whole));
    assertEquals(7_500, credits(charge("ultimate", null, 1, null), whole));
    Term other = whole(START, END.plusSeconds(1));
    long byMonth = 15_000L * 14 / 31;
    assertEquals(byMonth, credits(charge("ultimate", 1L, 1, null), other));
    assertEquals(byMonth, credits(charge("ultimate", 1L, 1, null)));
    Term year = whole(END.minus(Duration.ofDays(365)), END);
    assertEquals(byMonth, credits(charge("ultimate", 1L, 1, null), year));
    Term enthu = Term.of("in_3", line(LineKind.WHOLE, "enthu", START, END, 900L), Back.NONE);
    assertEquals(1_250, credits(charge("pro", 1_450L, 1, null), enthu, whole), "its own tier");
  }

  @Test
  void chargeLineBesideALineOfAnotherTier_goesByThePriceOfItsOwn() {
    Term enthu =
        Term.of("in_3", line(LineKind.WHOLE, "enthu", START.minusSeconds(9), END, 900L), Back.NONE);
    assertEquals(862, credits(charge("pro", 1_000L, 1, null), enthu, whole(START, END)));
    Term later =
        Term.of("in_3", line(LineKind.WHOLE, "enthu", START.plusSeconds(9), END, 900L), Back.NONE);
    assertEquals(862, credits(charge("pro", 1_000L, 1, null), later, whole(START, END)));
  }

  /** A price of 0, as with a full discount, says nothing of what a share costs. */
  @Test
  void sharesOfWhatCostNothing_areOfTheTime() {
    Term free = Term.of("in_1", line(LineKind.WHOLE, "pro", START, END, 0L), Back.NONE);
    Term whole = whole(START.plusSeconds(1), END);
    assertEquals(2_500L * 14 / 31, credits(charge("pro", 1_000L, 1, 0L)));
    assertEquals(862, credits(charge("pro", 1_000L, 1, 0L), whole));
    assertEquals(1_250, credits(charge("pro", 1_000L, 1, null), free));
    assertEquals(1_250, credited(free, credit("pro", HALF, END, 1_000L)));
  }

  @Test
  void longChargeLine_givesWholeMonthsAndAPartOfTheLast() {
    Term charge =
        Term.of(
            "in_2",
            line(LineKind.CHARGE, "pro", HALF, HALF.plus(Duration.ofDays(42)), 9L),
            Back.NONE);
    Terms terms = new Terms(Map.of("charge", charge));
    assertEquals(2_500, terms.credits(charge, 0), "28 days of February 14");
    assertEquals(2_500L * 14 / 31, terms.credits(charge, 1), "14 of March 14's 31 days");
  }

  // What credit lines credit.

  private static Term credit(String tier, Instant start, Instant end, Long amount) {
    return Term.of("in_2", line(LineKind.CREDIT, tier, start, end, amount), Back.NONE);
  }

  private static long credited(Term old, Term... credits) {
    Map<String, Term> all = new LinkedHashMap<>();
    all.put("old", old);
    for (Term credit : credits) {
      all.put("credit " + all.size(), credit);
    }
    return new Terms(all).credited("old", 0, 2_500);
  }

  @Test
  void creditLine_takesItsShareOfWhatTheLineCost() {
    Term old = whole(START, END);
    assertEquals(0, credited(old));
    assertEquals(1_250, credited(old, credit("pro", HALF, END, 1_450L)));
    assertEquals(1_249, credited(old, credit("pro", HALF, END, 1_449L)));
    assertEquals(2_500, credited(old, credit("pro", START, END, 2_900L)));
    assertEquals(2_500, credited(old, credit("pro", START, END, 9_900L)));
    Term twice = credit("pro", HALF, END, 1_450L);
    assertEquals(2_500, credited(old, twice, twice, twice), "never more than there was");
    assertEquals(1_250, credited(old, credit("pro", HALF, END, null)), "by time");
  }

  @Test
  void creditLine_creditsALineOfItsTierAndEndThatBeganBefore() {
    Term old = whole(START, END);
    assertEquals(0, credited(old, credit("enthu", HALF, END, 900L)));
    assertEquals(0, credited(old, credit("pro", HALF, END.plusSeconds(1), 900L)));
    assertEquals(0, credited(old, credit("pro", START.minusSeconds(1), END, 900L)));
    Term own = Term.of("in_1", line(LineKind.CREDIT, "pro", HALF, END, 1_450L), Back.NONE);
    assertEquals(0, credited(old, own), "of its own invoice");
    assertEquals(0, credited(term(LineKind.TRIAL, START, END), credit("pro", HALF, END, 9L)));
  }

  @Test
  void creditLine_creditsTheLatestOfThem() {
    Term old = whole(START, END);
    Term later = Term.of("in_3", line(LineKind.CHARGE, "pro", HALF, END, 1_450L), Back.NONE);
    Term credit = credit("pro", HALF, END, 1_450L);
    Terms terms = new Terms(Map.of("old", old, "later", later, "credit", credit));
    assertEquals(0, terms.credited("old", 0, 2_500));
    assertEquals(1_250, terms.credited("later", 0, 1_250));
  }

  @Test
  void creditOfAYear_takesItsPartOfTheMonthAndAllOfThoseBehind() {
    Instant end = START.plus(Duration.ofDays(365));
    Term year = Term.of("in_1", line(LineKind.WHOLE, "pro", START, end, 36_500L), Back.NONE);
    Instant from = START.plus(Duration.ofDays(14));
    Term credit = credit("pro", from, end, 35_100L);
    Terms terms = new Terms(Map.of("old", year, "credit", credit));
    assertEquals(1_250, terms.credited("old", 0, 2_500), "14 of 28 days");
    assertEquals(2_500, terms.credited("old", 1, 2_500));
    Term late = credit("pro", year.monthEnd(0), end, 1_000L);
    assertEquals(0, new Terms(Map.of("old", year, "credit", late)).credited("old", 0, 2_500));
  }

  @Test
  void keys_areOfThePeriodOrTheInvoice() {
    Line whole = line(LineKind.WHOLE, "pro", START, END, null);
    assertEquals("pro 1769860800 1772280000", Terms.key("in_1", whole));
    Line trial = line(LineKind.TRIAL, "pro", START, END, null);
    assertEquals("trial pro 1769860800 1772280000", Terms.key("in_1", trial));
    for (LineKind kind : new LineKind[] {LineKind.CHARGE, LineKind.CREDIT}) {
      assertEquals("in_1 il", Terms.key("in_1", line(kind, "pro", START, END, null)));
    }
  }
}
