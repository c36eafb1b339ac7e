package dev.meterkite.model.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.time.Period;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Adoption, periods, lots, refunds and jobs, each as a short story. */
class CreditRulesTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final DocRef OWNER = CreditCommands.user(Bank.USER);

  private static void change(Bank bank, DocRef ref, String field, Object value) {
    Map<String, Object> fields = new LinkedHashMap<>(bank.documents.get(ref));
    if (value == null) {
      fields.remove(field);
    } else {
      fields.put(field, value);
    }
    bank.documents.put(ref, fields);
  }

  private static Decision.Applied<CreditState> applied(Decision<CreditState> decision) {
    return (Decision.Applied<CreditState>) decision;
  }

  private static Decision.Refused<CreditState> refused(Decision<CreditState> decision) {
    return (Decision.Refused<CreditState>) decision;
  }

  private static Decision.Unchanged<CreditState> unchanged(Decision<CreditState> decision) {
    return (Decision.Unchanged<CreditState>) decision;
  }

  // Opening a ledger.

  @Test
  void firstDebitOfAnAdoptedUser_takesTheBalanceOver() {
    Bank bank = Bank.with("pro", 100);
    assertEquals("applied", bank.debit(30));
    assertEquals(List.of("admin_adjustment 100", "deduction -30"), bank.entries());
    assertEquals("70/0", bank.figures());
    assertEquals(70L, bank.documents.get(OWNER).get(Users.CREDITS_BALANCE));
    assertEquals("kept", bank.documents.get(OWNER).get("theirs"), "A39: unknown fields survive");
  }

  @Test
  void adoptedUser_getsTheNextPeriodsGrantAndNotThisOnes() {
    Bank bank = Bank.with("pro", 100);
    bank.sweep();
    assertEquals("100/0", bank.figures());
    bank.now = Instant.parse("2026-12-01T00:00:00Z").minusNanos(1_000);
    assertEquals("unchanged", bank.sweep());
    bank.now = Instant.parse("2026-12-01T00:00:00Z");
    assertEquals("applied", bank.sweep());
    assertEquals(List.of("2500@2027-01-01T00:00:00Z", "100"), bank.lots());
  }

  @Test
  void adoptedUserWithZero_opensWithoutATransaction() {
    Bank bank = Bank.with("free", 0);
    assertEquals("insufficient_credits", bank.debit(1));
    assertEquals("applied", bank.sweep());
    assertEquals(List.of(), bank.entries());
    assertEquals("0/0", bank.figures());
  }

  @Test
  void newUser_getsTheTiersCreditsAtOnceAndOnce() {
    Bank bank = new Bank().user(Bank.USER, "free", null);
    assertEquals("applied", bank.debit(4));
    assertEquals(List.of("subscription_grant 10", "deduction -4"), bank.entries());
    assertEquals("unchanged", bank.sweep());
    assertEquals(List.of("6@2026-12-01T00:00:00Z"), bank.lots());
  }

  @Test
  void balanceWithoutFraction_isTakenOverAndOthersAreReported() {
    Bank whole = new Bank().user(Bank.USER, "payg", 12.0);
    whole.sweep();
    assertEquals("12/0", whole.figures());
    for (Object odd : List.of(-5L, 1.5, "many", true, Double.NaN, 1e300, Long.MAX_VALUE)) {
      Bank bank = new Bank().user(Bank.USER, "payg", odd);
      assertEquals("applied", bank.sweep());
      assertEquals("0/0", bank.figures());
      assertEquals(List.of("ledger_mismatch"), bank.alerts(), odd::toString);
    }
  }

  @Test
  void transactionsOfAnOlderSystem_areLeftAsTheyAre() {
    Bank bank = Bank.with("payg", 100);
    DocRef old = new DocRef(CreditTransactions.COLLECTION, "old");
    Map<String, Object> fields =
        Map.of("user_id", Bank.USER, "type", "deduction", "amount", -20L, "created_at", bank.now);
    bank.documents.put(old, new LinkedHashMap<>(fields));
    bank.debit(1);
    assertEquals(List.of("admin_adjustment 100", "deduction -1"), bank.entries());
    assertEquals(fields, bank.documents.get(old));
    assertEquals("applied", bank.refund("old", 15L), "they can be refunded");
    assertEquals("refund_exceeds_transaction", bank.refund("old", 6L));
    assertEquals("114/0", bank.figures());
    assertEquals(List.of(), bank.audit());
  }

  // Balances that others change.

  @Test
  void foreignBalance_isPutBackWithAnAlert() {
    Bank bank = Bank.with("payg", 100);
    bank.sweep();
    change(bank, OWNER, Users.CREDITS_BALANCE, 999L);
    assertEquals("insufficient_credits", bank.debit(101));
    assertEquals("applied", bank.debit(1));
    assertEquals(99L, bank.documents.get(OWNER).get(Users.CREDITS_BALANCE));
    assertEquals(List.of("ledger_mismatch"), bank.alerts());
    assertEquals("unchanged", bank.sweep());
  }

  @Test
  void foreignBalance_isAdoptedDuringACutOver() {
    Bank bank = new Bank(ForeignBalance.ADOPT).user(Bank.USER, "payg", 100L);
    bank.hold("h", 40);
    change(bank, OWNER, Users.CREDITS_BALANCE, 150L);
    bank.sweep();
    change(bank, OWNER, Users.CREDITS_BALANCE, 90L);
    bank.sweep();
    change(bank, OWNER, Users.CREDITS_BALANCE, 10L);
    bank.sweep();
    assertEquals(
        List.of(
            "admin_adjustment 100",
            "admin_adjustment 50",
            "admin_adjustment -60",
            "admin_adjustment -50"),
        bank.entries());
    assertEquals("40/40", bank.figures(), "never below what is held");
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void wipedLedger_isRebuiltFromTheLastTransaction() {
    Bank bank = Bank.with("pro", 100);
    bank.grant(50, bank.now.plus(DAY));
    bank.hold("h", 40);
    bank.debit(30);
    change(bank, OWNER, Users.LEDGER, null);
    assertEquals("applied", bank.debit(10));
    assertEquals("110/40", bank.figures());
    assertEquals(List.of("ledger_mismatch"), bank.alerts());
    assertEquals("applied", bank.capture("h", 15L), "the hold is known again");
    assertEquals("95/0", bank.figures());
    assertEquals(List.of(), bank.audit());
    assertTrue(bank.entries().stream().noneMatch(e -> e.startsWith("subscription_grant")));
  }

  @Test
  void brokenLedgers_areRebuilt() {
    for (String field : List.of("sequence", "balance", "hash", "lots", "holds", "grant")) {
      Bank bank = Bank.with("payg", 100);
      bank.hold("h", 40);
      Map<String, Object> ledger =
          new LinkedHashMap<>(asMap(bank.documents.get(OWNER).get(Users.LEDGER)));
      ledger.put(field, field.equals("grant") ? Map.of("period", 7L) : Map.of("x", "y"));
      change(bank, OWNER, Users.LEDGER, ledger);
      assertTrue(bank.state().ledgerBroken(), field);
      assertEquals("applied", bank.debit(10), field);
      assertEquals("90/40", bank.figures(), field);
      assertEquals(List.of("ledger_mismatch"), bank.alerts(), field);
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> asMap(Object value) {
    return (Map<String, Object>) value;
  }

  @Test
  void wipedLedger_doesNotGrantThePeriodTwice() {
    Bank bank = new Bank().user(Bank.USER, "free", null);
    bank.debit(4);
    change(bank, OWNER, Users.LEDGER, null);
    change(bank, OWNER, Users.CREDITS_BALANCE, null);
    bank.sweep();
    assertEquals("6/0", bank.figures());
    assertEquals(2, bank.transactions().size());
  }

  // Periods.

  /** A18: not granted twice in one period; a tier change does not wipe bought credits. */
  @Test
  void tierChange_grantsTheHigherTierOnceAndKeepsWhatWasBought() {
    Bank bank = new Bank().user(Bank.USER, "free", null);
    bank.grant(100, null);
    change(bank, OWNER, Users.TIER, "pro");
    bank.sweep();
    assertEquals("2610/0", bank.figures());
    change(bank, OWNER, Users.TIER, "free");
    assertEquals("unchanged", bank.sweep());
    change(bank, OWNER, Users.TIER, "pro");
    assertEquals("unchanged", bank.sweep());
  }

  @Test
  void monthlyCredits_expireAtTheRenewalAndMissedMonthsAreNotMadeUpFor() {
    Bank bank = new Bank().user(Bank.USER, "free", null);
    bank.sweep();
    bank.now = Instant.parse("2027-02-14T00:00:00Z");
    bank.sweep();
    assertEquals(
        List.of("subscription_grant 10", "expiration -10", "subscription_grant 10"),
        bank.entries());
    assertEquals(List.of("10@2027-03-01T00:00:00Z"), bank.lots());
    assertEquals(
        Instant.parse("2027-03-01T00:00:00Z"), bank.documents.get(OWNER).get(Users.LEDGER_DUE_AT));
  }

  @Test
  void subscribedUser_isRenewedByItsInvoiceAndByNothingElse() {
    Bank bank = new Bank().user(Bank.USER, "pro", null);
    change(bank, OWNER, Users.STRIPE_SUBSCRIPTION_ID, "sub_1");
    bank.sweep();
    assertEquals("0/0", bank.figures());
    assertNull(bank.documents.get(OWNER).get(Users.LEDGER_DUE_AT), "nothing is due");
    var grant = renewal(SubscriptionTier.PRO, bank.now, bank.now.plus(Duration.ofDays(30)));
    assertEquals("applied", bank.run(grant));
    assertEquals("unchanged", bank.run(grant));
    assertEquals("2500/0", bank.figures());
    change(bank, OWNER, Users.STRIPE_SUBSCRIPTION_ID, null);
    bank.sweep();
    assertEquals("2500/0", bank.figures(), "the invoice's grant counts for this month");
  }

  private static Command<CreditCommand> renewal(SubscriptionTier tier, Instant from, Instant to) {
    return CreditCommands.stripe(
        Bank.USER,
        new CreditCommand.Purchase(
            "in_1",
            tier.monthlyCredits(),
            tier,
            new Period(from, to),
            null,
            new CreditCommand.Told("evt", null)));
  }

  @Test
  void invoiceAndCalendar_grantTheSamePeriodOnce() {
    Bank bank = new Bank().user(Bank.USER, "pro", null);
    Instant start = CreditRules.periodStart(bank.now);
    var invoice = renewal(SubscriptionTier.PRO, start, CreditRules.nextPeriod(start));
    assertEquals("applied", bank.run(invoice));
    assertEquals(List.of("subscription_grant 2500"), bank.entries());
    assertEquals("unchanged", bank.run(invoice));
  }

  @Test
  void wordThatIsNoTier_grantsNothingAndCrashesNothing() {
    Bank bank = new Bank().user(Bank.USER, "gold", null);
    assertEquals("applied", bank.sweep());
    assertEquals("0/0", bank.figures());
  }

  // Lots.

  /** A17. */
  @Test
  void spendOrder_isByExpiry() {
    Bank bank = Bank.with("payg", 0);
    bank.grant(100, bank.now.plus(DAY.multipliedBy(2)));
    bank.grant(100, bank.now.plus(DAY));
    bank.debit(120);
    assertEquals(List.of("80@2026-11-12T10:00:00Z"), bank.lots());
    Bank other = Bank.with("payg", 150);
    other.grant(50, other.now.plus(DAY));
    other.debit(80);
    assertEquals(List.of("120"), other.lots());
  }

  /** A19: lots that expire together merge, and a user has 300 at most. */
  @Test
  void lots_mergeByHourAndStayBounded() {
    Bank bank = Bank.with("payg", 7);
    for (int i = 0; i < 1_000; i++) {
      bank.grant(1, bank.now.plusSeconds(3_601 + i));
    }
    assertEquals(List.of("1000@2026-11-10T12:00:00Z", "7"), bank.lots());
    bank.hold("h", 1_003);
    for (int i = 2; i < 400; i++) {
      bank.grant(1, bank.now.plus(Duration.ofHours(i)));
      assertTrue(bank.ledger().lots().list().size() <= Lots.MAX);
    }
    assertEquals(Lots.MAX, bank.ledger().lots().list().size());
    assertEquals("1405/1003", bank.figures());
    bank.hold("all", 402);
    bank.grant(1, bank.now.plus(Duration.ofHours(500)));
    bank.capture("all", 300L);
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void pinnedCredits_doNotExpireAndRestOfACaptureComesBackExpired() {
    Bank bank = Bank.with("payg", 0);
    bank.grant(100, bank.now.plus(Duration.ofHours(1)));
    bank.hold("h", 60);
    bank.after(Duration.ofHours(2)).sweep();
    assertEquals("60/60", bank.figures());
    bank.capture("h", 25L);
    assertEquals(
        List.of("purchase 100", "expiration -40", "deduction -25", "expiration -35"),
        bank.entries());
    assertEquals("0/0", bank.figures());
  }

  @Test
  void expiry_isRoundedUpToTheHour() {
    Instant hour = Instant.parse("2026-11-10T10:00:00Z");
    assertEquals(hour, Lots.roundUp(hour));
    assertEquals(hour.plusSeconds(3_600), Lots.roundUp(hour.plusNanos(1_000)));
    assertEquals(hour, Lots.roundUp(hour.minusNanos(1_000)));
    assertEquals(Instant.parse("1970-01-01T00:00:00Z"), Lots.roundUp(Instant.EPOCH.minusNanos(1)));
    assertEquals(Lots.LATEST, Lots.roundUp(Instant.MAX));
  }

  // Refunds.

  @Test
  void refund_neverMakesCreditsLiveLonger() {
    Bank bank = Bank.with("payg", 10);
    bank.grant(100, bank.now.plus(DAY));
    bank.debit(105);
    String deduction = bank.lastTransactionId();
    bank.refund(deduction, 15L);
    assertEquals(List.of("10@2026-11-11T10:00:00Z", "10"), bank.lots());
    bank.after(DAY).refund(deduction, null);
    assertEquals(List.of("10"), bank.lots(), "90 came back to an expired lot");
    assertEquals(0, bank.audit().size());
  }

  @Test
  void sixthRefundInThirtyDays_raisesAnAlertAndIsPaid() {
    Bank bank = Bank.with("payg", 100);
    bank.debit(50);
    String deduction = bank.lastTransactionId();
    for (int i = 0; i < 5; i++) {
      bank.after(DAY).refund(deduction, 1L);
    }
    assertEquals(List.of(), bank.alerts());
    assertEquals("applied", bank.after(DAY).refund(deduction, 1L));
    assertEquals(List.of("refund_abuse"), bank.alerts());
    bank.after(Duration.ofDays(26)).refund(deduction, 1L);
    assertEquals(1, bank.alerts().size(), "only four of them are within 30 days");
  }

  // Answers.

  @Test
  void answers_areThoseOfTheContract() {
    Bank bank = Bank.with("payg", 100);
    var debit = CreditCommands.debit(Bank.USER, 30, "job", "text", "k", "h");
    var applied = applied(bank.decide(debit));
    assertEquals(
        List.of("transaction", "balance", "held", "available"),
        List.copyOf(applied.answer().keySet()));
    Map<String, Object> transaction = asMap(applied.answer().get("transaction"));
    assertTrue(
        transaction
            .keySet()
            .containsAll(
                Set.of(
                    "transaction_id",
                    "user_id",
                    "type",
                    "amount",
                    "balance_after",
                    "sequence",
                    "job_id",
                    "description",
                    "created_at",
                    "prev_hash",
                    "hash")));
    var hold = CreditCommands.hold(Bank.USER, 20, null, DAY, "k", "h");
    var held = applied(bank.decide(hold));
    assertEquals(
        List.of("hold", "balance", "held", "available"), List.copyOf(held.answer().keySet()));
    assertEquals(50L, held.answer().get("available"));
    var view = unchanged(bank.decide(CreditCommands.view("u1")));
    assertEquals(
        List.of("user_id", "balance", "held", "available", "lots"),
        List.copyOf(view.answer().keySet()));
  }

  @Test
  void refusal_tellsTheFiguresAlsoTheSecondTime() {
    Bank bank = Bank.with("payg", 100);
    bank.hold("h", 40);
    var debit = CreditCommands.debit(Bank.USER, 61, null, null, "k", "h");
    var refused = refused(bank.decide(debit));
    Map<String, Object> figures = Map.of("balance", 100L, "available", 60L, "required", 61L);
    assertEquals(figures, refused.figures());
    var again = bank.rules.refuseAgain(bank.state(), debit, "insufficient_credits", bank.now);
    assertEquals(figures, again.figures());
    assertEquals(CreditOutcome.INSUFFICIENT_CREDITS, again.outcome());
    var later =
        bank.rules.refuseAgain(bank.state(), debit, "insufficient_credits", bank.now.plus(DAY));
    assertEquals(100L, later.figures().get("available"), "the figures of the moment");
  }

  @Test
  void debit_changesOnlyWhatItTouches() {
    Bank bank = Bank.with("payg", 100);
    bank.hold("h", 40);
    CreditState before = bank.state();
    var applied = applied(bank.decide(CreditCommands.debit(Bank.USER, 1, null, null, "k", "h")));
    Map<String, Object> changes = bank.rules.changes(before, applied.next());
    assertEquals(
        Set.of(
            "credits_balance",
            "ledger.sequence",
            "ledger.balance",
            "ledger.hash",
            "ledger.lots.never"),
        changes.keySet());
    assertEquals(1, applied.writes().size());
  }

  @Test
  void lastOfALot_isRemovedFromTheDocument() {
    Bank bank = Bank.with("payg", 1);
    bank.sweep();
    CreditState before = bank.state();
    bank.debit(1);
    assertEquals(Write.REMOVED, bank.rules.changes(before, bank.state()).get("ledger.lots.never"));
  }

  // Statements.

  @Test
  void statement_pagesAndBalanceOfAMoment() {
    Bank bank = Bank.with("payg", 100);
    Instant start = bank.now;
    bank.debit(1);
    bank.after(DAY).debit(2);
    bank.after(DAY).debit(3);
    var query = Queries.statement(Bank.USER, null, null, 3, List.of());
    StatementPage page = new StatementPage(2, StatementPage.Position.START);
    page.addOfLedger(bank.find(query), 3);
    assertEquals(
        List.of(-3L, -2L), page.transactions().stream().map(t -> t.get("amount")).toList());
    StatementPage.Position next = page.next();
    assertTrue(page.isFull());
    assertFalse(next.older());
    assertEquals(List.of(start.plus(DAY), 3L), next.after());
    StatementPage rest = new StatementPage(2, next);
    rest.addOfLedger(bank.find(Queries.statement(Bank.USER, null, null, 3, next.after())), 3);
    assertEquals(
        List.of(-1L, 100L), rest.transactions().stream().map(t -> t.get("amount")).toList());
    assertEquals(new StatementPage.Position(true, List.of()), rest.next());
    rest.addOfOlder(bank.find(Queries.statementWithOlder(Bank.USER, null, null, 9, List.of())), 9);
    assertEquals(2, rest.transactions().size());
    assertNull(rest.next());
    assertEquals(OptionalLong.of(97), balanceBefore(bank, bank.now));
    assertEquals(OptionalLong.of(99), balanceBefore(bank, start.plus(DAY)));
    assertEquals(OptionalLong.empty(), balanceBefore(bank, start), "before the ledger");
  }

  private static OptionalLong balanceBefore(Bank bank, Instant to) {
    return StatementPage.balance(bank.find(Queries.lastTransactionOfUserBefore(Bank.USER, to)));
  }

  // Jobs.

  @Test
  void everyOrderOfEvents_chargesOnce() {
    for (List<String> order : orders(List.of("queued", "running", "completed", "completed"))) {
      Bank bank = Bank.with("payg", 100);
      order.forEach(status -> bank.job("j", "status", status).event("j"));
      bank.job("j", "status", "completed");
      bank.event("j");
      assertEquals("unchanged", bank.event("j"), "A38: it stops after one round");
      assertEquals("90/0", bank.figures(), order::toString);
      assertEquals("captured", bank.payment("j", "status"));
      assertNull(bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    }
  }

  private static List<List<String>> orders(List<String> words) {
    if (words.isEmpty()) {
      return List.of(List.of());
    }
    List<List<String>> all = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      List<String> rest = new ArrayList<>(words);
      String first = rest.remove(i);
      for (List<String> behind : orders(rest)) {
        List<String> order = new ArrayList<>(List.of(first));
        order.addAll(behind);
        all.add(order);
      }
    }
    return all;
  }

  @Test
  void jobThatFailedBeforeItWasHeld_isNeverCharged() {
    Bank bank = Bank.with("payg", 100);
    bank.job("j", "status", "failed").event("j");
    bank.job("j", "status", "running").event("j");
    bank.job("j", "status", "completed").event("j");
    assertEquals("100/0", bank.figures());
    assertEquals("released", bank.payment("j", "status"));
  }

  @Test
  void refusedJob_keepsItsCodeAndIsLeftAlone() {
    Bank bank = Bank.with("payg", 9).job("j", "status", "queued");
    bank.event("j");
    assertEquals("failed", bank.jobField("j", "status"));
    assertEquals("unchanged", bank.event("j"), "our own change comes back as an event");
    assertEquals("insufficient_credits", bank.payment("j", "code"));
  }

  @Test
  void refusedRunningJob_isTriedAgainDaily() {
    Bank bank = Bank.with("payg", 9).job("j", "status", "running");
    bank.event("j");
    assertEquals(bank.now.plus(DAY), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    assertEquals("unchanged", bank.after(Duration.ofHours(1)).event("j"));
    assertEquals("applied", bank.after(DAY).event("j"), "or the sweep would find it for ever");
    bank.grant(1, null);
    bank.event("j");
    assertEquals("held", bank.payment("j", "status"));
    assertNull(bank.payment("j", "code"));
    Bank old = Bank.with("payg", 9).job("j", "status", "running");
    old.after(JobRules.RETRY_WINDOW).event("j");
    assertNull(old.jobField("j", PodcastJobs.PAYMENT_DUE_AT), "not for ever");
  }

  @Test
  void completedJobWhoseHoldLapsed_isDebitedOrUnpaid() {
    Bank bank = Bank.with("payg", 10).job("j", "status", "queued");
    bank.event("j");
    assertEquals("10/10", bank.figures());
    assertEquals("applied", bank.after(JobRules.HOLD_LIFE).event("j"));
    assertEquals("hold_expired", bank.payment("j", "code"));
    bank.job("j", "status", "completed").event("j");
    assertEquals("captured", bank.payment("j", "status"));
    assertEquals("0/0", bank.figures());
    Bank poor = Bank.with("payg", 10).job("j", "status", "queued");
    poor.event("j");
    poor.after(JobRules.HOLD_LIFE).debit(5);
    poor.job("j", "status", "completed").event("j");
    assertEquals("unpaid", poor.payment("j", "status"));
    assertEquals(List.of("job_unpaid"), poor.alerts());
    poor.grant(100, null);
    assertEquals("unchanged", poor.event("j"), "unpaid is final");
    assertEquals("105/0", poor.figures());
  }

  @Test
  void completedJobSeenAsItsHoldLapses_isChargedInThatCommit() {
    Bank bank = Bank.with("payg", 10).job("j", "status", "queued");
    bank.event("j");
    bank.after(JobRules.HOLD_LIFE).job("j", "status", "completed").event("j");
    assertEquals("0/0", bank.figures());
    assertEquals(
        "captured", bank.documents.get(CreditCommands.jobHold("j")).get(CreditHolds.STATUS));
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void deletedJob_releasesItsHold() {
    Bank bank = Bank.with("payg", 10).job("j", "status", "queued");
    bank.event("j");
    bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
    assertEquals("applied", bank.event("j"));
    assertEquals("10/0", bank.figures());
    assertFalse(bank.documents.containsKey(new DocRef(PodcastJobs.COLLECTION, "j")));
    assertEquals("unchanged", bank.event("j"));
  }

  @Test
  void jobHeldOverHttp_isCapturedByItsTriggerOnce() {
    Bank bank = Bank.with("payg", 100);
    bank.run(CreditCommands.hold(Bank.USER, 30, "j", DAY, "k", "h"));
    bank.job("j", "status", "running").event("j");
    assertEquals("100/30", bank.figures());
    bank.job("j", "status", "completed").event("j");
    assertEquals("90/0", bank.figures(), "the price, and the rest comes back");
  }

  @Test
  void jobOfAUserThatComesLater_isHeldThen() {
    Bank bank = new Bank().job("j", "status", "queued");
    assertEquals("applied", bank.event("j"));
    assertEquals("unchanged", bank.event("j"));
    assertFalse(bank.documents.containsKey(OWNER), "no user is made up");
    assertEquals(
        bank.now.plus(Duration.ofHours(1)), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    bank.user(Bank.USER, "payg", 100L).event("j");
    assertEquals("held", bank.payment("j", "status"));
    Bank late = new Bank().job("j", "status", "completed");
    late.event("j");
    assertEquals(List.of("job_unpaid"), late.alerts());
    late.user(Bank.USER, "payg", 100L).event("j");
    assertEquals("captured", late.payment("j", "status"));
  }

  @Test
  void chargeThatExists_isNotMadeAgainThoughTheHoldIsGone() {
    Bank bank = Bank.with("payg", 100).job("j", "status", "queued");
    bank.event("j");
    bank.job("j", "status", "completed").event("j");
    bank.documents.remove(CreditCommands.jobHold("j"));
    bank.event("j");
    assertEquals("90/0", bank.figures());
    assertEquals("captured", bank.payment("j", "status"));
  }

  @Test
  void oddJobDocuments_crashNothing() {
    Bank bank = Bank.with("pro", 100);
    for (Object odd : List.of(1L, "x", true, List.of(), Map.of(), Double.NaN)) {
      for (String field :
          List.of(
              "duration_min",
              "quality",
              "priority",
              "status",
              "payment",
              "credits_actual",
              "created_at",
              "topic",
              "audience",
              "payment_due_at")) {
        bank.job("odd", "status", "queued").job("odd", field, odd);
        assertNotEquals("nobody's", bank.event("odd"));
        bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "odd"));
      }
    }
    bank.job("odd", "user_id", 7L);
    assertEquals("nobody's", bank.event("odd"));
    assertEquals(List.of(), bank.audit());
  }

  // The chain and the audit.

  @Test
  void chain_namesTheFirstWrongSequence() {
    Bank bank = Bank.with("payg", 100);
    for (int i = 0; i < 5; i++) {
      bank.debit(1);
    }
    List<Map<String, Object>> all = bank.transactions();
    assertTrue(LedgerChain.verify(all).isEmpty());
    List<Map<String, Object>> missing = new ArrayList<>(all);
    missing.remove(2);
    assertEquals(3, LedgerChain.verify(missing).orElseThrow().sequence());
    List<Map<String, Object>> swapped = new ArrayList<>(all);
    swapped.set(3, all.get(4));
    swapped.set(4, all.get(3));
    assertEquals(4, LedgerChain.verify(swapped).orElseThrow().sequence());
    for (String field :
        List.of("amount", "balance_after", "created_at", "type", "job_id", "lots")) {
      List<Map<String, Object>> changed = new ArrayList<>(all);
      Map<String, Object> transaction = new LinkedHashMap<>(all.get(1));
      transaction.put(field, "else");
      changed.set(1, transaction);
      assertEquals(2, LedgerChain.verify(changed).orElseThrow().sequence(), field);
    }
    Map<String, Object> noted = new LinkedHashMap<>(all.get(1));
    noted.put(CreditTransactions.REFUNDED, 1L);
    assertEquals(all.get(1).get("hash"), LedgerChain.hash(noted, (String) noted.get("prev_hash")));
  }

  @Test
  void chain_tellsFieldsApartThatLookAlike() {
    Map<String, Object> one = Map.of("job_id", "ab", "hold_id", "c");
    Map<String, Object> other = Map.of("job_id", "a", "hold_id", "bc");
    assertNotEquals(
        LedgerChain.hash(one, LedgerChain.FIRST), LedgerChain.hash(other, LedgerChain.FIRST));
    assertNotEquals(
        LedgerChain.hash(Map.of("amount", 1L), LedgerChain.FIRST),
        LedgerChain.hash(Map.of("amount", "1"), LedgerChain.FIRST));
  }

  @Test
  void audit_findsEveryTampering() {
    tampered("balance", 41L, "the ledger's balance is 41");
    Bank bank = audited();
    change(bank, OWNER, Users.CREDITS_BALANCE, 1L);
    assertTrue(bank.audit().toString().contains("credits_balance is not the ledger's"));
    bank = audited();
    DocRef hold = new DocRef(CreditHolds.COLLECTION, bank.holdId("h"));
    change(bank, hold, CreditHolds.STATUS, "released");
    assertTrue(bank.audit().toString().contains("open holds"));
    bank = audited();
    DocRef deduction = new DocRef(CreditTransactions.COLLECTION, id(bank, 1));
    change(bank, deduction, CreditTransactions.REFUNDED, 4L);
    assertEquals(2, bank.audit().get(0).sequence());
    change(bank, deduction, CreditTransactions.REFUNDED, null);
    assertTrue(bank.audit().toString().contains("does not note it"));
    bank = audited();
    change(bank, OWNER, Users.LEDGER, null);
    assertTrue(bank.audit().toString().contains("lost or broken"));
    bank = audited();
    bank.documents.remove(new DocRef(CreditTransactions.COLLECTION, id(bank, 2)));
    assertEquals(3, bank.audit().get(0).sequence());
  }

  private static String id(Bank bank, int index) {
    return (String) bank.transactions().get(index).get(CreditTransactions.TRANSACTION_ID);
  }

  private static Bank audited() {
    Bank bank = Bank.with("payg", 100);
    bank.debit(50);
    bank.refund(bank.lastTransactionId(), 5L);
    bank.hold("h", 10);
    assertEquals(List.of(), bank.audit());
    return bank;
  }

  /**
   * Changes a figure of the ledger together with its lot, so that the ledger is sound in itself.
   */
  private static void tampered(String field, long value, String finding) {
    Bank bank = audited();
    Map<String, Object> ledger =
        new LinkedHashMap<>(asMap(bank.documents.get(OWNER).get(Users.LEDGER)));
    ledger.put(field, value);
    ledger.put("lots", Map.of("never", Map.of("granted", 100L, "remaining", value, "held", 10L)));
    change(bank, OWNER, Users.LEDGER, ledger);
    change(bank, OWNER, Users.CREDITS_BALANCE, value);
    String found = bank.audit().toString();
    assertTrue(found.contains(finding) && found.contains("lots are not those"), found);
  }

  /** A20: exact for every duration of a tenth of a minute. */
  @Test
  void priceOfAJob_isExact() {
    for (int tenths = 5; tenths <= 1_800; tenths++) {
      Bank bank = new Bank();
      bank.job("j", "duration_min", tenths / 10.0, "quality", "hd", "priority", "express");
      long price =
          JobOrder.of(bank.snapshot(new DocRef(PodcastJobs.COLLECTION, "j"))).orElseThrow().price();
      assertEquals((3L * tenths + 9) / 10, price, "tenths " + tenths);
    }
  }
}
