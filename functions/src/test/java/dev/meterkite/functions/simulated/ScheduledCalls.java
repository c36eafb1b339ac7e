package dev.meterkite.functions.simulated;

import dev.meterkite.functions.catalog.Cron;
import dev.meterkite.functions.catalog.FunctionEntry;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Calls functions in the minutes of their schedules, as Cloud Scheduler may: doubled, late, or not
 * at all. A function that is still busy is not called by its schedule meanwhile. In a zone with
 * daylight saving a run whose hour is left out in spring is missing, and one whose hour comes twice
 * in autumn is doubled.
 */
public final class ScheduledCalls {
  private static final Duration USUAL = Duration.ofSeconds(1);
  private static final Duration REPETITION = Duration.ofSeconds(30);

  /** Takes the calls. */
  public interface Target {
    /**
     * Calls a function.
     *
     * @return ends when the function has answered or failed. One that does not end counts as busy
     *     until the function's timeout
     */
    CompletableFuture<?> call(FunctionEntry function);
  }

  private final Simulation simulation;
  private final ScheduleFaults faults;
  private final ZoneId zone;
  private final Target target;
  private final Map<FunctionEntry, Cron> crons = new LinkedHashMap<>();
  private final Set<FunctionEntry> busy = new HashSet<>();
  private final Tally tally = new Tally();
  private boolean isStopped;
  private boolean isPaused;
  private long calls;

  /**
   * The schedules of these entries.
   *
   * @param zone the time zone that the cron fields are in
   */
  public ScheduledCalls(
      Simulation simulation,
      ScheduleFaults faults,
      List<FunctionEntry> entries,
      ZoneId zone,
      Target target) {
    this.simulation = simulation;
    this.faults = faults;
    this.zone = zone;
    this.target = target;
    for (FunctionEntry entry : entries) {
      if (entry.schedule() != null) {
        crons.put(entry, Cron.parse(entry.schedule()));
      }
    }
  }

  /** Calls so far. */
  public long calls() {
    return calls;
  }

  /** The faults that were dealt so far. */
  public Tally tally() {
    return tally;
  }

  /** Begins with the next minute. */
  public void start() {
    Instant minute =
        simulation.instant().truncatedTo(ChronoUnit.MINUTES).plus(1, ChronoUnit.MINUTES);
    simulation.at(
        minute,
        () -> {
          if (!isStopped) {
            start();
            run(minute);
          }
        });
  }

  /** Ends with this minute. */
  public void stop() {
    isStopped = true;
  }

  /** Leaves runs out from now on, or no more. */
  public void pause(boolean pauses) {
    isPaused = pauses;
  }

  /**
   * Runs once each schedule that has a minute in a stretch of time over which the clocks of the
   * functions leapt; of a longer one than a day its last day is looked at.
   *
   * @param from excluded
   * @param to included
   */
  public void leapt(Instant from, Instant to) {
    Instant dayBefore = to.minus(1, ChronoUnit.DAYS);
    Instant earliest = from.isAfter(dayBefore) ? from : dayBefore;
    crons.forEach(
        (function, cron) -> {
          Instant minute = to.truncatedTo(ChronoUnit.MINUTES);
          while (minute.isAfter(earliest) && !cron.matches(minute.atZone(zone))) {
            minute = minute.minus(1, ChronoUnit.MINUTES);
          }
          if (minute.isAfter(earliest)) {
            run(function);
          }
        });
  }

  private void run(Instant minute) {
    crons.forEach(
        (function, cron) -> {
          if (!isPaused && cron.matches(minute.atZone(zone))) {
            run(function);
          }
        });
  }

  private void run(FunctionEntry function) {
    if (dealt(faults.missing(), "schedule: missing")) {
      return;
    }
    Duration most = dealt(faults.late(), "schedule: late") ? faults.latest() : USUAL;
    Duration delay = simulation.between(Duration.ZERO, most);
    simulation.after(delay, () -> call(function, false));
    if (dealt(faults.repeated(), "schedule: doubled")) {
      Duration later = simulation.between(Duration.ZERO, REPETITION);
      simulation.after(delay.plus(later), () -> call(function, true));
    }
  }

  private boolean dealt(double probability, String kind) {
    boolean dealt = probability > 0 && simulation.chance(probability);
    if (dealt) {
      tally.add(kind);
    }
    return dealt;
  }

  private void call(FunctionEntry function, boolean isRepetition) {
    if (!isRepetition && !busy.add(function)) {
      tally.add("schedule: still busy");
      return;
    }
    calls++;
    boolean[] isOver = {isRepetition};
    target.call(function).whenComplete((done, failure) -> end(function, isOver));
    if (!isOver[0]) {
      simulation.after(function.timeout(), () -> end(function, isOver));
    }
  }

  private void end(FunctionEntry function, boolean[] isOver) {
    if (!isOver[0]) {
      isOver[0] = true;
      busy.remove(function);
    }
  }
}
