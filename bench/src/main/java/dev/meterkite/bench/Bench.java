package dev.meterkite.bench;

import dev.meterkite.emulator.EmulatorUnavailableException;
import dev.meterkite.local.Console;
import dev.meterkite.local.Stop;
import dev.meterkite.local.line.WrongLineException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The command line of {@code bench.sh}: measures and writes the report. Ends with status 0 when the
 * report is written, 1 when something failed, 2 for a wrong command line. How good the figures are
 * is for the reader; no figure makes it fail.
 */
public final class Bench {
  /** After this long each case is played once only, so that the whole ends within 20 minutes. */
  static final Duration REPEAT_UNTIL = Duration.ofMinutes(12);

  private static final String RECORDED = "../shared/data/azure-llm-inference-conv-2023.csv";
  private static final Set<String> REPEATED_BY_RAW =
      Set.of("counts/debit/32", "counts/usage-500/1");
  private static final int GENERATED_CALLS = 5_000;

  private final BenchOptions options;
  private final PrintStream out;
  private final long began = System.nanoTime();
  private final Results results = new Results();

  private Bench(BenchOptions options, PrintStream out) {
    this.options = options;
    this.out = out;
  }

  public static void main(String[] arguments) {
    Path home = Path.of(System.getProperty("meterkite.home", "")).toAbsolutePath();
    System.exit(run(Arrays.asList(arguments), home, System.out, System.err));
  }

  static int run(List<String> arguments, Path home, PrintStream out, PrintStream err) {
    Optional<String> help = BenchOptions.LINE.helpFor(arguments, Console.columns());
    if (help.isPresent()) {
      out.print(help.get());
      return 0;
    }
    BenchOptions options;
    try {
      options = BenchOptions.parse(arguments);
    } catch (WrongLineException e) {
      err.println(Console.wrapped(String.valueOf(e.getMessage())));
      return 2;
    }
    try (Stop stop = Stop.of(out, err)) {
      return run(options, home, stop);
    }
  }

  private static int run(BenchOptions options, Path home, Stop stop) {
    try {
      measure(options, home, stop.out());
      return 0;
    } catch (EmulatorUnavailableException | NoSuchFileException e) {
      String sentence =
          e instanceof NoSuchFileException missing
              ? "There is no file " + missing.getFile() + "."
              : String.valueOf(e.getMessage());
      stop.err().println(Console.wrapped(sentence));
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    } catch (IOException | RuntimeException e) {
      e.printStackTrace(stop.err());
      return 1;
    }
  }

  /**
   * Measures what the options name and writes the report.
   *
   * @param home the project's folder
   */
  static Results measure(BenchOptions options, Path home, PrintStream out)
      throws IOException, InterruptedException {
    Bench bench = new Bench(options, out);
    Machine machine = Machine.here();
    AzureTrace trace = trace(options, home);
    Path folder = Optional.ofNullable(options.out()).orElse(home.resolve("docs/benchmarks"));
    Path beside = options.beside();
    if (beside != null) {
      Beside comparison = new Beside(options, Version.of(home), Version.in(beside), trace, out);
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("beside.md"), comparison.measure().markdown(machine));
      return bench.results;
    }
    Instant at = Instant.now();
    Optional<Postgres> postgres = bench.postgres();
    try {
      bench.results.postgres(postgres.orElse(null));
      for (List<Case> part : Case.parts(trace, options)) {
        bench.play(part, Version.of(home), trace);
      }
      Files.createDirectories(folder);
      String version = postgres.isPresent() ? postgres.get().version() : "";
      Duration took = Duration.ofNanos(System.nanoTime() - bench.began);
      Report report =
          new Report(bench.results, options, machine, trace.source(), version, at, took);
      report.write(folder);
      out.printf("%nWritten to %s in %d s.%n", folder.resolve("README.md"), took.toSeconds());
    } finally {
      if (postgres.isPresent()) {
        postgres.get().close();
      }
    }
    return bench.results;
  }

  private Optional<Postgres> postgres() throws IOException, InterruptedException {
    return Case.all(AzureTrace.generated(1, 1), options).stream()
            .anyMatch(each -> each.isPostgres() && isNamed(each))
        ? Postgres.start()
        : Optional.empty();
  }

  private static AzureTrace trace(BenchOptions options, Path home) throws IOException {
    Path file = options.trace();
    if (file != null) {
      return AzureTrace.read(file);
    }
    Path recorded = home.resolve(RECORDED);
    return Files.exists(recorded)
        ? AzureTrace.read(recorded)
        : AzureTrace.generated(GENERATED_CALLS, 1);
  }

  /** Plays what is wanted of a part, on a stage of its own. */
  private void play(List<Case> part, Version version, AzureTrace trace)
      throws IOException, InterruptedException {
    boolean raw =
        part.stream().anyMatch(each -> each.name().startsWith("bare/raw/") && isNamed(each));
    List<Case> wanted = part.stream().filter(each -> isWanted(each, raw)).toList();
    if (wanted.isEmpty()) {
      return;
    }
    try (BenchEnvironment stage = new BenchEnvironment(options, version, trace)) {
      for (Case each : wanted) {
        play(stage, each);
      }
    }
  }

  private boolean isNamed(Case each) {
    Pattern only = options.only();
    return only == null || only.matcher(each.name()).find();
  }

  /**
   * @param raw whether raw commits are: they repeat those of functions, which must have been seen
   */
  private boolean isWanted(Case each, boolean raw) {
    if (each.isPostgres() && results.postgres() == null) {
      return false;
    }
    return isNamed(each) || (raw && REPEATED_BY_RAW.contains(each.name()));
  }

  private void play(BenchEnvironment stage, Case each) throws IOException, InterruptedException {
    if (each.way() != null) {
      stage.host(each.way(), each.processes());
    }
    boolean late = System.nanoTime() - began > REPEAT_UNTIL.toNanos();
    List<Figures> plays = new ArrayList<>();
    for (int i = 0; i < (late || each.once() ? 1 : options.repeat()); i++) {
      plays.add(each.play().on(stage, results));
    }
    results.add(each, plays);
    Figures middle = results.row(each.name()).orElseThrow().middle();
    out.printf(
        Locale.ROOT,
        "%4d s  %-28s %,10.0f/s  p50 %,9.2f ms  p99 %,9.2f ms  failed %.1f %%%n",
        Duration.ofNanos(System.nanoTime() - began).toSeconds(),
        each.name(),
        middle.achieved(),
        middle.millis(50),
        middle.millis(99),
        middle.failedPercent());
    out.flush();
  }
}
