package dev.meterkite.model.usage;

import dev.meterkite.model.schema.Schema.UsageSummaries;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The part of {@link Amounts} that the rate card does not price: records that are not billable, and
 * records whose producer stated the cost.
 *
 * @param count number of such records
 * @param episodes their episodes
 * @param computeMs their compute time in milliseconds
 * @param storageBytes their storage in bytes
 * @param costMicros the cost that their producers stated, in micro-USD
 */
record OffRateCard(long count, long episodes, long computeMs, long storageBytes, long costMicros) {
  static final OffRateCard NONE = new OffRateCard(0, 0, 0, 0, 0);

  OffRateCard plus(OffRateCard other) {
    return new OffRateCard(
        Math.addExact(count, other.count),
        Math.addExact(episodes, other.episodes),
        Math.addExact(computeMs, other.computeMs),
        Math.addExact(storageBytes, other.storageBytes),
        Math.addExact(costMicros, other.costMicros));
  }

  OffRateCard negated() {
    return new OffRateCard(-count, -episodes, -computeMs, -storageBytes, -costMicros);
  }

  boolean isNone() {
    return equals(NONE);
  }

  Map<String, Long> byField() {
    Map<String, Long> fields = new LinkedHashMap<>();
    fields.put(UsageSummaries.COUNT, count);
    fields.put(UsageSummaries.EPISODES_GENERATED, episodes);
    fields.put(UsageSummaries.COMPUTE_MS, computeMs);
    fields.put(UsageSummaries.STORAGE_BYTES, storageBytes);
    fields.put(UsageSummaries.BILLABLE_COST_MICROS, costMicros);
    return fields;
  }

  static OffRateCard of(Map<?, ?> fields) {
    return new OffRateCard(
        Amounts.integer(fields.get(UsageSummaries.COUNT)),
        Amounts.integer(fields.get(UsageSummaries.EPISODES_GENERATED)),
        Amounts.integer(fields.get(UsageSummaries.COMPUTE_MS)),
        Amounts.integer(fields.get(UsageSummaries.STORAGE_BYTES)),
        Amounts.integer(fields.get(UsageSummaries.BILLABLE_COST_MICROS)));
  }
}
