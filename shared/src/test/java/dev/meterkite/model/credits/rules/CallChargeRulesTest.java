package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.commands.UsageCharge;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.CallUsage.Quantity;
import dev.meterkite.model.prices.Meter;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.prices.PriceComponent;
import dev.meterkite.model.prices.PriceRules;
import dev.meterkite.model.prices.PriceStatus;
import dev.meterkite.model.prices.PriceUnit;
import dev.meterkite.model.prices.PriceVersion;
import dev.meterkite.model.prices.ServiceTier;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Calls of models charged to a ledger. */
class CallChargeRulesTest {
  private static final String USER = InMemoryLedger.USER;

  /** A call that costs this many micro-USD, in a book with a credit of 10,000. */
  static UsageCharge call(long micros) {
    return call(micros, PriceBook.DEFAULT);
  }

  private static UsageCharge call(long micros, PriceBook book) {
    CallUsage usage = CallUsage.of("acme", "m", Map.of(Quantity.INPUT_TOKENS, micros));
    return new UsageCharge(
        usage, InMemoryLedger.START, PriceRules.cost(price(1_000_000), "v1", usage), book, "p1");
  }

  static UsageCharge unknown() {
    CallUsage usage = CallUsage.of("acme", "m", Map.of(Quantity.CHARACTERS, 1L));
    return new UsageCharge(
        usage,
        InMemoryLedger.START,
        PriceRules.cost(price(1_000_000), "v1", usage),
        PriceBook.DEFAULT,
        "p1");
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

  private static String debit(InMemoryLedger bank, UsageCharge usage) {
    return bank.run(CreditCommands.debit(USER, usage, null, null, bank.key(), "h"));
  }

  /** {@code balance/held} and what is accrued. */
  private static String figures(InMemoryLedger bank) {
    return bank.figures() + " " + bank.ledger().accrued().text();
  }

  private static String hold(InMemoryLedger bank, String key, UsageCharge usage) {
    return bank.run(CreditCommands.hold(USER, usage, null, Duration.ofDays(1), key, "h"));
  }

  private static String capture(
      InMemoryLedger bank, String holdKey, UsageCharge usage, boolean overage) {
    return bank.run(
        CreditCommands.capture(USER, bank.holdId(holdKey), usage, 0, overage, bank.key(), "h"));
  }

  private static InMemoryLedger bank(long credits) {
    InMemoryLedger bank = InMemoryLedger.with("payg", credits);
    assertEquals("applied", bank.sweep());
    return bank;
  }

  @Test
  void wholeCreditsAreDeducted_theRestStays() {
    InMemoryLedger bank = bank(10);
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
    InMemoryLedger bank = bank(10);
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
      assertEquals(InMemoryLedger.START, usage.get("at"));
    }
    assertEquals("replayed", bank.run(small));
    assertEquals("replayed", bank.run(large));
    assertEquals("9/0 2170.5", figures(bank));
  }

  @Test
  void debit_isRefused_whereWhatIsAvailableLessWhatIsAccruedDoesNotCoverIt() {
    InMemoryLedger bank = bank(2);
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
    InMemoryLedger bank = bank(1);
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
    InMemoryLedger bank = bank(10);
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
    InMemoryLedger bank = bank(10);
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
      InMemoryLedger bank = bank(balance);
      assertEquals("nothing_to_hold", hold(bank, "a", call(0)));
      assertEquals("unknown_price", hold(bank, "a", unknown()));
      assertEquals("applied", debit(bank, call(0)));
      assertEquals(balance + "/0 0", figures(bank));
    }
  }

  @Test
  void capture_takesWhatItWas_andTheRestComesBack() {
    InMemoryLedger bank = bank(10);
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
    InMemoryLedger bank = bank(10);
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
    InMemoryLedger bank = bank(10);
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
    InMemoryLedger pro = InMemoryLedger.with("pro", 100);
    debit(pro, call(10_000, book));
    assertEquals("5000", pro.ledger().accrued().text());
    InMemoryLedger payg = InMemoryLedger.with("payg", 100);
    debit(payg, call(10_000, book));
    assertEquals("0", payg.ledger().accrued().text());
    assertEquals("99/0", payg.figures());
  }

  @Test
  void accrued_comesBackFromTheDocument_andGoesAwayWhenItIsNothing() {
    InMemoryLedger bank = bank(10);
    CallUsage usage =
        new CallUsage(
            "acme",
            "m",
            Map.of(Quantity.AUDIO_SECONDS, new BigDecimal("0.001")),
            ServiceTier.STANDARD,
            null);
    PriceBook book = new PriceBook(10_000, 1, List.of());
    UsageCharge tiny =
        new UsageCharge(
            usage, InMemoryLedger.START, PriceRules.cost(price(1), "v", usage), book, "p");
    assertEquals("applied", debit(bank, tiny));
    assertEquals("0.0000000010001", bank.ledger().accrued().text());
    Map<?, ?> ledger = (Map<?, ?>) bank.documents.get(CreditRefs.user(USER)).get("ledger");
    assertEquals(0L, ledger.get("accrued_micros"));
    assertEquals(10_001L, ledger.get("accrued_fraction"));
    bank = bank(10);
    debit(bank, call(5_000));
    debit(bank, call(5_000));
    ledger = (Map<?, ?>) bank.documents.get(CreditRefs.user(USER)).get("ledger");
    assertFalse(ledger.containsKey("accrued_micros"));
    assertNull(ledger.get("accrued_fraction"));
  }

  @Test
  void statement_showsWhatIsAccrued() {
    InMemoryLedger bank = bank(3);
    debit(bank, call(4_321));
    Decision<CreditState> view = bank.decide(CreditCommands.view(USER));
    assertEquals(
        4_321L,
        ((Decision.Unchanged<CreditState>) view).answer().get(CreditTransactions.ACCRUED_MICROS));
  }
}
