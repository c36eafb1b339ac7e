package dev.meterkite.local.chaos;

import static dev.meterkite.local.chaos.Audit.number;

import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Each usage record is there exactly once where it was acknowledged and not where it was refused;
 * each was counted once, as the records say; summaries and counters are the sums of the records; no
 * quota is exceeded.
 */
final class UsageCheck {
  private static final int RECORDS = 0;
  private static final int EPISODES = 1;
  private static final int COST = 2;

  private final Audit audit;
  private final Journal journal;

  /** Records, episodes and micro-USD of each record, as the record says. */
  private final Map<String, long[]> records = new HashMap<>();

  private final Map<String, Long> scenes = new HashMap<>();
  private final Map<String, Long> episodes = new HashMap<>();

  /** Scenes by customer and month of their timestamp. */
  private final Map<String, Long> monthly = new HashMap<>();

  /** Likewise, of those that were recorded within that month. */
  private final Map<String, Long> inTime = new HashMap<>();

  /** What was counted, by customer, day and action. */
  private final Map<String, long[]> counted = new HashMap<>();

  UsageCheck(Audit audit, Journal journal) {
    this.audit = audit;
    this.journal = journal;
  }

  void run() {
    audit.each(UsageTracking.COLLECTION, this::record);
    journal.records.forEach(this::acknowledged);
    journal.foreignRecords.forEach(this::foreign);
    audit.each(UsageCounts.COLLECTION, this::counts);
    records
        .keySet()
        .forEach(id -> audit.find(UsageTracking.COLLECTION + "/" + id + ": was never counted"));
    audit.each(UsageSummaries.COLLECTION, this::summary);
    counted.forEach(
        (place, sums) -> {
          if (sums[RECORDS] != 0 || sums[EPISODES] != 0 || sums[COST] != 0) {
            audit.find(UsageSummaries.COLLECTION + " " + place + ": lacks " + text(sums));
          }
        });
    audit.each(Customers.COLLECTION, this::customer);
  }

  private void record(Snapshot record) {
    String id = record.ref().id();
    Map<String, Object> fields = record.fields();
    if (!journal.records.containsKey(id) && !journal.foreignRecords.containsKey(id)) {
      audit.find(record.ref(), "was asked for by nobody");
    }
    String customer = String.valueOf(fields.get(UsageTracking.CUSTOMER_ID));
    long made = number(fields.get(UsageTracking.EPISODES_GENERATED));
    // The cost of another program's record is the rate card's, which stands nowhere else.
    Object cost = fields.get(UsageTracking.ESTIMATED_COST_MICROS);
    records.put(id, new long[] {1, made, cost instanceof Long micros ? micros : -1});
    episodes.merge(customer, made, Long::sum);
    if (!"scene_generated".equals(fields.get(UsageTracking.ACTION))) {
      return;
    }
    scenes.merge(customer, 1L, Long::sum);
    if (fields.get(UsageTracking.TIMESTAMP) instanceof Instant at) {
      monthly.merge(customer + " " + month(at), 1L, Long::sum);
      if (fields.get(UsageTracking.RECORDED_AT) instanceof Instant recorded
          && month(recorded).equals(month(at))) {
        inTime.merge(customer + " " + month(at), 1L, Long::sum);
      }
    }
  }

  private static YearMonth month(Instant at) {
    return YearMonth.from(at.atZone(ZoneOffset.UTC));
  }

  private void acknowledged(String id, Outcome outcome) {
    boolean there = records.containsKey(id);
    if (outcome == Outcome.APPLIED && !there) {
      audit.find(UsageTracking.COLLECTION + "/" + id + ": acknowledged and lost");
    } else if (outcome == Outcome.REFUSED && there) {
      audit.find(UsageTracking.COLLECTION + "/" + id + ": refused and recorded");
    }
  }

  private void foreign(String id, boolean exists) {
    if (exists != records.containsKey(id)) {
      audit.find(UsageTracking.COLLECTION + "/" + id + ": should be there: " + exists);
    }
  }

