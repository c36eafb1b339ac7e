package dev.meterkite.functions.log;

import com.google.cloud.logging.Severity;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Brings what libraries log through java.util.logging into the form of our own lines. */
final class Libraries extends Handler {
  private static final AtomicBoolean LISTENING = new AtomicBoolean();

  private final Log log;
  private final SimpleFormatter formatter = new SimpleFormatter();

  Libraries(Log log) {
    this.log = log;
  }

  /** Takes the place of the root logger's handlers; the first call in a process counts. */
  static void listenOnce(Log log) {
    if (LISTENING.compareAndSet(false, true)) {
      Logger root = LogManager.getLogManager().getLogger("");
      for (Handler handler : root.getHandlers()) {
        root.removeHandler(handler);
      }
      root.addHandler(new Libraries(log));
    }
  }

  @Override
  public void publish(LogRecord entry) {
    if (!isLoggable(entry)) {
      return;
    }
    String message = formatter.formatMessage(entry);
    Throwable thrown = entry.getThrown();
    log.write(
        severity(entry.getLevel()),
        thrown == null ? message : message + "\n" + Log.stack(thrown),
        Map.of("logger", String.valueOf(entry.getLoggerName())));
  }

  private static Severity severity(Level level) {
    if (level.intValue() >= Level.SEVERE.intValue()) {
      return Severity.ERROR;
    } else if (level.intValue() >= Level.WARNING.intValue()) {
      return Severity.WARNING;
    }
    return level.intValue() >= Level.INFO.intValue() ? Severity.INFO : Severity.DEBUG;
  }

  @Override
  public void flush() {
    // Every line is written at once.
  }

  @Override
  public void close() {
    // Standard output stays open.
  }
}
