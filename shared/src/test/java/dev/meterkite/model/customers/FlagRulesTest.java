package dev.meterkite.model.customers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.plans.Plans;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlagRulesTest {
  private static final Instant NOW = Instant.parse("2025-06-01T12:00:00Z");

  @Test
  void initialFlags_areTheTiersAndMarkedAsSuch() {
    for (BundleTier tier : DefaultPlans.PLANS.bundleTiers()) {
      Map<String, Object> flags = FlagRules.initial(tier, NOW);
      for (FeatureFlag flag : FeatureFlag.values()) {
        assertEquals(tier.has(flag), flags.get(flag.wire()));
        assertTrue(FlagRules.isFromTier(flag, flags, DefaultPlans.PLANS));
      }
      assertEquals(1L, flags.get("schema_version"));
      assertEquals(Map.of(), FlagRules.carry(flags, tier, DefaultPlans.PLANS, NOW));
    }
  }

  @Test
  void tierChange_movesCopiedEntriesAndLeavesExplicitOnes() {
    Map<String, Object> flags =
        new LinkedHashMap<>(FlagRules.initial(DefaultPlans.bundleTier("pro"), NOW));
    flags.put("sim2real", true); // somebody else's word
    flags.put("time_travel", true);
    flags.remove("bimanual");
    Map<String, Object> changes =
        FlagRules.carry(flags, DefaultPlans.bundleTier("foundation"), DefaultPlans.PLANS, NOW);
    assertEquals(true, changes.get("tactile"));
    assertEquals("foundation", changes.get("origin.tactile"));
    assertEquals(true, changes.get("audio_narration"));
    for (String left : new String[] {"sim2real", "origin.sim2real", "time_travel", "bimanual"}) {
      assertTrue(!changes.containsKey(left), left);
    }
    Map<String, Object> carried = Patches.apply(flags, changes);
    assertEquals(
        Map.of(),
        FlagRules.carry(carried, DefaultPlans.bundleTier("foundation"), DefaultPlans.PLANS, NOW));
    assertEquals(true, carried.get("sim2real"));
  }

  @Test
  void adminsWord_isExplicitAndClearedAgain() {
    Map<String, Object> flags = FlagRules.initial(DefaultPlans.bundleTier("pro"), NOW);
    Map<String, Object> off =
        Patches.apply(flags, FlagRules.set(FeatureFlag.AUDIO_NARRATION, false, NOW));
    assertEquals(false, off.get("audio_narration"));
    assertTrue(!FlagRules.isFromTier(FeatureFlag.AUDIO_NARRATION, off, DefaultPlans.PLANS));
    Map<String, Object> same =
        Patches.apply(flags, FlagRules.set(FeatureFlag.AUDIO_NARRATION, true, NOW));
    assertTrue(
        !FlagRules.isFromTier(FeatureFlag.AUDIO_NARRATION, same, DefaultPlans.PLANS),
        "explicit, if equal");
    Map<String, Object> cleared =
        Patches.apply(off, FlagRules.set(FeatureFlag.AUDIO_NARRATION, null, NOW));
    assertTrue(!cleared.containsKey("audio_narration"));
  }

  @Test
  void rollout_isWrittenPerFlagAndTier() {
    assertEquals(
        Map.of("percent", 25.0, "value", true),
        FlagRules.rollOut(FeatureFlag.TACTILE, "pro", 25, true, NOW).get("rollouts.tactile.pro"));
    assertEquals(
        Write.REMOVED,
        FlagRules.rollOut(FeatureFlag.TACTILE, "pro", 25, null, NOW).get("rollouts.tactile.pro"));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.01, 100.01, Double.NaN, Double.POSITIVE_INFINITY})
  void percentageOutsideItsBounds_isRefused(double percent) {
    assertThrows(
        IllegalArgumentException.class,
        () -> FlagRules.rollOut(FeatureFlag.TACTILE, "pro", percent, true, NOW));
  }

  /** What a tier has is a matter of the plans: a copy made by older ones is no word of anybody. */
  @Test
  void copyOfOlderPlans_isStillACopy_andFollows() {
    BundleTier pro = DefaultPlans.bundleTier("pro");
    Map<String, Object> flags = FlagRules.initial(pro, NOW);
    BundleTier dearer =
        new BundleTier(
            pro.word(),
            pro.dataPackTier(),
            pro.episodesPerVariation(),
            pro.maxVariations(),
            pro.minQualityScore(),
            pro.vlaModels(),
            pro.numLanguageVariations(),
            null,
            Set.of(FeatureFlag.TACTILE));
    Plans plans = DefaultPlans.PLANS;
    Plans later =
        new Plans(
            "later",
            plans.tiers(),
            plans.packages(),
            plans.jobs(),
            List.of(dearer),
            plans.priceBook());
    for (FeatureFlag flag : FeatureFlag.values()) {
      assertTrue(FlagRules.isFromTier(flag, flags, later), flag.wire());
      Setting setting =
          FlagRules.resolve(
              flag, "lab", dearer, later, Layered.NONE, Layered.of(flags), Layered.NONE);
      assertEquals(
          new Setting(flag == FeatureFlag.TACTILE, Setting.Source.TIER), setting, flag.wire());
    }
    Map<String, Object> carried = Patches.apply(flags, FlagRules.carry(flags, dearer, later, NOW));
    assertEquals(true, carried.get("tactile"));
    assertEquals(false, carried.get("audio_narration"));
    assertEquals(Map.of(), FlagRules.carry(carried, dearer, later, NOW));
    Map<String, Object> changed = new LinkedHashMap<>(flags);
    changed.put("audio_narration", false);
    assertTrue(!FlagRules.isFromTier(FeatureFlag.AUDIO_NARRATION, changed, later), "explicit");
  }
}
