package dev.meterkite.local;

import dev.meterkite.emulator.JavaCommand;
import dev.meterkite.functions.catalog.FunctionEntry;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Several JVMs that each host all functions, as instances do in the cloud. Each can be killed at
 * any moment and started again, on other ports.
 */
public final class ChildProcesses implements AutoCloseable {
  private static final Duration READY_WITHIN = Duration.ofMinutes(3);
  private static final Duration STOP_WITHIN = Duration.ofSeconds(10);
  private static final Duration POLL_EVERY = Duration.ofMillis(50);
  private static final int CONNECT_MILLIS = 1_000;

  /** Between the choice of a port and its use anybody may take it. */
  private static final String PORT_TAKEN = "Address already in use";

  private static final int MOST_LAUNCHES = 5;

  private static final class Child {
    final Path log;
    final Map<String, String> environment;
    Map<String, Integer> ports = Map.of();
    long logged;
    @Nullable Process process;

    Child(Path log, Map<String, String> environment) {
      this.log = log;
      this.environment = environment;
    }
  }

  private final Path table;
  private final List<FunctionEntry> entries;
  private final Backends backends;
  private final List<Child> children = new ArrayList<>();
  private long endedByThemselves;

  private ChildProcesses(Path table, List<FunctionEntry> entries, Backends backends) {
    this.table = table;
    this.entries = entries;
    this.backends = backends;
  }

  /**
   * Starts them, and returns when all of them answer.
   *
   * @param environments the variables of each
   */
  static ChildProcesses start(
      List<Map<String, String>> environments,
      Path table,
      List<FunctionEntry> entries,
      Backends backends,
      Path work) {
    ChildProcesses all = new ChildProcesses(table, entries, backends);
    try {
      for (int i = 0; i < environments.size(); i++) {
        Path log = work.resolve("functions-" + i + ".log");
        Files.deleteIfExists(log);
        Child child = new Child(log, environments.get(i));
        all.children.add(child);
        all.launch(child);
      }
      for (Child child : all.children) {
        all.bringUp(child);
      }
    } catch (IOException e) {
      all.close();
      throw new LocalHostException("Cannot start a process for the functions: " + e, e);
    } catch (LocalHostException e) {
      all.close();
      throw e;
    }
    return all;
  }

  private void launch(Child child) throws IOException {
    child.ports = FunctionServers.choosePorts(entries);
    child.logged = Files.exists(child.log) ? Files.size(child.log) : 0;
    List<String> command = JavaCommand.start();
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            FunctionsProcess.class.getName(),
            table.toString()));
    child.ports.forEach((name, port) -> command.add(name + "=" + port));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(child.environment);
    File log = child.log.toFile();
    child.process =
        builder
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
            .start();
  }

  /** Waits for one that was launched; launches it again where somebody took one of its ports. */
  private void bringUp(Child child) throws IOException {
    for (int launches = 1; !awaitReady(child); launches++) {
      String log = Files.readString(child.log);
      String said = log.substring((int) Math.min(child.logged, log.length()));
      if (launches == MOST_LAUNCHES || !said.contains(PORT_TAKEN)) {
        throw new LocalHostException("A process for the functions ended:\n" + said);
      }
      launch(child);
    }
  }

  /** Whether it answers; false when it has ended instead. */
  private boolean awaitReady(Child child) throws IOException {
    Process process = Objects.requireNonNull(child.process);
    long deadline = System.nanoTime() + READY_WITHIN.toNanos();
    for (int port : child.ports.values()) {
      while (!accepts(port)) {
        if (!process.isAlive()) {
          return false;
        }
        if (Thread.currentThread().isInterrupted()) {
          throw new LocalHostException("Interrupted while starting");
        }
        if (System.nanoTime() > deadline) {
          throw new LocalHostException(
              "A process for the functions is not up after " + READY_WITHIN + "; see " + child.log);
        }
        LockSupport.parkNanos(POLL_EVERY.toNanos());
      }
    }
    Map<String, Integer> ports = child.ports;
    backends.add(ports);
    // Also one that ends by itself gets no more requests.
    var unused =
        process
            .onExit()
            .thenRun(
                () -> {
                  backends.remove(ports);
                  ended(child, process);
                });
    return true;
  }

  private synchronized void ended(Child child, Process process) {
    if (child.process == process) {
      endedByThemselves++;
    }
  }

  /** How many ended although nobody had asked them to. */
  public synchronized long endedByThemselves() {
    return endedByThemselves;
  }

  private static boolean accepts(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS);
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  public int count() {
    return children.size();
  }

  /** The process id of one, for whoever wants to look at it. */
  public synchronized long pid(int index) {
    Process process = children.get(index).process;
    if (process == null) {
      throw new IllegalStateException("process " + index + " is not running");
    }
    return process.pid();
  }

  /** Whether one runs. */
  public synchronized boolean isAlive(int index) {
    Process process = children.get(index).process;
    return process != null && process.isAlive();
  }

  /** Kills one at once, as SIGKILL does; what it had not answered stays unanswered. */
  public synchronized void kill(int index) {
    end(index, Process::destroyForcibly);
  }

  /** Asks one to end, as SIGTERM does: it may finish what it is at, within ten seconds. */
  public synchronized void terminate(int index) {
    end(index, Process::destroy);
  }

  private void end(int index, Consumer<Process> signal) {
    Child child = children.get(index);
    Process process = child.process;
    if (process == null) {
      return;
    }
    signal.accept(process);
    backends.remove(child.ports);
    await(process);
    child.process = null;
  }

  /** Starts one that was killed or has ended, and returns when it answers. */
  public synchronized void restart(int index) {
    Child child = children.get(index);
    if (isAlive(index)) {
      throw new IllegalStateException("process " + index + " is running");
    }
    try {
      launch(child);
      bringUp(child);
    } catch (IOException e) {
      throw new LocalHostException("Cannot start a process for the functions: " + e, e);
    }
  }

  private static void await(Process process) {
    try {
      if (!process.waitFor(STOP_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** Ends all of them: asked first, forced after ten seconds. */
  @Override
  public synchronized void close() {
    for (Child child : children) {
      if (child.process != null) {
        child.process.destroy();
      }
    }
    for (Child child : children) {
      if (child.process != null) {
        await(child.process);
        child.process = null;
      }
    }
  }
}
