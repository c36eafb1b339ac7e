package dev.meterkite.functions.alerts;

import dev.meterkite.functions.http.Json;
import dev.meterkite.model.document.Snapshot;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.util.Map;

/** A URL that takes what Slack's incoming webhooks take: {@code {text}}. */
final class Webhook implements Channel {
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(DEADLINE).build();
  private final URI url;

  Webhook(URI url) {
    this.url = url;
  }

  @Override
  public boolean send(Snapshot alert) {
    return Channel.post(
        http,
        HttpRequest.newBuilder(url)
            .timeout(DEADLINE)
            .header("Content-Type", "application/json")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    Json.write(Map.of("text", Channel.line(alert)))))
            .build());
  }
}
