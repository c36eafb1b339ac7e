package dev.meterkite.functions.simulated;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The simulated database without faults, for callers who wait, on any thread: each call has ended
 * on return.
 */
public final class MemoryStore implements Store {
  /** About when its documents were written. */
  public static final Instant WRITTEN = Simulation.START;

  /** Settings of a process that uses it, which lead to no other database. */
  public static final Settings SETTINGS =
      new Settings(Map.of("GOOGLE_CLOUD_PROJECT", "simulated", "LOG_FORMAT", "jul"));

  private final Documents documents;
  private long roundTrips;

  /** A new database, whose clock moves by a millisecond a call. */
  public MemoryStore() {
    documents = new Documents(() -> WRITTEN.plusMillis(roundTrips()), Platform.SERVICE);
  }

  /** A way to a database. */
  public MemoryStore(Documents documents) {
    this.documents = documents;
  }

  /** Its documents, for one thread. */
  public Documents documents() {
    return documents;
  }

  /** Calls so far. */
  public synchronized long roundTrips() {
    return roundTrips;
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    return ended(() -> refs.stream().map(documents::get).toList());
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    return ended(() -> documents.find(query));
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    return ended(() -> documents.total(query, sum));
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    List<Mutation> frozen = Documents.frozen(mutations);
    return ended(() -> documents.applyFrozen(frozen));
  }

  private synchronized <T> CompletableFuture<T> ended(Supplier<T> call) {
    roundTrips++;
    CompletableFuture<T> future = new CompletableFuture<>();
    try {
      future.complete(call.get());
    } catch (RuntimeException e) {
      future.completeExceptionally(e);
    }
    return future;
  }
}
