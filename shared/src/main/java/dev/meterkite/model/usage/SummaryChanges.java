package dev.meterkite.model.usage;

import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.usage.CountedUsage.Part;
import java.math.BigInteger;
import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What one command adds to the summaries of one customer, and in which document each entry goes.
 *
 * <p>A month's first document takes entries until it is full, by {@link SummaryBounds}. Further
 * entries go to the document that a hash of the action picks among the upper half of the month's
 * documents: the second of two, the third or fourth of four. When that one is full too, the month
 * gets twice as many documents. So an entry is found again, no document grows without end, and the
 * first document, which is all that most months have, is written without reading it.
 */
final class SummaryChanges {
  private static final int HASH_BYTES = 8;

  /** What changes: amounts of an action on a day. */
  private record Entry(LocalDate day, String action, @Nullable LocalDate meant) {
    String row() {
      return SummaryIndex.row(action, meant);
    }
  }

  private final String customerId;
  private final SummaryBounds bounds;
  private final Map<YearMonth, Map<Entry, Amounts>> months = new TreeMap<>();

  /** Documents of this commit beyond the first ones, with their indexes as they become. */
  private final Map<DocRef, SummaryIndex> further = new LinkedHashMap<>();

  private final Map<DocRef, Map<String, Long>> increments = new LinkedHashMap<>();
  private final Map<DocRef, Map<String, Object>> merges = new LinkedHashMap<>();

  SummaryChanges(String customerId, SummaryBounds bounds) {
    this.customerId = customerId;
    this.bounds = bounds;
  }

  /** Brings the summaries from some parts to others; parts of other customers stay as they are. */
  void add(List<Part> before, List<Part> after) {
    before.forEach(part -> add(part, part.amounts().negated()));
    after.forEach(part -> add(part, part.amounts()));
  }

  private void add(Part part, Amounts amounts) {
    if (part.customerId().equals(customerId)) {
      Map<Entry, Amounts> entries =
          months.computeIfAbsent(YearMonth.from(part.day()), month -> new LinkedHashMap<>());
      entries.merge(new Entry(part.day(), part.action(), null), amounts, Amounts::plus);
      if (part.meant() != null) {
        entries.merge(new Entry(part.day(), part.action(), part.meant()), amounts, Amounts::plus);
      }
    }
  }

  /** The months in which something changes. */
  List<YearMonth> months() {
    months.values().forEach(entries -> entries.values().removeIf(Amounts::isZero));
    months.values().removeIf(Map::isEmpty);
    return List.copyOf(months.keySet());
  }

  /**
   * Finds the document of each entry of a month.
   *
   * @param index what the month's documents hold so far
   * @param unseen gets what must be read first; then nothing of this counts
   * @return what they hold then
   */
  MonthIndex place(YearMonth month, MonthIndex index, Seen seen, List<Read> unseen) {
    MonthIndex next = index;
    List<Map.Entry<Entry, Amounts>> entries =
        new ArrayList<>(Objects.requireNonNull(months.get(month)).entrySet());
    entries.sort(
        Comparator.comparing((Map.Entry<Entry, Amounts> entry) -> entry.getKey().day())
            .thenComparing(entry -> entry.getKey().row()));
    for (Map.Entry<Entry, Amounts> each : entries) {
      Entry entry = each.getKey();
      int day = entry.day().getDayOfMonth();
      if (next.first().holds(entry.row(), day)) {
        increment(UsageIds.summaryRef(customerId, month), entry, each.getValue());
      } else if (next.first().hasRoom(entry.row(), bounds)) {
        next = next.withFirst(next.first().with(entry.row(), day));
        increment(UsageIds.summaryRef(customerId, month), entry, each.getValue());
      } else {
        next = placeFurther(month, next, each.getKey(), each.getValue(), seen, unseen);
      }
    }
    if (next.documents() != index.documents()) {
      merges
          .computeIfAbsent(UsageIds.summaryRef(customerId, month), ref -> new LinkedHashMap<>())
          .put(UsageSummaries.DOCUMENTS, next.documents());
    }
    return next;
  }

  private MonthIndex placeFurther(
      YearMonth month,
      MonthIndex index,
      Entry entry,
      Amounts amounts,
      Seen seen,
      List<Read> unseen) {
    String row = entry.row();
    int day = entry.day().getDayOfMonth();
    for (long documents = Math.max(2, index.documents()); ; documents *= 2) {
      long number = number(row, documents);
      DocRef ref = UsageIds.summaryRef(customerId, month, number);
      SummaryIndex held = held(ref, documents <= index.documents(), seen);
      if (held == null) {
        // With the document to which it would go if this one is full, so that few rounds do.
        unseen.add(new Read.Get(ref));
        unseen.add(
            new Read.Get(UsageIds.summaryRef(customerId, month, number(row, 2 * documents))));
        return index;
      }
      boolean holds = held.holds(row, day);
      if (holds || held.hasRoom(row, bounds) || documents >= bounds.documents()) {
        SummaryIndex next = holds ? held : held.with(row, day);
        further.put(ref, next);
        Map<String, Object> fields = named(ref, month, number);
        fields.put(
            FieldPath.of(UsageSummaries.ACTIONS, row),
            Objects.requireNonNull(next.days().get(row)));
        increment(ref, entry, amounts);
        return index.withDocuments(documents);
      }
    }
  }

  /**
   * What a further document holds; null if it must be read first.
   *
   * @param mayExist false for a document of a month that never had so many
   */
  private @Nullable SummaryIndex held(DocRef ref, boolean mayExist, Seen seen) {
    SummaryIndex known = further.get(ref);
    if (known != null) {
      return known;
    }
    if (seen.has(new Read.Get(ref))) {
      return SummaryIndex.ofFurther(seen.document(ref));
    }
    return mayExist ? null : SummaryIndex.EMPTY;
  }

  /** The document for an action among the upper half of so many. */
  private static long number(String row, long documents) {
    BigInteger hash = new BigInteger(UsageFigures.sha256(row, HASH_BYTES), 16);
    return documents / 2 + 1 + hash.mod(BigInteger.valueOf(documents / 2)).longValueExact();
  }

  private Map<String, Object> named(DocRef ref, YearMonth month, long number) {
    Map<String, Object> fields = merges.computeIfAbsent(ref, key -> new LinkedHashMap<>());
    fields.put(UsageSummaries.CUSTOMER_ID, customerId);
    fields.put(UsageSummaries.MONTH, month.toString());
    fields.put(UsageSummaries.DOCUMENT, number);
    return fields;
  }

  private void increment(DocRef ref, Entry entry, Amounts amounts) {
    String day = "%02d".formatted(entry.day().getDayOfMonth());
    Map<String, Long> paths =
        entry.meant() == null
            ? amounts.paths(UsageSummaries.DAYS, day, entry.action())
            : amounts.paths(UsageSummaries.LATE, day, entry.meant().toString(), entry.action());
    Map<String, Long> sums = increments.computeIfAbsent(ref, key -> new LinkedHashMap<>());
    paths.forEach((path, by) -> sums.merge(path, by, Math::addExact));
  }

  /** The writes of what was placed. */
  List<Write> writes() {
    List<Write> writes = new ArrayList<>();
    merges.forEach((ref, fields) -> writes.add(new Write.Merge(ref, fields)));
    increments.forEach((ref, amounts) -> writes.add(new Write.Increment(ref, amounts)));
    return writes;
  }
}
