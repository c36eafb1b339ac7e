package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.EventFaults;
import dev.meterkite.functions.simulated.Faults;
import dev.meterkite.functions.simulated.Pace;
import dev.meterkite.functions.simulated.Platform;
import dev.meterkite.functions.simulated.ScheduleFaults;
import dev.meterkite.local.line.Line;
import dev.meterkite.local.line.ToolCommand.Option;
import dev.meterkite.local.line.ToolLine;
import dev.meterkite.local.line.Value;
import dev.meterkite.local.line.WrongLineException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * How much is played.
 *
 * @param seed of everything
 * @param operations in all
 * @param round operations with one store; the next round begins with an empty one
 * @param auditEvery operations between two audits
 * @param clients that call at one time
 * @param users of each store
 * @param customers of each store
 * @param threads that play rounds side by side
 * @param without kinds of faults that are left out
 */
record SimulationOptions(
    long seed,
    long operations,
    long round,
    long auditEvery,
    int clients,
    int users,
    int customers,
    int threads,
    List<Kind> without) {
  private static final long MOST = 1_000_000_000;

  /** Before ends of months, in a leap year, and before changes of daylight saving. */
  private static final List<Instant> STARTS =
      List.of(
          Instant.parse("2026-01-31T23:50:00Z"),
          Instant.parse("2028-02-28T23:50:00Z"),
          Instant.parse("2026-03-28T23:30:00Z"),
          Instant.parse("2026-10-24T23:30:00Z"),
          Instant.parse("2026-12-31T23:50:00Z"),
          Instant.parse("2027-02-28T23:55:00Z"),
          Instant.parse("2026-11-01T05:30:00Z"));

  /** What the script takes. */
  static final ToolLine LINE =
      ToolLine.of(
          "simulate",
          "Builds what has changed and plays the whole system in one thread from one seed:"
              + " functions, store, events, schedules, clients and other programs in virtual time,"
              + " under faults of all kinds; checks the books from outside, and prints a digest of"
              + " the documents, the same for the same line; status 1 with a finding.",
          List.of(
              new Option(
                  "--seed",
                  Value.number(Long.MIN_VALUE, Long.MAX_VALUE),
                  "decides everything (default 1)"),
              new Option(
                  "--operations", Value.number(1, MOST), "play so many operations (default 20000)"),
              new Option(
                  "--round",
                  Value.number(100, MOST),
                  "so many with one store (default 25000); the next round has an empty one"),
              new Option(
                  "--audit-every",
                  Value.number(1, MOST),
                  "all comes to rest and is checked after so many (default 5000)"),
              new Option("--clients", Value.number(1, 512), "clients at once (default 32)"),
              new Option("--users", Value.number(10, 100_000), "users (default 100)"),
              new Option("--customers", Value.number(2, 10_000), "customers (default 20)"),
              new Option(
                  "--threads",
                  Value.number(1, 64),
                  "rounds that are played side by side (default 2)"),
              new Option(
                  "--without",
                  Value.word("KINDS"),
                  "leave these kinds of faults out: " + String.join(",", words()))));

  private static List<String> words() {
    return List.of(Kind.values()).stream().map(Kind::word).toList();
  }

  /**
   * Reads a command line.
   *
   * @throws WrongLineException that says what is wrong
   */
  static SimulationOptions parse(List<String> words) {
    Line line = LINE.parse(words);
    List<Kind> without = new ArrayList<>();
    for (String word :
        line.text("--without").map(text -> text.split(",", -1)).orElse(new String[0])) {
      if (!words().contains(word)) {
        throw new WrongLineException("No kind of faults " + word + "; there are " + words() + ".");
      }
      without.add(Kind.valueOf(word.toUpperCase(Locale.ROOT)));
    }
    return new SimulationOptions(
        line.number("--seed").orElse(1),
        line.number("--operations").orElse(20_000),
        line.number("--round").orElse(25_000),
        line.number("--audit-every").orElse(5_000),
        (int) line.number("--clients").orElse(32),
        (int) line.number("--users").orElse(100),
        (int) line.number("--customers").orElse(20),
        (int) line.number("--threads").orElse(2),
        without);
  }

  /** The rounds, each with a seed, a beginning and a store of its own. */
  List<Plan> plans() {
    List<Plan> plans = new ArrayList<>();
    Random seeds = new Random(seed);
    for (long done = 0; done < operations; done += round) {
      long own = done == 0 ? seed : seeds.nextLong();
      // All of it follows from the seed of the round, so that a round can be played alone.
      Random kinds = new Random(own);
      Plan plan =
          new Plan(
              own,
              STARTS.get(kinds.nextInt(STARTS.size())),
              new Plan.Size(
                  Math.min(round, operations - done), auditEvery, clients, users, customers),
              new Plan.Ills(Faults.SOME, EventFaults.MANY, ScheduleFaults.MANY, Weather.STORM),
              new Plan.Database(
                  kinds.nextInt(4) == 0 ? Pace.SERVICE : Pace.UNEVEN,
                  kinds.nextInt(3) == 0 ? Platform.EMULATOR : Platform.SERVICE));
      for (Kind kind : without) {
        plan = kind.leftOut(plan);
      }
      plans.add(plan);
    }
    return plans;
  }
}
