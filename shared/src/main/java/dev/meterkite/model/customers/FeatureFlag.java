package dev.meterkite.model.customers;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What can be switched on or off for a customer, with the lowest tier that has it on. */
public enum FeatureFlag implements Word {
  AUDIO_NARRATION(BundleTier.PRO),
  SUBTITLE_GENERATION(BundleTier.PRO),
  VLA_FINETUNING(BundleTier.PRO),
  SIM2REAL(BundleTier.ENTERPRISE),
  CONTACT_RICH(BundleTier.ENTERPRISE),
  TACTILE(BundleTier.ENTERPRISE),
  MULTI_ROBOT(BundleTier.FOUNDATION),
  DEFORMABLE(BundleTier.FOUNDATION),
  BIMANUAL(BundleTier.FOUNDATION),
  DWM_CONDITIONING(BundleTier.ENTERPRISE),
  STREAMING_EXPORT(BundleTier.ENTERPRISE);

  /** Another word for {@link #TACTILE} that customers' overrides use. */
  static final String TACTILE_SENSORS = "tactile_sensors";

  private final BundleTier from;

  FeatureFlag(BundleTier from) {
    this.from = from;
  }

  /** The lowest tier that has this feature; all above it have it too. */
  public BundleTier from() {
    return from;
  }

  /** Whether a tier has this feature. */
  public boolean in(BundleTier tier) {
    return tier.compareTo(from) >= 0;
  }

  /**
   * The flag that a key of a customer's {@code feature_overrides} means: {@code tactile_sensors} is
   * read as {@code tactile}; empty for keys that name no flag, which are kept and ignored.
   */
  public static Optional<FeatureFlag> ofOverrideKey(String key) {
    return key.equals(TACTILE_SENSORS) ? Optional.of(TACTILE) : parse(key);
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<FeatureFlag> parse(@Nullable String wire) {
    return Word.parse(FeatureFlag.class, wire);
  }
}
