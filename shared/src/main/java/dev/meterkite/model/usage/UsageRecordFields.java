package dev.meterkite.model.usage;

import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Something that was used. */
public final class UsageRecordFields {
  public static final Field<Long> SCHEMA_VERSION =
      Bounds.atLeast(1, Field.integer(Schema.UsageTracking.SCHEMA_VERSION));
  public static final Field<String> CUSTOMER_ID =
      Bounds.length(1, 1_500, Field.string(Schema.UsageTracking.CUSTOMER_ID)).mandatory();
  public static final Field<String> SCENE_ID = Field.string(Schema.UsageTracking.SCENE_ID);
  public static final Field<String> ACTION =
      Field.string(Schema.UsageTracking.ACTION)
          .bound("a snake_case word of 1 to 100 characters", UsageAction::isAction)
          .mandatory();
  public static final Field<Instant> TIMESTAMP =
      Field.timestamp(Schema.UsageTracking.TIMESTAMP).mandatory();
  public static final Field<Map<String, Object>> DETAILS = Field.map(Schema.UsageTracking.DETAILS);
  public static final Field<Long> EPISODES_GENERATED =
      Bounds.atLeast(0, Field.integer(Schema.UsageTracking.EPISODES_GENERATED));
  public static final Field<Double> COMPUTE_MINUTES =
      Bounds.atLeast(0.0, Field.number(Schema.UsageTracking.COMPUTE_MINUTES));
  public static final Field<Double> STORAGE_GB =
      Bounds.atLeast(0.0, Field.number(Schema.UsageTracking.STORAGE_GB));
  public static final Field<Boolean> BILLABLE = Field.bool(Schema.UsageTracking.BILLABLE);
  public static final Field<Double> ESTIMATED_COST =
      Bounds.atLeast(0.0, Field.number(Schema.UsageTracking.ESTIMATED_COST));
  public static final Field<Long> ESTIMATED_COST_MICROS =
      Bounds.atLeast(0, Field.integer(Schema.UsageTracking.ESTIMATED_COST_MICROS));
  public static final Field<String> CORRECTS = Field.string(Schema.UsageTracking.CORRECTS);
  public static final Field<Correction> CORRECTION =
      Field.word(Schema.UsageTracking.CORRECTION, Correction.class);
  public static final Field<String> CORRECTED_BY = Field.string(Schema.UsageTracking.CORRECTED_BY);
  public static final Field<String> LATE_FOR = Field.string(Schema.UsageTracking.LATE_FOR);
  public static final Field<List<Object>> VALIDATION_ERRORS =
      Field.array(Schema.UsageTracking.VALIDATION_ERRORS);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
              Schema.UsageTracking.COLLECTION,
              SCHEMA_VERSION,
              CUSTOMER_ID,
              SCENE_ID,
              ACTION,
              TIMESTAMP,
              DETAILS,
              EPISODES_GENERATED,
              COMPUTE_MINUTES,
              STORAGE_GB,
              BILLABLE,
              ESTIMATED_COST,
              ESTIMATED_COST_MICROS,
              CORRECTS,
              CORRECTION,
              CORRECTED_BY,
              LATE_FOR,
              VALIDATION_ERRORS)
          .with(
              Schema.UsageTracking.CORRECTION,
              "must stand together with corrects",
              usage -> usage.read(CORRECTION).isPresent() == usage.read(CORRECTS).isPresent());

  private UsageRecordFields() {}
}
