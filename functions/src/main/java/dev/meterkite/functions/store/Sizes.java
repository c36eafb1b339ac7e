package dev.meterkite.functions.store;

import dev.meterkite.model.command.Write;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Estimates how large values are on the wire; never too small for what the model writes. */
final class Sizes {
  private static final int OVERHEAD = 12;
  private static final int DOCUMENT = 200;
  private static final int OPAQUE = 1_024;
  private static final int MOST_BYTES_A_CHAR = 3;

  private Sizes() {}

  static int of(Write write) {
    int size = DOCUMENT + MOST_BYTES_A_CHAR * write.ref().id().length();
    if (write instanceof Write.Create create) {
      return size + fields(create.fields());
    } else if (write instanceof Write.Update update) {
      return size + fields(update.fields());
    } else if (write instanceof Write.Merge merge) {
      return size + fields(merge.fields());
    } else if (write instanceof Write.Increment increment) {
      return size + fields(increment.amounts());
    }
    throw new IllegalStateException("not a write: " + write);
  }

  private static int fields(Map<String, ?> fields) {
    int size = 0;
    // A field path stands in the document and once more in the mask.
    for (Map.Entry<String, ?> field : fields.entrySet()) {
      size += OVERHEAD + 2 * bytes(field.getKey()) + of(field.getValue());
    }
    return size;
  }

  private static int of(@Nullable Object value) {
    if (value instanceof String text) {
      return OVERHEAD + bytes(text);
    }
    if (value instanceof Map<?, ?> map) {
      int size = OVERHEAD;
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        size += OVERHEAD + bytes(String.valueOf(entry.getKey())) + of(entry.getValue());
      }
      return size;
    }
    if (value instanceof List<?> list) {
      int size = OVERHEAD;
      for (Object element : list) {
        size += of(element);
      }
      return size;
    }
    return value == null
            || value instanceof Number
            || value instanceof Boolean
            || value instanceof Instant
        ? 2 * OVERHEAD
        : OPAQUE;
  }

  static int bytes(String text) {
    int size = text.length();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        size += MOST_BYTES_A_CHAR - 1;
      }
    }
    return size;
  }
}
