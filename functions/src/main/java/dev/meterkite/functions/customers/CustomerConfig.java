package dev.meterkite.functions.customers;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/**
 * {@code customer-config}: every setting and flag of a customer or scene, each with where it came
 * from. A user sees its own: the customer that is named, or that the scene turns out to belong to.
 */
public final class CustomerConfig implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Configurations.Request> endpoint;

  /** For the platform. */
  public CustomerConfig() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public CustomerConfig(Backend backend) {
    this(backend.edge(), Configurations.of(backend));
  }

  CustomerConfig(Edge edge, Configurations configurations) {
    this.edge = edge;
    this.endpoint =
        Endpoint.get("customer-config")
            .roles(Role.SERVICE, Role.ADMIN, Role.USER)
            .fields(Configurations.Request::parse)
            .owner(Configurations.Request::customerId)
            .answer(configurations::answer);
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
