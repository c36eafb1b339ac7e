package dev.meterkite.model.spans;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Attributes of a span or a resource in OTLP's JSON form, {@code [{"key": …, "value":
 * {"stringValue": …}}]}. Values are texts and numbers; of others is known that they are there. Of a
 * key that comes twice the last one counts.
 */
final class Attributes {
  /** A value that is neither a text nor a number, or not well-formed. */
  private static final Object OTHER = new Object();

  private static final BigDecimal NO_COUNT = BigDecimal.ONE.negate();
  private static final Pattern INT = Pattern.compile("-?[0-9]{1,19}");

  /** The kinds of value that OTLP has, of which each value is one. */
  private static final List<String> KINDS =
      List.of(
          "stringValue",
          "boolValue",
          "intValue",
          "doubleValue",
          "arrayValue",
          "kvlistValue",
          "bytesValue");

  private final Map<String, Object> values = new HashMap<>();

  /**
   * Reads a list of attributes.
   *
   * @throws IllegalArgumentException for anything but a list of objects with a key
   */
  Attributes(@Nullable Object list) {
    if (list == null) {
      return;
    }
    if (!(list instanceof List<?> entries)) {
      throw new IllegalArgumentException("attributes are no list");
    }
    for (Object entry : entries) {
      if (!(entry instanceof Map<?, ?> attribute)
          || !(attribute.get("key") instanceof String key)) {
        throw new IllegalArgumentException("an attribute has no key");
      }
      values.put(key, attribute.get("value") instanceof Map<?, ?> any ? scalar(any) : OTHER);
    }
  }

  private static Object scalar(Map<?, ?> any) {
    List<String> kinds = KINDS.stream().filter(kind -> any.get(kind) != null).toList();
    Object value = kinds.size() == 1 ? any.get(kinds.get(0)) : null;
    if (value == null) {
      return OTHER;
    }
    return switch (kinds.get(0)) {
      case "stringValue" -> value instanceof String ? value : OTHER;
      case "doubleValue" -> value instanceof BigDecimal ? value : OTHER;
      // 64-bit numbers are texts in OTLP's JSON, and taken as numbers too.
      case "intValue" ->
          value instanceof String text && INT.matcher(text).matches()
              ? new BigDecimal(text)
              : value instanceof BigDecimal ? value : OTHER;
      default -> OTHER;
    };
  }

  /** Whether this attribute is there, with whatever value. */
  boolean has(String key) {
    return values.containsKey(key);
  }

  /** The first of these attributes that is there as a text that is not empty. */
  Optional<String> text(String... keys) {
    for (String key : keys) {
      if (values.get(key) instanceof String text && !text.isEmpty()) {
        return Optional.of(text);
      }
    }
    return Optional.empty();
  }

  /**
   * The first of these attributes that is there: a number, -1 for a value that is none; null where
   * none is there.
   */
  @Nullable BigDecimal number(List<String> keys) {
    for (String key : keys) {
      if (has(key)) {
        return values.get(key) instanceof BigDecimal number ? number : NO_COUNT;
      }
    }
    return null;
  }
}
