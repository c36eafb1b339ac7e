package dev.meterkite.model.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobPriceTest {
  /** A20, against arithmetic in whole tenths and halves. */
  @Test
  void everyTenthOfAMinute_hasTheExactPrice() {
    Map<JobQuality, Long> qualityHalves = Map.of(JobQuality.STANDARD, 2L, JobQuality.HD, 3L);
    Map<JobPriority, Long> priorityHalves =
        Map.of(JobPriority.STANDARD, 2L, JobPriority.PRIORITY, 3L, JobPriority.EXPRESS, 4L);
    for (long tenths = 1; tenths <= 1_800; tenths++) {
      for (JobQuality quality : JobQuality.values()) {
        for (JobPriority priority : JobPriority.values()) {
          long fortieths = tenths * qualityHalves.get(quality) * priorityHalves.get(priority);
          long expected = (fortieths + 39) / 40;
          assertEquals(
              expected,
              JobPrice.of(tenths / 10.0, quality, priority).credits(),
              () -> quality + " " + priority);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10, HD, EXPRESS, 30",
    "0.5, STANDARD, STANDARD, 1",
    "1, STANDARD, STANDARD, 1",
    "1.0000001, STANDARD, STANDARD, 2",
    "180, HD, EXPRESS, 540",
    "1e-300, STANDARD, STANDARD, 1",
    "1000000, HD, EXPRESS, 3000000"
  })
  void examples(double minutes, JobQuality quality, JobPriority priority, long credits) {
    assertEquals(credits, JobPrice.of(minutes, quality, priority).credits());
  }

  @ParameterizedTest
  @ValueSource(
      doubles = {0, -0.0, -1, 1_000_000.1, Double.NaN, Double.POSITIVE_INFINITY, Double.MAX_VALUE})
  void lengthOutsideTheBounds_isRefused(double minutes) {
    assertThrows(
        IllegalArgumentException.class,
        () -> JobPrice.of(minutes, JobQuality.STANDARD, JobPriority.STANDARD));
  }
}
