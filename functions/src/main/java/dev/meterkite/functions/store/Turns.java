package dev.meterkite.functions.store;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * The machine that a process runs on: delays, real time, chance, and futures that callers wait for.
 * The defaults are those of a real machine; a test in virtual time replaces all of them.
 */
public interface Turns {
  /** Runs the task after the delay, on any thread. */
  void after(Duration delay, Runnable task);

  /** Real time, by which attempts, claims, caches and budgets live; never the domain's. */
  default InstantSource realClock() {
    return InstantSource.system();
  }

  /** A source of chance for one engine. */
  default RandomGenerator random() {
    return new Random();
  }

  /** An id that no other process makes. */
  default UUID id() {
    return UUID.randomUUID();
  }

  /** A future that the process completes itself. */
  default <T> CompletableFuture<T> promise() {
    return new CompletableFuture<>();
  }
}
