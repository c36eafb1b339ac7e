package dev.meterkite.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the figures were taken on.
 *
 * @param processor its model
 * @param cores how many of it this process may use
 * @param memoryMiB of the machine; 0 where it cannot be told
 * @param system operating system
 * @param java the JVM
 * @param loadAverage runnable threads in the minute before the run; what else the machine did
 */
record Machine(
    String processor, int cores, long memoryMiB, String system, String java, double loadAverage) {

  static Machine here() {
    return new Machine(
        line("/proc/cpuinfo", "model name").orElse(System.getProperty("os.arch", "unknown")),
        Runtime.getRuntime().availableProcessors(),
        line("/proc/meminfo", "MemTotal")
            .map(text -> Long.parseLong(text.split(" ", -1)[0]) / 1_024)
            .orElse(0L),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
  }

  private static Optional<String> line(String file, String name) {
    try {
      return Files.readAllLines(Path.of(file)).stream()
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException notThere) {
      return Optional.empty();
    }
  }

  /** In one line. */
  String inWords() {
    return "%d cores of %s, %,d MiB, %s, %s".formatted(cores, processor, memoryMiB, system, java);
  }
}
