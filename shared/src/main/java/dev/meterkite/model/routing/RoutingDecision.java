package dev.meterkite.model.routing;

import dev.meterkite.model.schema.Bounds;
import dev.meterkite.model.schema.Decoded;
import dev.meterkite.model.schema.Field;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Table;
import dev.meterkite.model.schema.Typed;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Which model was chosen for a task, and why. Where none could serve, provider, model and score are
 * absent and {@code reason} says so.
 *
 * @param fields the whole document, with the fields that we do not know
 */
public record RoutingDecision(Map<String, Object> fields) implements Typed {
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

  /**
   * A record of this document.
   *
   * @throws IllegalArgumentException with everything that is wrong with it
   */
  public RoutingDecision {
    fields = TABLE.checked(fields);
  }

  /** The record of a document, or everything that is wrong with it; never fails. */
  public static Decoded<RoutingDecision> decode(Map<String, Object> document) {
    return TABLE.decode(document, RoutingDecision::new);
  }
}
