package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code quote-usage}: what a call of a model would cost. */
public final class QuoteUsage implements HttpFunction {
  private static final int LONGEST_TIER = 100;

  private final Edge edge;
  private final Endpoint<Quote> endpoint;

  /** For the platform. */
  public QuoteUsage() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public QuoteUsage(Backend backend) {
    this(backend.edge(), Credits.of(backend));
  }

  QuoteUsage(Edge edge, Credits credits) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("quote-usage")
            .fields(Quote::parse)
            .answer(call -> credits.quote(call.request().usage(), call.request().tier()));
  }

  private record Quote(UsageInput usage, @Nullable String tier) {
    static Quote parse(Fields fields) {
      return new Quote(UsageInput.required(fields), fields.optionalString("tier", 1, LONGEST_TIER));
    }
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
