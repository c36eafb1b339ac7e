package dev.meterkite.model.plans;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Violation;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the product sells and for how much: the document {@code plans/default}, or what it stands
 * for where it is absent. Parts that a document leaves out have their defaults; parts that this
 * does not know are ignored, but not what is unknown inside a part: a misspelt markup would be
 * none.
 *
 * @param version written into everything that these plans decided
 * @param priceBook how the cost of calls becomes credits
 */
public record Plans(String version, PriceBook priceBook) {
  /** The plans of a product that has not written any. */
  public static final Plans DEFAULT = new Plans("built-in", PriceBook.DEFAULT);

  private static final int LONGEST_VERSION = 100;
  private static final Set<String> BOOK_MEMBERS =
      Set.of(Schema.Plans.CREDIT_MICROS, Schema.Plans.MARKUP_PERCENT, Schema.Plans.MARKUPS);
  private static final Set<String> MARKUP_MEMBERS =
      Set.of(Schema.Plans.TIER, Schema.Plans.PROVIDER, Schema.Plans.MODEL_ID, Schema.Plans.PERCENT);

  /**
   * Plans, or everything that is wrong with the document.
   *
   * @param plans empty exactly where there are faults
   */
  public record Decoded(Optional<Plans> plans, List<Violation> faults) {}

  /** The plans in the document, which may be absent. Its parts are valid together or not at all. */
  public static Decoded decode(Snapshot document) {
    if (!document.exists()) {
      return new Decoded(Optional.of(DEFAULT), List.of());
    }
    Map<String, @Nullable Object> fields = FieldValues.map(document.fields());
    List<Violation> faults = new ArrayList<>();
    String version = version(fields.get(Schema.Plans.VERSION), document.updateTime(), faults);
    PriceBook book = priceBook(fields.get(Schema.Plans.PRICE_BOOK), faults);
    return faults.isEmpty()
        ? new Decoded(Optional.of(new Plans(version, book)), List.of())
        : new Decoded(Optional.empty(), List.copyOf(faults));
  }

  /** The version that the operator states, else when the document was last written. */
  private static String version(
      @Nullable Object value, @Nullable Instant updated, List<Violation> faults) {
    String version = value == null ? String.valueOf(updated) : String.valueOf(value);
    boolean scalar = value == null || value instanceof String || value instanceof Long;
    if (!scalar || version.isEmpty() || version.length() > LONGEST_VERSION) {
      faults.add(
          new Violation(
              Schema.Plans.VERSION,
              Violation.WRONG_TYPE,
              "must be a string of 1 to 100 characters or an integer"));
    }
    return version;
  }

  private static PriceBook priceBook(@Nullable Object value, List<Violation> faults) {
    if (value == null) {
      return PriceBook.DEFAULT;
    }
    String path = Schema.Plans.PRICE_BOOK;
    if (!(value instanceof Map)) {
      faults.add(new Violation(path, Violation.WRONG_TYPE, "must be a map"));
      return PriceBook.DEFAULT;
    }
    Map<String, @Nullable Object> fields = FieldValues.map(value);
    int before = faults.size();
    @Nullable Object credit = fields.get(Schema.Plans.CREDIT_MICROS);
    // Not a conditional of long and Long, which would unbox the null of a wrong type.
    Long micros =
        FieldValues.integer(credit == null ? (Object) PriceBook.DEFAULT.creditMicros() : credit);
    if (micros == null || micros < 1 || micros > PriceBook.MAX_CREDIT_MICROS) {
      faults.add(
          new Violation(
              path + "." + Schema.Plans.CREDIT_MICROS,
              Violation.OUT_OF_RANGE,
              "must be an integer from 1 to " + PriceBook.MAX_CREDIT_MICROS));
    }
    long markup =
        hundredths(
            fields.get(Schema.Plans.MARKUP_PERCENT),
            path + "." + Schema.Plans.MARKUP_PERCENT,
            faults);
    List<PriceBook.Markup> markups = markups(fields.get(Schema.Plans.MARKUPS), path, faults);
    noteUnknown(fields.keySet(), BOOK_MEMBERS, path, faults);
    if (faults.size() > before || micros == null) {
      return PriceBook.DEFAULT;
    }
    try {
      return new PriceBook(micros, markup, markups);
    } catch (IllegalArgumentException e) {
      faults.add(
          new Violation(
              path + "." + Schema.Plans.MARKUPS,
              Violation.INCONSISTENT,
              "must be at most 500 markups, no two for the same"));
      return PriceBook.DEFAULT;
    }
  }

  private static List<PriceBook.Markup> markups(
      @Nullable Object value, String path, List<Violation> faults) {
    List<PriceBook.Markup> markups = new ArrayList<>();
    if (value != null && !(value instanceof List)) {
      faults.add(
          new Violation(path + "." + Schema.Plans.MARKUPS, Violation.WRONG_TYPE, "must be a list"));
    }
    List<?> list = FieldValues.list(value);
    for (int i = 0; i < list.size() && i <= PriceBook.MOST_MARKUPS; i++) {
      String at = path + "." + Schema.Plans.MARKUPS + "[" + i + "]";
      Map<String, @Nullable Object> fields = FieldValues.map(list.get(i));
      long hundredths =
          hundredths(
              Objects.requireNonNullElse(fields.get(Schema.Plans.PERCENT), ""),
              at + "." + Schema.Plans.PERCENT,
              faults);
      try {
        markups.add(
            new PriceBook.Markup(
                scope(fields, Schema.Plans.TIER),
                scope(fields, Schema.Plans.PROVIDER),
                scope(fields, Schema.Plans.MODEL_ID),
                hundredths));
      } catch (IllegalArgumentException e) {
        faults.add(
            new Violation(
                at,
                Violation.INCONSISTENT,
                "must name a tier, a provider, or a model_id with its provider"));
      }
      noteUnknown(fields.keySet(), MARKUP_MEMBERS, at, faults);
    }
    return markups;
  }

  private static void noteUnknown(
      Set<String> names, Set<String> known, String path, List<Violation> faults) {
    for (String name : new TreeSet<>(names)) {
      if (!known.contains(name)) {
        faults.add(
            new Violation(
                path + "." + name,
                Violation.UNKNOWN_VALUE,
                "must be one of " + String.join(", ", new TreeSet<>(known))));
      }
    }
  }

  private static @Nullable String scope(Map<String, @Nullable Object> fields, String name) {
    @Nullable Object value = fields.get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof String text && !text.isEmpty()) {
      return text;
    }
    throw new IllegalArgumentException(name);
  }

  /** A percentage of 0 to 10,000 with two decimal places, in hundredths; 0 where it is absent. */
  private static long hundredths(@Nullable Object value, String path, List<Violation> faults) {
    if (value == null) {
      return 0;
    }
    BigDecimal percent =
        value instanceof Long whole
            ? BigDecimal.valueOf(whole)
            : value instanceof Double number && Double.isFinite(number)
                ? BigDecimal.valueOf(number)
                : null;
    BigDecimal hundredths = percent == null ? null : percent.movePointRight(2);
    if (hundredths == null
        || hundredths.stripTrailingZeros().scale() > 0
        || hundredths.signum() < 0
        || hundredths.compareTo(BigDecimal.valueOf(PriceBook.MAX_MARKUP)) > 0) {
      faults.add(
          new Violation(
              path,
              Violation.OUT_OF_RANGE,
              "must be a number from 0 to 10000 with at most two decimal places"));
      return 0;
    }
    return hundredths.longValueExact();
  }
}
