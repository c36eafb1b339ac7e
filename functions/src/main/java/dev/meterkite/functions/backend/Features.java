package dev.meterkite.functions.backend;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** One object of each type, made where it is first asked for. */
final class Features {
  /** Guarded by this. */
  private final Map<Class<?>, Object> made = new HashMap<>();

  /** The object of a type; making it may ask for others. */
  synchronized <T> T of(Class<T> type, Supplier<T> maker) {
    Object known = made.get(type);
    if (known == null) {
      known = maker.get();
      made.put(type, known);
    }
    return type.cast(known);
  }
}
