package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.EventFaults;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.Pace;
import dev.meterkite.functions.simulated.Platform;
import dev.meterkite.functions.simulated.ScheduleFaults;
import java.time.Instant;
import java.util.function.UnaryOperator;

/**
 * One play.
 *
 * @param seed of everything that is left to chance
 * @param start when it begins
 * @param size how much is played
 * @param ills what goes wrong
 * @param store what the store is like
 */
record Plan(long seed, Instant start, Size size, Ills ills, Database store) {
  /**
   * How much is played.
   *
   * @param operations after so many it ends
   * @param auditEvery after so many all comes to rest and is audited
   * @param clients so many call at one time
   * @param users of the product, at least 10
   * @param customers of the product, at least 2
   */
  record Size(long operations, long auditEvery, int clients, int users, int customers) {}

  /**
   * What goes wrong.
   *
   * @param faults on the way to the store
   * @param events with events
   * @param schedules with schedules
   * @param weather with all else
   */
  record Ills(Faults faults, EventFaults events, ScheduleFaults schedules, Weather weather) {
    Ills with(Faults other) {
      return new Ills(other, events, schedules, weather);
    }

    Ills with(EventFaults other) {
      return new Ills(faults, other, schedules, weather);
    }

    Ills with(ScheduleFaults other) {
      return new Ills(faults, events, other, weather);
    }

    Ills with(Weather other) {
      return new Ills(faults, events, schedules, other);
    }
  }

  /**
   * What the store is like.
   *
   * @param pace how long it takes
   */
  record Database(Pace pace, Platform platform) {}

  /** This until so many operations are done, with one audit at the end. */
  Plan upTo(long most) {
    Size less = new Size(most, most, size.clients(), size.users(), size.customers());
    return new Plan(seed, start, less, ills, store);
  }

  /** This with other ills. */
  Plan with(UnaryOperator<Ills> change) {
    return new Plan(seed, start, size, change.apply(ills), store);
  }
}
