package dev.meterkite.model.customers;

import dev.meterkite.model.customers.Configuration.Warning;
import dev.meterkite.model.customers.Setting.Source;
import dev.meterkite.model.document.Digests;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.Scenes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What holds for a customer or a scene: one pure function of the documents.
 *
 * <p>A setting is what an admin set ({@code admin_overrides} of the scene, else of the customer),
 * else what the scene asks for, else the customer's (narration and subtitles), else the tier's.
 * What no admin set is capped: numbers and the data pack at the tier's row, lists cut to it,
 * switches off where the feature of the same name is. What {@code _global} kills is off whoever
 * says what.
 *
 * <p>For example a scene of a pro customer that asks for 900 variations and for tactile gets {@code
 * max_variations} 500 by {@code tier_cap} and {@code tactile_enabled} false by {@code flag_cap}.
 */
public final class ConfigurationRules {
  /** How a switch setting is called after its flag. */
  private static final String ENABLED = "_enabled";

  /** Fields of customers and scenes that count, or stamp: changes of these alone are none. */
  public static final Set<String> UNCONFIGURING =
      Set.of(
          Customers.SCENES_GENERATED_THIS_MONTH,
          Customers.TOTAL_SCENES_GENERATED,
          Customers.TOTAL_EPISODES_GENERATED,
          Customers.QUOTA_RESET_AT,
          Customers.QUOTA_DUE_AT,
          Customers.QUOTA_ALERT_PERIOD,
          Customers.QUOTA_ALERT_PERCENT,
          Customers.EARLY_SCENES,
          Customers.EARLY_SCENES_PERIOD,
          Customers.USAGE_SUMMARY_MONTH,
          Customers.USAGE_CLOSED_MONTH,
          Customers.USAGE_MONTHS,
          Customers.VERSION,
          Customers.CREATED_AT,
          Customers.UPDATED_AT,
          Customers.VALIDATION_ERRORS,
          Schema.COMMIT);

  /**
   * The documents, each with its file over it.
   *
   * @param customerId whose configuration; names the customer to rollouts
   * @param customer the customer; {@link Layered#NONE} when unknown
   * @param scene the scene; {@link Layered#NONE} for the customer's own configuration
   * @param flags the customer's flag document
   * @param global {@code _global}
   */
  public record Documents(
      String customerId, Layered customer, Layered scene, Layered flags, Layered global) {}

  private final Documents documents;
  private final Side scene;
  private final Side customer;
  private final Plans plans;
  private final BundleTier tier;
  private final List<Warning> warnings = new ArrayList<>();
  private final Map<String, Setting> settings = new LinkedHashMap<>();
  private final Map<String, Setting> flags = new LinkedHashMap<>();

  private ConfigurationRules(Documents documents, Plans plans) {
    this.documents = documents;
    this.plans = plans;
    this.scene = new Side(Scenes.COLLECTION, Source.SCENE, documents.scene());
    this.customer = new Side(Customers.COLLECTION, Source.CUSTOMER, documents.customer());
    if (!documents.customer().exists()) {
      warnings.add(new Warning(Warning.UNKNOWN_CUSTOMER, Customers.COLLECTION));
    }
    this.tier = tier();
  }

  /** What holds at a moment; never fails: what is broken counts as absent and makes a warning. */
  public static Configuration resolve(Documents documents, Plans plans, Instant now) {
    ConfigurationRules rules = new ConfigurationRules(documents, plans);
    for (FeatureFlag flag : FeatureFlag.values()) {
      rules.flags.put(flag.wire(), rules.flag(flag));
    }
    rules.tableSettings();
    for (FeatureFlag flag : FeatureFlag.values()) {
      rules.settings.put(flag.wire() + ENABLED, rules.switchOf(flag));
    }
    rules.plainSettings();
    return new Configuration(
        rules.tier,
        isActive(documents.customer(), now),
        Collections.unmodifiableMap(rules.settings),
        Collections.unmodifiableMap(rules.flags),
        rules.warnings,
        plans.version(),
        version(documents, plans));
  }

