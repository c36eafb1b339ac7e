package dev.meterkite.functions.credits;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.backend.Budget;
import dev.meterkite.functions.prices.Prices;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.jobs.JobStatus;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CommandRelays;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.schema.Schema.Sweeps;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.schema.Sweep;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * Sweeps what is due: users by {@code ledger_due_at}, jobs by {@code payment_due_at}, payments at
 * Stripe by {@code tie_due_at}, and jobs that have no payment, or one of an attempt that has ended,
 * because their events were lost.
 *
 * <p>Everything goes through the engine, which applies what is due and nothing else; so a sweep may
 * stop anywhere, run twice at once, or miss a month. It also removes expired {@code
 * command_relays}, and resolves the alerts of held prices that a person has dealt with.
 */
final class DueCredits {

  /** Documents found at once. */
  private static final int PAGE = 100;

  /** A job has no payment for this long before its event counts as lost. */
  static final Duration PATIENCE = Duration.ofMinutes(10);

  /** How far back the first search for lost events goes. */
  static final Duration FARTHEST = Duration.ofDays(30);

  /** How far behind the last search the next one begins, for jobs that arrive late. */
  static final Duration OVERLAP = Duration.ofDays(1);

  private final Store store;
  private final InstantSource clock;
  private final Credits credits;
  private final Duration time;
  private final InstantSource real;
  private final boolean shadow;

  DueCredits(Backend backend, Credits credits) {
    this(backend, credits, Budget.USUAL);
  }

  DueCredits(Backend backend, Credits credits, Duration time) {
    this.store = backend.store();
    this.clock = backend.clock();
    this.credits = credits;
    this.time = time;
    this.real = backend.realClock();
    this.shadow = Shadow.isShadow(backend);
  }

  /** What a sweep has done. */
  private static final class Tally {
    private long done;
    private long failed;

    /** The part of {@code failed} that will fail the next time too. */
    private long failedForGood;

    private boolean more;
  }

  /**
   * Sweeps within the budget; {@code users_swept, jobs_swept, jobs_found, payments_swept, failed,
   * more}. In shadow mode nothing is due: what expires and who is paid is the older system's to
   * say, and where a search ended could not be noted.
   */
  Map<String, Object> sweep() {
    if (shadow) {
      return counts(new Tally(), new Tally(), new Tally(), new Tally());
    }
    Budget budget = new Budget(time, real);
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    Tally users = new Tally();
    walk(
        after -> Queries.due(Users.COLLECTION, Users.LEDGER_DUE_AT, now, PAGE).after(after),
        Users.LEDGER_DUE_AT,
        user -> credits.sweep(user.ref().id()),
        users,
        budget);
    Tally jobs = new Tally();
    walk(
        after ->
            Queries.due(PodcastJobs.COLLECTION, PodcastJobs.PAYMENT_DUE_AT, now, PAGE).after(after),
        PodcastJobs.PAYMENT_DUE_AT,
        this::pay,
        jobs,
        budget);
    Tally payments = new Tally();
    walk(
        after ->
            Queries.due(StripePayments.COLLECTION, StripePayments.TIE_DUE_AT, now, PAGE)
                .after(after),
        StripePayments.TIE_DUE_AT,
        credits::submitTie,
        payments,
        budget);
    removeRelays(budget);
    if (!budget.isSpent()) {
      long unused = Prices.resolveHeld(store, now);
    }
    return counts(users, jobs, payments, findLost(now, budget));
  }

  /** Relays that a crash, or the end of a process, left behind. Their times are real ones. */
  private void removeRelays(Budget budget) {
    Instant now = real.instant();
    List<Object> after = List.of();
    while (!budget.isSpent()) {
      List<Snapshot> found = store.find(Queries.relaysAfter(after, PAGE)).join();
      List<Mutation> expired =
          found.stream()
              .filter(
                  relay ->
                      relay.fields().get(CommandRelays.EXPIRE_AT) instanceof Instant at
                          && at.isBefore(now))
              .map(relay -> Mutation.delete(relay.ref()))
              .toList();
      if (!expired.isEmpty()) {
        ConditionalUpdate.write(store, expired.toArray(Mutation[]::new));
      }
      if (found.size() < PAGE) {
        return;
      }
      after = List.of(found.get(found.size() - 1).ref().id());
    }
  }

