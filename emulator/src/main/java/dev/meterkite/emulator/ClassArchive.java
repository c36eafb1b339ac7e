package dev.meterkite.emulator;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

/**
 * The classes of a program, read and linked, in a file that the JVM of its next start maps into
 * memory (class-data sharing): about half of the processor time of a start is spent on them.
 *
 * <p>A start without an archive lists the classes that it loads ({@link #options}); once it is up,
 * {@link #create} makes the archive of them in a process of its own, which the next start finds. An
 * archive is good for one JVM and one class path: the JVM leaves any other aside without a word.
 * Works from Java 17 on.
 *
 * @param archive the file that the JVM maps
 * @param list the classes that this start loads; a file of its own for each start
 * @param classPath of the program, jars only
 */
public record ClassArchive(Path archive, Path list, String classPath) {
  private static final String LEAVE_ASIDE_IN_SILENCE = "-Xlog:disable";

  /** The archive of a jar for this JVM, in a folder. */
  static ClassArchive of(Path jar, Path folder, Path list) throws IOException {
    CRC32 key = new CRC32();
    String text =
        String.join(
            "\n",
            jar.toRealPath().toString(),
            Files.getLastModifiedTime(jar) + " " + Files.size(jar),
            System.getProperty("java.home") + " " + System.getProperty("java.vm.version"),
            JavaCommand.start().stream()
                .filter(option -> !option.startsWith("-D"))
                .collect(Collectors.joining(" ")));
    key.update(text.getBytes(StandardCharsets.UTF_8));
    return new ClassArchive(
        folder.resolve("emulator-" + Long.toHexString(key.getValue()) + ".jsa"),
        list,
        jar.toString());
  }

  public boolean exists() {
    return Files.exists(archive);
  }

  /** The options of a start: to use the archive, or to list what one should hold. */
  List<String> options() {
    return exists()
        ? List.of("-XX:SharedArchiveFile=" + archive, "-Xshare:auto", LEAVE_ASIDE_IN_SILENCE)
        : List.of("-XX:DumpLoadedClassList=" + list, LEAVE_ASIDE_IN_SILENCE);
  }

  /** Whether this JVM maps the archive that it was started with, or any. */
  public static boolean isUsedHere() {
    return Boolean.parseBoolean(
        ManagementFactory.getPlatformMXBean(com.sun.management.HotSpotDiagnosticMXBean.class)
            .getVMOption("UseSharedSpaces")
            .getValue());
  }

  /**
   * Starts the making of the archive from what the list holds so far; the caller waits for it and
   * then calls {@link #complete}, or ends it. It stands back behind everything else.
   */
  public Process create() throws IOException {
    byte[] listed = Files.readAllBytes(list);
    // The program still writes it: the last line may be half of one.
    int end = listed.length;
    while (end > 0 && listed[end - 1] != '\n') {
      end--;
    }
    Files.write(whole(), java.util.Arrays.copyOf(listed, end));
    List<String> command = new ArrayList<>();
    if (new File("/usr/bin/nice").canExecute()) {
      command.addAll(List.of("/usr/bin/nice", "-n", "10"));
    }
    command.addAll(JavaCommand.start());
    command.addAll(
        List.of(
            "-Xshare:dump",
            "-XX:SharedClassListFile=" + whole(),
            "-XX:SharedArchiveFile=" + part(),
            LEAVE_ASIDE_IN_SILENCE,
            "-cp",
            classPath));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Puts in place what was made; where the making failed, nothing. */
  public void complete(Process made) throws IOException {
    if (!made.isAlive() && made.exitValue() == 0 && Files.exists(part())) {
      Files.move(part(), archive, StandardCopyOption.ATOMIC_MOVE);
    }
    discard();
  }

  /** Removes the archive. */
  public void remove() throws IOException {
    Files.deleteIfExists(archive);
  }

  /** Removes everything that only the making needs. */
  public void discard() throws IOException {
    Files.deleteIfExists(part());
    Files.deleteIfExists(whole());
    Files.deleteIfExists(list);
  }

  private Path part() {
    return beside(".part");
  }

  private Path whole() {
    return beside(".whole");
  }

  private Path beside(String ending) {
    return list.resolveSibling(Objects.requireNonNull(list.getFileName()) + ending);
  }
}
