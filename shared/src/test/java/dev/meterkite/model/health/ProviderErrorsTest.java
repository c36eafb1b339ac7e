package dev.meterkite.model.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.health.ProviderErrors.Kind;
import dev.meterkite.model.health.ProviderErrors.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ProviderErrorsTest { // A31
  /** A Sunday, 02:00 in California, so that Google's day ends 22 hours later. */
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

  /** Columns: provider, status, Retry-After or -, kind, seconds until or -, source, body. */
  static Stream<Arguments> payloads() throws IOException {
    List<Arguments> rows = new ArrayList<>();
    try (InputStream in = ProviderErrorsTest.class.getResourceAsStream("provider-errors.tsv")) {
      String table = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (String line : table.lines().toList()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          rows.add(Arguments.of((Object[]) line.split("\t", 7)));
        }
      }
    }
    return rows.stream();
  }

  @ParameterizedTest
  @MethodSource("payloads")
  void payload_meansWhatTheTableSays(
      String provider,
      int status,
      String retryAfter,
      Kind kind,
      String seconds,
      String source,
      String body) {
    Object parsed = body.startsWith("{") || body.startsWith("[") ? new Json(body).value() : body;
    ProviderError error =
        ProviderError.of(provider, status, parsed, retryAfter.equals("-") ? null : retryAfter);
    Verdict verdict = ProviderErrors.verdict(error, NOW);
    assertEquals(kind, verdict.kind(), error::toString);
    String wait =
        verdict.until() == null
            ? "-"
            : String.valueOf(Duration.between(NOW, verdict.until()).toSeconds());
    assertEquals(seconds, wait, error::toString);
  }

  @Test
  void table_holdsAtLeast120ShapesWithTheirSources() throws IOException {
    Map<String, Integer> counts = new HashMap<>();
    payloads()
        .forEach(
            row -> {
              counts.merge((String) row.get()[0], 1, Integer::sum);
              assertTrue(((String) row.get()[5]).length() > 5, row::toString);
            });
    assertTrue(counts.size() >= 15, counts::toString);
    for (String provider : List.of("openai", "anthropic", "google", "elevenlabs")) {
      assertTrue(counts.get(provider) >= 12, counts::toString);
    }
    assertTrue(counts.values().stream().mapToInt(count -> count).sum() >= 120, counts::toString);
  }

  @ParameterizedTest
  @CsvSource({
    "timeout, PROVIDER_FAULT",
    "connection_reset, PROVIDER_FAULT",
    "ETIMEDOUT timed out, PROVIDER_FAULT",
    "'', PROVIDER_FAULT",
    "rate_limit_exceeded, RATE_LIMITED",
    "RESOURCE_EXHAUSTED, RATE_LIMITED",
    "insufficient_quota, CREDIT_GONE",
    "overloaded_error, PROVIDER_FAULT",
    "invalid_api_key, KEY_REFUSED",
    "invalid_request_error, CALLER_FAULT",
    "context_length_exceeded, CALLER_FAULT",
    "cancelled, CALLER_FAULT",
    "ECONNRESET aborted, PROVIDER_FAULT",
    "ConnectionAbortedError, PROVIDER_FAULT",
    "invalid_json, PROVIDER_FAULT",
    "invalid_json_schema, CALLER_FAULT",
    "invalid_response_body, PROVIDER_FAULT",
    "some_word_of_tomorrow, PROVIDER_FAULT"
  })
  void reportWithoutStatus_goesByItsCode(String code, Kind kind) {
    ProviderError error = ProviderError.reported("openai", null, code, null, null);
    assertEquals(kind, ProviderErrors.verdict(error, NOW).kind());
  }

  @ParameterizedTest
  @CsvSource({
    "This model's maximum context length is 8192 tokens, true",
    "prompt is too long: 210000 tokens > 200000 maximum, true",
    "The input token count (12) exceeds the maximum number of tokens allowed (10), true",
    "Input is too long for requested model., true",
    "temperature is out of range, false",
    "Your request was rejected by moderation, false"
  })
  void requestOfTheCaller_isTooLongByItsWords(String message, boolean tooLong) {
    ProviderError error = ProviderError.reported("openai", 400, null, message, null);
    Verdict verdict = ProviderErrors.verdict(error, NOW);
    assertEquals(Kind.CALLER_FAULT, verdict.kind());
    assertEquals(tooLong, verdict.tooLong());
  }

  @ParameterizedTest
  @CsvSource({
    "400, CALLER_FAULT",
    "401, KEY_REFUSED",
    "402, CREDIT_GONE",
    "403, KEY_REFUSED",
    "404, MODEL_GONE",
    "410, MODEL_GONE",
    "424, PROVIDER_FAULT",
    "407, CALLER_FAULT",
    "408, PROVIDER_FAULT",
    "409, CALLER_FAULT",
    "428, CALLER_FAULT",
    "429, RATE_LIMITED",
    "420, RATE_LIMITED",
    "425, PROVIDER_FAULT",
    "430, CALLER_FAULT",
    "444, PROVIDER_FAULT",
    "497, CALLER_FAULT",
    "498, RATE_LIMITED",
    "499, CALLER_FAULT",
    "500, PROVIDER_FAULT",
    "520, PROVIDER_FAULT",
    "524, PROVIDER_FAULT",
    "529, PROVIDER_FAULT",
    "530, PROVIDER_FAULT",
    "599, PROVIDER_FAULT",
    "600, PROVIDER_FAULT",
    "200, PROVIDER_FAULT",
    "302, PROVIDER_FAULT",
    "399, PROVIDER_FAULT",
    "-5, PROVIDER_FAULT"
  })
  void c42_bareStatus_ofAnyProvider(int status, Kind kind) {
    ProviderError error = ProviderError.reported("mistral", status, null, null, null);
    Verdict verdict = ProviderErrors.verdict(error, NOW);
    assertEquals(kind, verdict.kind());
    assertEquals(kind != Kind.CALLER_FAULT, verdict.counts());
  }

  @ParameterizedTest
  @CsvSource({
    "AbortError, CALLER_FAULT",
    "AbortError: This operation was aborted, CALLER_FAULT",
    "ERR_CANCELED, CALLER_FAULT",
    "request was cancelled due to timeout, PROVIDER_FAULT",
    "The operation was aborted due to timeout, PROVIDER_FAULT",
    "context canceled: deadline exceeded, PROVIDER_FAULT",
    "timeout of 30000ms exceeded ECONNABORTED, PROVIDER_FAULT",
    "ECONNABORTED, PROVIDER_FAULT",
    "ECONNRESET, PROVIDER_FAULT",
    "429 Too Many Requests, RATE_LIMITED"
  })
  void c46_messageWithoutStatus_ofACancellationAndOfATimeout(String message, Kind kind) {
    for (boolean coded : new boolean[] {true, false}) {
      ProviderError error =
          ProviderError.reported("p", null, coded ? message : null, coded ? null : message, null);
      assertEquals(kind, ProviderErrors.verdict(error, NOW).kind());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Please try again in 9m38.016s., 578016",
    "please retry after 20 seconds., 20000",
    "try again in 1 hour and 5 minutes, 3900000",
    "Try again in 250ms, 250",
    "'{\"retryDelay\": \"35s\"}', 35000",
    "retry_delay { seconds: 35 }, 35000",
    "retry_after_seconds=7, 7000",
    "please wait 2 minutes before trying, 120000",
    "quota resets in 3h, 10800000",
    "resets at 2026-03-01T10:05:00Z, 300000",
    "You will regain access on 2026-03-02 at 00:00 UTC, 50400000",
    "try again later in 5 parts, ",
    "retry in 99999 days, ",
    "no hint at all, "
  })
  void c44_hintInWords_isFound(String message, Long millis) {
    Instant expected = millis == null ? null : NOW.plusMillis(millis);
    assertEquals(
        expected, RetryAfter.inWords(message.toLowerCase(java.util.Locale.ROOT), NOW).orElse(null));
  }

  /** How long the wall stands: until the day or month ends, or an hour where it may be rolling. */
  @ParameterizedTest
  @CsvSource({
    "google, Quota exceeded for metric: generate_requests_per_model_per_day, 79200",
    "gateway, Quota exceeded for metric: requests_per_day, 3600",
    "gateway, Daily request limit exceeded, 50400",
    "gateway, You have used up your daily tokens, 50400",
    "gateway, You have reached your monthly usage limit, 2642400",
    "gateway, 1000 requests / month exceeded, 15",
    "gateway, Limit of 1000 requests/month reached, 2642400",
    "gateway, RPD limit reached, 3600",
    "gateway, Too many requests today at 10:00, 15"
  })
  void c44_wallOfADayOrMonth_isReadFromTheWords(String provider, String message, long seconds) {
    ProviderError error = ProviderError.reported(provider, 429, null, message, null);
    Verdict verdict = ProviderErrors.verdict(error, NOW);
    boolean isWall = seconds > 60;
    assertEquals(isWall ? Kind.QUOTA_GONE : Kind.RATE_LIMITED, verdict.kind());
    if (isWall) {
      assertEquals(NOW.plusSeconds(seconds), verdict.until());
    }
  }

  @Test
  void rateLimitOfWeeks_isObeyedForAnHour() {
    ProviderError error = ProviderError.reported("openai", 429, null, null, "1000000");
    assertEquals(NOW.plus(Duration.ofHours(1)), ProviderErrors.verdict(error, NOW).until());
  }

  @Test
  void bodiesOfAnyShape_areReadSafely() { // A39
    for (Object body :
        new Object[] {
          null,
          7L,
          "<html>Bad Gateway</html>",
          List.of(),
          List.of(List.of()),
          Map.of("error", 3L),
          Map.of("error", "Model overloaded"),
          Map.of("detail", List.of()),
          Map.of("detail", List.of(5L)),
          Map.of("error", Map.of("details", Map.of("a", 1L))),
          Map.of("error", Map.of("details", List.of("x", Map.of("violations", "none"))))
        }) {
      ProviderError error = ProviderError.of("openai", 500, body, null);
      assertEquals(Kind.PROVIDER_FAULT, ProviderErrors.verdict(error, NOW).kind());
    }
    String long_ = "x".repeat(100_000);
    assertEquals(500, ProviderError.reported("p", 400, long_, null, null).code().length());
    assertFalse(ProviderError.reported("p", 400, "A", null, null).says(List.of("A")));
  }

  /** As much of JSON as the table uses. */
  private static final class Json {
    private final String text;
    private int at;

    Json(String text) {
      this.text = text;
    }

    Object value() {
      skip();
      char c = text.charAt(at);
      if (c == '{' || c == '[') {
        return c == '{' ? object() : array();
      }
      if (c == '"') {
        return string();
      }
      int from = at;
      while (at < text.length() && ",]} ".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      String word = text.substring(from, at);
      return switch (word) {
        case "null" -> null;
        case "true", "false" -> Boolean.valueOf(word);
        default -> Long.valueOf(word);
      };
    }

    private void skip() {
      while (" ,:".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private Map<String, Object> object() {
      Map<String, Object> fields = new HashMap<>();
      at++;
      for (skip(); text.charAt(at) != '}'; skip()) {
        String name = string();
        fields.put(name, value());
      }
      at++;
      return fields;
    }

    private List<Object> array() {
      List<Object> values = new ArrayList<>();
      at++;
      for (skip(); text.charAt(at) != ']'; skip()) {
        values.add(value());
      }
      at++;
      return values;
    }

    private String string() {
      StringBuilder value = new StringBuilder();
      for (at++; text.charAt(at) != '"'; at++) {
        if (text.charAt(at) == '\\') {
          at++;
        }
        value.append(text.charAt(at));
      }
      at++;
      return value.toString();
    }
  }
}
