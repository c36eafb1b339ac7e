package dev.meterkite.local;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.logging.ErrorManager;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogRecord;

/**
 * The functions' log as a file, written by a thread of its own: thousands of lines a second, each
 * flushed under a lock as java.util.logging's file handler does it, would be what a load test
 * measures. A line waits at most until the queue is empty; when {@value #WAITING} lines wait, the
 * next is waited for.
 */
final class LogFile extends Handler {
  private static final int WAITING = 10_000;
  private static final long MOST_BYTES = 64L << 20;

  private final BlockingQueue<String> lines = new ArrayBlockingQueue<>(WAITING);
  private final BufferedWriter file;
  private long written;

  LogFile(Path path) throws IOException {
    file = Files.newBufferedWriter(path, StandardCharsets.UTF_8);
    setFormatter(
        new Formatter() {
          @Override
          public String format(LogRecord entry) {
            String line = entry.getInstant() + " " + entry.getLevel() + " " + formatMessage(entry);
            StringWriter trace = new StringWriter();
            if (entry.getThrown() != null) {
              entry.getThrown().printStackTrace(new PrintWriter(trace.append('\n')));
            }
            return line + trace;
          }
        });
    Loopback.daemon(this::write, "log-file").start();
  }

  @Override
  public void publish(LogRecord entry) {
    if (!isLoggable(entry)) {
      return;
    }
    try {
      lines.put(getFormatter().format(entry));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write() {
    try {
      while (true) {
        append(lines.take());
        if (lines.isEmpty()) {
          flush();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      reportError(null, e, ErrorManager.WRITE_FAILURE);
    }
  }

  private void append(String line) throws IOException {
    synchronized (file) {
      if (written < MOST_BYTES) {
        written += line.length();
        file.write(line);
        file.newLine();
      }
    }
  }

  @Override
  public void flush() {
    try {
      synchronized (file) {
        file.flush();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      for (String line = lines.poll(); line != null; line = lines.poll()) {
        append(line);
      }
      synchronized (file) {
        file.close();
      }
    } catch (IOException e) {
      reportError(null, e, ErrorManager.CLOSE_FAILURE);
    }
  }
}
