package dev.meterkite.model.usage;

import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import java.time.YearMonth;
import java.time.format.DateTimeParseException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the documents of an open month's summary hold, as far as the customer's document says it.
 *
 * @param documents how many documents the month may have: 1, or a power of two
 * @param first the index of the first document
 */
record MonthIndex(long documents, SummaryIndex first) {
  /** A month without summary. */
  static final MonthIndex EMPTY = new MonthIndex(1, SummaryIndex.EMPTY);

  private static final String DOCUMENTS = "documents";
  private static final String ACTIONS = "actions";

  MonthIndex withFirst(SummaryIndex next) {
    return new MonthIndex(documents, next);
  }

  MonthIndex withDocuments(long next) {
    return new MonthIndex(Math.max(documents, next), first);
  }

  /** As the month's first document shows it, for a customer's document that lost it. */
  static MonthIndex of(Snapshot first) {
    return new MonthIndex(Summaries.documents(first), SummaryIndex.ofEntries(first));
  }

  /** The indexes of a customer's open months; what is broken is left out. */
  static Map<YearMonth, MonthIndex> all(@Nullable Object value) {
    Map<YearMonth, MonthIndex> months = new TreeMap<>();
    if (value instanceof Map<?, ?> map) {
      map.forEach(
          (month, fields) -> {
            YearMonth known = month(String.valueOf(month));
            if (known != null
                && fields instanceof Map<?, ?> index
                && index.get(DOCUMENTS) instanceof Long documents
                && Long.bitCount(documents) == 1
                && documents > 0) {
              months.put(known, new MonthIndex(documents, SummaryIndex.of(index.get(ACTIONS))));
            }
          });
    }
    return Collections.unmodifiableMap(months);
  }

  private static @Nullable YearMonth month(String text) {
    try {
      return YearMonth.parse(text);
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  /** All of it by field path of the customer's document. */
  static Map<String, Object> fields(Map<YearMonth, MonthIndex> months) {
    Map<String, Object> fields = new LinkedHashMap<>();
    months.forEach(
        (month, index) -> {
          String name = month.toString();
          fields.put(FieldPath.of(Customers.USAGE_MONTHS, name, DOCUMENTS), index.documents());
          index
              .first()
              .days()
              .forEach(
                  (row, bits) ->
                      fields.put(FieldPath.of(Customers.USAGE_MONTHS, name, ACTIONS, row), bits));
        });
    return fields;
  }
}
