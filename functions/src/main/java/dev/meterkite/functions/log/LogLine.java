package dev.meterkite.functions.log;

import com.google.cloud.logging.Severity;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Renders one line of structured logging: a JSON object and a line feed, in UTF-8.
 *
 * <p>Names and values are those of google-cloud-logging's {@code LogEntry.toStructuredJsonString},
 * with one difference: whole numbers stay whole. {@code LogEntry} makes a double of every number,
 * so that 9007199254740993 becomes 9.007199254740992E15.
 */
final class LogLine {
  private static final int TYPICAL_LENGTH = 384;

  private LogLine() {}

  /**
   * @param trace the trace of the request; null without one
   * @param project the project whose trace it is
   * @param fields strings, booleans, numbers and lists of them; those that are null are left out
   */
  static byte[] render(
      Severity severity,
      Instant time,
      @Nullable Trace trace,
      String project,
      String message,
      Map<String, ?> fields) {
    StringWriter text = new StringWriter(TYPICAL_LENGTH);
    try (JsonWriter json = new JsonWriter(text)) {
      json.beginObject();
      json.name("severity").value(severity.name());
      json.name("time").value(time.toString());
      if (trace != null) {
        if (!trace.span().isEmpty()) {
          json.name("logging.googleapis.com/spanId").value(trace.span());
        }
        json.name("logging.googleapis.com/trace")
            .value("projects/" + project + "/traces/" + trace.id());
        json.name("logging.googleapis.com/trace_sampled").value(trace.sampled());
      }
      json.name("message").value(message);
      for (Map.Entry<String, ?> field : fields.entrySet()) {
        if (field.getValue() != null) {
          json.name(field.getKey());
          write(json, field.getValue());
        }
      }
      json.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail", e);
    }
    return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void write(JsonWriter json, Object value) throws IOException {
    if (value instanceof Number number) {
      json.value(number);
    } else if (value instanceof Boolean flag) {
      json.value(flag);
    } else if (value instanceof Iterable<?> list) {
      json.beginArray();
      for (Object item : list) {
        write(json, String.valueOf(item));
      }
      json.endArray();
    } else {
      json.value(value.toString());
    }
  }
}
