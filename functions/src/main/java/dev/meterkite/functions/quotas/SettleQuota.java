package dev.meterkite.functions.quotas;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.QuotaState;
import dev.meterkite.model.quotas.ReservationId;
import java.io.IOException;

/** {@code settle-quota}: charges the real figure in place of a reservation's estimate. */
public final class SettleQuota implements HttpFunction {
  private static final int LONGEST_ID = 1_600;

  private final Edge edge;
  private final Endpoint<Settlement> endpoint;

  /** For the platform. */
  public SettleQuota() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public SettleQuota(Backend backend) {
    this(backend.edge(), Quotas.of(backend));
  }

  SettleQuota(Edge edge, Quotas quotas) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(QuotaRules.SETTLE)
            .roles(Role.SERVICE)
            .keyRequired()
            .fields(Settlement::parse)
            .answer(call -> settle(quotas, call));
  }

  private record Settlement(String reservation, long tokens) {
    static Settlement parse(Fields fields) {
      return new Settlement(
          fields.string("reservation_id", 1, LONGEST_ID),
          fields.integer("tokens", 0, QuotaState.MAX_FIGURE));
    }
  }

  private static Answer settle(Quotas quotas, Call<Settlement> call) {
    return ReservationId.parse(call.request().reservation())
        .map(
            id ->
                Quotas.answer(
                    quotas.settle(
                        id, call.request().tokens(), call.requiredKey(), call.requestHash())))
        .orElseGet(() -> Answer.problem(Quotas.missingReservation(call.request().reservation())));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
