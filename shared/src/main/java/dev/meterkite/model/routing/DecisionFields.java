package dev.meterkite.model.routing;

import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import java.time.Instant;
import java.util.List;

/**
 * Which model was chosen for a task, and why. Where none could serve, provider, model and score are
 * absent and {@code reason} says so.
 */
public final class DecisionFields {
  public static final Field<String> JOB_ID = Field.string(Schema.RoutingDecisions.JOB_ID);
  public static final Field<TaskType> TASK_TYPE =
      Field.word(Schema.RoutingDecisions.TASK_TYPE, TaskType.class).mandatory();
  public static final Field<String> SELECTED_PROVIDER =
      Bounds.length(1, 500, Field.string(Schema.RoutingDecisions.SELECTED_PROVIDER));
  public static final Field<String> SELECTED_MODEL =
      Bounds.length(1, 500, Field.string(Schema.RoutingDecisions.SELECTED_MODEL));
  public static final Field<Double> SCORE =
      Bounds.between(0.0, 100.0, Field.number(Schema.RoutingDecisions.SCORE));
  public static final Field<Instant> TIMESTAMP =
      Field.timestamp(Schema.RoutingDecisions.TIMESTAMP).mandatory();
  public static final Field<List<Object>> CANDIDATES =
      Field.array(Schema.RoutingDecisions.CANDIDATES);
  public static final Field<Instant> EXPIRE_AT = Field.timestamp(Schema.RoutingDecisions.EXPIRE_AT);

  /** All fields, and what must hold between them. */
  public static final Table TABLE =
      Table.of(
          Schema.RoutingDecisions.COLLECTION,
          JOB_ID,
          TASK_TYPE,
          SELECTED_PROVIDER,
          SELECTED_MODEL,
          SCORE,
          TIMESTAMP,
          CANDIDATES,
          EXPIRE_AT);

  private DecisionFields() {}
}
