package dev.meterkite.functions.store;

import dev.meterkite.functions.DomainClock;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.http.Json;
import dev.meterkite.model.command.Rules;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * What all functions of a process share: one connection to Firestore, one clock, and the threads
 * that engines pause on. Built by the constructor of the first function that asks.
 *
 * @param settings the process's settings
 * @param store the connection
 * @param clock the domain's time
 * @param turns runs what engines do later
 */
public record Backend(Settings settings, Store store, InstantSource clock, Turns turns) {

  private static final class OfProcess {
    static final Backend BACKEND = of(Settings.ofProcess());
  }

  /** The backend of this process. */
  public static Backend ofProcess() {
    return OfProcess.BACKEND;
  }

  /** A backend of its own, for these settings. */
  public static Backend of(Settings settings) {
    return new Backend(
        settings, FirestoreStore.open(settings), DomainClock.of(settings.domainClockFile().orElse(null)), pauses());
  }

  /** An engine for one kind of owner document; a process needs one for each kind. */
  public <S, I> GroupCommit<S, I> engine(Rules<S, I> rules) {
    return new GroupCommit<>(
        rules,
        store,
        turns,
        clock,
        InstantSource.system(),
        new Random(),
        Limits.DEFAULT,
        Json::write);
  }

  static Turns pauses() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "group-commit-pauses");
              thread.setDaemon(true);
              return thread;
            });
    return (delay, task) -> later(timer, delay, task);
  }

  @SuppressWarnings("FutureReturnValueIgnored") // the engine guards its own tasks
  private static void later(ScheduledExecutorService timer, Duration delay, Runnable task) {
    if (delay.isZero()) {
      task.run();
    } else {
      timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    }
  }
}
