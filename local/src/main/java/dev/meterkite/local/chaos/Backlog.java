package dev.meterkite.local.chaos;

import dev.meterkite.emulator.EmulatorUnavailableException;
import dev.meterkite.local.LocalHost;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Whether so many events are on their way that nobody should cause more, as a pipeline slows down:
 * the emulator posts events one after the other and is soon behind those who write.
 */
final class Backlog implements AutoCloseable {
  private static final int MOST_EVENTS = 5_000;
  private static final Duration LONGEST = Duration.ofSeconds(3);
  private static final Duration PROBE_EVERY = Duration.ofMillis(500);
  private static final Duration PROBE_WITHIN = Duration.ofMinutes(20);

  private final LocalHost host;
  private final Thread prober = new Thread(this::probe, "backlog");
  private volatile long sent = System.nanoTime();
  private volatile boolean arrived = true;
  private volatile boolean closing;

  Backlog(LocalHost host) {
    this.host = host;
    prober.setDaemon(true);
    prober.start();
  }

  private void probe() {
    try {
      while (true) {
        sent = System.nanoTime();
        arrived = false;
        arrived = host.probe(PROBE_WITHIN);
        TimeUnit.NANOSECONDS.sleep(PROBE_EVERY.toNanos());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (EmulatorUnavailableException e) {
      if (!closing) {
        throw e;
      }
    }
  }

  /**
   * Whether an event takes more than three seconds to come, or 5,000 have come and wait.
   *
   * @throws IllegalStateException if the emulator does not answer any more
   */
  boolean isLong() {
    if (!prober.isAlive()) {
      throw new IllegalStateException("the emulator takes no document any more");
    }
    return host.events().counts().pending() > MOST_EVENTS
        || (!arrived && System.nanoTime() - sent > LONGEST.toNanos());
  }

  @Override
  public void close() {
    closing = true;
    prober.interrupt();
  }
}
