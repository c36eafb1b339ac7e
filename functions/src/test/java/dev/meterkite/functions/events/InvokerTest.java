package dev.meterkite.functions.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.cloud.functions.invoker.runner.Invoker;
import com.google.events.cloud.firestore.v1.Document;
import com.google.events.cloud.firestore.v1.DocumentEventData;
import com.google.events.cloud.firestore.v1.Value;
import dev.meterkite.functions.Settings;
import dev.meterkite.model.document.DocRef;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Events as Eventarc sends them, through Google's own invoker. */
class InvokerTest {
  private static final String LOG_FORMAT = Settings.PROPERTY_PREFIX + "LOG_FORMAT";
  private static Invoker invoker;
  private static int port;

  @BeforeAll
  static void host() throws Exception {
    System.setProperty(LOG_FORMAT, "jul");
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    invoker =
        new Invoker(
            port,
            NotingTrigger.class.getName(),
            "cloudevent",
            NotingTrigger.class.getClassLoader());
    invoker.startTestServer();
  }

  @AfterAll
  static void stop() throws Exception {
    invoker.stopServer();
    System.clearProperty(LOG_FORMAT);
  }

  private static int send(byte[] payload) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
            .header("Content-Type", "application/protobuf")
            .header("ce-specversion", "1.0")
            .header("ce-id", "e-1")
            .header("ce-source", "//firestore.googleapis.com/projects/p/databases/(default)")
            .header("ce-type", "google.cloud.firestore.document.v1.written")
            .header("ce-time", "2026-01-01T00:00:00Z")
            .header("ce-subject", "documents/podcast_jobs/a,b")
            .POST(HttpRequest.BodyPublishers.ofByteArray(payload))
            .build();
    return HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }

  private static byte[] payload(String id) {
    return DocumentEventData.newBuilder()
        .setValue(
            Document.newBuilder()
                .setName("projects/p/databases/(default)/documents/podcast_jobs/" + id)
                .putFields("topic", Value.newBuilder().setStringValue("ä").build()))
        .build()
        .toByteArray();
  }

  @Test
  void event_reachesTheTriggerAndIsAcknowledged() throws Exception {
    assertEquals(200, send(payload("a,b%2F😀")));
    DocumentChange change = NotingTrigger.NOTES.take();
    assertEquals(new DocRef("podcast_jobs", "a,b%2F😀"), change.ref());
    assertEquals(Map.of("topic", "ä"), change.after().fields());
    assertEquals(DocumentChange.Type.CREATED, change.type());
  }

  @Test
  void eventThatMaySucceedLater_isAnsweredWithAnError() throws Exception {
    assertEquals(500, send(payload("later")));
    NotingTrigger.NOTES.take();
  }

  @Test
  void eventThatNobodyCanRead_isAcknowledged() throws Exception {
    assertEquals(200, send(new byte[] {1, 2, 3}));
    assertEquals(0, NotingTrigger.NOTES.size());
  }
}