  private void counts(Snapshot counts) {
    long[] expected = records.remove(counts.ref().id());
    long[] sums = new long[3];
    if (counts.fields().get(UsageCounts.PARTS) instanceof List<?> parts) {
      for (Object each : parts) {
        if (each instanceof Map<?, ?> part) {
          long[] amounts = amounts(part);
          add(sums, amounts, 1);
          add(counted.computeIfAbsent(place(part), unused -> new long[3]), amounts, 1);
        }
      }
    }
    if (expected == null) {
      expected = new long[3];
    } else if (expected[COST] < 0) {
      expected[COST] = sums[COST];
    }
    if (!java.util.Arrays.equals(expected, sums)) {
      audit.find(counts.ref(), "counted " + text(sums) + " of " + text(expected));
    }
  }

  private static String place(Map<?, ?> part) {
    return part.get(UsageCounts.CUSTOMER_ID)
        + " "
        + part.get(UsageCounts.DAY)
        + " "
        + part.get(UsageCounts.ACTION);
  }

  private static long[] amounts(Map<?, ?> fields) {
    return new long[] {
      number(fields.get(UsageSummaries.COUNT)),
      number(fields.get(UsageSummaries.EPISODES_GENERATED)),
      number(fields.get(UsageSummaries.BILLABLE_COST_MICROS))
    };
  }

  private static void add(long[] to, long[] amounts, int sign) {
    for (int i = 0; i < to.length; i++) {
      to[i] += sign * amounts[i];
    }
  }

  private static String text(long[] sums) {
    return "%d records, %d episodes, %d micro-USD"
        .formatted(sums[RECORDS], sums[EPISODES], sums[COST]);
  }

  private void summary(Snapshot summary) {
    Map<String, Object> fields = summary.fields();
    Object days = fields.get(UsageSummaries.DAYS);
    String prefix =
        fields.get(UsageSummaries.CUSTOMER_ID) + " " + fields.get(UsageSummaries.MONTH) + "-";
    entries(days)
        .forEach(
            (day, actions) ->
                entries(actions)
                    .forEach(
                        (action, sums) -> {
                          String place = prefix + day + " " + action;
                          long[] expected = counted.remove(place);
                          long[] found = amounts(entries(sums));
                          if (!java.util.Arrays.equals(
                              expected == null ? new long[3] : expected, found)) {
                            audit.find(
                                summary.ref(),
                                place
                                    + " says "
                                    + text(found)
                                    + ", counted were "
                                    + text(expected == null ? new long[3] : expected));
                          }
                        }));
  }

  private static Map<?, ?> entries(@org.jspecify.annotations.Nullable Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  private void customer(Snapshot customer) {
    String id = customer.ref().id();
    Map<String, Object> fields = customer.fields();
    compare(customer, Customers.TOTAL_SCENES_GENERATED, scenes.getOrDefault(id, 0L));
    compare(customer, Customers.TOTAL_EPISODES_GENERATED, episodes.getOrDefault(id, 0L));
    if (fields.get(Customers.QUOTA_RESET_AT) instanceof Instant reset) {
      long expected = monthly.getOrDefault(id + " " + month(reset), 0L);
      if (number(fields.get(Customers.SCENES_GENERATED_THIS_MONTH)) != 0) {
        compare(customer, Customers.SCENES_GENERATED_THIS_MONTH, expected);
      }
    }
    if (fields.get(Customers.MONTHLY_SCENE_QUOTA) instanceof Long quota) {
      inTime.forEach(
          (month, count) -> {
            if (month.startsWith(id + " ") && count > quota) {
              audit.find(customer.ref(), count + " scenes in " + month + ", " + quota + " allowed");
            }
          });
    }
    String note = journal.notes.get(id);
    if (note != null && !note.equals(fields.get("crm_note"))) {
      audit.find(customer.ref(), "lost the field of another program");
    }
  }

  private void compare(Snapshot customer, String field, long expected) {
    long found = number(customer.fields().get(field));
    if (found != expected) {
      audit.find(customer.ref(), field + " is " + found + ", the records say " + expected);
    }
  }
}
