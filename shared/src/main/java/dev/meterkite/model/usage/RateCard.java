package dev.meterkite.model.usage;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What usage costs when its producer does not say: micro-USD an episode, a minute of compute and a
 * gigabyte-month of storage.
 *
 * <p>Worked example with {@link #DEFAULT}: 100 episodes, 45.5 compute minutes and 2.3 GB cost
 * 3,000,000 + 65,520 + 46,000 = 3,111,520 micro-USD, $3.11152.
 *
 * @param episodeMicros micro-USD an episode, not negative; may have decimals
 * @param computeMinuteMicros micro-USD a minute of compute, not negative
 * @param storageGbMicros micro-USD a gigabyte (10<sup>9</sup> bytes) and month, not negative
 */
public record RateCard(
    BigDecimal episodeMicros, BigDecimal computeMinuteMicros, BigDecimal storageGbMicros) {
  private static final Pattern RATES =
      Pattern.compile(
          "episode=(?<episode>NUMBER),compute_minute=(?<minute>NUMBER),storage_gb_month=(?<gb>NUMBER)"
              .replace("NUMBER", "[0-9]{1,6}(?:\\.[0-9]{1,12})?"));

  /** $0.03 an episode, $0.00144 a compute minute, $0.02 a GB-month. */
  public static final RateCard DEFAULT =
      parse("episode=0.03,compute_minute=0.00144,storage_gb_month=0.02");

  private static final BigDecimal MS_A_MINUTE = BigDecimal.valueOf(60_000);

  public RateCard {
    if (episodeMicros.signum() < 0
        || computeMinuteMicros.signum() < 0
        || storageGbMicros.signum() < 0) {
      throw new IllegalArgumentException("rates must not be negative");
    }
  }

  /**
   * A rate card of three rates in USD: {@code
   * episode=0.03,compute_minute=0.00144,storage_gb_month=0.02}, each of at most 6 digits before and
   * 12 behind the point.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static RateCard parse(String rates) {
    Matcher matcher = RATES.matcher(rates);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("no rate card: " + rates);
    }
    return new RateCard(
        micros(matcher.group("episode")),
        micros(matcher.group("minute")),
        micros(matcher.group("gb")));
  }

  private static BigDecimal micros(String usd) {
    return new BigDecimal(usd).movePointRight(6).stripTrailingZeros();
  }

  /**
   * The cost in micro-USD, computed exactly and rounded once at the end, half up.
   *
   * @throws ArithmeticException if it does not fit a long
   */
  public long costMicros(long episodes, long computeMs, long storageBytes) {
    // Everything over one divisor of 60,000, so that only the last step can round.
    BigDecimal sixtyThousandfold =
        episodeMicros
            .multiply(BigDecimal.valueOf(episodes))
            .add(storageGbMicros.multiply(BigDecimal.valueOf(storageBytes)).movePointLeft(9))
            .multiply(MS_A_MINUTE)
            .add(computeMinuteMicros.multiply(BigDecimal.valueOf(computeMs)));
    return sixtyThousandfold.divide(MS_A_MINUTE, 0, RoundingMode.HALF_UP).longValueExact();
  }
}
