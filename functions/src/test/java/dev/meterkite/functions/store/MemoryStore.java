package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The simulated store without faults, for callers who wait: each call has ended on return. */
public final class MemoryStore implements Store {
  /** About when its documents were written. */
  public static final Instant WRITTEN = Simulation.START;

  private final Simulation simulation = new Simulation(0);
  private final SimulatedStore documents =
      new SimulatedStore(simulation, SimulatedStore.Faults.NONE);

  @Override
  public synchronized CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    return ended(documents.read(refs));
  }

  @Override
  public synchronized CompletableFuture<List<Snapshot>> find(Query query) {
    return ended(documents.find(query));
  }

  @Override
  public synchronized CompletableFuture<Number> total(Query query, String sum) {
    return ended(documents.total(query, sum));
  }

  @Override
  public synchronized CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    return ended(documents.commit(mutations));
  }

  private <T> CompletableFuture<T> ended(CompletableFuture<T> call) {
    while (!call.isDone()) {
      if (!simulation.step()) {
        throw new AssertionError("nothing is planned that could end this call");
      }
    }
    return call;
  }
}
