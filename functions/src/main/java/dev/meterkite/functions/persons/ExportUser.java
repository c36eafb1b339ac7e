package dev.meterkite.functions.persons;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/** {@code export-user}: hands out the documents of a user or customer, as JSON lines in pages. */
public final class ExportUser implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Export.Request> endpoint;

  /** For the platform. */
  public ExportUser() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ExportUser(Backend backend) {
    this(backend.edge(), Persons.of(backend));
  }

  ExportUser(Edge edge, Persons persons) {
    this.edge = edge;
    this.endpoint =
        Endpoint.get("export-user")
            .roles(Role.ADMIN)
            .fields(Export.Request::parse)
            .answer(call -> persons.export(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
