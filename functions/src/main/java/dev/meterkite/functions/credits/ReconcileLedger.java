package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;
import java.util.Map;

/** {@code reconcile-ledger}: derives the ledgers anew from their transactions and compares. */
public final class ReconcileLedger implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Map<String, Object>> endpoint;

  /** For the platform. */
  public ReconcileLedger() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ReconcileLedger(Backend backend) {
    this(backend.edge(), new Reconciliation(Credits.of(backend).backend()));
  }

  ReconcileLedger(Edge edge, Reconciliation reconciliation) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(Reconciliation.NAME)
            .roles(Role.SCHEDULER, Role.ADMIN)
            .nothing()
            .answer(call -> Answer.ok(reconciliation.walk()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
