package dev.meterkite.functions.quotas;

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

/**
 * {@code reset-quotas}: resets the counters whose period is over, closes months, counts records
 * whose customer has appeared, and once a day compares usage summaries with their records. It may
 * be late, stop halfway or run twice.
 */
public final class ResetQuotas implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Map<String, Object>> endpoint;

  /** For the platform. */
  public ResetQuotas() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ResetQuotas(Backend backend) {
    this(backend.edge(), QuotaSweep.of(backend));
  }

  ResetQuotas(Edge edge, QuotaSweep sweep) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("reset-quotas")
            .roles(Role.SCHEDULER, Role.ADMIN)
            .nothing()
            .answer(call -> Answer.ok(SweepResultCodec.answer(sweep.run())));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
