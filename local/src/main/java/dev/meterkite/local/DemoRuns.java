package dev.meterkite.local;

import dev.meterkite.emulator.JavaCommand;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The demo at the push of a button: in a process of its own, with an emulator, a clock and
 * documents of its own, so that it leaves those of this host alone and can be run again. One at a
 * time; closing ends the one that runs.
 */
final class DemoRuns implements AutoCloseable {
  /** The most characters of its output that are kept, the last ones. */
  static final int MOST_OUTPUT = 20_000;

  private static final int COLUMNS = 80;
  private static final long STOP_SECONDS = 10;

  /** The command that plays the demo on a port. */
  interface Program {
    List<String> on(int port);
  }

  private final Program program;
  private final boolean hostPlays;
  private @Nullable Run last;

  /**
   * @param program what is started
   * @param hostPlays whether this host was started to play the demo itself
   */
  DemoRuns(Program program, boolean hostPlays) {
    this.program = program;
    this.hostPlays = hostPlays;
  }

  /** Those of {@code run-local.sh demo}, with the table and the rules in this folder. */
  static DemoRuns of(Path home, boolean hostPlays) {
    return new DemoRuns(port -> command(home, port), hostPlays);
  }

  static List<String> command(Path home, int port) {
    List<String> command = JavaCommand.start();
    command.addAll(
        List.of(
            "-Dmeterkite.home=" + home,
            "-Dmeterkite.columns=" + COLUMNS,
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "demo",
            "--port",
            Integer.toString(port)));
    return command;
  }

  /** One run. Times are real. */
  private static final class Run {
    private final Instant began = now();
    private final int port;
    private final Process process;
    private final StringBuilder output = new StringBuilder();
    private @Nullable Instant ended;

    Run(int port, Process process) {
      this.port = port;
      this.process = process;
    }

    /** Takes what it prints until it ends. */
    void listen() {
      try (Reader reader =
          new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)) {
        char[] some = new char[1_024];
        int count;
        while ((count = reader.read(some)) >= 0) {
          add(String.valueOf(some, 0, count));
        }
      } catch (IOException closed) {
        add("\nIts output broke off: " + closed.getMessage() + "\n");
      }
      process.onExit().join();
      synchronized (this) {
        ended = now();
      }
    }

    private synchronized void add(String text) {
      output.append(text);
      if (output.length() > MOST_OUTPUT) {
        output.delete(0, output.length() - MOST_OUTPUT);
      }
    }

    synchronized boolean isRunning() {
      return ended == null;
    }

    synchronized Map<String, Object> shown() {
      Map<String, Object> shown = new LinkedHashMap<>();
      Instant end = ended;
      shown.put("state", end == null ? "running" : process.exitValue() == 0 ? "passed" : "failed");
      shown.put("began_at", began.toString());
      if (end == null) {
        shown.put("console", "http://127.0.0.1:" + port + ConsoleFiles.ROOT);
      } else {
        shown.put("ended_at", end.toString());
        shown.put("status", process.exitValue());
      }
      shown.put("output", output.toString());
      return shown;
    }

    private static Instant now() {
      return Instant.now().truncatedTo(ChronoUnit.SECONDS);
    }
  }

  /**
   * How the last run stands: {@code state} (none, running, passed, failed), {@code began_at,
   * ended_at, status, output}, and where its own console is while it runs.
   */
  synchronized Map<String, Object> shown() {
    if (last != null) {
      return last.shown();
    }
    return Map.of("state", hostPlays ? "running" : "none");
  }

  /**
   * Starts a run.
   *
   * @throws LocalProblem 409 while one runs, 503 where no process can be started
   */
  synchronized void start() throws LocalProblem {
    if (hostPlays || (last != null && last.isRunning())) {
      throw LocalProblem.conflict("demo_running", "the demo is running; wait for its end");
    }
    try {
      int port = freePort();
      ProcessBuilder builder = new ProcessBuilder(program.on(port)).redirectErrorStream(true);
      // It has an emulator of its own.
      builder.environment().remove("FIRESTORE_EMULATOR_HOST");
      Run run = new Run(port, builder.start());
      last = run;
      Loopback.daemon(run::listen, "demo").start();
    } catch (IOException e) {
      throw LocalProblem.unavailable("the demo could not be started: " + e.getMessage());
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public synchronized void close() {
    if (last == null) {
      return;
    }
    last.process.destroy();
    try {
      if (!last.process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        last.process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      last.process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
