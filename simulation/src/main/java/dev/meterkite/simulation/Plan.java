package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.EventFaults;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.Pace;
import dev.meterkite.functions.simulated.Platform;
import dev.meterkite.functions.simulated.ScheduleFaults;
import java.time.Instant;

/**
 * One play.
 *
 * @param seed of everything that is left to chance
 * @param start when it begins
 * @param operations after so many it ends
 * @param auditEvery after so many all comes to rest and is audited
 * @param clients so many call at one time
 * @param users of the product, at least 10
 * @param customers of the product, at least 2
 * @param faults what goes wrong on the way to the store
 * @param events what goes wrong with events
 * @param schedules what goes wrong with schedules
 * @param weather what else goes wrong
 * @param pace how long the store takes
 * @param platform what the store is like
 */
record Plan(
    long seed,
    Instant start,
    long operations,
    long auditEvery,
    int clients,
    int users,
    int customers,
    Faults faults,
    EventFaults events,
    ScheduleFaults schedules,
    Weather weather,
    Pace pace,
    Platform platform) {

  /** This until so many operations are done, with one audit at the end. */
  Plan upTo(long most) {
    return new Plan(
        seed, start, most, most, clients, users, customers, faults, events, schedules, weather,
        pace, platform);
  }

  Plan with(Faults other) {
    return new Plan(
        seed,
        start,
        operations,
        auditEvery,
        clients,
        users,
        customers,
        other,
        events,
        schedules,
        weather,
        pace,
        platform);
  }

  Plan with(EventFaults other) {
    return new Plan(
        seed,
        start,
        operations,
        auditEvery,
        clients,
        users,
        customers,
        faults,
        other,
        schedules,
        weather,
        pace,
        platform);
  }

  Plan with(ScheduleFaults other) {
    return new Plan(
        seed,
        start,
        operations,
        auditEvery,
        clients,
        users,
        customers,
        faults,
        events,
        other,
        weather,
        pace,
        platform);
  }

  Plan with(Weather other) {
    return new Plan(
        seed,
        start,
        operations,
        auditEvery,
        clients,
        users,
        customers,
        faults,
        events,
        schedules,
        other,
        pace,
        platform);
  }
}
