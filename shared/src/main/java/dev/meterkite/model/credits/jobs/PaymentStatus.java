package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What came of paying for a job, as told on the job itself. */
public enum PaymentStatus implements Word {
  HELD,
  CAPTURED,
  RELEASED,
  /** Not enough credits, or longer than the tier allows. */
  REFUSED,
  /** Completed, but the credits could not be had. */
  UNPAID;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<PaymentStatus> parse(@Nullable String wire) {
    return Word.parse(PaymentStatus.class, wire);
  }
}
