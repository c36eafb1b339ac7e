package dev.meterkite.functions.health;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import java.io.IOException;

/**
 * {@code provider-status}: providers and quotas, a page at a time, and the number of open alerts.
 */
public final class ProviderStatus implements HttpFunction {
  private final Edge edge;
  private final Endpoint<StatusPage> endpoint;

  /** For the platform. */
  public ProviderStatus() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ProviderStatus(Backend backend) {
    this(backend.edge(), Providers.of(backend));
  }

  ProviderStatus(Edge edge, Providers providers) {
    this.edge = edge;
    this.endpoint =
        Endpoint.get("provider-status")
            .fields(StatusPage::parse)
            .answer(call -> providers.status(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
