package dev.meterkite.model.whatif;

import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.JobPrices;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.UserTier;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What one user was charged and granted in a period, and what it would have been under other plans.
 *
 * <ul>
 *   <li>A call of a model: the cost at the provider stays, which is that of its own time; markup
 *       and value of a credit are those of the other plans, for the tier that the user has now. One
 *       that the user could not pay in full: what was paid, at most the other charge.
 *   <li>A job at the full price: the other plans' price. One that was captured in part: the same
 *       part, at most that price. One longer than the tier allows: nothing.
 *   <li>A whole month of a tier: the other plans' month. A part of one: the same part, rounded
 *       down.
 *   <li>Anything else (debits of amounts, refunds): unchanged. Purchases and adjustments by hand
 *       are not looked at.
 * </ul>
 *
 * <p>A call that takes no whole credit leaves an idempotency record, which expires. What the
 * deductions say beyond the records, where that is a credit or more, is priced as the calls that
 * took the credits are; this is exact where the user's calls have one markup.
 */
public final class UserReplay {
  /** How grants of a tier's month begin their description. */
  private static final String MONTH_OF = "monthly credits of ";

  private static final String BEYOND = "beyond hold ";

  /** Units of {@link ExactMicros} in a micro-USD, as decimal places. */
  private static final int PLACES = 13;

  private final Plans before;
  private final Plans after;
  private final String tier;
  private final Map<Note, Long> notes = new EnumMap<>(Note.class);
  private CreditSide was = CreditSide.NONE;
  private CreditSide would = CreditSide.NONE;
  private long found;

  /** Credits that calls took, and the same as the other plans price the calls that took them. */
  private long taken;

  private BigDecimal takenAfter = BigDecimal.ZERO;

  /** Credits beyond a hold, whose capture follows. */
  private @Nullable Map<String, Object> beyond;

  /**
   * A user's period.
   *
   * @param before the plans in force
   * @param after the others
   * @param tier the user's; null for one without
   */
  public UserReplay(Plans before, Plans after, @Nullable String tier) {
    this.before = before;
    this.after = after;
    this.tier = tier == null ? before.firstTier().word() : tier;
  }

  /**
   * Adds a transaction of the ledger.
   *
   * @param fields the transaction; they come latest first, those of one commit too
   * @param job the document of the job that it names, which may be absent; null where none
   */
  public void transaction(Map<String, Object> fields, @Nullable Snapshot job) {
    Map<String, Object> waiting = beyond;
    beyond = null;
    boolean isCall = fields.get(CreditTransactions.USAGE) != null;
    long ofBeyond = 0;
    if (waiting != null) {
      if (isCall && isBeyond(waiting, fields)) {
        ofBeyond = -amount(waiting);
      } else {
        unchanged(-amount(waiting));
      }
    }
    Optional<TransactionType> type =
        TransactionType.parse(FieldValues.text(fields.get(CreditTransactions.TYPE)));
    if (type.isEmpty()) {
      return;
    }
    switch (type.get()) {
      case DEDUCTION -> deduction(fields, isCall, ofBeyond, job);
      case REFUND -> unchanged(-amount(fields));
      case SUBSCRIPTION_GRANT -> grant(fields);
      case PURCHASE, ADMIN_ADJUSTMENT, EXPIRATION -> {}
    }
  }

  private static long amount(Map<String, Object> fields) {
    Long amount = FieldValues.integer(fields.get(CreditTransactions.AMOUNT));
    return amount == null ? 0 : amount;
  }

  private static boolean isBeyond(Map<String, Object> beyond, Map<String, Object> capture) {
    return (BEYOND + capture.get(CreditTransactions.HOLD_ID))
        .equals(beyond.get(CreditTransactions.DESCRIPTION));
  }

  private void unchanged(long credits) {
    found++;
    was = was.withCredits(credits);
    would = would.withCredits(credits);
  }

  private void deduction(
      Map<String, Object> fields, boolean isCall, long ofBeyond, @Nullable Snapshot job) {
    long credits = -amount(fields);
    String description = FieldValues.text(fields.get(CreditTransactions.DESCRIPTION));
    if (isCall) {
      call(fields, credits + ofBeyond);
    } else if (description != null
        && description.startsWith(BEYOND)
        && fields.get(CreditTransactions.HOLD_ID) == null) {
      beyond = fields; // of a call or of an amount: the capture before it says
    } else if (job != null && fields.get(CreditTransactions.HOLD_ID) != null) {
      job(credits, job);
    } else {
      unchanged(credits);
    }
  }

  /** Adds a call that took no whole credit: an idempotency record, or a hold that it captured. */
  public void callBelowACredit(Map<String, Object> fields) {
    call(fields, 0);
  }

  private void call(Map<String, Object> fields, long credits) {
    ExactMicros cost = exact(fields.get(CreditTransactions.COST_EXACT));
    ExactMicros charge = exact(fields.get(CreditTransactions.CHARGE_EXACT));
    Map<String, @Nullable Object> usage = FieldValues.map(fields.get(CreditTransactions.USAGE));
    String provider = FieldValues.text(usage.get("provider"));
    String model = FieldValues.text(usage.get("model_id"));
    if (cost == null || charge == null || provider == null || model == null) {
      note(Note.UNREADABLE_CALL, 1);
      unchanged(credits);
      return;
    }
    if (!before.version().equals(fields.get(CreditTransactions.PLANS_VERSION))) {
      note(Note.OTHER_VERSION, 1);
    }
    ExactMicros other = PriceBook.charge(cost, after.priceBook().markup(tier, provider, model));
    found++;
    if (isUnpaid(fields, charge, credits)) {
      note(Note.UNPAID_CALL, 1);
      was = was.withCredits(credits);
      ExactMicros most = ExactMicros.of(after.priceBook().creditMicros()).times(credits);
      would = other.compareTo(most) < 0 ? would.withCalls(other) : would.withCredits(credits);
      return;
    }
    was = was.withCalls(charge);
    would = would.withCalls(other);
    if (credits > 0 && !charge.isZero()) {
      taken += credits;
      takenAfter =
          takenAfter.add(
              new BigDecimal(other.units())
                  .multiply(BigDecimal.valueOf(credits))
                  .divide(new BigDecimal(charge.units()), MathContext.DECIMAL128));
    }
  }

