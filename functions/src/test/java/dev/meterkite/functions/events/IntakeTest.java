package dev.meterkite.functions.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.events.cloud.firestore.v1.DocumentEventData;
import com.google.firestore.v1.Document;
import com.google.firestore.v1.Value;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.meterkite.functions.http.Drain;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.Values;
import dev.meterkite.model.document.DocRef;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntakeTest {
  private static final String DOCUMENTS = "projects/p/databases/(default)/documents/";
  private static final Instant UPDATED = Instant.parse("2026-01-01T00:00:00.000001Z");

  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private final Drain drain = new Drain();
  private final Intake intake =
      new Intake(
          new Log(
              Optional.of("p"),
              InstantSource.system(),
              new PrintStream(lines, true, StandardCharsets.UTF_8)),
          drain);
  private final List<DocumentChange> seen = new ArrayList<>();
  private Handled result = Handled.done("ok");
  private final Trigger trigger =
      new Trigger(
          "on-job-written",
          "podcast_jobs",
          change -> {
            seen.add(change);
            return result;
          });

  private static Document document(String name, Map<String, Object> fields) {
    return Document.newBuilder()
        .setName(name)
        .putAllFields(Values.toFields(fields))
        .setUpdateTime(Values.toTimestamp(UPDATED))
        .build();
  }

  private static FakeEvent event(Document before, Document after) {
    try {
      DocumentEventData.Builder data = DocumentEventData.newBuilder();
      if (before != null) {
        data.setOldValue(
            com.google.events.cloud.firestore.v1.Document.parseFrom(before.toByteString()));
      }
      if (after != null) {
        data.setValue(
            com.google.events.cloud.firestore.v1.Document.parseFrom(after.toByteString()));
      }
      return new FakeEvent(data.build().toByteString(), null, Map.of());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  private static FakeEvent event(byte[] payload) {
    return new FakeEvent(ByteString.copyFrom(payload), null, Map.of());
  }

  private DocumentChange change(FakeEvent event) {
    intake.accept(trigger, event);
    return seen.get(seen.size() - 1);
  }

  private String log() {
    return lines.toString(StandardCharsets.UTF_8);
  }

  @Test
  void createUpdateAndDelete_areToldApart() {
    Document one = document(DOCUMENTS + "podcast_jobs/j1", Map.of("status", "queued"));
    Document two = document(DOCUMENTS + "podcast_jobs/j1", Map.of("status", "running"));
    DocumentChange created = change(event(null, one));
    assertEquals(DocumentChange.Type.CREATED, created.type());
    assertFalse(created.before().exists());
    assertEquals(Map.of("status", "queued"), created.after().fields());
    assertEquals(UPDATED, created.after().updateTime());
    assertEquals(UPDATED, created.time());
    assertEquals(DocumentChange.Type.UPDATED, change(event(one, two)).type());
    DocumentChange deleted = change(event(two, null));
    assertEquals(DocumentChange.Type.DELETED, deleted.type());
    assertFalse(deleted.after().exists());
    assertEquals(new DocRef("podcast_jobs", "j1"), deleted.ref());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a,b",
        "100%",
        "%2F",
        "😀",
        "a b",
        "a:b",
        "ä\n",
        "..x",
        "__x",
        "documents",
        "\"'`"
      })
  void hostileId_isTakenFromThePayload(String id) {
    // A39
    DocumentChange change =
        change(event(null, document(DOCUMENTS + "podcast_jobs/" + id, Map.of())));
    assertEquals(new DocRef("podcast_jobs", id), change.ref());
    assertEquals(1, log().lines().count());
  }

  @Test
  void unknownKindsOfFields_areKept() {
    // A39
    Value bytes = Value.newBuilder().setBytesValue(ByteString.copyFromUtf8("b")).build();
    Value unset = Value.getDefaultInstance();
    Map<String, Object> fields = new HashMap<>();
    fields.put("bytes", bytes);
    fields.put("unset", unset);
    fields.put("null", null);
    DocumentChange change = change(event(null, document(DOCUMENTS + "podcast_jobs/j", fields)));
    assertEquals(fields, change.after().fields());
  }

  @Test
  void touches_comparesOnlyTheNamedFields() {
    // A38
    Map<String, Object> before = new HashMap<>();
    before.put("status", "queued");
    before.put("ledger", Map.of("balance", 5L, "sequence", 1L));
    before.put("gone", 1L);
    before.put("nulled", 1L);
    before.put("text", "x");
    Map<String, Object> after = new HashMap<>();
    after.put("status", "queued");
    after.put("ledger", Map.of("balance", 6L, "sequence", 1L));
    after.put("nulled", null);
    after.put("come", null);
    after.put("text", "x");
    DocumentChange change =
        change(
            event(
                document(DOCUMENTS + "podcast_jobs/j", before),
                document(DOCUMENTS + "podcast_jobs/j", after)));
    assertFalse(change.touches("status", "ledger.sequence", "never", "text.deeper"));
    assertFalse(change.touches());
    assertTrue(change.touches("status", "ledger.balance"));
    assertTrue(change.touches("ledger"));
    assertTrue(change.touches("gone"));
    assertTrue(change.touches("nulled"));
    assertTrue(change.touches("come"));
  }

  @Test
  void malformedEvents_areLoggedOnceAndAcknowledged() {
    Document job = document(DOCUMENTS + "podcast_jobs/j", Map.of());
    List<FakeEvent> malformed =
        List.of(
            new FakeEvent(null, null, Map.of()),
            event(new byte[0]),
            event("ChVwcm9qZWN0cw==".getBytes(StandardCharsets.UTF_8)),
            event(new byte[] {10, 127}),
            event(null, document("", Map.of())),
            event(null, document("podcast_jobs/j", Map.of())),
            event(null, document(DOCUMENTS + "podcast_jobs", Map.of())),
            event(null, document(DOCUMENTS + "podcast_jobs/j/parts/1", Map.of())),
            event(null, document(DOCUMENTS + "podcast_jobs/__j__", Map.of())),
            event(null, document(DOCUMENTS + "users/u", Map.of())),
            event(job, document(DOCUMENTS + "podcast_jobs/other", Map.of())));
    for (FakeEvent event : malformed) {
      lines.reset();
      intake.accept(trigger, event);
      assertEquals(1, log().lines().count(), this::log);
      assertTrue(log().contains("\"severity\":\"WARNING\""), this::log);
    }
    assertEquals(List.of(), seen);
    assertTrue(drain.stop(Duration.ZERO));
  }

  @Test
  void resultLater_isThrownSoThatItIsDeliveredAgain() {
    result = Handled.later("unavailable").took(3, 1);
    Document job = document(DOCUMENTS + "podcast_jobs/j", Map.of());
    assertThrows(RedeliveryException.class, () -> intake.accept(trigger, event(null, job)));
    assertTrue(log().contains("\"outcome\":\"unavailable\""), this::log);
    assertTrue(log().contains("\"attempts\":3"), this::log);
    result = Handled.impossible("unknown_status");
    intake.accept(trigger, event(null, job));
    assertEquals(2, log().lines().count());
  }

  @Test
  void failureOfTheReaction_isThrownOnAndLogged() {
    Trigger failing =
        new Trigger(
            "on-job-written",
            "podcast_jobs",
            change -> {
              throw new IllegalStateException("store is down");
            });
    Document job = document(DOCUMENTS + "podcast_jobs/j", Map.of());
    assertThrows(IllegalStateException.class, () -> intake.accept(failing, event(null, job)));
    assertTrue(log().contains("store is down"), this::log);
    assertTrue(drain.stop(Duration.ZERO), "the event still counts as in flight");
  }

  @Test
  void stoppingProcess_leavesEventsToOthers() {
    assertTrue(drain.stop(Duration.ZERO));
    Document job = document(DOCUMENTS + "podcast_jobs/j", Map.of());
    assertThrows(RedeliveryException.class, () -> intake.accept(trigger, event(null, job)));
    assertEquals(List.of(), seen);
  }

  @Test
  void eventsOwnTimeAndTrace_areTaken() {
    Document job = document(DOCUMENTS + "podcast_jobs/j", Map.of());
    String parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
    FakeEvent event =
        new FakeEvent(
            event(null, job).payload(),
            OffsetDateTime.parse("2026-02-01T00:00:00.123456789+01:00"),
            Map.of("traceparent", parent));
    assertEquals(Instant.parse("2026-01-31T23:00:00.123456Z"), change(event).time());
    assertTrue(log().contains("traces/0af7651916cd43dd8448eb211c80319c"), this::log);
    assertTrue(log().contains("\"request_id\":\"event-1\""), this::log);
  }
}
