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
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.Ledger;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code refund-credits}: gives back what a deduction took, or a part of it. */
public final class RefundCredits implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Refund> endpoint;

  /** For the platform. */
  public RefundCredits() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public RefundCredits(Backend backend) {
    this(backend.edge(), Credits.of(backend));
  }

  RefundCredits(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.REFUND)
            .roles(Role.SERVICE, Role.ADMIN)
            .keyRequired()
            .fields(Refund::parse)
            .answer(call -> refund(credits, call));
  }

  private record Refund(String transactionId, @Nullable Long amount, String reason) {
    static Refund parse(Fields fields) {
      fields.notNull("amount", "an integer; without it all is refunded");
      return new Refund(
          fields.id("transaction_id"),
          fields.optionalInteger("amount", 1, Ledger.MAX_BALANCE),
          fields.string("reason", 1, CreditLimits.REASON));
    }
  }

  private static Answer refund(Credits credits, Call<Refund> call) {
    Refund refund = call.request();
    return credits.refund(
        refund.transactionId(),
        refund.amount(),
        refund.reason(),
        call.requiredKey(),
        call.requestHash());
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
