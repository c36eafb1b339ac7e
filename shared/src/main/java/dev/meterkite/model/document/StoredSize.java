package dev.meterkite.model.document;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that Firestore counts for the fields of a document: a name or text is its UTF-8 and 1,
 * a number or timestamp 8, a truth value or null 1; maps and lists are the sum of what they hold.
 *
 * @see <a href="https://firebase.google.com/docs/firestore/storage-size">Storage size
 *     calculations</a>
 */
public final class StoredSize {
  private static final int NUMBER = 8;

  private StoredSize() {}

  /** The bytes of a document's fields. */
  public static int of(Map<String, ?> fields) {
    return value(fields);
  }

  private static int value(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      int size = 0;
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        size += text(String.valueOf(entry.getKey())) + value(entry.getValue());
      }
      return size;
    }
    if (value instanceof List<?> list) {
      return list.stream().mapToInt(StoredSize::value).sum();
    }
    if (value instanceof String text) {
      return text(text);
    }
    return value == null || value instanceof Boolean ? 1 : NUMBER;
  }

  private static int text(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length + 1;
  }
}