  private static Map<String, Object> counts(Tally users, Tally jobs, Tally payments, Tally lost) {
    Map<String, Object> counts = new LinkedHashMap<>();
    counts.put("users_swept", users.done);
    counts.put("jobs_swept", jobs.done);
    counts.put("jobs_found", lost.done);
    counts.put("payments_swept", payments.done);
    counts.put("failed", users.failed + jobs.failed + payments.failed + lost.failed);
    counts.put("more", users.more || jobs.more || payments.more || lost.more);
    return counts;
  }

  private CompletableFuture<Boolean> pay(Snapshot job) {
    return credits.submitPayment(job);
  }

  /**
   * Jobs without the payment of their latest attempt, by status and the times of their creation and
   * of their last change: an attempt may end long after its job was created.
   */
  private Tally findLost(Instant now, Budget budget) {
    Tally lost = new Tally();
    DocRef ref = Sweep.EXPIRE_CREDITS.ref();
    Snapshot sweep = store.read(List.of(ref)).join().get(0);
    Instant by = now.minus(PATIENCE);
    Instant from = now.minus(FARTHEST);
    if (sweep.fields().get(Sweeps.CURSOR) instanceof Instant last
        && last.minus(OVERLAP).isAfter(from)) {
      from = last.minus(OVERLAP);
    }
    Instant late = from;
    Function<Snapshot, CompletableFuture<Boolean>> pay =
        job -> isOverlooked(job, late) ? pay(job) : CompletableFuture.completedFuture(false);
    for (JobStatus status : JobStatus.values()) {
      // Few jobs live at once, and one that was created long ago may live again.
      Instant since = status.ended() ? late : now.minus(FARTHEST);
      walk(
          after -> Queries.jobsInStatusCreatedBy(status.wire(), since, by, PAGE, after),
          PodcastJobs.CREATED_AT,
          pay,
          lost,
          budget);
      walk(
          after -> Queries.jobsInStatusUpdatedBy(status.wire(), late, by, PAGE, after),
          PodcastJobs.UPDATED_AT,
          pay,
          lost,
          budget);
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Sweeps.NAME, ref.id());
    fields.put(Sweeps.UPDATED_AT, now);
    // One full document must not have all jobs of a month looked through every hour from now on.
    if (!lost.more && lost.failed == lost.failedForGood) {
      fields.put(Sweeps.CURSOR, by);
      fields.put(Sweeps.FINISHED_AT, now);
    }
    ConditionalUpdate.write(store, Mutation.blind(ref, fields, Map.of()));
    return lost;
  }

  /**
   * Whether events were lost: of a job that is new or was changed of late, or of one that had a
   * payment and goes on. What was before this program came is nobody's to pay.
   */
  private static boolean isOverlooked(Snapshot job, Instant late) {
    return CreditCommands.isOverlooked(job)
        && (job.fields().containsKey(PodcastJobs.PAYMENT)
            || isSince(job, PodcastJobs.CREATED_AT, late)
            || isSince(job, PodcastJobs.UPDATED_AT, late));
  }

  private static boolean isSince(Snapshot job, String field, Instant late) {
    return job.fields().get(field) instanceof Instant at && !at.isBefore(late);
  }

  /**
   * Does something to all that a query finds, page by page, a page at once.
   *
   * @param order the field that the query orders by
   * @param action whether it did something; fails where it may succeed later, or never can
   */
  private void walk(
      Function<List<Object>, Query> query,
      String order,
      Function<Snapshot, CompletableFuture<Boolean>> action,
      Tally tally,
      Budget budget) {
    List<Object> after = List.of();
    while (!budget.isSpent()) {
      List<Snapshot> found = store.find(query.apply(after)).join();
      List<CompletableFuture<Boolean>> started = new ArrayList<>();
      found.forEach(each -> started.add(action.apply(each)));
      for (CompletableFuture<Boolean> each : started) {
        try {
          tally.done += each.join() ? 1 : 0;
        } catch (CompletionException e) {
          tally.failed++;
          tally.failedForGood += StoreException.isForGood(e) ? 1 : 0;
        }
      }
      if (found.size() < PAGE) {
        return;
      }
      Snapshot last = found.get(found.size() - 1);
      after = List.of(last.fields().get(order), last.ref().id());
    }
    tally.more = true;
  }
}
