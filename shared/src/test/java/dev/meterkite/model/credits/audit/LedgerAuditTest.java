package dev.meterkite.model.credits.audit;

import static dev.meterkite.model.credits.rules.CreditRulesTest.asMap;
import static dev.meterkite.model.credits.rules.CreditRulesTest.change;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.journal.LedgerChain;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.rules.InMemoryLedger;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The chain and the audit find every tampering, also one whose hashes were made anew. */
class LedgerAuditTest {
  private static final DocRef OWNER = CreditRefs.user(InMemoryLedger.USER);

  @Test
  void chain_namesTheFirstWrongSequence() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
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
    InMemoryLedger bank = audited();
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

  private static String id(InMemoryLedger bank, int index) {
    return (String) bank.transactions().get(index).get(CreditTransactions.TRANSACTION_ID);
  }

  private static InMemoryLedger audited() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
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
    InMemoryLedger bank = audited();
    Map<String, Object> ledger =
        new LinkedHashMap<>(asMap(bank.documents.get(OWNER).get(Users.LEDGER)));
    ledger.put(field, value);
    ledger.put("lots", Map.of("never", Map.of("granted", 100L, "remaining", value, "held", 10L)));
    change(bank, OWNER, Users.LEDGER, ledger);
    change(bank, OWNER, Users.CREDITS_BALANCE, value);
    String found = bank.audit().toString();
    assertTrue(found.contains(finding) && found.contains("lots are not those"), found);
  }

  /**
   * What the audit finds once some fields of one transaction are changed and all hashes made anew,
   * as one could who may write the whole collection.
   */
  private static List<LedgerAudit.Finding> forged(
      InMemoryLedger bank, int sequence, Map<String, Object> changes) {
    LedgerAudit audit = new LedgerAudit(bank.state());
    String hash = LedgerChain.FIRST;
    for (Map<String, Object> each : bank.transactions()) {
      Map<String, Object> transaction = new LinkedHashMap<>(each);
      if (each.get(CreditTransactions.SEQUENCE).equals((long) sequence)) {
        transaction.putAll(changes);
      }
      transaction.put(CreditTransactions.PREV_HASH, hash);
      hash = LedgerChain.hash(transaction, hash);
      transaction.put(CreditTransactions.HASH, hash);
      audit.add(transaction);
    }
    return audit.compare(bank.state(), bank.openHolds());
  }

  private static void assertFound(List<LedgerAudit.Finding> findings, int sequence, String what) {
    assertTrue(
        findings.stream()
            .anyMatch(each -> each.sequence() == sequence && each.what().contains(what)),
        findings::toString);
  }

  private static List<Object> lots(Object... shares) {
    List<Object> lots = new ArrayList<>();
    for (int i = 0; i < shares.length; i += 2) {
      Map<String, Object> share = new LinkedHashMap<>();
      if (shares[i] != null) {
        share.put(CreditTransactions.EXPIRES_AT, shares[i]);
      }
      share.put(CreditTransactions.AMOUNT, shares[i + 1]);
      lots.add(share);
    }
    return lots;
  }

  @Test
  void brokenChain_isToldWhereItBreaksAndNothingBehindItIsJudged() {
    InMemoryLedger bank = audited();
    List<LedgerChain.Break> breaks = new ArrayList<>();
    for (Map<String, Object> change :
        List.<Map<String, Object>>of(
            Map.of("sequence", 2.0),
            Map.of("sequence", 1L),
            Map.of("sequence", 3L),
            Map.of("prev_hash", LedgerChain.FIRST),
            Map.of("balance_after", 7L))) {
      List<Map<String, Object>> transactions = new ArrayList<>(bank.transactions());
      Map<String, Object> changed = new LinkedHashMap<>(transactions.get(1));
      changed.putAll(change);
      transactions.set(1, changed);
      LedgerAudit audit = new LedgerAudit(bank.state());
      transactions.forEach(audit::add);
      LedgerChain.Break found = LedgerChain.verify(transactions).orElseThrow();
      breaks.add(found);
      assertEquals(
          List.of(new LedgerAudit.Finding(found.sequence(), found.what())),
          audit.compare(bank.state(), bank.openHolds()));
    }
    assertEquals(
        List.of(
            new LedgerChain.Break(2, "sequence is not an integer"),
            new LedgerChain.Break(1, "sequence 1 follows 1"),
            new LedgerChain.Break(2, "sequence 3 follows 1"),
            new LedgerChain.Break(2, "prev_hash is not the hash before it"),
            new LedgerChain.Break(2, "hash does not fit the fields")),
        breaks);
  }

  @Test
  void hashesMadeAnew_areNotThoseOfTheLedger() {
    InMemoryLedger bank = audited();
    assertEquals(List.of(), forged(bank, 1, Map.of()), "as they were");
    List<LedgerAudit.Finding> findings = forged(bank, 2, Map.of("description", "else"));
    assertEquals(1, findings.size());
    assertFound(findings, 3, "the ledger's hash is not the last transaction's");
  }

  @Test
  void balanceThatIsNotTheSum_isFoundWhereItIsWrittenDown() {
    InMemoryLedger bank = audited();
    assertFound(forged(bank, 2, Map.of("balance_after", 51L)), 2, "is not the sum 50");
    assertFound(forged(bank, 2, Map.of("balance_after", "50")), 2, "is not the sum 50");
    List<LedgerAudit.Finding> below =
        forged(bank, 2, Map.of("amount", -101L, "balance_after", -1L, "lots", lots(null, 101L)));
    assertFound(below, 2, "is not the sum -1");
    List<LedgerAudit.Finding> zero =
        forged(bank, 2, Map.of("amount", -100L, "balance_after", 0L, "lots", lots(null, 100L)));
    assertTrue(zero.stream().noneMatch(each -> each.sequence() == 2), zero::toString);
    assertFound(zero, 3, "is not the sum 5");
    assertFound(zero, 3, "the ledger's balance is 55, the sum is 5");
  }

  @ParameterizedTest
  @CsvSource({
    "deduction, 0",
    "deduction, 1",
    "expiration, 0",
    "expiration, 1",
    "refund, 0",
    "refund, -1",
    "purchase, 0",
    "purchase, -1",
    "subscription_grant, 0",
    "subscription_grant, -1",
    "admin_adjustment, 0",
    "gift, 1",
  })
  void amountThatDoesNotFitItsType_isFound(String type, long amount) {
    Map<String, Object> changes =
        Map.of(
            "type",
            type,
            "amount",
            amount,
            "lots",
            amount == 0 ? List.of() : lots(null, Math.abs(amount)));
    assertFound(forged(audited(), 2, changes), 2, "an amount of " + amount + " does not fit");
  }

  @ParameterizedTest
  @CsvSource({
    "deduction, -1",
    "expiration, -1",
    "refund, 1",
    "purchase, 1",
    "subscription_grant, 1",
    "admin_adjustment, 1",
    "admin_adjustment, -1"
  })
  void amountThatFitsItsType_isNotFound(String type, long amount) {
    Map<String, Object> changes =
        Map.of("type", type, "amount", amount, "lots", lots(null, Math.abs(amount)));
    List<LedgerAudit.Finding> found = forged(audited(), 2, changes);
    assertTrue(
        found.stream().noneMatch(each -> each.what().contains("does not fit")), found::toString);
  }

  @Test
  void lotsThatCannotBe_areFound() {
    InMemoryLedger bank = audited();
    assertFound(forged(bank, 2, Map.of("lots", lots(null, 49L))), 2, "do not add up");
    assertFound(forged(bank, 2, Map.of("lots", lots())), 2, "do not add up");
    Instant other = Instant.parse("2027-01-01T00:00:00Z");
    assertFound(forged(bank, 2, Map.of("lots", lots(other, 50L))), 2, "has not got them");
    assertFound(
        forged(bank, 1, Map.of("lots", lots(other, 40L, null, 60L))),
        3,
        "the ledger's lots are not those of the transactions");
  }

  @Test
  void holdCapturedTwice_isFound() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.hold("h", 10);
    bank.capture("h", null);
    bank.debit(1);
    assertEquals(List.of(), bank.audit());
    assertFound(
        forged(bank, 3, Map.of("hold_id", bank.holdId("h"))), 3, "is captured a second time");
  }

  @Test
  void refundsThatDoNotFitWhatTheyReverse_areFound() {
    InMemoryLedger bank = audited();
    DocRef deduction = new DocRef(CreditTransactions.COLLECTION, id(bank, 1));
    change(bank, deduction, CreditTransactions.REFUNDED, 4L);
    assertFound(bank.audit(), 2, "refunded is 4, the refunds are 5");
    change(bank, deduction, CreditTransactions.REFUNDED, null);
    assertFound(bank.audit(), 3, "does not note it");
    InMemoryLedger unrefunded = InMemoryLedger.with("payg", 100);
    unrefunded.debit(50);
    unrefunded.debit(1);
    change(
        unrefunded,
        new DocRef(CreditTransactions.COLLECTION, id(unrefunded, 1)),
        CreditTransactions.REFUNDED,
        1L);
    assertFound(unrefunded.audit(), 2, "refunded is noted, but no refund is found");
    InMemoryLedger whole = InMemoryLedger.with("payg", 100);
    whole.debit(5);
    whole.refund(whole.lastTransactionId(), null);
    assertEquals(List.of(), whole.audit(), "all of it is not too much");
    change(whole, new DocRef(CreditTransactions.COLLECTION, id(whole, 1)), "refunded", 6L);
    assertFound(
        forged(whole, 3, Map.of("amount", 6L, "balance_after", 101L, "lots", lots(null, 6L))),
        2,
        "more is refunded than was moved");
  }

  @Test
  void refundsOfSeveralTransactions_areAddedUpForEach() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.debit(50);
    String first = bank.lastTransactionId();
    bank.debit(20);
    String second = bank.lastTransactionId();
    bank.refund(first, 10L);
    bank.refund(second, 5L);
    bank.refund(first, 40L);
    assertEquals(List.of(), bank.audit());
    change(bank, new DocRef(CreditTransactions.COLLECTION, first), "refunded", 40L);
    assertEquals(
        List.of(new LedgerAudit.Finding(2, "refunded is 40, the refunds are 50")), bank.audit());
  }

  @Test
  void findings_areToldTheEarliestFirstAndTwentyAtMost() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    for (int i = 0; i < 30; i++) {
      bank.debit(1);
      change(
          bank,
          new DocRef(CreditTransactions.COLLECTION, bank.lastTransactionId()),
          CreditTransactions.REFUNDED,
          1L);
    }
    List<LedgerAudit.Finding> findings = forged(bank, 9, Map.of("balance_after", 1L));
    assertEquals(LedgerAudit.MAX_FINDINGS, findings.size());
    List<Long> sequences = findings.stream().map(LedgerAudit.Finding::sequence).toList();
    assertEquals(sequences.stream().sorted().toList(), sequences);
    assertEquals(2, sequences.get(0));
  }

  @Test
  void ledgerAndTransactionsOfDifferentLengths_areFoundBehindTheShorter() {
    InMemoryLedger bank = audited();
    bank.documents.remove(new DocRef(CreditTransactions.COLLECTION, id(bank, 2)));
    LedgerAudit shorter = new LedgerAudit(bank.state());
    bank.transactions().stream().filter(each -> !each.isEmpty()).forEach(shorter::add);
    assertEquals(
        List.of(new LedgerAudit.Finding(3, "the ledger is at 3, the transactions end at 2")),
        shorter.compare(bank.state(), bank.openHolds()));
    InMemoryLedger behind = audited();
    Object ledger = behind.documents.get(OWNER).get(Users.LEDGER);
    Object balance = behind.documents.get(OWNER).get(Users.CREDITS_BALANCE);
    behind.debit(1);
    change(behind, OWNER, Users.LEDGER, ledger);
    change(behind, OWNER, Users.CREDITS_BALANCE, balance);
    assertEquals(
        List.of(new LedgerAudit.Finding(4, "the ledger is at 3, the transactions end at 4")),
        behind.audit());
  }

  @Test
  void userWithoutALedger_isRightOnlyWithoutTransactions() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    assertEquals(List.of(), bank.audit());
    change(bank, OWNER, Users.LEDGER, "odd");
    assertEquals(List.of(new LedgerAudit.Finding(0, "the ledger is lost or broken")), bank.audit());
    InMemoryLedger lost = audited();
    change(lost, OWNER, Users.LEDGER, null);
    assertEquals(List.of(new LedgerAudit.Finding(3, "the ledger is lost or broken")), lost.audit());
  }

  /** A user who spends all the time: judged as far as its state goes, and then once more. */
  @Test
  void movingUser_isJudgedUpToItsState() {
    InMemoryLedger bank = audited();
    CreditState early = bank.state();
    bank.debit(1);
    bank.refund(id(bank, 1), 1L);
    LedgerAudit audit = new LedgerAudit(early);
    List<Map<String, Object>> all = bank.transactions();
    all.subList(0, 3).forEach(audit::add);
    assertEquals(List.of(), audit.compareMoving(early), "a refund more is noted already");
    all.subList(3, 5).forEach(audit::add);
    assertEquals(List.of(), audit.compare(bank.state(), bank.openHolds()));
    LedgerAudit behind = new LedgerAudit(early);
    all.subList(0, 2).forEach(behind::add);
    List<LedgerAudit.Finding> shorter =
        List.of(new LedgerAudit.Finding(3, "the ledger is at 3, the transactions end at 2"));
    assertEquals(shorter, behind.compareMoving(early));
    assertEquals(shorter, behind.compareMoving(early), "it keeps nothing of what it told");
    LedgerAudit broken = new LedgerAudit(early);
    broken.add(all.get(1));
    assertEquals(1, broken.compareMoving(early).size(), "where the chain breaks, and no more");
    CreditState none = InMemoryLedger.with("payg", 1).state();
    assertEquals(List.of(), new LedgerAudit(none).compareMoving(none));
  }

  @Test
  void rebuiltLedger_isJudgedFromThereOn() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.grant(50, bank.now.plus(Duration.ofDays(3)));
    bank.debit(150);
    change(bank, OWNER, Users.LEDGER, null);
    bank.sweep();
    assertEquals(List.of(), bank.audit(), "rebuilt with nothing");
    bank.grant(70, null);
    bank.grant(50, bank.now.plus(Duration.ofDays(3)));
    change(bank, OWNER, Users.LEDGER, null);
    bank.debit(20);
    assertEquals(List.of("100"), bank.lots());
    bank.grant(5, bank.now.plus(Duration.ofDays(3)));
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void chain_tellsMomentsAndListsApart() {
    Instant at = Instant.parse("2026-11-10T10:00:00.000001Z");
    List<Map<String, Object>> different =
        List.of(
            Map.of("created_at", at),
            Map.of("created_at", at.plusNanos(1_000)),
            Map.of("created_at", at.plusSeconds(1)),
            Map.of("created_at", at.toString()),
            Map.of("expires_at", at),
            Map.of("expires_at", Lots.LATEST),
            Map.of("lots", List.of()),
            Map.of("lots", lots(null, 1L)),
            Map.of("lots", lots(null, 1L, null, 1L)),
            Map.of("lots", lots(at, 1L)),
            Map.of("lots", lots(null, 2L)),
            Map.of("lots", List.of("odd")),
            Map.of("amount", 1.5),
            Map.of("amount", true));
    assertEquals(
        different.size(),
        different.stream()
            .map(each -> LedgerChain.hash(each, LedgerChain.FIRST))
            .distinct()
            .count());
  }

  /** The canonical form is for ever: what was written with it has to be verified years later. */
  @Test
  void hash_isThatOfTheCanonicalForm() {
    Map<String, Object> transaction = new LinkedHashMap<>();
    transaction.put("user_id", "u");
    transaction.put("sequence", 1L);
    transaction.put("created_at", Instant.parse("2026-11-10T10:00:00Z"));
    transaction.put("lots", lots(null, 7L));
    assertEquals(
        "7c182543b71deefca8a37d0daa344cf8c881c605a7b4c3ca13cf1be635261bb9",
        LedgerChain.hash(transaction, LedgerChain.FIRST));
  }

  @ParameterizedTest
  @CsvSource({
    "0123456789abcdef, true",
    "0123456789abcdeg, false",
    "0123456789abcde`, false",
    "0123456789abcdeF, false",
    "/123456789abcdef, false",
    ":123456789abcdef, false"
  })
  void hash_is64HexadecimalDigitsInLowerCase(String sixteen, boolean isHash) {
    assertEquals(isHash, LedgerChain.isHash(sixteen.repeat(4)));
    assertEquals(false, LedgerChain.isHash(sixteen.repeat(3)));
    assertEquals(false, LedgerChain.isHash(sixteen.repeat(4) + "0"));
    assertEquals(false, LedgerChain.isHash(null));
  }
}
