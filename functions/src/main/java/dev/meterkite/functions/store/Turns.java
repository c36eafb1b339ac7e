package dev.meterkite.functions.store;

import java.time.Duration;

/** Runs what the engine has to do later. */
public interface Turns {
  /** Runs the task after the delay, on any thread. */
  void after(Duration delay, Runnable task);
}
