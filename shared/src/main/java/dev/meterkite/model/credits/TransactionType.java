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

  /** Whether this is a way to give credits: a purchase, a subscription's grant, an adjustment. */
  public boolean grants() {
    return this == PURCHASE || this == SUBSCRIPTION_GRANT || this == ADMIN_ADJUSTMENT;
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<TransactionType> parse(@Nullable String wire) {
    return Word.parse(TransactionType.class, wire);
  }
}
