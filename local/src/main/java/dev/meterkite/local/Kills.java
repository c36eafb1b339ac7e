package dev.meterkite.local;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Kills the processes of functions, as the end of a machine does (SIGKILL), and starts them again,
 * while something else goes on; now and then all of them at once. Which process dies, and after how
 * many more operations, follows from the seed.
 */
final class Kills implements Runnable, AutoCloseable {
  private static final long POLL_MILLIS = 5;
  private static final int ALL_OF_THEM_EVERY = 5;

  private final ChildProcesses processes;
  private final LongSupplier operations;
  private final int every;
  private final Random random;
  private final Thread thread = new Thread(this, "kills");
  private volatile boolean closing;
  private volatile @Nullable LocalHostException failure;
  private final AtomicLong kills = new AtomicLong();

  /**
   * @param operations how many operations have been done so far
   * @param every about how many operations lie between two kills
   */
  Kills(ChildProcesses processes, LongSupplier operations, int every, long seed) {
    this.processes = processes;
    this.operations = operations;
    this.every = every;
    this.random = new Random(seed);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  @Override
  public void run() {
    long next = 0;
    try {
      while (!closing) {
        next = Math.max(next, operations.getAsLong()) + every / 2 + random.nextInt(every);
        while (!closing && operations.getAsLong() < next) {
          TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        if (!closing) {
          boolean all = random.nextInt(ALL_OF_THEM_EVERY) == 0;
          int first = random.nextInt(processes.count());
          kill(first, all ? processes.count() : 1);
        }
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    } catch (LocalHostException e) {
      failure = e;
    }
  }

  private void kill(int first, int count) {
    for (int i = 0; i < count; i++) {
      processes.kill((first + i) % processes.count());
      kills.incrementAndGet();
    }
    for (int i = 0; i < count; i++) {
      processes.restart((first + i) % processes.count());
    }
  }

  /** Processes killed so far. */
  long kills() {
    return kills.get();
  }

  /**
   * Stops, when those that were killed are up again.
   *
   * @throws LocalHostException if one of them did not come up
   */
  @Override
  public void close() {
    closing = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LocalHostException failed = failure;
    if (failed != null) {
      throw failed;
    }
  }
}
