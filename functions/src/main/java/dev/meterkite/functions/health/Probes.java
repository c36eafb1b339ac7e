package dev.meterkite.functions.health;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Exchange;
import dev.meterkite.functions.store.Turns;
import dev.meterkite.model.health.ProviderError;
import dev.meterkite.model.health.ProviderErrors;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Probes of the providers' lists of models, which cost nothing. A probe that says something against
 * a provider is made a second time, and the second counts, so that one lost packet is no evidence.
 */
final class Probes {
  private static final int UNANSWERED = 0;

  private final Settings settings;
  private final InstantSource clock;
  private final Turns turns;
  private final Exchange exchange;

  /** How a provider's list of models is asked for. */
  private record Endpoint(String path, String keyHeader, String keyPrefix, List<String> headers) {}

  private static final Map<String, Endpoint> ENDPOINTS = endpoints();

  private static Map<String, Endpoint> endpoints() {
    Map<String, Endpoint> all = new LinkedHashMap<>();
    all.put("openai", new Endpoint("/v1/models", "Authorization", "Bearer ", List.of()));
    all.put(
        "anthropic",
        new Endpoint("/v1/models", "x-api-key", "", List.of("anthropic-version", "2023-06-01")));
    all.put("google", new Endpoint("/v1beta/models", "x-goog-api-key", "", List.of()));
    all.put("elevenlabs", new Endpoint("/v1/models", "xi-api-key", "", List.of()));
    return all;
  }

  /**
   * What a probe found.
   *
   * @param latencyMs how long it took
   * @param error what was wrong, null for a success
   */
  record Result(long latencyMs, ProviderErrors.@Nullable Verdict error) {
    boolean counts() {
      return error != null && error.counts();
    }
  }

  private record Reply(int status, String body, @Nullable String retryAfter) {}

  Probes(Settings settings, InstantSource clock, Turns turns, Exchange exchange) {
    this.settings = settings;
    this.clock = clock;
    this.turns = turns;
    this.exchange = exchange;
  }

  /** The providers that have a key. */
  List<String> providers() {
    List<String> providers = new ArrayList<>();
    for (String provider : ENDPOINTS.keySet()) {
      if (settings.providerKey(provider).isPresent()) {
        providers.add(provider);
      }
    }
    return providers;
  }

  /** Probes a provider, twice at the most; ends within twice the deadline, and never fails. */
  CompletableFuture<Result> probe(String provider) {
    return once(provider)
        .thenCompose(
            first -> first.counts() ? once(provider) : CompletableFuture.completedFuture(first));
  }

  private CompletableFuture<Result> once(String provider) {
    Instant start = turns.realClock().instant();
    CompletableFuture<HttpResponse<String>> sent =
        exchange.send(request(provider), Probes::handler);
    CompletableFuture<Reply> reply =
        sent.thenApply(
            response ->
                new Reply(
                    response.statusCode(),
                    response.body(),
                    response.headers().firstValue("Retry-After").orElse(null)));
    turns.after(
        settings.probeDeadline(), () -> reply.completeExceptionally(new TimeoutException()));
    return reply
        .exceptionally(
            failed -> {
              sent.cancel(true);
              return new Reply(UNANSWERED, "", null);
            })
        .thenApply(
            answered ->
                new Result(
                    Duration.between(start, turns.realClock().instant()).toMillis(),
                    error(provider, answered).orElse(null)));
  }

  /** The list itself is not kept, however long it is; only errors are read. */
  private static HttpResponse.BodySubscriber<String> handler(HttpResponse.ResponseInfo response) {
    return response.statusCode() / 100 == 2
        ? HttpResponse.BodySubscribers.replacing("")
        : HttpResponse.BodySubscribers.ofString(StandardCharsets.UTF_8);
  }

  private HttpRequest request(String provider) {
    Endpoint endpoint = ENDPOINTS.get(provider);
    if (endpoint == null) {
      throw new IllegalArgumentException("no probe for " + provider);
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(settings.providerUrl(provider) + endpoint.path()))
            .header(
                endpoint.keyHeader(),
                endpoint.keyPrefix() + settings.providerKey(provider).orElse(""));
    if (!endpoint.headers().isEmpty()) {
      request.headers(endpoint.headers().toArray(String[]::new));
    }
    return request.build();
  }

  private Optional<ProviderErrors.Verdict> error(String provider, Reply reply) {
    if (reply.status() / 100 == 2) {
      return Optional.empty();
    }
    ProviderError error =
        reply.status() == UNANSWERED
            ? ProviderError.reported(provider, null, null, null, null)
            : ProviderError.of(
                provider, reply.status(), HealthJson.parsed(reply.body()), reply.retryAfter());
    return Optional.of(ProviderErrors.verdict(error, clock.instant()));
  }
}
