package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.RefusedCommand;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What callers may rely on, tried on every store. */
abstract class GroupCommitContract {
  private static final DocRef POT = new DocRef(Account.POTS, "pot");
  private Instant real = Instant.parse("2026-02-01T00:00:00Z");
  private Instant domain = Instant.parse("2026-01-31T23:59:59.123456789Z");
  GroupCommit<Account, Account.Change> engine;

  abstract Store store();

  abstract Turns turns();

  abstract <T> T await(CompletableFuture<T> call);

  /** Round trips so far: reads, queries and commits. */
  abstract long roundTrips();

  @BeforeEach
  void openAccounts() {
    engine = engine(Limits.DEFAULT);
    await(
        store()
            .commit(
                List.of(
                    Mutation.create(Account.ref("a"), Map.of("balance", 100L, "foreign", "kept")),
                    Mutation.create(Account.ref("b"), Map.of("balance", 100L)),
                    Mutation.create(Account.TAKEN, Map.of("n", 0L)))));
  }

  private GroupCommit<Account, Account.Change> engine(Limits limits) {
    return new GroupCommit<>(
        Account.RULES,
        store(),
        turns(),
        () -> domain,
        () -> real,
        new Random(1),
        limits,
        String::valueOf);
  }

  Reply call(Command<Account.Change> command) {
    return await(engine.submit(command));
  }

  Account account(String id) {
    return Account.RULES.decode(read(Account.ref(id)));
  }

  private Snapshot read(DocRef ref) {
    return await(store().read(List.of(ref))).get(0);
  }

  private static void refused(Account.Refusal outcome, Reply reply) {
    assertEquals(outcome, assertInstanceOf(Reply.Refused.class, reply).outcome());
  }

  private static Reply.Answered answered(Reply reply) {
    return assertInstanceOf(Reply.Answered.class, reply);
  }

  @Test
  void knownAccount_changesInOneRoundTrip() {
    call(Account.change("a", "first", -1));
    long before = roundTrips();
    assertEquals(
        "{sequence=2, balance=89, amount=-10}",
        answered(call(Account.change("a", "second", -10))).json());
    assertEquals(1, roundTrips() - before);
    assertEquals("kept", read(Account.ref("a")).fields().get("foreign"));
  }

  @Test
  void accountThatTheCommandBrings_isNotReadAgain() {
    Snapshot seen = read(Account.ref("a"));
    long before = roundTrips();
    answered(call(Account.changeOf(seen, "first", -10)));
    assertEquals(1, roundTrips() - before);
    // What was seen is not true any more: the commit fails, and it is decided on what is.
    answered(await(engine(Limits.DEFAULT).submit(Account.changeOf(seen, "second", -10))));
    assertEquals(80, account("a").balance());
    refused(
        Account.Refusal.INSUFFICIENT,
        await(engine(Limits.DEFAULT).submit(Account.changeOf(seen, "third", -90))));
  }

  @Test
  void repeat_isAnsweredByteForByte_whoeverIsAsked() {
    Command<Account.Change> debit = Account.change("a", "key", -10);
    String first = answered(call(debit)).json();
    for (GroupCommit<Account, Account.Change> each : List.of(engine, engine(Limits.DEFAULT))) {
      Reply.Answered again = answered(await(each.submit(debit)));
      assertTrue(again.replayed());
      assertEquals(first, again.json());
    }
    assertEquals(90, account("a").balance());
  }

  @Test
  void repeatOfADebitThatSpentEverything_isReplayedNotRefused() {
    Command<Account.Change> debit = Account.change("a", "key", -100);
    answered(call(debit));
    assertTrue(answered(await(engine(Limits.DEFAULT).submit(debit))).replayed());
  }

  @Test
  void sameKeyWithAnotherBody_isAConflict() {
    call(Account.change("a", "key", -10));
    assertInstanceOf(Reply.Conflict.class, call(Account.change("a", "key", -11)));
    assertInstanceOf(
        Reply.Conflict.class,
        await(engine(Limits.DEFAULT).submit(Account.change("a", "key", -11))));
    answered(call(Account.change("b", "key", -11)));
    assertEquals(90, account("a").balance());
  }

