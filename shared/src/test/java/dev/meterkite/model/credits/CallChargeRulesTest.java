package dev.meterkite.model.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.CallUsage.Quantity;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.Meter;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.prices.PriceComponent;
import dev.meterkite.model.prices.PriceRules;
import dev.meterkite.model.prices.PriceStatus;
import dev.meterkite.model.prices.PriceUnit;
import dev.meterkite.model.prices.PriceVersion;
import dev.meterkite.model.prices.Priced;
import dev.meterkite.model.prices.ServiceTier;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Users;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Calls of models charged to a ledger. */
class CallChargeRulesTest {
  private static final String USER = Bank.USER;

  /** Calls charged by the random test, over two seeds and two orders. */
  private static final int CALLS = Boolean.getBoolean("meterkite.deep") ? 1_000_000 : 20_000;

  /** A call that costs this many micro-USD, in a book with a credit of 10,000. */
  static UsageCharge call(long micros) {
    return call(micros, PriceBook.DEFAULT);
  }

  private static UsageCharge call(long micros, PriceBook book) {
    CallUsage usage = CallUsage.of("acme", "m", Map.of(Quantity.INPUT_TOKENS, micros));
    return new UsageCharge(
        usage, Bank.START, PriceRules.cost(price(1_000_000), "v1", usage), book, "p1");
  }

  static UsageCharge unknown() {
    CallUsage usage = CallUsage.of("acme", "m", Map.of(Quantity.CHARACTERS, 1L));
    return new UsageCharge(
        usage, Bank.START, PriceRules.cost(price(1_000_000), "v1", usage), PriceBook.DEFAULT, "p1");
  }

  private static PriceVersion price(long pico) {
    return new PriceVersion(
        "acme",
        "m",
        null,
        Instant.EPOCH,
        null,
        null,
        PriceStatus.ACTIVE,
        null,
        false,
        List.of(
            PriceComponent.of(Meter.INPUT, PriceUnit.TOKEN, pico),
            PriceComponent.of(Meter.AUDIO_IN, PriceUnit.SECOND, pico)));
  }

  private static String debit(Bank bank, UsageCharge usage) {
    return bank.run(CreditCommands.debit(USER, usage, null, null, bank.key(), "h"));
  }

  /** {@code balance/held} and what is accrued. */
  private static String figures(Bank bank) {
    return bank.figures() + " " + bank.ledger().accrued().text();
  }

  private static String hold(Bank bank, String key, UsageCharge usage) {
    return bank.run(CreditCommands.hold(USER, usage, null, Duration.ofDays(1), key, "h"));
  }

  private static String capture(Bank bank, String holdKey, UsageCharge usage, boolean overage) {
    return bank.run(
        CreditCommands.capture(USER, bank.holdId(holdKey), usage, 0, overage, bank.key(), "h"));
  }

  private static Bank bank(long credits) {
    Bank bank = Bank.with("payg", credits);
    assertEquals("applied", bank.sweep());
    return bank;
  }

  @Test
  void wholeCreditsAreDeducted_theRestStays() {
    Bank bank = bank(10);
    assertEquals("applied", debit(bank, call(4_000)));
    assertEquals("10/0 4000", figures(bank));
    assertEquals("applied", debit(bank, call(4_000)));
    assertEquals("10/0 8000", figures(bank));
    assertEquals(1, bank.transactions().size(), "the opening alone: no whole credit fell");
    assertEquals("applied", debit(bank, call(4_000)));
    assertEquals("9/0 2000", figures(bank));
    assertEquals("applied", debit(bank, call(28_000)));
    assertEquals("6/0 0", figures(bank));
    assertEquals(List.of("admin_adjustment 10", "deduction -1", "deduction -3"), bank.entries());
    assertTrue(bank.audit().isEmpty());
  }

  @Test
  void entry_explainsItsCharge_andSoDoesARecordWithoutOne() {
    Bank bank = bank(10);
    PriceBook book = new PriceBook(10_000, 2_050, List.of());
    Command<CreditCommand> small =
        CreditCommands.debit(USER, call(100, book), "job", "text", "k", "h");
    assertEquals("applied", bank.run(small));
    Map<String, Object> record = bank.documents.get(small.markers().get(0));
    assertEquals("idempotency_keys", small.markers().get(0).collection());
    Command<CreditCommand> large =
        CreditCommands.debit(USER, call(10_000, book), "job", "text", "k2", "h");
    assertEquals("applied", bank.run(large));
    for (Map<String, Object> entry : List.of(record, bank.lastTransaction())) {
      assertEquals(entry == record ? 100L : 10_000L, entry.get("cost_micros"));
      assertEquals(entry == record ? "120.5" : "12050", entry.get("charge_exact"));
      assertEquals(20.5, entry.get("markup_percent"));
      assertEquals("v1", entry.get("price_version"));
      assertEquals("p1", entry.get("plans_version"));
      assertEquals(entry == record ? 120L : 2_170L, entry.get("accrued_micros"));
      assertEquals("job", entry.get("job_id"));
      Map<?, ?> usage = (Map<?, ?>) entry.get("usage");
      assertEquals("acme", usage.get("provider"));
      assertEquals(entry == record ? 100L : 10_000L, usage.get("input_tokens"));
      assertEquals(Bank.START, usage.get("at"));
    }
    assertEquals("replayed", bank.run(small));
    assertEquals("replayed", bank.run(large));
    assertEquals("9/0 2170.5", figures(bank));
  }

