package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The protocol under faults, crashes and rivals: every schedule can be repeated from its seed. */
class GroupCommitSchedulesTest {
  private static final int SEEDS =
      Integer.getInteger("meterkite.seeds", Boolean.getBoolean("meterkite.deep") ? 100_000 : 3_000);
  private static final long FIRST = Long.getLong("meterkite.seed", 0);

  private final AtomicLong created = new AtomicLong();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong recalled = new AtomicLong();

  @Test
  void everySchedule_keepsTheBooksAndItsWord() {
    LongStream.range(FIRST, FIRST + SEEDS).parallel().forEach(this::play);
    System.out.printf(
        "schedules: %d seeds, no anomaly; %d relays, %d answered, %d recalled%n",
        SEEDS, created.get(), answered.get(), recalled.get());
    assertTrue(answered.get() >= SEEDS / 10 && recalled.get() >= SEEDS / 100);
  }

  private void play(long seed) {
    try {
      Schedule schedule =
          new Schedule(
              seed,
              seed % 8 < 2 ? SimulatedStore.Faults.NONE : SimulatedStore.Faults.MANY,
              new Schedule.Variant() {});
      schedule.play();
      created.addAndGet(schedule.store.relaysCreated);
      answered.addAndGet(schedule.store.relaysAnswered);
      recalled.addAndGet(schedule.store.relaysRecalled);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }
}
