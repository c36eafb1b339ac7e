package dev.meterkite.functions.simulated;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/** The store as one process sees it: once the process is dead, no answer reaches it. */
public record MortalStore(Store store, BooleanSupplier alive) implements Store {
  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    return whileAlive(store.read(refs));
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    return whileAlive(store.find(query));
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    return whileAlive(store.total(query, sum));
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    return whileAlive(store.commit(mutations));
  }

  private <T> CompletableFuture<T> whileAlive(CompletableFuture<T> future) {
    CompletableFuture<T> heard = new CompletableFuture<>();
    future.whenComplete(
        (answer, failure) -> {
          if (alive.getAsBoolean()) {
            if (failure != null) {
              heard.completeExceptionally(failure);
            } else {
              heard.complete(answer);
            }
          }
        });
    return heard;
  }
}
