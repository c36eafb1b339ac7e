package dev.meterkite.model.credits;

import dev.meterkite.model.schema.Word;
import java.math.BigDecimal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Sound quality of a job and the factor by which it multiplies the price. */
public enum JobQuality implements Word {
  STANDARD("1.0"),
  HD("1.5");

  private final BigDecimal multiplier;

  JobQuality(String multiplier) {
    this.multiplier = new BigDecimal(multiplier);
  }

  /** The factor of the price, exact. */
  public BigDecimal multiplier() {
    return multiplier;
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<JobQuality> parse(@Nullable String wire) {
    return Word.parse(JobQuality.class, wire);
  }
}