  /**
   * Whether the contract runs: from its start on, and before its end; without a contract, always.
   */
  public static boolean isActive(Layered customer, Instant now) {
    boolean begun =
        customer.moment(Customers.CONTRACT_START).map(at -> !now.isBefore(at)).orElse(true);
    boolean open = customer.moment(Customers.CONTRACT_END).map(now::isBefore).orElse(true);
    return begun && open;
  }

  /**
   * 16 hexadecimal digits made of the version of the plans, and of everything in the documents and
   * files but counters, quota periods and stamps.
   */
  public static String version(Documents documents, Plans plans) {
    StringBuilder text = new StringBuilder();
    canonical(plans.version(), text);
    for (Layered layer :
        List.of(documents.customer(), documents.scene(), documents.flags(), documents.global())) {
      canonical(configuring(layer.document()), text);
      canonical(configuring(layer.file()), text);
    }
    byte[] hash = Digests.sha256(text.toString());
    return HexFormat.of().formatHex(hash, 0, Long.BYTES);
  }

  /** A document without what configuration does not depend on. */
  static Map<String, Object> configuring(Map<String, Object> fields) {
    Map<String, Object> kept = new LinkedHashMap<>(fields);
    kept.keySet().removeAll(UNCONFIGURING);
    return kept;
  }

