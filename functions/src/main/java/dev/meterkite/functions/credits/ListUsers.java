package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/** {@code list-users}: users with their balances, by e-mail, Stripe customer or tier. */
public final class ListUsers implements HttpFunction {
  private final Edge edge;
  private final Endpoint<UserPages.Request> endpoint;

  /** Used by the Functions Framework. */
  public ListUsers() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ListUsers(Backend backend) {
    this(backend.edge(), Credits.of(backend));
  }

  ListUsers(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.get("list-users")
            .roles(Role.ADMIN)
            .fields(UserPages.Request::parse)
            .answer(call -> credits.users(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
