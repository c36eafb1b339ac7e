package dev.meterkite.functions.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.meterkite.functions.http.PageToken.Part;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageTokenTest {
  private static final Instant AT = Instant.parse("2026-11-10T10:00:00.000001Z");
  private static final List<List<Part>> FORMS =
      List.of(List.of(Part.MOMENT, Part.NUMBER), PageToken.TIME_AND_ID, List.of());

  private static Fields with(String token) {
    return Fields.ofQuery(Map.of("page_token", token));
  }

  private static String token(String json) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void place_comesBackAsItWas() {
    for (List<Object> place :
        List.<List<Object>>of(
            List.of(AT, 7L),
            List.of(AT, -1L),
            List.of(AT, Long.MAX_VALUE),
            List.of(AT, "7"),
            List.of(AT, "2026-11-10T10:00:00Z"),
            List.of(AT, "ä\"\\ ☃"),
            List.of())) {
      Fields fields = with(PageToken.of(place));
      assertEquals(place, PageToken.place(fields, FORMS));
      assertEquals(List.of(), fields.violations());
    }
  }

  @Test
  void firstPage_hasNoPlace() {
    Fields fields = Fields.ofQuery(Map.of());
    assertNull(PageToken.place(fields, FORMS));
    assertEquals(List.of(), fields.violations());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[\"2026-11-10T10:00:00Z\"]",
        "[\"2026-11-10T10:00:00Z\",1.5]",
        "[\"2026-11-10T10:00:00Z\",9223372036854775808]",
        "[\"2026-11-10T10:00:00Z\",\"a/b\"]",
        "[\"2026-11-10T10:00:00Z\",\"\"]",
        "[\"2026-11-10T10:00:00Z\",true]",
        "[\"2026-11-10T10:00:00Z\",null]",
        "[\"2026-11-10T10:00:00Z\",[\"a\"]]",
        "[\"2026-11-10T10:00:00Z\",\"a\",\"b\"]",
        "[\"2026-02-30T10:00:00Z\",\"a\"]",
        "[\"+12026-11-10T10:00:00Z\",\"a\"]",
        "[1,\"a\"]",
        "{\"a\":\"b\"}",
        "null",
        "",
        "[",
        "[[[[[[[["
      })
  void tokenOfAnotherForm_isAFault(String json) {
    Fields fields = with(token(json));
    assertNull(PageToken.place(fields, FORMS));
    assertEquals("page_token", fields.violations().get(0).field());
    assertEquals(1, fields.violations().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "!", "====", "W10=W10", "ä"})
  void whatIsNoEncoding_isAFault(String token) {
    Fields fields = with(token);
    assertNull(PageToken.place(fields, FORMS));
    assertEquals("format", fields.violations().get(0).code());
  }
}
