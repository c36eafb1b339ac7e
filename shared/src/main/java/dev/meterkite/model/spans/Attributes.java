package dev.meterkite.model.spans;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Attributes of a span or a resource in OTLP's JSON form, {@code [{"key": …, "value":
 * {"stringValue": …}}]}. Values of other types than text, whole number and decimal are left out; of
 * a key that comes twice the last one counts.
 */
final class Attributes {
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
      Object value = attribute.get("value") instanceof Map<?, ?> any ? scalar(any) : null;
      if (value != null) {
        values.put(key, value);
      }
    }
  }

  private static @Nullable Object scalar(Map<?, ?> any) {
    if (any.get("stringValue") instanceof String text) {
      return text;
    }
    // 64-bit numbers are texts in OTLP's JSON, and taken as numbers too.
    Object number = any.get("intValue") == null ? any.get("doubleValue") : any.get("intValue");
    return number instanceof String text ? decimal(text) : number;
  }

  private static @Nullable BigDecimal decimal(String text) {
    try {
      return text.length() <= 24 ? new BigDecimal(text) : null;
    } catch (NumberFormatException e) {
      return null;
    }
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

  /** The first of these attributes that is there as a number. */
  @Nullable BigDecimal number(List<String> keys) {
    for (String key : keys) {
      if (values.get(key) instanceof BigDecimal number) {
        return number;
      }
    }
    return null;
  }
}
