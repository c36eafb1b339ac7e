package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A program that is not part of the project: without it the tests that need it are skipped. */
enum Program {
  PYTHON("Python 3.9 or later", "python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))"),
  NODE(
      "Node.js 18 or later", "node", "-e", "process.exit(+(parseInt(process.versions.node) < 18))");

  private static final int MOST_MINUTES = 8;
  private static final Pattern NO_NETWORK =
      Pattern.compile("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH");

  private final String name;
  private final String[] check;

  Program(String name, String... check) {
    this.name = name;
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
      found = run(Path.of(""), Map.of(), check).status() == 0;
    } catch (MissingException e) {
      found = false;
    }
    assumeTrue(found, "Skipped, because there is no " + name + ".");
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
    Ended ended;
    try {
      ended = run(folder, Map.of(), command.toArray(String[]::new));
    } catch (MissingException e) {
      assumeTrue(false, "Skipped, because there is no npm.");
      return;
    }
    assumeFalse(
        ended.status() != 0 && NO_NETWORK.matcher(ended.output()).find(),
        "Skipped, because npm reaches no registry.");
    assertEquals(0, ended.status(), ended.output());
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
    try {
      Path output = Files.createTempFile("program", ".txt");
      try {
        ProcessBuilder builder =
            new ProcessBuilder(command)
                .directory(folder.toAbsolutePath().toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(variables);
        return ended(started(builder), output);
      } finally {
        Files.deleteIfExists(output);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static Process started(ProcessBuilder builder) {
    try {
      return builder.start();
    } catch (IOException e) {
      throw new MissingException(e);
    }
  }

  private static Ended ended(Process process, Path output)
      throws IOException, InterruptedException {
    try {
      if (!process.waitFor(MOST_MINUTES, TimeUnit.MINUTES)) {
        fail("not ended after " + MOST_MINUTES + " minutes: " + Files.readString(output));
      }
      return new Ended(process.exitValue(), Files.readString(output));
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }
}
