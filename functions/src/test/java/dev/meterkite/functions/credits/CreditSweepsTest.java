package dev.meterkite.functions.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.backend.Budget;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** New users, the sweep of what is due, and the reconciliation, on the emulator. */
class CreditSweepsTest {
  private static final Instant START = Instant.parse("2026-03-10T10:00:00Z");

  private final MemoryStore memory = new MemoryStore();
  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final Backend backend =
      new Backend(
          MemoryStore.SETTINGS,
          memory,
          now::get,
          new Pauses(),
          Edge.of(MemoryStore.SETTINGS),
          Intake.of(MemoryStore.SETTINGS),
          Log.ofProcess(MemoryStore.SETTINGS));
  private final Credits credits = new Credits(backend, new CurrentPlans(backend));
  private final DueCredits due = new DueCredits(backend, credits);
  private final Reconciliation reconciliation = new Reconciliation(backend);

  private void set(DocRef ref, Map<String, Object> fields) {
    memory.commit(List.of(Mutation.replace(ref, fields))).join();
  }

  private Map<String, Object> read(DocRef ref) {
    return memory.read(List.of(ref)).join().get(0).fields();
  }

  private DocRef user(String id, String tier, long balance) {
    DocRef ref = CreditRefs.user(id);
    set(ref, Map.of("user_id", id, "tier", tier, "credits_balance", balance));
    return ref;
  }

  private DocRef job(String id, String user, String status) {
    DocRef ref = new DocRef("podcast_jobs", id);
    Map<String, Object> fields = new HashMap<>();
    fields.put("user_id", user);
    fields.put("status", status);
    fields.put("topic", "kites");
    fields.put("duration_min", 4L);
    fields.put("created_at", now.get());
    set(ref, fields);
    return ref;
  }

  private String payment(DocRef job) {
    return String.valueOf(((Map<?, ?>) read(job).getOrDefault("payment", Map.of())).get("status"));
  }

  private void grant(String user, long amount, Instant expiresAt) {
    assertEquals(
        200,
        credits
            .carryOut(
                CreditCommands.grant(
                    user, amount, TransactionType.PURCHASE, expiresAt, null, "k", "h"))
            .status());
  }

  @Test
  void newUser_getsTheLedgerAndTheMonthsCreditsOnce() {
    // A7, A18
    DocRef user = CreditRefs.user("u");
    Map<String, Object> fields = Map.of("user_id", "u", "tier", "enthu");
    set(user, fields);
    OnUserCreated trigger = new OnUserCreated(backend.intake(), credits);
    trigger.accept(FakeEvent.of(user, Map.of(), fields));
    trigger.accept(FakeEvent.of(user, Map.of(), fields));
    assertEquals(1_000L, read(user).get("credits_balance"));
    assertEquals(Instant.parse("2026-04-01T00:00:00Z"), read(user).get("ledger_due_at"));
    // A38: an update is none of its business, and a user who is gone needs nothing.
    trigger.accept(FakeEvent.of(user, fields, read(user)));
    trigger.accept(FakeEvent.of(CreditRefs.user("gone"), Map.of(), Map.of("user_id", "gone")));
    assertEquals(1L, ((Map<?, ?>) read(user).get("ledger")).get("sequence"));
  }

  @Test
  void whatIsDue_isAppliedOnce() {
    // A12, A23
    DocRef user = user("u", "payg", 0);
    grant("u", 50, START.plus(Duration.ofHours(2)));
    credits.carryOut(CreditCommands.hold("u", 20, null, Duration.ofHours(1), "k", "h"));
    assertEquals(0L, due.sweep().get("users_swept"), "nothing is due yet");
    now.set(START.plus(Duration.ofHours(1)));
    assertEquals(1L, due.sweep().get("users_swept"));
    assertEquals(0L, ((Map<?, ?>) read(user).get("ledger")).get("held"));
    // A month late, twice.
    now.set(START.plus(Duration.ofDays(31)));
    assertEquals(1L, due.sweep().get("users_swept"));
    assertEquals(0L, due.sweep().get("users_swept"));
    assertEquals(0L, read(user).get("credits_balance"));
    assertFalse(read(user).containsKey("ledger_due_at"));
  }

  @Test
  void sweep_goesThroughAllPages() {
    List<Mutation> users = new ArrayList<>();
    for (int i = 0; i < 230; i++) {
      users.add(
          Mutation.create(
              CreditRefs.user("u" + i),
              Map.of("user_id", "u" + i, "tier", "free", "ledger_due_at", START)));
    }
    memory.commit(users).join();
    Map<String, Object> stopped = new DueCredits(backend, credits, Duration.ZERO).sweep();
    assertEquals("0 true", stopped.get("users_swept") + " " + stopped.get("more"));
    Map<String, Object> swept = due.sweep();
    assertEquals(
        "230 0 false",
        swept.get("users_swept") + " " + swept.get("failed") + " " + swept.get("more"));
    assertEquals(10L, read(CreditRefs.user("u229")).get("credits_balance"));
  }

