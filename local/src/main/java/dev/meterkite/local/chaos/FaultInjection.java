package dev.meterkite.local.chaos;

import dev.meterkite.local.ChildProcesses;
import dev.meterkite.local.LocalClock;
import dev.meterkite.local.chaos.FaultPlan.Disturbance;
import dev.meterkite.local.chaos.FaultPlan.Killing;
import dev.meterkite.local.chaos.FaultPlan.Planned;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what is planned besides the faults of calls, on two threads: one ends and restarts
 * processes of functions, the other cuts connections, moves the clock, fires schedules and writes
 * documents as other programs do.
 */
final class FaultInjection implements AutoCloseable {
  /** What they act upon. */
  record Targets(
      FaultPlan plan,
      ChildProcesses processes,
      FaultyLink link,
      LocalClock clock,
      LongConsumer schedules,
      OtherPrograms programs) {}

  private static final long POLL_MILLIS = 10;
  private static final Duration LONGEST_AIM = Duration.ofSeconds(10);
  private static final Duration BEFORE_MONTH_END = Duration.ofSeconds(2);
  private static final long MOST_MILLIS_CUT = 1_500;
  private static final long MOST_MINUTES_AHEAD = Duration.ofDays(2).toMinutes();

  private interface Action {
    void run() throws InterruptedException;
  }

  private final Targets targets;
  private final Map<String, Long> counts = new TreeMap<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closing;
  private volatile @Nullable Throwable failure;

  FaultInjection(Targets targets) {
    this.targets = targets;
  }

  void start() {
    run("killings", this::endProcesses);
    run("disturbances", this::disturb);
  }

  private void run(String name, Action action) {
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } catch (RuntimeException | Error e) {
                failure = e;
              }
            },
            name);
    thread.setDaemon(true);
    threads.add(thread);
    thread.start();
  }

  /** How often each thing happened, by its name in lower case. */
  synchronized Map<String, Long> counts() {
    return new TreeMap<>(counts);
  }

  private synchronized void count(Enum<?> what) {
    counts.merge(what.name().toLowerCase(Locale.ROOT), 1L, Long::sum);
  }

  private boolean pause(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    while (!closing && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    return !closing;
  }

  private void endProcesses() throws InterruptedException {
    ChildProcesses processes = targets.processes;
    for (long n = 0; ; n++) {
      Planned<Killing> planned = targets.plan.killing(n);
      if (!pause(planned.after())) {
        return;
      }
      count(planned.what());
      int first = (int) (planned.pick() % processes.count());
      switch (planned.what()) {
        case ONE -> {
          int victim = awaitHost().orElse(first);
          kill(Set.of(victim));
        }
        case TERMINATED -> {
          processes.terminate(first);
          processes.restart(first);
        }
        case ALL -> {
          awaitHost();
          kill(IntStream.range(0, processes.count()).boxed().collect(Collectors.toSet()));
        }
      }
    }
  }

  /** The process on which a relay relies; empty if for a while there is none. */
  private OptionalInt awaitHost() throws InterruptedException {
    long end = System.nanoTime() + LONGEST_AIM.toNanos();
    OptionalInt host = targets.link.relays().host();
    while (host.isEmpty() && !closing && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(1);
      host = targets.link.relays().host();
    }
    return host;
  }

  private void kill(Set<Integer> victims) {
    victims.forEach(targets.processes::kill);
    targets.link.relays().killed(victims);
    victims.forEach(targets.processes::restart);
  }

  private void disturb() throws InterruptedException {
    for (long n = 0; ; n++) {
      Planned<Disturbance> planned = targets.plan.disturbance(n);
      if (!pause(planned.after())) {
        return;
      }
      count(planned.what());
      long pick = planned.pick();
      switch (planned.what()) {
        case CUT -> targets.link.cut(Duration.ofMillis(pick % MOST_MILLIS_CUT));
        case MONTH_END -> targets.clock.set(monthEnd().minus(BEFORE_MONTH_END));
        case DAYS -> targets.clock.advance(Duration.ofMinutes(pick % MOST_MINUTES_AHEAD));
        case SCHEDULES -> targets.schedules.accept(pick);
        case BALANCE -> targets.programs.changeBalance(pick);
        case LEDGER_WIPED -> targets.programs.wipeLedger(pick);
        case CUSTOMER -> targets.programs.editCustomer(pick);
        case USAGE_RECORD -> targets.programs.writeRecord(pick);
      }
    }
  }

  private Instant monthEnd() {
    Instant later = targets.clock.instant().plus(BEFORE_MONTH_END).plusSeconds(1);
    return YearMonth.from(later.atZone(ZoneOffset.UTC))
        .plusMonths(1)
        .atDay(1)
        .atStartOfDay(ZoneOffset.UTC)
        .toInstant();
  }

  /**
   * Stops, when the processes that were ended are up again.
   *
   * @throws IllegalStateException with what stopped one of the threads before
   */
  @Override
  public void close() {
    closing = true;
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    Throwable failed = failure;
    if (failed != null) {
      throw new IllegalStateException("the disturbances came to an end: " + failed, failed);
    }
  }
}
