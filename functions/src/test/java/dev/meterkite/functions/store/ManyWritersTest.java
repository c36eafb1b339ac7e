package dev.meterkite.functions.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.simulated.MortalStore;
import dev.meterkite.functions.simulated.Pace;
import dev.meterkite.functions.simulated.SimulatedStore;
import dev.meterkite.functions.simulated.Simulation;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Several instances write one document, in virtual time: what they reach beside a single one. */
class ManyWritersTest {
  private static final Duration WARM_UP = Duration.ofSeconds(15);

  /** A play of instances with callers that ask again as soon as they are answered. */
  static final class Play {
    final Simulation simulation;
    final SimulatedStore store;
    final List<GroupCommit<Account, Account.Change>> processes = new ArrayList<>();
    final List<Boolean> alive = new ArrayList<>();
    final List<Duration> waits = new ArrayList<>();
    final Map<String, Integer> failed = new HashMap<>();
    private final Instant from;
    private final Instant end;
    private int keys;
    long commits;
    long relays;

    Play(long seed, Pace pace, int count, Duration length) {
      this(seed, pace, count, WARM_UP.compareTo(length) < 0 ? WARM_UP : Duration.ZERO, length);
    }

    /** Counts what is answered from {@code lead} on until {@code length}. */
    Play(long seed, Pace pace, int count, Duration lead, Duration length) {
      simulation = new Simulation(seed);
      from = Simulation.START.plus(lead);
      end = Simulation.START.plus(length);
      store = new SimulatedStore(simulation, pace);
      store.watch(
          mutations -> {
            boolean ofOwner =
                mutations.stream()
                    .anyMatch(each -> each.ref().collection().equals(Account.ACCOUNTS));
            commits += ofOwner ? 1 : 0;
            relays += ofOwner ? 0 : 1;
          });
      store.documents().apply(List.of(Mutation.create(Account.ref("a"), Map.of("balance", 0L))));
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
                simulation.random(),
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

  private static final Pace TWENTY = Pace.SERVICE.withCommitsASecond(20);

  /** A row of the table; {@code -Dmeterkite.deep=true} plays the whole table. */
  private record Row(Pace pace, int callers, int processes, double atLeast, double slowdown) {
    Duration length() {
      return pace.equals(Pace.EMULATOR)
          ? Duration.ofSeconds(3)
          : pace.equals(TWENTY) ? Duration.ofSeconds(20) : Duration.ofSeconds(45);
    }
  }

  private static List<Row> rows() {
    if (!Boolean.getBoolean("meterkite.deep")) {
      return List.of(
          new Row(Pace.SERVICE, 16, 4, 0.9, 1.2),
          new Row(Pace.SERVICE, 64, 4, 0.9, 1.2),
          new Row(Pace.SERVICE, 64, 16, 0.9, 1.2),
          new Row(TWENTY, 64, 4, 0.9, 1.2),
          new Row(Pace.EMULATOR, 64, 4, 0.55, 2));
    }
    List<Row> rows = new ArrayList<>();
    for (Pace pace : List.of(Pace.SERVICE, TWENTY, Pace.EMULATOR)) {
      for (int callers : new int[] {16, 64, 256}) {
        for (int processes : new int[] {2, 4, 8, 16, 32}) {
          if (processes <= callers) {
            double least = pace.equals(Pace.EMULATOR) ? 0.1 : 0.9;
            rows.add(
                new Row(pace, callers, processes, least, pace.equals(Pace.EMULATOR) ? 10 : 1.2));
          }
        }
      }
    }
    return rows;
  }

  /** Instances that hand over reach most of what a single one does, and nobody is refused. */
  @Test
  void manyInstances_reachMostOfWhatOneDoes() {
    Map<String, Play> singles = new HashMap<>();
    for (Row row : rows()) {
      Play one =
          singles.computeIfAbsent(
              row.pace().commitsASecond() + "/" + row.callers(),
              key -> new Play(1, row.pace(), 1, row.length()).callers(row.callers()).play());
      Play play =
          new Play(1, row.pace(), row.processes(), row.length()).callers(row.callers()).play();
      String line =
          String.format(
              Locale.ROOT,
              "%4.1f commits/s, %3d callers, %2d instances: %7.1f/s (%.2f of one), p50 %.3f s"
                  + " (%.2f), p99 %.3f s; %d commits, %d refused, %d relays, %d looks, %d documents"
                  + " read",
              row.pace().commitsASecond(),
              row.callers(),
              row.processes(),
              play.rate(),
              play.rate() / one.rate(),
              play.seconds(0.5),
              play.seconds(0.5) / one.seconds(0.5),
              play.seconds(0.99),
              play.commits,
              play.store.refused(),
              play.relays,
              play.store.queries(),
              play.store.documentsRead());
      System.out.println(line);
      assertEquals(Map.of(), play.failed, line);
      assertTrue(play.rate() >= row.atLeast() * one.rate(), line);
      assertTrue(play.seconds(0.5) <= row.slowdown() * one.seconds(0.5), line);
    }
  }

  /**
   * From a rest, when ten commits go at once and then one a second, each instance tries its own
   * first. Those who tried and lost once served the relays of all others as if they were the host,
   * and took the claim of the real one away.
   */
  @Test
  void callersThatComeAtOnce_areServedFromTheBeginning() {
    Duration lead = Duration.ofMillis(1_500);
    Duration length = lead.plusSeconds(10);
    int seeds = Boolean.getBoolean("meterkite.deep") ? 20 : 4;
    for (Row row :
        List.of(
            new Row(Pace.SERVICE, 16, 4, 0.75, 1.5),
            new Row(Pace.SERVICE, 64, 4, 0.75, 1.5),
            new Row(Pace.SERVICE, 256, 16, 0.75, 1.5),
            new Row(TWENTY, 16, 4, 0.75, 1.5),
            new Row(TWENTY, 64, 4, 0.75, 1.5))) {
      double one = 0;
      double many = 0;
      double least = Double.POSITIVE_INFINITY;
      double slowest = 0;
      for (int seed = 1; seed <= seeds; seed++) {
        double single =
            new Play(seed, row.pace(), 1, lead, length).callers(row.callers()).play().rate();
        Play play =
            new Play(seed, row.pace(), row.processes(), lead, length).callers(row.callers()).play();
        assertEquals(Map.of(), play.failed, "seed " + seed);
        one += single;
        many += play.rate();
        least = Math.min(least, play.rate() / single);
        slowest = Math.max(slowest, play.seconds(0.99));
      }
      String line =
          String.format(
              Locale.ROOT,
              "%4.1f commits/s, %3d callers, %2d instances, the first ten seconds: %.2f of one,"
                  + " %.2f with the worst seed, p99 at most %.2f s",
              row.pace().commitsASecond(),
              row.callers(),
              row.processes(),
              many / one,
              least,
              slowest);
      System.out.println(line);
      assertTrue(many >= row.atLeast() * one, line);
    }
  }
}
