package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.EventFaults;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.ScheduleFaults;
import java.time.Duration;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** Kinds of faults, each of which a plan can leave out. */
@SuppressWarnings("ImmutableEnumChecker") // the functions have no state
enum Kind {
  /** Commits that never arrive, or of which nothing is heard, or that come late or twice. */
  COMMITS(
      ills -> {
        Faults all = ills.faults();
        return ills.with(new Faults(0, 0, 0, 0, all.readLost(), 0, all.late(), all.outage()));
      }),
  /** Reads without an answer, slow answers, outages, ABORTED. */
  STORE(
      ills -> {
        Faults all = ills.faults();
        return ills.with(
            new Faults(
                all.lostBefore(),
                all.appliedLate(),
                all.lostAfter(),
                0,
                0,
                all.appliedTwice(),
                0,
                0));
      }),
  /** Events that are late, doubled or lost. */
  EVENTS(ills -> ills.with(EventFaults.NONE)),
  /** Schedules that are late, doubled or missing. */
  SCHEDULES(ills -> ills.with(ScheduleFaults.NONE)),
  /** Requests and answers that are lost or doubled, clients that hang up. */
  REQUESTS(ills -> ills.with(ills.weather().with(Weather.Requests.SAFE))),
  /** Instances that die. */
  DEATHS(ills -> ills.with(ills.weather().with(Weather.Deaths.NONE))),
  /** Instances that have no processor while they serve nobody. */
  THROTTLING(
      ills ->
          ills.with(ills.weather().with(new Weather.Clocks(0, ills.weather().clocks().skew())))),
  /** Clocks that differ. */
  SKEW(
      ills ->
          ills.with(
              ills.weather()
                  .with(new Weather.Clocks(ills.weather().clocks().throttled(), Duration.ZERO)))),
  /** Other programs that write documents. */
  PROGRAMS(ills -> ills.with(ills.weather().every(Duration.ZERO, ills.weather().leaps()))),
  /** Leaps of the domain's time. */
  LEAPS(ills -> ills.with(ills.weather().every(ills.weather().programs(), Duration.ZERO)));

  private final UnaryOperator<Plan.Ills> without;

  Kind(UnaryOperator<Plan.Ills> without) {
    this.without = without;
  }

  /** A plan without faults of this kind. */
  Plan leftOut(Plan plan) {
    return plan.with(without);
  }

  /** The word of the command line. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
