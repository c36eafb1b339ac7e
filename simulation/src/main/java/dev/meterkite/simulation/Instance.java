package dev.meterkite.simulation;

import com.google.cloud.functions.CloudEventsFunction;
import com.google.cloud.functions.HttpFunction;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.backend.Exchange;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Callers;
import dev.meterkite.functions.http.Drain;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.Turns;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * A process that serves one function: its own caches, engines, clocks and connection, and no memory
 * of those before it.
 */
final class Instance implements Life, Turns {
  /** What all instances are made of. */
  interface Parts {
    Settings settings();

    Callers callers();

    Log log();

    /** The connection of one instance. */
    Store store(Instance instance);

    /** The network of one instance. */
    Exchange network(Instance instance);

    /** The domain's time, by a clock that shows this. */
    InstantSource domain(InstantSource real);
  }

  private final Scheduler scheduler;
  private final Random random;
  private final Duration skew;
  private final boolean isThrottled;
  private final Object function;
  private final List<Runnable> deferred = new ArrayList<>();
  private final Set<Scheduler.Token> waits = new LinkedHashSet<>();
  private final List<Runnable> atDeath = new ArrayList<>();
  private boolean alive = true;
  private int calls;

  /**
   * @param function the class of the function
   * @param seed of its ids and pauses
   * @param skew how far its clocks are ahead
   * @param isThrottled whether it has no processor while it serves nobody
   */
  Instance(
      Scheduler scheduler,
      Parts parts,
      Class<?> function,
      long seed,
      Duration skew,
      boolean isThrottled) {
    this.scheduler = scheduler;
    this.random = new Random(seed);
    this.skew = skew;
    this.isThrottled = isThrottled;
    Drain drain = new Drain();
    Backend backend =
        new Backend(
            parts.settings(),
            parts.store(this),
            parts.domain(realClock()),
            this,
            new Edge(parts.callers(), parts.log(), drain),
            new Intake(parts.log(), drain),
            parts.log());
    Exchange unused = backend.feature(Exchange.class, each -> parts.network(this));
    try {
      this.function = function.getConstructor(Backend.class).newInstance(backend);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(function + " cannot be made over a backend", e);
    }
  }

  HttpFunction http() {
    return (HttpFunction) function;
  }

  CloudEventsFunction events() {
    return (CloudEventsFunction) function;
  }

  @Override
  public boolean isAlive() {
    return alive;
  }

  /** Whether calls are under way. */
  boolean isBusy() {
    return calls > 0;
  }

  /** A call begins: the instance has a processor again. */
  void enter() {
    calls++;
    List<Runnable> again = List.copyOf(deferred);
    deferred.clear();
    again.forEach(task -> scheduler.after(Duration.ZERO, this, task));
  }

  /** A call is over. */
  void leave() {
    calls--;
  }

  /** Ends it at once; calls that wait never go on. */
  void kill() {
    alive = false;
    List.copyOf(waits).forEach(scheduler::wake);
    atDeath.forEach(Runnable::run);
    deferred.clear();
  }

  /** Runs once the instance has died. */
  void atDeath(Runnable task) {
    atDeath.add(task);
  }

  /** The call has ended before the instance. */
  void forget(Runnable task) {
    atDeath.remove(task);
  }

  @Override
  public boolean defers(Runnable task) {
    if (isThrottled && calls == 0) {
      deferred.add(task);
      return true;
    }
    return false;
  }

  @Override
  public void waits(Scheduler.Token token) {
    waits.add(token);
  }

  @Override
  public void goesOn(Scheduler.Token token) {
    waits.remove(token);
  }

  @Override
  public void after(Duration delay, Runnable task) {
    if (delay.isZero()) {
      task.run();
    } else {
      scheduler.after(delay, this, task);
    }
  }

  @Override
  public InstantSource realClock() {
    return () -> scheduler.instant().plus(skew);
  }

  @Override
  public Random random() {
    return new Random(random.nextLong());
  }

  @Override
  public UUID id() {
    return new UUID(random.nextLong(), random.nextLong());
  }

  @Override
  public <T> CompletableFuture<T> promise() {
    return scheduler.promise();
  }
}
