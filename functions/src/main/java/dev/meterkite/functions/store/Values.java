package dev.meterkite.functions.store;

import com.google.firestore.v1.ArrayValue;
import com.google.firestore.v1.MapValue;
import com.google.firestore.v1.Value;
import com.google.protobuf.NullValue;
import com.google.protobuf.Timestamp;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Firestore's values as JDK types and back: null, {@link Boolean}, {@link Long}, {@link Double},
 * {@link String}, {@link Instant} in microseconds, {@link List}, {@link Map}.
 *
 * <p>What the model does not use (bytes, references, points, and kinds not known yet) stays the
 * {@link Value} that it is, so that it survives a round trip unchanged.
 */
public final class Values {
  private Values() {}

  /** One value as a JDK object; lists and maps are unmodifiable and may hold nulls. */
  public static @Nullable Object toObject(Value value) {
    return switch (value.getValueTypeCase()) {
      case NULL_VALUE -> null;
      case BOOLEAN_VALUE -> value.getBooleanValue();
      case INTEGER_VALUE -> value.getIntegerValue();
      case DOUBLE_VALUE -> value.getDoubleValue();
      case STRING_VALUE -> value.getStringValue();
      case TIMESTAMP_VALUE -> toInstant(value.getTimestampValue());
      case ARRAY_VALUE -> toList(value.getArrayValue());
      case MAP_VALUE -> toMap(value.getMapValue().getFieldsMap());
      default -> value;
    };
  }

  /** The fields of a document or of a map in it. */
  @SuppressWarnings("NullAway") // the values of documents may be null
  public static Map<String, Object> toMap(Map<String, Value> fields) {
    Map<String, Object> map = new LinkedHashMap<>(fields.size() * 2);
    fields.forEach((name, value) -> map.put(name, toObject(value)));
    return Collections.unmodifiableMap(map);
  }

  @SuppressWarnings("NullAway") // the values of documents may be null
  private static List<Object> toList(ArrayValue array) {
    List<Object> list = new ArrayList<>(array.getValuesCount());
    for (Value value : array.getValuesList()) {
      list.add(toObject(value));
    }
    return Collections.unmodifiableList(list);
  }

  /** A moment, cut to the microseconds that Firestore stores. */
  public static Instant toInstant(Timestamp timestamp) {
    return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos())
        .truncatedTo(ChronoUnit.MICROS);
  }

  /**
   * A JDK object as a value.
   *
   * @throws IllegalArgumentException for an object of a type that documents do not have, such as an
   *     {@link Integer}: the model's integers are longs, and another type is a bug
   */
  public static Value toValue(@Nullable Object object) {
    Value.Builder value = Value.newBuilder();
    if (object == null) {
      return value.setNullValue(NullValue.NULL_VALUE).build();
    } else if (object instanceof Value opaque) {
      return opaque;
    } else if (object instanceof Boolean flag) {
      return value.setBooleanValue(flag).build();
    } else if (object instanceof Long integer) {
      return value.setIntegerValue(integer).build();
    } else if (object instanceof Double number) {
      return value.setDoubleValue(number).build();
    } else if (object instanceof String text) {
      return value.setStringValue(text).build();
    } else if (object instanceof Instant moment) {
      return value.setTimestampValue(toTimestamp(moment)).build();
    } else if (object instanceof List<?> list) {
      ArrayValue.Builder array = ArrayValue.newBuilder();
      list.forEach(item -> array.addValues(toValue(item)));
      return value.setArrayValue(array).build();
    } else if (object instanceof Map<?, ?> map) {
      MapValue.Builder fields = MapValue.newBuilder();
      map.forEach((name, field) -> fields.putFields(key(name), toValue(field)));
      return value.setMapValue(fields).build();
    }
    throw new IllegalArgumentException("no value of a document: " + object.getClass().getName());
  }

  /** The fields of a document, from a map with string keys. */
  public static Map<String, Value> toFields(Map<?, ?> map) {
    Map<String, Value> fields = new LinkedHashMap<>(map.size() * 2);
    map.forEach((name, object) -> fields.put(key(name), toValue(object)));
    return fields;
  }

  private static String key(Object name) {
    if (name instanceof String key) {
      return key;
    }
    throw new IllegalArgumentException("no name of a field: " + name);
  }

  /** A moment as Firestore stores it, cut to microseconds. */
  public static Timestamp toTimestamp(Instant moment) {
    Instant cut = moment.truncatedTo(ChronoUnit.MICROS);
    return Timestamp.newBuilder().setSeconds(cut.getEpochSecond()).setNanos(cut.getNano()).build();
  }
}
