package dev.meterkite.functions.alerts;

import dev.meterkite.functions.http.Json;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;

/** Where alerts are posted, in the form that Slack's incoming webhooks take: {@code {text}}. */
final class Webhook {
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private final HttpClient http = HttpClient.newBuilder().connectTimeout(DEADLINE).build();
  private final URI url;

  Webhook(URI url) {
    this.url = url;
  }

  /** Posts severity, message and id of an alert; whether it was taken. */
  boolean send(Snapshot alert) {
    String text =
        "["
            + Objects.requireNonNullElse(alert.fields().get(ModelRouterAlerts.SEVERITY), "alert")
            + "] "
            + Objects.requireNonNullElse(alert.fields().get(ModelRouterAlerts.MESSAGE), "")
            + " ("
            + alert.ref().id()
            + ")";
    HttpRequest request =
        HttpRequest.newBuilder(url)
            .timeout(DEADLINE)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(Json.write(Map.of("text", text))))
            .build();
    try {
      int status = http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      return status >= 200 && status < 300;
    } catch (IOException e) {
      return false; // As good as refused: the event is delivered again, which its log line says.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
