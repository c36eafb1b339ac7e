package dev.meterkite.functions.store;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Turns in real time: at once on the caller's thread where there is no delay, else on a thread of
 * its own.
 */
public final class Pauses implements Turns {
  private final ScheduledExecutorService timer =
      new ScheduledThreadPoolExecutor(
          1,
          task -> {
            Thread thread = new Thread(task, "group-commit-pauses");
            thread.setDaemon(true);
            return thread;
          });

  @Override
  @SuppressWarnings("FutureReturnValueIgnored") // the engine guards its own tasks
  public void after(Duration delay, Runnable task) {
    if (delay.isZero()) {
      task.run();
    } else {
      timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    }
  }
}
