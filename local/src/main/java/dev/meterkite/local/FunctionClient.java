package dev.meterkite.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A client of the functions as its users write one: a bearer token, an idempotency key, and the
 * same call with the same key again whenever there was no certain answer, after the pause that the
 * answer asks for.
 */
public final class FunctionClient {
  private static final int MOST_TRIES = 100;
  private static final long FIRST_PAUSE_MILLIS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 1_000;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String url;
  private final String token;
  private final AtomicLong repeats = new AtomicLong();

  public FunctionClient(LocalHost host, String token) {
    this.url = host.url();
    this.token = token;
  }

  /**
   * Calls until there is an answer that is neither 429 nor 5xx, or one that says to come back in
   * more than 30 s; at most {@value #MOST_TRIES} times.
   *
   * @param key the idempotency key; null for a function that needs none
   */
  public HttpResponse<String> post(String function, @Nullable String key, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        request(function)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (key != null) {
      request.header("Idempotency-Key", key);
    }
    return send(request.build());
  }

  /** Likewise; {@code function} with its query, such as {@code credit-statement?user_id=u}. */
  HttpResponse<String> get(String function) throws IOException, InterruptedException {
    return send(request(function).GET().build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(url + "/" + path))
        .timeout(PATIENCE)
        .header("Authorization", "Bearer " + token);
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    for (int tries = 1; ; tries++) {
      long asked = 0;
      try {
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        asked = retryAfterMillis(response);
        if (tries == MOST_TRIES
            || asked > PATIENCE.toMillis()
            || (response.statusCode() != 429 && response.statusCode() < 500)) {
          return response;
        }
      } catch (IOException e) {
        if (tries == MOST_TRIES) {
          throw e;
        }
      }
      repeats.incrementAndGet();
      TimeUnit.MILLISECONDS.sleep(
          Math.max(
              asked,
              Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(tries - 1, 10))));
    }
  }

  private static long retryAfterMillis(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("Retry-After")
        .filter(seconds -> seconds.matches("[0-9]{1,9}"))
        .map(seconds -> 1_000 * Long.parseLong(seconds))
        .orElse(0L);
  }

  /** How often a call had to be made again because there was no certain answer. */
  public long repeats() {
    return repeats.get();
  }
}
