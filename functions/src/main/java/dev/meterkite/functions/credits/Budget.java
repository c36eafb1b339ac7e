package dev.meterkite.functions.credits;

import java.time.Duration;
import java.util.function.LongSupplier;

/** How long a sweep may still take, in real time; the next run goes on where it ends. */
final class Budget {
  /** Well within the timeout of the functions that sweep. */
  static final Duration USUAL = Duration.ofSeconds(45);

  private final LongSupplier nanoTime;
  private final long end;

  Budget(Duration time) {
    this(time, System::nanoTime);
  }

  Budget(Duration time, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.end = nanoTime.getAsLong() + time.toNanos();
  }

  boolean isSpent() {
    return nanoTime.getAsLong() - end >= 0;
  }
}
