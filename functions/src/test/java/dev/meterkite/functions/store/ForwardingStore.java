package dev.meterkite.functions.store;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A store of which a test replaces a part. */
public class ForwardingStore implements Store {
  private final Store store;

  /**
   * @param store answers what is not replaced
   */
  protected ForwardingStore(Store store) {
    this.store = store;
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    return store.read(refs);
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    return store.find(query);
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    return store.total(query, sum);
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    return store.commit(mutations);
  }
}
