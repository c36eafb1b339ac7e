package dev.meterkite.model.credits.ledger;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.credits.rules.Bank;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class StatementPageTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final StatementPage.Position OLDER = new StatementPage.Position(true, List.of());

  @Test
  void statement_pagesAndBalanceOfAMoment() {
    Bank bank = Bank.with("payg", 100);
    Instant start = bank.now;
    bank.debit(1);
    bank.after(DAY).debit(2);
    bank.after(DAY).debit(3);
    var query = Queries.statement(Bank.USER, null, null, 3, List.of());
    StatementPage page = new StatementPage(2, Long.MAX_VALUE, StatementPage.Position.START);
    page.addOfLedger(bank.find(query), 3);
    assertEquals(
        List.of(-3L, -2L), page.transactions().stream().map(t -> t.get("amount")).toList());
    StatementPage.Position next = page.next();
    assertTrue(page.isFull());
    assertFalse(next.older());
    assertEquals(List.of(start.plus(DAY), 3L), next.after());
    StatementPage rest = new StatementPage(2, Long.MAX_VALUE, next);
    rest.addOfLedger(bank.find(Queries.statement(Bank.USER, null, null, 3, next.after())), 3);
    assertEquals(
        List.of(-1L, 100L), rest.transactions().stream().map(t -> t.get("amount")).toList());
    assertEquals(new StatementPage.Position(true, List.of()), rest.next());
    rest.addOfOlder(bank.find(Queries.statementWithOlder(Bank.USER, null, null, 9, List.of())), 9);
    assertEquals(2, rest.transactions().size());
    assertNull(rest.next());
    assertEquals(OptionalLong.of(97), balanceBefore(bank, bank.now));
    assertEquals(OptionalLong.of(99), balanceBefore(bank, start.plus(DAY)));
    assertEquals(OptionalLong.of(0), balanceBefore(bank, start), "before any transaction");
  }

  private static OptionalLong balanceBefore(Bank bank, Instant to) {
    return new StatementPage(1, Long.MAX_VALUE, StatementPage.Position.START)
        .balance(
            bank.find(Queries.lastTransactionOfUserBefore(Bank.USER, to)),
            bank.find(Queries.statementWithOlder(Bank.USER, null, to, 1, List.of())),
            0);
  }

  private static Snapshot transaction(String id, Instant at, Long sequence) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("transaction_id", id);
    fields.put("amount", -1L);
    if (at != null) {
      fields.put("created_at", at);
    }
    if (sequence != null) {
      fields.put("sequence", sequence);
    }
    return new Snapshot(new DocRef(CreditTransactions.COLLECTION, id), fields, Instant.EPOCH);
  }

  @Test
  void asManyAsFit_areNoFullPage() {
    StatementPage page = new StatementPage(2, Long.MAX_VALUE, StatementPage.Position.START);
    page.addOfLedger(
        List.of(transaction("b", Bank.START, 2L), transaction("a", Bank.START, 1L)), 3);
    assertEquals(2, page.transactions().size());
    assertFalse(page.isFull(), "nothing is known to follow");
    assertEquals(OLDER, page.next());
    page.addOfOlder(List.of(transaction("o", Bank.START, null)), 9);
    assertTrue(page.isFull());
    assertEquals(2, page.transactions().size());
  }

  @Test
  void asManyAsWereAskedFor_leaveTheEndOpen() {
    StatementPage page = new StatementPage(9, Long.MAX_VALUE, StatementPage.Position.START);
    page.addOfLedger(List.of(transaction("b", Bank.START, 2L)), 1);
    assertEquals(new StatementPage.Position(false, List.of(Bank.START, 2L)), page.next());
    StatementPage older = new StatementPage(9, Long.MAX_VALUE, OLDER);
    older.addOfOlder(
        List.of(transaction("s", Bank.START, 5L), transaction("o", Bank.START, null)), 2);
    assertEquals(1, older.transactions().size(), "those of the ledger are passed over");
    assertEquals(new StatementPage.Position(true, List.of(Bank.START, "o")), older.next());
    older.addOfOlder(List.of(transaction("n", null, null)), 2);
    assertNull(older.next());
  }

  @Test
  void older_areLookedForWhereTheyCanBe() {
    StatementPage page = new StatementPage(9, Long.MAX_VALUE, StatementPage.Position.START);
    assertNull(page.firstOfLedger());
    page.olderLie(3, 0);
    assertEquals(OLDER, page.next(), "a ledger that shows nothing: from the top");
    page.addOfLedger(
        List.of(transaction("b", Bank.START.plus(DAY), 2L), transaction("a", Bank.START, 1L)), 9);
    assertEquals(Bank.START, page.firstOfLedger());
    page.olderLie(3, 2);
    assertEquals(OLDER, page.next(), "one is among those of the ledger");
    page.olderLie(3, 3);
    assertEquals(new StatementPage.Position(true, List.of(Bank.START, "a")), page.next());
    page.olderLie(1, 1);
    assertEquals(new StatementPage.Position(true, List.of(Bank.START, "a")), page.next());
    page.olderLie(0, 0);
    assertNull(page.next());
    page.olderLie(-1, 0);
    assertNull(page.next());
  }

  @Test
  void c27_transactionsBehindTheFigures_areLeftOut() {
    Bank bank = Bank.with("payg", 100);
    bank.debit(1);
    bank.debit(2);
    bank.debit(3);
    StatementPage page = new StatementPage(2, 2, StatementPage.Position.START);
    page.addOfLedger(bank.find(Queries.statement(Bank.USER, null, null, 3, List.of())), 3);
    assertEquals(
        List.of(99L), page.transactions().stream().map(each -> each.get("balance_after")).toList());
    assertEquals(
        OptionalLong.of(99),
        page.balance(
            bank.find(Queries.lastTransactionOfUserBefore(Bank.USER, bank.now.plus(DAY))),
            List.of(),
            99),
        "the later ones do not count for balance_at_to either");
  }

  @Test
  void c28_balanceAmongOlderTransactions_isTheirFigure() {
    Bank bank = Bank.with("payg", 100);
    older(bank, "a", Bank.START.minus(DAY), 70L);
    older(bank, "b", Bank.START.minus(DAY.multipliedBy(2)), 30.0);
    bank.debit(1);
    assertEquals(OptionalLong.of(0), balanceBefore(bank, Bank.START.minus(DAY.multipliedBy(2))));
    assertEquals(OptionalLong.of(30), balanceBefore(bank, Bank.START.minus(DAY)));
    assertEquals(OptionalLong.of(70), balanceBefore(bank, Bank.START));
    assertEquals(OptionalLong.of(99), balanceBefore(bank, Bank.START.plus(DAY)));
    older(bank, "c", Bank.START.minusSeconds(1), "seventy");
    assertEquals(OptionalLong.empty(), balanceBefore(bank, Bank.START), "nobody knows");
  }

  private static void older(Bank bank, String id, Instant at, Object balanceAfter) {
    bank.documents.put(
        new DocRef("credit_transactions", id),
        Map.of(
            "user_id", Bank.USER, "amount", -1L, "created_at", at, "balance_after", balanceAfter));
  }
}
