package dev.meterkite.model.document;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The text is gson's, to the character. */
class JsonTextTest {
  private static final int STRINGS = 2_000;
  private static final int MOMENTS = 5_000;
  private static final int LAST_CHARACTER = 0xffff;

  @Test
  void everyCharacter_isWrittenAsByGson() throws IOException {
    for (int c = 0; c <= LAST_CHARACTER; c++) {
      String string = "a" + (char) c + "b";
      assertEquals(gson(string), text(string), "character " + c);
    }
  }

  @Test
  void seededStrings_areThoseOfGson() throws IOException {
    for (int seed = 1; seed <= STRINGS; seed++) {
      Random random = new Random(seed);
      StringBuilder string = new StringBuilder();
      for (int left = random.nextInt(40); left > 0; left--) {
        string.append((char) random.nextInt(random.nextBoolean() ? 0x80 : LAST_CHARACTER));
      }
      assertEquals(gson(string.toString()), text(string.toString()), "seed " + seed);
    }
  }

  @Test
  void numbers_areThoseOfGson() throws IOException {
    List<Number> numbers =
        List.of(
            0,
            -1L,
            Long.MIN_VALUE,
            Long.MAX_VALUE,
            0.1,
            -0.0,
            1e300,
            0.5f,
            new BigDecimal("1E+3"),
            new BigDecimal("-0.000"),
            BigInteger.TWO.pow(80));
    for (Number number : numbers) {
      assertEquals(gson(number), text(number));
    }
  }

  @Test
  void seededMoments_areThoseOfInstant() {
    for (int seed = 1; seed <= MOMENTS; seed++) {
      Random random = new Random(seed);
      long second =
          random.nextBoolean()
              ? random.nextInt()
              : random.nextLong(-62_135_596_800L, 253_402_300_800L);
      long step = List.of(1L, 1_000L, 1_000_000L, 1_000_000_000L).get(random.nextInt(4));
      long nano = random.nextLong(1_000_000_000L) / step * step;
      Instant moment = Instant.ofEpochSecond(second, nano);
      StringBuilder text = new StringBuilder();
      JsonText.moment(text, moment);
      assertEquals(moment.toString(), text.toString(), "seed " + seed);
      String cut = moment.truncatedTo(ChronoUnit.MICROS).toString();
      assertEquals('"' + cut + '"', text(moment), "seed " + seed);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1000000000-01-01T00:00:00Z", "+1000000000-12-31T23:59:59.999999999Z"})
  void outermostMoments_areThoseOfInstant(Instant moment) {
    StringBuilder text = new StringBuilder();
    JsonText.moment(text, moment);
    assertEquals(moment.toString(), text.toString());
  }

  @Test
  void nesting_keepsItsOrderAndLeavesNullMembersOut() {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    members.put("nothing", null);
    members.put("b", Arrays.asList(1L, null, true, List.of(), Map.of()));
    members.put("nor this", null);
    members.put("a", Map.of("x", "y"));
    assertEquals("{\"b\":[1,null,true,[],{}],\"a\":{\"x\":\"y\"}}", text(members));
  }

  @Test
  void whatJsonHasNoFormFor_isAnError() {
    for (Object none :
        List.of(Double.NaN, Float.POSITIVE_INFINITY, new AtomicLong(1), new Object(), 'c')) {
      assertThrows(IllegalArgumentException.class, () -> text(none), none::toString);
    }
  }

  private static String text(@Nullable Object value) {
    StringBuilder text = new StringBuilder();
    JsonText.append(text, value);
    return text.toString();
  }

  private static String gson(Object value) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      if (value instanceof Number number) {
        json.value(number);
      } else {
        json.value((String) value);
      }
    }
    return text.toString();
  }
}
