package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.simulated.Pace;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Several processes write one document: nobody starves, and nothing is lost by taking turns. */
final class PacingTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");

  /** Of virtual time, at the service's pace: some sixty commits. */
  private static final Duration LENGTH = Duration.ofMinutes(1);

  /** At the emulator's pace, where a minute is hundreds of thousands of commands. */
  private static final Duration FAST_LENGTH = DEEP ? LENGTH : Duration.ofSeconds(10);

  /** A play of some processes with callers that ask again as soon as they are answered. */
  private static final class Play {
    final Simulation simulation = new Simulation(1);
    final SimulatedStore store;
    final List<GroupCommit<Account, Account.Change>> processes = new ArrayList<>();
    final List<Long> answered = new ArrayList<>();
    final List<Duration> rare = new ArrayList<>();
    long failed;
    long commits;
    private final Instant end;
    private int keys;

    Play(Pace pace, int count) {
      end = Simulation.START.plus(pace.equals(Pace.EMULATOR) ? FAST_LENGTH : LENGTH);
      store = new SimulatedStore(simulation, pace);
      store.watch(
          mutations ->
              commits +=
                  mutations.stream()
                          .anyMatch(each -> each.ref().collection().equals(Account.ACCOUNTS))
                      ? 1
                      : 0);
      store.documents().apply(List.of(Mutation.create(Account.ref("a"), Map.of("balance", 0L))));
      for (int i = 0; i < count; i++) {
        answered.add(0L);
        processes.add(
            new GroupCommit<>(
                Account.RULES,
                store,
                simulation::after,
                simulation,
                simulation,
                simulation.random(),
                Limits.DEFAULT,
                String::valueOf));
      }
    }

    void callers(int process, int count, Duration pause) {
      for (int i = 0; i < count; i++) {
        simulation.after(
            simulation.between(Duration.ZERO, Duration.ofMillis(10)), () -> call(process, pause));
      }
    }

    private void call(int process, Duration pause) {
      Instant asked = simulation.instant();
      if (asked.isAfter(end)) {
        return;
      }
      var unused =
          processes
              .get(process)
              .submit(Account.change("a", "k" + keys++, 1))
              .thenAccept(
                  reply -> {
                    if (reply instanceof Reply.Answered) {
                      answered.set(process, answered.get(process) + 1);
                    } else {
                      failed++;
                    }
                    if (!pause.isZero()) {
                      rare.add(Duration.between(asked, simulation.instant()));
                    }
                    simulation.after(pause.plusMillis(1), () -> call(process, pause));
                  });
    }

    Play play() {
      boolean more;
      do {
        more = simulation.step();
      } while (more);
      return this;
    }

    long all() {
      return answered.stream().mapToLong(Long::longValue).sum();
    }

    double slowestToFastest() {
      return (double) Collections.min(answered) / Collections.max(answered);
    }

    void report(String what, Play one) {
      System.out.printf(
          "%s: %.2f of one's rate, slowest %.2f of fastest, %d commits, %d refused%n",
          what, (double) all() / one.all(), slowestToFastest(), commits, store.refused());
    }
  }

  private static Play alike(Pace pace, int processes, int callers) {
    Play play = new Play(pace, processes);
    for (int i = 0; i < processes; i++) {
      play.callers(i, callers / processes, Duration.ZERO);
    }
    return play.play();
  }

  /**
   * One process commits for all. Its own callers hear first and come back first, so that those who
   * hand over fall behind where commits are fast, but nobody starves.
   */
  @Test
  void processesInStep_allHaveTheirTurn() {
    Play one = alike(Pace.EMULATOR, 1, 192);
    for (int processes : new int[] {2, 3, 4}) {
      Play several = alike(Pace.EMULATOR, processes, 192);
      several.report(processes + " processes in step", one);
      assertEquals(0, several.failed);
      assertTrue(several.all() >= 0.5 * one.all());
      assertTrue(several.slowestToFastest() >= 0.2);
    }
  }

  /** A process waits for its turn no longer than its callers do, and no turn is wasted. */
  @Test
  void documentOfOneCommitASecond_nobodyWaitsInVain() {
    Play one = alike(Pace.SERVICE, 1, 256);
    for (int processes : new int[] {2, 4}) {
      Play several = alike(Pace.SERVICE, processes, 256);
      several.report(processes + " processes, one commit a second", one);
      assertEquals(0, several.failed);
      assertTrue(several.commits >= one.commits);
      assertTrue(several.slowestToFastest() >= 0.5);
    }
  }

  /** The job trigger beside the debits of a busy user. */
  @Test
  void rareWriterBesideABusyOne_isAnsweredWithinItsTime() {
    for (Pace pace : List.of(Pace.EMULATOR, Pace.SERVICE)) {
      Play play = new Play(pace, 2);
      play.callers(0, 64, Duration.ZERO);
      play.callers(1, 1, Duration.ofSeconds(1));
      play.play();
      Duration worst = play.rare.stream().max(Duration::compareTo).orElseThrow();
      System.out.println("a rare writer waits " + worst.toMillis() + " ms of virtual time at most");
      assertEquals(0, play.failed);
      assertTrue(worst.compareTo(Limits.DEFAULT.life().dividedBy(2)) < 0);
    }
  }
}
