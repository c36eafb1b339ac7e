package dev.meterkite.simulation;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/** What a buyer has paid for at Stripe, and what of the money went back. */
final class Sale {
  final String buyer;
  final String intent;

  /** Credits at once, or of each month. */
  final long credits;

  /** Cents. */
  final long paid;

  private final Instant start;
  private final @Nullable Instant end;
  private Instant moved = Instant.EPOCH;
  private long refunded;
  private boolean isDisputed;

  /**
   * @param end of what is paid for; null where it never ends
   */
  Sale(String buyer, String intent, long credits, long paid, Instant start, @Nullable Instant end) {
    this.buyer = buyer;
    this.intent = intent;
    this.credits = credits;
    this.paid = paid;
    this.start = start;
    this.end = end;
  }

  /**
   * Whether money may move at this second: Stripe says when it moved to the second, and what it
   * says of one second has no order.
   */
  boolean moves(Instant now) {
    boolean moves = now.isAfter(moved.plusSeconds(1));
    moved = moves ? now : moved;
    return moves;
  }

  /** What may still be refunded, in cents. */
  long refundable() {
    return paid - refunded;
  }

  long refunded() {
    return refunded;
  }

  /** A refund, or with less than 0 one that failed. */
  void refund(long cents) {
    refunded += cents;
  }

  boolean isDisputed() {
    return isDisputed;
  }

  void dispute(boolean takes) {
    isDisputed = takes;
  }

  /** Whether the buyer has something of it. */
  boolean isAlive(Instant now) {
    return end == null || hourFull(end).isAfter(now);
  }

  /** The credits that the buyer has of it: of a longer period than a month those of a month. */
  long worth(Instant now) {
    return end == null ? one() : one() * months(now, now);
  }

  /**
   * What the buyer may have besides, of months that are over: a lot lives on until its hour is
   * full, where the event of it came before its month was over.
   */
  long remains(Instant now) {
    return end == null ? 0 : one() * months(now, now.truncatedTo(ChronoUnit.HOURS)) - worth(now);
  }

  private long one() {
    long back = Math.min(paid, refunded + (isDisputed ? paid : 0));
    return credits - credits * back / paid;
  }

  /** Months that have begun, and that end after a moment. */
  private long months(Instant now, Instant later) {
    long months = 0;
    for (int month = 0; start(month).isBefore(end) && !start(month).isAfter(now); month++) {
      months += start(month + 1).isAfter(later) ? 1 : 0;
    }
    return months;
  }

  private Instant start(int month) {
    return start.atZone(ZoneOffset.UTC).plusMonths(month).toInstant();
  }

  private static Instant hourFull(Instant end) {
    Instant hour = end.truncatedTo(ChronoUnit.HOURS);
    return hour.equals(end) ? end : hour.plus(1, ChronoUnit.HOURS);
  }

  @Override
  public String toString() {
    return "%d credits for %d cents by %s, %d back%s, from %s to %s"
        .formatted(credits, paid, intent, refunded, isDisputed ? ", disputed" : "", start, end);
  }
}
