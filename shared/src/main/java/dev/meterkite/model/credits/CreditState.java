package dev.meterkite.model.credits;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What {@code users/{id}} says about credits.
 *
 * @param userId the id of the document
 * @param exists whether there is a document
 * @param registeredAt {@code created_at}, or null where it cannot be read
 * @param email {@code email}, or null where it is absent or not text
 * @param tier the word of the tier as found, or null
 * @param billing what Stripe has told
 * @param found what was found in {@code credits_balance}
 * @param foundBalance its value when it could be read, else 0
 * @param ledgerBroken whether there is a ledger that cannot be right
 * @param ledger the ledger, or null when there is none or a broken one
 * @param dueAt the {@code ledger_due_at} as found
 */
public record CreditState(
    String userId,
    boolean exists,
    @Nullable Instant registeredAt,
    @Nullable String email,
    @Nullable String tier,
    Billing billing,
    Found found,
    long foundBalance,
    boolean ledgerBroken,
    @Nullable Ledger ledger,
    @Nullable Instant dueAt) {

  /** What a balance looked like. */
  public enum Found {
    /** There is none. */
    ABSENT,
    /** It is an integer of at least zero. */
    KNOWN,
    /** It is something else: a negative number, a fraction, a text. */
    UNREADABLE
  }

  /** The user that a registration creates; its ledger is opened by {@link Opening}. */
  static CreditState registered(String userId, CreditCommand.Register register, Instant now) {
    SubscriptionTier tier = register.tier() == null ? SubscriptionTier.FREE : register.tier();
    return new CreditState(
        userId,
        true,
        now,
        register.email(),
        tier.wire(),
        Billing.NONE.of(register.stripeCustomerId()),
        Found.ABSENT,
        0,
        false,
        null,
        null);
  }

  /** The same user with the registered fields that the document does not have yet. */
  CreditState completedBy(CreditCommand.Register register) {
    SubscriptionTier named = register.tier();
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email == null ? register.email() : email,
        tier == null && named != null ? named.wire() : tier,
        billing.of(register.stripeCustomerId()),
        found,
        foundBalance,
        ledgerBroken,
        ledger,
        dueAt);
  }

  /** Whether a Stripe subscription renews the credits. */
  boolean subscribed() {
    return billing.subscriptionId() != null;
  }

  /** The same user with what Stripe has told by now, and the tier that follows from it. */
  CreditState with(Billing next) {
    String tierNow = next.tier().map(SubscriptionTier::wire).orElse(tier);
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email,
        tierNow,
        next,
        found,
        foundBalance,
        ledgerBroken,
        ledger,
        dueAt);
  }

  /** The same user with who it is at Stripe, where that was not known. */
  CreditState withCustomer(@Nullable String customerId) {
    Billing next = billing.of(customerId);
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email,
        tier,
        next,
        found,
        foundBalance,
        ledgerBroken,
        ledger,
        dueAt);
  }

  /** The same user with this ledger, its balance copied and its next due moment noted. */
  CreditState with(Ledger next, @Nullable Instant nextDueAt) {
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email,
        tier,
        billing,
        Found.KNOWN,
        next.balance(),
        false,
        next,
        nextDueAt);
  }

  /** Whether the balance that others see is the ledger's. */
  boolean agrees() {
    return ledger != null && found == Found.KNOWN && foundBalance == ledger.balance();
  }
}