  @Test
  void debit_isRefused_whereWhatIsAvailableLessWhatIsAccruedDoesNotCoverIt() {
    Bank bank = bank(2);
    assertEquals("applied", debit(bank, call(5_000)));
    assertEquals("insufficient_credits", debit(bank, call(15_001)));
    assertEquals("insufficient_credits", bank.debit(2), "half a credit is spoken for");
    assertEquals("insufficient_credits", bank.hold("h", 2));
    assertEquals("2/0 5000", figures(bank));
    Decision<CreditState> refused =
        bank.decide(CreditCommands.debit(USER, call(15_001), null, null, "r", "h"));
    Map<?, ?> figures = assertInstanceOf(Decision.Refused.class, refused).figures();
    assertEquals(3L, figures.get("required"));
    assertEquals(2L, figures.get("available"));
    assertEquals(5_000L, figures.get("accrued_micros"));
    assertEquals("applied", debit(bank, call(15_000)));
    assertEquals("0/0 0", figures(bank));
    assertEquals("insufficient_credits", debit(bank, call(1)));
    assertEquals("applied", debit(bank, call(0)), "nothing consumed costs nothing");
    assertEquals("0/0 0", figures(bank));
  }

  @Test
  void refusedKey_isRefusedAgainWithTheFiguresOfTheMoment() {
    Bank bank = bank(1);
    Command<CreditCommand> debit = CreditCommands.debit(USER, call(25_000), null, null, "k", "h");
    assertEquals("insufficient_credits", bank.run(debit));
    assertEquals(
        3L,
        bank.rules
            .refuseAgain(bank.state(), debit, "insufficient_credits", bank.now)
            .figures()
            .get("required"));
  }

  @Test
  void unknownPrice_isRefused_behindWhatIsNotThere() {
    Bank bank = bank(10);
    assertEquals("unknown_price", debit(bank, unknown()));
    assertEquals("unknown_price", hold(bank, "h", unknown()));
    assertEquals("applied", hold(bank, "h", call(1)));
    assertEquals("unknown_price", capture(bank, "h", unknown(), false));
    assertEquals("applied", bank.release("h"));
    assertEquals("hold_already_released", capture(bank, "h", unknown(), false));
    assertEquals(
        "not_found",
        bank.run(CreditCommands.debit("nobody", unknown(), null, null, bank.key(), "h")));
    assertEquals("10/0 0", figures(bank));
  }

  @Test
  void hold_isOfWholeCreditsThatCoverTheCharge() {
    Bank bank = bank(10);
    assertEquals("applied", hold(bank, "a", call(1)));
    assertEquals("applied", hold(bank, "b", call(20_000)));
    assertEquals("applied", hold(bank, "c", call(20_001)));
    assertEquals("10/6 0", figures(bank));
    assertEquals("insufficient_credits", hold(bank, "d", call(40_001)));
    Map<String, Object> document = bank.documents.get(new DocRef("credit_holds", bank.holdId("c")));
    assertEquals("v1", document.get("price_version"));
    assertEquals(20_001L, document.get("cost_micros"));
  }

  @Test
  void holdOfWhatCostsNothing_isRefused_whereADebitTakesNothing() {
    for (long balance : List.of(0L, 10L)) {
      Bank bank = bank(balance);
      assertEquals("nothing_to_hold", hold(bank, "a", call(0)));
      assertEquals("unknown_price", hold(bank, "a", unknown()));
      assertEquals("applied", debit(bank, call(0)));
      assertEquals(balance + "/0 0", figures(bank));
    }
  }

