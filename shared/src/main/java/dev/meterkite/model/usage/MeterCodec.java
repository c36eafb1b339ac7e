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

/** The fields of a customer that metering owns. */
final class MeterCodec {
  private MeterCodec() {}

  /** Reads a customer's document; what is not of the right type counts as absent. */
  static MeterState decode(Snapshot customer) {
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

  /** The fields that differ, by field path. */
  static Map<String, Object> changes(MeterState before, MeterState after) {
    Map<String, Object> from = encode(before);
    Map<String, Object> changes = new LinkedHashMap<>();
    encode(after)
        .forEach(
            (field, value) -> {
              if (!Objects.equals(from.get(field), value)) {
                changes.put(field, value);
              }
            });
    if (!before.months().equals(after.months())) {
      changes.putAll(months(before.months(), after.months()));
    }
    return changes;
  }

  /** A month that is gone is removed as a whole; entries of an index are only ever added. */
  private static Map<String, Object> months(
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

  /** All but the months, {@link Write#REMOVED} for what is absent. */
  private static Map<String, Object> encode(MeterState state) {
    SceneCounter counter = state.counter();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Customers.SCENES_GENERATED_THIS_MONTH, counter.scenes());
    fields.put(Customers.QUOTA_RESET_AT, orRemoved(counter.resetAt()));
    fields.put(Customers.QUOTA_DUE_AT, orRemoved(counter.dueAt()));
    fields.put(Customers.EARLY_SCENES, counter.early() == 0 ? Write.REMOVED : counter.early());
    fields.put(Customers.EARLY_SCENES_PERIOD, orRemoved(counter.earlyPeriod()));
    fields.put(Customers.TOTAL_SCENES_GENERATED, state.totalScenes());
    fields.put(Customers.TOTAL_EPISODES_GENERATED, state.totalEpisodes());
    fields.put(Customers.QUOTA_ALERT_PERIOD, orRemoved(state.alertPeriod()));
    fields.put(
        Customers.QUOTA_ALERT_PERCENT,
        state.alertPercent() == 0 ? Write.REMOVED : state.alertPercent());
    fields.put(Customers.USAGE_SUMMARY_MONTH, orRemoved(text(state.summaryMonth())));
    fields.put(Customers.USAGE_CLOSED_MONTH, orRemoved(text(state.closedMonth())));
    return fields;
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
