package dev.meterkite.model.credits.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.credits.rules.InMemoryLedger;
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
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    Instant start = bank.now;
    bank.debit(1);
    bank.after(DAY).debit(2);
    bank.after(DAY).debit(3);
    var query = Queries.statement(InMemoryLedger.USER, null, null, 3, List.of());
    StatementPage page = new StatementPage(2, Long.MAX_VALUE, StatementPage.Position.START);
    page.addOfLedger(bank.find(query), 3);
    assertEquals(
        List.of(-3L, -2L), page.transactions().stream().map(t -> t.get("amount")).toList());
    StatementPage.Position next = page.next();
    assertTrue(page.isFull());
    assertFalse(next.older());
    assertEquals(List.of(start.plus(DAY), 3L), next.after());
    StatementPage rest = new StatementPage(2, Long.MAX_VALUE, next);
    rest.addOfLedger(
        bank.find(Queries.statement(InMemoryLedger.USER, null, null, 3, next.after())), 3);
    assertEquals(
        List.of(-1L, 100L), rest.transactions().stream().map(t -> t.get("amount")).toList());
    assertEquals(new StatementPage.Position(true, List.of()), rest.next());
    rest.addOfOlder(
        bank.find(Queries.statementWithOlder(InMemoryLedger.USER, null, null, 9, List.of())), 9);
    assertEquals(2, rest.transactions().size());
    assertNull(rest.next());
    assertEquals(OptionalLong.of(97), balanceBefore(bank, bank.now));
    assertEquals(OptionalLong.of(99), balanceBefore(bank, start.plus(DAY)));
    assertEquals(OptionalLong.of(0), balanceBefore(bank, start), "before any transaction");
  }

  private static OptionalLong balanceBefore(InMemoryLedger bank, Instant to) {
    return new StatementPage(1, Long.MAX_VALUE, StatementPage.Position.START)
        .balance(
            bank.find(Queries.lastTransactionOfUserBefore(InMemoryLedger.USER, to)),
            bank.find(Queries.statementWithOlder(InMemoryLedger.USER, null, to, 1, List.of())),
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
        List.of(
            transaction("b", InMemoryLedger.START, 2L), transaction("a", InMemoryLedger.START, 1L)),
        3);
    assertEquals(2, page.transactions().size());
    assertFalse(page.isFull(), "nothing is known to follow");
    assertEquals(OLDER, page.next());
    page.addOfOlder(List.of(transaction("o", InMemoryLedger.START, null)), 9);
    assertTrue(page.isFull());
    assertEquals(2, page.transactions().size());
  }

  @Test
  void asManyAsWereAskedFor_leaveTheEndOpen() {
    StatementPage page = new StatementPage(9, Long.MAX_VALUE, StatementPage.Position.START);
    page.addOfLedger(List.of(transaction("b", InMemoryLedger.START, 2L)), 1);
    assertEquals(new StatementPage.Position(false, List.of(InMemoryLedger.START, 2L)), page.next());
    StatementPage older = new StatementPage(9, Long.MAX_VALUE, OLDER);
    older.addOfOlder(
        List.of(
            transaction("s", InMemoryLedger.START, 5L),
            transaction("o", InMemoryLedger.START, null)),
        2);
    assertEquals(1, older.transactions().size(), "those of the ledger are passed over");
    assertEquals(
        new StatementPage.Position(true, List.of(InMemoryLedger.START, "o")), older.next());
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
        List.of(
            transaction("b", InMemoryLedger.START.plus(DAY), 2L),
            transaction("a", InMemoryLedger.START, 1L)),
        9);
    assertEquals(InMemoryLedger.START, page.firstOfLedger());
    page.olderLie(3, 2);
    assertEquals(OLDER, page.next(), "one is among those of the ledger");
    page.olderLie(3, 3);
    assertEquals(new StatementPage.Position(true, List.of(InMemoryLedger.START, "a")), page.next());
    page.olderLie(1, 1);
    assertEquals(new StatementPage.Position(true, List.of(InMemoryLedger.START, "a")), page.next());
    page.olderLie(0, 0);
    assertNull(page.next());
    page.olderLie(-1, 0);
    assertNull(page.next());
  }

  @Test
  void c27_transactionsBehindTheFigures_areLeftOut() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.debit(1);
    bank.debit(2);
    bank.debit(3);
    StatementPage page = new StatementPage(2, 2, StatementPage.Position.START);
    page.addOfLedger(
        bank.find(Queries.statement(InMemoryLedger.USER, null, null, 3, List.of())), 3);
    assertEquals(
        List.of(99L), page.transactions().stream().map(each -> each.get("balance_after")).toList());
    assertEquals(
        OptionalLong.of(99),
        page.balance(
            bank.find(Queries.lastTransactionOfUserBefore(InMemoryLedger.USER, bank.now.plus(DAY))),
            List.of(),
            99),
        "the later ones do not count for balance_at_to either");
  }

  @Test
  void c28_balanceAmongOlderTransactions_isTheirFigure() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    older(bank, "a", InMemoryLedger.START.minus(DAY), 70L);
    older(bank, "b", InMemoryLedger.START.minus(DAY.multipliedBy(2)), 30.0);
    bank.debit(1);
    assertEquals(
        OptionalLong.of(0), balanceBefore(bank, InMemoryLedger.START.minus(DAY.multipliedBy(2))));
    assertEquals(OptionalLong.of(30), balanceBefore(bank, InMemoryLedger.START.minus(DAY)));
    assertEquals(OptionalLong.of(70), balanceBefore(bank, InMemoryLedger.START));
    assertEquals(OptionalLong.of(99), balanceBefore(bank, InMemoryLedger.START.plus(DAY)));
    older(bank, "c", InMemoryLedger.START.minusSeconds(1), "seventy");
    assertEquals(OptionalLong.empty(), balanceBefore(bank, InMemoryLedger.START), "nobody knows");
  }

  private static void older(InMemoryLedger bank, String id, Instant at, Object balanceAfter) {
    bank.documents.put(
        new DocRef("credit_transactions", id),
        Map.of(
            "user_id",
            InMemoryLedger.USER,
            "amount",
            -1L,
            "created_at",
            at,
            "balance_after",
            balanceAfter));
  }
}
