package dev.meterkite.model.quotas;

/** The result of a command that was applied, or that found nothing to change. */
sealed interface QuotaResult {
  /**
   * A reservation was made.
   *
   * @param tokens the reserved tokens
   * @param left what may still be reserved
   */
  record Reserved(ReservationId id, long tokens, QuotaLeft left) implements QuotaResult {}

  /**
   * A reservation was charged.
   *
   * @param tokensUsed tokens used in the tightest window
   * @param left what may still be reserved
   * @param status the worst status of all windows
   */
  record Settled(long tokensUsed, QuotaLeft left, QuotaStatus status) implements QuotaResult {}

  /**
   * Windows and reservations were brought up to date.
   *
   * @param reset windows that ended
   * @param lapsed reservations that were charged at their estimates
   */
  record Refreshed(long reset, long lapsed) implements QuotaResult {}
}
