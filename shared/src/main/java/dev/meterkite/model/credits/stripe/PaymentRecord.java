package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.credits.lots.Holds;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A document of {@code stripe_payments}.
 *
 * @param userId whose payment it is; null until a sale or a customer says so
 * @param tiedTo the document that holds the state in place of this one; null in that one
 * @param facts what Stripe has said about the payment
 * @param bookings what the ledger did for the packages of each sale
 * @param older what an earlier form of the document says was bought, or null
 * @param tieDueAt when money that went back and belongs to no sale raises an alert, or null
 * @param untiedAlert what names that alert while it is open, or null
 * @param alertedAt when the alert of credits that were gone was first raised, or null
 */
public record PaymentRecord(
    @Nullable String userId,
    @Nullable String tiedTo,
    StripePayment facts,
    Map<String, Booking> bookings,
    @Nullable Older older,
    @Nullable Instant tieDueAt,
    @Nullable String untiedAlert,
    @Nullable Instant alertedAt) {
  /** Nothing is known. */
  static final PaymentRecord NONE =
      new PaymentRecord(null, null, StripePayment.NONE, Map.of(), null, null, null, null);

  public PaymentRecord {
    bookings = Map.copyOf(bookings);
  }

  /**
   * A purchase as an earlier form of the document notes it: one transaction a payment.
   *
   * @param transactionId what it bought
   * @param credits how many
   * @param due how many were to be taken back so far
   */
  public record Older(String transactionId, long credits, long due) {}

  /** This with the facts and bookings of another document of the same payment. */
  PaymentRecord merge(PaymentRecord other) {
    Map<String, Booking> all = new TreeMap<>(other.bookings);
    all.putAll(bookings);
    return new PaymentRecord(
        userId != null ? userId : other.userId,
        null,
        facts.merge(other.facts),
        all,
        older != null ? older : other.older,
        Holds.earlier(tieDueAt, other.tieDueAt),
        untiedAlert != null ? untiedAlert : other.untiedAlert,
        Holds.earlier(alertedAt, other.alertedAt));
  }

  public PaymentRecord with(StripePayment more) {
    return new PaymentRecord(
        userId, tiedTo, facts.merge(more), bookings, older, tieDueAt, untiedAlert, alertedAt);
  }

  public PaymentRecord of(@Nullable String user) {
    return new PaymentRecord(
        user, tiedTo, facts, bookings, older, tieDueAt, untiedAlert, alertedAt);
  }

  public PaymentRecord booked(Map<String, Booking> next, @Nullable Older rest) {
    return new PaymentRecord(userId, tiedTo, facts, next, rest, tieDueAt, untiedAlert, alertedAt);
  }

  /** This with the moment when its lack of a sale is told, or with the alert that told it. */
  public PaymentRecord untied(@Nullable Instant due, @Nullable String alert) {
    return new PaymentRecord(userId, tiedTo, facts, bookings, older, due, alert, alertedAt);
  }

  public PaymentRecord alerted(Instant at) {
    return new PaymentRecord(userId, tiedTo, facts, bookings, older, tieDueAt, untiedAlert, at);
  }

  /** Whether anything was sold for it. */
  public boolean isSale() {
    return !facts.sales().isEmpty() || older != null;
  }

  /** Whether it holds more than a tie. */
  boolean hasState() {
    return userId != null || isSale() || !facts.equals(StripePayment.NONE);
  }
}
