package dev.meterkite.model.document;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A document as a read saw it, or the fact that there was none.
 *
 * <p>Values are {@code null}, {@link Boolean}, {@link Long}, {@link Double}, {@link String}, {@link
 * Instant} (microseconds), {@link java.util.List} and {@link Map} of these; a store may put objects
 * of its own in place of types that the model does not use (bytes, references, points), which are
 * only ever handed back to it.
 *
 * @param ref which document
 * @param fields its fields; empty when there is no document
 * @param updateTime when it last changed: the version that a conditional write names; null when
 *     there is no document
 */
public record Snapshot(DocRef ref, Map<String, Object> fields, @Nullable Instant updateTime) {
  public Snapshot {
    fields = Collections.unmodifiableMap(fields);
  }

  /** The snapshot of a document that does not exist. */
  public static Snapshot absent(DocRef ref) {
    return new Snapshot(ref, Map.of(), null);
  }

  /** Whether there was a document. */
  public boolean exists() {
    return updateTime != null;
  }
}
