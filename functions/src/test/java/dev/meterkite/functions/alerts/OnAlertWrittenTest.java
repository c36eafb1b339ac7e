package dev.meterkite.functions.alerts;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.model.document.DocRef;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The line that a new alert leaves, which the metric of alerts counts. */
class OnAlertWrittenTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final MemoryStore memory = new MemoryStore();
  private final Backend backend =
      new Backend(
          MemoryStore.SETTINGS,
          memory,
          InstantSource.system(),
          new Pauses(),
          Edge.of(MemoryStore.SETTINGS),
          Intake.of(MemoryStore.SETTINGS),
          new Log(
              Optional.of("p"),
              InstantSource.system(),
              new PrintStream(out, true, StandardCharsets.UTF_8)));
  private final OnAlertWritten trigger = new OnAlertWritten(backend.intake(), Alerting.of(backend));

  private List<JsonObject> alertLines() {
    return out.toString(StandardCharsets.UTF_8)
        .lines()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .filter(line -> line.has("alert_type"))
        .toList();
  }

  @Test
  void newAlert_isLoggedOnce_andItsChangesAreNot() {
    DocRef ref = new DocRef("model_router_alerts", "a-1");
    Map<String, Object> alert =
        Map.of(
            "type", "ledger_mismatch",
            "severity", "emergency",
            "message", "user u-1, sequence 7",
            "acknowledged", false,
            "created_at", Instant.parse("2026-03-01T12:00:00Z"));
    memory.commit(List.of(Mutation.replace(ref, alert))).join();
    trigger.accept(FakeEvent.of(ref, Map.of(), alert));
    trigger.accept(FakeEvent.of(ref, alert, alert));
    trigger.accept(FakeEvent.of(ref, alert, Map.of()));
    List<JsonObject> lines = alertLines();
    assertEquals(1, lines.size(), lines::toString);
    assertEquals("ledger_mismatch", lines.get(0).get("alert_type").getAsString());
    assertEquals("emergency", lines.get(0).get("alert_severity").getAsString());
    assertEquals("a-1", lines.get(0).get("alert_id").getAsString());
    assertEquals("WARNING", lines.get(0).get("severity").getAsString());
  }

  @Test
  void alertOfOddTypes_isLoggedCut() {
    DocRef ref = new DocRef("model_router_alerts", "a-2");
    Map<String, Object> alert = Map.of("type", "x".repeat(5_000), "severity", 7L);
    memory.commit(List.of(Mutation.replace(ref, alert))).join();
    trigger.accept(FakeEvent.of(ref, Map.of(), alert));
    assertEquals("x".repeat(100), alertLines().get(0).get("alert_type").getAsString());
    assertEquals("7", alertLines().get(0).get("alert_severity").getAsString());
  }
}
