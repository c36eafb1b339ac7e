package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The documents as an auditor sees them: no time passes. */
record AtOnce(Documents documents) implements Store {
  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    return CompletableFuture.completedFuture(refs.stream().map(documents::get).toList());
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    return CompletableFuture.completedFuture(documents.find(query));
  }

  @Override
  public CompletableFuture<Number> total(Query query, @Nullable String sum) {
    return CompletableFuture.completedFuture(documents.total(query, sum));
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    try {
      return CompletableFuture.completedFuture(documents.apply(mutations));
    } catch (StoreException e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
