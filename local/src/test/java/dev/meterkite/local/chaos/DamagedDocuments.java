package dev.meterkite.local.chaos;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** The documents as they were once read, with damage that nobody repairs. */
final class DamagedDocuments implements Store {
  private final Store store;
  private final Map<String, NavigableMap<String, Snapshot>> collections = new HashMap<>();

  DamagedDocuments(Store store) {
    this.store = store;
  }

  NavigableMap<String, Snapshot> of(String collection) {
    return collections.computeIfAbsent(
        collection,
        name -> {
          NavigableMap<String, Snapshot> all = new TreeMap<>();
          new Audit(store).each(name, document -> all.put(document.ref().id(), document));
          return all;
        });
  }

  void put(DocRef ref, Map<String, Object> fields) {
    of(ref.collection()).put(ref.id(), new Snapshot(ref, fields, Instant.EPOCH));
  }

  /** Sets one field, which may be a nested one. */
  void set(Snapshot document, Object value, String... path) {
    put(document.ref(), with(document.fields(), value, List.of(path)));
  }

  private static Map<String, Object> with(Map<?, ?> fields, Object value, List<String> path) {
    Map<String, Object> changed = new HashMap<>();
    fields.forEach((name, old) -> changed.put(String.valueOf(name), old));
    Object inner = fields.get(path.get(0));
    changed.put(
        path.get(0),
        path.size() == 1
            ? value
            : with(
                inner instanceof Map<?, ?> map ? map : Map.of(),
                value,
                path.subList(1, path.size())));
    return changed;
  }

  @Override
  public CompletableFuture<List<Snapshot>> find(Query query) {
    List<Snapshot> found = new ArrayList<>();
    String after = query.startAfter().isEmpty() ? "" : (String) query.startAfter().get(0);
    of(query.collection()).tailMap(after, after.isEmpty()).values().stream()
        .limit(query.limit())
        .forEach(found::add);
    return CompletableFuture.completedFuture(found);
  }

  @Override
  public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
    throw new UnsupportedOperationException("read");
  }

  @Override
  public CompletableFuture<Number> total(Query query, String sum) {
    throw new UnsupportedOperationException("total");
  }

  @Override
  public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
    throw new UnsupportedOperationException("commit");
  }
}
