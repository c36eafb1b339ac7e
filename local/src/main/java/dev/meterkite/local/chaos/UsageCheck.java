package dev.meterkite.local.chaos;

import static dev.meterkite.local.chaos.Audit.number;

import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Each usage record is there exactly once where it was acknowledged and not where it was refused;
 * each was counted once, as the records say; summaries and counters are the sums of the records; no
 * quota is exceeded.
 */
final class UsageCheck {
  /** What is counted of records. */
  private record Sums(long records, long episodes, long micros) {
    static final Sums NONE = new Sums(0, 0, 0);

    static Sums of(Map<?, ?> fields) {
      return new Sums(
          number(fields.get(UsageSummaries.COUNT)),
          number(fields.get(UsageSummaries.EPISODES_GENERATED)),
          number(fields.get(UsageSummaries.BILLABLE_COST_MICROS)));
    }

    Sums plus(Sums other) {
      return new Sums(records + other.records, episodes + other.episodes, micros + other.micros);
    }

    @Override
    public String toString() {
      return "%d records, %d episodes, %d micro-USD".formatted(records, episodes, micros);
    }
  }

  /**
   * What a record says.
   *
   * @param day of its timestamp
   * @param micros its cost; null where only the rate card knows it
   */
  private record Said(
      String customer, String action, LocalDate day, long episodes, @Nullable Long micros) {
    Sums sums(Sums counted) {
      return new Sums(1, episodes, micros == null ? counted.micros() : micros);
    }
  }

