package dev.meterkite.functions.quotas;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.usage.Metering;
import dev.meterkite.functions.usage.Metering.Audited;
import dev.meterkite.functions.usage.Metering.Swept;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Sweep;
import dev.meterkite.model.schema.SweepCodec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * Does what is due, a page of documents after the other, until nothing is left or the time is over.
 *
 * <p>Only documents for which something is due are read, by the index of their {@code *_due_at};
 * each is written on the condition that it still is so. What is left, or could not be done now,
 * stays due for the next run. What time is left goes into the comparison of usage summaries with
 * their records, {@link #AUDIT_BUDGET} at most.
 */
final class QuotaSweep {
  /** How long a run may begin new pages. */
  static final Duration BUDGET = Duration.ofSeconds(40);

  /** How much of it the comparison of summaries may take, so that no run is long for it alone. */
  static final Duration AUDIT_BUDGET = Duration.ofSeconds(10);

  static final int PAGE = 500;

  private final Store store;
  private final InstantSource clock;
  private final Metering metering;
  private final Quotas quotas;
  private final InstantSource real;

  QuotaSweep(Backend backend, Metering metering, Quotas quotas) {
    this(backend, metering, quotas, backend.realClock());
  }

  /**
   * @param real the time that the budget is of
   */
  QuotaSweep(Backend backend, Metering metering, Quotas quotas, InstantSource real) {
    this.store = backend.store();
    this.clock = backend.clock();
    this.metering = metering;
    this.quotas = quotas;
    this.real = real;
  }

  /** The sweep of a process. */
  static QuotaSweep of(Backend backend) {
    return backend.feature(
        QuotaSweep.class, each -> new QuotaSweep(each, Metering.of(each), Quotas.of(each)));
  }

  /** One run; notes its time. */
  SweepResult run() {
    Instant until = real.instant().plus(BUDGET);
    Run customers = new Run(Customers.COLLECTION, Customers.QUOTA_DUE_AT, metering::reset);
    Run models = new Run(ModelQuotas.COLLECTION, ModelQuotas.QUOTA_DUE_AT, this::resetModels);
    Run months = new Run(UsageSummaries.COLLECTION, UsageSummaries.CLOSE_DUE_AT, metering::close);
    Run waiting = new Run(UsageCounts.COLLECTION, UsageCounts.COUNT_DUE_AT, metering::recount);
    List<Run> runs = List.of(customers, models, months, waiting);
    runs.forEach(run -> run.until(until));
    Instant share = real.instant().plus(AUDIT_BUDGET);
    Audited audited = metering.audit(real, share.isBefore(until) ? share : until);
    note(clock.instant());
    return new SweepResult(
        customers.swept.done(),
        models.swept.done(),
        months.swept.done(),
        waiting.swept.done(),
        audited.customers(),
        audited.recounted(),
        audited.more() || runs.stream().anyMatch(run -> run.more || run.swept.failed() > 0));
  }

  private void note(Instant now) {
    ConditionalUpdate.write(
        store,
        Mutation.blind(
            Sweep.RESET_QUOTAS.ref(), SweepCodec.ran(Sweep.RESET_QUOTAS, now), Map.of()));
  }

  private Swept resetModels(List<Snapshot> due) {
    return Swept.of(quotas.sweep(due), Reply.Answered.class::isInstance);
  }

  /** The pages of one kind of documents. */
  private final class Run {
    private final String collection;
    private final String dueAt;
    private final Function<List<Snapshot>, Swept> work;
    private Swept swept = Swept.NOTHING;
    private boolean more;

    Run(String collection, String dueAt, Function<List<Snapshot>, Swept> work) {
      this.collection = collection;
      this.dueAt = dueAt;
      this.work = work;
    }

    void until(Instant end) {
      Query query = Queries.due(collection, dueAt, clock.instant(), PAGE);
      more = true;
      while (more && real.instant().isBefore(end)) {
        List<Snapshot> page = store.find(query).join();
        if (!page.isEmpty()) {
          swept = swept.plus(work.apply(page));
          Snapshot last = page.get(page.size() - 1);
          Object due = Objects.requireNonNull(last.fields().get(dueAt));
          // Behind this page, so that what stays due cannot hold the run up.
          query = query.after(List.of(due, last.ref().id()));
        }
        more = page.size() == PAGE;
      }
    }
  }
}
