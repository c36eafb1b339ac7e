package dev.meterkite.model.plans;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What can be switched on or off for a customer. */
public enum FeatureFlag implements Word {
  AUDIO_NARRATION,
  SUBTITLE_GENERATION,
  VLA_FINETUNING,
  SIM2REAL,
  CONTACT_RICH,
  TACTILE,
  MULTI_ROBOT,
  DEFORMABLE,
  BIMANUAL,
  DWM_CONDITIONING,
  STREAMING_EXPORT;

  /** Another word for {@link #TACTILE} that customers' overrides use. */
  public static final String TACTILE_SENSORS = "tactile_sensors";

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
