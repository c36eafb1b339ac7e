package dev.meterkite.simulation;

/**
 * Whose code runs: an instance, which can be killed, and which gets no processor while it idles.
 */
interface Life {
  boolean isAlive();

  /** Keeps a task until the instance has a processor again. */
  boolean defers(Runnable task);

  /** A call of it waits from now on; it is to be woken when the instance dies. */
  void waits(Scheduler.Token token);

  /** The call goes on. */
  void goesOn(Scheduler.Token token);
}
