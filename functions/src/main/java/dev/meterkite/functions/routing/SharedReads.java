package dev.meterkite.functions.routing;

import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.Turns;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads that many callers share: while one is under way the next gather, and leave together as one.
 * Nobody gets a document as it was before he asked, and a thousand callers at once cost two reads.
 */
final class SharedReads {
  private final Store store;
  private final Turns turns;
  private final Object lock = new Object();

  /** Guarded by {@link #lock}. */
  private List<Waiting> waiting = new ArrayList<>();

  /** Guarded by {@link #lock}. */
  private boolean busy;

  private record Waiting(
      Collection<DocRef> refs, CompletableFuture<Map<DocRef, Snapshot>> documents) {}

  SharedReads(Store store, Turns turns) {
    this.store = store;
    this.turns = turns;
  }

  /** The documents, absent ones too, as they all stood at one moment after this call began. */
  CompletableFuture<Map<DocRef, Snapshot>> read(Collection<DocRef> refs) {
    if (refs.isEmpty()) {
      return CompletableFuture.completedFuture(Map.of());
    }
    Waiting one = new Waiting(refs, turns.promise());
    synchronized (lock) {
      waiting.add(one);
      if (busy) {
        return one.documents();
      }
      busy = true;
    }
    next();
    return one.documents();
  }

  private void next() {
    List<Waiting> batch;
    synchronized (lock) {
      batch = waiting;
      waiting = new ArrayList<>();
      busy = !batch.isEmpty();
    }
    if (batch.isEmpty()) {
      return;
    }
    Set<DocRef> refs = new LinkedHashSet<>();
    batch.forEach(one -> refs.addAll(one.refs()));
    CompletableFuture<List<Snapshot>> read;
    try {
      read = store.read(List.copyOf(refs));
    } catch (RuntimeException e) {
      read = CompletableFuture.failedFuture(e);
    }
    var unused = read.whenComplete((found, failure) -> tell(batch, found, failure));
  }

  private void tell(
      List<Waiting> batch, @Nullable List<Snapshot> found, @Nullable Throwable failure) {
    Map<DocRef, Snapshot> documents = new LinkedHashMap<>();
    if (found != null) {
      found.forEach(document -> documents.put(document.ref(), document));
    }
    for (Waiting one : batch) {
      if (failure == null) {
        one.documents().complete(documents);
      } else {
        one.documents().completeExceptionally(failure);
      }
    }
    next();
  }
}
