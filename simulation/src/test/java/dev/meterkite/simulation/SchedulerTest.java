package dev.meterkite.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.simulated.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Code that waits, one thread at a time. */
class SchedulerTest {
  private final Simulation simulation = new Simulation(1);
  private final Scheduler scheduler = new Scheduler(simulation);
  private final List<String> said = new ArrayList<>();

  @AfterEach
  void close() {
    scheduler.close();
  }

  private void later(long millis, String what) {
    scheduler.sleep(Duration.ofMillis(millis));
    said.add(what);
  }

  @Test
  void waits_endInTheOrderOfTheirMoments() {
    scheduler.play(
        () -> {
          scheduler.start(null, () -> later(30, "c"));
          scheduler.start(null, () -> later(10, "a"));
          scheduler.start(
              null,
              () -> {
                later(20, "b");
                later(20, "d");
              });
          later(35, "root");
          scheduler.sleep(Duration.ofMillis(10));
        });
    assertEquals(List.of("a", "b", "c", "root", "d"), said);
    assertEquals(Simulation.START.plusMillis(45), simulation.instant());
  }

  /** What is derived from a future waits in virtual time too. */
  @Test
  void derivedFutures_waitInVirtualTime() {
    scheduler.play(
        () -> {
          CompletableFuture<Integer> one = scheduler.promise();
          scheduler.after(Duration.ofHours(1), () -> one.complete(1));
          CompletableFuture<Integer> derived =
              one.thenApply(value -> value + 1)
                  .thenCompose(value -> CompletableFuture.completedFuture(value + 1));
          assertEquals(3, derived.join());
        });
    assertEquals(Simulation.START.plusSeconds(3_600), simulation.instant());
  }

  @Test
  void waitWithATimeout_endsThen() {
    scheduler.play(
        () -> {
          CompletableFuture<Integer> never = scheduler.promise();
          assertThrows(TimeoutException.class, () -> never.get(5, TimeUnit.SECONDS));
        });
    assertEquals(Simulation.START.plusSeconds(5), simulation.instant());
  }

  /** Code of an instance that was killed while it waited never goes on. */
  @Test
  void killedCode_neverGoesOn() {
    boolean[] alive = {true};
    List<Scheduler.Token> waiting = new ArrayList<>();
    Life life =
        new Life() {
          @Override
          public boolean isAlive() {
            return alive[0];
          }

          @Override
          public boolean defers(Runnable task) {
            return false;
          }

          @Override
          public void waits(Scheduler.Token token) {
            waiting.add(token);
          }

          @Override
          public void goesOn(Scheduler.Token token) {
            waiting.remove(token);
          }
        };
    scheduler.play(
        () -> {
          scheduler.start(life, () -> later(10, "never"));
          scheduler.after(Duration.ofMillis(7), life, () -> said.add("nor this"));
          scheduler.sleep(Duration.ofMillis(5));
          alive[0] = false;
          List.copyOf(waiting).forEach(scheduler::wake);
          scheduler.sleep(Duration.ofMillis(20));
        });
    assertEquals(List.of(), said);
  }

  @Test
  void waitThatNothingCanEnd_isAFailure() {
    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class, () -> scheduler.play(() -> scheduler.promise().join()));
    assertTrue(String.valueOf(failure.getCause()).contains("nothing is planned"));
  }

  @Test
  void failureOfAnyCode_isThePlays() {
    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class,
            () ->
                scheduler.play(
                    () -> {
                      scheduler.start(
                          null,
                          () -> {
                            scheduler.sleep(Duration.ofMillis(1));
                            throw new AssertionError("found");
                          });
                      scheduler.sleep(Duration.ofMillis(5));
                    }));
    assertEquals("found", failure.getCause().getMessage());
  }
}
