package dev.meterkite.model.document;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Lenient field readers: a value of the wrong type is treated as absent. */
public final class LenientFields {
  private static final int LONGEST_SHOWN = 40;

  private LenientFields() {}

  /** The string, or null. */
  public static @Nullable String text(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof String text ? text : null;
  }

  /** The integer, also one written as 24.0 by a program without integers; else null. */
  public static @Nullable Long whole(Map<?, ?> fields, String name) {
    return FieldValues.integer(fields.get(name));
  }

  /** The integer, or {@code otherwise} where there is none. */
  public static long whole(Map<?, ?> fields, String name, long otherwise) {
    Long found = whole(fields, name);
    return found == null ? otherwise : found;
  }

  /** A value of any type for a message: strings in quotation marks, cut after 40 characters. */
  public static String shown(@Nullable Object value) {
    String text = String.valueOf(value);
    String cut = text.length() > LONGEST_SHOWN ? text.substring(0, LONGEST_SHOWN) + "…" : text;
    return value instanceof String ? '"' + cut + '"' : cut;
  }

  /** The timestamp, or null. */
  public static @Nullable Instant instant(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof Instant instant ? instant : null;
  }

  /** The map, or an empty one. */
  public static Map<?, ?> map(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof Map<?, ?> map ? map : Map.of();
  }

  /** The list, or an empty one. */
  public static List<?> list(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof List<?> list ? list : List.of();
  }
}
