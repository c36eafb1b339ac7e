package dev.meterkite.functions.http;

import dev.meterkite.model.document.Digests;
import java.math.BigDecimal;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Tells requests apart that use the same idempotency key.
 *
 * <p>The hash is SHA-256, in hex, over the operation's name and the body in a normal form: members
 * sorted by name, no white space, escapes resolved, numbers by their value ({@code 100}, {@code
 * 100.0} and {@code 1e2} are one). Nothing is filled in or left out: a field given with its default
 * value, or as null, makes another body than its absence.
 */
public final class RequestHash {
  private RequestHash() {}

  /** The hash of a body in the types in which JSON is read: numbers are {@link BigDecimal}. */
  public static String of(String operation, Map<String, Object> members) {
    StringBuilder normal = new StringBuilder(operation).append('\n');
    append(normal, members);
    return HexFormat.of().formatHex(Digests.sha256(normal.toString()));
  }

  private static void append(StringBuilder normal, @Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      TreeMap<String, Object> sorted = new TreeMap<>();
      map.forEach((name, member) -> sorted.put((String) name, member));
      normal.append('{');
      sorted.forEach(
          (name, member) -> {
            append(normal, name);
            append(normal, member);
          });
      normal.append('}');
    } else if (value instanceof List<?> list) {
      normal.append('[');
      list.forEach(item -> append(normal, item));
      normal.append(']');
    } else if (value instanceof String text) {
      // The length in front keeps a text from looking like what stands around it.
      normal.append('"').append(text.length()).append(':').append(text);
    } else if (value instanceof BigDecimal number) {
      normal.append('#').append(number.stripTrailingZeros()).append(';');
    } else {
      normal.append(value).append(';');
    }
  }
}
