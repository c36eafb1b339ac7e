package dev.meterkite.functions.routing;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.routing.RouteRequest;
import dev.meterkite.model.routing.TaskType;
import java.io.IOException;
import java.util.Set;

/** {@code route-model}: chooses a model for a task and reserves its tokens. */
public final class RouteModel implements HttpFunction {
  private static final int MOST_EXCLUDED = 500;
  private static final int LONGEST_NAME = 1_001;
  private static final int LONGEST_LANGUAGE = 35;

  private final Edge edge;
  private final Endpoint<RouteRequest> endpoint;

  /** For the platform. */
  public RouteModel() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public RouteModel(Backend backend) {
    this(backend.edge(), Routing.of(backend));
  }

  RouteModel(Edge edge, Routing routing) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("route-model")
            .roles(Role.SERVICE)
            .fields(RouteModel::parse)
            .answer(call -> routing.route(call.request(), call.key(), call.requestHash()));
  }

  private static RouteRequest parse(Fields fields) {
    String jobId = fields.optionalId("job_id");
    TaskType taskType = fields.word("task_type", TaskType.class);
    RouteRequest.Size size = size(fields);
    return new RouteRequest(
        jobId,
        taskType,
        size,
        fields.optionalString("language", 1, LONGEST_LANGUAGE),
        Set.copyOf(
            fields.strings(
                "exclude",
                0,
                MOST_EXCLUDED,
                name -> !name.isEmpty() && name.length() <= LONGEST_NAME,
                "a model_id or provider/model_id")),
        fields.optionalInteger("max_cost_micros", 0, Long.MAX_VALUE),
        fields.optionalId("attempt_of"),
        Boolean.TRUE.equals(fields.optionalFlag("explain")));
  }

  private static RouteRequest.Size size(Fields fields) {
    long input = fields.integer("input_tokens", 0, RouteRequest.MAX_TOKENS);
    long output = fields.integer("output_tokens", 0, RouteRequest.MAX_TOKENS);
    long cached = fields.integer("cached_input_tokens", 0, RouteRequest.MAX_TOKENS, 0);
    Long characters = fields.optionalInteger("characters", 1, RouteRequest.MAX_TOKENS);
    Long seconds = fields.optionalInteger("audio_seconds", 1, RouteRequest.MAX_TOKENS);
    if (cached > input) {
      fields.fault("cached_input_tokens", "out_of_range", "must be at most input_tokens");
    }
    boolean told = characters != null || seconds != null;
    if (fields.has("input_tokens") && fields.has("output_tokens") && input + output == 0 && !told) {
      fields.fault(
          "output_tokens",
          "out_of_range",
          "must be at least 1 where no input, characters or audio_seconds are");
    }
    return new RouteRequest.Size(input, cached, output, characters, seconds);
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
