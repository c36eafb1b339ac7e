package dev.meterkite.functions.alerts;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Objects;

/** Somewhere that alerts are sent to. */
interface Channel {
  /** How long one attempt may take. */
  Duration DEADLINE = Duration.ofSeconds(10);

  /** Sends an alert; whether it was taken. It may be sent again, under the same id. */
  boolean send(Snapshot alert);

  /** Severity, message and id of an alert in one line. */
  static String line(Snapshot alert) {
    return "["
        + Objects.requireNonNullElse(alert.fields().get(ModelRouterAlerts.SEVERITY), "alert")
        + "] "
        + Objects.requireNonNullElse(alert.fields().get(ModelRouterAlerts.MESSAGE), "")
        + " ("
        + alert.ref().id()
        + ")";
  }

  /** Sends a request; whether the answer is a success. */
  static boolean post(HttpClient http, HttpRequest request) {
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
