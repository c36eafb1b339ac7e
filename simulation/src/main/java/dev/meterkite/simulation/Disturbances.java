package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.ScheduledCalls;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.simulated.Tally;
import dev.meterkite.local.chaos.Actor;
import dev.meterkite.local.chaos.OtherPrograms;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;

/**
 * What happens besides calls: instances die, time leaps, and schedules with it, other programs
 * write documents.
 */
final class Disturbances {
  private static final int ONE_IN_ALL = 20;
  private static final Duration BEFORE_MONTH_END = Duration.ofSeconds(2);
  private static final long MOST_MINUTES_AHEAD = Duration.ofDays(2).toMinutes();

  private static final List<ZoneId> ZONES =
      List.of(ZoneOffset.UTC, ZoneId.of("America/New_York"), ZoneId.of("Europe/Berlin"));

  private final Simulation simulation;
  private final Scheduler scheduler;
  private final Cloud cloud;
  private final ScheduledCalls schedules;
  private final OtherPrograms programs;
  private final Weather weather;
  private final Tally tally;
  private long round;

  Disturbances(
      Simulation simulation,
      Scheduler scheduler,
      Cloud cloud,
      ScheduledCalls schedules,
      Actor.Stage stage,
      Weather weather,
      Tally tally) {
    this.simulation = simulation;
    this.scheduler = scheduler;
    this.cloud = cloud;
    this.schedules = schedules;
    this.programs = new OtherPrograms(stage.store(), stage.clock(), stage.world(), stage.journal());
    this.weather = weather;
    this.tally = tally;
  }

  void start() {
    round++;
    every(weather.deaths().every(), this::kill);
    every(weather.leaps(), this::leap);
    every(weather.programs(), this::write);
  }

  void stop() {
    round++;
  }

  private void every(Duration mean, Runnable action) {
    if (mean.isZero()) {
      return;
    }
    long mine = round;
    scheduler.start(
        null,
        () -> {
          while (true) {
            scheduler.sleep(simulation.between(Duration.ZERO, mean.multipliedBy(2)));
            if (mine != round) {
              return;
            }
            action.run();
          }
        });
  }

  private void kill() {
    if (simulation.random().nextInt(ONE_IN_ALL) == 0) {
      cloud.killAll();
    } else {
      cloud.killOne();
    }
  }

  private void leap() {
    Instant from = cloud.clock().instant();
    if (simulation.chance(0.5)) {
      tally.add("clock: to the end of a month");
      ZoneId zone = ZONES.get(simulation.random().nextInt(ZONES.size()));
      cloud.leap(Duration.between(from, monthEnd(from, zone).minus(BEFORE_MONTH_END)));
    } else {
      tally.add("clock: up to two days on");
      cloud.leap(Duration.ofMinutes(simulation.random().nextLong(MOST_MINUTES_AHEAD)));
    }
    schedules.leapt(from, cloud.clock().instant());
  }

  private static Instant monthEnd(Instant now, ZoneId zone) {
    Instant later = now.plus(BEFORE_MONTH_END).plusSeconds(1);
    return YearMonth.from(later.atZone(zone)).plusMonths(1).atDay(1).atStartOfDay(zone).toInstant();
  }

  private void write() {
    long pick = simulation.random().nextLong() >>> 1;
    int kind = simulation.random().nextInt(65);
    if (kind < 20) {
      tally.add("program: changes a balance");
      programs.changeBalance(pick);
    } else if (kind < 25) {
      tally.add("program: sets a user anew");
      programs.wipeLedger(pick);
    } else if (kind < 40) {
      tally.add("program: edits a customer");
      programs.editCustomer(pick);
    } else {
      tally.add("program: writes a usage record");
      programs.writeRecord(pick);
    }
  }
}
