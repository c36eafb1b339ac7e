package dev.meterkite.model.customers;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A document with a local file over it: a field that the file has stands for the document's, the
 * others are the document's. A null is as good as no field.
 *
 * @param document the fields as stored; empty without a document
 * @param file the fields of the file; empty without a file
 */
public record Layered(Map<String, Object> document, Map<String, Object> file) {
  public static final Layered NONE = new Layered(Map.of(), Map.of());

  /** A document without a file over it. */
  public static Layered of(Map<String, Object> document) {
    return new Layered(document, Map.of());
  }

  boolean exists() {
    return !document.isEmpty() || !file.isEmpty();
  }

  /** The value of a field; null where neither has one. */
  public @Nullable Object get(String field) {
    Object over = file.get(field);
    return over != null ? over : document.get(field);
  }

  boolean isFromFile(String field) {
    return file.get(field) != null;
  }

  Optional<String> text(String field) {
    return get(field) instanceof String text ? Optional.of(text) : Optional.empty();
  }

  /** The map in a field; empty where there is none or something else stands there. */
  Map<?, ?> map(String field) {
    return get(field) instanceof Map<?, ?> map ? map : Map.of();
  }

  /**
   * The moment in a field; files, which know no other, write it as ISO 8601 text. A document's text
   * is of the wrong type and counts as absent, here as where usage is recorded.
   */
  Optional<Instant> moment(String field) {
    if (get(field) instanceof Instant instant) {
      return Optional.of(instant);
    }
    if (file.get(field) instanceof String text) {
      try {
        return Optional.of(Instant.parse(text));
      } catch (DateTimeException e) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }
}
