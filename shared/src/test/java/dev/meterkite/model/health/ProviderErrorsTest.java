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

  /** Columns: provider, status, Retry-After or -, kind, seconds until or -, body. */
  static Stream<Arguments> payloads() throws IOException {
    List<Arguments> rows = new ArrayList<>();
    try (InputStream in = ProviderErrorsTest.class.getResourceAsStream("provider-errors.tsv")) {
      String table = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      for (String line : table.lines().toList()) {
        if (!line.isBlank() && !line.startsWith("#")) {
          rows.add(Arguments.of((Object[]) line.split("\t", 6)));
        }
      }
    }
    return rows.stream();
  }

  @ParameterizedTest
  @MethodSource("payloads")
  void payload_meansWhatTheTableSays(
      String provider, int status, String retryAfter, Kind kind, String seconds, String body) {
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
  void table_holdsAtLeastSixtyShapesOfFourProviders() throws IOException {
    Map<String, Integer> counts = new HashMap<>();
    payloads().forEach(row -> counts.merge((String) row.get()[0], 1, Integer::sum));
    for (String provider : List.of("openai", "anthropic", "google", "elevenlabs")) {
      assertTrue(counts.get(provider) >= 12, counts::toString);
    }
    assertTrue(counts.values().stream().mapToInt(count -> count).sum() >= 60, counts::toString);
  }

  @ParameterizedTest
  @CsvSource({
    "timeout, PROVIDER_FAULT",
    "connection_reset, PROVIDER_FAULT",
    "ETIMEDOUT timed out, PROVIDER_FAULT",
    "'', PROVIDER_FAULT",
    "rate_limit_exceeded, RATE_LIMITED",
    "RESOURCE_EXHAUSTED, RATE_LIMITED",
    "insufficient_quota, QUOTA_GONE",
    "overloaded_error, PROVIDER_FAULT",
    "invalid_api_key, PROVIDER_FAULT",
    "invalid_request_error, CALLER_FAULT",
    "context_length_exceeded, CALLER_FAULT",
    "cancelled, CALLER_FAULT",
    "some_word_of_tomorrow, PROVIDER_FAULT"
  })
  void reportWithoutStatus_goesByItsCode(String code, Kind kind) {
    ProviderError error = ProviderError.reported("openai", null, code, null);
    assertEquals(kind, ProviderErrors.verdict(error, NOW).kind());
  }

  @ParameterizedTest
  @CsvSource({
    "400, CALLER_FAULT", "401, PROVIDER_FAULT", "402, QUOTA_GONE", "403, PROVIDER_FAULT",
    "404, CALLER_FAULT", "407, CALLER_FAULT", "408, PROVIDER_FAULT", "409, CALLER_FAULT",
    "428, CALLER_FAULT", "429, RATE_LIMITED", "430, CALLER_FAULT", "499, CALLER_FAULT",
    "500, PROVIDER_FAULT", "529, PROVIDER_FAULT", "599, PROVIDER_FAULT", "600, PROVIDER_FAULT",
    "200, PROVIDER_FAULT", "302, PROVIDER_FAULT", "399, PROVIDER_FAULT", "-5, PROVIDER_FAULT"
  })
  void bareStatus_ofAnyProvider(int status, Kind kind) {
    ProviderError error = ProviderError.reported("mistral", status, null, null);
    Verdict verdict = ProviderErrors.verdict(error, NOW);
    assertEquals(kind, verdict.kind());
    assertEquals(kind != Kind.CALLER_FAULT, verdict.counts());
  }

  @Test
  void rateLimitOfWeeks_isObeyedForADay() {
    ProviderError error = ProviderError.reported("openai", 429, null, "1000000");
    assertEquals(NOW.plus(Duration.ofHours(24)), ProviderErrors.verdict(error, NOW).until());
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
    assertEquals(2_000, ProviderError.reported("p", 400, long_, null).code().length());
    assertFalse(ProviderError.reported("p", 400, "A", null).says(List.of("A")));
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