  private static void canonical(@Nullable Object value, StringBuilder text) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> sorted = new TreeMap<>();
      map.forEach((key, item) -> sorted.put(String.valueOf(key), item == null ? "\0null" : item));
      text.append('{');
      sorted.forEach(
          (key, item) -> {
            canonical(key, text);
            canonical(item, text);
          });
      text.append('}');
    } else if (value instanceof List<?> list) {
      text.append('[');
      list.forEach(item -> canonical(item, text));
      text.append(']');
    } else {
      String plain = String.valueOf(value);
      String type = value == null ? "null" : value.getClass().getSimpleName();
      text.append(type).append(plain.length()).append(':').append(plain);
    }
  }

  /** The scene's own tier, else the customer's, else the first; an unknown word is the first. */
  private BundleTier tier() {
    for (Side side : List.of(scene, customer)) {
      Object word = side.layer().get(Customers.BUNDLE_TIER);
      if (word != null) {
        Optional<BundleTier> known =
            word instanceof String text ? plans.bundleTier(text) : Optional.empty();
        if (known.isEmpty()) {
          warnings.add(new Warning(Warning.UNKNOWN_TIER, side.path(Customers.BUNDLE_TIER)));
        }
        return known.orElse(plans.firstBundleTier());
      }
    }
    return plans.firstBundleTier();
  }

  private Setting flag(FeatureFlag flag) {
    for (Layered layer : List.of(documents.flags(), documents.global())) {
      Object value = layer.get(flag.wire());
      if (value != null && !(value instanceof Boolean)) {
        warnings.add(
            new Warning(Warning.INVALID_VALUE, FeatureFlags.COLLECTION + "." + flag.wire()));
      }
    }
    return FlagRules.resolve(
        flag,
        documents.customerId(),
        tier,
        plans,
        documents.customer(),
        documents.flags(),
        documents.global());
  }

  private void tableSettings() {
    settings.put(
        Scenes.DATA_PACK_TIER,
        capped(new SettingKind.Pack(), Scenes.DATA_PACK_TIER, tier.dataPackTier().wire()));
    count(Scenes.EPISODES_PER_VARIATION, tier.episodesPerVariation());
    count(Scenes.MAX_VARIATIONS, tier.maxVariations());
    settings.put(
        Scenes.MIN_QUALITY_SCORE,
        capped(new SettingKind.Share(), Scenes.MIN_QUALITY_SCORE, tier.minQualityScore()));
    settings.put(
        Scenes.VLA_MODELS, capped(new SettingKind.Words(), Scenes.VLA_MODELS, tier.vlaModels()));
    count(Scenes.NUM_LANGUAGE_VARIATIONS, tier.numLanguageVariations());
  }

  private void count(String name, long row) {
    settings.put(name, capped(new SettingKind.Count(), name, row));
  }

  private <T> Setting capped(SettingKind<T> kind, String name, T row) {
    Optional<Setting> admin = adminOverride(kind, name);
    if (admin.isPresent()) {
      return admin.get();
    }
    Optional<Asked<T>> asked = asked(kind, scene, name);
    if (asked.isEmpty()) {
      return new Setting(row, Source.TIER);
    }
    T cut = kind.cap(asked.get().value(), row);
    Source source = cut.equals(asked.get().value()) ? asked.get().source() : Source.TIER_CAP;
    return new Setting(cut, source);
  }

  private Setting switchOf(FeatureFlag flag) {
    if (FlagRules.isKilled(flag, documents.global())) {
      return new Setting(false, Source.GLOBAL);
    }
    String name = flag.wire() + ENABLED;
    SettingKind.Switch kind = new SettingKind.Switch();
    Optional<Setting> admin = adminOverride(kind, name);
    if (admin.isPresent()) {
      return admin.get();
    }
    Optional<Asked<Boolean>> asked = asked(kind, scene, name);
    if (asked.isEmpty() && isCustomersToo(flag)) {
      asked = asked(kind, customer, name);
    }
    boolean value = asked.map(Asked::value).orElse(tier.has(flag));
    boolean isOn = flags.getOrDefault(flag.wire(), new Setting(false, Source.TIER)).isOn();
    if (value && !isOn) {
      return new Setting(false, Source.FLAG_CAP);
    }
    return new Setting(value, asked.map(Asked::source).orElse(Source.TIER));
  }

  private static boolean isCustomersToo(FeatureFlag flag) {
    return flag == FeatureFlag.AUDIO_NARRATION || flag == FeatureFlag.SUBTITLE_GENERATION;
  }

  /** What is passed on as it stands. */
  private void plainSettings() {
    plain(scene, Scenes.ROBOT_TYPE, String.class);
    plain(scene, Scenes.CUSTOM_SETTINGS, Map.class);
    plain(customer, Customers.PREFERRED_TTS_VOICE, String.class);
    plain(customer, Customers.PREFERRED_LANGUAGE, String.class);
  }

  private void plain(Side side, String name, Class<?> type) {
    Object value = side.layer().get(name);
    if (type.isInstance(value)) {
      settings.put(name, new Setting(value, side.sourceOf(name)));
    } else if (value != null) {
      warnings.add(new Warning(Warning.INVALID_VALUE, side.path(name)));
    }
  }

  private <T> Optional<Setting> adminOverride(SettingKind<T> kind, String name) {
    for (Side side : List.of(scene, customer)) {
      Object value = side.layer().map(Scenes.ADMIN_OVERRIDES).get(name);
      Optional<T> read = kind.read(value);
      if (read.isPresent()) {
        return Optional.of(new Setting(read.get(), Source.ADMIN_OVERRIDE));
      }
      if (value != null) {
        String path = side.path(Scenes.ADMIN_OVERRIDES + "." + name);
        warnings.add(new Warning(Warning.INVALID_VALUE, path));
      }
    }
    return Optional.empty();
  }

  private <T> Optional<Asked<T>> asked(SettingKind<T> kind, Side side, String name) {
    Object value = side.layer().get(name);
    Optional<T> read = kind.read(value);
    if (read.isEmpty() && value != null) {
      warnings.add(new Warning(Warning.INVALID_VALUE, side.path(name)));
    }
    return read.map(asked -> new Asked<>(asked, side.sourceOf(name)));
  }

  private record Asked<T>(T value, Source source) {}

  /** The scene or the customer, with the name that its fields go by. */
  private record Side(String collection, Source source, Layered layer) {
    Source sourceOf(String field) {
      return layer.isFromFile(field) ? Source.FILE : source;
    }

    String path(String field) {
      return collection + "." + field;
    }
  }
}
