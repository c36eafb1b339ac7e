package dev.meterkite.local.chaos;

import dev.meterkite.local.line.Line;
import dev.meterkite.local.line.ToolCommand.Option;
import dev.meterkite.local.line.ToolLine;
import dev.meterkite.local.line.Value;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/**
 * How a run is played.
 *
 * @param time how long, unless {@code operations} says when it ends
 * @param operations after how many operations it ends; 0 for none
 * @param rounds runs one after the other, each with the next seed and a store of its own, 1 to
 *     1,000
 * @param seed plans faults and workload
 * @param processes of functions, 1 to 8
 * @param callers at once, 1 to 512
 * @param users 10 to 100,000
 * @param customers 2 to 10,000
 */
record ChaosOptions(
    Duration time,
    long operations,
    int rounds,
    long seed,
    int processes,
    int callers,
    int users,
    int customers) {
  static final ChaosOptions DEFAULTS =
      new ChaosOptions(Duration.ofSeconds(60), 0, 1, 1, 3, 48, 400, 20);

  private static final long DAY = 86_400;

  /** What the script takes. */
  static final ToolLine LINE =
      ToolLine.of(
          "chaos",
          "Builds what has changed, plays a workload against processes of functions under kills,"
              + " lost and late commits, doubled events and jumps of the clock, and checks the"
              + " books from outside; status 1 with a finding.",
          List.of(
              new Option(
                  "--seconds",
                  Value.number(1, DAY),
                  "play for so long (default 60); what was begun is finished after it"),
              new Option(
                  "--operations",
                  Value.number(1, 1_000_000_000),
                  "play until so many operations are done"),
              new Option(
                  "--rounds",
                  Value.number(1, 1_000),
                  "so many runs one after the other, each with the next seed and an empty store"
                      + " (default 1): the emulator gets slower the more it holds"),
              new Option(
                  "--seed",
                  Value.number(Long.MIN_VALUE, Long.MAX_VALUE),
                  "plans faults and workload (default 1); the same seed, the same plan"),
              new Option(
                  "--processes",
                  Value.number(1, 8),
                  "processes of functions, which are killed in turn (default 3)"),
              new Option("--callers", Value.number(1, 512), "callers at once (default 48)"),
              new Option("--users", Value.number(10, 100_000), "users (default 400)"),
              new Option("--customers", Value.number(2, 10_000), "customers (default 20)")));

  /**
   * Reads a command line.
   *
   * @throws dev.meterkite.local.line.WrongLineException that says what is wrong
   */
  static ChaosOptions parse(List<String> words) {
    Line line = LINE.parse(words);
    OptionalLong operations = line.number("--operations");
    ChaosOptions options =
        DEFAULTS
            .sized(
                size(line, "--processes"),
                size(line, "--callers"),
                size(line, "--users"),
                size(line, "--customers"))
            .seeded(line.number("--seed").orElse(DEFAULTS.seed()))
            .repeated((int) line.number("--rounds").orElse(DEFAULTS.rounds()));
    return operations.isPresent()
        ? options.lasting(DAY, operations.getAsLong())
        : options.lasting(line.number("--seconds").orElse(DEFAULTS.time().toSeconds()), 0);
  }

  private static int size(Line line, String option) {
    return (int) line.number(option).orElse(0);
  }

  ChaosOptions lasting(long seconds, long most) {
    return new ChaosOptions(
        Duration.ofSeconds(seconds), most, rounds, seed, processes, callers, users, customers);
  }

  ChaosOptions seeded(long other) {
    return new ChaosOptions(time, operations, rounds, other, processes, callers, users, customers);
  }

  ChaosOptions repeated(int times) {
    return new ChaosOptions(time, operations, times, seed, processes, callers, users, customers);
  }

  /** With other sizes, where they are not 0. */
  ChaosOptions sized(int ofProcesses, int ofCallers, int ofUsers, int ofCustomers) {
    return new ChaosOptions(
        time,
        operations,
        rounds,
        seed,
        ofProcesses > 0 ? ofProcesses : processes,
        ofCallers > 0 ? ofCallers : callers,
        ofUsers > 0 ? ofUsers : users,
        ofCustomers > 0 ? ofCustomers : customers);
  }
}
