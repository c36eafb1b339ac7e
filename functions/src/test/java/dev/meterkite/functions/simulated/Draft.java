package dev.meterkite.functions.simulated;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** One document while a commit is applied to it: what is not changed is shared with before. */
final class Draft {
  final Snapshot before;
  private boolean exists;
  private boolean wasDeleted;
  private Mutation first;
  private Mutation last;
  private int mostBytes;
  private int bytesWritten;
  private Map<String, Object> fields;

  /** Maps that belong to this draft, by the unmodifiable view that stands in the document. */
  private final Map<Map<?, ?>, Map<String, Object>> own = new IdentityHashMap<>();

  Draft(Snapshot before, int mostBytes) {
    this.before = before;
    this.exists = before.exists();
    this.fields = before.fields();
    this.mostBytes = mostBytes;
  }

  boolean exists() {
    return exists;
  }

  /** Whether the document is not what it was. */
  boolean isChanged() {
    return exists != before.exists() || (exists && (wasDeleted || !fields.equals(before.fields())));
  }

  /** At least the bytes of the document. */
  int mostBytes() {
    return mostBytes;
  }

  /** Bytes that the commit brings for the document. */
  int bytesWritten() {
    return bytesWritten;
  }

  void isOf(int bytes) {
    mostBytes = bytes;
  }

  Map<String, Object> fields() {
    return fields;
  }

  /**
   * Applies a mutation whose values are as they are stored.
   *
   * @throws StoreException INVALID for contents that Firestore refuses, and for a condition on what
   *     the same commit has written
   */
  void apply(Mutation mutation) {
    checkOrder(mutation);
    first = first == null ? mutation : first;
    last = mutation;
    if (mutation.condition() == Mutation.Condition.DELETE) {
      exists = false;
      wasDeleted = true;
      fields = Map.of();
      mostBytes = 0;
      return;
    }
    if (!exists || mutation.condition() == Mutation.Condition.REPLACE) {
      exists = true;
      fields = Map.of();
      mostBytes = Contents.size(mutation.ref(), fields);
    }
    Map<String, Object> root = owned(fields);
    mutation
        .fields()
        .forEach(
            (path, value) -> {
              List<String> segments = FieldPath.segments(path);
              if (value == Write.REMOVED) {
                remove(root, segments);
              } else {
                set(root, segments, value);
              }
            });
    mutation.increments().forEach((path, by) -> increment(root, FieldPath.segments(path), by));
    fields = view(root);
  }

  private void checkOrder(Mutation mutation) {
    boolean fits =
        last == null
            || switch (mutation.condition()) {
              case NONE, REPLACE, DELETE -> true;
              case ABSENT -> last.condition() == Mutation.Condition.DELETE;
              case VERSION ->
                  last.condition() != Mutation.Condition.DELETE
                      && Objects.equals(first.version(), mutation.version());
            };
    if (!fits) {
      throw new StoreException(
          StoreException.Kind.INVALID,
          "INVALID_ARGUMENT: " + mutation.condition() + " after " + last.condition());
    }
  }

  /**
   * Checks what the first mutation asks of the document as it was.
   *
   * @throws StoreException PRECONDITION if it does not hold
   */
  void checkCondition() {
    boolean holds =
        switch (first.condition()) {
          case NONE, REPLACE, DELETE -> true;
          case ABSENT -> !before.exists();
          case VERSION -> Objects.equals(first.version(), before.updateTime());
        };
    if (!holds) {
      throw new StoreException(
          StoreException.Kind.PRECONDITION, first.condition() + " of " + first.ref());
    }
  }

  private void set(Map<String, Object> root, List<String> path, Object value) {
    Contents.checkPath(path);
    Contents.check(value, path.size());
    int bytes = Contents.size(value);
    for (String segment : path) {
      bytes += Contents.size(segment);
    }
    mostBytes += bytes;
    bytesWritten += bytes;
    parent(root, path).put(path.get(path.size() - 1), value);
  }

  /** The map that holds the last segment, which is made where there is none. */
  private Map<String, Object> parent(Map<String, Object> root, List<String> path) {
    Map<String, Object> at = root;
    for (String segment : path.subList(0, path.size() - 1)) {
      Object inner = at.get(segment);
      Map<String, Object> next = owned(inner instanceof Map<?, ?> map ? map : Map.of());
      at.put(segment, view(next));
      at = next;
    }
    return at;
  }

  private void remove(Map<String, Object> root, List<String> path) {
    Object inner = root;
    for (String segment : path) {
      if (!(inner instanceof Map<?, ?> map) || !map.containsKey(segment)) {
        return;
      }
      inner = map.get(segment);
    }
    parent(root, path).remove(path.get(path.size() - 1));
  }

  /**
   * Adds to a number; what is none counts as zero. Integers stay at their bounds, and a double
   * stays one.
   */
  private void increment(Map<String, Object> root, List<String> path, long by) {
    Map<String, Object> parent = parent(root, path);
    Object before = parent.get(path.get(path.size() - 1));
    Object after = by;
    if (before instanceof Double number) {
      after = number + by;
    } else if (before instanceof Long number) {
      long sum = number + by;
      boolean overflows = ((number ^ sum) & (by ^ sum)) < 0;
      after = overflows ? (by > 0 ? Long.MAX_VALUE : Long.MIN_VALUE) : sum;
    }
    set(root, path, after);
  }

  @SuppressWarnings("unchecked")
  private Map<String, Object> owned(Map<?, ?> map) {
    Map<String, Object> mine = own.get(map);
    return mine != null ? mine : new LinkedHashMap<>((Map<String, Object>) map);
  }

  private Map<String, Object> view(Map<String, Object> map) {
    Map<String, Object> view = Collections.unmodifiableMap(map);
    own.put(view, map);
    return view;
  }
}
