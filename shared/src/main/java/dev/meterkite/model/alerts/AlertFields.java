package dev.meterkite.model.alerts;

import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import java.time.Instant;

/** One incident, from its first report to its recovery. */
public final class AlertFields {
  public static final Field<AlertType> TYPE =
      Field.word(Schema.ModelRouterAlerts.TYPE, AlertType.class).mandatory();
  public static final Field<AlertSeverity> SEVERITY =
      Field.word(Schema.ModelRouterAlerts.SEVERITY, AlertSeverity.class).mandatory();
  public static final Field<String> PROVIDER = Field.string(Schema.ModelRouterAlerts.PROVIDER);
  public static final Field<String> MODEL = Field.string(Schema.ModelRouterAlerts.MODEL);
  public static final Field<String> MESSAGE = Field.string(Schema.ModelRouterAlerts.MESSAGE);
  public static final Field<Boolean> ACKNOWLEDGED =
      Field.bool(Schema.ModelRouterAlerts.ACKNOWLEDGED);
  public static final Field<Instant> CREATED_AT =
      Field.timestamp(Schema.ModelRouterAlerts.CREATED_AT).mandatory();
  public static final Field<String> FINGERPRINT =
      Field.string(Schema.ModelRouterAlerts.FINGERPRINT);
  public static final Field<String> SUBJECT = Field.string(Schema.ModelRouterAlerts.SUBJECT);
  public static final Field<AlertStatus> STATUS =
      Field.word(Schema.ModelRouterAlerts.STATUS, AlertStatus.class);
  public static final Field<Long> OCCURRENCES =
      Bounds.atLeast(1, Field.integer(Schema.ModelRouterAlerts.OCCURRENCES));
  public static final Field<Instant> EXPIRE_AT =
      Field.timestamp(Schema.ModelRouterAlerts.EXPIRE_AT);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
          Schema.ModelRouterAlerts.COLLECTION,
          TYPE,
          SEVERITY,
          PROVIDER,
          MODEL,
          MESSAGE,
          ACKNOWLEDGED,
          CREATED_AT,
          FINGERPRINT,
          SUBJECT,
          STATUS,
          OCCURRENCES,
          EXPIRE_AT);

  private AlertFields() {}
}
