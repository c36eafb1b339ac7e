package dev.meterkite.model.quotas;

import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The figures of a refusal.
 *
 * @param reservationId the reservation that does not exist; null in all other refusals
 * @param left what may still be reserved; null where the refusal does not state it
 * @param retryAfter after how long it may fit, whole seconds from 1; null where waiting is useless
 */
public record QuotaRefusal(
    @Nullable String reservationId, @Nullable QuotaLeft left, @Nullable Duration retryAfter) {
  static final QuotaRefusal WITHOUT_FIGURES = new QuotaRefusal(null, null, null);

  static QuotaRefusal missing(ReservationId id) {
    return new QuotaRefusal(id.toString(), null, null);
  }

  /** The refusal that these figures belong to. */
  public static QuotaRefusal of(Map<String, ?> figures) {
    return QuotaResultCodec.refusal(figures);
  }
}
