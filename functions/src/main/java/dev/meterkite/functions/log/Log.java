package dev.meterkite.functions.log;

import com.google.gson.stream.JsonWriter;
import dev.meterkite.functions.Settings;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Writes what happens as lines of JSON on standard output, from where Cloud Run brings them into
 * Cloud Logging, under the trace of the request at hand.
 *
 * <p>The members {@code severity}, {@code time}, {@code message} and {@code
 * logging.googleapis.com/*} are those that Cloud Logging takes out of a line; all others become its
 * {@code jsonPayload}. The client library google-cloud-logging prints the same, but loads a
 * thousand classes for it when a function starts.
 *
 * <p>Lines go straight to the stream, not through java.util.logging, which the JVM resets as soon
 * as it is told to stop, while requests in flight still finish.
 */
public final class Log {
  private static final ThreadLocal<@Nullable Trace> TRACE = new ThreadLocal<>();

  private static final String LABEL = "logging.googleapis.com/";

  /** How bad it is, in the words of Cloud Logging. */
  enum Severity {
    DEBUG,
    INFO,
    WARNING,
    ERROR
  }

  /** Bounds a stack trace: Cloud Logging takes entries of up to 256 KiB. */
  private static final int MAX_STACK = 32 * 1024;

  private final Optional<String> project;
  private final InstantSource clock;
  private final @Nullable PrintStream out;
  private final Logger jul = Logger.getLogger("dev.meterkite");

  /**
   * @param project whose traces the lines belong to; empty to leave traces out
   * @param clock real time
   * @param out where lines go; null to hand them to java.util.logging
   */
  public Log(Optional<String> project, InstantSource clock, @Nullable PrintStream out) {
    this.project = project;
    this.clock = clock;
    this.out = out;
  }

  /**
   * The log of this process. With {@link Settings#logsJson} the lines of libraries, which use
   * java.util.logging, take the same form from now on.
   */
  public static Log ofProcess(Settings settings) {
    if (!settings.logsJson()) {
      return new Log(settings.project(), InstantSource.system(), null);
    }
    Log log = new Log(settings.project(), InstantSource.system(), System.out);
    Libraries.listenOnce(log);
    return log;
  }

  /** Sets the trace of what this thread logs; null when it is done. */
  public void trace(@Nullable Trace trace) {
    if (trace == null) {
      TRACE.remove();
    } else {
      TRACE.set(trace);
    }
  }

  /** The line of one invocation, at WARNING or INFO. */
  public void invocation(Invocation done) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("function", done.function());
    fields.put("request_id", done.requestId());
    fields.put("outcome", done.outcome());
    if (done.status() != 0) {
      fields.put("status", done.status());
    }
    fields.put("duration_ms", Math.round(done.duration().toNanos() / 1e4) / 1e2);
    fields.put("attempts", done.attempts());
    fields.put("batch", done.batch());
    write(
        done.warning() ? Severity.WARNING : Severity.INFO,
        done.function() + " " + done.outcome(),
        fields);
  }

  /** Something to be counted. */
  public void info(String message, Map<String, ?> fields) {
    write(Severity.INFO, message, fields);
  }

  /** The line of a new alert, which metrics count by its type and severity. */
  public void alert(String type, String severity, String id) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("alert_type", type);
    fields.put("alert_severity", severity);
    fields.put("alert_id", id);
    write(Severity.WARNING, "alert " + type, fields);
  }

  /** Something worth a look that stops nothing. */
  public void warn(String message, Map<String, ?> fields) {
    write(Severity.WARNING, message, fields);
  }

  /** Something that must not happen, with its stack trace. */
  public void error(String message, Map<String, ?> fields, Throwable cause) {
    write(Severity.ERROR, message + "\n" + stack(cause), fields);
  }

  void write(Severity severity, String message, Map<String, ?> fields) {
    PrintStream stream = out;
    if (stream == null) {
      jul.log(level(severity), message + " " + fields);
      return;
    }
    // One call a line: lines of several threads do not mix.
    stream.println(line(severity, message, fields));
  }

  private String line(Severity severity, String message, Map<String, ?> fields) {
    StringWriter text = new StringWriter();
    try (JsonWriter json = new JsonWriter(text)) {
      json.setHtmlSafe(false);
      json.beginObject();
      json.name("severity").value(severity.name());
      json.name("time").value(clock.instant().toString());
      json.name("message").value(message);
      for (Map.Entry<String, ?> field : fields.entrySet()) {
        json.name(field.getKey());
        write(json, field.getValue());
      }
      trace(json);
      json.endObject();
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail", e);
    }
    return text.toString();
  }

  private static void write(JsonWriter json, @Nullable Object value) throws IOException {
    if (value instanceof Number number) {
      json.value(number);
    } else if (value instanceof Boolean flag) {
      json.value(flag);
    } else {
      json.value(String.valueOf(value));
    }
  }

  private void trace(JsonWriter json) throws IOException {
    Trace trace = TRACE.get();
    if (trace == null || project.isEmpty()) {
      return;
    }
    json.name(LABEL + "trace").value("projects/" + project.get() + "/traces/" + trace.id());
    json.name(LABEL + "trace_sampled").value(trace.sampled());
    if (!trace.span().isEmpty()) {
      json.name(LABEL + "spanId").value(trace.span());
    }
  }

  private static Level level(Severity severity) {
    return switch (severity) {
      case DEBUG -> Level.FINE;
      case INFO -> Level.INFO;
      case WARNING -> Level.WARNING;
      case ERROR -> Level.SEVERE;
    };
  }

  static String stack(Throwable cause) {
    StringWriter text = new StringWriter();
    cause.printStackTrace(new PrintWriter(text));
    return text.getBuffer().length() <= MAX_STACK
        ? text.toString()
        : text.getBuffer().substring(0, MAX_STACK) + "…";
  }
}