  private static final int MOST_ACTIONS = 500;
  private static final String DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}";

  private final Audit audit;
  private final Journal journal;
  private final Map<String, Said> records = new HashMap<>();
  private final Set<String> alerts = new HashSet<>();

  private final Map<String, Long> scenes = new HashMap<>();
  private final Map<String, Long> episodes = new HashMap<>();

  /** By customer, where that is not midnight in UTC on the first day. */
  private final Map<String, Anchor> anchors = new HashMap<>();

  /** Where months of a customer begin. */
  private record Anchor(ZoneId zone, int day) {
    static final Anchor UTC = new Anchor(ZoneOffset.UTC, 1);

    /** The beginning of the month that a moment is in. */
    Instant before(Instant at) {
      YearMonth month = YearMonth.from(at.atZone(zone));
      Instant start = start(month);
      return start.isAfter(at) ? start(month.minusMonths(1)) : start;
    }

    private Instant start(YearMonth month) {
      return month.atDay(Math.min(day, month.lengthOfMonth())).atStartOfDay(zone).toInstant();
    }
  }

  /** Scenes by customer and month of their timestamp. */
  private final Map<String, Long> monthly = new HashMap<>();

  /** Likewise, of those that were recorded within that month. */
  private final Map<String, Long> inTime = new HashMap<>();

  /** What was counted, by customer, day and action. */
  private final Map<String, Sums> counted = new HashMap<>();

  /** What the summaries say, likewise; a month may have several documents. */
  private final Map<String, Sums> summed = new HashMap<>();

  UsageCheck(Audit audit, Journal journal) {
    this.audit = audit;
    this.journal = journal;
  }

  void run() {
    audit.each(Customers.COLLECTION, this::anchor);
    audit.each(UsageTracking.COLLECTION, this::record);
    journal.records.forEach(this::acknowledged);
    journal.foreignRecords.forEach(this::foreign);
    audit.each(UsageCounts.COLLECTION, this::counts);
    records
        .keySet()
        .forEach(id -> audit.find(UsageTracking.COLLECTION + "/" + id + ": was never counted"));
    audit.each(UsageSummaries.COLLECTION, this::summary);
    audit.each(ModelRouterAlerts.COLLECTION, alert -> alerts.add(alert.ref().id()));
    summed.keySet().forEach(place -> counted.putIfAbsent(place, Sums.NONE));
    counted.forEach(
        (place, expected) -> {
          Sums found = summed.getOrDefault(place, Sums.NONE);
          if (!found.equals(expected)) {
            audit.find(
                UsageSummaries.COLLECTION
                    + " "
                    + place
                    + ": says "
                    + found
                    + ", counted were "
                    + expected);
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
    Long cost =
        fields.get(UsageTracking.ESTIMATED_COST_MICROS) instanceof Long micros ? micros : null;
    if (!(fields.get(UsageTracking.TIMESTAMP) instanceof Instant at)) {
      audit.find(record.ref(), "says no time");
      return;
    }
    String action = String.valueOf(fields.get(UsageTracking.ACTION));
    LocalDate day = LocalDate.ofInstant(at, ZoneOffset.UTC);
    records.put(id, new Said(customer, action, day, made, cost));
    episodes.merge(customer, made, Long::sum);
    if (!"scene_generated".equals(action)) {
      return;
    }
    scenes.merge(customer, 1L, Long::sum);
    monthly.merge(customer + " " + month(customer, at), 1L, Long::sum);
    if (fields.get(UsageTracking.RECORDED_AT) instanceof Instant recorded
        && month(customer, recorded).equals(month(customer, at))) {
      inTime.merge(customer + " " + month(customer, at), 1L, Long::sum);
    }
  }

  private void anchor(Snapshot customer) {
    if (customer.fields().get(Customers.BILLING_TIME_ZONE) instanceof String zone
        && customer.fields().get(Customers.BILLING_ANCHOR_DAY) instanceof Long day) {
      anchors.put(customer.ref().id(), new Anchor(ZoneId.of(zone), Math.toIntExact(day)));
    }
  }

  private Instant month(String customer, Instant at) {
    return anchors.getOrDefault(customer, Anchor.UTC).before(at);
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
    Said said = records.remove(counts.ref().id());
    Sums sums = Sums.NONE;
    if (counts.fields().get(UsageCounts.PARTS) instanceof List<?> parts) {
      for (Object each : parts) {
        if (each instanceof Map<?, ?> part) {
          if (said != null && !belongs(part, said)) {
            audit.find(counts.ref(), "counts " + place(part) + " for " + said);
          }
          sums = sums.plus(Sums.of(part));
          counted.merge(place(part), Sums.of(part), Sums::plus);
        }
      }
    }
    Sums expected = said == null ? Sums.NONE : said.sums(sums);
    if (!expected.equals(sums)) {
      audit.find(counts.ref(), "counted " + sums + " of " + expected);
    }
  }

  /** Of its customer and action, on its day, or in a later month if its own was closed. */
  private static boolean belongs(Map<?, ?> part, Said said) {
    if (!(part.get(UsageCounts.DAY) instanceof String text) || !text.matches(DAY)) {
      return false;
    }
    LocalDate day = LocalDate.parse(text);
    return said.customer().equals(part.get(UsageCounts.CUSTOMER_ID))
        && said.action().equals(part.get(UsageCounts.ACTION))
        && (day.equals(said.day()) || YearMonth.from(day).isAfter(YearMonth.from(said.day())));
  }

  private static String place(Map<?, ?> part) {
    return part.get(UsageCounts.CUSTOMER_ID)
        + " "
        + part.get(UsageCounts.DAY)
        + " "
        + part.get(UsageCounts.ACTION);
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
                          summed.merge(place, Sums.of(entries(sums)), Sums::plus);
                        }));
    isBounded(summary);
  }

  private void isBounded(Snapshot summary) {
    Set<Object> actions = new HashSet<>();
    entries(summary.fields().get(UsageSummaries.DAYS))
        .values()
        .forEach(day -> actions.addAll(entries(day).keySet()));
    if (actions.size() > MOST_ACTIONS) {
      audit.find(summary.ref(), "holds " + actions.size() + " actions");
    }
  }

  private static Map<?, ?> entries(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  private void customer(Snapshot customer) {
    String id = customer.ref().id();
    Map<String, Object> fields = customer.fields();
    compare(customer, Customers.TOTAL_SCENES_GENERATED, scenes.getOrDefault(id, 0L));
    compare(customer, Customers.TOTAL_EPISODES_GENERATED, episodes.getOrDefault(id, 0L));
    if (fields.get(Customers.QUOTA_RESET_AT) instanceof Instant reset) {
      String month = id + " " + month(id, reset);
      // A late scene counts in a month that is over only where something was counted already.
      boolean empty = number(fields.get(Customers.SCENES_GENERATED_THIS_MONTH)) == 0;
      long expected = (empty ? inTime : monthly).getOrDefault(month, 0L);
      compare(customer, Customers.SCENES_GENERATED_THIS_MONTH, expected);
    }
    if (fields.get(Customers.MONTHLY_SCENE_QUOTA) instanceof Long quota) {
      inTime.forEach(
          (month, count) -> {
            if (!month.startsWith(id + " ")) {
              return;
            }
            if (count > quota) {
              audit.find(customer.ref(), count + " scenes in " + month + ", " + quota + " allowed");
            }
            String period = month.substring(id.length() + 1);
            isTold(customer, AlertType.USAGE_QUOTA_WARNING, count * 100 >= quota * 80, period);
            isTold(customer, AlertType.USAGE_QUOTA_EXHAUSTED, count >= quota, period);
          });
    }
    String note = journal.notes.get(id);
    if (note != null && !note.equals(fields.get("crm_note"))) {
      audit.find(customer.ref(), "lost the field of another program");
    }
  }

  private void isTold(Snapshot customer, AlertType type, boolean due, String period) {
    DocRef alert = Alerts.ref(type, AlertSubject.customer(customer.ref().id()), period);
    if (due && !alerts.contains(alert.id())) {
      audit.find(customer.ref(), "nobody was told of " + type.wire() + " in " + period);
    }
  }

  private void compare(Snapshot customer, String field, long expected) {
    long found = number(customer.fields().get(field));
    if (found != expected) {
      audit.find(customer.ref(), field + " is " + found + ", the records say " + expected);
    }
  }
}
