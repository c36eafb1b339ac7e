package dev.meterkite.functions.simulated;

import java.time.Duration;

/**
 * How long things take.
 *
 * @param least the shortest way of a call to the store, or back
 * @param most the longest
 * @param slowShare the share of ways, 0 to 1, that may take up to {@code slowest} instead
 * @param slowest the longest of those
 * @param perCall processor time of a call; all calls share one processor
 * @param perWrite processor time of each document that is written, on top
 * @param perRead processor time of each document that is read, on top
 * @param commitsASecond most commits a second for a document for long; 0: as many as come
 */
public record Pace(
    Duration least,
    Duration most,
    double slowShare,
    Duration slowest,
    Duration perCall,
    Duration perWrite,
    Duration perRead,
    double commitsASecond) {

  /** An emulator on a slow processor; every way takes the same time, so that all run in step. */
  public static final Pace EMULATOR =
      of(Duration.ofNanos(500_000), Duration.ofNanos(500_000))
          .withProcessor(Duration.ofMillis(1), Duration.ofNanos(200_000), Duration.ofNanos(40_000));

  /** The service: commits of 10 to 30 ms, about one a second for each document. */
  public static final Pace SERVICE =
      of(Duration.ofMillis(5), Duration.ofMillis(15)).withCommitsASecond(1);

  /** Ways of very different lengths, so that calls overtake each other; any number of commits. */
  public static final Pace UNEVEN =
      new Pace(
          Duration.ofMillis(3),
          Duration.ofMillis(60),
          0.1,
          Duration.ofMillis(600),
          Duration.ZERO,
          Duration.ZERO,
          Duration.ZERO,
          0);

  /** Ways between two lengths, and nothing else that takes time. */
  public static Pace of(Duration least, Duration most) {
    return new Pace(least, most, 0, most, Duration.ZERO, Duration.ZERO, Duration.ZERO, 0);
  }

  /** This with a share of slower ways. */
  public Pace withSlowWays(double share, Duration longest) {
    return new Pace(least, most, share, longest, perCall, perWrite, perRead, commitsASecond);
  }

  /** This with another rate for each document. */
  public Pace withCommitsASecond(double rate) {
    return new Pace(least, most, slowShare, slowest, perCall, perWrite, perRead, rate);
  }

  private Pace withProcessor(Duration call, Duration write, Duration read) {
    return new Pace(least, most, slowShare, slowest, call, write, read, commitsASecond);
  }

  /** A way to the store, or back. */
  Duration way(Simulation simulation) {
    boolean slow = slowShare > 0 && simulation.chance(slowShare);
    return simulation.between(least, slow ? slowest : most);
  }
}
