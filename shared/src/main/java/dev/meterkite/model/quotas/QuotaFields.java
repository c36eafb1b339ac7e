package dev.meterkite.model.quotas;

import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The limits of one model at its provider. The top-level figures are those of the tightest of its
 * windows, or the only ones.
 */
public final class QuotaFields {
  public static final Field<String> PROVIDER =
      Bounds.length(1, 500, Field.string(Schema.ModelQuotas.PROVIDER)).mandatory();
  public static final Field<String> MODEL_ID =
      Bounds.length(1, 500, Field.string(Schema.ModelQuotas.MODEL_ID)).mandatory();
  public static final Field<Long> TOKENS_USED =
      Bounds.atLeast(0, Field.integer(Schema.ModelQuotas.TOKENS_USED));
  public static final Field<Long> TOKENS_LIMIT =
      Bounds.atLeast(0, Field.integer(Schema.ModelQuotas.TOKENS_LIMIT));
  public static final Field<Instant> RESET_AT = Field.timestamp(Schema.ModelQuotas.RESET_AT);
  public static final Field<Long> REQUESTS_USED =
      Bounds.atLeast(0, Field.integer(Schema.ModelQuotas.REQUESTS_USED));
  public static final Field<Long> REQUESTS_LIMIT =
      Bounds.atLeast(0, Field.integer(Schema.ModelQuotas.REQUESTS_LIMIT));
  public static final Field<Map<String, Object>> WINDOWS = Field.map(Schema.ModelQuotas.WINDOWS);
  public static final Field<QuotaStatus> STATUS =
      Field.word(Schema.ModelQuotas.STATUS, QuotaStatus.class);
  public static final Field<Instant> QUOTA_DUE_AT =
      Field.timestamp(Schema.ModelQuotas.QUOTA_DUE_AT);
  public static final Field<List<Object>> VALIDATION_ERRORS =
      Field.array(Schema.ModelQuotas.VALIDATION_ERRORS);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
          Schema.ModelQuotas.COLLECTION,
          PROVIDER,
          MODEL_ID,
          TOKENS_USED,
          TOKENS_LIMIT,
          RESET_AT,
          REQUESTS_USED,
          REQUESTS_LIMIT,
          WINDOWS,
          STATUS,
          QUOTA_DUE_AT,
          VALIDATION_ERRORS);

  private QuotaFields() {}
}
