package dev.meterkite.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** How a kind of call did when several callers made it without a pause, for some seconds. */
final class DemoRace {
  /** A call under a key of its own; whether it succeeded. */
  interface Attempt {
    boolean make(String key) throws Exception;
  }

  private final Duration length;
  private final Attempt attempt;
  private final long end;
  private final List<Long> nanos = new ArrayList<>();
  private int begun;
  private int inTime;
  private int failed;
  private boolean closed;

  private DemoRace(Duration length, Attempt attempt) {
    this.length = length;
    this.attempt = attempt;
    this.end = System.nanoTime() + length.toNanos();
  }

  /**
   * Runs the callers.
   *
   * @param grace how long calls in flight at the end are waited for, before they are given up
   */
  static DemoRace run(int callers, Duration length, Duration grace, Attempt attempt)
      throws InterruptedException {
    DemoRace race = new DemoRace(length, attempt);
    ExecutorService threads = Executors.newFixedThreadPool(callers);
    try {
      for (int i = 0; i < callers; i++) {
        threads.execute(race::callUntilTheEnd);
      }
      threads.shutdown();
      threads.awaitTermination(length.plus(grace).toMillis(), TimeUnit.MILLISECONDS);
    } finally {
      race.close();
      threads.shutdownNow();
    }
    return race;
  }

  private void callUntilTheEnd() {
    long began;
    while ((began = System.nanoTime()) < end) {
      boolean success;
      try {
        success = attempt.make("hot-" + begin());
      } catch (InterruptedException e) {
        return;
      } catch (Exception e) {
        success = false;
      }
      end(success, System.nanoTime(), began);
    }
  }

  private synchronized int begin() {
    return begun++;
  }

  private synchronized void end(boolean success, long now, long began) {
    if (closed) {
      return;
    }
    if (success) {
      nanos.add(now - began);
      inTime += now <= end ? 1 : 0;
    } else {
      failed++;
    }
  }

  private synchronized void close() {
    closed = true;
    Collections.sort(nanos);
  }

  int answered() {
    return nanos.size();
  }

  int failed() {
    return failed;
  }

  /** Calls that had no answer when they were given up. */
  int open() {
    return begun - answered() - failed;
  }

  /** Successful calls a second. */
  String rate() {
    return "%,.1f".formatted(inTime * 1_000.0 / length.toMillis());
  }

  /** How long this share of the successful calls took at most. */
  String percentile(int percent) {
    return nanos.isEmpty()
        ? "-"
        : "%,d ms".formatted(nanos.get((nanos.size() - 1) * percent / 100) / 1_000_000);
  }
}
