package dev.meterkite.functions.simulated;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Firestore as its callers see it, in virtual time: how long calls take, and what goes wrong. */
public final class SimulatedStore implements Store {
  /** After so long a call without an answer fails. */
  public static final Duration DEADLINE = Duration.ofSeconds(5);

  private static final Duration LATE = Duration.ofSeconds(20);
  private static final Duration LATEST = Duration.ofSeconds(80);
  private static final Duration LATEST_ANSWER = Duration.ofSeconds(4);
  private static final Duration LONGEST_OUTAGE = Duration.ofMillis(1_500);
  private static final double SHARE_SOON = 0.5;

  private final Simulation simulation;
  private final Documents documents;
  private final Pace pace;
  private final Faults faults;
  private final DocumentPace documentPace;
  private final Tally tally = new Tally();
  private final List<Consumer<List<Mutation>>> watchers = new ArrayList<>();
  private Instant processorFree;
  private Instant outageEnd;
  private long reads;
  private long documentsRead;
  private long queries;
  private long commits;
  private long refused;
  private long documentsWritten;

  /** A new database with ways of very different lengths. */
  public SimulatedStore(Simulation simulation, Faults faults) {
    this(simulation, new Documents(simulation, Platform.SERVICE), Pace.UNEVEN, faults);
  }

  /** A new database without faults. */
  public SimulatedStore(Simulation simulation, Pace pace) {
    this(simulation, new Documents(simulation, Platform.SERVICE), pace, Faults.NONE);
  }

  /** A way to a database. */
  public SimulatedStore(Simulation simulation, Documents documents, Pace pace, Faults faults) {
    this.simulation = simulation;
    this.documents = documents;
    this.pace = pace;
    this.faults = faults;
    this.documentPace = new DocumentPace(simulation, pace.commitsASecond());
    this.processorFree = simulation.instant();
    this.outageEnd = simulation.instant();
  }

  /** What it leads to. */
  public Documents documents() {
    return documents;
  }

  /** The faults that were dealt so far. */
  public Tally tally() {
    return tally;
  }

  /** Tells of each commit that was applied, from now on. */
  public void watch(Consumer<List<Mutation>> watcher) {
    watchers.add(watcher);
  }

  /** Calls so far: reads, queries, totals and commits. */
  public long roundTrips() {
    return reads + queries + commits;
  }

  /** Queries and totals so far. */
  public long queries() {
    return queries;
  }

  /** Documents that reads asked for. */
  public long documentsRead() {
    return documentsRead;
  }

  /** Documents that were written. */
  public long documentsWritten() {
    return documentsWritten;
  }

  /** Commits that a precondition refused. */
  public long refused() {
    return refused;
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    reads++;
    documentsRead += refs.size();
    List<DocRef> asked = List.copyOf(refs);
    return ask(asked.size(), () -> asked.stream().map(documents::get).toList());
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    queries++;
    return ask(1, () -> documents.find(query));
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    queries++;
    return ask(1, () -> documents.total(query, sum));
  }

  private <T> CompletableFuture<T> ask(int size, Supplier<T> answer) {
    CompletableFuture<T> future = new CompletableFuture<>();
    if (isUnavailable(future)) {
      return future;
    }
    if (simulation.chance(faults.readLost())) {
      tally.add("read: lost");
      boolean soon = simulation.chance(SHARE_SOON);
      fail(future, soon ? way() : DEADLINE, unknown("no answer to a read"));
      return future;
    }
    Instant asked = simulation.instant();
    simulation.after(
        way(),
        () ->
            work(
                pace.perRead().multipliedBy(size),
                () -> answer(future, asked, answer.get(), null)));
    return future;
  }

  private Duration late() {
    if (faults.late() > 0 && simulation.chance(faults.late())) {
      tally.add("call: answered late");
      return simulation.between(Duration.ZERO, LATEST_ANSWER);
    }
    return Duration.ZERO;
  }

