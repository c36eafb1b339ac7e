package dev.meterkite.functions.customers;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import dev.meterkite.functions.plans.CurrentPlans;
import java.io.IOException;

/**
 * {@code register-customer}: creates a customer and its flags in one commit.
 *
 * <p>A customer that exists is answered as it is: fields that it lacks are set, and a field that
 * differs is a 409 {@code already_exists}. A customer that was erased takes all but what the
 * erasure removed, such as a name: that is a 409 {@code customer_erased}.
 */
public final class RegisterCustomer implements HttpFunction {
  private final Edge edge;
  private final Endpoint<CustomerRegistrar.Request> endpoint;

  /** Used by the Functions Framework. */
  public RegisterCustomer() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public RegisterCustomer(Backend backend) {
    this(
        backend.edge(),
        new CustomerRegistrar(backend, Configurations.of(backend), CurrentPlans.of(backend)));
  }

  RegisterCustomer(Edge edge, CustomerRegistrar customers) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CustomerRegistrar.OPERATION)
            .roles(Role.SERVICE, Role.ADMIN)
            .fields(customers::parse)
            .answer(customers::register);
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
