package dev.meterkite.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The whole system in virtual time. */
class SimulationTest {
  private static final Fixture FIXTURE = new Fixture(Path.of("../functions.tsv"));
  private static final long OPERATIONS = Boolean.getBoolean("meterkite.deep") ? 200_000 : 20_000;

  private final Rounds rounds = new Rounds(FIXTURE, Defect.NONE, System.out);

  @AfterAll
  static void close() {
    FIXTURE.close();
  }

  @Test
  void books_balanceUnderFaultsOfAllKinds() throws Exception {
    String seed = System.getProperty("meterkite.seed", "1");
    SimulationOptions options =
        SimulationOptions.parse(
            List.of("--seed=" + seed, "--operations=" + OPERATIONS, "--round=10000"));
    Rounds.Result failed = rounds.playAll(options.plans(), options.threads());
    assertNull(failed, () -> "seed " + seed + ": " + failed);
  }

  /** One seed, one schedule: every step and every document. */
  @Test
  void sameSeed_isTheSamePlay() {
    Plan plan = SimulationOptions.parse(List.of("--operations=1500")).plans().get(0);
    Rounds.Result first = rounds.play(plan);
    assertEquals(first, rounds.play(plan));
    Plan other = SimulationOptions.parse(List.of("--seed=2", "--operations=1500")).plans().get(0);
    assertNotEquals(first.digest(), rounds.play(other).digest());
  }

  /** A failure says how it is repeated, with fewer operations and without what does not matter. */
  @Test
  void failure_isShrunk() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    SimulationOptions options =
        SimulationOptions.parse(
            List.of("--operations=2000", "--audit-every=1000", "--users=10", "--clients=8"));
    int status =
        SimulationMain.play(
            options,
            FIXTURE,
            Planted.CAPTURE_OF_THE_WHOLE_HOLD,
            new PrintStream(out, true, StandardCharsets.UTF_8));
    String said = out.toString(StandardCharsets.UTF_8);
    assertEquals(1, status, said);
    assertTrue(said.contains("FINDING ") && said.contains("seed 1, step "), said);
    String line =
        said.lines().filter(each -> each.startsWith("./simulate.sh")).findFirst().orElseThrow();
    Plan shrunk =
        SimulationOptions.parse(Arrays.asList(line.split(" ")).subList(1, line.split(" ").length))
            .plans()
            .get(0);
    assertTrue(shrunk.size().operations() < 1_000, said);
    Rounds.Result again =
        new Rounds(FIXTURE, Planted.CAPTURE_OF_THE_WHOLE_HOLD, System.out).play(shrunk);
    assertFalse(again.findings().isEmpty(), said);
    assertTrue(said.contains("faults that matter: []"), said);
  }
}