  @Test
  void capture_takesWhatItWas_andTheRestComesBack() {
    Bank bank = bank(10);
    hold(bank, "a", call(50_000));
    assertEquals("applied", capture(bank, "a", call(23_456), false));
    assertEquals("8/0 3456", figures(bank));
    Map<String, Object> transaction = bank.lastTransaction();
    assertEquals(-2L, transaction.get("amount"));
    assertEquals(23_456L, transaction.get("cost_micros"));
    hold(bank, "b", call(5_000));
    assertEquals("applied", capture(bank, "b", call(5_000), false));
    assertEquals("8/0 8456", figures(bank), "no whole credit fell");
    assertEquals(
        5_000L,
        bank.documents.get(new DocRef("credit_holds", bank.holdId("b"))).get("cost_micros"));
    hold(bank, "c", call(10_000));
    assertEquals("applied", capture(bank, "c", call(10_000), false));
    assertEquals("7/0 8456", figures(bank));
    assertTrue(bank.audit().isEmpty());
  }

  @Test
  void captureOfMoreThanTheHold_isRefused_orDeductedAsFarAsThere() {
    Bank bank = bank(10);
    hold(bank, "a", call(20_000));
    assertEquals("capture_exceeds_hold", capture(bank, "a", call(20_001), false));
    assertEquals("applied", capture(bank, "a", call(45_000), true));
    assertEquals("6/0 5000", figures(bank));
    assertEquals(List.of("admin_adjustment 10", "deduction -2", "deduction -2"), bank.entries());
    assertEquals(0, bank.openAlerts(AlertType.JOB_UNPAID));
    hold(bank, "b", call(50_000));
    assertEquals("applied", capture(bank, "b", call(60_000), true), "6.5 of 6 credits");
    assertEquals("0/0 0", figures(bank));
    assertEquals(1, bank.openAlerts(AlertType.JOB_UNPAID));
    assertTrue(bank.audit().isEmpty());
  }

  @Test
  void amountOfMoreThanTheHold_isDeductedAsFarAsThereWithOverage() {
    Bank bank = bank(10);
    bank.hold("a", 3);
    String id = bank.holdId("a");
    assertEquals(
        "capture_exceeds_hold",
        bank.run(CreditCommands.capture(USER, id, null, 5, false, bank.key(), "h")));
    assertEquals(
        "applied", bank.run(CreditCommands.capture(USER, id, null, 5, true, bank.key(), "h")));
    assertEquals("5/0", bank.figures());
    bank.hold("b", 5);
    assertEquals(
        "applied",
        bank.run(CreditCommands.capture(USER, bank.holdId("b"), null, 7, true, bank.key(), "h")));
    assertEquals("0/0", bank.figures());
    assertEquals(1, bank.openAlerts(AlertType.JOB_UNPAID));
  }

  @Test
  void markup_isThatOfTheUsersTier() {
    PriceBook book =
        new PriceBook(10_000, 0, List.of(new PriceBook.Markup("pro", null, null, 5_000)));
    Bank pro = Bank.with("pro", 100);
    debit(pro, call(10_000, book));
    assertEquals("5000", pro.ledger().accrued().text());
    Bank payg = Bank.with("payg", 100);
    debit(payg, call(10_000, book));
    assertEquals("0", payg.ledger().accrued().text());
    assertEquals("99/0", payg.figures());
  }

  @Test
  void accrued_comesBackFromTheDocument_andGoesAwayWhenItIsNothing() {
    Bank bank = bank(10);
    CallUsage usage =
        new CallUsage(
            "acme",
            "m",
            Map.of(Quantity.AUDIO_SECONDS, new BigDecimal("0.001")),
            ServiceTier.STANDARD,
            null);
    PriceBook book = new PriceBook(10_000, 1, List.of());
    UsageCharge tiny =
        new UsageCharge(usage, Bank.START, PriceRules.cost(price(1), "v", usage), book, "p");
    assertEquals("applied", debit(bank, tiny));
    assertEquals("0.0000000010001", bank.ledger().accrued().text());
    Map<?, ?> ledger = (Map<?, ?>) bank.documents.get(CreditCommands.user(USER)).get("ledger");
    assertEquals(0L, ledger.get("accrued_micros"));
    assertEquals(10_001L, ledger.get("accrued_fraction"));
    bank = bank(10);
    debit(bank, call(5_000));
    debit(bank, call(5_000));
    ledger = (Map<?, ?>) bank.documents.get(CreditCommands.user(USER)).get("ledger");
    assertFalse(ledger.containsKey("accrued_micros"));
    assertNull(ledger.get("accrued_fraction"));
  }

  /** One random call: what it costs as an exact decimal, and the command's part. */
  private record Drawn(BigDecimal micros, UsageCharge usage) {}

