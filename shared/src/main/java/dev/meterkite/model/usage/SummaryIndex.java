package dev.meterkite.model.usage;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import java.time.LocalDate;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which entries one document of a month's summary holds: for each action a bit for each day, the
 * first day in the lowest bit.
 *
 * <p>The index of a month's first document is kept in the customer's document, which is read for
 * every command anyway; that of a further document in itself.
 *
 * @param days the bits by action, or by day meant and action where it is late
 */
record SummaryIndex(Map<String, Long> days) {
  static final SummaryIndex EMPTY = new SummaryIndex(Map.of());

  SummaryIndex {
    days = Map.copyOf(days);
  }

  /** The name of an entry's row in the index. */
  static String row(String action, @Nullable LocalDate meant) {
    return meant == null ? action : meant + " " + action;
  }

  /** Reads what {@link #days} holds from a document; what is broken is left out. */
  static SummaryIndex of(@Nullable Object value) {
    Map<String, Long> days = new TreeMap<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach(
          (row, bits) -> {
            if (bits instanceof Long set) {
              days.put(String.valueOf(row), set);
            }
          });
    }
    return new SummaryIndex(days);
  }

  /** The index of a month's first document, made of what it holds. */
  static SummaryIndex ofEntries(Snapshot summary) {
    Map<String, Long> days = new TreeMap<>();
    Summaries.eachEntry(
        summary, (day, meant, action) -> days.merge(row(action, meant), bit(day), (a, b) -> a | b));
    return new SummaryIndex(days);
  }

  /** Whether an entry is there already. */
  boolean holds(String row, int day) {
    return (days.getOrDefault(row, 0L) & bit(day)) != 0;
  }

  /** Whether an entry more fits. */
  boolean hasRoom(String row, SummaryBounds bounds) {
    return (days.containsKey(row) || days.size() < bounds.actions())
        && days.values().stream().mapToInt(Long::bitCount).sum() < bounds.entries();
  }

  /** This with an entry more. */
  SummaryIndex with(String row, int day) {
    Map<String, Long> more = new TreeMap<>(days);
    more.merge(row, bit(day), (a, b) -> a | b);
    return new SummaryIndex(more);
  }

  private static long bit(int day) {
    return 1L << (day - 1);
  }

  /** Where a further document keeps its index. */
  static SummaryIndex ofFurther(Snapshot summary) {
    return of(summary.fields().get(UsageSummaries.ACTIONS));
  }
}
