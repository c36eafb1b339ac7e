package dev.meterkite.simulation;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** The store as a function with a {@link Defect} uses it. */
record Faulty(Store store, String function, Defect defect) implements Store {
  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    return store.read(refs).thenApply(this::seen);
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    return store.find(query).thenApply(this::seen);
  }

  private List<Snapshot> seen(List<Snapshot> found) {
    return found.stream().map(each -> defect.read(function, each)).toList();
  }

  @Override
  public CompletableFuture<Number> total(Query query, @Nullable String sum) {
    return store.total(query, sum);
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    List<Mutation> sent = new ArrayList<>();
    for (Mutation each : mutations) {
      Mutation written = defect.write(function, each);
      if (written != null) {
        sent.add(written);
      }
    }
    return commitAll(sent)
        .handle(
            (times, failure) -> {
              if (failure == null) {
                Map<DocRef, Instant> known = new HashMap<>();
                for (int i = 0; i < sent.size(); i++) {
                  known.put(sent.get(i).ref(), times.get(i));
                }
                return times(mutations, known);
              }
              if (defect.takesForApplied(function, kind(failure))) {
                return times(mutations, Map.of());
              }
              throw failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
            });
  }

  private List<Instant> times(List<Mutation> mutations, Map<DocRef, Instant> known) {
    return mutations.stream().map(each -> known.getOrDefault(each.ref(), Instant.EPOCH)).toList();
  }

  private static StoreException.Kind kind(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof StoreException known ? known.kind() : StoreException.Kind.UNKNOWN;
  }

  private CompletableFuture<List<Instant>> commitAll(List<Mutation> mutations) {
    if (mutations.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    if (!defect.commitsApart(function)) {
      return store.commit(mutations);
    }
    CompletableFuture<List<Instant>> all = CompletableFuture.completedFuture(List.of());
    for (Mutation each : mutations) {
      all =
          all.thenCompose(
              before ->
                  store
                      .commit(List.of(each))
                      .thenApply(
                          time -> {
                            List<Instant> times = new ArrayList<>(before);
                            times.addAll(time);
                            return times;
                          }));
    }
    return all;
  }
}
