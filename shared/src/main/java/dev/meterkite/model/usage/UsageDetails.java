package dev.meterkite.model.usage;

import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Violation;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The free part of a record, held to what Firestore can store: at most 32 KiB, 16 levels, no list
 * directly in a list, no key that is empty, longer than 1,500 bytes or of the form {@code __x__}. A
 * commit with anything else would be refused as a whole.
 */
final class UsageDetails {
  private static final int MAX_BYTES = 32 * 1_024;
  private static final int MAX_DEPTH = 16;
  private static final int MAX_KEY_BYTES = 1_500;
  private static final int SCALAR_BYTES = 8;

  private UsageDetails() {}

  /** The details, empty if there are none; what is wrong is said to the reader. */
  static Map<String, Object> read(UsageFields reader, @Nullable Object value) {
    if (value == null) {
      return Map.of();
    }
    if (!(value instanceof Map<?, ?> map)) {
      reader.wrong(UsageTracking.DETAILS, Violation.WRONG_TYPE, "must be an object");
      return Map.of();
    }
    String fault = fault(map);
    if (fault != null) {
      reader.wrong(UsageTracking.DETAILS, Violation.OUT_OF_RANGE, fault);
      return Map.of();
    }
    Map<String, Object> details = new LinkedHashMap<>();
    map.forEach((key, element) -> details.put((String) key, element));
    return details;
  }

  private static @Nullable String fault(Map<?, ?> map) {
    try {
      int size = size(map, 1);
      return size <= MAX_BYTES ? null : "must be at most 32 KiB";
    } catch (IllegalArgumentException e) {
      return e.getMessage();
    }
  }

  private static int size(@Nullable Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException("must be at most 16 levels deep");
    }
    if (value instanceof Map<?, ?> map) {
      int size = 0;
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        size += key(entry.getKey()) + size(entry.getValue(), depth + 1);
      }
      return size;
    }
    if (value instanceof List<?> list) {
      int size = 0;
      for (Object element : list) {
        if (element instanceof List<?>) {
          throw new IllegalArgumentException("must not have a list directly in a list");
        }
        size += size(element, depth + 1);
      }
      return size;
    }
    return value instanceof String text ? bytes(text) : SCALAR_BYTES;
  }

  private static int key(@Nullable Object key) {
    String name = String.valueOf(key);
    if (name.isEmpty()
        || bytes(name) > MAX_KEY_BYTES
        || (name.length() >= 4 && name.startsWith("__") && name.endsWith("__"))) {
      throw new IllegalArgumentException("must not have empty, over-long or reserved names");
    }
    return bytes(name);
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
