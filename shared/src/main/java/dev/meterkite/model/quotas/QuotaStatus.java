package dev.meterkite.model.quotas;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** How much of a limit is used up; each status begins at its percentage. */
public enum QuotaStatus implements Word {
  AVAILABLE(0),
  WARNING(80),
  CRITICAL(95),
  EXHAUSTED(100);

  private final int fromPercent;

  QuotaStatus(int fromPercent) {
    this.fromPercent = fromPercent;
  }

  /** The percentage of the limit at which this status begins, included. */
  public int fromPercent() {
    return fromPercent;
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<QuotaStatus> parse(@Nullable String wire) {
    return Word.parse(QuotaStatus.class, wire);
  }
}
