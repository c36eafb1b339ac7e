package dev.meterkite.functions.backend;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** How long a piece of work may still take, in real time; the next run goes on where it ends. */
public final class Budget {
  /** Well within the timeout of the functions that sweep. */
  public static final Duration USUAL = Duration.ofSeconds(45);

  private final InstantSource real;
  private final Instant end;

  /**
   * @param real real time
   */
  public Budget(Duration time, InstantSource real) {
    this.real = real;
    this.end = real.instant().plus(time);
  }

  /** Whether the time is over. */
  public boolean isSpent() {
    return !real.instant().isBefore(end);
  }
}
