package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.journal.LedgerChain;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.Subscription;
import dev.meterkite.model.credits.stripe.SubscriptionStatus;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Erased;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Erased users: their texts go, their books stay right and can be checked. */
class ErasedUserTest {
  private static final DocRef OWNER = CreditRefs.user(InMemoryLedger.USER);
  private static final String ERASED = CreditOutcome.USER_ERASED.code();

  /** A user whose transactions have texts of every kind. */
  private static InMemoryLedger told() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.run(CreditCommands.debit(InMemoryLedger.USER, 30, null, "Ada's letter", bank.key(), "h"));
    bank.refund(bank.lastTransactionId(), 10L);
    bank.debit(1);
    assertEquals(List.of(), bank.audit());
    return bank;
  }

  /** Erases as the function does: the user's document first, then every transaction. */
  private static InMemoryLedger erased(InMemoryLedger bank) {
    bank.set(OWNER, Map.of(Users.ERASED_AT, bank.now));
    for (Map<String, Object> each : bank.transactions()) {
      bank.set(ref(each), ErasedUser.texts(each, bank.now));
    }
    return bank;
  }

  private static DocRef ref(Map<String, Object> transaction) {
    return new DocRef(
        CreditTransactions.COLLECTION, (String) transaction.get(CreditTransactions.TRANSACTION_ID));
  }

  @Test
  void erasedTexts_leaveNothingWrongInTheBooks() {
    InMemoryLedger bank = erased(told());
    assertEquals(List.of(), bank.audit());
    assertTrue(LedgerChain.verify(bank.transactions()).isEmpty());
    for (Map<String, Object> each : bank.transactions()) {
      ErasedUser.TEXTS.forEach(name -> assertFalse(each.containsKey(name), each::toString));
    }
    Map<?, ?> erased = (Map<?, ?>) bank.transactions().get(1).get(CreditTransactions.ERASED);
    assertEquals(List.of("description"), erased.get(Erased.FIELDS));
    assertEquals(bank.now, erased.get(Erased.AT));
    // What has no text stays as it was.
    assertFalse(bank.lastTransaction().containsKey(CreditTransactions.ERASED));
  }

  /** Another program deleted the user's document, and the person was erased after that. */
  @Test
  void userWithoutALedger_getsNoneByASweep_andTheAuditHasNothingToSay() {
    InMemoryLedger bank = erased(told());
    bank.documents.put(
        OWNER, Map.of(Users.USER_ID, InMemoryLedger.USER, Users.ERASED_AT, bank.now));
    int transactions = bank.transactions().size();
    bank.sweep();
    assertEquals(
        Map.of(Users.USER_ID, InMemoryLedger.USER, Users.ERASED_AT, bank.now),
        bank.documents.get(OWNER));
    assertEquals(List.of(), bank.audit());
    bank.documents.put(
        OWNER,
        Map.of(
            Users.USER_ID, InMemoryLedger.USER,
            Users.ERASED_AT, bank.now,
            Users.LEDGER_DUE_AT, bank.now));
    bank.sweep();
    assertFalse(
        bank.documents.get(OWNER).containsKey(Users.LEDGER_DUE_AT), "nothing is due for ever");
    // Money that still comes is booked behind the transactions that are left.
    bank.run(CreditCommands.view(InMemoryLedger.USER));
    assertEquals(transactions, bank.transactions().size());
    assertEquals(79L, bank.documents.get(OWNER).get(Users.CREDITS_BALANCE));
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void erasedTwice_changesNothing() {
    InMemoryLedger bank = erased(told());
    List<Map<String, Object>> before = bank.transactions();
    assertEquals(before, erased(bank.after(Duration.ofDays(1))).transactions());
  }

  @ParameterizedTest
  @ValueSource(strings = {"amount", "balance_after", "created_at", "type", "lots", "description"})
  void changedFieldOfAnErasedTransaction_isFound(String field) {
    InMemoryLedger bank = erased(told());
    DocRef second = ref(bank.transactions().get(1));
    bank.set(second, Map.of(field, "else"));
    assertEquals(2, bank.audit().get(0).sequence(), field);
  }

  @Test
  void changedHashOfAnErasedTransaction_isFound() {
    InMemoryLedger bank = erased(told());
    DocRef second = ref(bank.transactions().get(1));
    bank.set(second, Map.of(CreditTransactions.HASH, "0".repeat(64)));
    assertEquals(2, bank.audit().get(0).sequence());
  }

  @Test
  void transactionThatWasBroken_isBrokenAfterItsErasure() {
    InMemoryLedger bank = told();
    bank.set(ref(bank.transactions().get(1)), Map.of(CreditTransactions.AMOUNT, -29L));
    assertEquals(2, bank.audit().get(0).sequence());
    erased(bank);
    assertEquals(2, bank.audit().get(0).sequence());
  }

  @Test
  void erasedTransactionOfAUserWhoIsNot_isFound() {
    InMemoryLedger bank = erased(told());
    bank.set(OWNER, Map.of(Users.ERASED_AT, Write.REMOVED));
    assertTrue(bank.audit().toString().contains("erased, its user is not"), bank.audit()::toString);
  }

  @Test
  void transactionOfAnOlderSystem_losesItsTextsAndGetsNoProof() {
    Map<String, Object> older = Map.of("amount", -5L, "description", "Ada", "user_id", "u1");
    assertEquals(
        List.of("description"),
        List.copyOf(ErasedUser.texts(older, InMemoryLedger.START).keySet()));
  }

  @Test
  void everyCommandThatCouldBringATextBack_isRefused() {
    InMemoryLedger bank = erased(told());
    String transaction = (String) bank.transactions().get(1).get("transaction_id");
    Map<DocRef, Map<String, Object>> before = bank.copy();
    assertEquals(ERASED, bank.debit(1));
    assertEquals(ERASED, bank.grant(1, null));
    assertEquals(ERASED, bank.hold("h", 1));
    assertEquals(ERASED, bank.capture("h", 1L));
    assertEquals(ERASED, bank.refund(transaction, 1L));
    assertEquals(
        ERASED,
        bank.run(
            CreditCommands.register(
                InMemoryLedger.USER, "ada@example.com", "pro", "cus_1", null, "h")));
    assertEquals(before, bank.documents);
  }

  @Test
  void jobOfAnErasedUser_isRefusedWithTheCode() {
    InMemoryLedger bank = erased(told()).job("j", "status", "queued", "topic", "t");
    assertEquals("applied", bank.event("j"));
    assertEquals("refused", bank.payment("j", "status"));
    assertEquals(ERASED, bank.payment("j", "code"));
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void erasedUser_getsNoMonthlyGrant_andItsCreditsExpire() {
    InMemoryLedger bank = InMemoryLedger.with("pro", 0);
    bank.grant(50, InMemoryLedger.START.plus(Duration.ofDays(2)));
    bank.sweep();
    erased(bank);
    bank.after(Duration.ofDays(70)).sweep();
    assertEquals("0/0", bank.figures());
    assertEquals("expiration -50", bank.entries().get(bank.entries().size() - 1));
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void eventsOfStripe_bookMoneyAndNameNobody() {
    InMemoryLedger bank = erased(told());
    StripePayment sold =
        new StripePayment(
            Map.of("cs_1", new StripePayment.Sale(false, 600L, 100, List.of())),
            Map.of("pi_1", new StripePayment.Part(600L, null, List.of())),
            Map.of(),
            Map.of());
    CreditCommand.Pay pay =
        new CreditCommand.Pay(List.of("pi_1"), sold, new CreditCommand.Told("evt_1", "cus_1"));
    assertEquals("applied", bank.run(CreditCommands.stripe(InMemoryLedger.USER, pay)));
    assertEquals("purchase 100", bank.entries().get(bank.entries().size() - 1));
    assertFalse(bank.lastTransaction().containsKey(CreditTransactions.STRIPE_EVENT_ID));
    assertNotEquals("cus_1", bank.documents.get(OWNER).get(Users.STRIPE_CUSTOMER_ID));
    Subscription told =
        new Subscription(
            SubscriptionStatus.ACTIVE, "pro", bank.now, Subscription.Change.CREATED, null);
    CreditCommand.Told who = new CreditCommand.Told("evt_2", "cus_1");
    assertEquals(
        "unchanged",
        bank.run(
            CreditCommands.stripe(
                InMemoryLedger.USER, new CreditCommand.Subscribe("sub_1", told, who))));
    assertEquals(
        "unchanged",
        bank.run(CreditCommands.stripe(InMemoryLedger.USER, new CreditCommand.Introduce(who))));
    assertFalse(bank.documents.toString().contains("cus_1"), "the customer is noted");
    assertFalse(bank.documents.toString().contains("sub_1"), "the subscription is noted");
    assertEquals(List.of(), bank.audit());
  }

  private static Optional<String> obstacle(InMemoryLedger bank, Instant now) {
    return ErasedUser.obstacle(new Snapshot(OWNER, bank.documents.get(OWNER), now), now);
  }

  @Test
  void openHold_isAnObstacleUntilItExpires() {
    InMemoryLedger bank = told();
    assertEquals(Optional.empty(), obstacle(bank, bank.now));
    bank.hold("h", 5);
    Instant end = bank.now.plus(Duration.ofDays(1));
    assertEquals(Optional.of("holds_open"), obstacle(bank, bank.now));
    assertEquals(Optional.of("holds_open"), obstacle(bank, end.minusNanos(1_000)));
    assertEquals(Optional.empty(), obstacle(bank, end));
  }

  @Test
  void liveSubscription_isAnObstacle() {
    InMemoryLedger bank = told();
    bank.set(OWNER, Map.of(Users.STRIPE_SUBSCRIPTION_ID, "sub_1"));
    assertEquals(Optional.of("subscription_active"), obstacle(bank, bank.now));
    Map<String, Object> ended = new LinkedHashMap<>();
    ended.put("status", "canceled");
    ended.put("changed_at", bank.now);
    ended.put("change", "deleted");
    bank.set(
        OWNER,
        Map.of(
            Users.STRIPE_SUBSCRIPTION_ID,
            Write.REMOVED,
            Users.STRIPE_SUBSCRIPTIONS,
            Map.of("sub_1", ended)));
    assertEquals(Optional.empty(), obstacle(bank, bank.now));
  }
}
