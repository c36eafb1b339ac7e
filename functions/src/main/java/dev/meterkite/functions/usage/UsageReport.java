package dev.meterkite.functions.usage;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/** {@code usage-report}: what a customer used in some days, as JSON or CSV. */
public final class UsageReport implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Reports.Request> endpoint;

  /** For the platform. */
  public UsageReport() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public UsageReport(Backend backend) {
    this(backend.edge(), Metering.of(backend));
  }

  UsageReport(Edge edge, Metering metering) {
    this.edge = edge;
    this.endpoint =
        Endpoint.get("usage-report")
            .roles(Role.SERVICE, Role.ADMIN, Role.USER)
            .fields(Reports.Request::parse)
            .owner(Reports.Request::customerId)
            .answer(call -> metering.report(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
