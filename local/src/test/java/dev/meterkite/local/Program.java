package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program that is not part of the project: without it the tests that need it are skipped. */
enum Program {
  PYTHON("Python 3.9 or later", "python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))"),
  NODE(
      "Node.js 18 or later", "node", "-e", "process.exit(+(parseInt(process.versions.node) < 18))");

  private static final int MOST_MINUTES = 8;

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
