package dev.meterkite.functions.alerts;

import com.google.auth.oauth2.GoogleCredentials;
import dev.meterkite.functions.Settings;
import dev.meterkite.model.document.Snapshot;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A Pub/Sub topic. A message's data is the alert as {@code list-alerts} shows it, in JSON; its
 * attributes are {@code alert_id}, by which a subscriber tells repeats, {@code type} and {@code
 * severity}. One REST call a message: the client library would add its own threads and connections
 * for some alerts a day.
 */
final class Topic implements Channel {
  private static final String SCOPE = "https://www.googleapis.com/auth/pubsub";

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(DEADLINE).build();
  private final URI publish;
  private final boolean emulated;

  /** Made at the first message; guarded by this. */
  private @Nullable GoogleCredentials credentials;

  private Topic(URI publish, boolean emulated) {
    this.publish = publish;
    this.emulated = emulated;
  }

  /** The topic that the settings name; empty where they name none. */
  static Optional<Topic> of(Settings settings) {
    return settings
        .alertTopic()
        .map(
            name -> {
              Optional<String> emulator = settings.pubSubEmulatorHost();
              String host =
                  emulator.map(at -> "http://" + at).orElse("https://pubsub.googleapis.com");
              return new Topic(URI.create(host + "/v1/" + name + ":publish"), emulator.isPresent());
            });
  }

  @Override
  public boolean send(Snapshot alert) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(publish)
            .timeout(DEADLINE)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(AlertJson.message(alert)));
    try {
      if (!emulated) {
        request.header("Authorization", "Bearer " + token());
      }
    } catch (IOException e) {
      return false; // No token now: the event is delivered again.
    }
    return Channel.post(http, request.build());
  }

  private synchronized String token() throws IOException {
    GoogleCredentials known = credentials;
    if (known == null) {
      known = GoogleCredentials.getApplicationDefault().createScoped(SCOPE);
      credentials = known;
    }
    known.refreshIfExpired();
    return known.getAccessToken().getTokenValue();
  }
}
