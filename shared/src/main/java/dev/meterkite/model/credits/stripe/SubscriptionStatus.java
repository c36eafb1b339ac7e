package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Stripe's status of a subscription, in the order of its life: of two events of one second the one
 * with the later status is the later event.
 */
public enum SubscriptionStatus implements Word {
  /** The first invoice is not paid yet. */
  INCOMPLETE,
  TRIALING,
  ACTIVE,
  /** A renewal failed and is tried again. */
  PAST_DUE,
  PAUSED,
  /** Stripe has given up on a renewal. */
  UNPAID,
  /** The first invoice was never paid. */
  INCOMPLETE_EXPIRED,
  CANCELED;

  /** Whether the user has the tier: trialing, active, and past due while Stripe still tries. */
  public boolean isLive() {
    return this == TRIALING || this == ACTIVE || this == PAST_DUE;
  }

  /** Whether the user has had the tier and has it no more. */
  boolean isOver() {
    return this == PAUSED || this == UNPAID || this == CANCELED;
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<SubscriptionStatus> parse(@Nullable String wire) {
    return Word.parse(SubscriptionStatus.class, wire);
  }
}
