package dev.meterkite.model.usage;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageTracking;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What has to be done about a usage record that somebody wrote, changed or deleted.
 *
 * <p>The trigger asks {@link #settled} of the event; if it is not, it reads the record and its
 * {@code usage_counts} document and does what {@link #next} says, again and again until that is
 * {@link Step.Done}: one step as a rule, two where a record went from one customer to another.
 */
public final class UsageTriage {
  /** More steps than a record can need when nobody writes to it meanwhile. */
  public static final int MAX_STEPS = 4;

  private static final Duration SOONEST_RETRY = Duration.ofHours(1);
  private static final Duration LATEST_RETRY = Duration.ofDays(7);

  /** What to do next. */
  public sealed interface Step {
    /** Nothing. */
    record Done() implements Step {}

    /** Run this command. If it answers {@code pending}, write {@link UsageTriage#pending}. */
    record Run(Command<UsageCommand> command) implements Step {}

    /** Make this write, on the condition that the document is as it was seen. */
    record Mark(Write.Update write) implements Step {}
  }

  private final RateCard rates;
  private final SummaryCalendar book;

  UsageTriage(RateCard rates, SummaryCalendar book) {
    this.rates = rates;
    this.book = book;
  }

  /**
   * Whether an event shows that there is nothing to do: the record is there and carries the digest
   * of itself as it was counted. Our own records always do, so their events cost no read.
   *
   * @param after the record's fields after the change; null if it was deleted or is not known whole
   */
  public boolean settled(String usageId, @Nullable Map<String, Object> after, Instant now) {
    return after != null && StoredUsage.of(usageId, after, rates, now).settled();
  }

  /** What to do about a record, as it and its {@code usage_counts} document were just read. */
  public Step next(Snapshot record, Snapshot counts, Instant now) {
    CountedUsage counted = CountedUsageCodec.decode(counts);
    if (counted.frozen()) {
      return corrected(record, counted);
    }
    String usageId = record.ref().id();
    StoredUsage stored =
        record.exists() ? StoredUsage.of(usageId, record.fields(), rates, now) : null;
    String holder = counted.countedFor();
    String customer =
        stored == null || stored.figures() == null ? null : stored.figures().customerId();
    if (holder != null && !holder.equals(customer)) {
      return run(holder, record, counts);
    }
    if (customer != null && stored != null) {
      boolean done = stored.settled() && holder != null && counted.countDueAt() == null;
      return done ? new Step.Done() : run(customer, record, counts);
    }
    if (stored != null && !stored.settled()) {
      return new Step.Mark(new Write.Update(record.ref(), stored.marks()));
    }
    return counted.countDueAt() == null ? new Step.Done() : new Step.Mark(settle(counts, now));
  }

  /** A corrected record stays as it was counted; only a lost mark of the correction comes back. */
  private static Step corrected(Snapshot record, CountedUsage counted) {
    String correction = counted.correctedBy();
    return correction == null
            || !record.exists()
            || correction.equals(record.fields().get(UsageTracking.CORRECTED_BY))
        ? new Step.Done()
        : new Step.Mark(
            new Write.Update(record.ref(), Map.of(UsageTracking.CORRECTED_BY, correction)));
  }

  /**
   * Whether what was counted for a record is what the record says. Asked of records whose events
   * may have been lost: {@link #next} trusts the digest in a record, which an older state of it put
   * back by another program carries too.
   *
   * @param record as read just now, or absent
   * @param counts its {@code usage_counts} document, as read just now, or absent
   */
  public boolean agrees(Snapshot record, Snapshot counts, Instant now) {
    CountedUsage counted = CountedUsageCodec.decode(counts);
    if (counted.frozen() || counted.countDueAt() != null) {
      return true;
    }
    if (!record.exists()) {
      return counted.countedFor() == null;
    }
    StoredUsage stored = StoredUsage.of(record.ref().id(), record.fields(), rates, now);
    UsageFigures figures = stored.figures();
    if (!stored.settled() || figures == null) {
      return stored.settled() && counted.countedFor() == null;
    }
    return CountedUsage.Identity.of(figures).equals(counted.figures())
        && figures.amounts(rates, stored.priced()).equals(counted.effective());
  }

  private static Step run(String customerId, Snapshot record, Snapshot counts) {
    return new Step.Run(
        UsageCommands.count(customerId, record.ref().id(), List.of(record, counts)));
  }

  private static Write.Update settle(Snapshot counts, Instant now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageCounts.STATUS, CountedUsageCodec.COUNTED);
    fields.put(UsageCounts.COUNT_DUE_AT, Write.REMOVED);
    fields.put(UsageCounts.UPDATED_AT, now);
    return new Write.Update(counts.ref(), fields);
  }

  /**
   * Notes that a record waits for its customer, on the condition that its {@code usage_counts}
   * document is as it was seen. It is looked at again after as long as it has waited, an hour at
   * the least and seven days at the most.
   */
  public Write.Update pending(Command<UsageCommand> command, Snapshot counts, Instant now) {
    Instant since =
        counts.fields().get(UsageCounts.UPDATED_AT) instanceof Instant first ? first : now;
    Duration waited = Duration.between(since, now);
    Duration pause = waited.compareTo(SOONEST_RETRY) < 0 ? SOONEST_RETRY : waited;
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageCounts.USAGE_ID, counts.ref().id());
    if (CountedUsageCodec.decode(counts).countedFor() == null) {
      fields.put(UsageCounts.CUSTOMER_ID, command.owner().id());
    }
    fields.put(UsageCounts.STATUS, CountedUsageCodec.PENDING);
    fields.put(
        UsageCounts.COUNT_DUE_AT,
        now.plus(pause.compareTo(LATEST_RETRY) > 0 ? LATEST_RETRY : pause));
    fields.put(UsageCounts.UPDATED_AT, since);
    return new Write.Update(counts.ref(), fields);
  }

  /** Stamps the summary of a customer that does not exist any more as closed. */
  public Write closed(String customerId, YearMonth month) {
    return book.closed(customerId, month);
  }
}