  /** Whether the call meets an outage, or begins one. */
  private boolean isUnavailable(CompletableFuture<?> future) {
    if (faults.outage() > 0 && simulation.chance(faults.outage())) {
      outageEnd = simulation.instant().plus(simulation.between(Duration.ZERO, LONGEST_OUTAGE));
    }
    if (!simulation.instant().isBefore(outageEnd)) {
      return false;
    }
    tally.add("call: unavailable");
    fail(future, pace.least(), unknown("UNAVAILABLE"));
    return true;
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    List<Mutation> frozen = Documents.frozen(mutations);
    commits++;
    CompletableFuture<List<Instant>> future = new CompletableFuture<>();
    if (isUnavailable(future)) {
      return future;
    }
    if (simulation.chance(faults.aborted())) {
      tally.add("commit: ABORTED");
      fail(future, way(), aborted());
      return future;
    }
    Instant asked = simulation.instant();
    boolean never = dealt(faults.lostBefore(), "commit: lost before it arrived");
    boolean late = !never && dealt(faults.appliedLate(), "commit: applied late");
    boolean silent = !never && !late && dealt(faults.lostAfter(), "commit: answer lost");
    Duration lands = late ? simulation.between(LATE, LATEST) : way();
    if (!never) {
      simulation.after(lands, () -> arrive(new Arrival(frozen, future, silent || late, asked)));
      if (dealt(faults.appliedTwice(), "commit: applied twice")) {
        simulation.after(
            simulation.between(lands, LATEST),
            () -> arrive(new Arrival(frozen, new CompletableFuture<>(), true, asked)));
      }
    }
    if (never || late || silent) {
      boolean soon = simulation.chance(SHARE_SOON) && !late;
      fail(future, soon ? lands.plus(way()) : DEADLINE, unknown("no answer to a commit"));
    }
    return future;
  }

  private boolean dealt(double probability, String kind) {
    boolean dealt = simulation.chance(probability);
    if (dealt) {
      tally.add(kind);
    }
    return dealt;
  }

  private void arrive(Arrival arrival) {
    documentPace.submit(arrival);
  }

  /** A commit that has arrived at the service. */
  private final class Arrival implements DocumentPace.Commit {
    private final List<Mutation> mutations;
    private final CompletableFuture<List<Instant>> future;
    private final boolean isSilent;
    private final Instant asked;

    Arrival(
        List<Mutation> mutations,
        CompletableFuture<List<Instant>> future,
        boolean isSilent,
        Instant asked) {
      this.mutations = mutations;
      this.future = future;
      this.isSilent = isSilent;
      this.asked = asked;
    }

    @Override
    public Collection<DocRef> refs() {
      Collection<DocRef> refs = new LinkedHashSet<>();
      mutations.forEach(mutation -> refs.add(mutation.ref()));
      return refs;
    }

    @Override
    public boolean isTooLate() {
      return documents.refuses(mutations);
    }

    @Override
    public void admit() {
      int writes = isTooLate() ? 0 : mutations.size();
      work(pace.perWrite().multipliedBy(writes), this::land);
    }

    @Override
    public void abort() {
      tally.add("commit: too many for a document");
      end(null, aborted());
    }

    private void land() {
      try {
        List<Instant> times = documents.applyFrozen(mutations);
        documentsWritten += mutations.size();
        watchers.forEach(watcher -> watcher.accept(mutations));
        end(times, null);
      } catch (StoreException e) {
        refused += e.kind() == StoreException.Kind.PRECONDITION ? 1 : 0;
        end(null, e);
      }
    }

    private void end(List<Instant> times, StoreException failure) {
      if (!isSilent) {
        answer(future, asked, times, failure);
      }
    }
  }

  /** Answers unless the caller's deadline comes first. */
  private <T> void answer(
      CompletableFuture<T> future, Instant asked, T value, StoreException failure) {
    Duration delay = way().plus(late());
    Duration left = Duration.between(simulation.instant(), asked.plus(DEADLINE));
    if (left.compareTo(delay) < 0) {
      fail(future, left.isNegative() ? Duration.ZERO : left, unknown("DEADLINE_EXCEEDED"));
    } else if (failure != null) {
      fail(future, delay, failure);
    } else {
      simulation.after(delay, () -> future.complete(value));
    }
  }

  /** Has the processor do something, behind what it has to do already. */
  private void work(Duration size, Runnable task) {
    Duration takes = pace.perCall().plus(size);
    if (takes.isZero()) {
      task.run();
      return;
    }
    Instant now = simulation.instant();
    processorFree = (processorFree.isAfter(now) ? processorFree : now).plus(takes);
    simulation.at(processorFree, task);
  }

  private void fail(CompletableFuture<?> future, Duration delay, StoreException failure) {
    simulation.after(delay, () -> future.completeExceptionally(failure));
  }

  private static StoreException unknown(String message) {
    return new StoreException(StoreException.Kind.UNKNOWN, message);
  }

  private static StoreException aborted() {
    return new StoreException(StoreException.Kind.CONTENTION, "ABORTED");
  }

  private Duration way() {
    return pace.way(simulation);
  }
}
