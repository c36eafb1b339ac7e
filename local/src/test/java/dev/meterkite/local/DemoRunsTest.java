package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.emulator.JavaCommand;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The demo at the push of a button, with another program in its place. */
class DemoRunsTest {
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** What is started in place of the demo. */
  static final class Played {
    private Played() {}

    public static void main(String[] args) throws InterruptedException {
      if (args[0].equals("long")) {
        System.out.println("x".repeat(DemoRuns.MOST_OUTPUT));
      }
      System.out.println("played on " + args[1]);
      if (args[0].equals("hang")) {
        TimeUnit.HOURS.sleep(1);
      }
      System.exit(args[0].equals("wrong") ? 1 : 0);
    }
  }

  private static DemoRuns runs(String how) {
    return new DemoRuns(
        port -> {
          List<String> command = new ArrayList<>(JavaCommand.start());
          command.addAll(
              List.of(
                  "-cp",
                  System.getProperty("java.class.path"),
                  Played.class.getName(),
                  how,
                  Integer.toString(port)));
          return command;
        },
        false);
  }

  private static Map<String, Object> awaitEnd(DemoRuns runs) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (runs.shown().get("state").equals("running")) {
      assertTrue(System.nanoTime() < deadline, () -> "still running: " + runs.shown());
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return runs.shown();
  }

  @Test
  void run_isShownUntilItPasses_andCanBeRepeated() throws Exception {
    try (DemoRuns runs = runs("right")) {
      assertEquals(Map.of("state", "none"), runs.shown());
      for (int i = 0; i < 2; i++) {
        runs.start();
        assertTrue(String.valueOf(runs.shown().get("began_at")).endsWith("Z"));
        Map<String, Object> shown = awaitEnd(runs);
        assertEquals("passed", shown.get("state"));
        assertTrue(String.valueOf(shown.get("output")).startsWith("played on "), shown::toString);
        assertEquals(0, shown.get("status"));
      }
    }
  }

  @Test
  void programThatFails_isAFailure() throws Exception {
    try (DemoRuns runs = runs("wrong")) {
      runs.start();
      assertEquals("failed", awaitEnd(runs).get("state"));
      assertEquals(1, runs.shown().get("status"));
    }
  }

  @Test
  void secondRunAtATime_isRefused_andClosingEndsTheFirst() throws Exception {
    DemoRuns runs = runs("hang");
    runs.start();
    assertEquals("running", runs.shown().get("state"));
    assertTrue(String.valueOf(runs.shown().get("console")).endsWith("/console/"));
    LocalProblem problem = assertThrows(LocalProblem.class, runs::start);
    assertEquals(409, problem.status());
    assertEquals("demo_running", problem.code());
    runs.close();
    Map<String, Object> shown = awaitEnd(runs);
    assertEquals("failed", shown.get("state"));
    assertFalse(shown.containsKey("console"));
  }

  @Test
  void output_isItsLastPart() throws Exception {
    try (DemoRuns runs = runs("long")) {
      runs.start();
      String output = String.valueOf(awaitEnd(runs).get("output"));
      assertEquals(DemoRuns.MOST_OUTPUT, output.length());
      assertTrue(output.strip().matches("(?s)x+\\s+played on \\d+"));
    }
  }

  @Test
  void hostThatPlaysTheDemoItself_startsNoOther() {
    try (DemoRuns runs = new DemoRuns(port -> List.of("none"), true)) {
      assertEquals(Map.of("state", "running"), runs.shown());
      assertEquals(409, assertThrows(LocalProblem.class, runs::start).status());
    }
  }

  @Test
  void programThatIsNotThere_isAProblem() {
    try (DemoRuns runs = new DemoRuns(port -> List.of("/no/such/program"), false)) {
      assertEquals(503, assertThrows(LocalProblem.class, runs::start).status());
      assertEquals(Map.of("state", "none"), runs.shown());
    }
  }

  /** What the button starts is a command line that the program takes. */
  @Test
  void commandLine_isOneOfRunLocal() {
    List<String> line = DemoRuns.command(Path.of("/home"), 12_345);
    int main = line.indexOf(Main.class.getName());
    Options options = Options.parse(line.subList(main + 1, line.size()));
    assertEquals("demo", options.command());
    assertEquals(12_345, options.port());
    assertTrue(line.contains("-Dmeterkite.home=/home"), line::toString);
  }
}
