package dev.meterkite.functions.usage;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.usage.UsageBatch;
import dev.meterkite.model.usage.UsageCommands;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * {@code record-usage}: takes one usage record, a list of them, or CloudEvents with records as
 * their data, and answers each.
 */
public final class RecordUsage implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Records> endpoint;

  /** For the platform. */
  public RecordUsage() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public RecordUsage(Backend backend) {
    this(backend.edge(), Metering.of(backend));
  }

  RecordUsage(Edge edge, Metering metering) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(UsageCommands.RECORD_USAGE)
            .roles(Role.SERVICE)
            .keyRequired()
            .cloudEvents()
            .fields(Records::parse)
            .answer(
                call ->
                    metering.record(
                        call.request().items(),
                        call.request().alone(),
                        call.requiredKey(),
                        call.requestHash()));
  }

  /** The items as they were sent, and whether the request is one record and no list. */
  private record Records(List<Map<String, Object>> items, boolean alone) {
    static Records parse(Fields fields) {
      if (!fields.isNamed("records")) {
        return new Records(List.of(fields.members()), true);
      }
      List<Fields> items = fields.objects("records", 1, UsageBatch.MAX_ITEMS);
      return new Records(items.stream().map(Fields::members).toList(), false);
    }
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
