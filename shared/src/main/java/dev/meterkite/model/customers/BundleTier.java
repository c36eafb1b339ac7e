package dev.meterkite.model.customers;

import dev.meterkite.model.plans.DataPackTier;
import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.schema.Word;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a customer has bought, from the least to the most, with the settings that a scene gets by
 * it.
 */
public enum BundleTier implements Word {
  STANDARD(DataPackTier.CORE, 10, 250, 0.70, List.of(), 0),
  PRO(DataPackTier.PLUS, 10, 500, 0.80, List.of("openvla", "smolvla"), 10),
  ENTERPRISE(DataPackTier.FULL, 10, 1_000, 0.85, List.of("openvla", "pi0", "smolvla", "groot"), 15),
  FOUNDATION(DataPackTier.FULL, 25, 2_000, 0.90, List.of("openvla", "pi0", "smolvla", "groot"), 20);

  private final DataPackTier dataPackTier;
  private final long episodesPerVariation;
  private final long maxVariations;
  private final double minQualityScore;

  @SuppressWarnings("ImmutableEnumChecker") // always made by List.of
  private final List<String> vlaModels;

  private final long numLanguageVariations;

  BundleTier(
      DataPackTier dataPackTier,
      long episodesPerVariation,
      long maxVariations,
      double minQualityScore,
      List<String> vlaModels,
      long numLanguageVariations) {
    this.dataPackTier = dataPackTier;
    this.episodesPerVariation = episodesPerVariation;
    this.maxVariations = maxVariations;
    this.minQualityScore = minQualityScore;
    this.vlaModels = vlaModels;
    this.numLanguageVariations = numLanguageVariations;
  }

  /** The data that a scene is delivered with. */
  public DataPackTier dataPackTier() {
    return dataPackTier;
  }

  /** Episodes generated for each variation. */
  public long episodesPerVariation() {
    return episodesPerVariation;
  }

  /** The most variations of a scene. */
  public long maxVariations() {
    return maxVariations;
  }

  /** The quality from which an episode is kept, 0 to 1. */
  public double minQualityScore() {
    return minQualityScore;
  }

  /** The VLA models that data is generated for; foundation's "all" are the four there are. */
  public List<String> vlaModels() {
    return vlaModels;
  }

  /** Variations of the spoken instructions. */
  public long numLanguageVariations() {
    return numLanguageVariations;
  }

  /** The features that this tier has, in the order of {@link FeatureFlag}. */
  public Set<FeatureFlag> flags() {
    Set<FeatureFlag> flags = EnumSet.noneOf(FeatureFlag.class);
    for (FeatureFlag flag : FeatureFlag.values()) {
      if (has(flag)) {
        flags.add(flag);
      }
    }
    return Collections.unmodifiableSet(flags);
  }

  /** Whether a feature is on. */
  public boolean has(FeatureFlag flag) {
    return switch (flag) {
      case AUDIO_NARRATION, SUBTITLE_GENERATION, VLA_FINETUNING -> compareTo(PRO) >= 0;
      case SIM2REAL, CONTACT_RICH, TACTILE, DWM_CONDITIONING, STREAMING_EXPORT ->
          compareTo(ENTERPRISE) >= 0;
      case MULTI_ROBOT, DEFORMABLE, BIMANUAL -> this == FOUNDATION;
    };
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<BundleTier> parse(@Nullable String wire) {
    return Word.parse(BundleTier.class, wire);
  }
}
