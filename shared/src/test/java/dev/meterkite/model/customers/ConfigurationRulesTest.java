package dev.meterkite.model.customers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.customers.Configuration.Warning;
import dev.meterkite.model.customers.ConfigurationRules.Documents;
import dev.meterkite.model.customers.Setting.Source;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.plans.FeatureFlag;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ConfigurationRulesTest {
  private static final Instant NOW = Instant.parse("2025-06-01T12:00:00Z");
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");

  private Map<String, Object> customer = new LinkedHashMap<>(Map.of("bundle_tier", "pro"));
  private Map<String, Object> scene = new LinkedHashMap<>();
  private Map<String, Object> flags = new LinkedHashMap<>();
  private Map<String, Object> global = new LinkedHashMap<>();
  private final Map<String, Object> customerFile = new LinkedHashMap<>();
  private final Map<String, Object> sceneFile = new LinkedHashMap<>();
  private final Map<String, Object> flagsFile = new LinkedHashMap<>();
  private final Map<String, Object> globalFile = new LinkedHashMap<>();

  private Configuration resolve() {
    return resolve("lab_001");
  }

  private Configuration resolve(String customerId) {
    return ConfigurationRules.resolve(documents(customerId), DefaultPlans.PLANS, NOW);
  }

  private Documents documents(String customerId) {
    return new Documents(
        customerId,
        new Layered(customer, customerFile),
        new Layered(scene, sceneFile),
        new Layered(flags, flagsFile),
        new Layered(global, globalFile));
  }

  private static Setting of(Object value, Source source) {
    return new Setting(value, source);
  }

  // Flags: each step against the next.

  /**
   * Words: - absent, t true, f false; of _global, the flag document, the override, and the tier.
   */
  @ParameterizedTest
  @CsvSource({
    "f, t, t, enterprise, false, GLOBAL",
    "f, -, -, standard,   false, GLOBAL",
    "t, f, t, enterprise, false, FLAG",
    "t, -, -, pro,        false, TIER",
    "-, t, f, pro,        true,  FLAG",
    "-, f, t, enterprise, false, FLAG",
    "-, -, t, standard,   true,  FEATURE_OVERRIDE",
    "-, -, f, foundation, false, FEATURE_OVERRIDE",
    "-, -, -, pro,        false, TIER",
    "-, -, -, enterprise, true,  TIER",
    "-, -, -, foundation, true,  TIER"
  })
  void flag_isDecidedByTheFirstThatApplies(
      String killed, String explicit, String override, String tier, boolean on, Source source) {
    customer.put("bundle_tier", tier);
    put(global, "tactile", killed);
    put(flags, "tactile", explicit);
    Map<String, Object> overrides = new LinkedHashMap<>();
    put(overrides, "tactile_sensors", override);
    customer.put("feature_overrides", overrides);
    assertEquals(of(on, source), resolve().flags().get("tactile"));
  }

  private static void put(Map<String, Object> fields, String name, String word) {
    if (!word.equals("-")) {
      fields.put(name, word.equals("t"));
    }
  }

  @Test
  void overrideByTheFlagsOwnWord_isStrongerThanItsAlias() {
    customer.put("feature_overrides", Map.of("tactile_sensors", true, "tactile", false));
    assertEquals(of(false, Source.FEATURE_OVERRIDE), resolve().flags().get("tactile"));
  }

  @Test
  void entryCopiedFromTheTier_countsForNothing() {
    flags = new LinkedHashMap<>(FlagRules.initial(DefaultPlans.bundleTier("standard"), NOW));
    assertEquals(of(true, Source.TIER), resolve().flags().get("audio_narration"));
    customer.put("feature_overrides", Map.of("sim2real", true));
    assertEquals(of(true, Source.FEATURE_OVERRIDE), resolve().flags().get("sim2real"));
  }

  /** Another program knows nothing of marks: what it changes must count. */
  @Test
  void copiedEntryThatSomebodyChanged_isExplicit() {
    flags = new LinkedHashMap<>(FlagRules.initial(DefaultPlans.bundleTier("pro"), NOW));
    flags.put("sim2real", true);
    flags.put("audio_narration", false);
    assertEquals(of(true, Source.FLAG), resolve().flags().get("sim2real"));
    assertEquals(of(false, Source.FLAG), resolve().flags().get("audio_narration"));
    assertEquals(of(true, Source.TIER), resolve().flags().get("subtitle_generation"));
  }

  @Test
  void unknownFlagsAndWrongTypes_areIgnored() {
    flags.put("time_travel", true);
    flags.put("tactile", "yes");
    flags.put("origin", "tier");
    global.put("sim2real", "false");
    global.put("rollouts", List.of(1));
    customer.put("feature_overrides", Map.of("tactile", 1, "time_travel", true));
    Configuration configuration = resolve();
    assertFalse(configuration.flags().containsKey("time_travel"));
    assertEquals(of(false, Source.TIER), configuration.flags().get("tactile"));
    assertTrue(
        configuration
            .warnings()
            .contains(new Warning(Warning.INVALID_VALUE, "feature_flags.tactile")));
  }

  @ParameterizedTest
  @EnumSource(FeatureFlag.class)
  void kill_isNotUndoneByAnyFile(FeatureFlag flag) {
    customer.put("bundle_tier", "foundation");
    global.put(flag.wire(), false);
    globalFile.put(flag.wire(), true);
    flagsFile.put(flag.wire(), true);
    customerFile.put("feature_overrides", Map.of(flag.wire(), true));
    sceneFile.put("admin_overrides", Map.of(flag.wire() + "_enabled", true));
    assertEquals(of(false, Source.GLOBAL), resolve().flags().get(flag.wire()));
    assertEquals(of(false, Source.GLOBAL), resolve().settings().get(flag.wire() + "_enabled"));
  }

  @Test
  void killInTheFile_killsToo() {
    globalFile.put("audio_narration", false);
    global.put("audio_narration", true);
    assertEquals(of(false, Source.GLOBAL), resolve().flags().get("audio_narration"));
  }

  // Rollouts.

  @Test
  void rollout_reachesAStableShareThatOnlyGrows() {
    int customers = DEEP ? 100_000 : 4_000;
    for (int percent : new int[] {0, 1, 25, 50, 99, 100}) {
      int reached = 0;
      for (int i = 0; i < customers; i++) {
        String id = "lab_" + i;
        boolean in = FlagRules.isReached(FeatureFlag.TACTILE, id, percent);
        assertTrue(!in || FlagRules.isReached(FeatureFlag.TACTILE, id, percent + 1.0), id);
        reached += in ? 1 : 0;
      }
      assertEquals(percent, 100.0 * reached / customers, 2.0);
    }
  }

  /** Computed once, by another program; a change would move customers of running rollouts. */
  @Test
  void rollout_reachesTheSameCustomersForEver() {
    StringBuilder reached = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      reached.append(FlagRules.isReached(FeatureFlag.BIMANUAL, "lab_" + i, 50) ? '1' : '0');
    }
    assertEquals("00010010100110001101", reached.toString());
  }

  @Test
  void rollout_isForItsTierAndBelowExplicitWords() {
    global.put(
        "rollouts", Map.of("sim2real", Map.of("pro", Map.of("percent", 100L, "value", true))));
    assertEquals(of(true, Source.ROLLOUT), resolve().flags().get("sim2real"));
    customer.put("feature_overrides", Map.of("sim2real", false));
    assertEquals(of(false, Source.FEATURE_OVERRIDE), resolve().flags().get("sim2real"));
    flags.put("sim2real", true);
    assertEquals(of(true, Source.FLAG), resolve().flags().get("sim2real"));
    flags.clear();
    customer.put("feature_overrides", Map.of());
    customer.put("bundle_tier", "standard");
    assertEquals(of(false, Source.TIER), resolve().flags().get("sim2real"));
  }

  @Test
  void rollout_takesAFeatureAwayToo() {
    global.put(
        "rollouts",
        Map.of("audio_narration", Map.of("pro", Map.of("percent", 30.0, "value", false))));
    int off = 0;
    for (int i = 0; i < 1_000; i++) {
      off += resolve("lab_" + i).flags().get("audio_narration").isOn() ? 0 : 1;
    }
    assertEquals(300.0, off, 60.0);
  }

  // Settings.

  @Test
  void nothingAskedFor_isTheTiersRow() {
    Map<String, Setting> settings = resolve().settings();
    assertEquals(of("plus", Source.TIER), settings.get("data_pack_tier"));
    assertEquals(of(10L, Source.TIER), settings.get("episodes_per_variation"));
    assertEquals(of(500L, Source.TIER), settings.get("max_variations"));
    assertEquals(of(0.80, Source.TIER), settings.get("min_quality_score"));
    assertEquals(of(List.of("openvla", "smolvla"), Source.TIER), settings.get("vla_models"));
    assertEquals(of(10L, Source.TIER), settings.get("num_language_variations"));
    assertEquals(of(true, Source.TIER), settings.get("audio_narration_enabled"));
    assertEquals(of(false, Source.TIER), settings.get("sim2real_enabled"));
  }

  @ParameterizedTest
  @CsvSource({"499, 499, SCENE", "500, 500, SCENE", "501, 500, TIER_CAP", "0, 0, SCENE"})
  void number_isCappedAtTheTiersRow(long asked, long given, Source source) {
    scene.put("max_variations", asked);
    assertEquals(of(given, source), resolve().settings().get("max_variations"));
  }

  /** JavaScript and Python write 50.0 where they mean 50; validation takes it, so this does too. */
  @Test
  void wholeNumberWrittenAsAFloat_isANumber() {
    scene.put("max_variations", 50.0);
    scene.put("episodes_per_variation", 9.5);
    Configuration configuration = resolve();
    assertEquals(of(50L, Source.SCENE), configuration.settings().get("max_variations"));
    assertEquals(of(10L, Source.TIER), configuration.settings().get("episodes_per_variation"));
    assertEquals(
        List.of(new Warning(Warning.INVALID_VALUE, "scenes.episodes_per_variation")),
        configuration.warnings());
  }

  @ParameterizedTest
  @CsvSource({
    "0.79, 0.79, SCENE",
    "0.80, 0.80, SCENE",
    "0.81, 0.80, TIER_CAP",
    "1, 0.80, TIER_CAP"
  })
  void qualityScore_isCappedToo(double asked, double given, Source source) {
    scene.put("min_quality_score", asked);
    assertEquals(of(given, source), resolve().settings().get("min_quality_score"));
  }

  @ParameterizedTest
  @CsvSource({"core, core, SCENE", "plus, plus, SCENE", "full, plus, TIER_CAP"})
  void dataPack_isCapped(String asked, String given, Source source) {
    scene.put("data_pack_tier", asked);
    assertEquals(of(given, source), resolve().settings().get("data_pack_tier"));
  }

  @Test
  void list_isCutToTheTiersInTheOrderAskedFor() {
    scene.put("vla_models", List.of("smolvla", "pi0", "openvla"));
    assertEquals(
        of(List.of("smolvla", "openvla"), Source.TIER_CAP), resolve().settings().get("vla_models"));
    scene.put("vla_models", List.of());
    assertEquals(of(List.of(), Source.SCENE), resolve().settings().get("vla_models"));
  }

  @Test
  void adminOverride_passesTheCap_theScenesBeforeTheCustomers() {
    scene.put("max_variations", 100L);
    customer.put("admin_overrides", Map.of("max_variations", 9_000L, "sim2real_enabled", true));
    assertEquals(of(9_000L, Source.ADMIN_OVERRIDE), resolve().settings().get("max_variations"));
    assertEquals(of(true, Source.ADMIN_OVERRIDE), resolve().settings().get("sim2real_enabled"));
    scene.put("admin_overrides", Map.of("max_variations", 7_000L));
    assertEquals(of(7_000L, Source.ADMIN_OVERRIDE), resolve().settings().get("max_variations"));
    scene.put("admin_overrides", Map.of("max_variations", "many"));
    assertEquals(of(9_000L, Source.ADMIN_OVERRIDE), resolve().settings().get("max_variations"));
  }

  @Test
  void narration_isTheScenesThenTheCustomersThenTheTiers() {
    assertEquals(of(true, Source.TIER), resolve().settings().get("audio_narration_enabled"));
    customer.put("audio_narration_enabled", false);
    assertEquals(of(false, Source.CUSTOMER), resolve().settings().get("audio_narration_enabled"));
    scene.put("audio_narration_enabled", true);
    assertEquals(of(true, Source.SCENE), resolve().settings().get("audio_narration_enabled"));
    flags.put("audio_narration", false);
    assertEquals(of(false, Source.FLAG_CAP), resolve().settings().get("audio_narration_enabled"));
    scene.put("audio_narration_enabled", false);
    assertEquals(of(false, Source.SCENE), resolve().settings().get("audio_narration_enabled"));
  }

  @Test
  void switchOfTheCustomer_countsForNarrationAndSubtitlesOnly() {
    customer.put("bundle_tier", "enterprise");
    customer.put("sim2real_enabled", false);
    assertEquals(of(true, Source.TIER), resolve().settings().get("sim2real_enabled"));
  }

  @Test
  void flagThatIsOn_letsASceneOfALowerTierAskForIt() {
    flags.put("tactile", true);
    assertEquals(of(false, Source.TIER), resolve().settings().get("tactile_enabled"));
    scene.put("tactile_enabled", true);
    assertEquals(of(true, Source.SCENE), resolve().settings().get("tactile_enabled"));
  }

  @Test
  void sceneOfTheSchemasExample_isCutToItsProCustomer() {
    scene.put("min_quality_score", 0.85);
    scene.put("episodes_per_variation", 50L);
    scene.put("max_variations", 100L);
    scene.put("vla_models", List.of("openvla", "pi0"));
    scene.put("sim2real_enabled", true);
    Map<String, Setting> settings = resolve().settings();
    assertEquals(of(0.80, Source.TIER_CAP), settings.get("min_quality_score"));
    assertEquals(of(10L, Source.TIER_CAP), settings.get("episodes_per_variation"));
    assertEquals(of(100L, Source.SCENE), settings.get("max_variations"));
    assertEquals(of(List.of("openvla"), Source.TIER_CAP), settings.get("vla_models"));
    assertEquals(of(false, Source.FLAG_CAP), settings.get("sim2real_enabled"));
  }

  @Test
  void plainSettings_arePassedOn() {
    scene.put("robot_type", "franka");
    scene.put("custom_settings", Map.of("lighting_variation", "high"));
    customer.put("preferred_language", "en-US");
    customer.put("preferred_tts_voice", 5L);
    Configuration configuration = resolve();
    assertEquals(of("franka", Source.SCENE), configuration.settings().get("robot_type"));
    assertEquals(of("en-US", Source.CUSTOMER), configuration.settings().get("preferred_language"));
    assertFalse(configuration.settings().containsKey("preferred_tts_voice"));
    assertEquals(
        List.of(new Warning(Warning.INVALID_VALUE, "customers.preferred_tts_voice")),
        configuration.warnings());
  }

  // Files.

  @Test
  void file_overridesFieldByFieldAndIsCappedLikeTheDocument() {
    scene.put("max_variations", 100L);
    scene.put("robot_type", "franka");
    sceneFile.put("max_variations", 200L);
    assertEquals(of(200L, Source.FILE), resolve().settings().get("max_variations"));
    assertEquals(of("franka", Source.SCENE), resolve().settings().get("robot_type"));
    sceneFile.put("max_variations", 501L);
    assertEquals(of(500L, Source.TIER_CAP), resolve().settings().get("max_variations"));
    customerFile.put("bundle_tier", "enterprise");
    assertEquals(DefaultPlans.bundleTier("enterprise"), resolve().tier());
    flagsFile.put("multi_robot", true);
    assertEquals(of(true, Source.FILE), resolve().flags().get("multi_robot"));
    customerFile.put("feature_overrides", Map.of("deformable", true));
    assertEquals(of(true, Source.FILE), resolve().flags().get("deformable"));
  }

  // Tiers and contracts.

  @ParameterizedTest
  @CsvSource({
    "foundation, pro, foundation, ''",
    "standard, enterprise, standard, ''",
    "-, enterprise, enterprise, ''",
    "-, -, standard, ''",
    "-, diamond, standard, customers.bundle_tier",
    "diamond, enterprise, standard, scenes.bundle_tier",
    "-, Pro, standard, customers.bundle_tier"
  })
  void tier_isTheScenesThenTheCustomers(
      String ofScene, String ofCustomer, String tier, String warned) {
    customer = new LinkedHashMap<>(Map.of("organization_name", "AI Lab"));
    if (!ofCustomer.equals("-")) {
      customer.put("bundle_tier", ofCustomer);
    }
    if (!ofScene.equals("-")) {
      scene.put("bundle_tier", ofScene);
    }
    Configuration configuration = resolve();
    assertEquals(tier, configuration.tier().word());
    assertEquals(
        warned.isEmpty() ? List.of() : List.of(new Warning(Warning.UNKNOWN_TIER, warned)),
        configuration.warnings());
  }

  @Test
  void unknownCustomer_isStandardWithAWarning() {
    customer = Map.of();
    assertEquals(DefaultPlans.bundleTier("standard"), resolve().tier());
    assertEquals(List.of(new Warning(Warning.UNKNOWN_CUSTOMER, "customers")), resolve().warnings());
  }

  @ParameterizedTest
  @CsvSource({
    "-, -, true",
    "2025-06-01T12:00:00Z, -, true",
    "2025-06-01T12:00:00.000001Z, -, false",
    "-, 2025-06-01T12:00:00Z, false",
    "-, 2025-06-01T12:00:00.000001Z, true",
    "2025-01-01T00:00:00Z, 2026-01-01T00:00:00Z, true",
    "2024-01-01T00:00:00Z, 2025-01-01T00:00:00Z, false"
  })
  void contract_runsFromItsStartAndBeforeItsEnd(String start, String end, boolean active) {
    if (!start.equals("-")) {
      customer.put("contract_start", Instant.parse(start));
    }
    if (!end.equals("-")) {
      customerFile.put("contract_end", end);
    }
    assertEquals(active, resolve().active());
  }

  /** As where usage is recorded: a contract whose end is text does not bound. */
  @Test
  void contractTimesThatAreNone_countAsAbsent() {
    customer.put("contract_start", "next week");
    customer.put("contract_end", 5L);
    assertTrue(resolve().active());
    customer.put("contract_end", "2025-01-01T00:00:00Z");
    assertTrue(resolve().active());
  }

  // Version.

  @Test
  void version_movesWithConfigurationOnly() {
    String version = resolve().version();
    customer.put("scenes_generated_this_month", 46L);
    customer.put("commit", Map.of("revision", 9L));
    customer.put("updated_at", NOW);
    assertEquals(version, resolve().version());
    customer.put("preferred_language", "de-DE");
    String moved = resolve().version();
    assertNotEquals(version, moved);
    customer.remove("preferred_language");
    assertEquals(version, resolve().version());
    globalFile.put("tactile", false);
    assertNotEquals(version, resolve().version());
  }

  @Test
  void version_doesNotDependOnTheOrderOfFieldsButOnTypes() {
    customer.put("feature_overrides", ordered("a", true, "b", false));
    String version = resolve().version();
    customer.put("feature_overrides", ordered("b", false, "a", true));
    assertEquals(version, resolve().version());
    scene.put("max_variations", 1L);
    String ofNumber = resolve().version();
    scene.put("max_variations", "1");
    assertNotEquals(ofNumber, resolve().version());
    scene.put("max_variations", null);
    resolve();
  }

  private static Map<String, Object> ordered(String a, Object x, String b, Object y) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put(a, x);
    map.put(b, y);
    return map;
  }

  // Whatever the documents hold.

  @Test
  void whateverTheDocumentsHold_killsHoldAndCapsHold() {
    long seeds = DEEP ? 200_000 : 2_000;
    for (long seed = 0; seed < seeds; seed++) {
      Random random = new Random(seed);
      customer = RandomDocuments.customer(random);
      scene = RandomDocuments.scene(random);
      flags = RandomDocuments.flags(random);
      global = RandomDocuments.flags(random);
      check(resolve("lab_" + seed), "seed " + seed);
    }
  }

  private void check(Configuration configuration, String seed) {
    for (FeatureFlag flag : FeatureFlag.values()) {
      Setting on = configuration.flags().get(flag.wire());
      Setting setting = configuration.settings().get(flag.wire() + "_enabled");
      boolean killed = Boolean.FALSE.equals(global.get(flag.wire()));
      assertTrue(!killed || (!on.isOn() && !setting.isOn()), seed);
      boolean admin = setting.source() == Source.ADMIN_OVERRIDE;
      assertTrue(!setting.isOn() || on.isOn() || admin, seed);
      Object kept = global.remove(flag.wire());
      if (Boolean.TRUE.equals(kept)) {
        assertEquals(on, resolve("lab_" + seed.substring(5)).flags().get(flag.wire()), seed);
      }
      if (kept != null) {
        global.put(flag.wire(), kept);
      }
    }
    BundleTier tier = configuration.tier();
    atMost(configuration, "max_variations", tier.maxVariations(), seed);
    atMost(configuration, "episodes_per_variation", tier.episodesPerVariation(), seed);
    atMost(configuration, "num_language_variations", tier.numLanguageVariations(), seed);
    atMost(configuration, "min_quality_score", tier.minQualityScore(), seed);
    Setting models = configuration.settings().get("vla_models");
    assertTrue(
        models.source() == Source.ADMIN_OVERRIDE
            || tier.vlaModels().containsAll((List<?>) models.value()),
        seed);
  }

  private static void atMost(Configuration configuration, String name, Number row, String seed) {
    Setting setting = configuration.settings().get(name);
    double value = ((Number) setting.value()).doubleValue();
    boolean admin = setting.source() == Source.ADMIN_OVERRIDE;
    assertTrue(admin || value <= row.doubleValue(), seed + ": " + name + " " + setting);
  }
}
