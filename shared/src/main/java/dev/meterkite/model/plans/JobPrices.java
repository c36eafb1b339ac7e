package dev.meterkite.model.plans;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What jobs cost: minutes times credits a minute times the factors of quality and priority, rounded
 * up, at least one credit. At one credit a minute, 10 minutes in hd (1.5) by express (2.0) cost 30
 * credits; 0.5 minutes cost 1.
 *
 * <p>The arithmetic is decimal and exact: 0.1 is a tenth, not the double next to it.
 *
 * @param creditsPerMinute above 0, at most {@value #MAX_CREDITS_PER_MINUTE}
 * @param qualities the factor of each quality; the first is that of jobs that name none
 * @param priorities the factor of each priority; the first is that of jobs that name none
 */
public record JobPrices(
    BigDecimal creditsPerMinute,
    Map<String, BigDecimal> qualities,
    Map<String, BigDecimal> priorities) {
  public static final long MAX_CREDITS_PER_MINUTE = 1_000_000;

  /** The largest factor. */
  public static final long MAX_MULTIPLIER = 1_000;

  /** The shortest job that can be ordered, in minutes. */
  public static final BigDecimal SHORTEST = new BigDecimal("0.5");

  /** The longest job that can be ordered, in minutes; tiers allow less. */
  public static final BigDecimal LONGEST = new BigDecimal("180");

  public JobPrices {
    qualities = Collections.unmodifiableMap(new LinkedHashMap<>(qualities));
    priorities = Collections.unmodifiableMap(new LinkedHashMap<>(priorities));
    if (qualities.isEmpty() || priorities.isEmpty() || creditsPerMinute.signum() <= 0) {
      throw new IllegalArgumentException("prices without a quality, priority or base");
    }
  }

  /** The quality of jobs that name none. */
  public String usualQuality() {
    return qualities.keySet().iterator().next();
  }

  /** The priority of jobs that name none. */
  public String usualPriority() {
    return priorities.keySet().iterator().next();
  }

  /**
   * The price of a job in credits, at least 1.
   *
   * @param minutes above 0, at most {@link #LONGEST}
   * @param quality one of {@link #qualities}
   * @param priority one of {@link #priorities}
   * @throws IllegalArgumentException for anything else
   */
  public long credits(BigDecimal minutes, String quality, String priority) {
    BigDecimal ofQuality = qualities.get(quality);
    BigDecimal ofPriority = priorities.get(priority);
    if (ofQuality == null || ofPriority == null) {
      throw new IllegalArgumentException("neither sold: " + quality + ", " + priority);
    }
    if (minutes.signum() <= 0 || minutes.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("minutes not above 0 and up to 180: " + minutes);
    }
    return minutes
        .multiply(creditsPerMinute)
        .multiply(ofQuality)
        .multiply(ofPriority)
        .setScale(0, RoundingMode.CEILING)
        .max(BigDecimal.ONE)
        .longValueExact();
  }
}
