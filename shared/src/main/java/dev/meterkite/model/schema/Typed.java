package dev.meterkite.model.schema;

import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A document of one collection whose known fields are right: of their types and within their
 * bounds. It holds the whole document, so writing it back loses no field that we do not know.
 */
public interface Typed {
  /** The whole document: the encoded form. */
  Map<String, Object> fields();

  /** The value of an optional field. */
  default <T> Optional<T> get(Field<T> field) {
    return new FieldReader(fields()).read(field);
  }

  /**
   * The value of a required field.
   *
   * @throws NoSuchElementException if the field is optional and absent
   */
  default <T> T require(Field<T> field) {
    return get(field).orElseThrow(() -> new NoSuchElementException("no " + field.path()));
  }
}
