package dev.meterkite.model.health;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryAfterTest { // A31
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "30 | 30000",
        " 30  | 30000",
        "1 | 1000",
        "0.5 | 500",
        "1976.365s | 1976365",
        "35s | 35000",
        "250ms | 250",
        "6m0s | 360000",
        "1h2m3.5s | 3723500",
        "7m12s | 432000",
        "1d | 86400000",
        "2678400 | 2678400000",
        "Sun, 01 Mar 2026 10:05:00 GMT | 300000",
        "Sunday, 01-Mar-26 10:05:00 GMT | 300000",
        "Sun Mar  1 10:05:00 2026 | 300000",
        "2026-03-01T10:00:30Z | 30000",
        "2026-03-01T11:00:30+01:00 | 30000",
        "2026-03-02 | 50400000",
        "1772359260 | 60000",
        "1772359260000 | 60000",
      })
  void everyForm_isUnderstood(String text, long millis) {
    assertEquals(Optional.of(NOW.plusMillis(millis)), RetryAfter.parse(text, NOW));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "0",
        "-1",
        "-1976.365s",
        "9999-12-31",
        "9999-12-31T23:59:59Z",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "2678401",
        "32d",
        "999999999999999",
        "99999999999999999999999999",
        "Sun, 01 Mar 2026 09:59:59 GMT",
        "Mon, 01 Mar 2026 10:05:00 GMT",
        "2025-01-01",
        "2026-13-45",
        "1600000000",
        "1e9",
        "NaN",
        "soon",
        "30 second hands",
        "\u0663\u0660",
        "s",
        "1.2.3"
      })
  void pastHugeAndUnreadable_areNotObeyed(String text) {
    assertEquals(Optional.empty(), RetryAfter.parse(text, NOW));
  }

  @Test
  void absentAndOverlong_areNotObeyed() {
    assertEquals(Optional.empty(), RetryAfter.parse(null, NOW));
    assertEquals(Optional.empty(), RetryAfter.parse("1".repeat(65), NOW));
    assertEquals(Duration.ofDays(31), RetryAfter.LONGEST);
  }
}
