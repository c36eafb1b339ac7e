package dev.meterkite.model.credits;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a balance changed. */
public enum TransactionType implements Word {
  DEDUCTION,
  REFUND,
  PURCHASE,
  SUBSCRIPTION_GRANT,
  ADMIN_ADJUSTMENT,
  EXPIRATION;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<TransactionType> parse(@Nullable String wire) {
    return Word.parse(TransactionType.class, wire);
  }
}
