package dev.meterkite.model.customers;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.customers.Setting.Source;
import dev.meterkite.model.document.Digests;
import dev.meterkite.model.document.FieldPath;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether a feature is on, the documents that say so, and how they change.
 *
 * <p>A customer's flag document holds {@code <flag>: true | false} and, for entries that were only
 * copied from the tier, {@code origin.<flag>: <tier>}. The mark says what the tier had; an entry
 * that differs from it was changed by somebody since, and is explicit. {@code _global} holds kills
 * ({@code <flag>: false}) and {@code rollouts.<flag>.<tier>: {percent, value}}.
 */
public final class FlagRules {
  /** Schema version of the flag documents that we write. */
  public static final long SCHEMA_VERSION = 1;

  /** Inside a rollout: the share of the tier's customers that it reaches, 0 to 100. */
  public static final String PERCENT = "percent";

  /** Inside a rollout: what the flag is for them. */
  public static final String VALUE = "value";

  /** Buckets of a rollout: a percentage may have two decimals. */
  private static final int BUCKETS = 10_000;

  private FlagRules() {}

  /**
   * One flag, by the first that applies: {@code _global} false; an explicit entry of the customer's
   * flag document; the customer's {@code feature_overrides}; a rollout; the tier. {@code _global}
   * true enables nothing.
   *
   * <p>For example {@code tactile} of a pro customer with {@code feature_overrides:
   * {tactile_sensors: true}} is on, by {@code feature_override}.
   */
  static Setting resolve(
      FeatureFlag flag,
      String customerId,
      BundleTier tier,
      Plans plans,
      Layered customer,
      Layered flags,
      Layered global) {
    if (isKilled(flag, global)) {
      return new Setting(false, Source.GLOBAL);
    }
    Optional<Setting> explicit = explicit(flag, flags, plans);
    if (explicit.isPresent()) {
      return explicit.get();
    }
    Optional<Boolean> override = override(flag, customer.map(Customers.FEATURE_OVERRIDES));
    if (override.isPresent()) {
      boolean file = customer.isFromFile(Customers.FEATURE_OVERRIDES);
      return new Setting(override.get(), file ? Source.FILE : Source.FEATURE_OVERRIDE);
    }
    return rollout(flag, customerId, tier, global)
        .map(value -> new Setting(value, Source.ROLLOUT))
        .orElseGet(() -> new Setting(tier.has(flag), Source.TIER));
  }

  /**
   * Whether {@code _global} forbids it, in the document or in the file: neither undoes the other.
   */
  static boolean isKilled(FeatureFlag flag, Layered global) {
    return Boolean.FALSE.equals(global.document().get(flag.wire()))
        || Boolean.FALSE.equals(global.file().get(flag.wire()));
  }

  private static Optional<Setting> explicit(FeatureFlag flag, Layered flags, Plans plans) {
    if (flags.file().get(flag.wire()) instanceof Boolean value) {
      return Optional.of(new Setting(value, Source.FILE));
    }
    return isFromTier(flag, flags.document(), plans)
            || !(flags.document().get(flag.wire()) instanceof Boolean value)
        ? Optional.empty()
        : Optional.of(new Setting(value, Source.FLAG));
  }

  /**
   * Whether the entry is the copy of a tier's, unchanged since: what was copied is noted beside it.
   * In documents without that note it is what the tier has by the plans of now.
   */
  static boolean isFromTier(FeatureFlag flag, Map<String, Object> flags, Plans plans) {
    Object value = flags.get(flag.wire());
    Optional<String> origin = origin(flag, flags);
    if (origin.isPresent()
        && flags.get(FeatureFlags.COPIED) instanceof Map<?, ?> copied
        && copied.get(flag.wire()) instanceof Boolean copy) {
      return copy.equals(value);
    }
    return origin
        .flatMap(plans::bundleTier)
        .map(tier -> Boolean.valueOf(tier.has(flag)).equals(value))
        .orElse(false);
  }

  private static Optional<String> origin(FeatureFlag flag, Map<String, Object> flags) {
    return flags.get(FeatureFlags.ORIGIN) instanceof Map<?, ?> origin
            && origin.get(flag.wire()) instanceof String word
        ? Optional.of(word)
        : Optional.empty();
  }

  /** The flag's own word is stronger than its alias. */
  private static Optional<Boolean> override(FeatureFlag flag, Map<?, ?> overrides) {
    if (overrides.get(flag.wire()) instanceof Boolean value) {
      return Optional.of(value);
    }
    return overrides.entrySet().stream()
        .filter(entry -> entry.getKey() instanceof String key && isAlias(flag, key))
        .map(Map.Entry::getValue)
        .filter(Boolean.class::isInstance)
        .map(Boolean.class::cast)
        .findFirst();
  }

  private static boolean isAlias(FeatureFlag flag, String key) {
    return FeatureFlag.ofOverrideKey(key).equals(Optional.of(flag));
  }

