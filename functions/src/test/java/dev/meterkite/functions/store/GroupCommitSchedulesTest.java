package dev.meterkite.functions.store;

import org.junit.jupiter.api.Test;

/** The protocol under faults, crashes and rivals: every schedule can be repeated from its seed. */
class GroupCommitSchedulesTest {
  private static final int SEEDS = Boolean.getBoolean("meterkite.deep") ? 100_000 : 10_000;

  @Test
  void everySchedule_keepsTheBooksAndItsWord() {
    for (long seed = 0; seed < SEEDS; seed++) {
      try {
        new Schedule(seed, SimulatedStore.Faults.MANY, new Schedule.Variant() {}).play();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
    }
    System.out.println("schedules: " + SEEDS + " seeds, no anomaly");
  }
}
