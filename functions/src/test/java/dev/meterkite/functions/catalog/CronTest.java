package dev.meterkite.functions.catalog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.ZonedDateTime;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CronTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "* * * * *      | 2026-01-31T23:59:59Z | true",
        "*/5 * * * *    | 2026-01-01T00:00:00Z | true",
        "*/5 * * * *    | 2026-01-01T00:55:00Z | true",
        "*/5 * * * *    | 2026-01-01T00:04:00Z | false",
        "0 * * * *      | 2026-01-01T17:00:59Z | true",
        "0 * * * *      | 2026-01-01T17:01:00Z | false",
        "10 3 * * *     | 2026-02-28T03:10:00Z | true",
        "10 3 * * *     | 2026-02-28T03:09:59Z | false",
        "10 3 * * *     | 2026-02-28T15:10:00Z | false",
        "0 0 1 * *      | 2026-02-01T00:00:00Z | true",
        "0 0 1 * *      | 2026-02-02T00:00:00Z | false",
        "0 0 * 2 *      | 2026-02-02T00:00:00Z | true",
        "0 0 * 2 *      | 2026-03-02T00:00:00Z | false",
        "0 0 * * 0      | 2026-02-01T00:00:00Z | true",
        "0 0 * * 7      | 2026-02-01T00:00:00Z | true",
        "0 0 * * 1-5    | 2026-02-01T00:00:00Z | false",
        "0 0 2 * 0      | 2026-02-01T00:00:00Z | true",
        "0 0 2 * 0      | 2026-02-02T00:00:00Z | true",
        "0 0 2 * 0      | 2026-02-03T00:00:00Z | false",
        "1,5-9/2,50/5 * * * * | 2026-01-01T00:07:00Z | true",
        "1,5-9/2,50/5 * * * * | 2026-01-01T00:06:00Z | false",
        "1,5-9/2,50/5 * * * * | 2026-01-01T00:55:00Z | true",
      })
  void fields_matchTheirMinutes(String cron, ZonedDateTime time, boolean matches) {
    assertEquals(matches, Cron.parse(cron).matches(time));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "5-3 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "1-2-3 * * * *",
        "*/1/2 * * * *",
        "-1 * * * *",
        "1, * * * *"
      })
  void anythingElse_isRefused(String cron) {
    assertThrows(IllegalArgumentException.class, () -> Cron.parse(cron));
  }
}
