package dev.meterkite.simulation;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A future whose waiters wait in virtual time; the futures derived from it are of the same kind.
 */
final class VirtualFuture<T> extends CompletableFuture<T> {
  private final Scheduler scheduler;

  VirtualFuture(Scheduler scheduler) {
    this.scheduler = scheduler;
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new VirtualFuture<>(scheduler);
  }

  @Override
  public T join() {
    if (!isDone()) {
      scheduler.await(this, null);
    }
    return super.join();
  }

  @Override
  public T get() throws InterruptedException, ExecutionException {
    if (!isDone()) {
      scheduler.await(this, null);
    }
    return super.get();
  }

  @Override
  public T get(long timeout, TimeUnit unit)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (!isDone()) {
      scheduler.await(this, Duration.ofNanos(unit.toNanos(timeout)));
    }
    if (!isDone()) {
      throw new TimeoutException();
    }
    return super.get();
  }
}
