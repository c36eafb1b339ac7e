package dev.meterkite.model.customers;

import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import java.util.Map;

/**
 * The switches of one customer, or of all. Keys that are no flag, such as {@code _comment}, are
 * kept and ignored.
 */
public final class FlagFields {
  public static final Field<Long> SCHEMA_VERSION =
      Bounds.atLeast(1, Field.integer(Schema.FeatureFlags.SCHEMA_VERSION));
  public static final Field<Boolean> AUDIO_NARRATION =
      Field.bool(Schema.FeatureFlags.AUDIO_NARRATION);
  public static final Field<Boolean> SUBTITLE_GENERATION =
      Field.bool(Schema.FeatureFlags.SUBTITLE_GENERATION);
  public static final Field<Boolean> VLA_FINETUNING =
      Field.bool(Schema.FeatureFlags.VLA_FINETUNING);
  public static final Field<Boolean> SIM2REAL = Field.bool(Schema.FeatureFlags.SIM2REAL);
  public static final Field<Boolean> CONTACT_RICH = Field.bool(Schema.FeatureFlags.CONTACT_RICH);
  public static final Field<Boolean> TACTILE = Field.bool(Schema.FeatureFlags.TACTILE);
  public static final Field<Boolean> MULTI_ROBOT = Field.bool(Schema.FeatureFlags.MULTI_ROBOT);
  public static final Field<Boolean> DEFORMABLE = Field.bool(Schema.FeatureFlags.DEFORMABLE);
  public static final Field<Boolean> BIMANUAL = Field.bool(Schema.FeatureFlags.BIMANUAL);
  public static final Field<Boolean> DWM_CONDITIONING =
      Field.bool(Schema.FeatureFlags.DWM_CONDITIONING);
  public static final Field<Boolean> STREAMING_EXPORT =
      Field.bool(Schema.FeatureFlags.STREAMING_EXPORT);
  public static final Field<Map<String, Object>> ORIGIN = Field.map(Schema.FeatureFlags.ORIGIN);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
          Schema.FeatureFlags.COLLECTION,
          SCHEMA_VERSION,
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
          STREAMING_EXPORT,
          ORIGIN);

  private FlagFields() {}
}
