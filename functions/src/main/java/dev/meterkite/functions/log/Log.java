package dev.meterkite.functions.log;

import com.google.cloud.logging.Severity;
import dev.meterkite.functions.Settings;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
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
 * <p>Lines have the form that google-cloud-logging's {@code LoggingHandler} prints when redirected
 * to standard output ({@link LogLine}). The handler itself is not used: even redirected it builds a
 * client of the Logging API for its first line, which takes a function's start more than ten times
 * as long as the lines alone.
 *
 * <p>Lines go straight to the stream, not through java.util.logging, which the JVM resets as soon
 * as it is told to stop, while requests in flight still finish.
 */
public final class Log {
  private static final ThreadLocal<@Nullable Trace> TRACE = new ThreadLocal<>();

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

  /**
   * A call that failed. A passing failure of the store is a warning of one line; any other failure
   * must not happen and is an error with its stack trace.
   *
   * @param passing why it may succeed later; empty for a failure that must not happen
   */
  public void failure(Optional<String> passing, Map<String, ?> fields, Throwable cause) {
    if (passing.isPresent()) {
      warn("no answer from the store: " + passing.get(), fields);
    } else {
      error("unexpected failure", fields, cause);
    }
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
    Trace trace = project.isPresent() ? TRACE.get() : null;
    byte[] line =
        LogLine.render(severity, clock.instant(), trace, project.orElse(""), message, fields);
    // One call a line: lines of several threads do not mix.
    stream.write(line, 0, line.length);
    stream.flush();
  }

  private static Level level(Severity severity) {
    return switch (severity) {
      case NONE, DEFAULT, DEBUG -> Level.FINE;
      case INFO, NOTICE -> Level.INFO;
      case WARNING -> Level.WARNING;
      case ERROR, CRITICAL, ALERT, EMERGENCY -> Level.SEVERE;
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
