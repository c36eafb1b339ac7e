package dev.meterkite.simulation;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A store as one program sees it: answers reach it while it lives and has a processor. */
final class Connection implements Store {
  private final Scheduler scheduler;
  private final Store store;
  private final @Nullable Life of;

  /**
   * @param of the instance; null for a program that never ends
   */
  Connection(Scheduler scheduler, Store store, @Nullable Life of) {
    this.scheduler = scheduler;
    this.store = store;
    this.of = of;
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    alive();
    return heard(store.read(refs));
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    alive();
    return heard(store.find(query));
  }

  @Override
  public CompletableFuture<Number> total(Query query, @Nullable String sum) {
    alive();
    return heard(store.total(query, sum));
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    alive();
    return heard(store.commit(mutations));
  }

  private void alive() {
    if (of != null && !of.isAlive()) {
      throw new Killed();
    }
  }

  private <T> CompletableFuture<T> heard(CompletableFuture<T> answer) {
    CompletableFuture<T> heard = scheduler.promise();
    var unused =
        answer.whenComplete(
            (value, failure) ->
                scheduler.after(
                    Duration.ZERO,
                    of,
                    () -> {
                      if (failure == null) {
                        heard.complete(value);
                      } else {
                        heard.completeExceptionally(failure);
                      }
                    }));
    return heard;
  }
}
