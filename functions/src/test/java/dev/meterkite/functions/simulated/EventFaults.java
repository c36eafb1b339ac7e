package dev.meterkite.functions.simulated;

import java.time.Duration;

/**
 * Probabilities, 0 to 1, of what goes wrong with an event on its way to one function. An event
 * usually takes up to two seconds.
 *
 * @param lost it never arrives
 * @param repeated it is delivered two or three times
 * @param renamed a repetition comes as an event of another id
 * @param late it takes up to {@code latest}
 * @param heldBack it takes up to {@code longest}
 * @param unheard the function's acknowledgement is lost, so that the event comes again
 */
public record EventFaults(
    double lost,
    double repeated,
    double renamed,
    double late,
    double heldBack,
    double unheard,
    Duration latest,
    Duration longest) {

  /** Each event comes once, within two seconds. */
  public static final EventFaults NONE =
      new EventFaults(0, 0, 0, 0, 0, 0, Duration.ofSeconds(2), Duration.ofSeconds(2));

  /** One event in five is repeated, half of them overtake each other, some are hours late. */
  public static final EventFaults MANY =
      new EventFaults(
          0.002, 0.2, 0.1, 0.5, 0.01, 0.02, Duration.ofSeconds(30), Duration.ofHours(3));
}
