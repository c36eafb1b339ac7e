package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.credits.commands.CreditCommands;
import java.io.IOException;
import java.util.Map;

/**
 * {@code expire-credits}: applies what is due to users and jobs, and pays for jobs whose events
 * were lost.
 */
public final class ExpireCredits implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Map<String, Object>> endpoint;

  /** For the platform. */
  public ExpireCredits() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ExpireCredits(Backend backend) {
    this(backend.edge(), new DueCredits(Credits.of(backend).backend(), Credits.of(backend)));
  }

  ExpireCredits(Edge edge, DueCredits due) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.SWEEP)
            .roles(Role.SCHEDULER, Role.ADMIN)
            .nothing()
            .answer(call -> Answer.ok(due.sweep()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
