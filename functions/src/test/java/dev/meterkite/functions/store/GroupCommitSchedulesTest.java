package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.model.schema.Schema.CommandRelays;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
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
    LongStream.range(FIRST, FIRST + SEEDS)
        .parallel()
        .forEach(seed -> play(seed, new Schedule.Variant() {}));
    System.out.printf(
        "schedules: %d seeds, no anomaly; %d relays, %d answered, %d recalled%n",
        SEEDS, created.get(), answered.get(), recalled.get());
    assertTrue(answered.get() >= SEEDS / 10 && recalled.get() >= SEEDS / 100);
  }

  /**
   * What was read for a batch that stays says nothing of the commands that have joined it since.
   */
  @Test
  void relaysThatAreRefused_changeNoAnswer() {
    LongStream.range(FIRST, FIRST + SEEDS)
        .parallel()
        .forEach(seed -> play(2 * seed + 1, new NoRelays()));
    assertTrue(created.get() >= SEEDS, "handed over nevertheless: " + created);
  }

  /** The store of an instance that cannot hand over every second time. */
  private static final class NoRelays implements Schedule.Variant {
    private boolean refused;

    @Override
    public Store store(SimulatedStore store) {
      return new ForwardingStore(store) {
        @Override
        public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
          boolean creates =
              mutations.stream()
                  .anyMatch(each -> each.fields().get(CommandRelays.OPEN_FOR) instanceof String);
          if (creates) {
            refused = !refused;
          }
          return creates && refused
              ? CompletableFuture.failedFuture(
                  new StoreException(StoreException.Kind.DENIED, "no relays"))
              : super.commit(mutations);
        }
      };
    }
  }

  private void play(long seed, Schedule.Variant variant) {
    try {
      Schedule schedule = new Schedule(seed, seed % 8 < 2 ? Faults.NONE : Faults.MANY, variant);
      schedule.play();
      created.addAndGet(schedule.relaysCreated);
      answered.addAndGet(schedule.relaysAnswered);
      recalled.addAndGet(schedule.relaysRecalled);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }
}
