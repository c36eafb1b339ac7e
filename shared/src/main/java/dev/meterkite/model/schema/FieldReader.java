package dev.meterkite.model.schema;

import dev.meterkite.model.document.FieldPath;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of one document and notes what is wrong with them; never throws, whatever the
 * document holds. Not thread-safe.
 */
public final class FieldReader {
  private final Map<String, Object> document;
  private final List<Violation> violations = new ArrayList<>();

  /** A reader of this document. */
  public FieldReader(Map<String, Object> document) {
    this.document = document;
  }

  /**
   * The value of a field; empty, and noted as a violation, when it is absent though required, of
   * another type, or out of its bounds. Null counts as absent.
   */
  public <T> Optional<T> read(Field<T> field) {
    Object value = at(document, FieldPath.segments(field.path()));
    if (value == null) {
      return field.required() ? refuse(field, Violation.REQUIRED, "is required") : Optional.empty();
    }
    Object cast = field.kind().cast(value);
    if (cast == null) {
      return refuse(field, Violation.WRONG_TYPE, "must be of type " + field.kind().wire());
    }
    T converted = field.convert().apply(cast);
    if (converted == null) {
      return refuse(field, Violation.UNKNOWN_VALUE, "must be one of " + field.range());
    }
    for (Field.Bound<T> bound : field.bounds()) {
      if (!bound.met().test(converted)) {
        return refuse(field, Violation.OUT_OF_RANGE, "must be " + bound.text());
      }
    }
    return Optional.of(converted);
  }

  /** What was wrong with the fields read so far. */
  public List<Violation> violations() {
    return Collections.unmodifiableList(violations);
  }

  /** The value behind a path, or null where there is none or a parent is no map. */
  static @Nullable Object at(Map<?, ?> document, List<String> segments) {
    Object value = document;
    for (String segment : segments) {
      value = value instanceof Map<?, ?> map ? map.get(segment) : null;
    }
    return value;
  }

  private <T> Optional<T> refuse(Field<T> field, String code, String message) {
    violations.add(new Violation(field.path(), code, message));
    return Optional.empty();
  }
}
