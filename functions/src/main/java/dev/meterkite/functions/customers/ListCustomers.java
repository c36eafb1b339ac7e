package dev.meterkite.functions.customers;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/** {@code list-customers}: customers by tier and by the end of their contract, for admins. */
public final class ListCustomers implements HttpFunction {
  private final Edge edge;
  private final Endpoint<CustomerPages.Request> endpoint;

  /** For the platform. */
  public ListCustomers() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ListCustomers(Backend backend) {
    this(backend.edge(), new CustomerPages(backend));
  }

  ListCustomers(Edge edge, CustomerPages pages) {
    this.edge = edge;
    this.endpoint =
        Endpoint.get("list-customers")
            .roles(Role.ADMIN)
            .fields(CustomerPages.Request::parse)
            .answer(call -> pages.page(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
