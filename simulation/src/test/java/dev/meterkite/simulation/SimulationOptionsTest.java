package dev.meterkite.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.simulated.EventFaults;
import dev.meterkite.local.line.WrongLineException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The command line of simulate.sh. */
class SimulationOptionsTest {
  /** What {@code simulate.sh --help} prints; written anew by {@code -Dmeterkite.write=true}. */
  @Test
  void checkedInHelp_isPicoclis() throws IOException {
    Path folder = Path.of("").toAbsolutePath().getParent().resolve("local/help/simulate");
    Map<String, String> files = SimulationOptions.LINE.files();
    if (Boolean.getBoolean("meterkite.write")) {
      Files.createDirectories(folder);
      for (Map.Entry<String, String> file : files.entrySet()) {
        Files.writeString(folder.resolve(file.getKey()), file.getValue());
      }
    }
    Map<String, String> there = new TreeMap<>();
    try (Stream<Path> listing = Files.list(folder)) {
      for (Path file : listing.toList()) {
        there.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    assertEquals(new TreeMap<>(files), there);
  }

  @Test
  void rounds_haveSeedsOfTheirOwn_andAddUp() {
    SimulationOptions options =
        SimulationOptions.parse(List.of("--seed", "7", "--operations", "2500", "--round", "1000"));
    List<Plan> plans = options.plans();
    assertEquals(
        List.of(1_000L, 1_000L, 500L),
        plans.stream().map(plan -> plan.size().operations()).toList());
    assertEquals(7, plans.get(0).seed());
    assertEquals(3, plans.stream().map(Plan::seed).distinct().count());
    assertEquals(plans, options.plans());
  }

  /** The line that a failure prints plays the round that failed. */
  @Test
  void round_canBePlayedAlone() {
    Plan third = SimulationOptions.parse(List.of("--operations", "75000")).plans().get(2);
    Plan alone =
        SimulationOptions.parse(List.of("--seed=" + third.seed(), "--operations", "25000"))
            .plans()
            .get(0);
    assertEquals(third, alone);
  }

  @Test
  void kinds_areLeftOut() {
    Plan all = SimulationOptions.parse(List.of()).plans().get(0);
    for (Kind kind : Kind.values()) {
      Plan less = SimulationOptions.parse(List.of("--without", kind.word())).plans().get(0);
      assertNotEquals(all, less, kind.word());
      assertEquals(less, kind.leftOut(less));
    }
    Plan calm = SimulationOptions.parse(List.of("--without", "events,leaps")).plans().get(0);
    assertEquals(EventFaults.NONE, calm.ills().events());
    assertEquals(Duration.ZERO, calm.ills().weather().leaps());
  }

  @Test
  void wrongLine_isStatusTwo() {
    assertThrows(
        WrongLineException.class, () -> SimulationOptions.parse(List.of("--without", "rain")));
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
    assertEquals(2, SimulationMain.run(new String[] {"--operations", "0"}, stream, stream));
    assertTrue(err.toString(StandardCharsets.UTF_8).contains("--operations"), err::toString);
    assertEquals(0, SimulationMain.run(new String[] {"--help"}, stream, stream));
  }
}
