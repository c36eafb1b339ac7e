package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.emulator.JavaCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The host with all functions, with four busy loops beside it. */
class BusyMachineTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final int LOOPS = 4;
  private static final int SIGTERM_STATUS = 128 + 15;
  private static final long PATIENCE_MINUTES = 5;

  private final List<Process> loops = new ArrayList<>();
  @TempDir Path folder;

  @BeforeEach
  void makeBusy() throws IOException {
    for (int i = 0; i < LOOPS; i++) {
      // Each ends by itself where nobody ends it.
      loops.add(new ProcessBuilder("timeout", "900", "sh", "-c", "while :; do :; done").start());
    }
  }

  @AfterEach
  void calmDown() {
    for (Process loop : loops) {
      loop.descendants().forEach(ProcessHandle::destroyForcibly);
      loop.destroyForcibly();
    }
  }

  @Test
  void demo_comesUp_andEndsWithoutATraceWhenItIsTold() throws Exception {
    Path output = folder.resolve("output");
    int firestore = FirestoreEmulator.freePort();
    List<String> command = JavaCommand.start();
    command.addAll(
        List.of(
            "-Dmeterkite.home=" + ROOT,
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "demo",
            "--port",
            Integer.toString(FirestoreEmulator.freePort()),
            "--firestore-port",
            Integer.toString(firestore)));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().remove("FIRESTORE_EMULATOR_HOST");
    Process host = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      // Its first line says that it is up; with the second one it is at work.
      long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(PATIENCE_MINUTES);
      while (host.isAlive()
          && Files.readString(output).lines().count() < 2
          && System.nanoTime() < deadline) {
        boolean unused = host.waitFor(50, TimeUnit.MILLISECONDS);
      }
      String said = Files.readString(output);
      assertTrue(said.startsWith("Meterkite is up in ") && host.isAlive(), said);
      try (FirestoreEmulator emulator = FirestoreEmulator.attach("127.0.0.1:" + firestore)) {
        assertEquals("127.0.0.1:" + firestore, emulator.host());
      }
      List<ProcessHandle> below = host.descendants().toList();

      host.destroy();

      assertTrue(host.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES));
      assertEquals(SIGTERM_STATUS, host.exitValue());
      below.forEach(process -> assertFalse(process.isAlive()));
      said = Files.readString(output);
      assertTrue(said.endsWith("Stopping…\n"), said);
      assertFalse(said.contains("Exception") || said.contains("\tat "), said);
    } finally {
      host.descendants().forEach(ProcessHandle::destroyForcibly);
      host.destroyForcibly();
    }
  }
}
