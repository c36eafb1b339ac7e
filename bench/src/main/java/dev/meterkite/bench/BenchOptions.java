package dev.meterkite.bench;

import dev.meterkite.local.line.Line;
import dev.meterkite.local.line.ToolCommand.Option;
import dev.meterkite.local.line.ToolLine;
import dev.meterkite.local.line.Value;
import java.nio.file.Path;
import java.time.Duration;
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
 * @param beside the folder of another version of this project, whose functions are measured in
 *     turns with these; null for a report of these alone
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
    @Nullable Path beside,
    @Nullable Path out) {
  private static final int MOST = 1_000_000;
  private static final int ROUNDS_BESIDE = 5;

  /** What the script takes. */
  static final ToolLine LINE =
      ToolLine.of(
          "bench",
          "Builds what has changed, measures on this machine and writes the report; a whole run"
              + " takes about twenty minutes.",
          List.of(
              new Option(
                  "--quick",
                  Value.flag(),
                  "everything once and briefly, in about two minutes; not for quoting"),
              new Option(
                  "--only",
                  Value.regex(),
                  "only cases in whose names REGEX is found, for example bare/debit"),
              new Option("--repeat", count(), "plays of each workload (default 3)"),
              new Option("--seconds", count(), "measured seconds of each play (default 4)"),
              new Option(
                  "--customers", count(), "customers that the sweep resets (default 100000)"),
              new Option(
                  "--document-rate",
                  count(),
                  "commits a second that one document takes in the store with the pace of the real"
                      + " service (default 1)"),
              new Option(
                  "--trace",
                  Value.file(),
                  "a CSV of TIMESTAMP,ContextTokens,GeneratedTokens (default: the Azure trace in"
                      + " ../shared/data where it is, else a generated one)"),
              new Option(
                  "--beside",
                  Value.folder(),
                  "only compares: another version of this project, in which bench.sh was built,"
                      + " in turns with this one, from the start of a process on (default of"
                      + " --repeat: 5)"),
              new Option(
                  "--out", Value.newFolder(), "where the report goes (default docs/benchmarks)")));

  private static Value count() {
    return Value.number(1, MOST);
  }

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
        null,
        null);
  }

  /**
   * Reads a command line.
   *
   * @throws dev.meterkite.local.line.WrongLineException that says what is wrong
   */
  static BenchOptions parse(List<String> words) {
    Line line = LINE.parse(words);
    BenchOptions usual = line.has("--quick") ? quick() : full();
    boolean beside = line.text("--beside").isPresent();
    return new BenchOptions(
        line.text("--only").map(Pattern::compile).orElse(null),
        (int) line.number("--repeat").orElse(beside ? ROUNDS_BESIDE : usual.repeat),
        usual.lead,
        line.number("--seconds").isPresent()
            ? Duration.ofSeconds(line.number("--seconds").getAsLong())
            : usual.length,
        usual.warmUp,
        (int) line.number("--customers").orElse(usual.customers),
        usual.users,
        usual.processes,
        line.number("--document-rate").isPresent()
            ? line.number("--document-rate").getAsLong()
            : usual.documentRate,
        line.text("--trace").map(Path::of).orElse(null),
        line.text("--beside").map(Path::of).orElse(null),
        line.text("--out").map(Path::of).orElse(null));
  }
}
