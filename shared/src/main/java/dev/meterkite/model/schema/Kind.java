package dev.meterkite.model.schema;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The types of values in documents, by the words of the source schemas. */
public enum Kind implements Word {
  STRING,
  INTEGER,
  FLOAT,
  BOOLEAN,
  TIMESTAMP,
  MAP,
  ARRAY;

  /** Beyond this a double does not name every integer. */
  private static final double EXACT = 1L << 53;

  /**
   * The value in the form that the model uses, or null if it is of another type. A double without
   * fraction is an integer (JSON and JavaScript know no other), an integer is a float; nothing else
   * is converted, and NaN and the infinities are no floats.
   */
  public @Nullable Object cast(Object value) {
    return switch (this) {
      case STRING -> value instanceof String ? value : null;
      case INTEGER -> integer(value);
      case FLOAT -> number(value);
      case BOOLEAN -> value instanceof Boolean ? value : null;
      case TIMESTAMP -> value instanceof Instant ? value : null;
      case MAP -> value instanceof Map ? value : null;
      case ARRAY -> value instanceof List ? value : null;
    };
  }

  private static @Nullable Object integer(Object value) {
    if (value instanceof Double number
        && number == Math.rint(number)
        && Math.abs(number) <= EXACT) {
      return number.longValue();
    }
    return value instanceof Long ? value : null;
  }

  private static @Nullable Object number(Object value) {
    if (value instanceof Long integer) {
      return integer.doubleValue();
    }
    return value instanceof Double number && Double.isFinite(number) ? number : null;
  }
}
