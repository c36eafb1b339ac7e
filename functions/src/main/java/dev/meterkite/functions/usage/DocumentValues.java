package dev.meterkite.functions.usage;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns what JSON has into what documents hold. */
final class DocumentValues {
  private static final String DETAILS = "details";

  private DocumentValues() {}

  /** A record whose details can be stored; its other fields keep their exact decimals. */
  @SuppressWarnings("NullAway") // the values of JSON may be null
  static Map<String, Object> ofRecord(Map<String, Object> json) {
    Map<String, Object> record = new LinkedHashMap<>(json);
    record.computeIfPresent(DETAILS, (name, value) -> storable(value));
    return record;
  }

  /** Whole numbers that fit become longs, other numbers the nearest double. */
  private static @Nullable Object storable(@Nullable Object value) {
    if (value instanceof BigDecimal number) {
      return number(number);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> members = new LinkedHashMap<>();
      map.forEach((name, member) -> members.put(String.valueOf(name), storable(member)));
      return members;
    }
    if (value instanceof List<?> list) {
      List<@Nullable Object> items = new ArrayList<>();
      list.forEach(item -> items.add(storable(item)));
      return items;
    }
    return value;
  }

  private static Object number(BigDecimal number) {
    // 1e999 is not written out to find that it does not fit.
    boolean small = number.precision() - number.scale() <= 19;
    if (small && number.signum() != 0 && number.stripTrailingZeros().scale() <= 0) {
      try {
        return number.longValueExact();
      } catch (ArithmeticException e) {
        return number.doubleValue();
      }
    }
    return number.signum() == 0 ? (Object) 0L : (Object) number.doubleValue();
  }
}
