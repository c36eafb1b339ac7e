package dev.meterkite.functions.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.logging.LogEntry;
import com.google.cloud.logging.Payload;
import com.google.cloud.logging.Severity;
import com.google.gson.Gson;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The lines that we render are those of google-cloud-logging, whole numbers aside. */
class LogLineTest {
  private static final Gson GSON = new Gson();
  private static final int LINES = 500;
  private static final List<Severity> SEVERITIES =
      Stream.of(Severity.values()).filter(severity -> severity != Severity.NONE).toList();
  private static final List<String> TEXTS =
      List.of(
          "",
          "ok",
          "two\nlines\tand \"quotes\" \\ </script>",
          "\u0000\u0001\u001f\u007f\u2028\u2029",
          "Ünïcödé 日本 😀",
          "x".repeat(5_000));

  @Test
  void seededLines_areThoseOfTheLibrary() {
    for (int seed = 1; seed <= LINES; seed++) {
      Random random = new Random(seed);
      Severity severity = pick(random, SEVERITIES);
      Instant time = Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000_000));
      Trace trace = random.nextBoolean() ? null : trace(random);
      String message = pick(random, TEXTS);
      Map<String, Object> fields = fields(random);
      String line = render(severity, time, trace, message, fields);
      assertTrue(line.endsWith("}\n"), "seed " + seed);
      assertEquals(1, line.lines().count(), "seed " + seed);
      assertEquals(library(severity, time, trace, message, fields), parsed(line), "seed " + seed);
    }
  }

  @Test
  void wholeNumbers_stayWhole() {
    Map<String, Object> fields = Map.of("micros", 9_007_199_254_740_993L);
    String line = render(Severity.INFO, Instant.EPOCH, null, "m", fields);
    assertTrue(line.contains("\"micros\":9007199254740993}"), line);
  }

  @Test
  void halfACharacter_leavesTheLineWhole() {
    String line = render(Severity.INFO, Instant.EPOCH, null, "lone \ud800 half", Map.of());
    assertEquals("lone ? half", parsed(line).get("message"));
  }

  @Test
  void nullField_isLeftOut() {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("nothing", null);
    assertFalse(render(Severity.INFO, Instant.EPOCH, null, "m", fields).contains("nothing"));
  }

  private static String render(
      Severity severity,
      Instant time,
      @Nullable Trace trace,
      String message,
      Map<String, ?> fields) {
    return new String(
        LogLine.render(severity, time, trace, "p", message, fields), StandardCharsets.UTF_8);
  }

  /** Without what the library writes where there is nothing to say. */
  private static Map<?, ?> library(
      Severity severity,
      Instant time,
      @Nullable Trace trace,
      String message,
      Map<String, Object> fields) {
    Map<String, Object> payload = new LinkedHashMap<>();
    payload.put("message", message);
    payload.putAll(fields);
    LogEntry.Builder entry =
        LogEntry.newBuilder(Payload.JsonPayload.of(payload))
            .setSeverity(severity)
            .setTimestamp(time);
    if (trace != null) {
      entry.setTrace("projects/p/traces/" + trace.id()).setTraceSampled(trace.sampled());
      if (!trace.span().isEmpty()) {
        entry.setSpanId(trace.span());
      }
    }
    Map<?, ?> line = GSON.fromJson(entry.build().toStructuredJsonString(), Map.class);
    line.remove("logging.googleapis.com/labels");
    if (trace == null) {
      line.remove("logging.googleapis.com/trace_sampled");
    }
    return line;
  }

  /** With every number as a double, as the library writes them. */
  private static Map<?, ?> parsed(String line) {
    return GSON.fromJson(line, Map.class);
  }

  private static Trace trace(Random random) {
    String id = String.format("%016x%016x", random.nextLong(), random.nextLong());
    String span = random.nextBoolean() ? "" : String.format("%016x", random.nextLong());
    return new Trace(id, span, random.nextBoolean());
  }

  private static Map<String, Object> fields(Random random) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = random.nextInt(8); i > 0; i--) {
      Object value =
          switch (random.nextInt(5)) {
            case 0 -> pick(random, TEXTS);
            case 1 -> random.nextBoolean();
            case 2 -> random.nextInt();
            case 3 -> random.nextInt(100_000) / 100.0;
            default -> List.of(pick(random, TEXTS), "b");
          };
      fields.put("field_" + i, value);
    }
    return fields;
  }

  private static <T> T pick(Random random, List<T> from) {
    return from.get(random.nextInt(from.size()));
  }
}
