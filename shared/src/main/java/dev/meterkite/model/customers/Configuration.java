package dev.meterkite.model.customers;

import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.FeatureFlag;
import java.util.List;
import java.util.Map;

/**
 * What holds for a customer or one of its scenes, and why.
 *
 * @param tier the tier that the values follow
 * @param active whether the contract runs
 * @param settings by name, in a fixed order
 * @param flags by name, in the order of {@link FeatureFlag}
 * @param warnings what was not as it should be; values fell back as if it were absent
 * @param plansVersion the plans that the tier is of
 * @param version moves with every change of these documents, files and plans but those of counters,
 *     quota periods and stamps
 */
public record Configuration(
    BundleTier tier,
    boolean active,
    Map<String, Setting> settings,
    Map<String, Setting> flags,
    List<Warning> warnings,
    String plansVersion,
    String version) {

  /**
   * Something odd in a document.
   *
   * @param code what: {@code unknown_customer}, {@code unknown_tier}, {@code invalid_value}
   * @param field where, as a field path such as {@code scenes.max_variations}
   */
  public record Warning(String code, String field) {
    public static final String UNKNOWN_CUSTOMER = "unknown_customer";
    public static final String UNKNOWN_TIER = "unknown_tier";
    public static final String INVALID_VALUE = "invalid_value";
  }

  public Configuration {
    warnings = List.copyOf(warnings);
  }
}
