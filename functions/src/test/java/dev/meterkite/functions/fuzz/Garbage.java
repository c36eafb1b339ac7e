package dev.meterkite.functions.fuzz;

import com.google.firestore.v1.ArrayValue;
import com.google.firestore.v1.MapValue;
import com.google.firestore.v1.Value;
import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import com.google.type.LatLng;
import dev.meterkite.model.schema.Schema;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Documents as nobody should write them: the fields of their collection, holding anything that
 * Firestore stores. A39.
 */
final class Garbage {
  private static final Map<String, List<String>> FIELDS = fields();

  private static final List<String> WORDS =
      List.of(
          "",
          "queued",
          "completed",
          "failed",
          "QUEUED",
          "pro",
          "diamond",
          "enterprise",
          "healthy",
          "open",
          "half_open",
          "UTC",
          "Asia/Tokyo",
          "Mars/Olympus",
          "quota_exhausted",
          "warning",
          "captured",
          "held",
          "never",
          "2026-01-01T00:00:00Z",
          "a/b",
          "..",
          "__x__",
          "_global",
          "😀",
          "a,b",
          "%2F",
          "\u202e",
          "x".repeat(1_600),
          "-1",
          "NaN",
          "purchase",
          "llm",
          "openai",
          "scene_generated",
          "minute",
          "month",
          "fuzzed-user",
          "fuzzed-customer");

  private static final List<Long> SECONDS =
      List.of(
          0L,
          -1L,
          1_700_000_000L,
          1_767_225_600L,
          253_402_300_799L,
          -62_135_596_800L,
          4_102_444_800L);

  private final Random random;

  Garbage(Random random) {
    this.random = random;
  }

  /** By collection, the paths of its fields. */
  private static Map<String, List<String>> fields() {
    Map<String, List<String>> fields = new TreeMap<>();
    try {
      for (Class<?> type : Schema.class.getDeclaredClasses()) {
        List<String> names = new ArrayList<>();
        String collection = null;
        for (Field field : type.getFields()) {
          String value = String.valueOf(field.get(null));
          if (field.getName().equals("COLLECTION")) {
            collection = value;
          } else {
            names.add(value);
          }
        }
        if (collection != null) {
          fields.put(collection, names);
        }
      }
      return fields;
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  /** A document of a collection, most of its fields there, none of them to be relied on. */
  Map<String, Value> document(String collection) {
    Map<String, Value> document = new LinkedHashMap<>();
    for (String path : FIELDS.getOrDefault(collection, List.of("a"))) {
      if (random.nextInt(4) > 0) {
        put(document, path.split("\\.", -1), 0, value(0));
      }
    }
    if (random.nextBoolean()) {
      document.put(any(List.of("unknown", "a.b", "`", "ä", "x".repeat(300))), value(0));
    }
    return document;
  }

  private static void put(Map<String, Value> document, String[] path, int at, Value value) {
    if (at == path.length - 1) {
      document.put(path[at], value);
      return;
    }
    Value there = document.get(path[at]);
    Map<String, Value> inner =
        new LinkedHashMap<>(there == null ? Map.of() : there.getMapValue().getFieldsMap());
    put(inner, path, at + 1, value);
    document.put(path[at], map(inner));
  }

  private static Value map(Map<String, Value> fields) {
    return Value.newBuilder().setMapValue(MapValue.newBuilder().putAllFields(fields)).build();
  }

  Value value(int depth) {
    Value.Builder value = Value.newBuilder();
    switch (random.nextInt(depth > 3 ? 8 : 11)) {
      case 0 -> value.setNullValueValue(0);
      case 1 -> value.setBooleanValue(random.nextBoolean());
      case 2, 3 -> value.setIntegerValue(integer());
      case 4 ->
          value.setDoubleValue(
              any(List.of(0.5, -0.0, Double.NaN, Double.MAX_VALUE, Double.NEGATIVE_INFINITY)));
      case 5 -> value.setStringValue(any(WORDS));
      case 6 -> value.setTimestampValue(timestamp());
      case 7 -> odd(value);
      case 8 -> {
        ArrayValue.Builder list = ArrayValue.newBuilder();
        for (int i = random.nextInt(4); i > 0; i--) {
          Value item = value(depth + 1);
          // Firestore stores no list in a list.
          list.addValues(item.hasArrayValue() ? map(Map.of("list", item)) : item);
        }
        value.setArrayValue(list);
      }
      default -> {
        Map<String, Value> inner = new LinkedHashMap<>();
        for (int i = random.nextInt(5); i > 0; i--) {
          inner.put(
              any(
                  List.of(
                      "a",
                      "status",
                      "balance",
                      "sequence",
                      "never",
                      "minute",
                      "lots",
                      "holds",
                      "holds.x",
                      "tactile",
                      "1767225600000000",
                      "amount",
                      "2026-01")),
              value(depth + 1));
        }
        return map(inner);
      }
    }
    return value.build();
  }

  private void odd(Value.Builder value) {
    switch (random.nextInt(3)) {
      case 0 -> value.setBytesValue(ByteString.copyFrom(new byte[random.nextInt(100)]));
      case 1 -> value.setGeoPointValue(LatLng.newBuilder().setLatitude(1).setLongitude(-1));
      default ->
          value.setReferenceValue(
              "projects/p/databases/(default)/documents/users/" + any(List.of("u", "ä")));
    }
  }

  private long integer() {
    return any(
        List.of(
            0L,
            1L,
            -1L,
            2L,
            5L,
            100L,
            31L,
            1_000_000L,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            Long.MAX_VALUE - 1,
            1_767_225_600L,
            -2L));
  }

  private Timestamp timestamp() {
    return Timestamp.newBuilder()
        .setSeconds(any(SECONDS))
        .setNanos(any(List.of(0, 1_000, 999_999_000)))
        .build();
  }
}
