package dev.meterkite.bench;

import dev.meterkite.emulator.JavaCommand;
import dev.meterkite.local.FunctionsProcess;
import dev.meterkite.local.TokenIssuer;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Processes that host functions behind Google's invoker, as the platform's instances do, with the
 * heap that a function of 512 MiB gets there and logs as there (written and thrown away).
 */
final class Instances implements AutoCloseable {
  private static final List<String> JVM =
      List.of("-Xmx358m", "-XX:+UseSerialGC", "-Djava.util.logging.config.file=/dev/null");
  private static final Duration READY_WITHIN = Duration.ofSeconds(90);
  private static final Duration STOP_WITHIN = Duration.ofSeconds(10);
  private static final Duration POLL_EVERY = Duration.ofMillis(50);
  private static final int FIRST_PORT = 12_000;
  private static final int LAST_PORT = 32_000;
  private static final int MAX_TRIES = 100;

  private final List<Process> processes = new ArrayList<>();
  private final Map<String, List<Integer>> ports = new LinkedHashMap<>();

  private Instances() {}

  /**
   * Starts processes and returns when all of them answer.
   *
   * @param count how many
   * @param classPath where the functions are
   * @param table the list of functions
   * @param functions the names of those that are hosted
   * @param store where Firestore answers, as host:port
   * @param project where documents are
   * @param work takes a file with what a process says before it can log
   */
  static Instances start(
      int count,
      String classPath,
      Path table,
      List<String> functions,
      String store,
      String project,
      TokenIssuer tokens,
      Path work)
      throws IOException {
    Instances all = new Instances();
    functions.forEach(function -> all.ports.put(function, new ArrayList<>()));
    Map<String, String> environment =
        Map.of(
            "FIRESTORE_EMULATOR_HOST",
            store,
            "GOOGLE_CLOUD_PROJECT",
            project,
            "TOKEN_ISSUERS",
            tokens.setting(),
            "SERVICE_ACCOUNTS",
            TokenIssuer.SERVICE_ACCOUNT,
            "SCHEDULER_ACCOUNTS",
            TokenIssuer.SCHEDULER_ACCOUNT,
            "LOG_FORMAT",
            "json");
    try {
      for (int i = 0; i < count; i++) {
        all.launch(classPath, table, environment, log(work, i));
      }
      for (int i = 0; i < count; i++) {
        all.awaitReady(i, log(work, i));
      }
    } catch (IOException | RuntimeException e) {
      all.close();
      throw e;
    }
    return all;
  }

  private void launch(String classPath, Path table, Map<String, String> environment, Path log)
      throws IOException {
    List<String> command = JavaCommand.start();
    command.addAll(JVM);
    command.addAll(List.of(System.getProperty("meterkite.bench.jvm", "").split(" ")));
    command.removeIf(String::isEmpty);
    command.addAll(List.of("-cp", classPath, FunctionsProcess.class.getName(), table.toString()));
    List<ServerSocket> held = new ArrayList<>();
    for (Map.Entry<String, List<Integer>> each : ports.entrySet()) {
      // Held together, so that no two functions get the same one.
      ServerSocket socket = free();
      held.add(socket);
      each.getValue().add(socket.getLocalPort());
      command.add(each.getKey() + "=" + socket.getLocalPort());
    }
    for (ServerSocket socket : held) {
      socket.close();
    }
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    processes.add(
        builder
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(log.toFile())
            .start());
  }

  /**
   * A port below those that systems give to connections: with many processes, a connection would
   * else take one before its function does.
   */
  private static ServerSocket free() throws IOException {
    for (int tries = 1; ; tries++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
      try {
        return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
      } catch (BindException taken) {
        if (tries == MAX_TRIES) {
          throw taken;
        }
      }
    }
  }

  private static Path log(Path work, int index) {
    return work.resolve("instance-" + index + ".log");
  }

  private void awaitReady(int index, Path log) throws IOException {
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    for (List<Integer> each : ports.values()) {
      while (!accepts(each.get(index))) {
        if (!processes.get(index).isAlive() || System.nanoTime() > deadline) {
          throw new IOException(
              "process " + index + " of the functions does not answer: " + Files.readString(log));
        }
        LockSupport.parkNanos(POLL_EVERY.toNanos());
      }
    }
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  /** Where each function answers, a port for each process. */
  Map<String, List<Integer>> ports() {
    return ports;
  }

  List<ProcessHandle> handles() {
    return processes.stream().map(Process::toHandle).toList();
  }

  @Override
  public void close() {
    processes.forEach(Process::destroy);
    for (Process process : processes) {
      try {
        if (!process.waitFor(STOP_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        process.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
