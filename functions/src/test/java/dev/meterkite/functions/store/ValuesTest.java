package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.firestore.v1.ArrayValue;
import com.google.firestore.v1.Value;
import com.google.protobuf.ByteString;
import com.google.protobuf.NullValue;
import com.google.protobuf.Timestamp;
import com.google.type.LatLng;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ValuesTest {
  @Test
  void jdkTypes_surviveTheRoundTrip() {
    Map<String, Object> inner = new LinkedHashMap<>();
    inner.put("none", null);
    inner.put("", "empty name");
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("null", null);
    fields.put("flag", true);
    fields.put("least", Long.MIN_VALUE);
    fields.put("most", Long.MAX_VALUE);
    fields.put("double", -0.0);
    fields.put("nan", Double.NaN);
    fields.put("text", "ä€😀\u0000");
    fields.put("moment", Instant.parse("2026-02-28T23:59:59.999999Z"));
    fields.put("ancient", Instant.parse("0001-01-01T00:00:00.000001Z"));
    fields.put("list", Arrays.asList(1L, null, "x", inner));
    fields.put("map", inner);
    assertEquals(fields, Values.toMap(Values.toFields(fields)));
  }

  @Test
  void whatTheModelDoesNotUse_staysAsItIs() {
    List<Value> opaque =
        List.of(
            Value.newBuilder().setBytesValue(ByteString.copyFromUtf8("b")).build(),
            Value.newBuilder().setReferenceValue("projects/p/databases/d/documents/c/i").build(),
            Value.newBuilder().setGeoPointValue(LatLng.newBuilder().setLatitude(1)).build(),
            Value.getDefaultInstance());
    for (Value value : opaque) {
      assertEquals(value, Values.toObject(value));
      assertEquals(value, Values.toValue(Values.toObject(value)));
      Value list =
          Value.newBuilder().setArrayValue(ArrayValue.newBuilder().addValues(value)).build();
      assertEquals(list, Values.toValue(Values.toObject(list)));
    }
  }

  @Test
  void nullValue_isNull() {
    assertEquals(
        null, Values.toObject(Value.newBuilder().setNullValue(NullValue.NULL_VALUE).build()));
    assertEquals(Value.ValueTypeCase.NULL_VALUE, Values.toValue(null).getValueTypeCase());
  }

  @Test
  void moments_areCutToMicroseconds() {
    Timestamp fine = Timestamp.newBuilder().setSeconds(-1).setNanos(123_456_999).build();
    assertEquals(
        Instant.ofEpochSecond(-1, 123_456_000),
        Values.toObject(Value.newBuilder().setTimestampValue(fine).build()));
    Instant moment = Instant.ofEpochSecond(5, 999_999_999);
    assertEquals(
        Timestamp.newBuilder().setSeconds(5).setNanos(999_999_000).build(),
        Values.toTimestamp(moment));
  }

  @Test
  void typesThatDocumentsDoNotHave_areABug() {
    assertThrows(IllegalArgumentException.class, () -> Values.toValue(1));
    assertThrows(IllegalArgumentException.class, () -> Values.toValue(1f));
    assertThrows(IllegalArgumentException.class, () -> Values.toValue(Map.of(1, "x")));
  }
}
