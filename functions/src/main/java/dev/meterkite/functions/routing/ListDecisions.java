package dev.meterkite.functions.routing;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/**
 * {@code list-decisions}: routing decisions with what was weighed, newest first; one of them can be
 * decided again, which writes nothing.
 */
public final class ListDecisions implements HttpFunction {
  private final Edge edge;
  private final Endpoint<DecisionPages.Request> endpoint;

  /** Used by the Functions Framework. */
  public ListDecisions() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ListDecisions(Backend backend) {
    this(backend.edge(), new DecisionPages(backend, Routing.of(backend)));
  }

  ListDecisions(Edge edge, DecisionPages pages) {
    this.edge = edge;
    this.endpoint =
        Endpoint.get("list-decisions")
            .roles(Role.ADMIN)
            .fields(DecisionPages.Request::parse)
            .answer(call -> pages.page(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
