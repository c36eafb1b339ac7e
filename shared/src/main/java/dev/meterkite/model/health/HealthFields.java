package dev.meterkite.model.health;

import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** How a provider does; the id of the document is the provider's. */
public final class HealthFields {
  public static final Field<String> PROVIDER =
      Bounds.length(1, 500, Field.string(Schema.ModelProviderHealth.PROVIDER)).mandatory();
  public static final Field<HealthStatus> STATUS =
      Field.word(Schema.ModelProviderHealth.STATUS, HealthStatus.class);
  public static final Field<Instant> LAST_CHECK =
      Field.timestamp(Schema.ModelProviderHealth.LAST_CHECK);
  public static final Field<Long> LATENCY_MS =
      Bounds.atLeast(0, Field.integer(Schema.ModelProviderHealth.LATENCY_MS));
  public static final Field<Double> ERROR_RATE =
      Bounds.between(0.0, 1.0, Field.number(Schema.ModelProviderHealth.ERROR_RATE));
  public static final Field<Map<String, Object>> CIRCUIT =
      Field.map(Schema.ModelProviderHealth.CIRCUIT);
  public static final Field<Map<String, Object>> MODELS =
      Field.map(Schema.ModelProviderHealth.MODELS);
  public static final Field<Map<String, Object>> ACCESS =
      Field.map(Schema.ModelProviderHealth.ACCESS);
  public static final Field<CircuitState> CIRCUIT_STATE =
      Field.word(Schema.ModelProviderHealth.CIRCUIT_STATE, CircuitState.class);
  public static final Field<Instant> HEALTH_DUE_AT =
      Field.timestamp(Schema.ModelProviderHealth.HEALTH_DUE_AT);
  public static final Field<List<Object>> VALIDATION_ERRORS =
      Field.array(Schema.ModelProviderHealth.VALIDATION_ERRORS);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
          Schema.ModelProviderHealth.COLLECTION,
          PROVIDER,
          STATUS,
          LAST_CHECK,
          LATENCY_MS,
          ERROR_RATE,
          CIRCUIT,
          CIRCUIT_STATE,
          MODELS,
          ACCESS,
          HEALTH_DUE_AT,
          VALIDATION_ERRORS);

  private HealthFields() {}
}
