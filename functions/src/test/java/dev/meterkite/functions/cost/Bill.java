package dev.meterkite.functions.cost;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A store that counts what Firestore bills: each document read, also one that is not there; each
 * document that a query finds, one at least; each document written or deleted. It keeps what its
 * commits changed, from which events are made.
 */
final class Bill implements Store {
  private final Store store;
  private final Store unbilled;
  private final List<Change> changes = new ArrayList<>();
  private long calls;
  private long reads;
  private long writes;
  private long deletes;

  /** A document before and after a commit. */
  record Change(Snapshot before, Snapshot after) {}

  /**
   * @param store what is counted
   * @param unbilled the same documents, for what an event would bring along
   */
  Bill(Store store, Store unbilled) {
    this.store = store;
    this.unbilled = unbilled;
  }

  /** What has been changed since the last call. */
  synchronized List<Change> changes() {
    List<Change> list = List.copyOf(changes);
    changes.clear();
    return list;
  }

  /** Calls, reads, writes and deletes since the last call. */
  synchronized long[] counts() {
    long[] counts = {calls, reads, writes, deletes};
    calls = 0;
    reads = 0;
    writes = 0;
    deletes = 0;
    return counts;
  }

  private synchronized void add(long readsMore, long writesMore, long deletesMore) {
    calls++;
    reads += readsMore;
    writes += writesMore;
    deletes += deletesMore;
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    add(refs.size(), 0, 0);
    return store.read(refs);
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    return store
        .find(query)
        .whenComplete((found, failure) -> add(found == null ? 1 : Math.max(1, found.size()), 0, 0));
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    // One read for each thousand index entries, which no operation here reaches.
    add(1, 0, 0);
    return store.total(query, sum);
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    long gone = mutations.stream().filter(m -> m.condition() == Mutation.Condition.DELETE).count();
    List<DocRef> refs = mutations.stream().map(Mutation::ref).toList();
    List<Snapshot> before = unbilled.read(refs).join();
    add(0, mutations.size() - gone, gone);
    return store
        .commit(mutations)
        .whenComplete(
            (times, failure) -> {
              if (failure == null) {
                note(before, unbilled.read(refs).join());
              }
            });
  }

  private synchronized void note(List<Snapshot> before, List<Snapshot> after) {
    for (int i = 0; i < before.size(); i++) {
      // A write that changes nothing sets off no event.
      if (!before.get(i).fields().equals(after.get(i).fields())) {
        changes.add(new Change(before.get(i), after.get(i)));
      }
    }
  }
}
