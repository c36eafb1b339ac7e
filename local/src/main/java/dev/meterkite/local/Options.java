package dev.meterkite.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What the command line asks for.
 *
 * @param command the sub-command, {@code up} where none is given
 * @param arguments what follows the sub-command, for example a folder
 * @param port the front's port, 0 for any free one
 * @param processes 0: functions run in this JVM; else the number of JVMs that each host all
 *     functions, at most 16
 * @param chaosSeed null: events are delivered once and at once; else doubled, delayed and reordered
 *     by this seed
 * @param schedules whether schedules fire by themselves
 * @param trace a file of recorded traffic; null for none
 * @param dryRun whether a command only says what it would do
 * @param rules whether {@code firestore.rules} beside the table of functions is loaded
 */
public record Options(
    String command,
    List<String> arguments,
    int port,
    int processes,
    @Nullable Long chaosSeed,
    boolean schedules,
    @Nullable Path trace,
    boolean dryRun,
    boolean rules) {
  public static final int DEFAULT_PORT = 8080;
  static final int MOST_PROCESSES = 16;
  private static final int HIGHEST_PORT = 65_535;

  public Options {
    arguments = List.copyOf(arguments);
  }

  /**
   * The options of {@code up} on any free port, with schedules fired by hand only and no security
   * rules.
   */
  public static Options forTests() {
    return new Options("up", List.of(), 0, 0, null, false, null, false, false);
  }

  public Options withProcesses(int count) {
    return new Options(command, arguments, port, count, chaosSeed, schedules, trace, dryRun, rules);
  }

  public Options withTrace(Path file) {
    return new Options(
        command, arguments, port, processes, chaosSeed, schedules, file, dryRun, rules);
  }

  public Options withChaos(long seed) {
    return new Options(command, arguments, port, processes, seed, schedules, trace, dryRun, rules);
  }

  public Options withRules() {
    return new Options(
        command, arguments, port, processes, chaosSeed, schedules, trace, dryRun, true);
  }

  /**
   * Reads a command line.
   *
   * @param commands each sub-command and how many arguments it takes
   * @throws IllegalArgumentException that says what is wrong
   */
  static Options parse(List<String> words, Map<String, Integer> commands) {
    String command = null;
    List<String> arguments = new ArrayList<>();
    int port = DEFAULT_PORT;
    int processes = 0;
    Long seed = null;
    boolean chaos = false;
    boolean schedules = true;
    Path trace = null;
    boolean dryRun = false;
    boolean rules = true;
    for (Iterator<String> rest = words.iterator(); rest.hasNext(); ) {
      String word = rest.next();
      switch (word) {
        case "--port" -> port = (int) number(word, rest, 0, HIGHEST_PORT);
        case "--processes" -> processes = (int) number(word, rest, 0, MOST_PROCESSES);
        case "--chaos" -> chaos = true;
        case "--seed" -> seed = number(word, rest, Long.MIN_VALUE, Long.MAX_VALUE);
        case "--no-schedules" -> schedules = false;
        case "--trace" -> trace = Path.of(value(word, rest));
        case "--dry-run" -> dryRun = true;
        case "--no-rules" -> rules = false;
        default -> {
          if (word.startsWith("-")) {
            throw new IllegalArgumentException("unknown option " + word);
          } else if (command == null) {
            command = word;
          } else {
            arguments.add(word);
          }
        }
      }
    }
    if (seed != null && !chaos) {
      throw new IllegalArgumentException("--seed needs --chaos");
    }
    String chosen = command == null ? "up" : command;
    check(chosen, arguments.size(), commands);
    Long chaosSeed = !chaos ? null : seed != null ? seed : Long.valueOf(randomSeed());
    return new Options(
        chosen, arguments, port, processes, chaosSeed, schedules, trace, dryRun, rules);
  }

  private static void check(String command, int arguments, Map<String, Integer> commands) {
    Integer wanted = commands.get(command);
    if (wanted == null) {
      throw new IllegalArgumentException("unknown command " + command);
    }
    if (arguments != wanted) {
      throw new IllegalArgumentException(
          command + " takes " + wanted + " arguments, not " + arguments);
    }
  }

  private static long randomSeed() {
    return ThreadLocalRandom.current().nextInt(1_000_000);
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.next();
  }

  private static long number(String option, Iterator<String> rest, long least, long most) {
    String text = value(option, rest);
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
