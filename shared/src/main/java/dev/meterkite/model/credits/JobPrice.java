package dev.meterkite.model.credits;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * What a job costs: minutes times the factors of quality and priority, rounded up, and at least one
 * credit. 10 minutes in hd by express cost 10 × 1.5 × 2.0 = 30 credits; 0.5 minutes cost 1.
 *
 * <p>The arithmetic is decimal and exact: 0.1 is a tenth, not the double next to it.
 *
 * @param minutes the length of the job
 * @param quality its sound quality
 * @param priority how soon it is worked on
 */
public record JobPrice(BigDecimal minutes, JobQuality quality, JobPriority priority) {
  /** The shortest job that can be ordered, in minutes. */
  public static final BigDecimal SHORTEST = new BigDecimal("0.5");

  /** The longest job that can be ordered, in minutes; tiers allow less. */
  public static final BigDecimal LONGEST = new BigDecimal("180");

  /** The longest job that has a price; what may be ordered is bounded far below. */
  public static final long MAX_MINUTES = 1_000_000;

  public JobPrice {
    if (minutes.signum() <= 0 || minutes.compareTo(BigDecimal.valueOf(MAX_MINUTES)) > 0) {
      throw new IllegalArgumentException("minutes not above 0 and up to a million: " + minutes);
    }
  }

  /**
   * The price of a job of this length, read as the shortest decimal that names the double.
   *
   * @throws IllegalArgumentException if it is not a number above 0 and at most {@link #MAX_MINUTES}
   */
  public static JobPrice of(double durationMin, JobQuality quality, JobPriority priority) {
    if (!Double.isFinite(durationMin)) {
      throw new IllegalArgumentException("not a length in minutes: " + durationMin);
    }
    return new JobPrice(BigDecimal.valueOf(durationMin), quality, priority);
  }

  /** The price in credits, at least 1. */
  public long credits() {
    return minutes
        .multiply(quality.multiplier())
        .multiply(priority.multiplier())
        .setScale(0, RoundingMode.CEILING)
        .longValueExact();
  }
}
