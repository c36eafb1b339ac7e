package dev.meterkite.functions.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private static Map<String, Object> read(String json) throws Refusal {
    return Json.readObject(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void answer_isWrittenInItsOrderWithoutNulls() {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("z", 1L);
    members.put("absent", null);
    members.put("text", "<b>&'\"\\\n\u2028ä");
    members.put("at", Instant.parse("2026-01-01T00:00:00.123456789Z"));
    members.put("whole", Instant.parse("2026-01-01T00:00:00Z"));
    members.put("list", Arrays.asList(1L, null, true, 0.5, new BigDecimal("1.50"), Map.of()));
    String first = Json.write(members);
    assertEquals(
        "{\"z\":1,\"text\":\"<b>&'\\\"\\\\\\n\\u2028ä\",\"at\":\"2026-01-01T00:00:00.123456Z\","
            + "\"whole\":\"2026-01-01T00:00:00Z\",\"list\":[1,null,true,0.5,1.50,{}]}",
        first);
    assertEquals(first, Json.write(members));
  }

  @Test
  void whatJsonHasNoFormFor_isABug() {
    for (Object object : new Object[] {Double.NaN, Double.POSITIVE_INFINITY, new Object()}) {
      assertThrows(IllegalArgumentException.class, () -> Json.write(Map.of("x", object)));
    }
  }

  @Test
  void body_isReadWithExactNumbers() throws Refusal {
    Map<String, Object> body =
        read(" {\"a\": 12345678901234567890.125, \"b\": [null, false, \"\\u00e4\"], \"c\": {}} ");
    assertEquals(new BigDecimal("12345678901234567890.125"), body.get("a"));
    assertEquals(Arrays.asList(null, false, "ä"), body.get("b"));
    assertEquals(Map.of(), body.get("c"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "[]",
        "1",
        "null",
        "\"x\"",
        "{",
        "{\"a\":1",
        "{\"a\":1}}",
        "{\"a\":1}{}",
        "{\"a\"}",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":'b'}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":-Infinity}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":0x1}",
        "{\"a\":TRUE}",
        "{\"a\":True}",
        "{\"a\":nul}",
        "{\"a\":1 // c\n}",
        "{\"a\":/* c */1}",
        "{\"a\":1;\"b\":2}",
        "{\"a\"=1}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":1}x",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\" 1}",
        ")]}'\n{\"a\":1}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"a\":1,\"\\u0061\":1}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "{\"\\ud800\":1}",
        "{\"a\":1e1000}",
        "{\"a\":1e-1000}"
      })
  void bodyThatIsNotStrictlyOneObject_isRefused(String json) {
    Refusal refusal = assertThrows(Refusal.class, () -> read(json));
    assertEquals(400, refusal.answer().status());
    assertEquals("invalid_request", refusal.answer().outcome());
  }

  @Test
  void bodyThatIsNotUtf8_isRefused() {
    byte[] latin = "{\"a\":\"ä\"}".getBytes(StandardCharsets.ISO_8859_1);
    assertThrows(Refusal.class, () -> Json.readObject(latin));
    byte[] surrogate = {'{', '"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"', ':', '1', '}'};
    assertThrows(Refusal.class, () -> Json.readObject(surrogate));
  }

  @Test
  void replacementCharacter_isTakenWhereTheBodyHoldsIt() throws Refusal {
    assertEquals("\uFFFD", read("{\"a\":\"\uFFFD\"}").get("a"));
  }

  @Test
  void anyBytes_areReadAsTheStrictDecoderReadsThem() {
    int[] bytes = {0x41, 0x7f, 0x80, 0xa0, 0xbf, 0xbd, 0xc0, 0xc3, 0xe0, 0xed, 0xef, 0xf0, 0xf4};
    for (long seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      body.writeBytes("{\"a\":\"".getBytes(StandardCharsets.UTF_8));
      for (int n = random.nextInt(6); n > 0; n--) {
        body.write(bytes[random.nextInt(bytes.length)]);
      }
      body.writeBytes("\"}".getBytes(StandardCharsets.UTF_8));
      Object found;
      Object expected;
      try {
        found = Json.readObject(body.toByteArray()).get("a");
      } catch (Refusal refusal) {
        found = "refused";
      }
      try {
        String text =
            StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(body.toByteArray()))
                .toString();
        expected = text.substring(6, text.length() - 2);
      } catch (CharacterCodingException notUtf8) {
        expected = "refused";
      }
      assertEquals(expected, found, "seed " + seed);
    }
  }

  @Test
  void nesting_isTakenUpTo64Levels() throws Refusal {
    assertEquals(1, read("{\"a\":" + "[".repeat(63) + "]".repeat(63) + "}").size());
    assertEquals(1, read("{\"a\":".repeat(63) + "{}" + "}".repeat(63)).size());
    String deeper = "{\"a\":" + "[".repeat(64) + "]".repeat(64) + "}";
    assertThrows(Refusal.class, () -> read(deeper));
    String objects = "{\"a\":".repeat(64) + "{}" + "}".repeat(64);
    assertThrows(Refusal.class, () -> read(objects));
    String endless = "{\"a\":" + "[".repeat(500_000);
    assertThrows(Refusal.class, () -> read(endless));
  }

  @Test
  void longNumber_isRefusedBeforeItCostsTime() throws Refusal {
    assertEquals(1, read("{\"a\":" + "9".repeat(64) + "}").size());
    for (int digits : new int[] {65, 1_000, 5_000, 1_000_000}) {
      assertThrows(Refusal.class, () -> read("{\"a\":" + "9".repeat(digits) + "}"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\":1,\"b\":2}|{ \"b\":2, \"a\":1 }",
        "{\"a\":100}|{\"a\":1e2}",
        "{\"a\":100}|{\"a\":100.00}",
        "{\"a\":0}|{\"a\":-0.0}",
        "{\"a\":\"\\u00e4\"}|{\"a\":\"ä\"}",
        "{\"x\":{\"a\":1,\"b\":[1]}}|{\"x\":{\"b\":[1.0],\"a\":1}}"
      })
  void sameRequestWrittenOtherwise_hasTheSameHash(String one, String other) throws Refusal {
    assertEquals(RequestHash.of("debit", read(one)), RequestHash.of("debit", read(other)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"a\":1}|{\"a\":2}",
        "{\"a\":1}|{\"a\":\"1\"}",
        "{\"a\":1}|{\"a\":1.5}",
        "{\"a\":1}|{\"b\":1}",
        "{\"a\":1}|{\"a\":1,\"b\":null}",
        "{\"a\":null}|{\"a\":\"null\"}",
        "{\"a\":true}|{\"a\":\"true\"}",
        "{\"a\":[1,2]}|{\"a\":[2,1]}",
        "{\"a\":[[1],2]}|{\"a\":[[1,2]]}",
        "{\"a\":\"b\",\"c\":\"d\"}|{\"a\":\"b\\\"1:c\\\"1:d\"}",
        "{\"a\":[]}|{\"a\":{}}"
      })
  void otherRequest_hasAnotherHash(String one, String other) throws Refusal {
    assertNotEquals(RequestHash.of("debit", read(one)), RequestHash.of("debit", read(other)));
    assertNotEquals(RequestHash.of("debit", read(one)), RequestHash.of("grant", read(one)));
  }

  @Test
  void hash_isThe64HexDigitsOfSha256() throws Refusal {
    // printf 'op\n{"1:a#1;}' | sha256sum
    assertEquals(
        "354f021c74c56bf30da6863607b21613977b5b152efd82f0ca2a77de5ad8021a",
        RequestHash.of("op", read("{\"a\":1}")));
  }
}
