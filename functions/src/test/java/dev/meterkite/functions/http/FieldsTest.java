package dev.meterkite.functions.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.schema.Violation;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FieldsTest {
  private static Fields body(String json) throws Refusal {
    return Fields.ofBody(Json.readObject(json.getBytes(StandardCharsets.UTF_8)));
  }

  private static List<String> faults(Fields fields) {
    return fields.violations().stream().map(v -> v.field() + ":" + v.code()).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "0, out_of_range",
    "1, ",
    "10, ",
    "11, out_of_range",
    "1.0, ",
    "1e1, ",
    "100e-1, ",
    "1.5, wrong_type",
    "-0.0, out_of_range",
    "9223372036854775807, out_of_range",
    "9223372036854775808, out_of_range",
    "-9223372036854775809, out_of_range",
    "1e300, out_of_range",
    "1e-300, wrong_type",
    "'\"1\"', wrong_type",
    "true, wrong_type",
    "[], wrong_type",
    "{}, wrong_type",
    "null, required"
  })
  void requiredInteger_isTakenFromOneToTen(String literal, String code) throws Refusal {
    Fields fields = body("{\"n\": " + literal + "}");
    long read = fields.integer("n", 1, 10);
    assertEquals(code == null ? List.of() : List.of("n:" + code), faults(fields));
    assertTrue(read >= 1 && read <= 10);
  }

  @ParameterizedTest
  @CsvSource({
    "a@b, ",
    "ada.lovelace+x@example.com, ",
    "ädä@bücher.example, ",
    "ab, out_of_range",
    "abc, format",
    "@ab, format",
    "ab@, format",
    "a@b@c, format",
    "a b@c, format",
    "a@b\\u0000c, format",
    "a@b\\nc, format"
  })
  void email_hasOneAtAndNoBlanks(String written, String code) throws Refusal {
    Fields fields = body("{\"email\": \"" + written + "\"}");
    String read = fields.optionalEmail("email");
    assertEquals(code == null ? List.of() : List.of("email:" + code), faults(fields));
    assertEquals(code == null ? written : null, read);
  }

  @ParameterizedTest
  @CsvSource({"320, ", "321, out_of_range"})
  void email_isBounded(int length, String code) throws Refusal {
    Fields fields = body("{\"email\": \"" + "a".repeat(length - 2) + "@b\"}");
    fields.optionalEmail("email");
    assertEquals(code == null ? List.of() : List.of("email:" + code), faults(fields));
  }

  @Test
  void integersOfTheWholeRange_areExact() throws Refusal {
    Fields fields = body("{\"a\": 9223372036854775807, \"b\": -9223372036854775808}");
    assertEquals(Long.MAX_VALUE, fields.integer("a", Long.MIN_VALUE, Long.MAX_VALUE));
    assertEquals(Long.MIN_VALUE, fields.integer("b", Long.MIN_VALUE, Long.MAX_VALUE));
    assertEquals(List.of(), faults(fields));
  }

  @Test
  void absentOptionalFields_areNullOrTheDefault() throws Refusal {
    Fields fields = body("{\"null\": null}");
    assertNull(fields.optionalInteger("null", 0, 1));
    assertNull(fields.optionalString("a", 0, 1));
    assertNull(fields.optionalId("a"));
    assertNull(fields.optionalFlag("a"));
    assertNull(fields.optionalMoment("a"));
    assertNull(fields.optionalDecimal("a", BigDecimal.ZERO, BigDecimal.ONE));
    assertNull(fields.optionalWord("a", TransactionType.class));
    assertNull(fields.optionalObject("a"));
    assertEquals(List.of(), fields.objects("a", 0, 5));
    assertEquals(50, fields.integer("limit", 1, 100, 50));
    assertFalse(fields.has("null"));
    assertFalse(fields.has("a"));
    assertTrue(fields.isNamed("null"));
    assertFalse(fields.isNamed("a"));
    fields.notNull("a", "b");
    assertEquals(List.of(), faults(fields));
    fields.notNull("null", "an integer");
    assertEquals(List.of("null:wrong_type"), faults(fields));
  }

  @Test
  void allFaults_areReportedAtOnce() throws Refusal {
    Fields fields =
        body(
            """
            {"text": 5, "long": "abcdef", "id": "a/b", "word": "bogus", "flag": "true",
             "moment": "yesterday", "decimal": 2, "list": {}, "objects": [{"n": 0, "y": 1}, 7],
             "object": [], "x": 1, "strings": ["", "ok"]}\
            """);
    fields.string("absent", 1, 5);
    fields.string("text", 1, 5);
    fields.string("long", 1, 5);
    fields.id("id");
    fields.word("word", TransactionType.class);
    fields.flag("flag");
    fields.moment("moment");
    fields.decimal("decimal", BigDecimal.ZERO, BigDecimal.ONE);
    fields.objects("list", 1, 5);
    fields.objects("objects", 1, 5).forEach(part -> part.integer("n", 1, 5));
    fields.optionalObject("object");
    fields.strings("strings", 1, 5, s -> !s.isEmpty(), "a word");
    fields.objects("missing", 1, 5);
    fields.fault("moment", Violation.OUT_OF_RANGE, "must be later");
    assertEquals(
        List.of(
            "absent:required",
            "text:wrong_type",
            "long:out_of_range",
            "id:format",
            "word:unknown_value",
            "flag:wrong_type",
            "moment:format",
            "decimal:out_of_range",
            "list:wrong_type",
            "objects[1]:wrong_type",
            "objects[0].n:out_of_range",
            "object:wrong_type",
            "strings[0]:format",
            "missing:required",
            "moment:out_of_range",
            "x:unknown_field",
            "objects[0].y:unknown_field"),
        faults(fields));
  }

  @Test
  void lengths_countCharactersNotHalves() throws Refusal {
    Fields fields = body("{\"two\": \"😀😀\", \"three\": \"😀😀😀\", \"empty\": \"\"}");
    assertEquals("😀😀", fields.string("two", 1, 2));
    assertNull(fields.optionalString("three", 1, 2));
    assertNull(fields.optionalString("empty", 1, 2));
    assertEquals(List.of("three:out_of_range", "empty:out_of_range"), faults(fields));
  }

  @ParameterizedTest
  @CsvSource({
    "2026-01-31T12:00:00Z, 2026-01-31T12:00:00Z",
    "2026-01-31t12:00:00z, 2026-01-31T12:00:00Z",
    "2026-01-31T12:00:00.1234567+05:30, 2026-01-31T06:30:00.123456Z",
    "0001-01-01T00:00:00Z, 0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z, 9999-12-31T23:59:59.999999Z"
  })
  void moment_isReadInUtc(String written, String expected) throws Refusal {
    Fields fields = body("{\"at\": \"" + written + "\"}");
    assertEquals(Instant.parse(expected), fields.moment("at"));
    assertEquals(List.of(), faults(fields));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-02-30T00:00:00Z",
        "2026-01-01",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:60Z",
        "+10000-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "2026-01-01T00:00:00+99:00",
        "1767225600"
      })
  void whatIsNoMoment_isAFault(String written) throws Refusal {
    Fields fields = body("{\"at\": \"" + written + "\"}");
    fields.moment("at");
    assertEquals(List.of("at:format"), faults(fields));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a/b", "__x__", "____"})
  void whatIsNoDocumentId_isAFault(String id) throws Refusal {
    Fields fields = body("{\"id\": \"" + id + "\"}");
    fields.id("id");
    assertEquals(List.of("id:format"), faults(fields));
    Fields longest =
        body("{\"a\": \"" + "é".repeat(750) + "\", \"b\": \"" + "é".repeat(751) + "\"}");
    longest.id("a");
    longest.id("b");
    assertEquals(List.of("b:format"), faults(longest));
  }

  @ParameterizedTest
  @CsvSource({
    "2026-03-01T00:00:00 00:00, 2026-03-01T00:00:00Z",
    "2026-03-01t05:30:00.25 05:30, 2026-03-01T00:00:00.25Z",
    "2026-03-01T00:00:00-01:00, 2026-03-01T01:00:00Z",
    "2026-03-01T00:00:00+00:00, 2026-03-01T00:00:00Z",
    "2026-03-01 00:00:00Z, ",
    "2026-03-01T00:00:00 Z, ",
    "2026-03-01T00:00:00  00:00, ",
    "' 2026-03-01T00:00:00 00:00', ",
    "2026-03-01T00:00:00 00:00 , 2026-03-01T00:00:00Z",
    "2026-03-01T00:00:00 25:00, "
  })
  void c30_blankWhereAnOffsetHasItsSign_isThePlusThatWasSent(String written, String expected) {
    Fields query = Fields.ofQuery(Map.of("at", written, "day", written, "text", written));
    Instant moment = query.optionalMoment("at");
    assertEquals(expected == null ? null : Instant.parse(expected), moment);
    boolean midnight = moment != null && moment.equals(moment.truncatedTo(ChronoUnit.DAYS));
    LocalDate day = query.day("day", LocalDate.of(2000, 1, 1), LocalDate.of(9999, 12, 31));
    assertEquals(midnight ? LocalDate.of(2026, 3, 1) : null, day);
    assertEquals(written, query.string("text", 1, 100));
  }

  @Test
  void c30_blankInABody_isNoPlus() throws Refusal {
    Fields fields = body("{\"at\": \"2026-03-01T00:00:00 00:00\"}");
    assertNull(fields.optionalMoment("at"));
    assertEquals(List.of("at:format"), faults(fields));
  }

  @ParameterizedTest
  @CsvSource({
    "2026-03-01, 2026-03-01",
    "2026-03-01T00:00Z, 2026-03-01",
    "2026-03-01T02:00:00+02:00, 2026-03-01",
    "2000-01-01, 2000-01-01",
    "1999-12-31, ",
    "2026-03-01T00:00:00.000001Z, ",
    "2026-02-29, ",
    "tomorrow, "
  })
  void day_isAWholeUtcDay(String written, LocalDate expected) {
    Fields query = Fields.ofQuery(Map.of("day", written));
    assertEquals(expected, query.day("day", LocalDate.of(2000, 1, 1), LocalDate.of(9999, 12, 31)));
    assertEquals(expected == null ? List.of("day:out_of_range") : List.of(), faults(query));
  }

  @Test
  void queryParameters_areReadFromText() {
    Fields fields =
        Fields.ofQuery(
            Map.of("n", "1e1", "f", "true", "g", "True", "w", "refund", "bad", "0x1", "b", ""));
    assertEquals(10, fields.integer("n", 1, 10));
    assertEquals(true, fields.flag("f"));
    assertNull(fields.optionalFlag("g"));
    assertEquals(TransactionType.REFUND, fields.word("w", TransactionType.class));
    assertNull(fields.optionalInteger("bad", 0, 9));
    assertEquals(List.of("g:wrong_type", "bad:wrong_type", "b:unknown_field"), faults(fields));
  }

  @Test
  void answersListAtMostAHundredFaultsWithShortNames() throws Refusal {
    StringBuilder json = new StringBuilder("{\"" + "n".repeat(5_000) + "\":1");
    for (int i = 0; i < 500; i++) {
      json.append(",\"f").append(i).append("\":1");
    }
    List<Violation> faults = body(json.append('}').toString()).violations();
    assertEquals(Fields.MAX_VIOLATIONS, faults.size());
    assertEquals(101, faults.get(0).field().length());
  }
}
