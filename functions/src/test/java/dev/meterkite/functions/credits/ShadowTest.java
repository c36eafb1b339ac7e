package dev.meterkite.functions.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.journal.StatementPage;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Shadow mode beside live mode: the same documents, the same commands, and no writes. */
class ShadowTest {
  private static final List<String> COLLECTIONS =
      List.of(
          "users",
          "credit_transactions",
          "credit_holds",
          "idempotency_keys",
          "podcast_jobs",
          "model_router_alerts",
          "alert_states",
          "sweeps");
  private static final int SEEDS = Boolean.getBoolean("meterkite.deep") ? 200 : 8;
  private static final int COMMANDS = 16;

  private final MemoryStore live = new MemoryStore();
  private final MemoryStore copy = new MemoryStore();
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final Log log =
      new Log(
          Optional.empty(), Instant::now, new PrintStream(printed, true, StandardCharsets.UTF_8));
  private Instant now = Instant.parse("2026-03-10T10:00:00Z");
  private Instant real = MemoryStore.WRITTEN.plus(Duration.ofHours(1));
  private final Shadow shadow = new Shadow(copy, () -> real, log);
  private final Credits liveCredits =
      new Credits(backend(live, "live"), new CurrentPlans(backend(live, "live")));
  private final Backend shadowBackend = backend(shadow, "shadow");
  private final Credits shadowCredits = new Credits(shadowBackend, new CurrentPlans(shadowBackend));

  private Backend backend(Store store, String mode) {
    Map<String, String> variables = new HashMap<>();
    variables.put("CREDITS_MODE", mode);
    variables.put("LOG_FORMAT", "jul");
    Settings settings = new Settings(variables);
    return new Backend(
        settings, store, () -> now, new Pauses(), Edge.of(settings), Intake.of(settings), log);
  }

  private static Map<DocRef, Snapshot> documents(MemoryStore store) {
    Map<DocRef, Snapshot> all = new LinkedHashMap<>();
    for (String collection : COLLECTIONS) {
      store
          .find(Query.of(collection, 1_000))
          .join()
          .forEach(document -> all.put(document.ref(), document));
    }
    return all;
  }

  /** Both as the live one is now. */
  private void level() {
    List<Mutation> all = new ArrayList<>();
    documents(live).forEach((ref, one) -> all.add(Mutation.replace(ref, one.fields())));
    copy.commit(all).join();
  }

  private void set(MemoryStore store, DocRef ref, Map<String, Object> fields) {
    store.commit(List.of(Mutation.replace(ref, fields))).join();
  }

  private void user(String id, Map<String, Object> fields) {
    Map<String, Object> all = new HashMap<>(fields);
    all.put("user_id", id);
    set(live, CreditRefs.user(id), all);
    level();
  }

