package dev.meterkite.functions.health;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;
import java.util.Map;

/** {@code check-providers}: probes the providers, once an interval however often it is called. */
public final class CheckProviders implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Map<String, Object>> endpoint;

  /** For the platform. */
  public CheckProviders() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public CheckProviders(Backend backend) {
    this(backend.edge(), Providers.of(backend));
  }

  CheckProviders(Edge edge, Providers providers) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("check-providers")
            .roles(Role.SCHEDULER, Role.ADMIN)
            .nothing()
            .answer(call -> providers.check());
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
