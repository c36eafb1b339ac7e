package dev.meterkite.simulation;

import dev.meterkite.functions.backend.Exchange;
import dev.meterkite.functions.simulated.ProviderResponse;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.simulated.Tally;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;

/** Providers of models, one of which at a time is out for up to two minutes. */
final class OutageProneProviders implements Exchange {
  private static final Duration SHORTEST_OUTAGE = Duration.ofSeconds(5);
  private static final Duration LONGEST_OUTAGE = Duration.ofMinutes(2);
  private static final double SHARE_FAILED = 0.01;
  private static final double SHARE_OUTAGES = 0.005;

  private final Simulation simulation;
  private final Scheduler scheduler;
  private final Tally tally;
  private String out = "";
  private Instant until = Instant.MIN;

  OutageProneProviders(Simulation simulation, Scheduler scheduler, Tally tally) {
    this.simulation = simulation;
    this.scheduler = scheduler;
    this.tally = tally;
  }

  /** Whether a call of a model is answered. */
  boolean answers(String provider) {
    boolean isCalm = !simulation.instant().isBefore(until);
    if (isCalm && simulation.chance(SHARE_OUTAGES)) {
      tally.add("provider: outage");
      out = provider;
      until = simulation.instant().plus(simulation.between(SHORTEST_OUTAGE, LONGEST_OUTAGE));
    }
    return !isOut(provider) && !simulation.chance(SHARE_FAILED);
  }

  private boolean isOut(String provider) {
    return provider.equals(out) && simulation.instant().isBefore(until);
  }

  /** A probe of one that is out is answered with 503, or never. */
  @Override
  public CompletableFuture<HttpResponse<String>> send(
      HttpRequest request, HttpResponse.BodyHandler<String> handler) {
    CompletableFuture<HttpResponse<String>> answer = scheduler.promise();
    boolean isOut = isOut(out) && request.uri().getHost().contains(out);
    if (!isOut || simulation.chance(0.5)) {
      scheduler.after(
          simulation.between(Duration.ofMillis(50), Duration.ofMillis(300)),
          () -> answer.complete(new ProviderResponse(request, isOut ? 503 : 200)));
    }
    return answer;
  }
}
