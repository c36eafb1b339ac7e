package dev.meterkite.functions.customers;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import dev.meterkite.functions.plans.CurrentPlans;
import java.io.IOException;

/**
 * {@code set-feature-flag}: switches a feature for a customer, for all, or for a share of a tier.
 */
public final class SetFeatureFlag implements HttpFunction {
  private final Edge edge;
  private final Endpoint<FlagSwitch.Request> endpoint;

  /** For the platform. */
  public SetFeatureFlag() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public SetFeatureFlag(Backend backend) {
    this(
        backend.edge(),
        new FlagSwitch(backend, Configurations.of(backend), CurrentPlans.of(backend)));
  }

  SetFeatureFlag(Edge edge, FlagSwitch flags) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(FlagSwitch.OPERATION)
            .roles(Role.ADMIN)
            .fields(flags::parse)
            .answer(flags::set);
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
