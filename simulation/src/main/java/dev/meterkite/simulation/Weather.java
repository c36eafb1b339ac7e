package dev.meterkite.simulation;

import java.time.Duration;

/**
 * What goes wrong between clients and functions, and with instances. Probabilities are from 0 to 1.
 *
 * @param requests what becomes of requests
 * @param deaths when instances die
 * @param clocks what instances have of time
 * @param programs the mean time between two writes of other programs; zero for none
 * @param leaps the mean time between two leaps of the domain's time; zero for none
 */
record Weather(Requests requests, Deaths deaths, Clocks clocks, Duration programs, Duration leaps) {
  /**
   * What becomes of requests.
   *
   * @param lost it never arrives
   * @param answerLost a call is carried out, and its answer is lost
   * @param twice it arrives a second time within a minute, unseen by its client
   * @param hangsUp a client hangs up long before it must
   */
  record Requests(double lost, double answerLost, double twice, double hangsUp) {
    static final Requests SAFE = new Requests(0, 0, 0, 0);
  }

  /**
   * When instances die.
   *
   * @param atCall within 200 ms of a call of its to the store
   * @param every the mean time between two other deaths; zero for none
   */
  record Deaths(double atCall, Duration every) {
    static final Deaths NONE = new Deaths(0, Duration.ZERO);
  }

  /**
   * What instances have of time.
   *
   * @param throttled the share of instances that have no processor while they serve nobody
   * @param skew how far the clock of an instance may be from the others'
   */
  record Clocks(double throttled, Duration skew) {}

  /** Nothing goes wrong, and time passes evenly. */
  static final Weather CALM =
      new Weather(
          Requests.SAFE, Deaths.NONE, new Clocks(0, Duration.ZERO), Duration.ZERO, Duration.ZERO);

  /** All that is to be survived. */
  static final Weather STORM =
      new Weather(
          new Requests(0.01, 0.01, 0.005, 0.01),
          new Deaths(0.000_5, Duration.ofSeconds(1)),
          new Clocks(0.5, Duration.ofMillis(1_500)),
          Duration.ofMillis(400),
          Duration.ofSeconds(12));

  Weather with(Requests other) {
    return new Weather(other, deaths, clocks, programs, leaps);
  }

  Weather with(Deaths other) {
    return new Weather(requests, other, clocks, programs, leaps);
  }

  Weather with(Clocks other) {
    return new Weather(requests, deaths, other, programs, leaps);
  }

  /** This with other times between two writes of other programs, and between two leaps. */
  Weather every(Duration writes, Duration jumps) {
    return new Weather(requests, deaths, clocks, writes, jumps);
  }
}
