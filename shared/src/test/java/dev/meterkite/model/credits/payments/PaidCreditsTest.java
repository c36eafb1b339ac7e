package dev.meterkite.model.credits.payments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.journal.EntryDetails;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.credits.lots.Lot;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.payments.PaidCredits.Purchase;
import dev.meterkite.model.credits.rules.InMemoryLedger;
import dev.meterkite.model.credits.stripe.Booking;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A purchase of 100 credits that end with the month, in a book with 40 that end with the year and
 * 50 that never do: what is taken back of it, from where, and what comes back.
 */
class PaidCreditsTest {
  private static final Instant NOW = InMemoryLedger.START;
  private static final Instant MONTH = NOW.plus(Duration.ofDays(30));
  private static final Instant YEAR = NOW.plus(Duration.ofDays(365));
  private static final Purchase PURCHASE =
      new Purchase("bought", TransactionType.PURCHASE, MONTH, null, null, "evt_1");

  private final List<Read> missing = new ArrayList<>();
  private LedgerSession session =
      new LedgerSession(InMemoryLedger.USER, Ledger.EMPTY, DefaultPlans.PLANS, NOW);
  private PaidCredits credits = new PaidCredits(session, new AllRead(true), missing);
  private Booking booking = Booking.NONE;

  /** Documents of which none exists, read or not. */
  private record AllRead(boolean isRead) implements Seen {
    @Override
    public boolean has(Read what) {
      return isRead;
    }

    @Override
    public Snapshot document(DocRef ref) {
      return Snapshot.absent(ref);
    }

    @Override
    public List<RefusedCommand> refusals() {
      return List.of();
    }

    @Override
    public List<Snapshot> found(Query query) {
      throw new AssertionError("asks " + query);
    }
  }

  private void buyBesideOthers() {
    give("year", YEAR, 40);
    give("never", null, 50);
    booking = credits.book(PURCHASE, 100, 0, 0, booking);
    assertEquals(new Booking(100, 0, 0, List.of()), booking);
  }

  private void give(String id, Instant expiresAt, long amount) {
    List<LotShare> share = List.of(new LotShare(expiresAt, amount));
    session.give(id, TransactionType.PURCHASE, share, true, EntryDetails.NONE);
  }

  /** Of the lot that ends first. */
  private void spend(long amount) {
    session.spend(session.entryId(), TransactionType.DEDUCTION, amount, EntryDetails.NONE);
  }

  /** Brings what is to be taken back to these figures, as an event does. */
  private void takeBack(long due, long credited) {
    credits = new PaidCredits(session, new AllRead(true), missing);
    booking = credits.book(PURCHASE, 100, due, credited, booking);
    assertEquals(List.of(), missing);
  }

  /** Free credits of the month's, the year's and the endless lot. */
  private List<Long> lots() {
    List<Long> lots = new ArrayList<>(List.of(0L, 0L, 0L));
    for (Lot lot : session.lots().list()) {
      Instant end = lot.expiresAt();
      lots.set(end == null ? 2 : end.equals(YEAR) ? 1 : 0, lot.free());
    }
    return lots;
  }

  private List<Map<String, Object>> entries() {
    return session.writes().stream()
        .filter(Write.Create.class::isInstance)
        .map(write -> ((Write.Create) write).fields())
        .toList();
  }

  private Object lastReason() {
    return entries().get(entries().size() - 1).get(CreditTransactions.REASON);
  }

  private static LotShare share(Instant expiresAt, long amount) {
    return new LotShare(expiresAt, amount);
  }

  @Test
  void moneyThatWentBack_takesItsOwnCreditsThenThoseThatLiveLongest() {
    buyBesideOthers();
    spend(70);
    takeBack(90, 0);
    assertEquals(List.of(0L, 30L, 0L), lots());
    assertEquals(List.of(share(MONTH, 30), share(null, 50), share(YEAR, 10)), booking.taken());
    assertEquals("the payment was refunded or disputed", lastReason());
    assertEquals(0, credits.lost());
    assertEquals(90, credits.wanted());
  }

  @Test
  void invoiceThatCredits_takesItsOwnCreditsOnly() {
    buyBesideOthers();
    spend(70);
    takeBack(0, 90);
    assertEquals(List.of(0L, 40L, 50L), lots());
    assertEquals(new Booking(100, 0, 90, List.of(share(MONTH, 30))), booking);
    assertEquals("an invoice credited the unused time", lastReason());
    assertEquals(0, credits.wanted(), "nothing is missing of what was not paid back");
  }

