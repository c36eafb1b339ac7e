package dev.meterkite.functions.spans;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Role;
import java.io.IOException;

/**
 * {@code record-spans}: takes traces as OTLP over HTTP in JSON, as the exporter of an OpenTelemetry
 * Collector sends them, and charges each call of a model in them once.
 */
public final class RecordSpans implements HttpFunction {
  private final Edge edge;
  private final Endpoint<SpanBatch> endpoint;

  /** For the platform. */
  public RecordSpans() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public RecordSpans(Backend backend) {
    this(backend.edge(), Spans.of(backend));
  }

  RecordSpans(Edge edge, Spans spans) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("record-spans")
            .roles(Role.SERVICE)
            .bulk()
            .fields(SpanBatch::parse)
            .answer(call -> spans.take(call.request()));
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
