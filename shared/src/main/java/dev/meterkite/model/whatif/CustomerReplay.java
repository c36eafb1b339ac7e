package dev.meterkite.model.whatif;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.usage.Correction;
import dev.meterkite.model.usage.QuotaTerms;
import dev.meterkite.model.usage.UsageAction;
import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one customer's usage records cost in a period, and what they would have cost under other
 * plans. Their prices are no part of the plans; the quota of a bundle tier is. A customer has the
 * other plans' quota where its own is that of its tier, or absent; another one was agreed on and
 * stays. A scene beyond the quota would have been refused, and costs nothing; where the quota does
 * not refuse ({@code quota_mode} soft), it costs the same. Scenes that were refused at the time
 * left no record.
 */
public final class CustomerReplay {
  private final QuotaTerms terms;

  /** Scenes a period under the other plans; null for the same as in force. */
  private final @Nullable Long quota;

  private final Map<Instant, Long> scenesByPeriod = new HashMap<>();
  private final Map<Note, Long> notes = new EnumMap<>(Note.class);
  private long records;
  private long scenes;
  private long was;
  private long would;

  /**
   * What became of it.
   *
   * @param records that count
   * @param scenes of them
   * @param before their cost in micro-USD, billable ones alone
   * @param after the same under the other plans
   * @param notes what would have been refused, and what is not known
   */
  public record Result(long records, long scenes, long before, long after, Map<Note, Long> notes) {
    /** Nothing. */
    public static final Result NONE = new Result(0, 0, 0, 0, Map.of());

    public Result {
      EnumMap<Note, Long> counted = new EnumMap<>(Note.class);
      counted.putAll(notes);
      notes = Collections.unmodifiableMap(counted);
    }

    /** The sum of both. */
    public Result plus(Result other) {
      EnumMap<Note, Long> sums = new EnumMap<>(Note.class);
      sums.putAll(notes);
      other.notes.forEach((note, count) -> sums.merge(note, count, Long::sum));
      return new Result(
          records + other.records,
          scenes + other.scenes,
          Math.addExact(before, other.before),
          Math.addExact(after, other.after),
          sums);
    }

    /** Micro-USD more under the other plans. */
    public long difference() {
      return after - before;
    }
  }

  /**
   * A customer's period.
   *
   * @param before the plans in force
   * @param after the others
   */
  public CustomerReplay(Plans before, Plans after, Snapshot customer) {
    this.terms = QuotaTerms.of(customer);
    String word = FieldValues.text(customer.fields().get(Customers.BUNDLE_TIER));
    Long ofTier = before.bundleTier(word).orElse(before.firstBundleTier()).monthlySceneQuota();
    Long other =
        after
            .bundleTier(word == null ? after.firstBundleTier().word() : word)
            .map(BundleTier::monthlySceneQuota)
            .orElse(null);
    boolean isTiers =
        customer.fields().get(Customers.MONTHLY_SCENE_QUOTA) == null
            || Objects.equals(ofTier, terms.quota());
    this.quota = isTiers && !Objects.equals(other, terms.quota()) ? other : null;
  }

  /** Adds a usage record; they come in the order of their time. */
  public void record(Map<String, Object> fields) {
    if (fields.get(UsageTracking.CORRECTED_BY) != null
        || Correction.VOID.wire().equals(fields.get(UsageTracking.CORRECTION))
        || !(fields.get(UsageTracking.TIMESTAMP) instanceof Instant at)) {
      return;
    }
    records++;
    Long cost = cost(fields);
    if (cost == null) {
      notes.merge(Note.UNPRICED_RECORD, 1L, Long::sum);
      cost = 0L;
    }
    was = Math.addExact(was, cost);
    if (UsageAction.SCENE_GENERATED.equals(fields.get(UsageTracking.ACTION))) {
      scenes++;
      if (!fits(at)) {
        notes.merge(Note.REFUSED_SCENE, 1L, Long::sum);
        cost = terms.soft() ? cost : 0L;
      }
    }
    would = Math.addExact(would, cost);
  }

  private boolean fits(Instant at) {
    if (quota == null || quota == QuotaTerms.UNLIMITED) {
      return true;
    }
    Instant period = terms.period(at).start();
    long used = scenesByPeriod.getOrDefault(period, 0L);
    if (used >= quota) {
      return false;
    }
    scenesByPeriod.put(period, used + 1);
    return true;
  }

  private static @Nullable Long cost(Map<String, Object> fields) {
    return Boolean.FALSE.equals(fields.get(UsageTracking.BILLABLE))
        ? (Long) 0L
        : FieldValues.integer(fields.get(UsageTracking.ESTIMATED_COST_MICROS));
  }

  /** The result. */
  public Result end() {
    return new Result(records, scenes, was, would, notes);
  }
}
