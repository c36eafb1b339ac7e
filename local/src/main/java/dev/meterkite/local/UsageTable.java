package dev.meterkite.local;

import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What was counted for usage records, by the customer, day and action where it was counted. A row
 * is the difference to what earlier rows have of the same record there: the first one is the whole,
 * an edit adds a row with what it changed, a late record or correction stands on the day on which
 * it was counted. So the sum of all rows of a place is what the books had there.
 *
 * <p>A document keeps what is counted now. One that was changed behind the watermark is left as the
 * last run left it, and comes with the run in which its change falls.
 */
final class UsageTable implements WarehouseTable {
  private static final List<String> FIGURES =
      List.of(
          UsageSummaries.COUNT,
          UsageSummaries.EPISODES_GENERATED,
          UsageSummaries.COMPUTE_MS,
          UsageSummaries.STORAGE_BYTES,
          UsageSummaries.BILLABLE_COST_MICROS);

  private static final List<String> PLACE =
      List.of(UsageCounts.CUSTOMER_ID, UsageCounts.DAY, UsageCounts.ACTION, UsageCounts.MEANT_DAY);

  private static final List<String> RECORD =
      List.of(
          UsageCounts.SCENE_ID,
          UsageCounts.TIMESTAMP,
          UsageCounts.CORRECTS,
          UsageCounts.CORRECTION,
          UsageCounts.LATE_FOR,
          UsageCounts.UPDATED_AT);

  private final Store store;

  UsageTable(Store store) {
    this.store = store;
  }

  @Override
  public String name() {
    return "usage";
  }

  @Override
  public List<String> summed() {
    return FIGURES;
  }

  /** The figures of a record, by the place where they were counted. */
  private static final class Places {
    private final Map<Map<String, Object>, Map<String, Long>> figures = new LinkedHashMap<>();

    void add(Map<?, ?> counted, int sign) {
      Map<String, Object> place = new LinkedHashMap<>();
      for (String name : PLACE) {
        if (counted.get(name) != null) {
          place.put(name, String.valueOf(counted.get(name)));
        }
      }
      Map<String, Long> sums = figures.computeIfAbsent(place, key -> new TreeMap<>());
      FIGURES.forEach(
          name -> sums.merge(name, sign * WarehouseTable.whole(counted, name), Long::sum));
    }
  }

  @Override
  public Rows rows(List<Map<String, Object>> earlier, Instant until) {
    Map<String, Places> written = new TreeMap<>();
    for (Map<String, Object> row : earlier) {
      String id = String.valueOf(row.get(UsageCounts.USAGE_ID));
      written.computeIfAbsent(id, key -> new Places()).add(row, -1);
    }
    List<Map<String, Object>> rows = new ArrayList<>();
    List<String> findings = new ArrayList<>();
    Map<String, Long> books = new TreeMap<>();
    long[] changedLater = {0};
    Pages.each(
        store,
        UsageCounts.COLLECTION,
        count -> {
          Places difference =
              Objects.requireNonNullElseGet(written.remove(count.ref().id()), Places::new);
          parts(count).forEach(part -> difference.add(part, 1));
          parts(count)
              .forEach(part -> addTo(books, part, String.valueOf(part.get(UsageCounts.DAY)), 1));
          difference.figures.values().removeIf(UsageTable::isNothing);
          if (isBy(count, until)) {
            difference.figures.forEach((place, sums) -> rows.add(row(count, place, sums)));
          } else {
            changedLater[0] += difference.figures.isEmpty() ? 0 : 1;
          }
        });
    written.keySet().forEach(id -> findings.add("usage: the counts of " + id + " are gone"));
    Pages.each(store, UsageSummaries.COLLECTION, summary -> subtract(summary, books));
    books.values().removeIf(sum -> sum == 0);
    books.forEach((what, sum) -> findings.add("usage: rows have " + sum + " more of " + what));
    return new Rows(rows, changedLater[0], findings);
  }

  private static boolean isNothing(Map<String, Long> sums) {
    return sums.values().stream().allMatch(sum -> sum == 0);
  }

  private static boolean isBy(Snapshot count, Instant until) {
    return !(count.fields().get(UsageCounts.UPDATED_AT) instanceof Instant at && at.isAfter(until));
  }

  private static List<Map<?, ?>> parts(Snapshot count) {
    return count.fields().get(UsageCounts.PARTS) instanceof List<?> parts
        ? parts.stream()
            .filter(Map.class::isInstance)
            .<Map<?, ?>>map(part -> (Map<?, ?>) part)
            .collect(Collectors.toList())
        : List.of();
  }

  private static Map<String, Object> row(
      Snapshot count, Map<String, Object> place, Map<String, Long> sums) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put(UsageCounts.USAGE_ID, count.ref().id());
    row.putAll(place);
    row.putAll(WarehouseTable.row(count.fields(), RECORD));
    FIGURES.forEach(name -> row.put(name, sums.get(name)));
    return row;
  }

  private static void addTo(Map<String, Long> books, Map<?, ?> counted, String day, int sign) {
    for (String figure : FIGURES) {
      String place =
          String.join(
              " ",
              figure,
              String.valueOf(counted.get(UsageCounts.CUSTOMER_ID)),
              day,
              String.valueOf(counted.get(UsageCounts.ACTION)));
      books.merge(place, sign * WarehouseTable.whole(counted, figure), Long::sum);
    }
  }

  private static void subtract(Snapshot summary, Map<String, Long> books) {
    String month = String.valueOf(summary.fields().get(UsageSummaries.MONTH));
    if (!(summary.fields().get(UsageSummaries.DAYS) instanceof Map<?, ?> days)) {
      return;
    }
    days.forEach(
        (day, actions) ->
            ((Map<?, ?>) actions)
                .forEach(
                    (action, figures) -> {
                      Map<Object, Object> counted = new LinkedHashMap<>((Map<?, ?>) figures);
                      counted.put(
                          UsageCounts.CUSTOMER_ID,
                          String.valueOf(summary.fields().get(UsageSummaries.CUSTOMER_ID)));
                      counted.put(UsageCounts.ACTION, action);
                      addTo(books, counted, month + "-" + day, -1);
                    }));
  }
}
