package dev.meterkite.model.usage;

import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What usage amounts to, in integers, so that sums of any number of records in any order are exact.
 * A correction has negative amounts.
 *
 * @param count number of records
 * @param episodes episodes generated
 * @param computeMs compute time in milliseconds
 * @param storageBytes storage in bytes; a gigabyte is 10<sup>9</sup>
 * @param costMicros billable cost in micro-USD; what is not billable costs 0 here
 * @param offRateCard the part of all this that the rate card does not price
 */
public record Amounts(
    long count,
    long episodes,
    long computeMs,
    long storageBytes,
    long costMicros,
    OffRateCard offRateCard) {
  /** Nothing. */
  public static final Amounts ZERO = new Amounts(0, 0, 0, 0, 0);

  /** Amounts that the rate card prices. */
  public Amounts(long count, long episodes, long computeMs, long storageBytes, long costMicros) {
    this(count, episodes, computeMs, storageBytes, costMicros, OffRateCard.NONE);
  }

  /** The sum; fails with {@link ArithmeticException} rather than wrap around. */
  public Amounts plus(Amounts other) {
    return new Amounts(
        Math.addExact(count, other.count),
        Math.addExact(episodes, other.episodes),
        Math.addExact(computeMs, other.computeMs),
        Math.addExact(storageBytes, other.storageBytes),
        Math.addExact(costMicros, other.costMicros),
        offRateCard.plus(other.offRateCard));
  }

  /** The difference. */
  public Amounts minus(Amounts other) {
    return plus(other.negated());
  }

  /** The same with the opposite sign. */
  public Amounts negated() {
    return new Amounts(
        -count, -episodes, -computeMs, -storageBytes, -costMicros, offRateCard.negated());
  }

  /** The same amounts, none of them on the rate card. */
  Amounts off() {
    OffRateCard all = new OffRateCard(count, episodes, computeMs, storageBytes, costMicros);
    return new Amounts(count, episodes, computeMs, storageBytes, costMicros, all);
  }

  /** The same amounts, whatever prices them. */
  Amounts totals() {
    return new Amounts(count, episodes, computeMs, storageBytes, costMicros);
  }

  /** Whether nothing is counted at all. */
  public boolean isZero() {
    return equals(ZERO);
  }

  /** As documents hold it: all five fields, and the part that is off the rate card, if any is. */
  Map<String, Object> toFields() {
    Map<String, Object> fields = new LinkedHashMap<>(byField());
    if (!offRateCard.isNone()) {
      fields.put(UsageSummaries.OFF_RATE_CARD, new LinkedHashMap<>(offRateCard.byField()));
    }
    return fields;
  }

  private Map<String, Long> byField() {
    return new OffRateCard(count, episodes, computeMs, storageBytes, costMicros).byField();
  }

  /** The amounts that are not zero, by field path under these map keys. */
  Map<String, Long> paths(String... under) {
    Map<String, Long> paths = new LinkedHashMap<>();
    byField().forEach((field, amount) -> put(paths, amount, under, field));
    offRateCard
        .byField()
        .forEach((field, amount) -> put(paths, amount, under, UsageSummaries.OFF_RATE_CARD, field));
    return paths;
  }

  private static void put(Map<String, Long> paths, long amount, String[] under, String... names) {
    if (amount != 0) {
      String[] path = new String[under.length + names.length];
      System.arraycopy(under, 0, path, 0, under.length);
      System.arraycopy(names, 0, path, under.length, names.length);
      paths.put(FieldPath.of(path), amount);
    }
  }

  /** Reads what {@link #toFields} wrote; what is missing or no integer counts as zero. */
  static Amounts of(Map<?, ?> fields) {
    return new Amounts(
        integer(fields.get(UsageSummaries.COUNT)),
        integer(fields.get(UsageSummaries.EPISODES_GENERATED)),
        integer(fields.get(UsageSummaries.COMPUTE_MS)),
        integer(fields.get(UsageSummaries.STORAGE_BYTES)),
        integer(fields.get(UsageSummaries.BILLABLE_COST_MICROS)),
        fields.get(UsageSummaries.OFF_RATE_CARD) instanceof Map<?, ?> off
            ? OffRateCard.of(off)
            : OffRateCard.NONE);
  }

  static long integer(@Nullable Object value) {
    return value instanceof Long number ? number : 0;
  }
}
