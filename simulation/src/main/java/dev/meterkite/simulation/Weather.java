package dev.meterkite.simulation;

import java.time.Duration;

/**
 * What goes wrong between clients and functions, and with instances. Probabilities are from 0 to 1.
 *
 * @param requestLost a request never arrives
 * @param answerLost a call is carried out, and its answer is lost
 * @param requestTwice a request arrives a second time within a minute, unseen by its client
 * @param hangsUp a client hangs up long before it must
 * @param killedAtCall an instance dies within 200 ms of a call of its to the store
 * @param kills the mean time between two other deaths of instances; zero for none
 * @param throttled the share of instances that have no processor while they serve nobody
 * @param skew how far the clock of an instance may be from the others'
 * @param programs the mean time between two writes of other programs; zero for none
 * @param leaps the mean time between two leaps of the domain's time; zero for none
 */
record Weather(
    double requestLost,
    double answerLost,
    double requestTwice,
    double hangsUp,
    double killedAtCall,
    Duration kills,
    double throttled,
    Duration skew,
    Duration programs,
    Duration leaps) {

  /** Nothing goes wrong, and time passes evenly. */
  static final Weather CALM =
      new Weather(0, 0, 0, 0, 0, Duration.ZERO, 0, Duration.ZERO, Duration.ZERO, Duration.ZERO);

  /** All that is to be survived. */
  static final Weather STORM =
      new Weather(
          0.01,
          0.01,
          0.005,
          0.01,
          0.000_5,
          Duration.ofSeconds(1),
          0.5,
          Duration.ofMillis(1_500),
          Duration.ofMillis(400),
          Duration.ofSeconds(12));

  Weather withoutLosses() {
    return new Weather(0, 0, 0, 0, killedAtCall, kills, throttled, skew, programs, leaps);
  }

  Weather withoutDeaths() {
    return new Weather(
        requestLost,
        answerLost,
        requestTwice,
        hangsUp,
        0,
        Duration.ZERO,
        throttled,
        skew,
        programs,
        leaps);
  }

  Weather withoutThrottling() {
    return new Weather(
        requestLost,
        answerLost,
        requestTwice,
        hangsUp,
        killedAtCall,
        kills,
        0,
        skew,
        programs,
        leaps);
  }

  Weather withoutSkew() {
    return new Weather(
        requestLost,
        answerLost,
        requestTwice,
        hangsUp,
        killedAtCall,
        kills,
        throttled,
        Duration.ZERO,
        programs,
        leaps);
  }

  /** This with other times between two writes of other programs, and between two leaps. */
  Weather every(Duration writes, Duration jumps) {
    return new Weather(
        requestLost,
        answerLost,
        requestTwice,
        hangsUp,
        killedAtCall,
        kills,
        throttled,
        skew,
        writes,
        jumps);
  }
}