  @Test
  void refusedKey_staysRefusedForMinutes_withTheFiguresOfTheMoment() {
    Command<Account.Change> debit = Account.change("a", "key", -150);
    refused(Account.Refusal.INSUFFICIENT, call(debit));
    answered(call(Account.change("a", "top-up", 100)));
    Reply.Refused again = assertInstanceOf(Reply.Refused.class, call(debit));
    assertEquals(200L, again.figures().get("balance"));
    assertInstanceOf(Reply.Conflict.class, call(Account.change("a", "key", -1)));
    real = real.plus(Limits.DEFAULT.refusedFor()).plusSeconds(1);
    assertEquals(
        "{sequence=2, balance=50, amount=-150}",
        answered(await(engine(Limits.DEFAULT).submit(debit))).json());
    assertEquals(1, CommitLog.of(read(Account.ref("a"))).refused().size() + 1, "the ring forgot");
  }

  @Test
  void refusal_leavesNothingButItsEntry() {
    Account before = account("a");
    refused(Account.Refusal.INSUFFICIENT, call(Account.change("a", "key", -101, POT, false)));
    assertEquals(before, account("a"));
    assertEquals(1, CommitLog.of(read(Account.ref("a"))).refused().size());
    assertTrue(!read(POT).exists() && !read(Account.COUNTER).exists());
  }

  /** Whoever looks at the owner sees the last ten; that costs no commit more. */
  @Test
  void lastRefusals_areKeptWithTheirFigures_inTheCommitOfTheRefusal() {
    call(Account.change("a", "first", -1));
    long revision = CommitLog.of(read(Account.ref("a"))).revision();
    for (int i = 0; i <= CommitLog.MOST_LAST; i++) {
      domain = domain.plusSeconds(1);
      refused(Account.Refusal.INSUFFICIENT, call(Account.change("a", "r" + i, -101 - i)));
      assertEquals(++revision, CommitLog.of(read(Account.ref("a"))).revision());
    }
    assertEquals(List.of(), refusals(), "no document besides");
    refused(Account.Refusal.INSUFFICIENT, call(Account.change("a", "r3", -104)));
    List<RefusedCommand> last = CommitLog.of(read(Account.ref("a"))).last();
    assertEquals(CommitLog.MOST_LAST, last.size(), "a repeat is no further refusal");
    assertEquals(
        List.of("INSUFFICIENT"), last.stream().map(RefusedCommand::code).distinct().toList());
    RefusedCommand newest = last.get(last.size() - 1);
    assertEquals(Map.of("balance", 99L, "sequence", 1L), newest.figures());
    assertEquals(domain.truncatedTo(ChronoUnit.MICROS), newest.at());
    assertTrue(last.get(0).at().isBefore(last.get(1).at()), "the oldest first");
    answered(call(Account.change("a", "second", -1)));
    assertEquals(last, CommitLog.of(read(Account.ref("a"))).last(), "they outlive other commits");
  }

  @Test
  void refusalThatNothingCanFollow_isNotRemembered() {
    refused(Account.Refusal.NO_ACCOUNT, call(Account.change("new", "key", 1)));
    await(store().commit(List.of(Mutation.create(Account.ref("new"), Map.of("balance", 0L)))));
    answered(call(Account.change("new", "key", 1)));
  }

  @Test
  void staleState_neverRefuses() {
    call(Account.change("a", "key", -100));
    await(engine(Limits.DEFAULT).submit(Account.change("a", "top-up", 50)));
    answered(call(Account.change("a", "another", -50)));
  }

