package dev.meterkite.local.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Many callers, each of whom does one thing after the other, chosen by the seed and the thing's
 * number, and repeats it with its key until it has an answer. When it is over each caller ends its
 * jobs and settles what it has held and reserved, but for some that are left to lapse.
 */
final class ChaosWorkload {
  private final Actor.Stage stage;
  private final BooleanSupplier behind;
  private final AtomicLong next = new AtomicLong();

  /**
   * @param behind whether so many events are on their way that no step should cause more
   */
  ChaosWorkload(Actor.Stage stage, BooleanSupplier behind) {
    this.stage = stage;
    this.behind = behind;
  }

  /** Plays until it is over, and returns when all callers have finished what they had begun. */
  void play(int callers, BooleanSupplier over) throws InterruptedException, ExecutionException {
    ExecutorService pool = Executors.newFixedThreadPool(callers);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        String name = "caller-" + i;
        all.add(pool.submit(() -> play(name, over)));
      }
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private @Nullable Void play(String name, BooleanSupplier over) throws InterruptedException {
    Actor actor = new Actor(stage, name);
    while (!over.getAsBoolean()) {
      actor.step(next.getAndIncrement(), behind.getAsBoolean());
    }
    actor.finish();
    return null;
  }
}
