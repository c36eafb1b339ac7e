package dev.meterkite.model.credits;

import dev.meterkite.model.document.FieldValues;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Fields of documents that other programs may have written: a wrong type reads as absent. */
final class Raw {
  private static final int LONGEST_SHOWN = 40;

  private Raw() {}

  static @Nullable String text(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof String text ? text : null;
  }

  /** An integer, also one that a program without integers wrote as 24.0. */
  static @Nullable Long whole(Map<?, ?> fields, String name) {
    return FieldValues.integer(fields.get(name));
  }

  static long whole(Map<?, ?> fields, String name, long otherwise) {
    Long found = whole(fields, name);
    return found == null ? otherwise : found;
  }

  /** A value of any type for people, texts in quotation marks, long ones cut. */
  static String shown(@Nullable Object value) {
    String text = String.valueOf(value);
    String cut = text.length() > LONGEST_SHOWN ? text.substring(0, LONGEST_SHOWN) + "…" : text;
    return value instanceof String ? '"' + cut + '"' : cut;
  }

  static @Nullable Instant instant(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof Instant instant ? instant : null;
  }

  static Map<?, ?> map(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof Map<?, ?> map ? map : Map.of();
  }

  static List<?> list(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof List<?> list ? list : List.of();
  }
}
