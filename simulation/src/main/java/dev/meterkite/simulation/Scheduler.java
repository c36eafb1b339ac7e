package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Simulation;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time, in which one thing happens after the other: in the order of the moments for which
 * they are planned, and of their planning within one.
 *
 * <p>Code that blocks needs a thread, so each call that waits keeps one. But one thread runs at a
 * time, the one with the baton: a thread that waits lets the next things happen itself, until its
 * own wait is over or the thing that happens belongs to another thread. Then it hands the baton
 * over. Nothing depends on how the machine schedules threads.
 */
final class Scheduler implements InstantSource, AutoCloseable {
  /** A thread that waits for the baton for so long is joined to something that nobody completes. */
  private static final long STUCK_NANOS = Duration.ofSeconds(60).toNanos();

  private final Simulation simulation;
  private final List<Worker> workers = new ArrayList<>();
  private final Deque<Worker> idle = new ArrayDeque<>();
  private final Worker root;
  private Worker running;
  private @Nullable Life life;
  private volatile boolean closed;
  private @Nullable Throwable failure;

  /** A wait of a thread. */
  static final class Token {
    private final Worker worker;
    private boolean woken;
    private boolean over;

    private Token(Worker worker) {
      this.worker = worker;
    }
  }

  /** A thread and whether it may run. */
  private static final class Worker {
    private volatile boolean baton;
    private boolean interrupted;
    private volatile @Nullable Thread thread;

    /** How many waits are on its stack. */
    private int waits;

    /** What to run next, for a thread that idles. */
    private @Nullable Runnable task;

    void give() {
      baton = true;
      LockSupport.unpark(thread);
    }

    void await() {
      while (!baton) {
        LockSupport.park(this);
        // Who is interrupted goes on to the next audit, and ends there.
        interrupted |= Thread.interrupted();
      }
      baton = false;
    }
  }

  /** The thread that makes this is the one that plays; see {@link #await}. */
  Scheduler(Simulation simulation) {
    this.simulation = simulation;
    this.root = new Worker();
    root.thread = Thread.currentThread();
    root.waits = 1;
    this.running = root;
  }

  @Override
  public Instant instant() {
    return simulation.instant();
  }

  /** Plans something that belongs to nobody. */
  void after(Duration delay, Runnable task) {
    after(delay, null, task);
  }

  /** Plans something of an instance: it does not happen once that is dead. */
  void after(Duration delay, @Nullable Life of, Runnable task) {
    simulation.after(delay.isNegative() ? Duration.ZERO : delay, () -> happen(of, task));
  }

  /** Whether the thread that plays is to come to an end. */
  boolean isInterrupted() {
    return root.interrupted || Thread.currentThread().isInterrupted();
  }

  /** Plans code that may wait, at this moment. */
  void start(@Nullable Life of, Runnable body) {
    after(Duration.ZERO, null, () -> launch(of, body));
  }

  /** A future of this time. */
  <T> CompletableFuture<T> promise() {
    return new VirtualFuture<>(this);
  }

  /** Lets the time pass for the code that calls this. */
  void sleep(Duration time) {
    CompletableFuture<Void> over = promise();
    after(time, () -> over.complete(null));
    over.join();
  }

  /**
   * Waits, at most for this time, and lets everything else happen meanwhile.
   *
   * @throws Killed if the instance of the caller has died
   */
  void await(CompletableFuture<?> future, @Nullable Duration atMost) {
    if (closed) {
      throw new Killed();
    }
    Life mine = life;
    if (mine != null && !mine.isAlive()) {
      throw new Killed();
    }
    Token token = new Token(running);
    var unused = future.whenComplete((value, failed) -> wake(token));
    if (atMost != null) {
      after(atMost, () -> wake(token));
    }
    if (mine != null) {
      mine.waits(token);
    }
    token.worker.waits++;
    loop(token);
    token.worker.waits--;
    life = mine;
    if (mine != null) {
      mine.goesOn(token);
    }
    if (closed || (mine != null && !mine.isAlive())) {
      throw new Killed();
    }
  }

  /** Ends a wait, at this moment. */
  void wake(Token token) {
    if (!token.woken) {
      token.woken = true;
      after(Duration.ZERO, () -> resume(token));
    }
  }

  private void resume(Token token) {
    token.over = true;
    if (token.worker != running) {
      handOver(token.worker);
    }
  }

  private void launch(@Nullable Life of, Runnable body) {
    Runnable whole = () -> run(of, body);
    if (running.waits == 0) {
      whole.run();
      return;
    }
    Worker next = idle.poll();
    if (next == null) {
      next = newWorker();
    }
    next.task = whole;
    handOver(next);
  }

  private Worker newWorker() {
    Worker worker = new Worker();
    workers.add(worker);
    Thread thread =
        new Thread(
            () -> {
              worker.await();
              loop(null);
              closing(worker);
            },
            "simulated-" + workers.size());
    thread.setDaemon(true);
    worker.thread = thread;
    thread.start();
    return worker;
  }

  private void handOver(Worker next) {
    Worker me = running;
    if (me.waits == 0) {
      idle.push(me);
    }
    running = next;
    next.give();
    me.await();
    running = me;
  }

  private void loop(@Nullable Token token) {
    while (!closed && (token == null || !token.over)) {
      Worker me = running;
      Runnable task = me.task;
      if (task != null) {
        me.task = null;
        task.run();
        continue;
      }
      Throwable failed = failure;
      if (failed != null) {
        toRoot(failed);
      } else if (!simulation.step()) {
        toRoot(new IllegalStateException("nothing is planned any more"));
      }
    }
  }

  private void happen(@Nullable Life of, Runnable task) {
    if (of == null || (of.isAlive() && !of.defers(task))) {
      run(of, task);
    }
  }

  private void run(@Nullable Life of, Runnable task) {
    Life before = life;
    life = of;
    try {
      task.run();
    } catch (Killed e) {
      // Its instance has ended, as it was to.
    } catch (RuntimeException | Error e) {
      failure = e;
    }
    life = before;
  }

  /** What cannot go on is the failure of the one who plays. */
  private void toRoot(Throwable cause) {
    failure = cause;
    if (running == root) {
      closed = true;
    } else {
      handOver(root);
    }
  }

  /** Plays a body on the calling thread until it ends. */
  void play(Runnable body) {
    try {
      body.run();
    } catch (Killed e) {
      Throwable cause = failure;
      throw new IllegalStateException("the simulation failed at step " + simulation.steps(), cause);
    }
    if (failure != null) {
      throw new IllegalStateException(
          "the simulation failed at step " + simulation.steps(), failure);
    }
  }

  /** Ends all threads, one after the other. */
  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      Thread thread = worker.thread;
      running = worker;
      worker.task = null;
      worker.give();
      try {
        if (thread != null) {
          thread.join(Duration.ofNanos(STUCK_NANOS).toMillis());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    running = root;
  }

  private void closing(Worker worker) {
    worker.thread = null;
  }
}
