package dev.meterkite.functions.http;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as documents hold it, and documents as JSON shows them. */
public final class JsonValues {
  private JsonValues() {}

  /** The members of a JSON object in the types of documents: {@code 5} and {@code 5.0} are Long. */
  public static Map<String, Object> fields(JsonObject object) {
    Map<String, Object> fields = new LinkedHashMap<>();
    object.asMap().forEach((name, value) -> fields.put(name, value(value)));
    return fields;
  }

  /** A JSON value in the types of documents: null, Boolean, Long, Double, String, List, Map. */
  @SuppressWarnings("NullAway") // fields of documents may be null
  public static Object value(JsonElement json) {
    if (json instanceof JsonObject object) {
      return fields(object);
    }
    if (json.isJsonArray()) {
      List<Object> items = new ArrayList<>();
      json.getAsJsonArray().forEach(item -> items.add(value(item)));
      return items;
    }
    if (json instanceof JsonPrimitive primitive) {
      if (primitive.isBoolean()) {
        return primitive.getAsBoolean();
      }
      return primitive.isNumber() ? number(primitive.getAsBigDecimal()) : primitive.getAsString();
    }
    return null;
  }

  private static Object number(BigDecimal number) {
    BigDecimal plain = number.signum() == 0 ? BigDecimal.ZERO : number.stripTrailingZeros();
    boolean isLong = plain.scale() <= 0 && plain.precision() - plain.scale() <= 18;
    return isLong ? (Object) plain.longValueExact() : (Object) number.doubleValue();
  }

  /**
   * A value of a document as an answer can show it: what JSON has no form for (bytes, references,
   * NaN) is shown as text.
   */
  public static @Nullable Object shown(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> shown = new LinkedHashMap<>();
      map.forEach((key, item) -> shown.put(String.valueOf(key), shown(item)));
      return shown;
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> shown = new ArrayList<>();
      list.forEach(item -> shown.add(shown(item)));
      return shown;
    }
    boolean plain =
        value == null
            || value instanceof String
            || value instanceof Boolean
            || value instanceof Long
            || value instanceof Instant
            || (value instanceof Double number && Double.isFinite(number));
    return plain ? value : String.valueOf(value);
  }
}