  @Test
  void bothAtOnce_takeFromOthersNoMoreThanTheMoneyThatWentBack() {
    give("year", YEAR, 40);
    give("never", null, 20);
    booking = credits.book(PURCHASE, 100, 0, 0, booking);
    spend(70);
    takeBack(45, 55);
    assertEquals(List.of(0L, 15L, 0L), lots(), "30 of its own, 20 and 25 of others");
  }

  @Test
  void missingRest_isCountedOfTheMoneyThatWentBack() {
    booking = credits.book(PURCHASE, 100, 0, 0, booking);
    spend(70);
    takeBack(100, 0);
    assertEquals(70, credits.lost());
    assertEquals(100, credits.wanted());
    assertEquals(30, booking.total());
    takeBack(100, 0);
    assertEquals(0, credits.wanted(), "no second time");
    give("later", null, 500);
    takeBack(100, 0);
    assertEquals(500, session.balance(), "what is missing stays missing");
  }

  @Test
  void lostCreditsOfSeveralLines_addUp() {
    credits.lose(30);
    credits.lose(12);
    assertEquals(42, credits.lost());
    assertEquals(42, credits.wanted());
  }

  @Test
  void refundAfterACredit_takesOnlyWhatTheCreditLeft() {
    buyBesideOthers();
    takeBack(0, 50);
    assertEquals(List.of(50L, 40L, 50L), lots());
    takeBack(50, 50);
    assertEquals(List.of(0L, 40L, 50L), lots());
    assertEquals(50, credits.wanted());
    takeBack(100, 50);
    assertEquals(List.of(0L, 40L, 50L), lots());
    assertEquals(new Booking(100, 100, 0, List.of(share(MONTH, 100))), booking);
  }

  @Test
  void fullRefundAfterACreditAndSpending_missesOnlyTheRest() {
    booking = credits.book(PURCHASE, 100, 0, 0, booking);
    takeBack(0, 50);
    spend(50);
    takeBack(100, 50);
    assertEquals(50, credits.lost());
    assertEquals(50, credits.wanted());
  }

  @Test
  void creditAfterARefund_takesNothingOfOthers() {
    buyBesideOthers();
    takeBack(25, 0);
    spend(75);
    takeBack(25, 50);
    assertEquals(List.of(0L, 40L, 50L), lots());
    assertEquals(0, credits.wanted());
  }

  @Test
  void whatComesBack_comesToTheLotsItWasTakenFromTheLastFirst() {
    buyBesideOthers();
    spend(70);
    takeBack(90, 0);
    takeBack(50, 0);
    assertEquals(List.of(0L, 40L, 30L), lots());
    assertEquals(new Booking(100, 50, 0, List.of(share(MONTH, 30), share(null, 20))), booking);
    assertEquals("a refund failed or a dispute was won", lastReason());
    takeBack(10, 0);
    assertEquals(List.of(20L, 40L, 50L), lots());
    takeBack(10, 0);
    assertEquals(List.of(20L, 40L, 50L), lots());
    takeBack(0, 0);
    assertEquals(List.of(30L, 40L, 50L), lots());
    assertEquals(Booking.NONE.taken(), booking.taken());
    assertEquals(0L, session.posted("bought").refunded());
  }

  @Test
  void lessToTakeThanIsMissingAlready_changesNothing() {
    booking = credits.book(PURCHASE, 100, 0, 0, booking);
    spend(70);
    takeBack(100, 0);
    int entries = entries().size();
    takeBack(30, 0);
    assertEquals(entries, entries().size());
    takeBack(29, 0);
    assertEquals(1, session.balance());
    takeBack(31, 0);
    assertEquals(0, session.balance());
    assertEquals(1, credits.lost());
  }

  @Test
  void whatComesBackToAMonthThatIsOver_isGone() {
    buyBesideOthers();
    spend(70);
    takeBack(40, 0);
    session = new LedgerSession(InMemoryLedger.USER, session.ledger(), DefaultPlans.PLANS, MONTH);
    takeBack(0, 0);
    assertEquals(List.of(0L, 40L, 50L), lots(), "10 come back to where they never expire");
    assertEquals(List.of(), booking.taken());
    refundAPurchaseWhoseMonthThenEnds();
    takeBack(0, 0);
    assertEquals(List.of(), entries(), "nothing comes back, and nothing is written");
    assertEquals(List.of(), booking.taken());
  }

  private void refundAPurchaseWhoseMonthThenEnds() {
    session = new LedgerSession(InMemoryLedger.USER, Ledger.EMPTY, DefaultPlans.PLANS, NOW);
    credits = new PaidCredits(session, new AllRead(true), missing);
    booking = credits.book(PURCHASE, 100, 0, 0, Booking.NONE);
    takeBack(100, 0);
    session = new LedgerSession(InMemoryLedger.USER, session.ledger(), DefaultPlans.PLANS, MONTH);
  }

