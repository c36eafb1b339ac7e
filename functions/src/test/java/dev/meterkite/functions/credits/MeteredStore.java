package dev.meterkite.functions.credits;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A store with what it costs: round trips, documents read, documents written. */
class MeteredStore implements Store {
  private final Store store;
  private int trips;
  private int reads;
  private int writes;

  MeteredStore(Store store) {
    this.store = store;
  }

  /** Round trips, reads and writes since the last call. */
  synchronized String cost() {
    String cost = trips + " " + reads + " " + writes;
    trips = 0;
    reads = 0;
    writes = 0;
    return cost;
  }

  private synchronized void add(int tripsMore, int readsMore, int writesMore) {
    trips += tripsMore;
    reads += readsMore;
    writes += writesMore;
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    add(1, refs.size(), 0);
    return store.read(refs);
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    add(1, 0, 0);
    return store
        .find(query)
        .whenComplete((found, failure) -> add(0, found == null ? 1 : Math.max(1, found.size()), 0));
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    add(1, 1, 0);
    return store.total(query, sum);
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    add(1, 0, mutations.size());
    return store.commit(mutations);
  }
}