  @Test
  void jobWhoseEventWasLost_isFoundAndPaid() {
    DocRef user = user("u", "payg", 10);
    DocRef queued = job("queued", "u", "queued");
    DocRef completed = job("completed", "u", "completed");
    DocRef unknown = job("unknown", "u", "exploded");
    DocRef nobodys = job("nobodys", "a/b", "queued");
    assertEquals(0L, due.sweep().get("jobs_found"), "their events may still come");
    now.set(START.plus(DueCredits.PATIENCE));
    assertEquals(2L, due.sweep().get("jobs_found"));
    assertEquals("held captured", payment(queued) + " " + payment(completed));
    assertEquals("null null", payment(unknown) + " " + payment(nobodys));
    assertEquals(6L, read(user).get("credits_balance"));
    assertEquals(0L, due.sweep().get("jobs_found"));
    // The hold lapses, and then the job is due: the sweep notes it on the job.
    now.set(START.plus(Duration.ofDays(8)));
    assertEquals(1L, due.sweep().get("jobs_swept"));
    assertEquals("released", payment(queued));
  }

  private void change(DocRef job, String status) {
    memory
        .commit(
            List.of(
                Mutation.blind(job, Map.of("status", status, "updated_at", now.get()), Map.of())))
        .join();
  }

  /** An hour after a change of which no event came. */
  private void sweepAfterAnHour() {
    now.set(now.get().plus(Duration.ofHours(1)));
    due.sweep();
  }

  /**
   * A job that was looked at for the last time long after its creation, and then completed: no
   * search went by anything but the creation of jobs.
   */
  @ParameterizedTest
  @ValueSource(longs = {6, 8, 29, 31, 400})
  void lastEventOfAJobWhoseHoldLapsed_mayBeLost(long days) {
    user("u", "payg", 10);
    DocRef job = job("j", "u", "running");
    sweepAfterAnHour();
    assertEquals("held", payment(job));
    for (int day = 0; day < days; day++) {
      now.set(now.get().plus(Duration.ofDays(1)));
      due.sweep();
    }
    assertEquals(days < 7 ? "held" : "released", payment(job));
    change(job, "completed");
    sweepAfterAnHour();
    assertEquals("captured", payment(job));
    assertEquals(6L, read(CreditRefs.user("u")).get("credits_balance"));
    assertEquals(0L, due.sweep().get("jobs_found"));
  }

  /** The same of a job that was refused, and became failed by that, and went on nevertheless. */
  @Test
  void lastEventOfARefusedJob_mayBeLost() {
    user("u", "payg", 3);
    DocRef job = job("j", "u", "queued");
    sweepAfterAnHour();
    assertEquals("refused", payment(job));
    now.set(now.get().plus(Duration.ofDays(5)));
    due.sweep();
    grant("u", 1, null);
    change(job, "completed");
    sweepAfterAnHour();
    assertEquals("captured", payment(job));
    assertEquals(0L, read(CreditRefs.user("u")).get("credits_balance"));
  }

  /**
   * The payment has no room in such a job. The search for lost events began with it again every
   * hour, and read all jobs of thirty days.
   */
  @Test
  void jobThatIsFull_isCountedAndDoesNotHoldTheSearchUp() {
    user("u", "payg", 10);
    DocRef full = job("full", "u", "queued");
    Map<String, Object> fields = new HashMap<>(read(full));
    fields.put("research_plan", "x".repeat((1 << 20) - 260));
    set(full, fields);
    now.set(START.plus(DueCredits.PATIENCE));
    DocRef healthy = job("healthy", "u", "queued");
    now.set(now.get().plus(DueCredits.PATIENCE));
    Map<String, Object> swept = due.sweep();
    assertEquals("1 1", swept.get("jobs_found") + " " + swept.get("failed"));
    assertEquals("held null", payment(healthy) + " " + payment(full));
    assertEquals(
        now.get().minus(DueCredits.PATIENCE),
        read(new DocRef("sweeps", "expire-credits")).get("cursor"));
    now.set(now.get().plus(DueCredits.OVERLAP).plus(DueCredits.PATIENCE).plusSeconds(1));
    assertEquals(1L, due.sweep().get("failed"), "it is still within the overlap");
    now.set(now.get().plus(DueCredits.OVERLAP));
    assertEquals(0L, due.sweep().get("failed"));
  }

  @Test
  void soundLedgers_areFoundSound() {
    user("u", "payg", 100);
    credits.carryOut(CreditCommands.debit("u", 30, null, null, "a", "h"));
    credits.carryOut(CreditCommands.hold("u", 20, null, Duration.ofHours(1), "k", "h"));
    grant("u", 50, START.plus(Duration.ofHours(2)));
    user("without-ledger", "pro", 5);
    assertEquals(
        Map.of("users_checked", 2L, "users_busy", 0L, "mismatches", 0L, "more", false),
        reconciliation.walk());
  }

