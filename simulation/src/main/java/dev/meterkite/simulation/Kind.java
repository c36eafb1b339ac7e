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
      plan -> {
        Faults all = plan.faults();
        return plan.with(new Faults(0, 0, 0, 0, all.readLost(), 0, all.late(), all.outage()));
      }),
  /** Reads without an answer, slow answers, outages, ABORTED. */
  STORE(
      plan -> {
        Faults all = plan.faults();
        return plan.with(
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
  EVENTS(plan -> plan.with(EventFaults.NONE)),
  /** Schedules that are late, doubled or missing. */
  SCHEDULES(plan -> plan.with(ScheduleFaults.NONE)),
  /** Requests and answers that are lost or doubled, clients that hang up. */
  REQUESTS(plan -> plan.with(plan.weather().withoutLosses())),
  /** Instances that die. */
  DEATHS(plan -> plan.with(plan.weather().withoutDeaths())),
  /** Instances that have no processor while they serve nobody. */
  THROTTLING(plan -> plan.with(plan.weather().withoutThrottling())),
  /** Clocks that differ. */
  SKEW(plan -> plan.with(plan.weather().withoutSkew())),
  /** Other programs that write documents. */
  PROGRAMS(plan -> plan.with(plan.weather().every(Duration.ZERO, plan.weather().leaps()))),
  /** Leaps of the domain's time. */
  LEAPS(plan -> plan.with(plan.weather().every(plan.weather().programs(), Duration.ZERO)));

  private final UnaryOperator<Plan> without;

  Kind(UnaryOperator<Plan> without) {
    this.without = without;
  }

  /** A plan without faults of this kind. */
  Plan leftOut(Plan plan) {
    return without.apply(plan);
  }

  /** The word of the command line. */
  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