  @Test
  void whatDoesNotFitUnderTheLargestBalance_isNotBooked() {
    give("others", null, Ledger.MAX_BALANCE - 99);
    assertEquals(Booking.NONE, credits.book(PURCHASE, 100, 0, 0, Booking.NONE));
    assertTrue(credits.isOverLimit());
    takeBack(0, 0);
    assertTrue(credits.isOverLimit());
    session.spend("one", TransactionType.DEDUCTION, 1, EntryDetails.NONE);
    takeBack(0, 0);
    assertFalse(credits.isOverLimit());
    takeBack(100, 0);
    Booking taken = booking;
    give("one more", null, 1);
    takeBack(0, 0);
    assertTrue(credits.isOverLimit());
    assertEquals(taken.taken(), booking.taken());
    session.spend("again", TransactionType.DEDUCTION, 1, EntryDetails.NONE);
    takeBack(0, 0);
    assertFalse(credits.isOverLimit());
    assertEquals(Ledger.MAX_BALANCE, session.balance());
  }

  @Test
  void moreThatWasSoldAfterwards_isGivenBesides() {
    booking = credits.book(PURCHASE, 40, 10, 0, booking);
    assertEquals(30, session.balance());
    takeBack(10, 0);
    assertEquals(90, session.balance());
    assertEquals(new Booking(100, 10, 0, List.of(share(MONTH, 10))), booking);
    give("others", null, Ledger.MAX_BALANCE - 90);
    booking = credits.book(PURCHASE, 101, 10, 0, booking);
    assertTrue(credits.isOverLimit());
    assertEquals(100, booking.given());
  }

  @Test
  void lessThatWasSoldAfterwards_isTakenOfItsOwnCredits() {
    buyBesideOthers();
    booking = credits.book(PURCHASE, 60, 0, 10, booking);
    assertEquals(new Booking(100, 0, 50, List.of(share(MONTH, 50))), booking);
    assertEquals(List.of(50L, 40L, 50L), lots());
    booking = credits.book(PURCHASE, 60, 60, 10, booking);
    assertEquals(new Booking(100, 60, 40, List.of(share(MONTH, 100))), booking);
    assertEquals(List.of(0L, 40L, 50L), lots());
  }

  @ParameterizedTest
  @CsvSource({"100, 0", "0, 100", "40, 60", "70, 60"})
  void purchaseOfWhichNothingIsLeft_writesNothing(long due, long credited) {
    takeBack(due, credited);
    assertEquals(Booking.NONE, booking);
    assertEquals(List.of(), session.writes());
  }

  @Test
  void unreadTransaction_isAskedForOnlyIfSomethingIsToBeBooked() {
    PaidCredits unread = new PaidCredits(session, new AllRead(false), missing);
    unread.book(PURCHASE, 100, 40, 10, new Booking(100, 40, 10, List.of(share(MONTH, 50))));
    assertEquals(List.of(), missing);
    unread.book(PURCHASE, 100, 40, 10, Booking.NONE);
    unread.book(PURCHASE, 100, 50, 10, new Booking(100, 40, 10, List.of(share(MONTH, 50))));
    assertEquals(List.of(new Read.Get(CreditRefs.transaction("bought"))), missing);
    assertEquals(List.of(), session.writes());
  }

  @ParameterizedTest
  @CsvSource({
    // sold, due, credited; given, due and credited before; whether there is nothing to book
    "100, 0, 0, 0, 0, 0, false",
    "100, 99, 0, 0, 0, 0, false",
    "100, 100, 0, 0, 0, 0, true", // nothing given, and nothing is left of it
    "100, 40, 60, 0, 0, 0, true",
    "100, 40, 59, 0, 0, 0, false",
    "100, 0, 0, 100, 0, 0, true",
    "101, 0, 0, 100, 0, 0, false", // more was sold
    "99, 0, 0, 100, 0, 0, false", // less was sold
    "99, 0, 0, 100, 0, 1, true",
    "100, 10, 0, 100, 0, 0, false",
    "100, 10, 0, 100, 10, 0, true",
    "100, 0, 10, 100, 0, 0, false",
    "100, 0, 10, 100, 0, 10, true",
    "100, 90, 20, 100, 90, 10, true", // together no more than was given
    "100, 90, 20, 100, 90, 20, false",
    "100, 0, 10, 100, 10, 0, false",
  })
  void difference_isWhatSoldDueAndCreditedDoNotSayYet(
      long sold, long due, long credited, long given, long dueBefore, long before, boolean none) {
    Booking booked = new Booking(given, dueBefore, before, List.of());
    assertEquals(none, PaidCredits.isBooked(sold, due, credited, booked));
  }
}
