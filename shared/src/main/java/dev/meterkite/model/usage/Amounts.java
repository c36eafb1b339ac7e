package dev.meterkite.model.usage;

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
 */
public record Amounts(
    long count, long episodes, long computeMs, long storageBytes, long costMicros) {
  /** Nothing. */
  public static final Amounts ZERO = new Amounts(0, 0, 0, 0, 0);

  /** The sum; fails with {@link ArithmeticException} rather than wrap around. */
  public Amounts plus(Amounts other) {
    return new Amounts(
        Math.addExact(count, other.count),
        Math.addExact(episodes, other.episodes),
        Math.addExact(computeMs, other.computeMs),
        Math.addExact(storageBytes, other.storageBytes),
        Math.addExact(costMicros, other.costMicros));
  }

  /** The difference. */
  public Amounts minus(Amounts other) {
    return plus(other.negated());
  }

  /** The same with the opposite sign. */
  public Amounts negated() {
    return new Amounts(-count, -episodes, -computeMs, -storageBytes, -costMicros);
  }

  /** Whether nothing is counted at all. */
  public boolean isZero() {
    return equals(ZERO);
  }

  /** As it stands in documents: all five fields. */
  Map<String, Object> toFields() {
    return new LinkedHashMap<>(byField());
  }

  /** The amounts by their field name, in a fixed order. */
  Map<String, Long> byField() {
    Map<String, Long> fields = new LinkedHashMap<>();
    fields.put(UsageSummaries.COUNT, count);
    fields.put(UsageSummaries.EPISODES_GENERATED, episodes);
    fields.put(UsageSummaries.COMPUTE_MS, computeMs);
    fields.put(UsageSummaries.STORAGE_BYTES, storageBytes);
    fields.put(UsageSummaries.BILLABLE_COST_MICROS, costMicros);
    return fields;
  }

  /** Reads what {@link #toFields} wrote; what is missing or no integer counts as zero. */
  static Amounts of(Map<?, ?> fields) {
    return new Amounts(
        integer(fields.get(UsageSummaries.COUNT)),
        integer(fields.get(UsageSummaries.EPISODES_GENERATED)),
        integer(fields.get(UsageSummaries.COMPUTE_MS)),
        integer(fields.get(UsageSummaries.STORAGE_BYTES)),
        integer(fields.get(UsageSummaries.BILLABLE_COST_MICROS)));
  }

  private static long integer(@Nullable Object value) {
    return value instanceof Long number ? number : 0;
  }
}
