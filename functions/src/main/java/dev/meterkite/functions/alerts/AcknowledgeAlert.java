package dev.meterkite.functions.alerts;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/** {@code acknowledge-alert}: somebody has seen it; it expires 90 days after it was raised. */
public final class AcknowledgeAlert implements HttpFunction {
  private final Edge edge;
  private final Endpoint<String> endpoint;

  /** For the platform. */
  public AcknowledgeAlert() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public AcknowledgeAlert(Backend backend) {
    this(backend.edge(), Alerting.of(backend));
  }

  AcknowledgeAlert(Edge edge, Alerting alerting) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("acknowledge-alert")
            .roles(Role.ADMIN)
            .fields(fields -> fields.id("alert_id"))
            .answer(alerting::acknowledge);
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
