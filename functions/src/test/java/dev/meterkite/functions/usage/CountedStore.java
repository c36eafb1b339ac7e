package dev.meterkite.functions.usage;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** A store that counts what it is asked. */
public final class CountedStore implements Store {
  private final Store store;
  private final AtomicLong trips = new AtomicLong();
  private final AtomicLong reads = new AtomicLong();
  private final AtomicLong writes = new AtomicLong();
  private volatile List<Mutation> watcher;
  private volatile boolean totalsFail;

  public CountedStore(Store store) {
    this.store = store;
  }

  /** Round trips, documents read and documents written since this was asked last. */
  public Cost cost() {
    return new Cost(trips.getAndSet(0), reads.getAndSet(0), writes.getAndSet(0));
  }

  /** Whether counts and sums fail from now on. */
  public void failTotals(boolean fail) {
    totalsFail = fail;
  }

  /** From now on what is committed is added to a list; null to end that. */
  public void watch(List<Mutation> list) {
    watcher = list;
  }

  /** What something cost. */
  public record Cost(long trips, long reads, long writes) {}

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    trips.incrementAndGet();
    reads.addAndGet(refs.size());
    return store.read(refs);
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    trips.incrementAndGet();
    return store
        .find(query)
        .thenApply(
            found -> {
              reads.addAndGet(Math.max(1, found.size()));
              return found;
            });
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    trips.incrementAndGet();
    reads.incrementAndGet();
    return totalsFail
        ? CompletableFuture.failedFuture(
            new StoreException(StoreException.Kind.UNKNOWN, "deadline exceeded"))
        : store.total(query, sum);
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    trips.incrementAndGet();
    writes.addAndGet(mutations.size());
    List<Mutation> list = watcher;
    if (list != null) {
      list.addAll(mutations);
    }
    return store.commit(mutations);
  }
}
