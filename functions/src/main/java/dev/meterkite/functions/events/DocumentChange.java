package dev.meterkite.functions.events;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One change of one document, as an event tells it. A hint: it may be late, doubled, out of order,
 * or cut short, so whoever acts on it reads the document first.
 *
 * @param ref which document, from the name in the payload
 * @param before the document before the change, or the fact that there was none
 * @param after the document after the change, or the fact that there is none
 * @param time when it changed
 * @param eventId the event's id, for the log; the same change can come under several
 */
public record DocumentChange(
    DocRef ref, Snapshot before, Snapshot after, Instant time, String eventId) {

  /** Stands for a field that is not there, which is not the same as one that is null. */
  private static final Object ABSENT = new Object();

  /** What happened to a document. */
  public enum Type {
    CREATED,
    UPDATED,
    DELETED
  }

  /** What happened. */
  public Type type() {
    if (!before.exists()) {
      return Type.CREATED;
    }
    return after.exists() ? Type.UPDATED : Type.DELETED;
  }

  /**
   * Whether a field differs before and after: how a trigger compares only what it owns. A field
   * that comes, goes or turns null differs.
   *
   * <p>Example: {@code touches("status", "ledger.balance")}.
   *
   * @param paths field paths as {@link FieldPath} has them
   */
  public boolean touches(String... paths) {
    return Arrays.stream(paths)
        .anyMatch(path -> !Objects.equals(at(before.fields(), path), at(after.fields(), path)));
  }

  private static @Nullable Object at(Map<String, Object> fields, String path) {
    Object value = fields;
    for (String segment : FieldPath.segments(path)) {
      if (!(value instanceof Map<?, ?> map) || !map.containsKey(segment)) {
        return ABSENT;
      }
      value = map.get(segment);
    }
    return value;
  }
}
