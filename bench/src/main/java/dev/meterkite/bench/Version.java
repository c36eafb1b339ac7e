package dev.meterkite.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A version of the functions.
 *
 * @param name its commit, or the folder's name where it has none
 * @param classPath where its classes are
 * @param functions its list of functions
 * @param isOurs whether it is the version that this class belongs to
 */
record Version(String name, String classPath, Path functions, boolean isOurs) {
  private static final String TABLE = "functions.tsv";

  /**
   * The one that this class belongs to.
   *
   * @param home the project's folder
   */
  static Version of(Path home) {
    return new Version(
        name(home), System.getProperty("java.class.path", ""), home.resolve(TABLE), true);
  }

  /**
   * Another one.
   *
   * @param folder a folder of the project in which {@code bench.sh} was built
   * @throws IOException where it was not
   */
  static Version in(Path folder) throws IOException {
    Path there = folder.toAbsolutePath().normalize();
    Path target = there.resolve("bench/target");
    Path list = target.resolve("start/classpath.txt");
    if (!Files.exists(list)) {
      list = target.resolve("classpath.txt");
    }
    String classPath = Files.readString(list).strip();
    return new Version(name(there), classPath, there.resolve(TABLE), false);
  }

  private static String name(Path folder) {
    try {
      Process git =
          new ProcessBuilder("git", "-C", folder.toString(), "rev-parse", "--short", "HEAD")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String commit =
          new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (git.waitFor(10, TimeUnit.SECONDS) && git.exitValue() == 0 && !commit.isEmpty()) {
        return commit;
      }
    } catch (IOException noGit) {
      // The folder's name will do.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return String.valueOf(folder.getFileName());
  }
}