  @Test
  void c26_refusalsBeyondTheRing_areRememberedInDocumentsOfTheirOwn() {
    engine = engine(ringOf(2));
    List<String> keys = List.of("one", "two", "three", "four", "five");
    keys.forEach(
        key -> refused(Account.Refusal.INSUFFICIENT, call(Account.change("a", key, -101))));
    assertEquals(2, CommitLog.of(read(Account.ref("a"))).refused().size());
    assertEquals(3, refusals().size());
    Snapshot refusal = read(Refusals.ref(Account.change("a", "five", -101)));
    assertEquals("INSUFFICIENT", refusal.fields().get("code"));
    assertEquals(real.plus(Duration.ofMinutes(4)), refusal.fields().get("expire_at"));
    answered(call(Account.change("a", "top-up", 100)));
    for (GroupCommit<Account, Account.Change> each : List.of(engine, engine(ringOf(2)))) {
      for (String key : keys) {
        Reply.Refused again =
            assertInstanceOf(
                Reply.Refused.class, await(each.submit(Account.change("a", key, -101))));
        assertEquals(200L, again.figures().get("balance"), "the figures of the moment");
        assertInstanceOf(Reply.Conflict.class, await(each.submit(Account.change("a", key, -1))));
      }
    }
    assertEquals(200, account("a").balance());
    real = real.plus(Limits.DEFAULT.refusedFor()).plusSeconds(1);
    refused(Account.Refusal.INSUFFICIENT, call(Account.change("a", "five", -201)));
    answered(call(Account.change("a", "three", -101)));
    assertEquals(99, account("a").balance(), "decided anew, though the documents are still there");
  }

  @Test
  void c26_oldRefusalBeyondTheRing_isWrittenOver() {
    engine = engine(ringOf(0));
    refused(Account.Refusal.INSUFFICIENT, call(Account.change("a", "key", -101)));
    real = real.plus(Limits.DEFAULT.refusedFor()).plusSeconds(1);
    refused(Account.Refusal.INSUFFICIENT, call(Account.change("a", "key", -102)));
    assertEquals(1, refusals().size());
    answered(call(Account.change("a", "top-up", 100)));
    assertInstanceOf(Reply.Conflict.class, call(Account.change("a", "key", -101)));
    refused(Account.Refusal.INSUFFICIENT, call(Account.change("a", "key", -102)));
  }

  /**
   * While refusals beyond the ring are young each command reads for them; then it costs nothing.
   */
  @Test
  void c26_overflow_costsReadsForMinutesOnly() {
    engine = engine(ringOf(0));
    refused(Account.Refusal.INSUFFICIENT, call(Account.change("a", "key", -101)));
    long before = roundTrips();
    answered(call(Account.change("a", "one", -1)));
    assertEquals(2, roundTrips() - before);
    real = real.plus(Limits.DEFAULT.refusedFor()).plusSeconds(1);
    call(Account.change("a", "two", -1));
    assertEquals(0, CommitLog.of(read(Account.ref("a"))).overflow(), "forgotten");
    before = roundTrips();
    answered(call(Account.change("a", "three", -1)));
    assertEquals(1, roundTrips() - before);
  }

  private List<Snapshot> refusals() {
    return await(
            store().find(dev.meterkite.model.document.Query.of(IdempotencyKeys.COLLECTION, 100)))
        .stream()
        .filter(each -> each.fields().containsKey("code"))
        .toList();
  }

  private static Limits ringOf(int refused) {
    Limits usual = Limits.DEFAULT;
    return new Limits(
        usual.commands(),
        usual.bytes(),
        usual.attempts(),
        usual.life(),
        usual.waiting(),
        usual.documents(),
        usual.cacheAge(),
        refused,
        usual.refusedFor());
  }

  @Test
  void waitingCommands_leaveTogether() {
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    long before = roundTrips();
    for (int i = 0; i < 300; i++) {
      replies.add(engine.submit(Account.change("a", "key" + i, 1)));
    }
    replies.forEach(reply -> answered(await(reply)));
    assertEquals(400, account("a").balance());
    assertTrue(roundTrips() - before <= 50, "round trips: " + (roundTrips() - before));
  }

