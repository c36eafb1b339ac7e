package dev.meterkite.functions.simulated;

import java.time.Duration;

/**
 * Probabilities, 0 to 1, of what goes wrong with one run of a schedule.
 *
 * @param missing it is left out
 * @param repeated it comes twice, at once or a little later
 * @param late it comes up to {@code latest} late
 * @param latest the longest delay
 */
public record ScheduleFaults(double missing, double repeated, double late, Duration latest) {
  /** Each run comes once, within a second of its minute. */
  public static final ScheduleFaults NONE = new ScheduleFaults(0, 0, 0, Duration.ofSeconds(1));

  /** One run in ten is left out, one in ten doubled, one in five late. */
  public static final ScheduleFaults MANY =
      new ScheduleFaults(0.1, 0.1, 0.2, Duration.ofMinutes(20));
}
