package dev.meterkite.functions.health;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.routing.RoutingAudit;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import dev.meterkite.model.schema.Schema.Sweeps;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionException;

/**
 * Gives decisions of other writers the {@code expire_at} that they lack.
 *
 * <p>No query finds what lacks a field, so each run looks at the decisions since the last one, in
 * the order of their {@code timestamp}, and once an hour at the oldest, where those gather that
 * came late. Where a run stopped stands in {@code sweeps/decision-expiry}. A decision without a
 * {@code timestamp} is not found.
 */
final class DecisionExpiry {
  /**
   * So much later than its timestamp a decision may be written and still be found by the next run.
   */
  static final Duration LATE = Duration.ofMinutes(1);

  /** How often the oldest are looked at. */
  static final Duration OLDEST_EVERY = Duration.ofHours(1);

  private static final int PAGE = 200;
  private static final int MOST_PAGES = 25;
  private static final DocRef SWEEP = new DocRef(Sweeps.COLLECTION, "decision-expiry");

  private final Store store;

  DecisionExpiry(Store store) {
    this.store = store;
  }

  /** One run, of at most 5,000 decisions; answers how many lacked something. */
  long run(Instant now) {
    Snapshot last = store.read(List.of(SWEEP)).join().get(0);
    Instant from =
        last.fields().get(Sweeps.STARTED_AT) instanceof Instant began ? began : Instant.EPOCH;
    Map<String, Object> progress = new LinkedHashMap<>();
    long repaired = 0;
    boolean hourly =
        !(last.fields().get(Sweeps.FINISHED_AT) instanceof Instant then
            && now.isBefore(then.plus(OLDEST_EVERY)));
    if (hourly && !from.equals(Instant.EPOCH)) {
      repaired += repair(store.find(Queries.decisionsFrom(Instant.EPOCH, PAGE, List.of())).join());
    }
    if (hourly) {
      progress.put(Sweeps.FINISHED_AT, now);
    }
    Instant reached = from;
    Query query = Queries.decisionsFrom(from, PAGE, List.of());
    for (int pages = 0; pages < MOST_PAGES; pages++) {
      List<Snapshot> page = store.find(query).join();
      repaired += repair(page);
      if (!page.isEmpty()) {
        Snapshot end = page.get(page.size() - 1);
        reached = (Instant) Objects.requireNonNull(end.fields().get(RoutingDecisions.TIMESTAMP));
        query = Queries.decisionsFrom(from, PAGE, List.of(reached, end.ref().id()));
      }
      if (page.size() < PAGE) {
        reached = now;
        break;
      }
    }
    Instant next = earlier(reached, now).minus(LATE);
    if (next.isAfter(from)) {
      progress.put(Sweeps.STARTED_AT, next.truncatedTo(ChronoUnit.MICROS));
    }
    if (!progress.isEmpty()) {
      progress.put(Sweeps.NAME, SWEEP.id());
      store.commit(List.of(Mutation.blind(SWEEP, progress, Map.of()))).join();
    }
    return repaired;
  }

  private static Instant earlier(Instant one, Instant other) {
    return one.isBefore(other) ? one : other;
  }

  private long repair(List<Snapshot> decisions) {
    List<Mutation> missing = new ArrayList<>();
    for (Snapshot decision : decisions) {
      RoutingAudit.missingExpiry(decision)
          .ifPresent(
              at ->
                  missing.add(
                      Mutation.update(
                          decision.ref(),
                          Map.of(RoutingDecisions.EXPIRE_AT, at),
                          decision.updateTime())));
    }
    if (!missing.isEmpty() && !commit(missing)) {
      missing.forEach(one -> commit(List.of(one))); // What changed meanwhile waits for the hour.
    }
    return missing.size();
  }

  private boolean commit(List<Mutation> mutations) {
    try {
      store.commit(mutations).join();
      return true;
    } catch (CompletionException e) {
      if (e.getCause() instanceof StoreException) {
        return false;
      }
      throw e;
    }
  }
}
