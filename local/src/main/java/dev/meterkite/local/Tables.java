package dev.meterkite.local;

import dev.meterkite.functions.store.Store;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Ledger, usage and decisions as JSON lines that a warehouse such as BigQuery loads as they are: a
 * flat object a line, timestamps as RFC 3339, whole numbers as numbers.
 *
 * <p>A run writes the rows up to its watermark that the runs before it in the same folder have not
 * written, so that the files of all runs together have each row once; see {@link LedgerTable},
 * {@link UsageTable} and {@link DecisionTable} for what a row is. Nothing that was written changes:
 * a refund, an edit and a late correction are rows of their own.
 *
 * <p>The watermark is two minutes before the run begins, because a commit may be under way so long,
 * or a moment before that. Rows are written only where they agree with the books: a user's amounts
 * in the order of their sequence without a gap add up to the balance that each of them notes and to
 * that of the user; what was counted of usage records adds up to the summaries; what earlier runs
 * wrote is still so; Firestore counts as many decisions. Usage that is counted while it is read may
 * not agree at first, so a run looks {@value #READINGS} times.
 */
public final class Tables {
  static final List<String> ALL = List.of("ledger", "usage", "decisions");

  /** The longest time of a function: no commit of a moment before is still under way. */
  static final Duration LAG = Duration.ofMinutes(2);

  private static final int READINGS = 3;
  private static final int MOST_FINDINGS = 20;

  private final List<WarehouseTable> tables;
  private final InstantSource clock;
  private final PrintStream out;

  Tables(Store store, InstantSource clock, PrintStream out) {
    this.tables = List.of(new LedgerTable(store), new UsageTable(store), new DecisionTable(store));
    this.clock = clock;
    this.out = out;
  }

  /** The tables of the project that the environment names; takes what the sub-command takes. */
  public static void main(String[] args) throws Exception {
    Options options = Main.optionsOf("tables", args);
    Path folder = Path.of(options.arguments().get(0));
    TargetDocuments.end(
        store -> {
          NewFolder.check(folder);
          return new Tables(store, InstantSource.system(), System.out)
              .exportTo(folder, options.only(), options.until());
        });
  }

  /**
   * Writes what is new.
   *
   * @param only which of {@link #ALL}; empty for all
   * @param until the watermark; null for the latest that can be known
   * @throws LocalHostException where rows and books do not agree, the watermark lies before that of
   *     an earlier run or is too young; then nothing is written
   */
  int exportTo(Path folder, Set<String> only, @Nullable Instant until) throws IOException {
    if (until != null && until.isAfter(latest())) {
      throw new LocalHostException(
          "--until must be at least "
              + LAG.toMinutes()
              + " minutes ago: until then a commit may be under way.");
    }
    TableFiles files = TableFiles.of(folder);
    List<WarehouseTable> chosen =
        tables.stream().filter(table -> only.isEmpty() || only.contains(table.name())).toList();
    List<TableFiles.Run> runs = List.of();
    List<String> findings = List.of("");
    for (int reading = 0; !findings.isEmpty() && reading < READINGS; reading++) {
      Instant watermark = until == null ? latest() : until;
      runs = runs(chosen, files, watermark);
      findings = runs.stream().flatMap(run -> run.rows().findings().stream()).toList();
    }
    if (!findings.isEmpty()) {
      throw new LocalHostException(disagreement(findings));
    }
    if (!runs.isEmpty()) {
      files.add(runs);
    }
    for (TableFiles.Run run : runs) {
      out.printf("  %-24s %d%n", run.table().name(), run.rows().rows().size());
    }
    return 0;
  }

  /** What each table has beyond its earlier runs; none for one that is written so far already. */
  private static List<TableFiles.Run> runs(
      List<WarehouseTable> chosen, TableFiles files, Instant watermark) {
    List<TableFiles.Run> runs = new ArrayList<>();
    for (WarehouseTable table : chosen) {
      Instant before = files.until(table).orElse(Instant.MIN);
      if (before.isAfter(watermark)) {
        throw new LocalHostException(
            "The rows of %s are written until %s already, which is later than %s."
                .formatted(table.name(), before, watermark));
      }
      if (before.isBefore(watermark)) {
        runs.add(new TableFiles.Run(table, watermark, table.rows(files.rows(table), watermark)));
      }
    }
    return runs;
  }

  private static String disagreement(List<String> findings) {
    int more = findings.size() - MOST_FINDINGS;
    return Stream.of(
            "The rows do not agree with the books, so nothing is written. ",
            findings.stream().limit(MOST_FINDINGS).collect(Collectors.joining("; ")),
            more > 0 ? "; and " + more + " more." : ".")
        .collect(Collectors.joining());
  }

  private Instant latest() {
    return clock.instant().minus(LAG).truncatedTo(ChronoUnit.MICROS);
  }
}
