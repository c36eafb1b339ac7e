package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.credits.commands.CreditCommands;
import java.io.IOException;

/** {@code settle-hold}: captures a hold, or a part of it, or releases it. */
public final class SettleHold implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Settlement> endpoint;

  /** For the platform. */
  public SettleHold() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public SettleHold(Backend backend) {
    this(backend.edge(), Credits.of(backend));
  }

  SettleHold(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.SETTLE)
            .roles(Role.SERVICE)
            .keyRequired()
            .fields(Settlement::parse)
            .answer(call -> settle(credits, call));
  }

  private static Answer settle(Credits credits, Call<Settlement> call) {
    Settlement settlement = call.request();
    String hold = settlement.holdId();
    String key = call.requiredKey();
    String hash = call.requestHash();
    Long amount = settlement.amount();
    if (settlement.usage() != null || (settlement.overage() && amount != null)) {
      return credits.capture(hold, settlement.usage(), amount, settlement.overage(), key, hash);
    }
    return credits.settle(hold, settlement.captures(), amount, key, hash);
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
