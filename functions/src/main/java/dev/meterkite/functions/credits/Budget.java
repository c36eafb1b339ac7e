package dev.meterkite.functions.credits;

import java.time.Duration;

/** How long a sweep may still take, in real time; the next run goes on where it ends. */
final class Budget {
  /** Well within the timeout of the functions that sweep. */
  static final Duration USUAL = Duration.ofSeconds(45);

  private final long end;

  Budget(Duration time) {
    this.end = System.nanoTime() + time.toNanos();
  }

  boolean isSpent() {
    return System.nanoTime() - end >= 0;
  }
}
