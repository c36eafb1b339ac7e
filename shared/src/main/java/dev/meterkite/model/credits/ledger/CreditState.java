package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.credits.stripe.Billing;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.UserTier;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
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
 * @param copy what other programs read of the ledger, as found
 * @param alerting what was told of the level of the balance
 * @param ledgerBroken whether there is a ledger that cannot be right
 * @param ledger the ledger, or null when there is none or a broken one
 * @param dueAt the {@code ledger_due_at} as found
 * @param erasedAt when the erasure of the person began, or null; nothing is charged or granted
 *     since
 */
public record CreditState(
    String userId,
    boolean exists,
    @Nullable Instant registeredAt,
    @Nullable String email,
    @Nullable String tier,
    Billing billing,
    Copy copy,
    BalanceAlerting alerting,
    boolean ledgerBroken,
    @Nullable Ledger ledger,
    @Nullable Instant dueAt,
    @Nullable Instant erasedAt) {

  /** What a balance looked like. */
  public enum Found {
    /** There is none, or null. */
    ABSENT,
    /** It is a whole number from 0 to {@link Ledger#MAX_BALANCE}, also one such as 100.0. */
    KNOWN,
    /** It is something else: a negative number, a fraction, a text. */
    UNREADABLE
  }

  /** The state in a user's document; never fails: what is broken is part of the state. */
  public static CreditState decode(Snapshot user) {
    return LedgerCodec.decode(user);
  }

  /** What has to be written to bring the document from one state to the next, by field path. */
  public static Map<String, Object> changes(CreditState before, CreditState after) {
    return LedgerCodec.changes(before, after);
  }

  /** The user that a registration creates, without a ledger. */
  public static CreditState registered(
      String userId,
      @Nullable String email,
      String tier,
      @Nullable String stripeCustomerId,
      Instant now) {
    return new CreditState(
        userId,
        true,
        now,
        email,
        tier,
        Billing.NONE.of(stripeCustomerId),
        new Copy(Found.ABSENT, 0, "", null),
        BalanceAlerting.NONE,
        false,
        null,
        null,
        null);
  }

  /** The same user with the registered fields that the document does not have yet. */
  public CreditState completedBy(
      @Nullable String givenEmail, @Nullable String givenTier, @Nullable String customerId) {
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email == null ? givenEmail : email,
        tier == null ? givenTier : tier,
        billing.of(customerId),
        copy,
        alerting,
        ledgerBroken,
        ledger,
        dueAt,
        erasedAt);
  }

  /**
   * {@code credits_balance} and {@code credits_available}, the copies of the ledger's figures.
   *
   * @param found what was found in {@code credits_balance}
   * @param balance its value when it could be read, else 0
   * @param shown what could not be read, as a text for people, cut; else empty
   * @param available {@code credits_available}, or null where it cannot be read
   */
  public record Copy(Found found, long balance, String shown, @Nullable Long available) {
    static Copy of(Ledger ledger) {
      return new Copy(Found.KNOWN, ledger.balance(), "", ledger.balance() - ledger.held());
    }
  }

  /** Whether the person is erased, or being erased. */
  public boolean isErased() {
    return erasedAt != null;
  }

  /** The user's tier: the first when none is named; empty for a word that is not a tier. */
  public Optional<UserTier> tier(Plans plans) {
    return tier == null ? Optional.of(plans.firstTier()) : plans.tier(tier);
  }

  public Found found() {
    return copy.found();
  }

  /** The balance found, 0 where it could not be read. */
  public long foundBalance() {
    return copy.balance();
  }

  /** Whether a Stripe subscription renews the credits. */
  public boolean subscribed() {
    return billing.subscriptionId() != null;
  }

  /** The same user with what Stripe has told by now, and the tier that follows from it. */
  public CreditState with(Billing next, Plans plans) {
    String tierNow = next.tier(plans).orElse(tier);
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email,
        tierNow,
        next,
        copy,
        alerting,
        ledgerBroken,
        ledger,
        dueAt,
        erasedAt);
  }

  /** The same user with who it is at Stripe, where that was not known. */
  public CreditState withCustomer(@Nullable String customerId) {
    Billing next = billing.of(customerId);
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email,
        tier,
        next,
        copy,
        alerting,
        ledgerBroken,
        ledger,
        dueAt,
        erasedAt);
  }

  /** The same user with this ledger, its figures copied and its next due moment noted. */
  public CreditState with(Ledger next, @Nullable Instant nextDueAt) {
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email,
        tier,
        billing,
        Copy.of(next),
        alerting,
        false,
        next,
        nextDueAt,
        erasedAt);
  }

  /** The same user, looked at again by this moment; null for never. */
  public CreditState dueAt(@Nullable Instant nextDueAt) {
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email,
        tier,
        billing,
        copy,
        alerting,
        ledgerBroken,
        ledger,
        nextDueAt,
        erasedAt);
  }

  /** The same user with what was told of its balance by now. */
  public CreditState with(BalanceAlerting next) {
    return new CreditState(
        userId,
        exists,
        registeredAt,
        email,
        tier,
        billing,
        copy,
        next,
        ledgerBroken,
        ledger,
        dueAt,
        erasedAt);
  }

  /** Whether the balance that others see is the ledger's. */
  public boolean agrees() {
    return ledger != null && found() == Found.KNOWN && foundBalance() == ledger.balance();
  }
}
