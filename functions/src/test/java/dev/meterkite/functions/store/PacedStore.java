package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * A store in virtual time whose calls take as long as they would: one call after the other on one
 * processor, or a document that takes few commits a second, first come first served.
 */
final class PacedStore implements Store {
  /**
   * How long things take.
   *
   * @param least the shortest way of a call to the store, or back
   * @param most the longest
   * @param perCall processor time of a call
   * @param perWrite processor time of each document that is written, on top
   * @param perRead and of each that is read
   * @param commitsASecond most commits a second for long; 0: as many as come
   */
  record Pace(
      Duration least,
      Duration most,
      Duration perCall,
      Duration perWrite,
      Duration perRead,
      double commitsASecond) {
    /** An emulator on a slow processor; every way takes the same time, so all run in step. */
    static final Pace EMULATOR =
        new Pace(
            Duration.ofNanos(500_000),
            Duration.ofNanos(500_000),
            Duration.ofMillis(1),
            Duration.ofNanos(200_000),
            Duration.ofNanos(40_000),
            0);

    Pace withCommitsASecond(double rate) {
      return new Pace(least, most, perCall, perWrite, perRead, rate);
    }

    /** The real service: commits of 10 to 30 ms, about one a second for each document. */
    static final Pace SERVICE =
        new Pace(
            Duration.ofMillis(5),
            Duration.ofMillis(15),
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO,
            1);
  }

  private static final double BURST = 10;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(3);

  private final Simulation simulation;
  private final Pace pace;
  private final SimulatedStore documents;
  private final List<Waiting> waiting = new ArrayList<>();
  private Instant processorFree = Simulation.START;
  private Instant filled = Simulation.START;
  private double tokens = BURST;
  long commits;
  long refused;
  long queries;
  long documentsRead;
  long documentsWritten;
  long relays;

  private record Waiting(
      List<Mutation> mutations, CompletableFuture<List<Instant>> answer, Instant since) {}

  PacedStore(Simulation simulation, Pace pace) {
    this.simulation = simulation;
    this.pace = pace;
    this.documents = new SimulatedStore(simulation, SimulatedStore.Faults.NONE);
  }

  /** Applies at once. */
  void apply(Mutation mutation) {
    documents.apply(List.of(mutation));
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    documentsRead += refs.size();
    CompletableFuture<List<Snapshot>> answer = new CompletableFuture<>();
    simulation.after(
        way(),
        () ->
            serve(
                pace.perRead().multipliedBy(refs.size()),
                answer,
                () -> refs.stream().map(documents::get).toList()));
    return answer;
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    queries++;
    CompletableFuture<List<Snapshot>> answer = new CompletableFuture<>();
    simulation.after(way(), () -> serve(pace.perRead(), answer, () -> documents.select(query)));
    return answer;
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    throw new UnsupportedOperationException("no rules here need a sum");
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    CompletableFuture<List<Instant>> answer = new CompletableFuture<>();
    simulation.after(
        way(),
        () -> {
          waiting.add(new Waiting(mutations, answer, simulation.instant()));
          admit();
        });
    return answer;
  }

  private Duration way() {
    return simulation.between(pace.least(), pace.most());
  }

  private <T> void serve(Duration size, CompletableFuture<T> answer, Supplier<T> work) {
    Instant now = simulation.instant();
    Instant start = processorFree.isAfter(now) ? processorFree : now;
    processorFree = start.plus(pace.perCall()).plus(size);
    simulation.after(
        Duration.between(now, processorFree),
        () -> {
          try {
            T done = work.get();
            simulation.after(way(), () -> answer.complete(done));
          } catch (StoreException e) {
            simulation.after(way(), () -> answer.completeExceptionally(e));
          }
        });
  }

  /** Lets go on what may: what is too late to be applied at once, the rest as it has its turn. */
  private void admit() {
    Instant now = simulation.instant();
    double seconds = Duration.between(filled, now).toNanos() / 1e9;
    tokens = Math.min(BURST, tokens + seconds * pace.commitsASecond());
    filled = now;
    Iterator<Waiting> each = waiting.iterator();
    while (each.hasNext()) {
      Waiting commit = each.next();
      boolean doomed = isDoomed(commit);
      if (doomed || pace.commitsASecond() == 0 || !isOfOwner(commit)) {
        each.remove();
        Duration work = pace.perWrite().multipliedBy(doomed ? 0 : commit.mutations().size());
        serve(work, commit.answer(), () -> land(commit));
      } else if (tokens >= 1) {
        tokens--;
        each.remove();
        // Now, so that whoever stands behind it is seen to be too late.
        CompletableFuture<List<Instant>> landed = CompletableFuture.completedFuture(land(commit));
        simulation.after(way(), () -> commit.answer().complete(landed.join()));
      } else if (!commit.since().plus(LONGEST_WAIT).isAfter(now)) {
        each.remove();
        StoreException aborted = new StoreException(StoreException.Kind.CONTENTION, "ABORTED");
        simulation.after(way(), () -> commit.answer().completeExceptionally(aborted));
      }
    }
    if (!waiting.isEmpty()) {
      simulation.after(Duration.ofMillis(5), this::admit);
    }
  }

  /** New documents contend with nobody. */
  private static boolean isOfOwner(Waiting commit) {
    return commit.mutations().stream()
        .anyMatch(mutation -> mutation.ref().collection().equals(Account.ACCOUNTS));
  }

  private boolean isDoomed(Waiting commit) {
    return commit.mutations().stream()
        .anyMatch(
            mutation ->
                mutation.condition() == Mutation.Condition.VERSION
                    && !Objects.equals(
                        documents.get(mutation.ref()).updateTime(), mutation.version()));
  }

  private List<Instant> land(Waiting commit) {
    try {
      List<Instant> times = documents.apply(commit.mutations());
      commits += isOfOwner(commit) ? 1 : 0;
      relays += isOfOwner(commit) ? 0 : 1;
      documentsWritten += commit.mutations().size();
      return times;
    } catch (StoreException e) {
      refused++;
      throw e;
    }
  }
}
