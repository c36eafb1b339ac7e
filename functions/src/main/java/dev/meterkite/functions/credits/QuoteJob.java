package dev.meterkite.functions.credits;

import com.google.cloud.functions.HttpFunction;
import com.google.cloud.functions.HttpRequest;
import com.google.cloud.functions.HttpResponse;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.Endpoint;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.model.plans.JobPrices;
import dev.meterkite.model.plans.Plans;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** {@code quote-job}: what a job would cost. */
public final class QuoteJob implements HttpFunction {
  private final Edge edge;
  private final Endpoint<Job> endpoint;

  /** For the platform. */
  public QuoteJob() {
    this(Backend.ofProcess());
  }

  /** Over a backend. */
  public QuoteJob(Backend backend) {
    this(backend.edge(), CurrentPlans.of(backend));
  }

  QuoteJob(Edge edge, CurrentPlans plans) {
    this.edge = edge;
    this.endpoint =
        Endpoint.post("quote-job")
            .fields(fields -> Job.parse(fields, plans.get()))
            .answer(call -> call.request().quote());
  }

  private record Job(BigDecimal minutes, String quality, String priority, Plans plans) {
    static Job parse(Fields fields, Plans plans) {
      JobPrices prices = plans.jobs();
      String quality = fields.optionalWord("quality", List.copyOf(prices.qualities().keySet()));
      String priority = fields.optionalWord("priority", List.copyOf(prices.priorities().keySet()));
      return new Job(
          fields.decimal("duration_min", JobPrices.SHORTEST, JobPrices.LONGEST),
          Objects.requireNonNullElse(quality, prices.usualQuality()),
          Objects.requireNonNullElse(priority, prices.usualPriority()),
          plans);
    }

    Answer quote() {
      JobPrices prices = plans.jobs();
      Map<String, Object> breakdown = new LinkedHashMap<>();
      breakdown.put("base", minutes.multiply(prices.creditsPerMinute()));
      breakdown.put("quality_multiplier", Objects.requireNonNull(prices.qualities().get(quality)));
      breakdown.put(
          "priority_multiplier", Objects.requireNonNull(prices.priorities().get(priority)));
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("credits_required", prices.credits(minutes, quality, priority));
      answer.put("breakdown", breakdown);
      answer.put("plans_version", plans.version());
      return Answer.ok(answer);
    }
  }

  @Override
  public void service(HttpRequest request, HttpResponse response) throws IOException {
    endpoint.serve(edge, request, response);
  }
}
