package dev.meterkite.openfeature;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.openfeature.sdk.exceptions.GeneralError;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What {@code customer-config} has answered, each for {@link #MAX_AGE}, and for as long as the
 * function cannot be reached. In an outage it is asked once in {@link #PAUSE}.
 */
final class CachedConfigurations {
  static final Duration MAX_AGE = Duration.ofSeconds(5);
  static final Duration PAUSE = Duration.ofSeconds(1);

  /** The most answers kept; those that were asked for least recently go first. */
  private static final int MAX_KNOWN = 2_000;

  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final URI function;
  private final Supplier<String> token;
  private final InstantSource clock;
  private final Map<String, Known> answers =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
          return size() > MAX_KNOWN;
        }
      };

  /** Until when the function is taken to be out of reach. */
  private Instant quietUntil = Instant.MIN;

  /**
   * An answer.
   *
   * @param body what was answered
   * @param at when
   * @param stale whether it may be out of date: the function, or Firestore behind it, could not be
   *     reached
   */
  record Known(JsonObject body, Instant at, boolean stale) {}

  CachedConfigurations(URI function, Supplier<String> token, InstantSource clock) {
    this.function = function;
    this.token = token;
    this.clock = clock;
  }

  /**
   * The configuration of a customer, or of a scene of it.
   *
   * @throws GeneralError if the function refuses, or cannot be reached and nothing is known
   */
  Known of(String customer, @Nullable String scene) {
    String query =
        "?customer_id=" + encoded(customer) + (scene == null ? "" : "&scene_id=" + encoded(scene));
    Instant now = clock.instant();
    Known known;
    boolean quiet;
    synchronized (answers) {
      known = answers.get(query);
      quiet = now.isBefore(quietUntil);
    }
    if (known != null && now.isBefore(known.at().plus(MAX_AGE))) {
      return known;
    }
    JsonObject body = quiet ? null : ask(query);
    if (body != null) {
      String source = body.get("source").getAsString();
      Known fresh = new Known(body, now, !source.equals("firestore"));
      synchronized (answers) {
        quietUntil = Instant.MIN;
        answers.put(query, fresh);
      }
      return fresh;
    }
    if (!quiet) {
      synchronized (answers) {
        quietUntil = clock.instant().plus(PAUSE);
      }
    }
    if (known == null) {
      throw new GeneralError("customer-config cannot be reached");
    }
    return new Known(known.body(), known.at(), true);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  /** The answer; null if there is none, or one that another attempt may better. */
  private @Nullable JsonObject ask(String query) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(function + query))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + token.get())
            .build();
    try {
      HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() == 200) {
        return JsonParser.parseString(answer.body()).getAsJsonObject();
      }
      if (answer.statusCode() == 429 || answer.statusCode() >= 500) {
        return null;
      }
      throw new GeneralError("customer-config refuses: status " + answer.statusCode());
    } catch (IOException | JsonParseException | IllegalStateException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