  private static Map<String, Object> job(String user, String status) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("user_id", user);
    fields.put("status", status);
    fields.put("topic", "kites");
    fields.put("duration_min", 10L);
    fields.put("created_at", Instant.parse("2026-03-10T09:00:00Z"));
    return fields;
  }

  private static Command<CreditCommand> debit(String user, long amount, String key) {
    return CreditCommands.debit(user, amount, null, null, key, "hash-" + amount);
  }

  private long lines(String message) {
    return printed
        .toString(StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.contains('"' + message + '"'))
        .count();
  }

  private String said() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  // The same answers, and nothing written.

  /**
   * Every command after a random history is answered as in live mode, byte for byte but for the
   * transactions in a statement.
   */
  @Test
  void anyCommandAfterAnyHistory_isAnsweredAsLiveAndChangesNoDocument() {
    int answered = 0;
    int refused = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      String user = "user-" + seed;
      user(user, Map.of("tier", "pro", "credits_balance", (long) random.nextInt(60)));
      for (int i = 0; i < COMMANDS; i++) {
        now = now.plus(Duration.ofMinutes(random.nextInt(3_000)));
        level();
        String key = "key-" + random.nextInt(COMMANDS);
        long seedOfCommand = random.nextLong();
        Map<DocRef, Snapshot> before = documents(copy);
        Answer shadowed = play(shadowCredits, copy, user, key, new Random(seedOfCommand));
        String where = "seed " + seed + ", command " + i;
        assertEquals(before, documents(copy), where);
        Answer lived = play(liveCredits, live, user, key, new Random(seedOfCommand));
        assertEquals(lived.status(), shadowed.status(), where + "\n" + lived + "\n" + shadowed);
        assertEquals(figures(lived), figures(shadowed), where);
        answered += lived.status() == 200 ? 1 : 0;
        refused += lived.status() != 200 ? 1 : 0;
      }
    }
    assertTrue(answered >= SEEDS * 4 && refused >= SEEDS, answered + " " + refused);
  }

  /**
   * A statement has applied what was due; its list has what was committed, which here is nothing.
   */
  private static String figures(Answer answer) {
    return answer.body().replaceFirst(",\"transactions\":.*", "");
  }

  private Answer play(Credits credits, MemoryStore store, String user, String key, Random random) {
    long amount = 1L + random.nextInt(30);
    String hash = "hash-" + amount;
    return switch (random.nextInt(7)) {
      case 0, 1 -> credits.carryOut(debit(user, amount, key));
      case 2 ->
          credits.carryOut(
              CreditCommands.grant(
                  user,
                  amount,
                  TransactionType.PURCHASE,
                  random.nextBoolean() ? null : now.plus(Duration.ofDays(1)),
                  null,
                  key,
                  hash));
      case 3 ->
          credits.carryOut(
              CreditCommands.hold(
                  user,
                  amount,
                  random.nextBoolean() ? null : "job-" + random.nextInt(4),
                  Duration.ofHours(20),
                  key,
                  hash));
      case 4 ->
          credits.settle(any(store, "credit_holds", random), random.nextBoolean(), null, key, "h");
      case 5 -> credits.refund(any(store, "credit_transactions", random), null, "why", key, "h");
      default ->
          credits.statement(
              new Statements.Request(user, 50, null, null, StatementPage.Position.START));
    };
  }

  private static String any(MemoryStore store, String collection, Random random) {
    List<Snapshot> found = store.find(Query.of(collection, 100)).join();
    return found.isEmpty() ? "none" : found.get(random.nextInt(found.size())).ref().id();
  }

  @Test
  void repeat_isReplayedAndOtherBodyConflicts_asLive() {
    user("u", Map.of("tier", "payg", "credits_balance", 100L));
    Answer first = shadowCredits.carryOut(debit("u", 60, "k"));
    assertEquals(200, first.status());
    assertEquals(first.body(), shadowCredits.carryOut(debit("u", 60, "k")).body());
    assertEquals(409, shadowCredits.carryOut(debit("u", 61, "k")).status());
    // Decided on the state as read: what was answered before has changed nothing.
    assertEquals(200, shadowCredits.carryOut(debit("u", 60, "k2")).status());
  }

  @Test
  void nextDecision_seesWhatTheOlderSystemWroteMeanwhile() {
    user("u", Map.of("tier", "payg", "credits_balance", 100L));
    assertEquals(200, shadowCredits.carryOut(debit("u", 60, "a")).status());
    set(copy, CreditRefs.user("u"), Map.of("user_id", "u", "credits_balance", 40L));
    assertEquals(402, shadowCredits.carryOut(debit("u", 60, "b")).status());
  }

  @Test
  void triggersAndSweeps_writeNothingEither() {
    user("new", Map.of("tier", "pro"));
    user("u", Map.of("tier", "payg", "credits_balance", 100L));
    set(copy, new DocRef("podcast_jobs", "j"), job("u", "queued"));
    Map<DocRef, Snapshot> before = documents(copy);
    assertEquals(Handled.Verdict.DONE, shadowCredits.openLedger("new").verdict());
    assertEquals(Handled.Verdict.DONE, shadowCredits.payFor("j", null).verdict());
    assertEquals(
        "{users_swept=0, jobs_swept=0, jobs_found=0, payments_swept=0, failed=0, more=false}",
        new DueCredits(shadowBackend, shadowCredits).sweep().toString());
    new Reconciliation(shadowBackend).walk();
    assertEquals(before, documents(copy));
    assertEquals(0, shadow.compared(), "a job that is held has no end to compare");
  }

  // What is compared.

  private Handled ended(String id, String status, Map<String, Object> more, long... charged) {
    Map<String, Object> fields = job("u", status);
    fields.putAll(more);
    set(copy, new DocRef("podcast_jobs", id), fields);
    for (int i = 0; i < charged.length; i++) {
      set(
          copy,
          new DocRef("credit_transactions", id + "-" + i),
          Map.of("user_id", "u", "job_id", id, "amount", charged[i], "created_at", now));
    }
    return shadowCredits.payFor(id, null);
  }

  @Test
  void endedJobs_areComparedWithWhatTheOlderSystemCharged() {
    user("u", Map.of("tier", "pro", "credits_balance", 1_000L));
    ended("same", "completed", Map.of(), -10);
    ended("partly-refunded", "completed", Map.of("credits_actual", 7L), -10, 3);
    ended("failed-unpaid", "failed", Map.of());
    ended("failed-refunded", "failed", Map.of(), -10, 10);
    assertEquals(4, lines("shadow_agreement"), this::said);
    assertEquals(0, shadow.differences());

    ended("not-charged", "completed", Map.of());
    ended("wrong-price", "completed", Map.of("quality", "hd"), -10);
    ended("failed-but-paid", "failed", Map.of(), -10);
    ended("charged-twice", "completed", Map.of(), -10, -10);
    ended("too-long", "queued", Map.of("duration_min", 31L), -31);
    assertEquals(5, lines("shadow_difference"), this::said);
    assertEquals(5, shadow.differences());
    assertEquals(9, shadow.compared());
    assertTrue(
        said().contains("\"job_id\":\"wrong-price\"")
            && said().contains("\"would_charge\":15")
            && said().contains("\"charged\":10"),
        this::said);

    ended("wrong-price", "completed", Map.of("quality", "hd"), -10);
    assertEquals(5, shadow.differences(), "the event came twice");
  }

  @Test
  void jobThatHasJustEnded_waitsForTheOlderSystem() {
    user("u", Map.of("tier", "pro", "credits_balance", 1_000L));
    real = MemoryStore.WRITTEN;
    assertEquals(Handled.Verdict.LATER, ended("j", "completed", Map.of()).verdict());
    assertEquals(0, shadow.compared());
    assertEquals(Handled.Verdict.DONE, ended("j", "completed", Map.of(), -10).verdict());
    assertEquals(1, lines("shadow_agreement"), this::said);
    assertEquals(Handled.Verdict.LATER, ended("k", "completed", Map.of(), -11).verdict());
    real = real.plus(Shadow.SETTLING).plusSeconds(5);
    assertEquals(Handled.Verdict.DONE, shadowCredits.payFor("k", null).verdict());
    assertEquals(1, lines("shadow_difference"), this::said);
  }

  @Test
  void ledgerBesideABalanceThatMovedOn_isADifference() {
    user("u", Map.of("tier", "payg", "credits_balance", 100L));
    liveCredits.carryOut(debit("u", 10, "live"));
    level();
    Map<String, Object> moved = new HashMap<>(documents(copy).get(CreditRefs.user("u")).fields());
    moved.put("credits_balance", 70L);
    set(copy, CreditRefs.user("u"), moved);
    Answer answer = shadowCredits.carryOut(debit("u", 60, "k"));
    assertTrue(answer.body().contains("\"balance\":10"), answer::body);
    assertEquals(1, lines("shadow_difference"), this::said);
    assertTrue(said().contains("credits_balance was 70 beside a ledger of 90"), this::said);
  }
}
