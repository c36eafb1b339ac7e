package dev.meterkite.model.customers;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldPath;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Applies changes by field path, as the store does. */
final class Patches {
  private Patches() {}

  static Map<String, Object> apply(Map<String, Object> fields, Map<String, Object> changes) {
    Map<String, Object> changed = new LinkedHashMap<>(fields);
    changes.forEach((path, value) -> put(changed, FieldPath.segments(path), value));
    return changed;
  }

  private static void put(Map<String, Object> fields, List<String> path, Object value) {
    String name = path.get(0);
    if (path.size() > 1) {
      Map<String, Object> inner = new LinkedHashMap<>();
      if (fields.get(name) instanceof Map<?, ?> map) {
        map.forEach((key, item) -> inner.put((String) key, item));
      }
      put(inner, path.subList(1, path.size()), value);
      fields.put(name, inner);
    } else if (value == Write.REMOVED) {
      fields.remove(name);
    } else {
      fields.put(name, value);
    }
  }
}
