package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.GrantPeriod;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.BalanceAlert;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.MonthlyGrant;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** BalanceAdoption, periods, lots, refunds and jobs, each as a short story. */
public class CreditRulesTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final DocRef OWNER = CreditRefs.user(InMemoryLedger.USER);

  public static void change(InMemoryLedger bank, DocRef ref, String field, Object value) {
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

  // LedgerOpener a ledger.

  @Test
  void firstDebitOfAnAdoptedUser_takesTheBalanceOver() {
    InMemoryLedger bank = InMemoryLedger.with("pro", 100);
    assertEquals("applied", bank.debit(30));
    assertEquals(List.of("admin_adjustment 100", "deduction -30"), bank.entries());
    assertEquals("70/0", bank.figures());
    assertEquals(70L, bank.documents.get(OWNER).get(Users.CREDITS_BALANCE));
    assertEquals("kept", bank.documents.get(OWNER).get("theirs"), "A39: unknown fields survive");
  }

  @Test
  void adoptedUser_getsTheNextPeriodsGrantAndNotThisOnes() {
    InMemoryLedger bank = InMemoryLedger.with("pro", 100);
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
    InMemoryLedger bank = InMemoryLedger.with("free", 0);
    assertEquals("insufficient_credits", bank.debit(1));
    assertEquals("applied", bank.sweep());
    assertEquals(List.of(), bank.entries());
    assertEquals("0/0", bank.figures());
  }

  @Test
  void userWithZeroWhoRegisteredInThisPeriod_isNew() {
    for (String registered : List.of("2026-11-01T00:00:00Z", "2026-10-31T23:59:59.999999Z")) {
      InMemoryLedger bank = InMemoryLedger.with("free", 0);
      bank.documents.get(OWNER).put(Users.CREATED_AT, Instant.parse(registered));
      boolean isNew = registered.startsWith("2026-11");
      assertEquals(isNew ? "applied" : "insufficient_credits", bank.debit(4), registered);
      bank.sweep();
      assertEquals(isNew ? "6/0" : "0/0", bank.figures(), registered);
    }
  }

  @Test
  void newUser_getsTheTiersCreditsAtOnceAndOnce() {
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "free", null);
    assertEquals("applied", bank.debit(4));
    assertEquals(List.of("subscription_grant 10", "deduction -4"), bank.entries());
    assertEquals("unchanged", bank.sweep());
    assertEquals(List.of("6@2026-12-01T00:00:00Z"), bank.lots());
  }

  @Test
  void c20_balanceThatCannotBeRead_opensNothingAndIsOverwrittenByNobody() {
    InMemoryLedger whole = new InMemoryLedger().user(InMemoryLedger.USER, "payg", 12.0);
    whole.sweep();
    assertEquals("12/0", whole.figures());
    for (Object odd :
        List.of(
            100.5,
            "100",
            -5L,
            -0.5,
            Ledger.MAX_BALANCE + 1,
            Ledger.MAX_BALANCE + 1.0,
            Long.MAX_VALUE,
            1e300,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            true,
            "",
            List.of(100L),
            Map.of("credits", 100L))) {
      for (String tier : List.of("payg", "pro", "gold")) {
        for (ForeignBalance foreign : ForeignBalance.values()) {
          InMemoryLedger bank = new InMemoryLedger(foreign).user(InMemoryLedger.USER, tier, odd);
          nothingIsOpened(bank, odd);
          fix(bank, 100L);
          assertEquals("applied", bank.debit(30), "it goes on");
          assertEquals(70, bank.ledger().balance(), odd::toString);
          assertEquals("resolved", balanceAlert(bank).get(ModelRouterAlerts.STATUS));
          assertEquals(List.of(), bank.audit());
        }
      }
    }
  }

  private static void nothingIsOpened(InMemoryLedger bank, Object odd) {
    Map<String, Object> before = bank.documents.get(OWNER);
    List<Command<CreditCommand>> commands =
        List.of(
            CreditCommands.debit(InMemoryLedger.USER, 1, null, null, bank.key(), "h"),
            CreditCommands.grant(
                InMemoryLedger.USER, 1, TransactionType.PURCHASE, null, null, bank.key(), "h"),
            CreditCommands.hold(InMemoryLedger.USER, 1, null, DAY, bank.key(), "h"),
            CreditCommands.hold(InMemoryLedger.USER, 1, "j", DAY, bank.key(), "h"),
            CreditCommands.settle(InMemoryLedger.USER, "hold", true, null, bank.key(), "h"),
            CreditCommands.refund(old(bank), 1L, null, bank.key(), "h").orElseThrow(),
            CreditCommands.stripe(
                InMemoryLedger.USER,
                new CreditCommand.Introduce(new CreditCommand.Told("evt", "cus_1"))),
            CreditCommands.view(InMemoryLedger.USER));
    for (Command<CreditCommand> command : commands) {
      var refused = refused(bank.decide(command));
      assertEquals(CreditOutcome.BALANCE_UNREADABLE, refused.outcome(), odd::toString);
      assertEquals(Map.of("found", LenientFields.shown(odd)), refused.figures());
    }
    assertEquals(before, bank.documents.get(OWNER));
    for (int i = 0; i < 3; i++) {
      assertEquals(i == 0 ? "applied" : "unchanged", bank.sweep());
      Map<String, Object> alert = balanceAlert(bank);
      assertEquals("open", alert.get(ModelRouterAlerts.STATUS));
      assertEquals("critical", alert.get(ModelRouterAlerts.SEVERITY));
      assertTrue(
          String.valueOf(alert.get(ModelRouterAlerts.MESSAGE))
              .contains(" is " + LenientFields.shown(odd)),
          alert::toString);
    }
    assertEquals(List.of("balance_unreadable"), bank.alerts());
    assertEquals(List.of(), bank.transactions());
    assertNull(bank.ledger());
    Map<String, Object> after = new LinkedHashMap<>(bank.documents.get(OWNER));
    assertEquals(bank.now.plus(CreditRules.LOOK_AGAIN), after.remove(Users.LEDGER_DUE_AT));
    assertEquals(before, after, "but that it is looked at again");
    assertEquals("applied", bank.after(CreditRules.LOOK_AGAIN).sweep(), "each hour");
    assertEquals(List.of("balance_unreadable"), bank.alerts());
  }

  /** A transaction of an older system. */
  private static Snapshot old(InMemoryLedger bank) {
    DocRef old = new DocRef(CreditTransactions.COLLECTION, "old");
    bank.documents.put(
        old,
        new LinkedHashMap<>(
            Map.of(
                "user_id",
                InMemoryLedger.USER,
                "type",
                "deduction",
                "amount",
                -20L,
                "created_at",
                bank.now)));
    return bank.snapshot(old);
  }

  private static Map<String, Object> balanceAlert(InMemoryLedger bank) {
    return bank.documents.get(BalanceAlert.read(InMemoryLedger.USER).ref());
  }

  private static void fix(InMemoryLedger bank, Object balance) {
    change(bank, OWNER, Users.CREDITS_BALANCE, balance);
  }

  @Test
  void c20_alertFollowsTheValue_andIsOpenedAgain() {
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "payg", "many");
    bank.sweep();
    fix(bank, -1L);
    assertEquals("applied", bank.sweep());
    assertTrue(String.valueOf(balanceAlert(bank).get("message")).contains(" is -1,"));
    balanceAlert(bank).put(ModelRouterAlerts.ACKNOWLEDGED, true);
    assertEquals("unchanged", bank.sweep(), "an acknowledged alert is left alone");
    fix(bank, 5L);
    assertEquals("applied", bank.sweep());
    assertEquals("5/0", bank.figures());
    assertEquals("resolved", balanceAlert(bank).get("status"));
    change(bank, OWNER, Users.LEDGER, null);
    bank.documents.keySet().removeIf(ref -> ref.collection().equals("credit_transactions"));
    fix(bank, "few");
    assertEquals("applied", bank.sweep());
    assertEquals("open", balanceAlert(bank).get("status"));
    assertEquals(false, balanceAlert(bank).get(ModelRouterAlerts.ACKNOWLEDGED));
    assertFalse(balanceAlert(bank).containsKey(ModelRouterAlerts.RESOLVED_AT));
  }

  @Test
  void c20_nullBalance_isNone() {
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "free", 5L);
    fix(bank, null);
    bank.sweep();
    assertEquals(List.of("subscription_grant 10"), bank.entries());
    assertEquals(List.of(), bank.alerts());
  }

  @Test
  void c20_balanceBesideALedger_isPutBackOrWaitedFor() {
    InMemoryLedger back = InMemoryLedger.with("payg", 100);
    back.sweep();
    fix(back, "many");
    assertEquals("applied", back.debit(1));
    assertEquals(99L, back.documents.get(OWNER).get(Users.CREDITS_BALANCE), "the ledger counts");
    assertEquals(List.of("ledger_mismatch"), back.alerts());
    InMemoryLedger adopts =
        new InMemoryLedger(ForeignBalance.ADOPT).user(InMemoryLedger.USER, "payg", 100L);
    adopts.sweep();
    for (Object mended : List.of(70L, 70L)) { // changed, and as the ledger has it
      fix(adopts, "many");
      assertEquals("balance_unreadable", adopts.debit(1));
      assertEquals("balance_unreadable", adopts.grant(1, null));
      assertEquals("applied", adopts.sweep());
      assertEquals("unchanged", adopts.sweep());
      assertEquals("many", adopts.documents.get(OWNER).get(Users.CREDITS_BALANCE));
      assertEquals("open", balanceAlert(adopts).get("status"));
      fix(adopts, mended);
      assertEquals("applied", adopts.sweep());
      assertEquals("70/0", adopts.figures());
      assertEquals("resolved", balanceAlert(adopts).get("status"));
      assertNull(adopts.documents.get(OWNER).get(Users.LEDGER_DUE_AT));
    }
    assertEquals(List.of("admin_adjustment 100", "admin_adjustment -30"), adopts.entries());
    assertEquals(List.of(), adopts.audit());
  }

  @Test
  void c20_brokenLedgerWithoutABalance_opensNothing() {
    for (Object balance : Arrays.asList(null, "many")) {
      InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "pro", 5L);
      change(bank, OWNER, Users.LEDGER, "wiped");
      fix(bank, balance);
      assertEquals("balance_unreadable", bank.debit(1));
      bank.sweep();
      assertEquals("wiped", bank.documents.get(OWNER).get(Users.LEDGER));
      fix(bank, 50L);
      assertEquals("applied", bank.debit(1));
      assertEquals("49/0", bank.figures());
    }
  }

  @Test
  void c20_tierThatIsNoWord_grantsNothing() {
    for (Object odd : List.of(7L, true, List.of("pro"), Map.of("name", "pro"), "gold", "")) {
      InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "free", 5L);
      change(bank, OWNER, Users.TIER, odd);
      change(bank, OWNER, Users.CREDITS_BALANCE, null);
      bank.sweep();
      assertEquals("0/0", bank.figures(), odd::toString);
      assertEquals(odd, bank.documents.get(OWNER).get(Users.TIER), "and is left as it is");
      assertNull(bank.documents.get(OWNER).get(Users.LEDGER_DUE_AT));
    }
  }

  @Test
  void c20_jobOfAUserWithoutABook_waitsForIt() {
    InMemoryLedger bank =
        new InMemoryLedger().user(InMemoryLedger.USER, "payg", "many").job("j", "status", "queued");
    assertEquals("applied", bank.event("j"));
    assertEquals("refused", bank.payment("j", "status"));
    assertEquals("balance_unreadable", bank.payment("j", "code"));
    assertEquals("queued", bank.jobField("j", "status"), "it is not the job's fault");
    assertEquals(bank.now.plus(Duration.ofHours(1)), bank.jobField("j", "payment_due_at"));
    assertEquals(List.of("balance_unreadable"), bank.alerts());
    assertEquals("unchanged", bank.event("j"));
    bank.job("j", "status", "completed").event("j");
    assertEquals("unpaid", bank.payment("j", "status"));
    assertEquals(2, bank.alerts().size());
    assertEquals("unchanged", bank.event("j"));
    fix(bank, 100L);
    bank.event("j");
    assertEquals("captured", bank.payment("j", "status"));
    assertEquals("90/0", bank.figures());
  }

  @Test
  void c29_newUserWithZeroAndNoCreationTime_hasItsFirstGrantNextMonth() {
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "pro", 0L);
    change(bank, OWNER, Users.CREATED_AT, null);
    var opened =
        (Decision.Applied<CreditState>) bank.decide(CreditCommands.sweep(InMemoryLedger.USER));
    assertEquals(CreditRules.NO_FIRST_GRANT, opened.answer().get("grant"));
    assertEquals("0/0", bank.figures());
    assertFalse(
        unchanged(bank.decide(CreditCommands.sweep(InMemoryLedger.USER)))
            .answer()
            .containsKey("grant"));
    bank.now = Instant.parse("2026-12-01T00:00:00Z");
    bank.sweep();
    assertEquals("2500/0", bank.figures());
    for (Object[] other :
        List.of(
            new Object[] {"payg", 0L, null},
            new Object[] {"pro", 5L, null},
            new Object[] {"pro", 0L, bank.now},
            new Object[] {"gold", 0L, null})) {
      InMemoryLedger told =
          new InMemoryLedger().user(InMemoryLedger.USER, (String) other[0], other[1]);
      change(told, OWNER, Users.CREATED_AT, other[2]);
      told.now = bank.now;
      var answer =
          ((Decision.Applied<CreditState>) told.decide(CreditCommands.sweep("u1"))).answer();
      assertFalse(answer.containsKey("grant"), () -> Arrays.toString(other));
    }
  }

  @Test
  void available_standsBesideTheBalance() {
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "payg", 100.0);
    bank.sweep();
    assertEquals("100.0 100", copies(bank));
    bank.hold("h", 40);
    assertEquals("100.0 60", copies(bank));
    bank.debit(10);
    assertEquals("90 50", copies(bank));
    bank.capture("h", 30L);
    assertEquals("60 60", copies(bank));
    change(bank, OWNER, Users.CREDITS_AVAILABLE, "many");
    assertEquals("applied", bank.sweep(), "a copy of another program's is overwritten");
    assertEquals("60 60", copies(bank));
    change(bank, OWNER, Users.CREDITS_AVAILABLE, null);
    bank.hold("h2", 1);
    assertEquals("60 59", copies(bank));
    bank.after(DAY).sweep();
    assertEquals("60 60", copies(bank), "the hold lapsed");
  }

  private static String copies(InMemoryLedger bank) {
    Map<String, Object> user = bank.documents.get(OWNER);
    return user.get(Users.CREDITS_BALANCE) + " " + user.get(Users.CREDITS_AVAILABLE);
  }

  @Test
  void transactionsOfAnOlderSystem_areLeftAsTheyAre() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    DocRef old = new DocRef(CreditTransactions.COLLECTION, "old");
    Map<String, Object> fields =
        Map.of(
            "user_id",
            InMemoryLedger.USER,
            "type",
            "deduction",
            "amount",
            -20L,
            "created_at",
            bank.now);
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
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
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
    InMemoryLedger bank =
        new InMemoryLedger(ForeignBalance.ADOPT).user(InMemoryLedger.USER, "payg", 100L);
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

  /** A user can have 500 open holds; the view has the hundred that lapse first, and the count. */
  @Test
  void viewOfManyHolds_hasTheHundredThatLapseFirst() {
    InMemoryLedger bank = InMemoryLedger.with("pro", 1_000);
    for (int i = 0; i < 103; i++) {
      Duration life = DAY.plusSeconds(103 - i);
      assertEquals(
          "applied",
          bank.run(CreditCommands.hold(InMemoryLedger.USER, 1, null, life, "hold-" + i, "h")));
    }
    Map<String, Object> view =
        unchanged(bank.decide(CreditCommands.view(InMemoryLedger.USER))).answer();
    List<?> holds = (List<?>) view.get("holds");
    assertEquals(103L, view.get("open_holds"));
    assertEquals(100, holds.size());
    assertEquals(bank.holdId("hold-102"), ((Map<?, ?>) holds.get(0)).get("hold_id"));
    assertEquals(bank.holdId("hold-3"), ((Map<?, ?>) holds.get(99)).get("hold_id"));
  }

  @Test
  void wipedLedger_isRebuiltFromTheLastTransaction() {
    InMemoryLedger bank = InMemoryLedger.with("pro", 100);
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
      InMemoryLedger bank = InMemoryLedger.with("payg", 100);
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
  public static Map<String, Object> asMap(Object value) {
    return (Map<String, Object>) value;
  }

  @Test
  void wipedLedger_doesNotGrantThePeriodTwice() {
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "free", null);
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
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "free", null);
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
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "free", null);
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
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "pro", null);
    change(bank, OWNER, Users.STRIPE_SUBSCRIPTION_ID, "sub_1");
    bank.sweep();
    assertEquals("0/0", bank.figures());
    assertNull(bank.documents.get(OWNER).get(Users.LEDGER_DUE_AT), "nothing is due");
    var grant = renewal("pro", bank.now, bank.now.plus(Duration.ofDays(30)));
    assertEquals("applied", bank.run(grant));
    assertEquals("unchanged", bank.run(grant));
    assertEquals("2500/0", bank.figures());
    change(bank, OWNER, Users.STRIPE_SUBSCRIPTION_ID, null);
    bank.sweep();
    assertEquals("2500/0", bank.figures(), "the invoice's grant counts for this month");
  }

  private static Command<CreditCommand> renewal(String tier, Instant from, Instant to) {
    StripePayment.Line line =
        new StripePayment.Line(
            "il_1",
            StripePayment.LineKind.WHOLE,
            tier,
            DefaultPlans.PLANS.tier(tier).orElseThrow().monthlyCredits(),
            1,
            from,
            to,
            null,
            null);
    StripePayment.Sale sale = new StripePayment.Sale(true, null, 0, List.of(line));
    return CreditCommands.stripe(
        InMemoryLedger.USER,
        new CreditCommand.Pay(
            List.of("in_1"),
            new StripePayment(Map.of("in_1", sale), Map.of(), Map.of(), Map.of()),
            new CreditCommand.Told("evt", null)));
  }

  @Test
  void invoiceAndCalendar_grantTheSamePeriodOnce() {
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "pro", null);
    Instant start = GrantPeriod.start(bank.now);
    var invoice = renewal("pro", start, GrantPeriod.next(start));
    assertEquals("applied", bank.run(invoice));
    assertEquals(List.of("subscription_grant 2500"), bank.entries());
    assertEquals("unchanged", bank.run(invoice));
  }

  @Test
  void wordThatIsNoTier_grantsNothingAndCrashesNothing() {
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "gold", null);
    assertEquals("applied", bank.sweep());
    assertEquals("0/0", bank.figures());
  }

  // Lots.

  /** A17. */
  @Test
  void spendOrder_isByExpiry() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    bank.grant(100, bank.now.plus(DAY.multipliedBy(2)));
    bank.grant(100, bank.now.plus(DAY));
    bank.debit(120);
    assertEquals(List.of("80@2026-11-12T10:00:00Z"), bank.lots());
    InMemoryLedger other = InMemoryLedger.with("payg", 150);
    other.grant(50, other.now.plus(DAY));
    other.debit(80);
    assertEquals(List.of("120"), other.lots());
  }

  /** A19: lots that expire together merge, and a user has 300 at most. */
  @Test
  void lots_mergeByHourAndStayBounded() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 7);
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
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
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
    InMemoryLedger bank = InMemoryLedger.with("payg", 10);
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
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
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
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    var debit = CreditCommands.debit(InMemoryLedger.USER, 30, "job", "text", "k", "h");
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
    var hold = CreditCommands.hold(InMemoryLedger.USER, 20, null, DAY, "k", "h");
    var held = applied(bank.decide(hold));
    assertEquals(
        List.of("hold", "balance", "held", "available"), List.copyOf(held.answer().keySet()));
    assertEquals(50L, held.answer().get("available"));
    var view = unchanged(bank.decide(CreditCommands.view("u1")));
    assertEquals(
        List.of(
            "user_id",
            "balance",
            "held",
            "available",
            "accrued_micros",
            "sequence",
            "lots",
            "open_holds",
            "holds",
            "refusals"),
        List.copyOf(view.answer().keySet()));
  }

  @Test
  void refusal_tellsTheFiguresAlsoTheSecondTime() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.hold("h", 40);
    var debit = CreditCommands.debit(InMemoryLedger.USER, 61, null, null, "k", "h");
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
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.hold("h", 40);
    CreditState before = bank.state();
    var applied =
        applied(bank.decide(CreditCommands.debit(InMemoryLedger.USER, 1, null, null, "k", "h")));
    Map<String, Object> changes = bank.rules.changes(before, applied.next());
    assertEquals(
        Set.of(
            "credits_balance",
            "credits_available",
            "ledger.sequence",
            "ledger.balance",
            "ledger.hash",
            "ledger.lots.never"),
        changes.keySet());
    assertEquals(1, applied.writes().size());
  }

  @Test
  void lastOfALot_isRemovedFromTheDocument() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 1);
    bank.sweep();
    CreditState before = bank.state();
    bank.debit(1);
    assertEquals(Write.REMOVED, bank.rules.changes(before, bank.state()).get("ledger.lots.never"));
  }

  // What is asked for and what is answered.

  /** The same command without what was read for it, as it is decided again after a lost commit. */
  public static Command<CreditCommand> unread(Command<CreditCommand> command) {
    return new Command<>(
        command.owner(),
        command.operation(),
        command.key(),
        command.requestHash(),
        command.input(),
        command.markers(),
        List.of(),
        List.of());
  }

  @Test
  void whatWasNotReadYet_isAskedFor() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.debit(10);
    DocRef deduction = new DocRef(CreditTransactions.COLLECTION, bank.lastTransactionId());
    var hold = CreditCommands.hold(InMemoryLedger.USER, 5, "j", DAY, "k", "h");
    assertEquals("applied", bank.run(unread(hold)));
    assertEquals(List.of(new Read.Get(CreditRefs.jobHold("j"))), bank.asked);
    var refund = CreditCommands.refund(bank.snapshot(deduction), 1L, null, "k", "h").orElseThrow();
    assertEquals("applied", bank.run(unread(refund)));
    assertEquals(List.of(new Read.Get(deduction)), bank.asked);
  }

  @Test
  void transactionOfAnotherUser_isNotRefunded() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.debit(10);
    DocRef deduction = new DocRef(CreditTransactions.COLLECTION, bank.lastTransactionId());
    var refund = CreditCommands.refund(bank.snapshot(deduction), 1L, null, "k", "h").orElseThrow();
    change(bank, deduction, CreditTransactions.USER_ID, "u2");
    assertEquals("not_found", bank.run(refund));
    assertEquals("90/0", bank.figures());
  }

  @Test
  void holdsAreAnsweredFieldByField() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    var hold = CreditCommands.hold(InMemoryLedger.USER, 40, null, DAY, "k", "h");
    Map<String, Object> open =
        new LinkedHashMap<>(
            Map.of(
                "hold_id",
                hold.markers().get(0).id(),
                "user_id",
                InMemoryLedger.USER,
                "amount",
                40L,
                "status",
                "held",
                "expires_at",
                bank.now.plus(DAY)));
    assertEquals(open, applied(bank.decide(hold)).answer().get("hold"));
    String id = hold.markers().get(0).id();
    var captured =
        applied(bank.decide(CreditCommands.settle(InMemoryLedger.USER, id, true, 30L, "k", "h")));
    open.put("status", "captured");
    open.put("captured", 30L);
    assertEquals(open, captured.answer().get("hold"));
    assertEquals(-30L, asMap(captured.answer().get("transaction")).get("amount"));
    Map<String, Object> document = bank.documents.get(new DocRef(CreditHolds.COLLECTION, id));
    assertEquals(bank.lastTransactionId(), document.get(CreditHolds.TRANSACTION_ID));
    assertEquals(bank.now, document.get(CreditHolds.CLOSED_AT));
    assertEquals(bank.now, document.get(CreditHolds.CREATED_AT));
    bank.hold("other", 10);
    var released =
        applied(
            bank.decide(
                CreditCommands.settle(
                    InMemoryLedger.USER, bank.holdId("other"), false, null, "r", "h")));
    assertEquals("released", asMap(released.answer().get("hold")).get("status"));
    assertFalse(released.answer().containsKey("transaction"));
  }

  @Test
  void jobsHoldThatIsThere_isAnsweredAsItStands() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    var first = CreditCommands.hold(InMemoryLedger.USER, 30, "j", DAY, "k1", "h");
    Object held = applied(bank.decide(first)).answer().get("hold");
    var second = CreditCommands.hold(InMemoryLedger.USER, 30, "j", DAY, "k2", "h");
    Decision.Applied<CreditState> found = applied(bank.decide(second));
    var again = found.answer();
    assertEquals(List.of(), found.writes(), "only the marker is new");
    assertEquals(held, again.get("hold"));
    assertEquals(70L, again.get("available"));
    String id = CreditRefs.jobHold("j").id();
    bank.run(CreditCommands.settle(InMemoryLedger.USER, id, true, 20L, "c", "h"));
    assertEquals(
        "hold_already_captured",
        bank.run(CreditCommands.hold(InMemoryLedger.USER, 30, "j", DAY, "k5", "h")));
    bank.run(CreditCommands.hold(InMemoryLedger.USER, 5, "lapses", DAY, "k3", "h"));
    assertEquals(
        "hold_expired",
        bank.after(DAY).run(CreditCommands.hold(InMemoryLedger.USER, 5, "lapses", DAY, "k4", "h")),
        "as of this moment");
  }

  @Test
  void c23_jobsHoldOfAnotherAmountOrUser_isAConflict() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).user("u2", "payg", 100L);
    bank.run(CreditCommands.hold(InMemoryLedger.USER, 6, "j", DAY, "k", "h"));
    for (long other : List.of(1L, 5L, 7L, 99L, 1_000L)) {
      var refused =
          refused(
              bank.decide(
                  CreditCommands.hold(InMemoryLedger.USER, other, "j", DAY, "k" + other, "h")));
      assertEquals(CreditOutcome.JOB_HOLD_CONFLICT, refused.outcome());
      assertEquals(Map.of("held", 6L, "required", other), refused.figures());
    }
    assertEquals("job_hold_conflict", bank.run(CreditCommands.hold("u2", 6, "j", DAY, "k2", "h")));
    String id = CreditRefs.jobHold("j").id();
    bank.run(CreditCommands.settle(InMemoryLedger.USER, id, false, null, "r", "h"));
    assertEquals(
        "hold_already_released",
        bank.run(CreditCommands.hold(InMemoryLedger.USER, 6, "j", DAY, "k3", "h")));
    assertEquals("job_hold_conflict", bank.run(CreditCommands.hold("u2", 6, "j", DAY, "k4", "h")));
    assertEquals("100/0", bank.figures());
  }

  @Test
  void holdInAStatusThatWeDoNotKnow_isNotSettled() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.hold("h", 10);
    bank.release("h");
    DocRef hold = new DocRef(CreditHolds.COLLECTION, bank.holdId("h"));
    change(bank, hold, CreditHolds.STATUS, "frozen");
    assertEquals("not_found", bank.capture("h", null));
    change(bank, hold, CreditHolds.STATUS, "held");
    assertEquals("hold_expired", bank.capture("h", null), "which its ledger does not know");
    change(bank, hold, CreditHolds.USER_ID, "u2");
    assertEquals("not_found", bank.capture("h", null));
  }

  @Test
  void refusalsOtherThanOfTooFewCredits_areGivenAgainWithoutFigures() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    var hold = CreditCommands.hold(InMemoryLedger.USER, 7, null, DAY, "k", "h");
    bank.sweep();
    for (CreditOutcome outcome : CreditOutcome.values()) {
      var again = bank.rules.refuseAgain(bank.state(), hold, outcome.code(), bank.now);
      assertEquals(outcome, again.outcome());
      boolean hasFigures =
          outcome == CreditOutcome.INSUFFICIENT_CREDITS
              || outcome == CreditOutcome.BALANCE_UNREADABLE;
      assertEquals(hasFigures, !again.figures().isEmpty());
    }
    String code = CreditOutcome.INSUFFICIENT_CREDITS.code();
    var again = bank.rules.refuseAgain(bank.state(), hold, code, bank.now);
    assertEquals(7L, again.figures().get("required"));
    var unknown = bank.rules.refuseAgain(bank.state(), hold, "gone", bank.now);
    assertEquals(CreditOutcome.NOT_FOUND, unknown.outcome());
    change(bank, OWNER, Users.LEDGER, null);
    var wiped = bank.rules.refuseAgain(bank.state(), hold, code, bank.now);
    assertEquals(Map.of(), wiped.figures(), "nobody knows them without reading");
  }

  /** A monthly grant is due that would need a read: the figures are those of the ledger. */
  @Test
  void refusalAgainWhileAGrantIsDue_tellsTheLedgersFigures() {
    InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "free", null);
    bank.sweep();
    bank.now = Instant.parse("2026-12-02T00:00:00Z");
    var debit = CreditCommands.debit(InMemoryLedger.USER, 11, null, null, "k", "h");
    String code = CreditOutcome.INSUFFICIENT_CREDITS.code();
    var again = bank.rules.refuseAgain(bank.state(), debit, code, bank.now);
    assertEquals(10L, again.figures().get("balance"));
    assertEquals(11L, again.figures().get("required"));
  }

  // Limits.

  @Test
  void refund_stopsAtTheLargestBalance() {
    InMemoryLedger bank = InMemoryLedger.with("payg", Ledger.MAX_BALANCE);
    bank.debit(10);
    String deduction = bank.lastTransactionId();
    bank.grant(6, null);
    assertEquals("balance_limit_exceeded", bank.refund(deduction, 5L));
    assertEquals("applied", bank.refund(deduction, 4L));
    assertEquals(Ledger.MAX_BALANCE + "/0", bank.figures());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void smallestDeduction_canBeRefunded() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 1);
    bank.debit(1);
    assertEquals("applied", bank.refund(bank.lastTransactionId(), 1L));
    assertEquals("1/0", bank.figures());
  }

  @Test
  void deductionWhoseLotsAreKnownInPart_comesBackInTwoParts() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.sweep();
    Instant expiry = bank.now.plus(DAY);
    bank.documents.put(
        new DocRef(CreditTransactions.COLLECTION, "old"),
        new LinkedHashMap<>(
            Map.of(
                "user_id",
                InMemoryLedger.USER,
                "type",
                "deduction",
                "amount",
                -20L,
                "created_at",
                bank.now,
                "lots",
                List.of(Map.of("expires_at", expiry, "amount", 5L)))));
    assertEquals("applied", bank.refund("old", 12L));
    assertEquals(List.of("5@" + expiry, "107"), bank.lots());
    assertEquals("applied", bank.refund("old", null));
    assertEquals(List.of("5@" + expiry, "115"), bank.lots());
    assertEquals(20L, bank.documents.get(CreditRefs.transaction("old")).get("refunded"));
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void monthlyGrant_isGivenUpToTheLargestBalanceAndElseForgone() {
    for (long room : List.of(10L, 9L)) {
      InMemoryLedger bank = InMemoryLedger.with("free", Ledger.MAX_BALANCE - room);
      bank.sweep();
      bank.now = Instant.parse("2026-12-01T00:00:00Z");
      assertEquals("applied", bank.sweep());
      assertEquals(
          (room == 10 ? Ledger.MAX_BALANCE : Ledger.MAX_BALANCE - room) + "/0", bank.figures());
      assertEquals(new MonthlyGrant("2026-12-01", "free", 10), bank.ledger().grant());
      assertEquals("unchanged", bank.sweep(), "the period is done with");
      bank.debit(10);
      assertEquals("unchanged", bank.sweep());
    }
  }

  @Test
  void due_isTheEarliestOfLotsHoldsAndGrants() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.sweep();
    assertNull(bank.documents.get(OWNER).get(Users.LEDGER_DUE_AT), "a tier without a grant");
    bank.grant(5, bank.now.plus(DAY.multipliedBy(3)));
    assertEquals(bank.now.plus(DAY.multipliedBy(3)), due(bank));
    bank.hold("h", 4);
    assertEquals(bank.now.plus(DAY), due(bank));
    bank.hold("all", 1);
    bank.release("h");
    assertEquals(bank.now.plus(DAY), due(bank), "the other hold");
    bank.capture("all", null);
    assertEquals(bank.now.plus(DAY.multipliedBy(3)), due(bank));
    bank.hold("rest", 4);
    assertEquals(bank.now.plus(DAY), due(bank));
    bank.debit(90);
    assertEquals(bank.now.plus(DAY), due(bank), "all of the expiring lot is pinned");
    bank.release("rest");
    assertEquals(bank.now.plus(DAY.multipliedBy(3)), due(bank));
    bank.debit(4);
    assertNull(due(bank));
    InMemoryLedger gold = InMemoryLedger.with("gold", 5);
    gold.sweep();
    assertNull(due(gold), "a word that is no tier grants nothing");
    InMemoryLedger free = InMemoryLedger.with("free", 5);
    free.sweep();
    assertEquals(Instant.parse("2026-12-01T00:00:00Z"), due(free));
  }

  private static Object due(InMemoryLedger bank) {
    return bank.documents.get(OWNER).get(Users.LEDGER_DUE_AT);
  }

  // Ledgers and balances of others, once more.

  @Test
  void alertsOfBalances_sayWhatWasFoundAndWhatWasDone() {
    InMemoryLedger back = InMemoryLedger.with("payg", 100);
    back.sweep();
    change(back, OWNER, Users.CREDITS_BALANCE, 999L);
    back.sweep();
    assertEquals(
        List.of("credits_balance was 999 beside a ledger of 100: put back"), messages(back));
    change(back, OWNER, Users.CREDITS_BALANCE, "many");
    back.after(DAY).sweep();
    assertTrue(
        messages(back).contains("credits_balance was \"many\" beside a ledger of 100: put back"));
    InMemoryLedger adopted =
        new InMemoryLedger(ForeignBalance.ADOPT).user(InMemoryLedger.USER, "payg", 100L);
    adopted.hold("h", 40);
    change(adopted, OWNER, Users.CREDITS_BALANCE, 10L);
    adopted.sweep();
    assertEquals(
        List.of("credits_balance was 10 beside a ledger of 100: adopted as 40"), messages(adopted));
    change(adopted, OWNER, Users.CREDITS_BALANCE, "many");
    adopted.after(Duration.ofHours(1)).sweep();
    assertTrue(String.valueOf(messages(adopted).get(1)).startsWith("credits_balance is \"many\""));
    assertEquals("many", adopted.documents.get(OWNER).get(Users.CREDITS_BALANCE));
  }

  private static List<Object> messages(InMemoryLedger bank) {
    return bank.documents.entrySet().stream()
        .filter(each -> each.getKey().collection().equals("model_router_alerts"))
        .map(each -> each.getValue().get("message"))
        .toList();
  }

  @Test
  void adoptedBalanceBelowWhatIsHeld_isNoChangeWhereNothingElseIsLeft() {
    InMemoryLedger bank =
        new InMemoryLedger(ForeignBalance.ADOPT).user(InMemoryLedger.USER, "payg", 40L);
    bank.hold("h", 40);
    change(bank, OWNER, Users.CREDITS_BALANCE, 0L);
    assertEquals("applied", bank.sweep());
    assertEquals(List.of("admin_adjustment 40"), bank.entries());
    assertEquals(40L, bank.documents.get(OWNER).get(Users.CREDITS_BALANCE));
  }

  @Test
  void holdsOfALostLedger_areOpenedAgainWhereTheyFitAndElseReleased() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.hold("one", 1);
    bank.hold("rest", 99);
    change(bank, OWNER, Users.LEDGER, null);
    bank.sweep();
    assertEquals("100/100", bank.figures(), "also the smallest, and up to the last credit");
    DocRef rest = new DocRef(CreditHolds.COLLECTION, bank.holdId("rest"));
    change(bank, rest, CreditHolds.AMOUNT, 100L);
    change(bank, OWNER, Users.LEDGER, null);
    bank.sweep();
    assertEquals("100/1", bank.figures());
    assertEquals("released", bank.documents.get(rest).get(CreditHolds.STATUS));
    assertEquals(bank.now, bank.documents.get(rest).get(CreditHolds.CLOSED_AT));
    DocRef one = new DocRef(CreditHolds.COLLECTION, bank.holdId("one"));
    for (Object odd : List.of(0L, "one", -5L)) {
      change(bank, one, CreditHolds.STATUS, "held");
      change(bank, one, CreditHolds.AMOUNT, odd);
      change(bank, OWNER, Users.LEDGER, null);
      bank.sweep();
      assertEquals("100/0", bank.figures());
      assertEquals("released", bank.documents.get(one).get(CreditHolds.STATUS));
    }
    change(bank, one, CreditHolds.STATUS, "held");
    change(bank, one, CreditHolds.AMOUNT, 1L);
    change(bank, one, CreditHolds.EXPIRES_AT, null);
    change(bank, OWNER, Users.LEDGER, null);
    bank.sweep();
    assertEquals("100/0", bank.figures(), "without an expiry");
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void ledgersThatContradictThemselves_areRebuilt() {
    List<Map<String, Object>> contradictions =
        List.of(
            Map.of("balance", 99L),
            Map.of("hash", "x".repeat(64)),
            Map.of("sequence", -1L),
            Map.of("lots", Map.of("never", lot(100, 100, 39))),
            Map.of("lots", Map.of("never", lot(100, 100, 0))),
            Map.of("lots", Map.of("never", lot(100, 99, 40))),
            Map.of("lots", Map.of("never", lot(99, 100, 40))),
            Map.of("lots", Map.of("2027-01-01T00:00:00Z", lot(100, 100, 40))),
            Map.of("holds", Map.of()),
            Map.of("grant", Map.of("period", "2026-11-01")));
    for (Map<String, Object> contradiction : contradictions) {
      InMemoryLedger bank = InMemoryLedger.with("payg", 100);
      bank.hold("h", 40);
      Map<String, Object> ledger =
          new LinkedHashMap<>(asMap(bank.documents.get(OWNER).get(Users.LEDGER)));
      ledger.putAll(contradiction);
      change(bank, OWNER, Users.LEDGER, ledger);
      assertTrue(bank.state().ledgerBroken(), contradiction::toString);
      assertEquals("applied", bank.sweep());
      assertEquals("100/40", bank.figures(), contradiction::toString);
      assertEquals(List.of("ledger_mismatch"), bank.alerts());
    }
  }

  private static Map<String, Object> lot(long granted, long remaining, long held) {
    return Map.of("granted", granted, "remaining", remaining, "held", held);
  }

  @Test
  void balancesAtTheirLimits_areRead() {
    for (Object whole : List.of(0L, 0.0, -0.0)) {
      InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "payg", whole);
      bank.sweep();
      assertEquals("0/0", bank.figures());
      assertEquals(List.of(), bank.alerts());
    }
    for (Object most : List.of(Ledger.MAX_BALANCE, (double) Ledger.MAX_BALANCE)) {
      InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "payg", most);
      bank.sweep();
      assertEquals(Ledger.MAX_BALANCE + "/0", bank.figures());
      assertEquals(List.of(), bank.alerts());
    }
    for (Object odd : List.of(Ledger.MAX_BALANCE + 1, Ledger.MAX_BALANCE + 1.0)) {
      InMemoryLedger bank = new InMemoryLedger().user(InMemoryLedger.USER, "payg", odd);
      assertEquals("applied", bank.sweep());
      assertNull(bank.ledger());
      assertEquals(List.of("balance_unreadable"), bank.alerts());
    }
  }

  @Test
  void pinsOfAHold_areReadInSpendOrderHoweverTheyStand() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.grant(5, bank.now.plus(DAY));
    bank.grant(6, bank.now.plus(DAY.multipliedBy(2)));
    bank.hold("h", 20);
    Map<String, Object> ledger =
        new LinkedHashMap<>(asMap(bank.documents.get(OWNER).get(Users.LEDGER)));
    Map<String, Object> hold =
        new LinkedHashMap<>(asMap(asMap(ledger.get("holds")).get(bank.holdId("h"))));
    Map<String, Object> pins = new LinkedHashMap<>();
    pins.put("never", 9L);
    pins.put("2026-11-12T10:00:00Z", 6L);
    pins.put("2026-11-11T10:00:00Z", 5L);
    assertEquals(pins, hold.put("pins", pins), "the same, in another order");
    ledger.put("holds", Map.of(bank.holdId("h"), hold));
    change(bank, OWNER, Users.LEDGER, ledger);
    bank.capture("h", 7L);
    assertEquals(List.of("4@2026-11-12T10:00:00Z", "100"), bank.lots());
  }

  @Test
  void balancesChangedAtTwoSequences_areTwoIncidentsOfOneAlert() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.sweep();
    for (int i = 0; i < 2; i++) {
      change(bank, OWNER, Users.CREDITS_BALANCE, 999L);
      bank.debit(1);
    }
    Map<String, Object> alert =
        bank.documents.entrySet().stream()
            .filter(each -> each.getKey().collection().equals("model_router_alerts"))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElseThrow();
    assertEquals(
        Set.of("balance at 1", "balance at 2"),
        asMap(asMap(alert.get("details")).get("incidents")).keySet());
  }

  @Test
  void grant_isAnsweredWithItsTransaction() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    Instant expiresAt = bank.now.plus(DAY).plusSeconds(1);
    var grant =
        CreditCommands.grant(
            InMemoryLedger.USER, 5, TransactionType.PURCHASE, expiresAt, "a gift", "k", "h");
    Map<String, Object> transaction =
        asMap(applied(bank.decide(grant)).answer().get("transaction"));
    assertEquals(5L, transaction.get("amount"));
    assertEquals("purchase", transaction.get("type"));
    assertEquals("a gift", transaction.get("description"));
    assertEquals(Lots.roundUp(expiresAt), transaction.get("expires_at"));
    bank.grant(7, null);
    assertEquals(
        List.of(
            Map.of("remaining", 5L, "granted", 5L, "expires_at", Lots.roundUp(expiresAt)),
            Map.of("remaining", 7L, "granted", 7L)),
        unchanged(bank.decide(CreditCommands.view(InMemoryLedger.USER))).answer().get("lots"));
  }

  @Test
  void holdThatLapsesJustNow_isKnownAsExpiredWithoutAReading() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.hold("h", 40);
    bank.after(DAY);
    assertEquals("hold_expired", bank.capture("h", null));
    assertEquals(List.of(), bank.asked);
    assertEquals("hold_expired", bank.release("h"));
  }

  @Test
  void sharesOfNothing_areLeftOut() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 1);
    bank.sweep();
    bank.documents.put(
        CreditRefs.transaction("old"),
        new LinkedHashMap<>(
            Map.of(
                "user_id",
                InMemoryLedger.USER,
                "type",
                "deduction",
                "amount",
                -2L,
                "lots",
                List.of(Map.of("amount", 0L), Map.of("amount", -1L), "odd"))));
    assertEquals("applied", bank.refund("old", null));
    assertEquals("3/0", bank.figures());
  }
}
