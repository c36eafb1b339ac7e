package dev.meterkite.model.customers;

import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.plans.FeatureFlag;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Documents as other programs leave them: valid, odd and broken fields in any mixture. */
final class RandomDocuments {
  private static final Object OPAQUE = new Object();

  private static final List<Object> ANYTHING =
      List.of(
          true,
          false,
          0L,
          -1L,
          5L,
          1_000_000L,
          0.5,
          Double.NaN,
          "",
          "pro",
          "foundation",
          "diamond",
          "full",
          "core",
          List.of("openvla", "pi0", "x"),
          List.of(1L),
          Map.of("tactile", true),
          Map.of("max_variations", 9_999L, "tactile_enabled", true),
          Instant.EPOCH,
          OPAQUE);

  private RandomDocuments() {}

  static Map<String, Object> customer(Random random) {
    return fields(
        random,
        "bundle_tier",
        "feature_overrides",
        "admin_overrides",
        "audio_narration_enabled",
        "subtitle_generation_enabled",
        "contract_start",
        "contract_end",
        "preferred_language",
        "created_at",
        "schema_version",
        "validation_errors",
        "time_travel");
  }

  static Map<String, Object> scene(Random random) {
    return fields(
        random,
        "bundle_tier",
        "data_pack_tier",
        "episodes_per_variation",
        "max_variations",
        "min_quality_score",
        "vla_models",
        "num_language_variations",
        "sim2real_enabled",
        "tactile_enabled",
        "multi_robot_enabled",
        "admin_overrides",
        "custom_settings");
  }

  static Map<String, Object> flags(Random random) {
    Map<String, Object> flags =
        random.nextInt(3) == 0
            ? new LinkedHashMap<>(
                FlagRules.initial(
                    DefaultPlans.PLANS.bundleTiers().get(random.nextInt(4)), Instant.EPOCH))
            : new LinkedHashMap<>();
    for (FeatureFlag flag : FeatureFlag.values()) {
      if (random.nextInt(3) == 0) {
        flags.put(flag.wire(), random.nextInt(5) == 0 ? anything(random) : random.nextBoolean());
      }
    }
    return flags;
  }

  private static Map<String, Object> fields(Random random, String... names) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (String name : names) {
      if (random.nextBoolean()) {
        fields.put(name, random.nextInt(10) == 0 ? null : anything(random));
      }
    }
    return fields;
  }

  private static Object anything(Random random) {
    return ANYTHING.get(random.nextInt(ANYTHING.size()));
  }
}
