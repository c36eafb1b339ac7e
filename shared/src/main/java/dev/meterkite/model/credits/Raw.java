package dev.meterkite.model.credits;

import dev.meterkite.model.document.FieldValues;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Fields of documents that other programs may have written: a wrong type reads as absent. */
final class Raw {
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
