package dev.meterkite.model.usage;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.time.MonthlyPeriods;
import dev.meterkite.model.time.Period;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a customer has agreed to: how many scenes a period, which periods, from when to when. Others
 * write these fields; the rules only read them.
 *
 * @param quota scenes a period; {@link #UNLIMITED} for no bound, below it for a value that is not
 *     valid, which lets nothing through
 * @param soft whether scenes beyond the quota are recorded and flagged rather than refused
 * @param start from when the contract runs; null for ever since
 * @param end when it no longer does; null for never
 * @param anchorDay day of the month on which a period begins, 1 to 31; in shorter months the last
 * @param zone where it begins, at local midnight
 */
public record QuotaTerms(
    long quota,
    boolean soft,
    @Nullable Instant start,
    @Nullable Instant end,
    int anchorDay,
    ZoneId zone) {
  /** No bound: the field is absent or -1. */
  public static final long UNLIMITED = -1;

  /** Stands for a quota that is not an integer. */
  private static final long INVALID = -2;

  /** {@code quota_mode} of customers whose quota does not refuse. */
  public static final String SOFT = "soft";

  /**
   * The terms that a customer's document holds. What is broken falls to the safe side: a quota that
   * is no integer or below -1 lets nothing through, a contract date that is no timestamp does not
   * bound, an unknown zone is UTC, an anchor day outside 1 to 31 is 1.
   */
  public static QuotaTerms of(Snapshot customer) {
    Map<String, Object> fields = customer.fields();
    return new QuotaTerms(
        quota(fields.get(Customers.MONTHLY_SCENE_QUOTA)),
        SOFT.equals(fields.get(Customers.QUOTA_MODE)),
        fields.get(Customers.CONTRACT_START) instanceof Instant start ? start : null,
        fields.get(Customers.CONTRACT_END) instanceof Instant end ? end : null,
        anchorDay(fields.get(Customers.BILLING_ANCHOR_DAY)),
        zone(fields.get(Customers.BILLING_TIME_ZONE)));
  }

  /** Whether the contract runs: from its start on, and before its end. */
  public boolean activeAt(Instant now) {
    return (start == null || !now.isBefore(start)) && (end == null || now.isBefore(end));
  }

  /** The quota period that a moment lies in. */
  public Period period(Instant moment) {
    return new MonthlyPeriods(anchorDay, zone).containing(moment);
  }

  /** Whether one scene more than {@code used} fits the quota. */
  public boolean hasRoom(long used) {
    return quota == UNLIMITED || used < quota;
  }

  private static long quota(@Nullable Object value) {
    if (value == null) {
      return UNLIMITED;
    }
    Long number = integer(value);
    return number == null ? INVALID : number;
  }

  private static int anchorDay(@Nullable Object value) {
    Long day = integer(value);
    return day == null || day < 1 || day > 31 ? 1 : day.intValue();
  }

  private static ZoneId zone(@Nullable Object value) {
    if (value instanceof String id) {
      try {
        return ZoneId.of(id);
      } catch (DateTimeException e) {
        return ZoneOffset.UTC;
      }
    }
    return ZoneOffset.UTC;
  }

  /** An integer as any client may have stored it, 100 or 100.0; null for anything else. */
  static @Nullable Long integer(@Nullable Object value) {
    BigDecimal number = UsageFields.number(value);
    try {
      return number == null ? null : number.longValueExact();
    } catch (ArithmeticException e) {
      return null;
    }
  }
}
