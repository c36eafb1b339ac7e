package dev.meterkite.model.plans;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobPricesTest {
  private static final JobPrices PRICES = DefaultPlans.PLANS.jobs();

  /** A20, against arithmetic in whole tenths and halves. */
  @Test
  void everyTenthOfAMinute_hasTheExactPrice() {
    Map<String, Long> qualityHalves = Map.of("standard", 2L, "hd", 3L);
    Map<String, Long> priorityHalves = Map.of("standard", 2L, "priority", 3L, "express", 4L);
    for (long tenths = 1; tenths <= 1_800; tenths++) {
      for (String quality : PRICES.qualities().keySet()) {
        for (String priority : PRICES.priorities().keySet()) {
          long fortieths = tenths * qualityHalves.get(quality) * priorityHalves.get(priority);
          long expected = (fortieths + 39) / 40;
          assertEquals(
              expected,
              PRICES.credits(BigDecimal.valueOf(tenths / 10.0), quality, priority),
              () -> quality + " " + priority);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10, hd, express, 30",
    "0.5, standard, standard, 1",
    "1, standard, standard, 1",
    "1.0000001, standard, standard, 2",
    "180, hd, express, 540",
    "1e-300, standard, standard, 1"
  })
  void examples(double minutes, String quality, String priority, long credits) {
    assertEquals(credits, PRICES.credits(BigDecimal.valueOf(minutes), quality, priority));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.0, -1, 180.1, Double.MAX_VALUE})
  void lengthOutsideTheBounds_isRefused(double minutes) {
    BigDecimal length = BigDecimal.valueOf(minutes);
    assertThrows(
        IllegalArgumentException.class, () -> PRICES.credits(length, "standard", "standard"));
  }
}