  private static Optional<Boolean> rollout(
      FeatureFlag flag, String customerId, BundleTier tier, Layered global) {
    if (global.map(FeatureFlags.ROLLOUTS).get(flag.wire()) instanceof Map<?, ?> tiers
        && tiers.get(tier.word()) instanceof Map<?, ?> rollout
        && rollout.get(PERCENT) instanceof Number percent
        && rollout.get(VALUE) instanceof Boolean value
        && isReached(flag, customerId, percent.doubleValue())) {
      return Optional.of(value);
    }
    return Optional.empty();
  }

  /**
   * Whether a rollout at this percentage reaches a customer: its place among {@value #BUCKETS}, by
   * the SHA-256 of flag and customer, lies below. The same customers stay reached as the percentage
   * grows, and other flags reach others first. 0 reaches nobody, 100 everybody.
   */
  static boolean isReached(FeatureFlag flag, String customerId, double percent) {
    byte[] hash = Digests.sha256(flag.wire() + "\n" + customerId);
    long bucket = Math.floorMod(ByteBuffer.wrap(hash).getLong(), BUCKETS);
    return bucket < Math.round(percent * BUCKETS / 100);
  }

  /** The flag document of a customer that has none yet: the tier's entries, marked as such. */
  public static Map<String, Object> initial(BundleTier tier, Instant now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    Map<String, Object> origin = new LinkedHashMap<>();
    Map<String, Object> copied = new LinkedHashMap<>();
    fields.put(FeatureFlags.SCHEMA_VERSION, SCHEMA_VERSION);
    for (FeatureFlag flag : FeatureFlag.values()) {
      fields.put(flag.wire(), tier.has(flag));
      origin.put(flag.wire(), tier.word());
      copied.put(flag.wire(), tier.has(flag));
    }
    fields.put(FeatureFlags.ORIGIN, origin);
    fields.put(FeatureFlags.COPIED, copied);
    fields.put(FeatureFlags.UPDATED_AT, now);
    return fields;
  }

  /**
   * What changes in a flag document when the customer's tier is this one: entries that came from
   * another tier, or from what this one had by older plans, follow; explicit ones stay. Empty when
   * all is as it should be.
   *
   * @return values by field path
   */
  public static Map<String, Object> carry(
      Map<String, Object> flags, BundleTier tier, Plans plans, Instant now) {
    Map<String, Object> changes = new LinkedHashMap<>();
    for (FeatureFlag flag : FeatureFlag.values()) {
      boolean isCurrent =
          origin(flag, flags).equals(Optional.of(tier.word()))
              && Boolean.valueOf(tier.has(flag)).equals(flags.get(flag.wire()));
      if (!isCurrent && isFromTier(flag, flags, plans)) {
        changes.put(flag.wire(), tier.has(flag));
        changes.put(FieldPath.of(FeatureFlags.ORIGIN, flag.wire()), tier.word());
        changes.put(FieldPath.of(FeatureFlags.COPIED, flag.wire()), tier.has(flag));
      }
    }
    if (!changes.isEmpty()) {
      changes.put(FeatureFlags.UPDATED_AT, now);
    }
    return changes;
  }

  /**
   * What an admin's word on a flag changes, for a customer or {@code _global}.
   *
   * @param value on, off, or null to clear the entry, so that what comes after it decides
   * @return values by field path
   */
  public static Map<String, Object> set(FeatureFlag flag, @Nullable Boolean value, Instant now) {
    Map<String, Object> changes = new LinkedHashMap<>();
    changes.put(flag.wire(), value == null ? Write.REMOVED : value);
    changes.put(FieldPath.of(FeatureFlags.ORIGIN, flag.wire()), Write.REMOVED);
    changes.put(FieldPath.of(FeatureFlags.COPIED, flag.wire()), Write.REMOVED);
    changes.put(FeatureFlags.UPDATED_AT, now);
    return changes;
  }

  /**
   * What a rollout changes in {@code _global}.
   *
   * @param percent 0 to 100
   * @param value what the flag becomes for those it reaches; null ends the rollout
   * @return values by field path
   * @throws IllegalArgumentException for a percentage outside 0 to 100
   */
  public static Map<String, Object> rollOut(
      FeatureFlag flag, String tier, double percent, @Nullable Boolean value, Instant now) {
    if (!(percent >= 0 && percent <= 100)) {
      throw new IllegalArgumentException("a percentage is 0 to 100: " + percent);
    }
    Map<String, Object> changes = new LinkedHashMap<>();
    changes.put(
        FieldPath.of(FeatureFlags.ROLLOUTS, flag.wire(), tier),
        value == null ? Write.REMOVED : rollout(percent, value));
    changes.put(FeatureFlags.UPDATED_AT, now);
    return changes;
  }

  /** Ordered, so that all processes answer the same bytes. */
  private static Map<String, Object> rollout(double percent, boolean value) {
    Map<String, Object> rollout = new LinkedHashMap<>();
    rollout.put(PERCENT, percent);
    rollout.put(VALUE, value);
    return rollout;
  }
}
