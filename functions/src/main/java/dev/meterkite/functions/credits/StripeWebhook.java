package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.BodySignature;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.stripe.StripeEvent;
import java.io.IOException;

/** {@code stripe-webhook}: purchases, subscriptions and refunds, as Stripe tells them. */
public final class StripeWebhook implements HttpFunction {
  private final Edge edge;
  private final Endpoint<StripeEvent> endpoint;

  /** For the platform. */
  public StripeWebhook() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public StripeWebhook(Backend backend) {
    this(
        backend.edge(),
        new StripeSignature(backend.settings().stripeWebhookSecrets(), backend.realClock()),
        new StripeEvents(Credits.of(backend).backend(), Credits.of(backend)));
  }

  StripeWebhook(Edge edge, StripeSignature signature, StripeEvents events) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(CreditCommands.STRIPE)
            .signed(new BodySignature(StripeSignature.HEADER, Role.STRIPE, signature::isOf))
            .fields(StripeEvents::parse)
            .answer(call -> events.take(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
