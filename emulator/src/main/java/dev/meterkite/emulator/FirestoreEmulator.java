package dev.meterkite.emulator;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One running Firestore emulator: a process that we started and stop, or one that somebody else
 * runs and that we leave alone. Safe for use by many threads.
 *
 * <pre>{@code
 * try (FirestoreEmulator emulator = FirestoreEmulator.start("127.0.0.1:9002", log)) {
 *   emulator.project("demo").setRules(rules);
 * }
 * }</pre>
 */
public final class FirestoreEmulator implements AutoCloseable {
  /** An emulator takes two seconds to start; a loaded machine may take much longer. */
  private static final Duration READY_WITHIN = Duration.ofMinutes(5);

  private static final Duration STOP_WITHIN = Duration.ofSeconds(5);
  private static final Duration POLL_EVERY = Duration.ofMillis(50);

  /** A connection that nobody takes is refused at once; one that is taken is worth waiting for. */
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(30);

  /** Between our choice of a free port and the emulator's bind another process may take it. */
  private static final int START_ATTEMPTS = 3;

  private static final int LOG_TAIL_LINES = 20;

  private final String host;
  private final @Nullable Process process;
  private final @Nullable Thread hook;
  private final HttpClient http;

  private FirestoreEmulator(String host, @Nullable Process process, HttpClient http) {
    this.host = host;
    this.process = process;
    this.http = http;
    if (process == null) {
      this.hook = null;
    } else {
      this.hook = new Thread(() -> stop(process), "stop-firestore-emulator");
      Runtime.getRuntime().addShutdownHook(hook);
    }
  }

  /**
   * The emulator at {@code FIRESTORE_EMULATOR_HOST} if that is set, else a new one.
   *
   * @param eventsHost where a new one posts its document events, as host:port; null for nowhere
   * @param log the file that takes a new one's output
   * @throws EmulatorUnavailableException if there is none and none can be started
   */
  public static FirestoreEmulator startOrAttach(@Nullable String eventsHost, Path log) {
    String running = System.getenv("FIRESTORE_EMULATOR_HOST");
    return running == null || running.isBlank() ? start(eventsHost, log) : attach(running);
  }

  /**
   * An emulator that already runs at {@code host} (as host:port); {@link #close()} leaves it
   * running.
   *
   * @throws EmulatorUnavailableException if nothing there answers like an emulator
   */
  public static FirestoreEmulator attach(String host) {
    HttpClient http = client();
    if (!answers(http, host)) {
      throw new EmulatorUnavailableException(
          "FIRESTORE_EMULATOR_HOST is "
              + host
              + ", but no Firestore emulator answers there. Start it, or unset the variable.");
    }
    return new FirestoreEmulator(host, null, http);
  }

  /**
   * Starts an emulator on a free port of 127.0.0.1 and waits, at most five minutes, until it
   * answers.
   *
   * @param eventsHost where it posts document events, as host:port; null for nowhere
   * @param log the file that takes its output
   * @throws EmulatorUnavailableException if there is no emulator on this machine or it does not
   *     start
   */
  public static FirestoreEmulator start(@Nullable String eventsHost, Path log) {
    return start(new EmulatorJar(EmulatorJar.Places.ofThisMachine()).find(), eventsHost, log);
  }

  static FirestoreEmulator start(Path jar, @Nullable String eventsHost, Path log) {
    for (int attempt = 1; ; attempt++) {
      try {
        return startOnce(jar, eventsHost, log);
      } catch (EmulatorUnavailableException e) {
        if (attempt == START_ATTEMPTS) {
          throw e;
        }
      } catch (IOException e) {
        throw new EmulatorUnavailableException("Cannot start " + jar + ": " + e.getMessage(), e);
      }
    }
  }

  private static FirestoreEmulator startOnce(Path jar, @Nullable String eventsHost, Path log)
      throws IOException {
    int port = freePort();
    String host = "127.0.0.1:" + port;
    String events = eventsHost == null ? "" : "--functions_emulator=" + eventsHost;
    List<String> command = JavaCommand.start();
    command.addAll(
        List.of(
            "-Duser.language=en",
            "-cp",
            jar.toString(),
            EmulatorJar.MAIN_CLASS,
            "start",
            "--host=127.0.0.1",
            "--port=" + port,
            events));
    Path folder = log.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Process process =
        new ProcessBuilder(command.stream().filter(word -> !word.isEmpty()).toList())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    FirestoreEmulator emulator = new FirestoreEmulator(host, process, client());
    try {
      emulator.awaitReady(process, log);
    } catch (EmulatorUnavailableException e) {
      emulator.close();
      throw e;
    }
    return emulator;
  }

  private void awaitReady(Process started, Path log) throws IOException {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    while (!answers(http, host)) {
      if (!started.isAlive()) {
        throw new EmulatorUnavailableException(
            "The Firestore emulator ended with status " + started.exitValue() + ":\n" + tail(log));
      }
      if (System.nanoTime() > deadline) {
        throw new EmulatorUnavailableException(
            "The Firestore emulator did not answer within " + READY_WITHIN + ":\n" + tail(log));
      }
      LockSupport.parkNanos(POLL_EVERY.toNanos());
    }
  }

  private static String tail(Path log) throws IOException {
    List<String> lines =
        new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
    return String.join(
        "\n", lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size()));
  }

  private static HttpClient client() {
    // The emulator speaks HTTP/2 to clients that offer it, but drops the body of an upgraded
    // request.
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(ANSWER_WITHIN)
        .build();
  }

  private static boolean answers(HttpClient http, String host) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://" + host + "/")).timeout(ANSWER_WITHIN).build();
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      return response.statusCode() == 200 && response.body().startsWith("Ok");
    } catch (IOException notYet) {
      return false;
    } catch (IllegalArgumentException malformed) {
      throw new EmulatorUnavailableException("Not a host:port: " + host, malformed);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmulatorUnavailableException("Interrupted while waiting for the emulator", e);
    }
  }

  /** A port of 127.0.0.1 that was free a moment ago. */
  public static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new EmulatorUnavailableException("No free port: " + e.getMessage(), e);
    }
  }

  /** Where it answers, as host:port: what {@code FIRESTORE_EMULATOR_HOST} holds. */
  public String host() {
    return host;
  }

  /** Whether we started it, and so stop it. */
  public boolean owned() {
    return process != null;
  }

  /** The process that we started; empty for one that we only use. */
  public java.util.Optional<ProcessHandle> processHandle() {
    return process == null ? java.util.Optional.empty() : java.util.Optional.of(process.toHandle());
  }

  /** The REST interface of one project in this emulator; projects share nothing. */
  public EmulatorProject project(String project) {
    return new EmulatorProject(http, host, project);
  }

  /**
   * Stops the process if it is ours: asked first, forced after five seconds. A second call does
   * nothing.
   */
  @Override
  public void close() {
    if (process == null) {
      return;
    }
    stop(process);
    if (hook != null && Thread.currentThread() != hook) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException shuttingDown) {
        // The hook is running or will run: it finds the process gone.
      }
    }
  }

  private static void stop(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(STOP_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor(STOP_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
