package dev.meterkite.model.customers;

import dev.meterkite.model.plans.FeatureFlag;
import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;

/** A customer: tier, quota, contract, preferences. */
public final class CustomerFields {
  public static final Field<Long> SCHEMA_VERSION =
      Bounds.atLeast(1, Field.integer(Schema.Customers.SCHEMA_VERSION)).mandatory();
  public static final Field<String> BUNDLE_TIER =
      Field.string(Schema.Customers.BUNDLE_TIER).mandatory();
  public static final Field<String> ORGANIZATION_NAME =
      Field.string(Schema.Customers.ORGANIZATION_NAME);
  public static final Field<String> EMAIL = Field.string(Schema.Customers.EMAIL);
  public static final Field<Long> MONTHLY_SCENE_QUOTA =
      Bounds.atLeast(-1, Field.integer(Schema.Customers.MONTHLY_SCENE_QUOTA));
  public static final Field<Long> SCENES_GENERATED_THIS_MONTH =
      Bounds.atLeast(0, Field.integer(Schema.Customers.SCENES_GENERATED_THIS_MONTH));
  public static final Field<Long> TOTAL_SCENES_GENERATED =
      Bounds.atLeast(0, Field.integer(Schema.Customers.TOTAL_SCENES_GENERATED));
  public static final Field<Long> TOTAL_EPISODES_GENERATED =
      Bounds.atLeast(0, Field.integer(Schema.Customers.TOTAL_EPISODES_GENERATED));
  public static final Field<Boolean> AUDIO_NARRATION_ENABLED =
      Field.bool(Schema.Customers.AUDIO_NARRATION_ENABLED);
  public static final Field<Boolean> SUBTITLE_GENERATION_ENABLED =
      Field.bool(Schema.Customers.SUBTITLE_GENERATION_ENABLED);
  public static final Field<String> PREFERRED_TTS_VOICE =
      Field.string(Schema.Customers.PREFERRED_TTS_VOICE);
  public static final Field<String> PREFERRED_LANGUAGE =
      Field.string(Schema.Customers.PREFERRED_LANGUAGE);
  public static final Field<SupportTier> SUPPORT_TIER =
      Field.word(Schema.Customers.SUPPORT_TIER, SupportTier.class);
  public static final Field<Instant> CONTRACT_START =
      Field.timestamp(Schema.Customers.CONTRACT_START);
  public static final Field<Instant> CONTRACT_END = Field.timestamp(Schema.Customers.CONTRACT_END);
  public static final Field<Map<String, Object>> FEATURE_OVERRIDES =
      Field.map(Schema.Customers.FEATURE_OVERRIDES)
          .bound("true or false for each feature", CustomerFields::overridesByBooleans);
  public static final Field<Instant> CREATED_AT = Field.timestamp(Schema.Customers.CREATED_AT);
  public static final Field<Instant> UPDATED_AT = Field.timestamp(Schema.Customers.UPDATED_AT);
  public static final Field<Instant> QUOTA_RESET_AT =
      Field.timestamp(Schema.Customers.QUOTA_RESET_AT);
  public static final Field<Instant> QUOTA_DUE_AT = Field.timestamp(Schema.Customers.QUOTA_DUE_AT);
  public static final Field<Long> BILLING_ANCHOR_DAY =
      Bounds.between(1, 31, Field.integer(Schema.Customers.BILLING_ANCHOR_DAY));
  public static final Field<String> BILLING_TIME_ZONE =
      Field.string(Schema.Customers.BILLING_TIME_ZONE)
          .bound("a time zone such as Europe/Berlin", ZoneId.getAvailableZoneIds()::contains);
  public static final Field<Map<String, Object>> ADMIN_OVERRIDES =
      Field.map(Schema.Customers.ADMIN_OVERRIDES);
  public static final Field<List<Object>> VALIDATION_ERRORS =
      Field.array(Schema.Customers.VALIDATION_ERRORS);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
              Schema.Customers.COLLECTION,
              SCHEMA_VERSION,
              BUNDLE_TIER,
              ORGANIZATION_NAME,
              EMAIL,
              MONTHLY_SCENE_QUOTA,
              SCENES_GENERATED_THIS_MONTH,
              TOTAL_SCENES_GENERATED,
              TOTAL_EPISODES_GENERATED,
              AUDIO_NARRATION_ENABLED,
              SUBTITLE_GENERATION_ENABLED,
              PREFERRED_TTS_VOICE,
              PREFERRED_LANGUAGE,
              SUPPORT_TIER,
              CONTRACT_START,
              CONTRACT_END,
              FEATURE_OVERRIDES,
              CREATED_AT,
              UPDATED_AT,
              QUOTA_RESET_AT,
              QUOTA_DUE_AT,
              BILLING_ANCHOR_DAY,
              BILLING_TIME_ZONE,
              ADMIN_OVERRIDES,
              VALIDATION_ERRORS)
          .with(
              Schema.Customers.CONTRACT_END,
              "must be after contract_start",
              customer ->
                  customer
                      .read(CONTRACT_END)
                      .orElse(Instant.MAX)
                      .isAfter(customer.read(CONTRACT_START).orElse(Instant.MIN)));

  private CustomerFields() {}

  /** Keys that name no feature are somebody else's. */
  private static boolean overridesByBooleans(Map<String, Object> overrides) {
    return overrides.entrySet().stream()
        .filter(entry -> FeatureFlag.ofOverrideKey(entry.getKey()).isPresent())
        .allMatch(entry -> entry.getValue() instanceof Boolean);
  }
}
