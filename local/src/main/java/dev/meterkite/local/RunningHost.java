package dev.meterkite.local;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/**
 * The documents of a local host.
 *
 * @param firestore its emulator, as host:port
 * @param project the project that its functions work in
 */
record RunningHost(String firestore, String project) {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  static RunningHost of(LocalHost host) {
    return new RunningHost(host.firestore(), host.project());
  }

  /** The host that is up at this port; empty where there is none, or something else. */
  static Optional<RunningHost> at(int port) throws InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/local/health"))
            .timeout(PATIENCE)
            .build();
    try {
      HttpResponse<String> answer =
          HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        return Optional.empty();
      }
      JsonObject health = JsonParser.parseString(answer.body()).getAsJsonObject();
      return Optional.of(
          new RunningHost(
              health.get("firestore").getAsString(), health.get("project").getAsString()));
    } catch (IOException | JsonParseException | IllegalStateException | NullPointerException e) {
      return Optional.empty();
    }
  }
}
