package dev.meterkite.model.usage;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import java.time.Instant;
import java.time.YearMonth;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a customer's document holds that metering decides on.
 *
 * @param exists whether there is such a customer
 * @param terms what the customer has agreed to; never changed by the rules
 * @param counter scenes of the present period
 * @param totalScenes scenes ever, at least 0
 * @param totalEpisodes episodes ever, at least 0
 * @param alertPeriod start of the period in which an alert was raised last; null for never, or when
 *     it is resolved
 * @param alertPercent the highest of 80 and 100 that was raised in that period; 0 for none
 * @param summaryMonth the latest month whose summary was named; null for none
 * @param closedMonth the latest month that was closed; null for none
 * @param months what the summaries of open months hold
 */
public record MeterState(
    boolean exists,
    QuotaTerms terms,
    SceneCounter counter,
    long totalScenes,
    long totalEpisodes,
    @Nullable Instant alertPeriod,
    long alertPercent,
    @Nullable YearMonth summaryMonth,
    @Nullable YearMonth closedMonth,
    Map<YearMonth, MonthIndex> months) {

  /** Reads a customer's document; what is not of the right type counts as absent. */
  static MeterState of(Snapshot customer) {
    Map<String, Object> fields = customer.fields();
    return new MeterState(
        customer.exists(),
        QuotaTerms.of(customer),
        new SceneCounter(
            count(fields, Customers.SCENES_GENERATED_THIS_MONTH),
            time(fields, Customers.QUOTA_RESET_AT),
            time(fields, Customers.QUOTA_DUE_AT),
            count(fields, Customers.EARLY_SCENES),
            time(fields, Customers.EARLY_SCENES_PERIOD)),
        count(fields, Customers.TOTAL_SCENES_GENERATED),
        count(fields, Customers.TOTAL_EPISODES_GENERATED),
        time(fields, Customers.QUOTA_ALERT_PERIOD),
        count(fields, Customers.QUOTA_ALERT_PERCENT),
        month(fields.get(Customers.USAGE_SUMMARY_MONTH)),
        month(fields.get(Customers.USAGE_CLOSED_MONTH)),
        MonthIndex.all(fields.get(Customers.USAGE_MONTHS)));
  }

  /** The fields that differ in {@code after}, by field path. */
  Map<String, Object> changesTo(MeterState after) {
    Map<String, Object> from = ownFields();
    Map<String, Object> changes = new LinkedHashMap<>();
    after
        .ownFields()
        .forEach(
            (field, value) -> {
              if (!Objects.equals(from.get(field), value)) {
                changes.put(field, value);
              }
            });
    if (!months.equals(after.months)) {
      changes.putAll(changes(months, after.months));
    }
    return changes;
  }

  /** A month that is gone is removed as a whole; entries of an index are only ever added. */
  private static Map<String, Object> changes(
      Map<YearMonth, MonthIndex> before, Map<YearMonth, MonthIndex> after) {
    Map<String, Object> changes = new LinkedHashMap<>(MonthIndex.fields(after));
    changes.entrySet().removeAll(MonthIndex.fields(before).entrySet());
    for (YearMonth month : before.keySet()) {
      if (!after.containsKey(month)) {
        changes.put(FieldPath.of(Customers.USAGE_MONTHS, month.toString()), Write.REMOVED);
      }
    }
    return changes;
  }

  private Map<String, Object> ownFields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Customers.SCENES_GENERATED_THIS_MONTH, counter.scenes());
    fields.put(Customers.QUOTA_RESET_AT, orRemoved(counter.resetAt()));
    fields.put(Customers.QUOTA_DUE_AT, orRemoved(counter.dueAt()));
    fields.put(Customers.EARLY_SCENES, counter.early() == 0 ? Write.REMOVED : counter.early());
    fields.put(Customers.EARLY_SCENES_PERIOD, orRemoved(counter.earlyPeriod()));
    fields.put(Customers.TOTAL_SCENES_GENERATED, totalScenes);
    fields.put(Customers.TOTAL_EPISODES_GENERATED, totalEpisodes);
    fields.put(Customers.QUOTA_ALERT_PERIOD, orRemoved(alertPeriod));
    fields.put(Customers.QUOTA_ALERT_PERCENT, alertPercent == 0 ? Write.REMOVED : alertPercent);
    fields.put(Customers.USAGE_SUMMARY_MONTH, orRemoved(text(summaryMonth)));
    fields.put(Customers.USAGE_CLOSED_MONTH, orRemoved(text(closedMonth)));
    return fields;
  }

  MeterState withCounter(SceneCounter next) {
    return withCounts(next, totalScenes, totalEpisodes);
  }

  MeterState withCounts(SceneCounter next, long scenes, long episodes) {
    return new MeterState(
        exists,
        terms,
        next,
        Math.max(0, scenes),
        Math.max(0, episodes),
        alertPeriod,
        alertPercent,
        summaryMonth,
        closedMonth,
        months);
  }

  MeterState withAlert(@Nullable Instant period, long percent) {
    return new MeterState(
        exists,
        terms,
        counter,
        totalScenes,
        totalEpisodes,
        period,
        percent,
        summaryMonth,
        closedMonth,
        months);
  }

  MeterState withIndexes(Map<YearMonth, MonthIndex> next) {
    return new MeterState(
        exists,
        terms,
        counter,
        totalScenes,
        totalEpisodes,
        alertPeriod,
        alertPercent,
        summaryMonth,
        closedMonth,
        Map.copyOf(next));
  }

  MeterState withMonths(@Nullable YearMonth summary, @Nullable YearMonth closed) {
    return new MeterState(
        exists,
        terms,
        counter,
        totalScenes,
        totalEpisodes,
        alertPeriod,
        alertPercent,
        summary,
        closed,
        months);
  }

  private static Object orRemoved(@Nullable Object value) {
    return value == null ? Write.REMOVED : value;
  }

  private static @Nullable String text(@Nullable YearMonth month) {
    return month == null ? null : month.toString();
  }

  private static long count(Map<String, Object> fields, String name) {
    Long number = QuotaTerms.integer(fields.get(name));
    return number == null ? 0 : Math.max(0, number);
  }

  private static @Nullable Instant time(Map<String, Object> fields, String name) {
    return fields.get(name) instanceof Instant time ? time : null;
  }

  private static @Nullable YearMonth month(@Nullable Object value) {
    try {
      return value instanceof String text ? YearMonth.parse(text) : null;
    } catch (DateTimeParseException e) {
      return null;
    }
  }
}
