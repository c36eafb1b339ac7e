package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The documents as an auditor sees them: no time passes, and those that have expired are there
 * still. It is asked for collections in the order of the ids.
 */
record AtOnce(Documents documents, EarlierStates history) implements Store {
  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    return CompletableFuture.completedFuture(refs.stream().map(history::lastOf).toList());
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    List<Snapshot> found = new ArrayList<>(documents.find(query));
    found.addAll(history.archive().find(query));
    found.sort(Comparator.comparing(each -> each.ref().id()));
    return CompletableFuture.completedFuture(
        List.copyOf(found.subList(0, Math.min(found.size(), query.limit()))));
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
