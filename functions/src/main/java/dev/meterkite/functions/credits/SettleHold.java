package dev.meterkite.functions.credits;

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
import dev.meterkite.model.credits.CreditCommands;
import dev.meterkite.model.credits.CreditRules;
import dev.meterkite.model.schema.Word;
import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code settle-hold}: captures a hold, or a part of it, or releases it. */
public final class SettleHold implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Settlement> endpoint;

  /** For the platform. */
  public SettleHold() {
    this(Backend.ofProcess().edge(), Credits.ofProcess());
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

  /** What becomes of the hold. */
  private enum Action implements Word {
    CAPTURE,
    RELEASE;

    @Override
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private record Settlement(String holdId, Action action, @Nullable Long amount) {
    static Settlement parse(Fields fields) {
      Settlement settlement =
          new Settlement(
              fields.id("hold_id"),
              fields.word("action", Action.class),
              fields.optionalInteger("amount", 0, CreditRules.MAX_BALANCE));
      if (settlement.action == Action.RELEASE && settlement.amount != null) {
        fields.fault("amount", "not_allowed", "a release gives back all of the hold");
      }
      return settlement;
    }
  }

  private static Answer settle(Credits credits, Call<Settlement> call) {
    Settlement settlement = call.request();
    return credits.settle(
        settlement.holdId(),
        settlement.action() == Action.CAPTURE,
        settlement.amount(),
        call.requiredKey(),
        call.requestHash());
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
