package dev.meterkite.functions.http;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets what is in flight finish when the process is told to stop, and lets nothing new begin.
 *
 * <p>On SIGTERM the JVM runs its shutdown hooks; the one of {@link #ofProcess} holds the JVM until
 * no request is in flight or the grace is over. Cloud Run gives ten seconds from SIGTERM to
 * SIGKILL.
 */
public final class Drain {
  private static @Nullable Drain process;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition idle = lock.newCondition();
  private int inFlight;
  private boolean stopping;

  /** A drain that only {@link #stop} sets off. */
  public Drain() {}

  /**
   * The drain of this process, which SIGTERM sets off; made once, with the grace of whoever asks
   * first.
   */
  public static synchronized Drain ofProcess(Duration grace) {
    Drain drain = process;
    if (drain == null) {
      drain = new Drain();
      Drain hooked = drain;
      Runtime.getRuntime().addShutdownHook(new Thread(() -> hooked.stop(grace), "drain"));
      process = drain;
    }
    return drain;
  }

  /** Begins a request, unless the process is stopping; whoever gets true calls {@link #leave}. */
  public boolean enter() {
    lock.lock();
    try {
      if (stopping) {
        return false;
      }
      inFlight++;
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a request. */
  public void leave() {
    lock.lock();
    try {
      inFlight--;
      if (inFlight == 0) {
        idle.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Lets nothing begin any more and waits until nothing is in flight.
   *
   * @return false when the grace was over, or the wait interrupted, before that
   */
  public boolean stop(Duration grace) {
    lock.lock();
    try {
      stopping = true;
      long left = grace.toNanos();
      while (inFlight > 0 && left > 0) {
        left = idle.awaitNanos(left);
      }
      return inFlight == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }
}
