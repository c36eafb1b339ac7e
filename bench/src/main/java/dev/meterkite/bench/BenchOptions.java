package dev.meterkite.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the command line of {@code bench.sh} asks for.
 *
 * @param only measures the cases in whose names this is found; null for all
 * @param repeat how often each workload is played
 * @param lead the part of each play that is not measured
 * @param length the part that is
 * @param warmUp how long fresh processes are warmed up
 * @param customers how many the sweep resets
 * @param users how many users there are where there are many
 * @param processes how many processes "many processes" are
 * @param documentRate commits a second that one document takes in the store with the pace of the
 *     service
 * @param trace a file of recorded calls; null for generated ones
 * @param out the folder of the report; null for {@code docs/benchmarks}
 */
record BenchOptions(
    @Nullable Pattern only,
    int repeat,
    Duration lead,
    Duration length,
    Duration warmUp,
    int customers,
    int users,
    int processes,
    double documentRate,
    @Nullable Path trace,
    @Nullable Path out) {
  static final String USAGE =
      """
      usage: bench.sh [--quick] [--only REGEX] [--repeat N] [--seconds N] [--customers N]
                      [--document-rate N] [--trace FILE] [--out DIR]
        --quick            everything once and briefly, in about two minutes; not for quoting
        --only REGEX       only cases in whose names REGEX is found, for example bare/debit
        --repeat N         plays of each workload (default 3)
        --seconds N        measured seconds of each play (default 4)
        --customers N      customers that the sweep resets (default 100000)
        --document-rate N  commits a second that one document takes in the store with the pace of
                           the real service (default 1)
        --trace FILE       a CSV of TIMESTAMP,ContextTokens,GeneratedTokens (default: the Azure
                           trace in ../shared/data where it is, else a generated one)
        --out DIR          where the report goes (default docs/benchmarks)\
      """;

  private static final int MOST = 1_000_000;

  static BenchOptions full() {
    return new BenchOptions(
        null,
        3,
        Duration.ofMillis(1_500),
        Duration.ofSeconds(4),
        Duration.ofSeconds(40),
        100_000,
        1_000,
        4,
        1,
        null,
        null);
  }

  static BenchOptions quick() {
    return new BenchOptions(
        null,
        1,
        Duration.ofMillis(300),
        Duration.ofMillis(1_000),
        Duration.ofSeconds(6),
        3_000,
        1_000,
        4,
        1,
        null,
        null);
  }

  /**
   * Reads a command line.
   *
   * @throws IllegalArgumentException that says what is wrong
   */
  static BenchOptions parse(List<String> words) {
    BenchOptions options = words.contains("--quick") ? quick() : full();
    for (Iterator<String> rest = words.iterator(); rest.hasNext(); ) {
      String word = rest.next();
      options =
          switch (word) {
            case "--quick" -> options;
            case "--only" -> options.only(Pattern.compile(value(word, rest)));
            case "--repeat" -> options.repeat(number(word, rest));
            case "--seconds" -> options.length(Duration.ofSeconds(number(word, rest)));
            case "--customers" -> options.customers(number(word, rest));
            case "--document-rate" -> options.documentRate(number(word, rest));
            case "--trace" -> options.trace(Path.of(value(word, rest)));
            case "--out" -> options.out(Path.of(value(word, rest)));
            default -> throw new IllegalArgumentException("unknown option " + word);
          };
    }
    return options;
  }

  private static String value(String option, Iterator<String> rest) {
    if (!rest.hasNext()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.next();
  }

  private static int number(String option, Iterator<String> rest) {
    String text = value(option, rest);
    try {
      int number = Integer.parseInt(text);
      if (number >= 1 && number <= MOST) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The message below says it.
    }
    throw new IllegalArgumentException(option + " takes a number from 1 to " + MOST);
  }

  BenchOptions only(Pattern name) {
    return new BenchOptions(
        name, repeat, lead, length, warmUp, customers, users, processes, documentRate, trace, out);
  }

  BenchOptions repeat(int times) {
    return new BenchOptions(
        only, times, lead, length, warmUp, customers, users, processes, documentRate, trace, out);
  }

  BenchOptions length(Duration measured) {
    return new BenchOptions(
        only,
        repeat,
        lead,
        measured,
        warmUp,
        customers,
        users,
        processes,
        documentRate,
        trace,
        out);
  }

  BenchOptions customers(int count) {
    return new BenchOptions(
        only, repeat, lead, length, warmUp, count, users, processes, documentRate, trace, out);
  }

  BenchOptions documentRate(double aSecond) {
    return new BenchOptions(
        only, repeat, lead, length, warmUp, customers, users, processes, aSecond, trace, out);
  }

  BenchOptions trace(Path file) {
    return new BenchOptions(
        only, repeat, lead, length, warmUp, customers, users, processes, documentRate, file, out);
  }

  BenchOptions out(Path folder) {
    return new BenchOptions(
        only,
        repeat,
        lead,
        length,
        warmUp,
        customers,
        users,
        processes,
        documentRate,
        trace,
        folder);
  }
}
