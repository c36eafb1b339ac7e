package dev.meterkite.functions.alerts;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/** {@code list-alerts}: alerts, latest first, a page at a time. */
public final class ListAlerts implements HttpFunction {
  private final Edge edge;
  private final Endpoint<AlertRequest> endpoint;

  /** For the platform. */
  public ListAlerts() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ListAlerts(Backend backend) {
    this(backend.edge(), Alerting.of(backend));
  }

  ListAlerts(Edge edge, Alerting alerting) {
    this.edge = edge;
    this.endpoint =
        Endpoint.get("list-alerts")
            .roles(Role.ADMIN)
            .fields(AlertRequest::parse)
            .answer(call -> alerting.list(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
