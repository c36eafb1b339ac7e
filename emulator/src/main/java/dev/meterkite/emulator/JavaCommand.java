package dev.meterkite.emulator;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a process starts another JVM: the same one, with the same compiler and collector. A test run
 * that asks for the fast compiler ({@code -XX:TieredStopAtLevel=1}) asks for it everywhere, since
 * processes that live for seconds would spend most of them in the other one.
 */
public final class JavaCommand {
  /**
   * Names a folder of archives of classes that a build has made; what finds none there does
   * without.
   */
  private static final String ARCHIVES = "meterkite.archives";

  private static final List<String> INHERITED =
      List.of("-XX:TieredStopAtLevel=", "-XX:+Use", "-D" + ARCHIVES + "=");

  private JavaCommand() {}

  /** The folder of the build's archives of classes; null where there is none. */
  static @Nullable Path archives() {
    String folder = System.getProperty(ARCHIVES, "");
    return folder.isEmpty() ? null : Path.of(folder);
  }

  /** The program and the inherited options, for the caller to add to. */
  public static List<String> start() {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (INHERITED.stream().anyMatch(option::startsWith)) {
        command.add(option);
      }
    }
    return command;
  }
}
