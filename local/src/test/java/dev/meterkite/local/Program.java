package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.opentest4j.TestAbortedException;

/** A program that is not part of the project: without it the tests that need it are skipped. */
enum Program {
  PYTHON("Python 3.9 or later", "python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))"),
  NODE(
      "Node.js 18 or later", "node", "-e", "process.exit(+(parseInt(process.versions.node) < 18))");

  private static final int MOST_MINUTES = 8;
  private static final Pattern NO_NETWORK =
      Pattern.compile(
          "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH"
              + "|Could not transfer artifact|Unknown host");

  private final String version;
  private final String program;
  private final String option;
  private final String check;

  Program(String version, String program, String option, String check) {
    this.version = version;
    this.program = program;
    this.option = option;
    this.check = check;
  }

  /**
   * How a program ended.
   *
   * @param output its standard output and errors
   */
  record Ended(int status, String output) {}

  /** Skips the test, with a sentence, on a machine that lacks the program. */
  void orSkip() {
    boolean found;
    try {
      found = run(Path.of(""), Map.of(), program, option, check).status() == 0;
    } catch (MissingException e) {
      found = false;
    }
    assumeTrue(found, "Skipped, because there is no " + version + ".");
  }

  /**
   * Installs packages of npm into a folder; their own scripts are not run. Skips the test, with a
   * sentence, where there is no npm or it reaches no registry.
   *
   * @param packages with their versions, such as {@code typescript@5.9.3}; without any, those of
   *     the folder's package.json
   */
  static void npmInstall(Path folder, String... packages) {
    NODE.orSkip();
    List<String> command =
        new ArrayList<>(
            List.of("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save"));
    command.addAll(List.of(packages));
    Ended ended = online(folder, command.toArray(String[]::new));
    assertEquals(0, ended.status(), ended.output());
  }

  /**
   * Runs a program that downloads something. Skips the test, with a sentence, where it cannot be
   * started or reaches no registry.
   */
  static Ended online(Path folder, String... command) {
    Ended ended;
    try {
      ended = run(folder, Map.of(), command);
    } catch (MissingException e) {
      throw new TestAbortedException("Skipped, because there is no " + command[0] + ".", e);
    }
    assumeFalse(
        ended.status() != 0 && NO_NETWORK.matcher(ended.output()).find(),
        () -> "Skipped, because " + command[0] + " reaches no registry.");
    return ended;
  }

  /** A program that cannot be started. */
  static final class MissingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MissingException(IOException cause) {
      super(cause);
    }
  }

  /** Runs a program until it ends, for at most eight minutes. */
  static Ended run(Path folder, Map<String, String> variables, String... command) {
    try (Running running = start(folder, variables, command)) {
      if (!running.process().waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
        fail("not ended after " + MOST_MINUTES + " minutes: " + running.output());
      }
      return new Ended(running.process().exitValue(), running.output());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /**
   * Starts a program; closing what is returned ends it.
   *
   * @throws MissingException where there is no such program
   */
  static Running start(Path folder, Map<String, String> variables, String... command) {
    Path file;
    try {
      file = Files.createTempFile("program", ".txt");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toAbsolutePath().toFile())
            .redirectErrorStream(true)
            .redirectOutput(file.toFile());
    builder.environment().putAll(variables);
    try {
      return new Running(builder.start(), file);
    } catch (IOException e) {
      throw new MissingException(e);
    }
  }

  /**
   * A program that has been started.
   *
   * @param file takes its standard output and errors
   */
  record Running(Process process, Path file) implements AutoCloseable {
    String output() {
      try {
        return Files.readString(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Waits until it has printed these lines, in any order, for at most three minutes. */
    void awaitLines(List<String> lines) {
      HostClient.await(
          lines + " in the output of " + process.info().commandLine().orElse(""),
          () -> {
            List<String> printed = output().lines().toList();
            return printed.containsAll(lines) || !process.isAlive();
          });
      List<String> missing = new ArrayList<>(lines);
      missing.removeAll(output().lines().toList());
      assertEquals(List.of(), missing, () -> "missing in: " + output());
    }

    @Override
    public void close() {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
