package dev.meterkite.functions.health;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/** {@code report-outcome}: how a call to a provider ended, and what its reservation came to. */
public final class ReportOutcome implements HttpFunction {
  private final Edge edge;
  private final Endpoint<OutcomeReport> endpoint;

  /** For the platform. */
  public ReportOutcome() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ReportOutcome(Backend backend) {
    this(backend.edge(), Providers.of(backend));
  }

  ReportOutcome(Edge edge, Providers providers) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("report-outcome")
            .roles(Role.SERVICE)
            .fields(OutcomeReport::parse)
            .answer(call -> providers.report(OutcomeReport.of(call)));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
