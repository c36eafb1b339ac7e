package dev.meterkite.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Two versions of the functions in turns: each round starts a process of either, one after the
 * other and each with an emulator of its own, and plays 64 callers of one user for a minute, then
 * for as long again until it is warm, then what is measured warm. The one that is first changes
 * with each round.
 */
final class Beside {
  private static final int CALLERS = 64;
  private static final double KIB_A_MIB = 1_024;

  private final BenchOptions options;
  private final List<Version> versions;
  private final AzureTrace trace;
  private final PrintStream out;

  /** By name of the figure: a value of each version for each round. */
  private final Map<String, List<double[]>> rounds = new LinkedHashMap<>();

  Beside(BenchOptions options, Version ours, Version other, AzureTrace trace, PrintStream out) {
    this.options = options;
    this.versions = List.of(ours, other);
    this.trace = trace;
    this.out = out;
  }

  /** Plays all rounds. */
  Beside measure() throws IOException {
    for (int round = 0; round < options.repeat(); round++) {
      int first = round % versions.size();
      Map<String, Double> one = play(versions.get(first));
      Map<String, Double> other = play(versions.get(1 - first));
      Map<String, Double> ours = first == 0 ? one : other;
      Map<String, Double> theirs = first == 0 ? other : one;
      ours.forEach(
          (name, value) ->
              rounds
                  .computeIfAbsent(name, each -> new ArrayList<>())
                  .add(new double[] {value, theirs.getOrDefault(name, Double.NaN)}));
      out.printf("round %d of %d%n", round + 1, options.repeat());
      out.flush();
    }
    return this;
  }

  private Map<String, Double> play(Version version) throws IOException {
    Map<String, Double> figures = new LinkedHashMap<>();
    try (BenchEnvironment stage = new BenchEnvironment(options, version, trace)) {
      stage.hostFresh();
      figures.put("processor seconds until it answers", seconds(stage));
      figures.put("resident MiB when it answers", resident(stage));
      FirstMinute first = new FirstMinute(() -> seconds(stage));
      Workload hot = stage.workloads().hotUser("debit-credits");
      stage.load(hot, Arrivals.callers(CALLERS), Duration.ZERO, minute(), first);
      figures.putAll(first.figures());
      // Others are copies of this user, whose ledger is open: no debit needs a query.
      stage.workloads().copyLastUser();
      figures.put("resident MiB after a minute of load", resident(stage));
      Workload warm = stage.workloads().hotUser("debit-credits");
      note(
          figures,
          "one user",
          stage.load(warm, Arrivals.callers(CALLERS), minute(), options.length()));
      Workload many = stage.workloads().manyUsers();
      note(
          figures,
          "users by Zipf",
          stage.load(many, Arrivals.callers(CALLERS), options.length(), options.length()));
    }
    return figures;
  }

  /** A minute; less where processes are hardly warmed up either. */
  private Duration minute() {
    Duration twice = options.warmUp().multipliedBy(2);
    return twice.compareTo(FirstMinute.LENGTH) < 0 ? twice : FirstMinute.LENGTH;
  }

  private static void note(Map<String, Double> figures, String load, Figures measured) {
    figures.put("warm, " + load + ": operations a second", measured.achieved());
    figures.put(
        "warm, " + load + ": processor µs of the functions an operation",
        measured.cost().functions());
  }

  private static double seconds(BenchEnvironment stage) {
    return stage.meters().read().functions() / 1e6;
  }

  /** Resident memory of the processes; NaN where the system does not tell. */
  private static double resident(BenchEnvironment stage) {
    double sum = 0;
    for (ProcessHandle process : stage.meters().functions()) {
      try {
        sum +=
            Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")))
                .sum();
      } catch (IOException notLinux) {
        return Double.NaN;
      }
    }
    return sum / KIB_A_MIB;
  }

  private static double median(List<double[]> values, int column) {
    double[] sorted =
        values.stream()
            .mapToDouble(each -> each[column])
            .filter(Double::isFinite)
            .sorted()
            .toArray();
    return sorted.length == 0 ? Double.NaN : sorted[(sorted.length - 1) / 2];
  }

  /** The table, with the median of either version and the ratio of the medians. */
  String markdown(Machine machine) {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        # Beside another version

        Written by `./bench.sh --beside` on %s: this version (%s) beside %s, %d rounds, in each a
        process of either, one after the other, the one that is first by turns; medians. %d callers of one
        user on the bare emulator, from the first call on for a minute, then warm for as long again. Debits
        of the minute are those that were answered in that second.

        **Machine.** %s. Load average before the run: %.1f.

        | figure | this version | the other | ratio |
        |---|---:|---:|---:|
        """
            .formatted(
                Instant.now().truncatedTo(ChronoUnit.SECONDS),
                versions.get(0).name(),
                versions.get(1).name(),
                options.repeat(),
                CALLERS,
                machine.inWords(),
                machine.loadAverage()));
    rounds.forEach(
        (name, values) -> {
          double ours = median(values, 0);
          double other = median(values, 1);
          text.append(
              String.format(
                  Locale.ROOT,
                  "| %s | %s | %s | %s |%n",
                  name,
                  Report.number(ours),
                  Report.number(other),
                  Report.number(ours / other)));
        });
    return text.toString();
  }
}
