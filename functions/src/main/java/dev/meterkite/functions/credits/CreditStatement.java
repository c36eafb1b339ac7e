package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.credits.commands.CreditCommands;
import java.io.IOException;

/** {@code credit-statement}: balance, lots and transactions of a user, in pages. */
public final class CreditStatement implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Statements.Request> endpoint;

  /** For the platform. */
  public CreditStatement() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public CreditStatement(Backend backend) {
    this(backend.edge(), Credits.of(backend));
  }

  CreditStatement(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.get(CreditCommands.STATEMENT)
            .roles(Role.SERVICE, Role.ADMIN, Role.USER)
            .fields(Statements.Request::parse)
            .owner(Statements.Request::userId)
            .answer(call -> credits.statement(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
