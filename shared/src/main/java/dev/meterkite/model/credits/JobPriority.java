package dev.meterkite.model.credits;

import dev.meterkite.model.schema.Word;
import java.math.BigDecimal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How soon a job is worked on, and the factor by which that multiplies the price. */
public enum JobPriority implements Word {
  STANDARD("1.0"),
  PRIORITY("1.5"),
  EXPRESS("2.0");

  private final BigDecimal multiplier;

  JobPriority(String multiplier) {
    this.multiplier = new BigDecimal(multiplier);
  }

  /** The factor of the price, exact. */
  public BigDecimal multiplier() {
    return multiplier;
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<JobPriority> parse(@Nullable String wire) {
    return Word.parse(JobPriority.class, wire);
  }
}
