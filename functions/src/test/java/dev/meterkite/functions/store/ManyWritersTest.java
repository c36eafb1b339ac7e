package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.meterkite.functions.store.PacedStore.Pace;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Several instances write one document, in virtual time: what they reach beside a single one. */
class ManyWritersTest {
  private static final Duration WARM_UP = Duration.ofSeconds(15);

  /** A play of instances with callers that ask again as soon as they are answered. */
  static final class Play {
    final Simulation simulation;
    final PacedStore store;
    final List<GroupCommit<Account, Account.Change>> processes = new ArrayList<>();
    final List<Boolean> alive = new ArrayList<>();
    final List<Duration> waits = new ArrayList<>();
    final Map<String, Integer> failed = new HashMap<>();
    private final Instant from;
    private final Instant end;
    private int keys;

    Play(long seed, Pace pace, int count, Duration length) {
      simulation = new Simulation(seed);
      from = Simulation.START.plus(WARM_UP.compareTo(length) < 0 ? WARM_UP : Duration.ZERO);
      end = Simulation.START.plus(length);
      store = new PacedStore(simulation, pace);
      store.apply(Mutation.create(Account.ref("a"), Map.of("balance", 0L)));
      for (int i = 0; i < count; i++) {
        int index = i;
        alive.add(true);
        processes.add(
            new GroupCommit<>(
                Account.RULES,
                new MortalStore(store, () -> alive.get(index)),
                (delay, task) ->
                    simulation.after(
                        delay,
                        () -> {
                          if (alive.get(index)) {
                            task.run();
                          }
                        }),
                simulation,
                simulation,
                simulation.random,
                Limits.DEFAULT,
                String::valueOf));
      }
    }

    Play callers(int count) {
      for (int i = 0; i < count; i++) {
        int process = i % processes.size();
        simulation.after(
            simulation.between(Duration.ZERO, Duration.ofMillis(100)), () -> call(process));
      }
      return this;
    }

    private void call(int process) {
      Instant asked = simulation.instant();
      if (asked.isAfter(end) || !alive.get(process)) {
        return;
      }
      var unused =
          processes
              .get(process)
              .submit(Account.change("a", "k" + keys++, 1))
              .thenAccept(
                  reply -> {
                    Instant now = simulation.instant();
                    if (!(reply instanceof Reply.Answered)) {
                      failed.merge(reply.toString(), 1, Integer::sum);
                    } else if (!now.isBefore(from) && !now.isAfter(end)) {
                      waits.add(Duration.between(asked, now));
                    }
                    simulation.after(Duration.ofMillis(1), () -> call(process));
                  });
    }

    Play play() {
      boolean more;
      do {
        more = simulation.step();
      } while (more);
      Collections.sort(waits);
      return this;
    }

    double rate() {
      return waits.size() / (Duration.between(from, end).toMillis() / 1_000.0);
    }

    double seconds(double quantile) {
      return waits.isEmpty()
          ? Double.NaN
          : waits.get((int) (quantile * (waits.size() - 1))).toMillis() / 1_000.0;
    }
  }

  @Test
  void table() {
    Pace twenty = Pace.SERVICE.withCommitsASecond(20);
    for (Pace pace : List.of(Pace.SERVICE, twenty, Pace.EMULATOR)) {
      for (int callers : Integer.getInteger("callers") != null ? new int[] {Integer.getInteger("callers")} : new int[] {16, 64, 256}) {
        if (Integer.getInteger("pace") != null && (int) pace.commitsASecond() != Integer.getInteger("pace")) continue;
        Duration length =
            pace == Pace.SERVICE
                ? Duration.ofSeconds(75)
                : pace == twenty ? Duration.ofSeconds(25) : Duration.ofSeconds(3);
        double one = 0;
        double oneP50 = 0;
        for (int processes : Integer.getInteger("procs") != null ? new int[] {1, Integer.getInteger("procs")} : new int[] {1, 2, 4, 8, 16, 32}) {
          if (processes > callers) {
            continue;
          }
          Play play = new Play(1, pace, processes, length).callers(callers).play();
          if (processes == 1) {
            one = play.rate();
            oneP50 = play.seconds(0.5);
          }
          System.out.printf(
              "%4.1f/s %3d callers %2d processes: %8.1f/s (%.2f) p50 %.3f (%.2f) p99 %.3f s, "
                  + "%d commits %d refused %d relays %d queries %d read %d written, failed %s%n",
              pace.commitsASecond(),
              callers,
              processes,
              play.rate(),
              play.rate() / one,
              play.seconds(0.5),
              play.seconds(0.5) / oneP50,
              play.seconds(0.99),
              play.store.commits,
              play.store.refused,
              play.store.relays,
              play.store.queries,
              play.store.documentsRead,
              play.store.documentsWritten,
              play.failed);
        }
      }
    }
  }
}
