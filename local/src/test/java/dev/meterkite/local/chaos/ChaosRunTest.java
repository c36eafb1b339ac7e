package dev.meterkite.local.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.local.chaos.FaultPlan.Fault;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A40: what functions have acknowledged is there, once, whatever happens to their processes, their
 * connection, their events and their clock; and the audit sees what is wrong. Here for a minute in
 * all; {@code -Dmeterkite.deep=true} plays five minutes, {@code -Dmeterkite.seed=N} another plan.
 */
class ChaosRunTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final int MINUTE = 60;

  /** Some ten seconds of play, with start, sweeps and audit half a minute. */
  private static final int OPERATIONS = 1_000;

  /** By this one the first process is killed after two seconds. */
  private static final long SEED = Long.getLong("meterkite.seed", 1_358);

  private static final Set<String> KILLINGS = Set.of("one", "all", "terminated");

  /** What comes up in any play of that length; users who register are one step of a hundred. */
  private static final Set<String> KINDS =
      Set.of(
          "debit-credits",
          "grant-credits",
          "hold-credits",
          "podcast_jobs",
          "record-usage",
          "refund-credits",
          "reserve-quota",
          "settle-hold");

  @TempDir Path folder;

  @Test
  void booksBalanceAfterChaos_andDamageIsFound() throws Exception {
    Path table = Path.of("").toAbsolutePath().getParent().resolve("functions.tsv");
    ChaosOptions options =
        ChaosOptions.DEFAULTS
            .lasting(5 * MINUTE, DEEP ? 0 : OPERATIONS)
            .seeded(SEED)
            .sized(3, 24, 30, 10);
    PrintStream out = System.out;
    try (ChaosRun run = new ChaosRun(options, table, folder.resolve("work"), out)) {
      run.play();
      assertEquals(List.of(), run.settle(), "seed " + SEED);
      assertTrue(run.journal().total() >= OPERATIONS, "operations " + run.journal().total());
      assertTrue(run.disturbed().keySet().stream().anyMatch(KILLINGS::contains), "no process died");
      assertTrue(run.relays().opened() > 0, "no process handed over");
      assertTrue(!DEEP || run.relays().hostsKilled() > 0, "no host was killed");
      Set<String> missing = new HashSet<>(KINDS);
      missing.removeAll(run.journal().applied().keySet());
      assertEquals(Set.of(), missing);
      assertTrue(run.met().entrySet().stream().anyMatch(ChaosRunTest::isFault), "no call failed");
      Damage damage = new Damage(run);
      damage.toCredits();
      damage.toCounters();
      damage.toAlerts();
    }
  }

  private static boolean isFault(Map.Entry<Fault, Long> met) {
    return met.getKey() != Fault.NONE && met.getValue() > 0;
  }

  /** Planted one by one in what was read; each must be found, and named. */
  private static final class Damage {
    private final Journal journal;

    /** What was read, once. */
    private final DamagedDocuments intact;

    Damage(ChaosRun run) {
      this.journal = run.journal();
      this.intact = new DamagedDocuments(run.store());
    }

    private void isFound(
        String what,
        BiFunction<DamagedDocuments, Journal, Audit> check,
        String named,
        Consumer<DamagedDocuments> damage) {
      DamagedDocuments documents = new DamagedDocuments(intact);
      damage.accept(documents);
      List<String> findings = check.apply(documents, journal).findings();
      assertTrue(
          findings.stream().anyMatch(finding -> finding.contains(named)),
          () -> what + " is not found: " + named + " in " + findings);
    }

    private Snapshot first(String collection, Predicate<Snapshot> wanted) {
      return intact.of(collection).values().stream().filter(wanted).findFirst().orElseThrow();
    }

    private static Audit credits(DamagedDocuments documents, Journal journal) {
      return Audit.ofCredits(documents, journal);
    }

    private static Audit counters(DamagedDocuments documents, Journal journal) {
      return Audit.ofCounters(documents, journal);
    }

    void toCredits() {
      Snapshot debit =
          first(
              "credit_transactions",
              each ->
                  "deduction".equals(each.fields().get("type"))
                      && journal.operations.containsKey(each.ref().id()));
      String id = debit.ref().id();
      isFound(
          "a lost debit",
          Damage::credits,
          id + ": acknowledged and lost",
          all -> all.of("credit_transactions").remove(id));
      isFound(
          "a doubled debit",
          Damage::credits,
          "credit_transactions/twice: belongs to no operation",
          all -> all.put(new DocRef("credit_transactions", "twice"), debit.fields()));
      isFound(
          "a balance below zero",
          Damage::credits,
          debit.ref() + ": leaves a balance below zero",
          all -> all.set(debit, -1L, "balance_after"));
      isFound(
          "another amount",
          Damage::credits,
          debit.ref() + ": is -1000",
          all -> all.set(debit, -1_000L, "amount"));
      Journal.Operation applied = journal.operations.get(id);
      journal.operations.put(
          id,
          new Journal.Operation(
              applied.function(),
              applied.owner(),
              applied.amount(),
              Outcome.REFUSED,
              null,
              applied.begun(),
              applied.ended()));
      if (!journal.isForgotten(applied)) {
        isFound("a refused debit", Damage::credits, id + ": refused and applied", all -> {});
      }
      journal.operations.put(id, applied);
      toOwnEntries();
      toHoldsAndUsers();
    }

    private void toOwnEntries() {
      Snapshot opening =
          first(
              "credit_transactions", each -> "admin_adjustment".equals(each.fields().get("type")));
      isFound(
          "an adjustment without reason",
          Damage::credits,
          "there is no reason for",
          all -> all.set(opening, 1L, "amount"));
      Snapshot capture =
          first(
              "credit_transactions",
              each ->
                  journal.operations.containsKey(each.ref().id())
                      && journal.operations.get(each.ref().id()).function().equals("settle-hold"));
      String id = capture.ref().id();
      isFound(
          "a capture that was released",
          Damage::credits,
          id + ": released or captured",
          all -> all.put(new DocRef("idempotency_keys", id), Map.of("operation", "settle-hold")));
    }

    private void toHoldsAndUsers() {
      Snapshot hold = first("credit_holds", each -> true);
      isFound(
          "an open hold",
          Damage::credits,
          hold.ref() + ": is still open",
          all -> all.set(hold, "held", "status"));
      Snapshot user = first("users", each -> each.fields().get("ledger") != null);
      isFound(
          "a changed balance",
          Damage::credits,
          user.ref().toString(),
          all -> all.set(user, 77_777L, "credits_balance"));
      Snapshot job = first("podcast_jobs", each -> true);
      isFound(
          "an unpaid job",
          Damage::credits,
          job.ref().toString(),
          all -> all.set(job, "held", "payment", "status"));
      Snapshot completed =
          first(
              "podcast_jobs",
              each ->
                  journal.jobs.get(each.ref().id()) != null
                      && "completed".equals(journal.jobs.get(each.ref().id()).status()));
      isFound(
          "a job unpaid without reason",
          Damage::credits,
          completed.ref() + ": is completed",
          all -> all.set(completed, Map.of("status", "unpaid"), "payment"));
      Snapshot paid =
          first(
              "podcast_jobs",
              each ->
                  each.fields().get("payment") instanceof Map<?, ?> payment
                      && "captured".equals(payment.get("status")));
      isFound(
          "a job at another price",
          Damage::credits,
          paid.ref() + ": is completed",
          all -> all.set(paid, 99L, "duration_min"));
    }

    void toCounters() {
      Snapshot record =
          first("usage_tracking", each -> journal.records.containsKey(each.ref().id()));
      String id = record.ref().id();
      isFound(
          "a lost record",
          Damage::counters,
          id + ": acknowledged and lost",
          all -> all.of("usage_tracking").remove(id));
      isFound(
          "a doubled record",
          Damage::counters,
          "usage_tracking/twice: was asked for by nobody",
          all -> all.put(new DocRef("usage_tracking", "twice"), record.fields()));
      isFound(
          "a record that was not counted",
          Damage::counters,
          id + ": was never counted",
          all -> all.of("usage_counts").remove(id));
      Snapshot counts = first("usage_counts", each -> each.ref().id().equals(id));
      isFound(
          "a record counted for another",
          Damage::counters,
          counts.ref() + ": counts somebody ",
          all -> all.set(counts, List.of(elsewhere(counts)), "parts"));
      Snapshot customer =
          first("customers", each -> each.fields().get("total_scenes_generated") != null);
      isFound(
          "a wrong counter",
          Damage::counters,
          customer.ref() + ": total_scenes_generated",
          all -> all.set(customer, 1_000_000L, "total_scenes_generated"));
      // Which of them has a scene that was counted in its own month depends on the clock's moves.
      isFound(
          "quotas at whose end nobody was told",
          Damage::counters,
          ": nobody was told of usage_quota_exhausted",
          all -> {
            for (Snapshot each : List.copyOf(all.of("customers").values())) {
              if (each.fields().get("monthly_scene_quota") != null) {
                all.set(each, 1L, "monthly_scene_quota");
              }
            }
            all.of("model_router_alerts").clear();
          });
      Snapshot summary = first("usage_summaries", each -> true);
      isFound(
          "a summary without its days",
          Damage::counters,
          String.valueOf(summary.fields().get("month")),
          all -> all.set(summary, Map.of(), "days"));
      Snapshot quota =
          first("model_quotas", each -> World.PROVIDER.equals(each.fields().get("provider")));
      isFound(
          "a wrong quota",
          Damage::counters,
          quota.ref() + ": 999 tokens",
          all -> all.set(quota, 999L, "windows", "month", "tokens_used"));
      isFound(
          "a quota that was passed",
          Damage::counters,
          quota.ref() + ": 9999999 tokens used of 7",
          all -> {
            all.set(quota, 9_999_999L, "windows", "month", "tokens_used");
            Snapshot used = all.of("model_quotas").get(quota.ref().id());
            all.set(used, 7L, "windows", "month", "tokens_limit");
          });
      Map<String, Object> open = Map.of("expires_at", Instant.EPOCH, "tokens", 1L);
      isFound(
          "an open reservation",
          Damage::counters,
          quota.ref() + ": reservation r",
          all -> all.set(quota, Map.of("r", open), "reservations"));
    }

    private static Map<String, Object> elsewhere(Snapshot counts) {
      Map<?, ?> part = (Map<?, ?>) ((List<?>) counts.fields().get("parts")).get(0);
      Map<String, Object> other = new HashMap<>();
      part.forEach((name, value) -> other.put(String.valueOf(name), value));
      other.put("customer_id", "somebody");
      return other;
    }

    void toAlerts() {
      Map<String, Object> alert =
          Map.of(
              "type", "provider_unhealthy",
              "status", "open",
              "fingerprint", "provider_unhealthy provider:p",
              "created_at", Instant.EPOCH);
      isFound(
          "a second alert",
          Damage::credits,
          "model_router_alerts/twice: is a second open alert",
          all -> {
            all.put(new DocRef("model_router_alerts", "once"), alert);
            all.put(new DocRef("model_router_alerts", "twice"), alert);
          });
    }
  }
}
