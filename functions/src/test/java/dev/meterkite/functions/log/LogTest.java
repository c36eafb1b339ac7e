package dev.meterkite.functions.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.Settings;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00.5Z");
  private static final String ID = "0af7651916cd43dd8448eb211c80319c";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Log log =
      new Log(
          Optional.of("p"),
          InstantSource.fixed(NOW),
          new PrintStream(out, true, StandardCharsets.UTF_8));

  private JsonObject line() {
    List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(1, lines.size());
    return JsonParser.parseString(lines.get(0)).getAsJsonObject();
  }

  @Test
  void invocation_isOneLineInTheFormOfCloudLogging() {
    log.trace(new Trace(ID, "b7ad6b7169203331", true));
    log.invocation(
        new Invocation(
            "debit-credits", "r1", "ok", 200, Duration.ofNanos(1_234_567), 1, 20, false));
    JsonObject line = line();
    assertEquals("INFO", line.get("severity").getAsString());
    assertEquals("2026-03-01T12:00:00.500Z", line.get("time").getAsString());
    assertEquals("debit-credits ok", line.get("message").getAsString());
    assertEquals("debit-credits", line.get("function").getAsString());
    assertEquals("r1", line.get("request_id").getAsString());
    assertEquals("ok", line.get("outcome").getAsString());
    assertEquals(200, line.get("status").getAsInt());
    assertEquals(1.23, line.get("duration_ms").getAsDouble());
    assertEquals(1, line.get("attempts").getAsInt());
    assertEquals(20, line.get("batch").getAsInt());
    assertEquals("projects/p/traces/" + ID, line.get("logging.googleapis.com/trace").getAsString());
    assertEquals("b7ad6b7169203331", line.get("logging.googleapis.com/spanId").getAsString());
    assertTrue(line.get("logging.googleapis.com/trace_sampled").getAsBoolean());
    log.trace(null);
  }

  @Test
  void traceOfAnEarlierRequest_isGone() {
    log.trace(new Trace(ID, "", false));
    log.trace(null);
    log.warn("careful\nnow", Map.of("n", 1L));
    assertFalse(line().has("logging.googleapis.com/trace"));
    assertEquals("WARNING", line().get("severity").getAsString());
  }

  @Test
  void failure_isOneLineWithItsStack() {
    log.error("broken", Map.of(), new IllegalStateException("why", new RuntimeException("deep")));
    assertEquals("ERROR", line().get("severity").getAsString());
    String message = line().get("message").getAsString();
    assertTrue(message.startsWith("broken\njava.lang.IllegalStateException: why"), message);
    assertTrue(message.contains("Caused by: java.lang.RuntimeException: deep"), message);
  }

  @Test
  void endlessStack_isCut() {
    Throwable failure = new IllegalStateException("x".repeat(100_000));
    log.error("broken", Map.of(), failure);
    assertTrue(line().get("message").getAsString().length() < 40_000);
  }

  @Test
  void linesOfLibraries_takeTheSameForm() {
    Libraries libraries = new Libraries(log);
    LogRecord entry = new LogRecord(Level.WARNING, "took {0} ms");
    entry.setParameters(new Object[] {7});
    entry.setLoggerName("io.grpc");
    entry.setThrown(new IllegalStateException("lost"));
    libraries.publish(entry);
    assertEquals("WARNING", line().get("severity").getAsString());
    assertTrue(
        line().get("message").getAsString().startsWith("took 7 ms\njava.lang"), line()::toString);
    assertEquals("io.grpc", line().get("logger").getAsString());
    libraries.setLevel(Level.SEVERE);
    libraries.publish(entry);
    line();
  }

  @ParameterizedTest
  @CsvSource({"SEVERE, ERROR", "WARNING, WARNING", "INFO, INFO", "CONFIG, DEBUG", "FINEST, DEBUG"})
  void levelsOfLibraries_areSeverities(String level, String severity) {
    new Libraries(log).publish(new LogRecord(Level.parse(level), "x"));
    assertEquals(severity, line().get("severity").getAsString());
  }

  @Test
  void formatJul_handsLinesToTheHost() {
    List<String> seen = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord entry) {
            seen.add(entry.getLevel() + " " + entry.getMessage());
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger("dev.meterkite");
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      Log toHost = Log.ofProcess(new Settings(Map.of("LOG_FORMAT", "jul")));
      toHost.warn("careful", Map.of());
      toHost.error("broken", Map.of(), new IllegalStateException());
      assertEquals("WARNING careful {}", seen.get(0));
      assertTrue(seen.get(1).startsWith("SEVERE broken\njava.lang"), seen::toString);
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "00-" + ID + "-b7ad6b7169203331-01, -, b7ad6b7169203331, true",
        "00-" + ID + "-b7ad6b7169203331-00, -, b7ad6b7169203331, false",
        "01-" + ID + "-b7ad6b7169203331-03-more, -, b7ad6b7169203331, true",
        "-, " + ID + "/255;o=1, 00000000000000ff, true",
        "-, " + ID + "/18446744073709551615;o=0, ffffffffffffffff, false",
        "-, " + ID + "/99999999999999999999, '', false",
        "-, " + ID + ", '', false",
        "broken, " + ID + "/1, 0000000000000001, false",
        "00-"
            + ID
            + "-b7ad6b7169203331-01, ffffffffffffffffffffffffffffffff/1, b7ad6b7169203331, true"
      })
  void trace_isReadFromItsHeaders(String parent, String context, String span, boolean sampled) {
    Map<String, Optional<String>> headers =
        Map.of(
            "traceparent", Optional.ofNullable(parent),
            "X-Cloud-Trace-Context", Optional.ofNullable(context));
    assertEquals(Optional.of(new Trace(ID, span, sampled)), Trace.of(headers::get));
  }

  @ParameterizedTest
  @CsvSource({
    "00-" + ID + "-0000000000000000-01",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "ff-" + ID + "-b7ad6b7169203331-01",
    "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    "00-" + ID + "-b7ad6b7169203331-0",
    "00-" + ID + "-b7ad6b7169203331-0g",
    "00-" + ID + "-b7ad6b7169203331-01more",
    "00-" + ID + "_b7ad6b7169203331-01",
    "00_" + ID + "-b7ad6b7169203331-01",
    "00-" + ID + "-b7ad6b7169203331_01",
    "''"
  })
  void malformedTrace_isNone(String parent) {
    assertEquals(
        Optional.empty(),
        Trace.of(name -> name.equals("traceparent") ? Optional.of(parent) : Optional.empty()));
  }
}
