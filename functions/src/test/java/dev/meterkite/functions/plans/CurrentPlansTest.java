package dev.meterkite.functions.plans;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.UnavailableException;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.PlansVerdict;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The plans of a process: how old they may be, and what becomes of a document that is not valid.
 */
class CurrentPlansTest {
  private static final Instant START = Instant.parse("2026-11-10T10:00:00Z");

  private final MemoryStore memory = new MemoryStore();
  private final AtomicReference<Instant> now = new AtomicReference<>(START);
  private final AtomicReference<Instant> real = new AtomicReference<>(START);
  private final Counting store = new Counting(memory);
  private final CurrentPlans plans = process();

  /** Counts reads and commits; a broken one fails all reads. */
  private static final class Counting implements Store {
    private final Store store;
    private final AtomicInteger reads = new AtomicInteger();
    private final AtomicInteger commits = new AtomicInteger();
    private volatile boolean isBroken;

    Counting(Store store) {
      this.store = store;
    }

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      reads.incrementAndGet();
      return isBroken
          ? CompletableFuture.failedFuture(
              new StoreException(StoreException.Kind.UNKNOWN, "no answer"))
          : store.read(refs);
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      return store.find(query);
    }

    @Override
    public CompletableFuture<Number> total(Query query, @Nullable String sum) {
      return store.total(query, sum);
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      commits.incrementAndGet();
      return store.commit(mutations);
    }
  }

  private CurrentPlans process() {
    return new CurrentPlans(
        new Backend(
            MemoryStore.SETTINGS,
            store,
            now::get,
            new Pauses(),
            Edge.of(MemoryStore.SETTINGS),
            Intake.of(MemoryStore.SETTINGS),
            Log.ofProcess(MemoryStore.SETTINGS)),
        real::get);
  }

  private void write(Map<String, Object> fields) {
    memory.commit(List.of(Mutation.replace(Plans.REF, fields))).join();
  }

  private Snapshot read(DocRef ref) {
    return memory.read(List.of(ref)).join().get(0);
  }

  private static Map<String, Object> version(String version) {
    return Map.of("version", version);
  }

  private void after(Duration time) {
    now.set(now.get().plus(time));
    real.set(real.get().plus(time));
  }

  /** Asks until a reading in the background has come, at most ten seconds. */
  private String eventually(String version) {
    long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    String found = plans.get().version();
    while (!found.equals(version) && System.nanoTime() < deadline) {
      Thread.onSpinWait();
      found = plans.get().version();
    }
    return found;
  }

  @Test
  void absentDocument_isTheProgramsPlans_andIsReadOnceWithinHalfAMinute() {
    assertEquals(CurrentPlans.seeded(), plans.get());
    after(CurrentPlans.REFRESH.minusMillis(1));
    assertEquals(CurrentPlans.seeded(), plans.get());
    assertEquals(CurrentPlans.seeded(), plans.latest());
    assertEquals(1, store.reads.get());
    assertEquals(0, store.commits.get());
  }

  @Test
  void plansFromHalfAMinuteOn_areReadAgainInTheBackground_andNobodyWaits() {
    write(version("1"));
    assertEquals("1", plans.get().version());
    write(version("2"));
    after(CurrentPlans.REFRESH);
    store.isBroken = true;
    assertEquals("1", plans.get().version());
    assertEquals(2, store.reads.get());
    store.isBroken = false;
    assertEquals("2", eventually("2"));
  }

  @Test
  void plansOfAMinute_areNotUsedAnyMore_alsoWhereOneClockStandsStill() {
    write(version("1"));
    assertEquals("1", plans.get().version());
    write(version("2"));
    now.set(now.get().plus(CurrentPlans.MAX_AGE));
    assertEquals("2", plans.get().version());
    write(version("3"));
    real.set(real.get().plus(CurrentPlans.MAX_AGE));
    assertEquals("3", plans.get().version());
    store.isBroken = true;
    after(CurrentPlans.MAX_AGE);
    assertThrows(StoreException.class, plans::get);
    store.isBroken = false;
    assertEquals("3", plans.get().version());
  }

  @Test
  void invalidDocument_isNotUsed_getsItsErrorsOnce_andOneAlert_untilItIsValid() {
    write(version("1"));
    assertEquals("1", plans.get().version());
    Map<String, Object> wrong = new LinkedHashMap<>(version("2"));
    wrong.put("tiers", List.of());
    wrong.put("packages", "none");
    write(wrong);
    after(CurrentPlans.MAX_AGE);
    assertEquals("1", plans.get().version());
    Snapshot judged = read(Plans.REF);
    assertEquals("2", judged.fields().get("version"));
    List<?> errors = (List<?>) judged.fields().get("validation_errors");
    assertEquals(2, errors.size());
    assertEquals("tiers", ((Map<?, ?>) errors.get(0)).get("field"));
    assertEquals("packages", ((Map<?, ?>) errors.get(1)).get("field"));
    Snapshot alert = read(PlansVerdict.ALERT);
    assertEquals("plans_invalid", alert.fields().get("type"));
    assertEquals("critical", alert.fields().get("severity"));
    assertEquals("open", alert.fields().get("status"));
    assertEquals("document:plans/default", alert.fields().get("subject"));
    int commits = store.commits.get();
    after(CurrentPlans.MAX_AGE);
    assertEquals("1", plans.get().version());
    assertEquals(commits, store.commits.get(), "a verdict leads to no other one");

    // Another program repairs it with the verdict still inside.
    Map<String, Object> mended = new LinkedHashMap<>(version("3"));
    mended.put("validation_errors", errors);
    write(mended);
    after(CurrentPlans.MAX_AGE);
    assertEquals("3", plans.get().version());
    assertFalse(read(Plans.REF).fields().containsKey("validation_errors"));
    assertEquals("resolved", read(PlansVerdict.ALERT).fields().get("status"));
  }

  @Test
  void processThatBeginsBesideAnInvalidDocument_answersNothing_andNamesTheFaults() {
    write(Map.of("tiers", List.of(Map.of("tier", "Free"))));
    UnavailableException failure = assertThrows(UnavailableException.class, plans::get);
    assertTrue(failure.getMessage().contains("plans/default"), failure.getMessage());
    assertTrue(failure.getMessage().contains("tiers[0].tier"), failure.getMessage());
    assertThrows(UnavailableException.class, plans::latest);
    assertEquals("open", read(PlansVerdict.ALERT).fields().get("status"));
    assertThrows(UnavailableException.class, () -> CurrentPlans.read(memory));

    // A set() without the verdict: an alert that another process raised is resolved all the same.
    write(version("2"));
    assertEquals("2", process().get().version());
    assertEquals("resolved", read(PlansVerdict.ALERT).fields().get("status"));
    assertEquals("2", plans.get().version(), "a failure is not kept");
  }
}