  private static Drawn draw(Random random, PriceBook book) {
    long pico = 1 + (long) (Math.pow(random.nextDouble(), 6) * 3_000_000_000L);
    boolean seconds = random.nextInt(4) == 0;
    BigDecimal quantity =
        seconds
            ? new BigDecimal(random.nextInt(900_000)).movePointLeft(3)
            : new BigDecimal(random.nextInt(100_000));
    CallUsage usage =
        new CallUsage(
            "p" + random.nextInt(5),
            "m",
            Map.of(seconds ? Quantity.AUDIO_SECONDS : Quantity.INPUT_TOKENS, quantity),
            ServiceTier.STANDARD,
            null);
    Priced priced = PriceRules.cost(price(pico), "v", usage);
    BigDecimal percent = BigDecimal.valueOf(book.markup("payg", usage.provider(), "m"), 2);
    BigDecimal micros =
        quantity
            .multiply(BigDecimal.valueOf(pico))
            .movePointLeft(6)
            .multiply(percent.movePointLeft(2).add(BigDecimal.ONE));
    return new Drawn(micros, new UsageCharge(usage, Bank.START, priced, book, "p"));
  }

  private static PriceBook book(Random random, long creditMicros) {
    List<PriceBook.Markup> markups = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      markups.add(new PriceBook.Markup(null, "p" + i, null, random.nextInt(40_000)));
    }
    return new PriceBook(creditMicros, random.nextInt(10_000), markups);
  }

  /**
   * The sum of what is deducted is the sum of the exact charges, rounded down, and the rest is what
   * is accrued; after any number of restarts and in any order.
   */
  @Test
  void deductionsOfRandomCalls_areTheExactSum_inAnyOrderAndWithRestarts() {
    for (long seed = 1; seed <= 2; seed++) {
      Random random = new Random(seed);
      long creditMicros = seed == 1 ? 10_000 : 1 + random.nextInt(30_000);
      PriceBook book = book(random, creditMicros);
      List<Drawn> calls = new ArrayList<>();
      BigDecimal sum = BigDecimal.ZERO;
      for (int i = 0; i < CALLS / 4; i++) {
        Drawn call = draw(random, book);
        calls.add(call);
        sum = sum.add(call.micros());
      }
      BigDecimal[] expected = sum.divideAndRemainder(BigDecimal.valueOf(creditMicros));
      for (int order = 0; order < 2; order++) {
        Ledger end = play(calls, random);
        String message = "seed " + seed + ", order " + order;
        long deducted = CreditRules.MAX_BALANCE - end.balance();
        assertEquals(
            expected[0].setScale(0, RoundingMode.UNNECESSARY).longValueExact(), deducted, message);
        assertEquals(0, expected[1].compareTo(new BigDecimal(end.accrued().text())), message);
        Collections.shuffle(calls, random);
      }
    }
  }

  /** Decides the calls one after the other, from the document now and then. */
  private static Ledger play(List<Drawn> calls, Random random) {
    CreditRules rules = new CreditRules(ForeignBalance.PUT_BACK);
    DocRef ref = CreditCommands.user(USER);
    Map<String, Object> opened = new LinkedHashMap<>();
    opened.put(Users.TIER, "payg");
    CreditState state = rules.decode(new Snapshot(ref, opened, Bank.START));
    state =
        state.with(
            new Ledger(
                1,
                CreditRules.MAX_BALANCE,
                "a".repeat(64),
                Lots.NONE.give(null, CreditRules.MAX_BALANCE, true),
                Holds.NONE,
                null,
                Terms.NONE,
                List.of(),
                null,
                ExactMicros.ZERO),
            null);
    int key = 0;
    for (Drawn call : calls) {
      Command<CreditCommand> command =
          CreditCommands.debit(USER, call.usage(), null, null, "k" + key++, "h");
      Decision<CreditState> decision = rules.decide(state, Unseen.NOTHING, command, Bank.START);
      assertInstanceOf(Decision.Applied.class, decision);
      state = ((Decision.Applied<CreditState>) decision).next();
      if (random.nextInt(500) == 0) {
        state = restarted(rules, ref, state);
      }
    }
    Ledger ledger = state.ledger();
    assertTrue(ledger != null, "the ledger is whole");
    return ledger;
  }

  /** The state as another process reads it from the document. */
  private static CreditState restarted(CreditRules rules, DocRef ref, CreditState state) {
    Bank documents = new Bank();
    documents.documents.put(ref, Map.of(Users.TIER, "payg"));
    CreditState empty = rules.decode(documents.snapshot(ref));
    documents.set(ref, rules.changes(empty, state));
    return rules.decode(documents.snapshot(ref));
  }

  @Test
  void statement_showsWhatIsAccrued() {
    Bank bank = bank(3);
    debit(bank, call(4_321));
    Decision<CreditState> view = bank.decide(CreditCommands.view(USER));
    assertEquals(
        4_321L,
        ((Decision.Unchanged<CreditState>) view).answer().get(CreditTransactions.ACCRUED_MICROS));
  }
}
