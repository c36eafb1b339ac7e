package dev.meterkite.local;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A client of the functions as its users write one: a bearer token, an idempotency key, and the
 * same call with the same key again whenever there was no certain answer.
 */
final class Caller {
  private static final int MOST_TRIES = 20;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final LocalHost host;
  private final String token;
  private final AtomicLong repeats = new AtomicLong();

  Caller(LocalHost host) {
    this.host = host;
    this.token = host.tokens().service();
  }

  /** Calls until there is an answer that is neither 429 nor 5xx. */
  HttpResponse<String> post(String function, String key, String body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(host.function(function))
            .timeout(PATIENCE)
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    for (int tries = 1; ; tries++) {
      try {
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (tries == MOST_TRIES || (response.statusCode() != 429 && response.statusCode() < 500)) {
          return response;
        }
      } catch (IOException e) {
        if (tries == MOST_TRIES) {
          throw e;
        }
      }
      repeats.incrementAndGet();
    }
  }

  /** How often a call had to be made again because there was no certain answer. */
  long repeats() {
    return repeats.get();
  }
}
