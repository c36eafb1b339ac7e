package dev.meterkite.bench;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * The report: {@code README.md}, its plots, and {@code results.json} with every play. All figures
 * come from the run; what was not measured is left out.
 *
 * @param results what was measured
 * @param trace where the recorded calls came from
 * @param postgres the version of PostgreSQL; empty where it is not installed or was not asked for
 */
record Report(
    Results results,
    BenchOptions options,
    Machine machine,
    String trace,
    String postgres,
    Instant at,
    Duration took) {
  private static final String PROFILE = "profile.md";
  private static final double[] PERCENTILES = {50, 90, 99, 99.9};
  private static final List<Integer> CALLERS = List.of(1, 16, 64, 256);

  /** Writes all files into a folder that exists; what people wrote beside them is referred to. */
  void write(Path folder) throws IOException {
    String profile =
        Files.exists(folder.resolve(PROFILE))
            ? "What a profiler found, and what was removed: [%1$s](%1$s).\n".formatted(PROFILE)
            : "";
    Files.writeString(folder.resolve("README.md"), markdown() + profile);
    Files.writeString(folder.resolve("results.json"), json() + "\n");
    Files.writeString(
        folder.resolve("one-user-service.svg"),
        byCallers(
            "Debits of one user, store at the pace of the service",
            Map.of(
                "debit-credits",
                "service/debit/",
                "debit-credits, " + options.processes() + " processes",
                "service/many-processes/debit/",
                "runTransaction",
                "service/plain/")));
    Files.writeString(
        folder.resolve("one-user-bare.svg"),
        byCallers(
            "Debits of one user, bare emulator",
            Map.of(
                "debit-credits",
                "bare/debit/",
                "debit-credits, " + options.processes() + " processes",
                "bare/many-processes/debit/",
                "runTransaction",
                "bare/plain/",
                "PostgreSQL, durable",
                "postgres/")));
    Files.writeString(folder.resolve("latency.svg"), latencies());
  }

  String markdown() {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        # Benchmarks

        Written by `./bench.sh` on %s; it took %,d s.

        **Machine.** %s. Load average before the run: %.1f. Functions, emulator, proxy and load
        generator share these cores, so every figure is one of all of them together.

        **How.** Each case was played %d times for %.1f s after a lead-in of %.1f s (once
        what does not vary, what runs into time limits, and what came after minute %d); tables show the play of the median rate, and least and most. Processes of
        functions were warmed up for %d s. Latency counts from the moment at which an operation was
        meant to start, until its last answer, failures included: of callers, each of whom waits for
        an answer before the next operation, or of an open loop where a rate is offered. Every key is used once, every
        answer's status is counted, nothing is sent again. Operations: one debit; one hold and its
        capture; one batch; one reservation and its settlement. No triggers run. Many users are %,d, the sweep has %,d
        customers, reservations follow %s.

        """
            .formatted(
                at.truncatedTo(ChronoUnit.SECONDS),
                took.toSeconds(),
                machine.inWords(),
                machine.loadAverage(),
                options.repeat(),
                options.length().toMillis() / 1e3,
                options.lead().toMillis() / 1e3,
                Bench.REPEAT_UNTIL.toMinutes(),
                options.warmUp().toSeconds(),
                options.users(),
                options.customers(),
                trace));
    aims(text);
    counts(text);
    section(text, "Store at the pace of the real service", "service/", ofService());
    section(text, "A document that takes 20 commits a second", "fast/", ofFast());
    section(text, "Bare emulator", "bare/", ofBare());
    section(text, "PostgreSQL", "postgres/", ofPostgres());
    findings(text);
    return text.toString();
  }

  private String ofService() {
    StoreProxy.Pace pace = StoreProxy.Pace.of(options.documentRate());
    return """
    A proxy between functions and emulator makes each commit take %d to %d ms, and lets one document
    take %s commits a second, %d at once after a rest; a commit that has waited %d s for its turn is
    ABORTED. Reads are not slowed, which favours the transaction. What a caller sees of one hot
    document is therefore a commit a second and everything that waited for it at once.

    ![rate by callers](one-user-service.svg)
    """
        .formatted(
            pace.least().toMillis(),
            pace.most().toMillis(),
            number(pace.writesASecond()),
            pace.burst(),
            pace.longestWait().toSeconds());
  }

  private static String ofFast() {
    return """
    The same proxy, but one document takes %s commits a second: so much is often seen of a document
    whose neighbours are at rest, and nothing promises it.

    """
        .formatted(number(BenchEnvironment.FAST_RATE));
  }

  private static String ofBare() {
    return """
    The emulator keeps documents in memory; commits are not durable and documents have no limit of
    writes. What is compared here is processor time. `raw` is the raw limit: commits that the functions
    made before, sent again with new names by gRPC, one after the other, no function involved.

    ![rate by callers](one-user-bare.svg)

    ![latency](latency.svg)
    """;
  }

  private String ofPostgres() {
    return postgres.isEmpty()
        ? "Not installed on this machine, or not asked for.\n"
        : """
        %s over a Unix socket, prepared statements, no HTTP, no tokens, no JSON; `fsync=on`,
        `synchronous_commit` as stated, other settings by default. The statement locks the user's row, takes
        the amount if there is enough, and inserts the transaction; no lots, holds or chain of hashes.
        """
            .formatted(postgres);
  }

  /** What an operation asks of the store. */
  private void counts(StringBuilder text) {
    List<Results.Row> rows = results.rows("counts/");
    if (rows.isEmpty()) {
      return;
    }
    text.append("## An operation in round trips, reads and writes\n\n");
    text.append("Counted by the proxy, without any delay. A batch is one operation.\n\n");
    text.append("| operation | round trips | documents read | documents written |\n");
    text.append("|---|---:|---:|---:|\n");
    for (Results.Row row : rows) {
      Figures.Cost cost = row.middle().cost();
      text.append(
          "| %s | %s | %s | %s |\n"
              .formatted(
                  row.of().title(),
                  number(cost.roundTrips()),
                  number(cost.reads()),
                  number(cost.writes())));
    }
    text.append('\n');
  }

  private void section(StringBuilder text, String title, String prefix, String words) {
    List<Results.Row> rows = results.rows(prefix);
    if (rows.isEmpty() && !prefix.equals("postgres/")) {
      return;
    }
    text.append("## ").append(title).append("\n\n").append(words).append('\n');
    if (rows.isEmpty()) {
      return;
    }
    text.append(
        "| case | processes | plays | offered/s | achieved/s | least – most | p50 ms | p90 ms | p99"
            + " ms | p99.9 ms | failed | CPU functions, store, load µs |\n"
            + "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---|---:|\n");
    for (Results.Row row : rows) {
      text.append(line(row));
    }
    text.append('\n');
  }

  private static String line(Results.Row row) {
    Figures middle = row.middle();
    StringBuilder cells = new StringBuilder();
    for (double percentile : PERCENTILES) {
      cells.append(" | ").append(number(middle.millis(percentile)));
    }
    String failures =
        middle.failures().isEmpty()
            ? "0"
            : "%.1f %% %s".formatted(middle.failedPercent(), middle.sortedFailures());
    Figures.Cost cost = middle.cost();
    return "| %s | %s | %d | %s | %s | %s – %s%s | %s | %s, %s, %s |\n"
        .formatted(
            row.of().title(),
            row.of().processes() == 0 ? "–" : Integer.toString(row.of().processes()),
            row.plays().size(),
            number(middle.offered()),
            number(middle.achieved()),
            number(row.least(Figures::achieved)),
            number(row.most(Figures::achieved)),
            cells,
            failures,
            number(cost.functions()),
            number(cost.store()),
            number(cost.load()));
  }

  /** Three digits that count; a dash for what is not known, ∞ for a ratio to nothing at all. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "–";
    }
    if (Double.isInfinite(value)) {
      return "∞";
    }
    double size = Math.abs(value);
    String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }

  /** An aim and what came of it. */
  private record Aim(String words, double measured, boolean isMet, String unit) {}

  private void aims(StringBuilder text) {
    List<Aim> aims = new ArrayList<>();
    rate(aims);
    ratios(aims);
    if (aims.isEmpty()) {
      return;
    }
    text.append("| aim | measured | |\n|---|---:|---|\n");
    for (Aim aim : aims) {
      text.append(
          "| %s | %s%s | %s |\n"
              .formatted(
                  aim.words(), number(aim.measured()), aim.unit(), aim.isMet() ? "met" : "missed"));
    }
    text.append('\n');
  }

  private void rate(List<Aim> aims) {
    results
        .row("bare/debit/64")
        .ifPresent(
            row -> {
              double rate = row.median(Figures::achieved);
              double p99 = row.median(figures -> figures.millis(99));
              aims.add(
                  new Aim(
                      "one user, 64 callers, bare emulator: 8,000 debits a second",
                      rate,
                      rate >= 8_000,
                      "/s"));
              aims.add(new Aim("… with p99 below 100 ms", p99, p99 < 100, " ms"));
            });
  }

  private void ratios(List<Aim> aims) {
    least(
        aims,
        "service/debit/64",
        "service/plain/64",
        4,
        "64 callers: service pace, to runTransaction");
    least(
        aims, "bare/debit/64", "bare/plain/64", 4, "64 callers: bare emulator, to runTransaction");
    least(aims, "bare/debit/64", "postgres/64", 4, "64 callers: bare emulator, to PostgreSQL");
    least(aims, "bare/debit/64", "bare/raw/32", 0.8, "debits of one user, to the raw limit");
    least(
        aims, "bare/debit-usage/64", "bare/debit/64", 0.9, "debits by tokens, to those by amount");
    least(aims, "bare/users/64", "bare/raw/users-64", 0.8, "debits of 64 users, to the raw limit");
    results
        .row("bare/raw/usage-500")
        .ifPresent(
            raw ->
                results
                    .row("bare/usage-500/2")
                    .ifPresent(
                        row -> {
                          double records = 500 * row.median(Figures::achieved);
                          double ratio = records / raw.median(Figures::achieved);
                          aims.add(
                              new Aim(
                                  "records in batches of 500, to the raw limit: 0.80",
                                  ratio,
                                  ratio >= 0.8,
                                  ""));
                        }));
    String many = options.processes() + " processes, to one";
    for (int callers : new int[] {16, 64}) {
      String one = "one user, " + callers + " callers, ";
      String name = "many-processes/debit/" + callers;
      least(
          aims, "service/" + name, "service/debit/" + callers, 0.7, one + "service pace, " + many);
      least(
          aims, "fast/" + name, "fast/debit/" + callers, 0.7, one + "20 commits a second, " + many);
    }
    least(
        aims,
        "service/16-processes/debit/256",
        "service/debit/256",
        0.6,
        "one user, 256 callers, service pace, 16 processes, to one");
    least(
        aims,
        "bare/many-processes/debit/64",
        "bare/debit/64",
        0.6,
        "one user, 64 callers, bare emulator, " + many);
    results
        .row("bare/raw/1")
        .ifPresent(
            raw ->
                results
                    .row("bare/debit/1")
                    .ifPresent(
                        row -> {
                          ToDoubleFunction<Figures> p50 = figures -> figures.millis(50);
                          double ratio = row.median(p50) / raw.median(p50);
                          aims.add(
                              new Aim(
                                  "latency of a single debit, to that of the raw commit: at most"
                                      + " 1.30",
                                  ratio,
                                  ratio <= 1.3,
                                  ""));
                        }));
  }

  private void least(List<Aim> aims, String name, String to, double least, String words) {
    if (results.row(name).isPresent() && results.row(to).isPresent()) {
      double rate = results.rate(name, Double.NaN);
      double other = results.rate(to, Double.NaN);
      double ratio = other == 0 ? Double.POSITIVE_INFINITY : rate / other;
      aims.add(new Aim(words + ": at least " + number(least), ratio, ratio >= least, ""));
    }
  }

  /** Where the processor time goes, and what that leaves possible. */
  private void findings(StringBuilder text) {
    if (results.row("bare/debit/64").isEmpty()) {
      return;
    }
    Figures hot = results.row("bare/debit/64").orElseThrow().middle();
    Figures.Cost cost = hot.cost();
    double all = cost.functions() + cost.store() + cost.load();
    text.append("## What stands in the way\n\n");
    text.append(
        """
        A debit of the hot user took %s µs of processor time in the functions, %s in the emulator and
        %s in the load generator: together %s µs, which %d cores can give to %s debits a second at most.
        """
            .formatted(
                number(cost.functions()),
                number(cost.store()),
                number(cost.load()),
                number(all),
                machine.cores(),
                number(machine.cores() * 1e6 / all)));
    results
        .row("bare/raw/32")
        .ifPresent(
            raw -> {
              Figures figures = raw.middle();
              text.append(
                  """
                  Without any function, the raw commits of 32 debits took the emulator %s µs a debit and came to
                  %s a second: what functions leave of that is theirs, but for commits of more debits.
                  """
                      .formatted(number(figures.cost().store()), number(figures.achieved())));
            });
    text.append('\n');
  }

  private String byCallers(String title, Map<String, String> prefixes) {
    List<Plot.Series> series = new ArrayList<>();
    prefixes.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            entry -> {
              List<Double> rates =
                  CALLERS.stream()
                      .map(callers -> results.rate(entry.getValue() + callers, 0))
                      .toList();
              series.add(new Plot.Series(entry.getKey(), rates));
            });
    List<String> places = CALLERS.stream().map(String::valueOf).toList();
    return Plot.lines(title, "callers at once", "operations a second", places, series);
  }

  private String latencies() {
    Map<String, String> cases = new LinkedHashMap<>();
    cases.put("64 callers, bare", "bare/debit/64");
    cases.put("open loop 50 %, bare", "bare/debit/open-50");
    cases.put("open loop 80 %, bare", "bare/debit/open-80");
    cases.put("runTransaction, 16, bare", "bare/plain/16");
    cases.put("64 callers, service", "service/debit/64");
    cases.put("PostgreSQL, 64", "postgres/64");
    List<Plot.Series> series = new ArrayList<>();
    cases.forEach(
        (title, name) ->
            results
                .row(name)
                .ifPresent(
                    row -> {
                      List<Double> millis =
                          Arrays.stream(PERCENTILES).mapToObj(row.middle()::millis).toList();
                      series.add(new Plot.Series(title, millis));
                    }));
    return Plot.lines(
        "Latency of debits of one user",
        "percentile",
        "milliseconds",
        List.of("50", "90", "99", "99.9"),
        series);
  }

  /** Every play of every case. */
  String json() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("at", at.toString());
    all.put("seconds", took.toSeconds());
    all.put("machine", machine.inWords());
    all.put("load_average", machine.loadAverage());
    all.put("trace", trace);
    all.put("postgres", postgres);
    List<Object> cases = new ArrayList<>();
    for (Results.Row row : results.rows("")) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("name", row.of().name());
      one.put("title", row.of().title());
      one.put("processes", row.of().processes());
      one.put("plays", row.plays().stream().map(Report::play).toList());
      cases.add(one);
    }
    all.put("cases", cases);
    return new GsonBuilder().setPrettyPrinting().create().toJson(all);
  }

  private static Map<String, Object> play(Figures figures) {
    Map<String, Object> play = new LinkedHashMap<>();
    put(play, "offered_per_second", figures.offered());
    put(play, "achieved_per_second", figures.achieved());
    play.put("operations", figures.operations());
    play.put("failures", figures.sortedFailures());
    for (double percentile : PERCENTILES) {
      put(
          play,
          "p" + number(percentile).replaceAll("\\.?0+$", "") + "_ms",
          figures.millis(percentile));
    }
    put(play, "max_ms", figures.millis(100));
    put(play, "cpu_functions_us", figures.cost().functions());
    put(play, "cpu_store_us", figures.cost().store());
    put(play, "cpu_load_us", figures.cost().load());
    put(play, "round_trips", figures.cost().roundTrips());
    put(play, "documents_read", figures.cost().reads());
    put(play, "documents_written", figures.cost().writes());
    return play;
  }

  /** JSON has no word for what is not a number. */
  private static void put(Map<String, Object> play, String name, double value) {
    if (!Double.isNaN(value) && !Double.isInfinite(value)) {
      play.put(name, Math.round(value * 1e3) / 1e3);
    }
  }
}
