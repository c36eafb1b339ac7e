package dev.meterkite.model.document;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads values that anybody may have written: what has another type than asked for counts as
 * absent, and nothing throws.
 */
public final class FieldValues {
  /** Beyond this a double no longer holds every integer. */
  private static final double EXACT = 1L << 53;

  private FieldValues() {}

  /** The string, or null. */
  public static @Nullable String text(@Nullable Object value) {
    return value instanceof String text ? text : null;
  }

  /** The integer, also one that was written as a float without a fraction; else null. */
  public static @Nullable Long integer(@Nullable Object value) {
    if (value instanceof Long number) {
      return number;
    }
    if (value instanceof Double number
        && Math.rint(number) == number
        && Math.abs(number) <= EXACT) {
      return number.longValue();
    }
    return null;
  }

  /** The number if it is finite, or null. */
  public static @Nullable Double decimal(@Nullable Object value) {
    if (value instanceof Long number) {
      return number.doubleValue();
    }
    return value instanceof Double number && Double.isFinite(number) ? number : null;
  }

  /** The truth value, or null. */
  public static @Nullable Boolean flag(@Nullable Object value) {
    return value instanceof Boolean flag ? flag : null;
  }

  /** The moment, or null. */
  public static @Nullable Instant instant(@Nullable Object value) {
    return value instanceof Instant instant ? instant : null;
  }

  /** The map's entries with string keys; empty for anything else. */
  public static Map<String, @Nullable Object> map(@Nullable Object value) {
    Map<String, @Nullable Object> entries = new LinkedHashMap<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach(
          (key, entry) -> {
            if (key instanceof String name) {
              entries.put(name, entry);
            }
          });
    }
    return entries;
  }

  /** The list; empty for anything else. */
  public static List<?> list(@Nullable Object value) {
    return value instanceof List<?> list ? list : List.of();
  }
}
