package dev.meterkite.local;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.functions.Settings;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/**
 * The documents of a local host.
 *
 * @param firestore its emulator, as host:port
 * @param project the project that its functions work in
 * @param clock the time that its functions see
 */
record RunningHost(String firestore, String project, InstantSource clock) {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  static RunningHost of(LocalHost host) {
    return new RunningHost(host.firestore(), host.project(), host.clock());
  }

  /**
   * The emulator that {@code FIRESTORE_EMULATOR_HOST} names, with the project of {@code
   * GOOGLE_CLOUD_PROJECT} or else the local host's; empty where none is named.
   */
  static Optional<RunningHost> ofEnvironment(Settings settings) {
    return settings
        .firestoreEmulatorHost()
        .map(
            host ->
                new RunningHost(
                    host, settings.project().orElse(LocalHost.PROJECT), InstantSource.system()));
  }

  /** The host that is up at this port; empty where there is none, or something else. */
  static Optional<RunningHost> at(int port) throws InterruptedException {
    HttpClient http = HttpClient.newHttpClient();
    try {
      JsonObject health = get(http, port, "health");
      Instant now = Instant.parse(get(http, port, "clock").get("now").getAsString());
      Duration offset = Duration.between(Instant.now(), now);
      return Optional.of(
          new RunningHost(
              health.get("firestore").getAsString(),
              health.get("project").getAsString(),
              () -> Instant.now().plus(offset)));
    } catch (IOException
        | JsonParseException
        | DateTimeException
        | IllegalStateException
        | NullPointerException e) {
      return Optional.empty();
    }
  }

  private static JsonObject get(HttpClient http, int port, String what)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/local/" + what))
            .timeout(PATIENCE)
            .build();
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != 200) {
      throw new IOException("status " + answer.statusCode());
    }
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }
}
