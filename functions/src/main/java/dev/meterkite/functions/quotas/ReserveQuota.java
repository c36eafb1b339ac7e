package dev.meterkite.functions.quotas;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Role;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.quotas.QuotaCommand;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.QuotaState;
import java.io.IOException;
import java.time.Duration;

/** {@code reserve-quota}: sets tokens and requests of a model aside until they are settled. */
public final class ReserveQuota implements HttpFunction {
  private static final int LONGEST_NAME = 500;

  private final Edge edge;
  private final Endpoint<QuotaCommand.Reserve> endpoint;

  /** For the platform. */
  public ReserveQuota() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public ReserveQuota(Backend backend) {
    this(backend.edge(), Quotas.of(backend));
  }

  ReserveQuota(Edge edge, Quotas quotas) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post(QuotaRules.RESERVE)
            .roles(Role.SERVICE)
            .keyRequired()
            .fields(ReserveQuota::parse)
            .answer(call -> quotas.reserve(call.request(), call.requiredKey(), call.requestHash()));
  }

  private static QuotaCommand.Reserve parse(Fields fields) {
    String provider = fields.string("provider", 1, LONGEST_NAME);
    String modelId = fields.string("model_id", 1, LONGEST_NAME);
    if (!DocRef.isId(QuotaRules.id(provider, modelId))) {
      fields.fault("model_id", "format", "makes no document id together with the provider");
    }
    return new QuotaCommand.Reserve(
        provider,
        modelId,
        fields.integer("tokens", 1, QuotaState.MAX_FIGURE),
        fields.integer("requests", 0, QuotaState.MAX_FIGURE, 1),
        Duration.ofSeconds(
            fields.integer(
                "ttl_seconds",
                1,
                QuotaRules.MAX_TTL.toSeconds(),
                QuotaRules.DEFAULT_TTL.toSeconds())),
        null);
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
