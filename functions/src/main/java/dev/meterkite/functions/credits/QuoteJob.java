package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.model.credits.JobPrice;
import dev.meterkite.model.credits.JobPriority;
import dev.meterkite.model.credits.JobQuality;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code quote-job}: what a job would cost. */
public final class QuoteJob implements HttpFunction {
  private final Edge edge;
  private final Endpoint<JobPrice> endpoint;

  /** For the platform. */
  public QuoteJob() {
    this(Backend.ofProcess().edge());
  }

  QuoteJob(Edge edge) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("quote-job").fields(QuoteJob::price).answer(call -> quote(call.request()));
  }

  private static JobPrice price(Fields fields) {
    JobQuality quality = fields.optionalWord("quality", JobQuality.class);
    JobPriority priority = fields.optionalWord("priority", JobPriority.class);
    return new JobPrice(
        fields.decimal("duration_min", JobPrice.SHORTEST, JobPrice.LONGEST),
        quality == null ? JobQuality.STANDARD : quality,
        priority == null ? JobPriority.STANDARD : priority);
  }

  private static Answer quote(JobPrice price) {
    Map<String, Object> breakdown = new LinkedHashMap<>();
    breakdown.put("base", price.minutes());
    breakdown.put("quality_multiplier", price.quality().multiplier());
    breakdown.put("priority_multiplier", price.priority().multiplier());
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("credits_required", price.credits());
    answer.put("breakdown", breakdown);
    return Answer.ok(answer);
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
