package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.emulator.JavaCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
  private static final int SIGTERM_STATUS = 128 + 15;

  @TempDir Path home;

  @Test
  void stoppedHost_takesItsEmulatorAlongAndStartsAgain() throws Exception {
    TestTable.write(home);
    Files.copy(Path.of("..", "firestore.rules"), home.resolve("firestore.rules"));
    String port = Integer.toString(FirestoreEmulator.freePort());
    for (int round = 1; round <= 2; round++) {
      Path output = home.resolve("output-" + round);
      Process host = start(port, output);
      try {
        HostClient.await(
            "the host is up", () -> !host.isAlive() || text(output).contains("Ctrl-C"));
        assertTrue(
            text(output).contains("http://127.0.0.1:" + port + "/local/token"), text(output));
        assertPortIsRefused(port);
        List<ProcessHandle> below = host.descendants().toList();
        assertEquals(1, below.size(), "the emulator");

        host.destroy();

        assertTrue(
            host.waitFor(HostClient.WAIT_AT_MOST.toSeconds(), TimeUnit.SECONDS), "does not stop");
        assertEquals(SIGTERM_STATUS, host.exitValue());
        assertFalse(below.get(0).isAlive(), "the emulator is left");
      } finally {
        host.descendants().forEach(ProcessHandle::destroyForcibly);
        host.destroyForcibly();
      }
    }
  }

  /** Also before the host is up. */
  @Test
  void startThatIsStopped_saysSoAndLeavesNothing() throws Exception {
    TestTable.write(home);
    Path output = home.resolve("output");
    Process host = start("0", output);
    try {
      HostClient.await("the emulator starts", () -> host.descendants().findAny().isPresent());
      List<ProcessHandle> below = host.descendants().toList();
      host.destroy();
      assertTrue(host.waitFor(30, TimeUnit.SECONDS), "not stopped within 30 s");
      assertEquals(SIGTERM_STATUS, host.exitValue());
      assertTrue(text(output).endsWith("Stopping…\n"), text(output));
      assertFalse(text(output).contains("Exception"), text(output));
      // What was told to end may take a moment longer than the one who told it.
      HostClient.await(
          "what it started ends too", () -> below.stream().noneMatch(ProcessHandle::isAlive));
    } finally {
      host.descendants().forEach(ProcessHandle::destroyForcibly);
      host.destroyForcibly();
    }
  }

  private void assertPortIsRefused(String port) throws IOException, InterruptedException {
    Path output = home.resolve("refused");
    Process second = start(port, output);
    assertTrue(second.waitFor(HostClient.WAIT_AT_MOST.toSeconds(), TimeUnit.SECONDS));
    assertEquals(1, second.exitValue());
    String said = text(output).replace(System.lineSeparator(), " ").strip();
    assertEquals(
        "Port " + port + " of 127.0.0.1 is in use: stop what listens there, or choose --port N.",
        said);
  }

  private Process start(String port, Path output) throws IOException {
    List<String> command = JavaCommand.start();
    command.addAll(
        List.of(
            "-Dmeterkite.home=" + home,
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "--port",
            port));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().remove("FIRESTORE_EMULATOR_HOST");
    return builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void wrongLine_endsWithStatus2AndASentence() {
    String text = said(2, "down");
    assertTrue(text.startsWith("Unknown command down; "), text);
    assertFalse(text.contains("\tat "), text);
    assertEquals(
        "--only takes ledger, usage, decisions, not nonsense.",
        said(2, "tables", "out", "--only", "ledger,nonsense"));
    assertEquals(
        "--only takes ledger, usage, decisions, not nothing.", said(2, "tables", "out", "--only="));
  }

  /** Nothing has started: there is no table of functions to start. */
  @Test
  void folderThatCannotBeWritten_isOneSentence_andNothingIsLeft() throws IOException {
    Path file = Files.writeString(home.resolve("afile"), "a text");
    for (String command : List.of("tables", "export")) {
      for (Path folder : List.of(file, file.resolve("below"), Path.of("/proc/x/y"))) {
        assertEquals(folder + " cannot be written.", said(1, command, folder.toString()));
      }
    }
    NewFolder.check(home.resolve("a/b/c"));
    assertFalse(Files.exists(home.resolve("a")));
  }

  /** The lines of an error as one. */
  private static String said(int status, String... words) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
    assertEquals(status, Main.run(words, System.out, stream));
    return err.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), " ").strip();
  }
}
