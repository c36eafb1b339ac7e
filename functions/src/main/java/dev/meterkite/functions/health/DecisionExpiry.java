package dev.meterkite.functions.health;

import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.routing.RoutingAudit;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import dev.meterkite.model.schema.Schema.Sweeps;
import dev.meterkite.model.schema.Sweep;
import dev.meterkite.model.schema.SweepCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Gives decisions of other writers the {@code expire_at} that they lack.
 *
 * <p>No query finds what lacks a field, so each run looks at the decisions since the last one, in
 * the order of their {@code timestamp}, those of the last {@link #LATE} once more, and at the
 * oldest {@value #OLDEST}, where those gather that came later still. Where a run stopped stands in
 * {@code sweeps/decision-expiry}. A decision without a {@code timestamp} is not found.
 */
final class DecisionExpiry {
  /** A decision written so much later than its timestamp is still found by the next run. */
  static final Duration LATE = Duration.ofMinutes(5);

  private static final int OLDEST = 50;
  private static final int PAGE = 200;
  private static final int MOST_PAGES = 25;
  private static final DocRef SWEEP = Sweep.CHECK_PROVIDERS.ref();

  private final Store store;

  DecisionExpiry(Store store) {
    this.store = store;
  }

  /** One run, of at most 5,000 decisions; answers how many lacked something. */
  long run(Instant now) {
    Snapshot last = store.read(List.of(SWEEP)).join().get(0);
    Instant from =
        last.fields().get(Sweeps.STARTED_AT) instanceof Instant began ? began : Instant.EPOCH;
    long repaired = 0;
    if (!from.equals(Instant.EPOCH)) {
      repaired +=
          repair(store.find(Queries.decisionsFrom(Instant.EPOCH, OLDEST, List.of())).join());
    }
    Instant reached = from;
    boolean more = true;
    Query query = Queries.decisionsFrom(from, PAGE, List.of());
    for (int pages = 0; more && pages < MOST_PAGES; pages++) {
      List<Snapshot> page = store.find(query).join();
      repaired += repair(page);
      more = page.size() == PAGE;
      if (more) {
        Snapshot end = page.get(PAGE - 1);
        reached = (Instant) Objects.requireNonNull(end.fields().get(RoutingDecisions.TIMESTAMP));
        query = Queries.decisionsFrom(from, PAGE, List.of(reached, end.ref().id()));
      }
    }
    note(from, more ? reached : now.minus(LATE), now);
    return repaired;
  }

  private void note(Instant from, Instant next, Instant now) {
    if (next.isAfter(from)) {
      ConditionalUpdate.write(
          store, Mutation.blind(SWEEP, SweepCodec.ran(Sweep.CHECK_PROVIDERS, next, now), Map.of()));
    }
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
    if (!missing.isEmpty() && !ConditionalUpdate.tryCommit(store, missing)) {
      // What has changed meanwhile comes up again.
      missing.forEach(one -> ConditionalUpdate.tryCommit(store, List.of(one)));
    }
    return missing.size();
  }
}
