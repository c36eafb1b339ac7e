package dev.meterkite.functions.simulated;

import dev.meterkite.model.document.Snapshot;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** The documents of one collection, with an index for each shape of query that was asked. */
final class StoredCollection {
  private final Map<String, Stored> byId = new HashMap<>();
  private final Map<Shape, CollectionIndex> indexes = new LinkedHashMap<>();

  /** The document of this id; null if there is none. */
  Stored get(String id) {
    return byId.get(id);
  }

  Collection<Stored> all() {
    return byId.values();
  }

  /** Puts a document in the place of what there was, or takes it away if it does not exist. */
  void put(Snapshot before, Snapshot after, int mostBytes) {
    Stored stored = byId.get(after.ref().id());
    if (stored == null) {
      stored = new Stored(after, mostBytes);
    }
    stored.snapshot = after;
    stored.mostBytes = mostBytes;
    if (after.exists()) {
      byId.put(after.ref().id(), stored);
    } else {
      byId.remove(after.ref().id());
    }
    for (CollectionIndex index : indexes.values()) {
      index.change(before, after, stored);
    }
  }

  CollectionIndex index(Shape shape) {
    return indexes.computeIfAbsent(shape, this::build);
  }

  private CollectionIndex build(Shape shape) {
    CollectionIndex index = new CollectionIndex(shape);
    for (Stored stored : byId.values()) {
      index.change(Snapshot.absent(stored.snapshot.ref()), stored.snapshot, stored);
    }
    return index;
  }
}