  @Test
  void changedTransaction_isNamedOnceAndNothingIsRepaired() {
    DocRef user = user("u", "payg", 100);
    for (int i = 0; i < 3; i++) {
      credits.carryOut(CreditCommands.debit("u", 10, null, null, "k" + i, "h"));
    }
    DocRef second = CreditCommands.debit("u", 10, null, null, "k1", "h").markers().get(0);
    Map<String, Object> tampered = new HashMap<>(read(second));
    tampered.put("amount", -1L);
    set(second, tampered);
    Snapshot before = memory.read(List.of(user)).join().get(0);
    assertEquals(1L, reconciliation.walk().get("mismatches"));
    DocRef alert = Alerts.ref(AlertType.LEDGER_MISMATCH, AlertSubject.user("u"), "audit at 3");
    assertTrue(String.valueOf(read(alert).get("message")).startsWith("user u, sequence 3: "));
    assertEquals("emergency", read(alert).get("severity"));
    Map<String, Object> acknowledged = new HashMap<>(read(alert));
    acknowledged.put("acknowledged", true);
    set(alert, acknowledged);
    assertEquals(1L, reconciliation.walk().get("mismatches"));
    assertEquals(acknowledged, read(alert), "the same finding is not told twice");
    assertEquals(before, memory.read(List.of(user)).join().get(0));
    assertEquals(tampered, read(second));
  }

  @Test
  void walk_goesOnWhereTheLastOneStopped() {
    for (String id : List.of("a", "b", "c", "d")) {
      user(id, "payg", 1);
    }
    DocRef sweep = new DocRef("sweeps", "reconcile-ledger");
    set(sweep, Map.of("cursor", "b"));
    assertEquals(2L, reconciliation.walk().get("users_checked"));
    assertFalse(read(sweep).containsKey("cursor"));
    assertEquals(now.get(), read(sweep).get("finished_at"));
    assertEquals(4L, reconciliation.walk().get("users_checked"));
    Map<String, Object> stopped = walk(backend, 0);
    assertEquals("0 true", stopped.get("users_checked") + " " + stopped.get("more"));
  }

  /** A walk whose budget lets it look at the clock so many times. */
  private static Map<String, Object> walk(Backend backend, int looks) {
    AtomicLong time = new AtomicLong();
    return new Reconciliation(
            backend,
            () ->
                new Budget(
                    Duration.ofNanos(looks + 1),
                    () -> Instant.EPOCH.plusNanos(time.getAndIncrement())))
        .walk();
  }

  @Test
  void userWhoseTimeIsOverInTheMiddle_isTheNextWalksFirst() {
    for (String id : List.of("a", "b", "c")) {
      user(id, "payg", 1);
    }
    DocRef sweep = new DocRef("sweeps", "reconcile-ledger");
    // The walk looks at the clock before a page of users, a user, and a page of its transactions.
    Map<String, Object> counts = walk(backend, 4);
    assertEquals(
        "1 0 true",
        counts.get("users_checked") + " " + counts.get("users_busy") + " " + counts.get("more"));
    assertEquals("a", read(sweep).get("cursor"), "b was begun and not finished");
    assertEquals(2L, reconciliation.walk().get("users_checked"));
  }

  @Test
  void userWhoTakesLongerThanAWholeWalk_doesNotStopTheOthers() {
    user("a", "payg", 1);
    user("b", "payg", 1);
    DocRef sweep = new DocRef("sweeps", "reconcile-ledger");
    Map<String, Object> counts = walk(backend, 2);
    assertEquals("1 1", counts.get("users_checked") + " " + counts.get("users_busy"));
    assertEquals("a", read(sweep).get("cursor"));
  }

  @Test
  void userWhoNeverKeepsStill_isJudgedByWhatItsStateKnows() {
    DocRef user = user("u", "payg", 100);
    for (int i = 0; i < 3; i++) {
      credits.carryOut(CreditCommands.debit("u", 1, null, null, "k" + i, "h"));
    }
    AtomicInteger debits = new AtomicInteger();
    MeteredStore store =
        new MeteredStore(memory) {
          @Override
          public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
            if (refs.contains(user)) {
              String key = "moving" + debits.getAndIncrement();
              credits.carryOut(CreditCommands.debit("u", 1, null, null, key, "h"));
            }
            return super.read(refs);
          }
        };
    Backend moving = backend.with(store);
    assertEquals(
        Map.of("users_checked", 1L, "users_busy", 1L, "mismatches", 0L, "more", false),
        new Reconciliation(moving).walk());
    assertEquals(3, debits.get(), "a debit between every two readings");
    DocRef second = CreditCommands.debit("u", 1, null, null, "k1", "h").markers().get(0);
    Map<String, Object> tampered = new HashMap<>(read(second));
    tampered.put("amount", -2L);
    set(second, tampered);
    assertEquals(1L, new Reconciliation(moving).walk().get("mismatches"));
    assertEquals(91L, read(user).get("credits_balance"));
  }
}
