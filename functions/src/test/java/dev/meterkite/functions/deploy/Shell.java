package dev.meterkite.functions.deploy;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs commands at the root of the project. */
final class Shell {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final long SECONDS = 600;

  /** How a command ended and what it said on both channels. */
  record Ended(int status, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }
  }

  private Shell() {}

  static Ended run(Map<String, String> environment, String... command) {
    try {
      Path out = Files.createTempFile("out", ".txt");
      Path err = Files.createTempFile("err", ".txt");
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(ROOT.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(Arrays.toString(command) + " took over " + SECONDS + " s");
      }
      Ended ended = new Ended(process.exitValue(), Files.readString(out), Files.readString(err));
      Files.delete(out);
      Files.delete(err);
      return ended;
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Whether there is such a program. */
  static boolean has(String program) {
    return run(Map.of(), "bash", "-c", "command -v " + program).status() == 0;
  }

  /** The words of each line, as a shell takes them. */
  static List<List<String>> words(List<String> lines) throws IOException {
    Path file = Files.createTempFile("lines", ".txt");
    Files.write(file, lines, StandardCharsets.UTF_8);
    Ended ended =
        run(
            Map.of("LINES_FILE", file.toString()),
            "bash",
            "-c",
            """
            set -euf
            while IFS= read -r line; do
              eval "words=($line)"
              printf '%s\\037' "${words[@]}"
              echo
            done <"$LINES_FILE"
            """);
    Files.delete(file);
    assertTrue(ended.status() == 0, ended.err());
    return ended.lines().stream().map(line -> List.of(line.split("\037", -1))).toList();
  }
}
