package dev.meterkite.model.schema;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One thing that is wrong with a document or a request body.
 *
 * @param field the field path
 * @param code a stable word: {@link #REQUIRED}, {@link #WRONG_TYPE}, {@link #UNKNOWN_VALUE}, {@link
 *     #OUT_OF_RANGE} or {@link #INCONSISTENT}
 * @param message what was expected, in English; never the value found, which may be private
 */
public record Violation(String field, String code, String message) {
  /** The field is absent or null and must not be. */
  public static final String REQUIRED = "required";

  /** The value is not of the field's type. */
  public static final String WRONG_TYPE = "wrong_type";

  /** The word is none of the vocabulary. */
  public static final String UNKNOWN_VALUE = "unknown_value";

  /** The value is outside the bounds. */
  public static final String OUT_OF_RANGE = "out_of_range";

  /** The value does not go with that of another field. */
  public static final String INCONSISTENT = "inconsistent";

  /** The form in which violations stand in documents and problem answers. */
  public Map<String, Object> encode() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("field", field);
    map.put("code", code);
    map.put("message", message);
    return map;
  }
}