  @Test
  void sameKeyAtOnce_appliesOnceAndReplays() {
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      replies.add(engine.submit(Account.change("a", "same", -10)));
    }
    long replays = replies.stream().filter(reply -> answered(await(reply)).replayed()).count();
    assertEquals(19, replays);
    assertEquals(90, account("a").balance());
  }

  @Test
  void commandWithoutAKey_leavesNoMarker() {
    answered(call(Account.change("a", null, 5)));
    answered(call(Account.change("a", null, 5)));
    assertEquals(110, account("a").balance());
    assertTrue(
        await(store().find(dev.meterkite.model.document.Query.of(IdempotencyKeys.COLLECTION, 10)))
            .isEmpty());
  }

  @Test
  void commandWithoutADocumentOfItsOwn_leavesAMarkerThatExpires() {
    Command<Account.Change> command = Account.change("a", "key-o", 5);
    String json = answered(call(command)).json();
    Map<String, Object> marker = read(command.markers().get(0)).fields();
    assertEquals(json, marker.get("answer"));
    assertEquals("accounts/a", marker.get("owner"));
    assertEquals(Instant.parse("2026-03-02T23:59:59.123456Z"), marker.get("expire_at"), "30 days");
  }

  @Test
  void sideDocument_isSeenAndWrittenByEachOfABatch() {
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      replies.add(engine.submit(Account.change("a", "a" + i, 1, POT, i % 2 == 0)));
      replies.add(engine.submit(Account.change("b", "b" + i, 1, POT, i % 2 == 1)));
    }
    replies.forEach(reply -> answered(await(reply)));
    assertEquals(80L, read(POT).fields().get("total"));
    assertEquals(80L, read(Account.COUNTER).fields().get("applied"));
  }

  @Test
  void twoProcessesOnOneDocument_loseNothing() {
    GroupCommit<Account, Account.Change> other = engine(Limits.DEFAULT);
    List<CompletableFuture<Reply>> replies = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      replies.add(engine.submit(Account.change("a", "one" + i, 1)));
      replies.add(other.submit(Account.change("a", "two" + i, 1)));
    }
    replies.forEach(reply -> answered(await(reply)));
    assertEquals(300, account("a").balance());
    assertEquals(200, account("a").sequence());
  }

  @Test
  void offenderInABatch_standsAloneInTheEnd() {
    for (Account.Flaw flaw :
        List.of(Account.Flaw.INVALID, Account.Flaw.COLLIDES, Account.Flaw.THROWS)) {
      List<CompletableFuture<Reply>> good = new ArrayList<>();
      CompletableFuture<Reply> bad = null;
      for (int i = 0; i < 30; i++) {
        good.add(engine.submit(Account.change("a", flaw + "" + i, 1)));
        if (i == 17) {
          bad = engine.submit(Account.flawed("a", "bad" + flaw, flaw));
        }
      }
      good.forEach(reply -> answered(await(reply)));
      CompletableFuture<Reply> offender = bad;
      if (flaw == Account.Flaw.COLLIDES) {
        assertInstanceOf(Reply.Unavailable.class, await(offender));
      } else {
        assertThrows(CompletionException.class, () -> await(offender));
      }
    }
    assertEquals(190, account("a").balance());
  }

  @Test
  void clockThatGoesBack_doesNotTakeTheStateBack() {
    call(Account.change("a", "one", 1));
    domain = domain.minusSeconds(60);
    call(Account.change("a", "two", 1));
    assertEquals(
        Instant.parse("2026-01-31T23:59:59.123456Z"), CommitLog.of(read(Account.ref("a"))).at());
  }

  @Test
  void commandOlderThanItsLife_isNotStartedAgain() {
    CompletableFuture<Reply> first = engine.submit(Account.change("a", "one", 1));
    CompletableFuture<Reply> second = engine.submit(Account.change("a", "two", 1));
    real = real.plus(Limits.DEFAULT.life()).plusSeconds(1);
    await(first);
    assertInstanceOf(Reply.Unavailable.class, await(second));
  }
}
