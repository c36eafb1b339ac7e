package dev.meterkite.emulator;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
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
  /**
   * An emulator takes two seconds to start; a loaded machine may take much longer. One that ends
   * instead is noticed at once.
   */
  private static final Duration READY_WITHIN = Duration.ofMinutes(3);

  /** One that runs already may be busy. */
  private static final Duration ATTACHED_WITHIN = Duration.ofSeconds(20);

  private static final Duration STOP_WITHIN = Duration.ofSeconds(5);
  private static final Duration POLL_EVERY = Duration.ofMillis(50);

  /** A connection that nobody takes is refused at once; one that is taken is worth waiting for. */
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(30);

  /** Between our choice of a free port and the emulator's bind another process may take it. */
  private static final int START_ATTEMPTS = 3;

  private final String host;
  private final @Nullable Process process;
  private final @Nullable Thread hook;
  private final @Nullable ClassArchive classes;
  private final HttpClient http;

  private FirestoreEmulator(
      String host, @Nullable Process process, @Nullable ClassArchive classes, HttpClient http) {
    this.host = host;
    this.process = process;
    this.classes = classes;
    this.http = http;
    if (process == null) {
      this.hook = null;
    } else {
      this.hook = new Thread(() -> stop(process), "stop-firestore-emulator");
      try {
        Runtime.getRuntime().addShutdownHook(hook);
      } catch (IllegalStateException stopping) {
        stop(process);
        throw new EmulatorUnavailableException("This program is stopping", stopping);
      }
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
    long deadline = System.nanoTime() + ATTACHED_WITHIN.toNanos();
    while (true) {
      boolean patient = System.nanoTime() < deadline && listens(host);
      try {
        if (saysOk(http, host)) {
          return new FirestoreEmulator(host, null, null, http);
        }
        patient = false;
      } catch (IOException notYet) {
        // Refused, or slow: which of them is known.
      }
      if (!patient) {
        throw new EmulatorUnavailableException(
            "FIRESTORE_EMULATOR_HOST is "
                + host
                + ", but no Firestore emulator answers there: start it, or unset the variable.");
      }
    }
  }

  /**
   * Starts an emulator on a free port of 127.0.0.1 and waits, at most three minutes, until it
   * answers.
   *
   * @param eventsHost where it posts document events, as host:port; null for nowhere
   * @param log the file that takes its output
   * @throws EmulatorUnavailableException if there is no emulator on this machine or it does not
   *     start
   */
  public static FirestoreEmulator start(@Nullable String eventsHost, Path log) {
    return start(eventsHost, log, 0, null);
  }

  /**
   * Likewise, on a port that is given and with an archive of classes.
   *
   * @param port 0 for any free one
   * @param archives the folder of the archive, from which this start and later ones profit; null
   *     for none
   */
  public static FirestoreEmulator start(
      @Nullable String eventsHost, Path log, int port, @Nullable Path archives) {
    Path jar = new EmulatorJar(EmulatorJar.Places.ofThisMachine()).find();
    return start(jar, eventsHost, log, port, archives);
  }

  static FirestoreEmulator start(Path jar, @Nullable String eventsHost, Path log) {
    return start(jar, eventsHost, log, 0, null);
  }

  private static FirestoreEmulator start(
      Path jar, @Nullable String eventsHost, Path log, int port, @Nullable Path archives) {
    if (port != 0 && !isFree(port)) {
      throw new EmulatorUnavailableException(
          "Port " + port + " of 127.0.0.1 is in use: the Firestore emulator needs another one.");
    }
    for (int attempt = 1; ; attempt++) {
      try {
        return startOnce(jar, eventsHost, log, port == 0 ? freePort() : port, archives);
      } catch (EmulatorUnavailableException e) {
        if (attempt == START_ATTEMPTS || port != 0 || Thread.currentThread().isInterrupted()) {
          throw e;
        }
      } catch (IOException e) {
        throw new EmulatorUnavailableException("Cannot start " + jar + ": " + e.getMessage(), e);
      }
    }
  }

  private static FirestoreEmulator startOnce(
      Path jar, @Nullable String eventsHost, Path log, int port, @Nullable Path archives)
      throws IOException {
    String host = "127.0.0.1:" + port;
    String events = eventsHost == null ? "" : "--functions_emulator=" + eventsHost;
    Path folder = log.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    ClassArchive classes =
        archives == null
            ? null
            : ClassArchive.of(jar, archives, log.resolveSibling("emulator-" + port + ".classes"));
    List<String> command = JavaCommand.start();
    if (classes != null) {
      command.addAll(classes.options());
    } else {
      command.addAll(optionsOfTheBuild(jar, log));
    }
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
    Process process =
        new ProcessBuilder(command.stream().filter(word -> !word.isEmpty()).toList())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    FirestoreEmulator emulator = new FirestoreEmulator(host, process, classes, client());
    try {
      emulator.awaitReady(process, log);
    } catch (EmulatorUnavailableException e) {
      emulator.close();
      throw e;
    }
    return emulator;
  }

  /** Those of the archive that a build has made before its tests; nothing is listed for another. */
  private static List<String> optionsOfTheBuild(Path jar, Path log) throws IOException {
    Path archives = JavaCommand.archives();
    if (archives == null) {
      return List.of();
    }
    ClassArchive made = ClassArchive.of(jar, archives, log);
    return made.exists() ? made.options() : List.of();
  }

  private void awaitReady(Process started, Path log) throws IOException {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    while (!answers(http, host)) {
      if (!started.isAlive()) {
        throw new EmulatorUnavailableException(
            "The Firestore emulator ended with status %d (%s); %s has all that it said."
                .formatted(started.exitValue(), lastWords(log), log));
      }
      if (System.nanoTime() > deadline) {
        throw new EmulatorUnavailableException(
            "The Firestore emulator did not answer within %d seconds (%s); %s has all that it said."
                .formatted(READY_WITHIN.toSeconds(), lastWords(log), log));
      }
      LockSupport.parkNanos(POLL_EVERY.toNanos());
    }
  }

  private static String lastWords(Path log) throws IOException {
    return new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.isBlank())
        .reduce((earlier, later) -> later)
        .orElse("without a word")
        .strip();
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
      return saysOk(http, host);
    } catch (IOException notYet) {
      return false;
    }
  }

  private static boolean saysOk(HttpClient http, String host) throws IOException {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://" + host + "/")).timeout(ANSWER_WITHIN).build();
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      return response.statusCode() == 200 && response.body().startsWith("Ok");
    } catch (IllegalArgumentException malformed) {
      throw new EmulatorUnavailableException("Not a host:port: " + host, malformed);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmulatorUnavailableException("Interrupted while waiting for the emulator", e);
    }
  }

  /** Whether somebody takes connections there, who may only be slow to answer. */
  private static boolean listens(String host) {
    int colon = host.lastIndexOf(':');
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(
              host.substring(0, colon), Integer.parseInt(host.substring(colon + 1))),
          (int) ANSWER_WITHIN.toMillis());
      return true;
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException nobody) {
      return false;
    }
  }

  /** Whether a port of 127.0.0.1 could be taken a moment ago. */
  public static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
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

  /** The archive of its classes; empty for one that was started without, or by somebody else. */
  public java.util.Optional<ClassArchive> classes() {
    return java.util.Optional.ofNullable(classes);
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
