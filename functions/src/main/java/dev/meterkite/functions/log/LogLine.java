package dev.meterkite.functions.log;

import com.google.cloud.logging.Severity;
import dev.meterkite.model.document.JsonText;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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
    StringBuilder text = new StringBuilder(TYPICAL_LENGTH);
    text.append("{\"severity\":\"").append(severity.name()).append("\",\"time\":\"");
    JsonText.moment(text, time);
    text.append('"');
    if (trace != null) {
      if (!trace.span().isEmpty()) {
        member(text, "logging.googleapis.com/spanId", trace.span());
      }
      String name = "projects/" + project + "/traces/" + trace.id();
      member(text, "logging.googleapis.com/trace", name);
      member(text, "logging.googleapis.com/trace_sampled", trace.sampled());
    }
    member(text, "message", message);
    for (Map.Entry<String, ?> field : fields.entrySet()) {
      if (field.getValue() != null) {
        member(text, field.getKey(), field.getValue());
      }
    }
    return text.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void member(StringBuilder text, String name, Object value) {
    text.append(',');
    JsonText.string(text, name);
    text.append(':');
    if (value instanceof Number || value instanceof Boolean) {
      JsonText.append(text, value);
    } else if (value instanceof Iterable<?> list) {
      List<String> items = new ArrayList<>();
      list.forEach(item -> items.add(String.valueOf(item)));
      JsonText.append(text, items);
    } else {
      JsonText.string(text, value.toString());
    }
  }
}
