package dev.meterkite.functions.store;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/**
 * Virtual time in one thread: what is to happen happens in the order of its moments, and of its
 * planning within one.
 */
final class Simulation implements InstantSource {
  static final Instant START = Instant.parse("2026-01-31T23:58:00Z");

  final Random random;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long planned;
  private long nanos;

  private record Event(long nanos, long order, Runnable task) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(nanos, other.nanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  Simulation(long seed) {
    this.random = new Random(seed);
  }

  @Override
  public Instant instant() {
    return START.plusNanos(nanos);
  }

  void after(Duration delay, Runnable task) {
    events.add(new Event(nanos + delay.toNanos(), planned++, task));
  }

  /** A span between the two, evenly spread. */
  Duration between(Duration least, Duration most) {
    return least.plusNanos((long) (random.nextDouble() * most.minus(least).toNanos()));
  }

  boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** Lets the next thing happen; false if nothing is planned. */
  boolean step() {
    Event next = events.poll();
    if (next == null) {
      return false;
    }
    nanos = next.nanos();
    next.task().run();
    return true;
  }

  /** Lets things happen until the call has an end. */
  <T> T await(CompletableFuture<T> call) {
    while (!call.isDone()) {
      if (!step()) {
        throw new AssertionError("nothing is planned that could end this call");
      }
    }
    return call.join();
  }
}
