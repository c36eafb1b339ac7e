package dev.meterkite.model.customers;

import dev.meterkite.model.plans.DataPackTier;
import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A scene and what it asks for; what it gets is decided by tier and flags. */
public final class SceneFields {
  public static final Field<Long> SCHEMA_VERSION =
      Bounds.atLeast(1, Field.integer(Schema.Scenes.SCHEMA_VERSION)).mandatory();
  public static final Field<String> CUSTOMER_ID =
      Bounds.length(1, 1_500, Field.string(Schema.Scenes.CUSTOMER_ID)).mandatory();
  public static final Field<String> BUNDLE_TIER = Field.string(Schema.Scenes.BUNDLE_TIER);
  public static final Field<String> ROBOT_TYPE = Field.string(Schema.Scenes.ROBOT_TYPE);
  public static final Field<DataPackTier> DATA_PACK_TIER =
      Field.word(Schema.Scenes.DATA_PACK_TIER, DataPackTier.class);
  public static final Field<Long> EPISODES_PER_VARIATION =
      Bounds.atLeast(0, Field.integer(Schema.Scenes.EPISODES_PER_VARIATION));
  public static final Field<Long> MAX_VARIATIONS =
      Bounds.atLeast(0, Field.integer(Schema.Scenes.MAX_VARIATIONS));
  public static final Field<Double> MIN_QUALITY_SCORE =
      Bounds.between(0.0, 1.0, Field.number(Schema.Scenes.MIN_QUALITY_SCORE));
  public static final Field<Boolean> AUDIO_NARRATION_ENABLED =
      Field.bool(Schema.Scenes.AUDIO_NARRATION_ENABLED);
  public static final Field<Boolean> SUBTITLE_GENERATION_ENABLED =
      Field.bool(Schema.Scenes.SUBTITLE_GENERATION_ENABLED);
  public static final Field<List<Object>> VLA_MODELS =
      Field.array(Schema.Scenes.VLA_MODELS)
          .bound("a list of texts", models -> models.stream().allMatch(String.class::isInstance));
  public static final Field<Long> NUM_LANGUAGE_VARIATIONS =
      Bounds.atLeast(0, Field.integer(Schema.Scenes.NUM_LANGUAGE_VARIATIONS));
  public static final Field<Boolean> SIM2REAL_ENABLED = Field.bool(Schema.Scenes.SIM2REAL_ENABLED);
  public static final Field<Boolean> CONTACT_RICH_ENABLED =
      Field.bool(Schema.Scenes.CONTACT_RICH_ENABLED);
  public static final Field<Boolean> TACTILE_ENABLED = Field.bool(Schema.Scenes.TACTILE_ENABLED);
  public static final Field<Map<String, Object>> CUSTOM_SETTINGS =
      Field.map(Schema.Scenes.CUSTOM_SETTINGS);
  public static final Field<Instant> CREATED_AT = Field.timestamp(Schema.Scenes.CREATED_AT);
  public static final Field<Instant> UPDATED_AT = Field.timestamp(Schema.Scenes.UPDATED_AT);
  public static final Field<Map<String, Object>> ADMIN_OVERRIDES =
      Field.map(Schema.Scenes.ADMIN_OVERRIDES);
  public static final Field<List<Object>> VALIDATION_ERRORS =
      Field.array(Schema.Scenes.VALIDATION_ERRORS);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
          Schema.Scenes.COLLECTION,
          SCHEMA_VERSION,
          CUSTOMER_ID,
          BUNDLE_TIER,
          ROBOT_TYPE,
          DATA_PACK_TIER,
          EPISODES_PER_VARIATION,
          MAX_VARIATIONS,
          MIN_QUALITY_SCORE,
          AUDIO_NARRATION_ENABLED,
          SUBTITLE_GENERATION_ENABLED,
          VLA_MODELS,
          NUM_LANGUAGE_VARIATIONS,
          SIM2REAL_ENABLED,
          CONTACT_RICH_ENABLED,
          TACTILE_ENABLED,
          CUSTOM_SETTINGS,
          CREATED_AT,
          UPDATED_AT,
          ADMIN_OVERRIDES,
          VALIDATION_ERRORS);

  private SceneFields() {}
}
