package dev.meterkite.functions.simulated;

import dev.meterkite.functions.store.Turns;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/**
 * Virtual time in one thread: tasks run in the order of their moments, and of their planning within
 * one moment. Everything that is left to chance comes from one seed, so that a run can be repeated.
 */
public final class Simulation implements InstantSource, Turns {
  /** When a simulation begins unless it is told otherwise: two minutes before a month ends. */
  public static final Instant START = Instant.parse("2026-01-31T23:58:00Z");

  private final Random random;
  private final Instant start;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long planned;
  private long steps;
  private long nanos;

  private record Event(long nanos, long order, Runnable task) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(nanos, other.nanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  /** A simulation that begins at {@link #START}. */
  public Simulation(long seed) {
    this(seed, START);
  }

  /** A simulation that begins at a moment. */
  public Simulation(long seed, Instant start) {
    this.random = new Random(seed);
    this.start = start;
  }

  /** The one source of chance. */
  @Override
  public Random random() {
    return random;
  }

  @Override
  public Instant instant() {
    return start.plusNanos(nanos);
  }

  /** How many tasks have run. */
  public long steps() {
    return steps;
  }

  /** How many tasks are planned. */
  public int planned() {
    return events.size();
  }

  @Override
  public void after(Duration delay, Runnable task) {
    events.add(new Event(nanos + delay.toNanos(), planned++, task));
  }

  /** Runs the task at a moment, or at once if that is past. */
  public void at(Instant moment, Runnable task) {
    Duration delay = Duration.between(instant(), moment);
    after(delay.isNegative() ? Duration.ZERO : delay, task);
  }

  /** A span between the two, evenly distributed. */
  public Duration between(Duration least, Duration most) {
    return least.plusNanos((long) (random.nextDouble() * most.minus(least).toNanos()));
  }

  /** True with this probability, 0 to 1. */
  public boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** Runs the next task; false if none is planned. */
  public boolean step() {
    Event next = events.poll();
    if (next == null) {
      return false;
    }
    nanos = next.nanos();
    steps++;
    next.task().run();
    return true;
  }

  /** Runs tasks until the call has ended. */
  public <T> T await(CompletableFuture<T> call) {
    while (!call.isDone()) {
      if (!step()) {
        throw new AssertionError("nothing is planned that could end this call");
      }
    }
    return call.join();
  }

  /** Runs all tasks that are due within a span, and moves the time to its end. */
  public void pass(Duration span) {
    long end = nanos + span.toNanos();
    while (!events.isEmpty() && events.peek().nanos() <= end) {
      step();
    }
    nanos = end;
  }
}
