package dev.meterkite.model.plans;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A tier of customers: the settings that a scene gets by it, which are also its bounds.
 *
 * @param word its name in documents and requests
 * @param dataPackTier the data that a scene is delivered with
 * @param episodesPerVariation episodes generated for each variation
 * @param maxVariations the most variations of a scene
 * @param minQualityScore the quality from which an episode is kept, 0 to 1
 * @param vlaModels the VLA models that data is generated for
 * @param numLanguageVariations variations of the spoken instructions
 * @param monthlySceneQuota the scenes a month that a customer is registered with, −1 for any
 *     number; null where the tier does not say
 * @param flags the features that are on, in the order of {@link FeatureFlag}
 */
public record BundleTier(
    String word,
    DataPackTier dataPackTier,
    long episodesPerVariation,
    long maxVariations,
    double minQualityScore,
    List<String> vlaModels,
    long numLanguageVariations,
    @Nullable Long monthlySceneQuota,
    Set<FeatureFlag> flags) {
  public BundleTier {
    vlaModels = List.copyOf(vlaModels);
    EnumSet<FeatureFlag> ordered = EnumSet.noneOf(FeatureFlag.class);
    ordered.addAll(flags);
    flags = Collections.unmodifiableSet(ordered);
  }

  /** Whether a feature is on. */
  public boolean has(FeatureFlag flag) {
    return flags.contains(flag);
  }
}
