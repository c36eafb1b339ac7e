package dev.meterkite.model.schema;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What decoding a document gave: a record, or everything that is wrong with the document.
 *
 * @param record the record; null exactly when there are violations
 * @param violations all of them; empty when there is a record
 */
public record Decoded<T>(@Nullable T record, List<Violation> violations) {
  public Decoded {
    violations = List.copyOf(violations);
    if ((record == null) == violations.isEmpty()) {
      throw new IllegalArgumentException("either a record or violations");
    }
  }

  /** The record, if the document is right. */
  public Optional<T> value() {
    return Optional.ofNullable(record);
  }
}
