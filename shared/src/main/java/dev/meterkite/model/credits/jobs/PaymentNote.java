package dev.meterkite.model.credits.jobs;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The payment of a job as the rules want it on the job's document.
 *
 * @param number the attempt that it is about, counted from 1
 * @param code why it was not paid, or null
 * @param field the field of the job that cannot be read, with {@code invalid_job}; else null
 * @param credits held, captured, refused or unpaid
 * @param dueAt when to look again; null for never
 */
record PaymentNote(
    long number,
    PaymentStatus status,
    @Nullable String code,
    @Nullable String field,
    long credits,
    @Nullable Instant dueAt) {

  static PaymentNote held(long number, long amount, Instant expiresAt) {
    return new PaymentNote(number, PaymentStatus.HELD, null, null, amount, expiresAt);
  }

  static PaymentNote captured(long number, long amount) {
    return new PaymentNote(number, PaymentStatus.CAPTURED, null, null, amount, null);
  }

  static PaymentNote released(long number, @Nullable String code, @Nullable Instant dueAt) {
    return new PaymentNote(number, PaymentStatus.RELEASED, code, null, 0, dueAt);
  }
}
