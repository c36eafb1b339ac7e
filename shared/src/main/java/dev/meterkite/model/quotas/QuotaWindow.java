package dev.meterkite.model.quotas;

import dev.meterkite.model.time.Period;
import dev.meterkite.model.time.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/**
 * What was used of a model within one window, and the limits.
 *
 * @param kind minute, hour, day or month; null for the only window of a document that another
 *     program made, which resets at {@code end} and then daily
 * @param start the first moment in it; reservations made before belong to an earlier one
 * @param end the first moment behind it, at which it begins anew with nothing used
 * @param tokensUsed tokens charged
 * @param tokensLimit the most tokens, null for no limit
 * @param requestsUsed requests charged
 * @param requestsLimit the most requests, null for no limit
 */
public record QuotaWindow(
    @Nullable Window kind,
    Instant start,
    Instant end,
    long tokensUsed,
    @Nullable Long tokensLimit,
    long requestsUsed,
    @Nullable Long requestsLimit) {

  /** The end of a window of a kind that the document does not state: it is the present one. */
  static final Instant UNSTATED = Instant.EPOCH;

  private static final Duration DAY = Duration.ofDays(1);

  public QuotaWindow {
    if (tokensUsed < 0 || requestsUsed < 0) {
      throw new IllegalArgumentException("used below zero: " + tokensUsed + ", " + requestsUsed);
    }
  }

  /** The window that contains a moment, with nothing used. */
  static QuotaWindow fresh(Window kind, QuotaLimits.Limit limit, ZoneId zone, Instant now) {
    Period period = kind.containing(now, zone);
    return new QuotaWindow(
        kind, period.start(), period.end(), 0, limit.tokens(), 0, limit.requests());
  }

  /**
   * The present window: this one before its end, else the one that contains {@code now}, however
   * many lie between. Used at 23:59:59.999999 counts in the old day, at 00:00:00 in the new. A
   * window whose end is not stated is the one that contains {@code now}, with what was used.
   */
  QuotaWindow at(Instant now, ZoneId zone) {
    if (kind != null && end.equals(UNSTATED)) {
      Period present = kind.containing(now, zone);
      return new QuotaWindow(
          kind,
          present.start(),
          present.end(),
          tokensUsed,
          tokensLimit,
          requestsUsed,
          requestsLimit);
    }
    if (now.isBefore(end)) {
      return this;
    }
    Period period =
        kind != null ? kind.containing(now, zone) : new Period(dayBefore(now), dayAfter(now));
    return new QuotaWindow(kind, period.start(), period.end(), 0, tokensLimit, 0, requestsLimit);
  }

  private Instant dayBefore(Instant now) {
    return end.plus(DAY.multipliedBy(Duration.between(end, now).toDays()));
  }

  private Instant dayAfter(Instant now) {
    return dayBefore(now).plus(DAY);
  }

  /** This window with amounts added (or taken back), never below zero. */
  QuotaWindow charged(long tokens, long requests) {
    return new QuotaWindow(
        kind,
        start,
        end,
        clamp(Math.addExact(tokensUsed, tokens)),
        tokensLimit,
        clamp(Math.addExact(requestsUsed, requests)),
        requestsLimit);
  }

  /** This window with other limits. */
  QuotaWindow limited(QuotaLimits.Limit limit) {
    return new QuotaWindow(
        kind, start, end, tokensUsed, limit.tokens(), requestsUsed, limit.requests());
  }

  private static long clamp(long used) {
    return Math.max(0, Math.min(used, QuotaState.MAX_USED));
  }

  /** Whether a reservation made then counts in this window. */
  boolean counts(Instant reservedAt) {
    return !reservedAt.isBefore(start);
  }

  boolean inUse() {
    return tokensUsed > 0 || requestsUsed > 0;
  }

  /** The worse of the two limits' statuses; what is only reserved does not count. */
  public QuotaStatus status() {
    QuotaStatus tokens = statusOf(tokensUsed, tokensLimit);
    QuotaStatus requests = statusOf(requestsUsed, requestsLimit);
    return tokens.compareTo(requests) >= 0 ? tokens : requests;
  }

  /**
   * Available below 80 % used, warning from 80, critical from 95, exhausted from 100. Of 1,000: 799
   * is available, 800 warning, 950 critical, 1,000 exhausted. Nothing of nothing is exhausted.
   */
  static QuotaStatus statusOf(long used, @Nullable Long limit) {
    if (limit == null) {
      return QuotaStatus.AVAILABLE;
    }
    if (used >= limit) {
      return QuotaStatus.EXHAUSTED;
    }
    if (used >= limit - limit / 20) {
      return QuotaStatus.CRITICAL;
    }
    return used >= limit - limit / 5 ? QuotaStatus.WARNING : QuotaStatus.AVAILABLE;
  }

  /** The share of the fuller limit that is used: 0 without limits, 1 or more when exhausted. */
  double share() {
    return utilisation(0, 0);
  }

  double tokenShare() {
    return share(tokensUsed, tokensLimit);
  }

  /** The share of the fuller limit that is used or reserved. */
  double utilisation(long tokensReserved, long requestsReserved) {
    return Math.max(
        share(tokensUsed + tokensReserved, tokensLimit),
        share(requestsUsed + requestsReserved, requestsLimit));
  }

  private static double share(long taken, @Nullable Long limit) {
    if (limit == null) {
      return 0;
    }
    return limit == 0 ? 1 : (double) taken / limit;
  }
}
