package dev.meterkite.functions.persons;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/** {@code erase-user}: erases what names a user or customer; the money stays. */
public final class EraseUser implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Erasure.Request> endpoint;

  /** For the platform. */
  public EraseUser() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public EraseUser(Backend backend) {
    this(backend.edge(), Persons.of(backend));
  }

  EraseUser(Edge edge, Persons persons) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("erase-user")
            .roles(Role.ADMIN)
            .fields(Erasure.Request::parse)
            .answer(call -> persons.erase(call));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
