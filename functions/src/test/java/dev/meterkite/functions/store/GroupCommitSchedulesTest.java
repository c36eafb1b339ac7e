package dev.meterkite.functions.store;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The protocol under faults, crashes and rivals: every schedule can be repeated from its seed. */
class GroupCommitSchedulesTest {
  /** The rarest of the planted defects is found by seed 926: see PlantedDefectsTest. */
  private static final int SEEDS = Boolean.getBoolean("meterkite.deep") ? 100_000 : 2_000;

  @Test
  void everySchedule_keepsTheBooksAndItsWord() {
    LongStream.range(0, SEEDS).parallel().forEach(GroupCommitSchedulesTest::play);
    System.out.println("schedules: " + SEEDS + " seeds, no anomaly");
  }

  private static void play(long seed) {
    try {
      new Schedule(seed, SimulatedStore.Faults.MANY, new Schedule.Variant() {}).play();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }
}