  /**
   * Whether a call took less than its charge by a credit or more. What is less may be accrued; and
   * what a credit was under another version is not known.
   */
  private boolean isUnpaid(Map<String, Object> fields, ExactMicros charge, long credits) {
    ExactMicros covered =
        ExactMicros.of(before.priceBook().creditMicros()).times(Math.addExact(credits, 1));
    return before.version().equals(fields.get(CreditTransactions.PLANS_VERSION))
        && charge.compareTo(covered) >= 0;
  }

  private static @Nullable ExactMicros exact(@Nullable Object value) {
    try {
      return value instanceof String text
          ? new ExactMicros(new BigDecimal(text).movePointRight(PLACES).toBigIntegerExact())
          : null;
    } catch (ArithmeticException | IllegalArgumentException e) {
      return null; // the caller says so
    }
  }

  private void note(Note note, long count) {
    notes.merge(note, count, Long::sum);
  }

  private void job(long credits, Snapshot job) {
    found++;
    was = was.withCredits(credits);
    Optional<Long> full = price(before.jobs(), job);
    Optional<Long> other = price(after.jobs(), job);
    if (full.isEmpty() || other.isEmpty()) {
      note(Note.UNPRICED_JOB, 1);
      would = would.withCredits(credits);
      return;
    }
    BigDecimal minutes = minutes(job);
    Optional<UserTier> allowed = after.tier(tier);
    if (minutes != null
        && allowed.isPresent()
        && minutes.compareTo(BigDecimal.valueOf(allowed.get().longestJobMinutes())) > 0) {
      note(Note.REFUSED_JOB, 1);
      return;
    }
    would = would.withCredits(credits == full.get() ? other.get() : Math.min(credits, other.get()));
  }

  private static @Nullable BigDecimal minutes(Snapshot job) {
    Double minutes = FieldValues.decimal(job.fields().get(PodcastJobs.DURATION_MIN));
    return minutes == null ? null : BigDecimal.valueOf(minutes);
  }

  private static Optional<Long> price(JobPrices prices, Snapshot job) {
    BigDecimal minutes = minutes(job);
    if (minutes == null) {
      return Optional.empty();
    }
    String quality = FieldValues.text(job.fields().get(PodcastJobs.QUALITY));
    String priority = FieldValues.text(job.fields().get(PodcastJobs.PRIORITY));
    try {
      return Optional.of(
          prices.credits(
              minutes,
              quality == null ? prices.usualQuality() : quality,
              priority == null ? prices.usualPriority() : priority));
    } catch (IllegalArgumentException notSold) {
      return Optional.empty();
    }
  }

  private void grant(Map<String, Object> fields) {
    String description = FieldValues.text(fields.get(CreditTransactions.DESCRIPTION));
    long credits = amount(fields);
    found++;
    was = was.withGranted(credits);
    String word =
        description != null && description.startsWith(MONTH_OF)
            ? description.substring(MONTH_OF.length())
            : null;
    long full = before.tier(word).map(UserTier::monthlyCredits).orElse(0L);
    Optional<UserTier> other = after.tier(word);
    if (full == 0 || other.isEmpty()) {
      note(Note.UNKNOWN_TIER, 1);
      would = would.withGranted(credits);
      return;
    }
    BigDecimal month = BigDecimal.valueOf(other.get().monthlyCredits());
    would =
        would.withGranted(
            BigDecimal.valueOf(credits)
                .multiply(month)
                .divideToIntegralValue(BigDecimal.valueOf(full))
                .longValueExact());
  }

  /**
   * Adds the months of a tier that grants nothing under the plans in force, and so left no
   * transactions.
   *
   * @param months how many began in the period while the user was there
   */
  public void monthsWithoutAGrant(long months) {
    boolean none = before.tier(tier).map(UserTier::monthlyCredits).orElse(-1L) == 0;
    if (none) {
      long month = after.tier(tier).map(UserTier::monthlyCredits).orElse(0L);
      would = would.withGranted(Math.multiplyExact(months, month));
    }
  }

  /** The result; to be asked once, at the end. */
  public Replayed end() {
    if (beyond != null) {
      unchanged(-amount(beyond));
      beyond = null;
    }
    long credit = before.priceBook().creditMicros();
    ExactMicros deducted = ExactMicros.of(credit).times(taken);
    boolean isKnown = !notes.containsKey(Note.OTHER_VERSION);
    if (isKnown && taken > 0 && deducted.compareTo(was.calls()) > 0) {
      ExactMicros gone = deducted.minus(was.calls());
      long credits = gone.wholePartsOf(credit);
      if (credits > 0) {
        // Less than a credit is what was accrued when the period began.
        BigDecimal other =
            new BigDecimal(gone.units())
                .multiply(takenAfter)
                .divide(BigDecimal.valueOf(taken), MathContext.DECIMAL128);
        note(Note.ESTIMATED_CREDITS, credits);
        was = was.withCalls(gone);
        would = would.withCalls(new ExactMicros(other.toBigInteger()));
      }
    }
    return new Replayed(was, would, found, notes);
  }
}
