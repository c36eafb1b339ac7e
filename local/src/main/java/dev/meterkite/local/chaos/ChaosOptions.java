package dev.meterkite.local.chaos;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;

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
      new ChaosOptions(Duration.ofSeconds(60), 0, 1, 1, 2, 48, 400, 20);

  static final String USAGE =
      """
      usage: chaos.sh [--seconds N | --operations N] [--rounds N] [--seed S] [--processes N]
                      [--callers N] [--users N] [--customers N]
        --seconds N      play for so long (default 60); what was begun is finished after it
        --operations N   play until so many operations are done
        --rounds N       so many runs one after the other, each with the next seed and an empty
                         store (default 1): the emulator gets slower the more it holds
        --seed S         plans faults and workload (default 1); the same seed, the same plan
        --processes N    processes of functions, which are killed in turn (default 2)
        --callers N      callers at once (default 48)
        --users N, --customers N   whom it is about (default 400 and 20)\
      """;

  /**
   * Reads a command line.
   *
   * @throws IllegalArgumentException that says what is wrong
   */
  static ChaosOptions parse(List<String> words) {
    ChaosOptions options = DEFAULTS;
    for (Iterator<String> rest = words.iterator(); rest.hasNext(); ) {
      String word = rest.next();
      options =
          switch (word) {
            case "--seconds" -> options.lasting(number(word, rest, 1, 86_400), 0);
            case "--operations" -> options.lasting(86_400, number(word, rest, 1, 1_000_000_000));
            case "--rounds" -> options.repeated((int) number(word, rest, 1, 1_000));
            case "--seed" -> options.seeded(number(word, rest, Long.MIN_VALUE, Long.MAX_VALUE));
            case "--processes" -> options.sized((int) number(word, rest, 1, 8), 0, 0, 0);
            case "--callers" -> options.sized(0, (int) number(word, rest, 1, 512), 0, 0);
            case "--users" -> options.sized(0, 0, (int) number(word, rest, 10, 100_000), 0);
            case "--customers" -> options.sized(0, 0, 0, (int) number(word, rest, 2, 10_000));
            default -> throw new IllegalArgumentException("unknown option " + word);
          };
    }
    return options;
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

  private static long number(String option, Iterator<String> rest, long least, long most) {
    String text = rest.hasNext() ? rest.next() : "nothing";
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // The message below says it.
    }
    throw new IllegalArgumentException(
        option + " takes a number from " + least + " to " + most + ", not " + text);
  }
}
