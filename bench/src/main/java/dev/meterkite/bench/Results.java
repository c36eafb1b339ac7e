package dev.meterkite.bench;

import com.google.firestore.v1.CommitRequest;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** What has been measured so far, and what one case leaves for another. */
final class Results {
  /** The commit of debits that the raw limit repeats. */
  static final String DEBITS = "debits";

  /** The commit of a batch of usage records, likewise. */
  static final String USAGE = "usage";

  /** A case and its plays. */
  record Row(Case of, List<Figures> plays) {
    Row {
      plays = List.copyOf(plays);
    }

    /** The middle one of a figure of the plays; the lower of two. */
    double median(ToDoubleFunction<Figures> figure) {
      double[] sorted = plays.stream().mapToDouble(figure).sorted().toArray();
      return sorted[(sorted.length - 1) / 2];
    }

    double least(ToDoubleFunction<Figures> figure) {
      return plays.stream().mapToDouble(figure).min().orElseThrow();
    }

    double most(ToDoubleFunction<Figures> figure) {
      return plays.stream().mapToDouble(figure).max().orElseThrow();
    }

    /** The play of the median rate. */
    Figures middle() {
      List<Figures> sorted =
          plays.stream().sorted(Comparator.comparingDouble(Figures::achieved)).toList();
      return sorted.get((sorted.size() - 1) / 2);
    }
  }

  private final Map<String, Row> rows = new LinkedHashMap<>();
  private final Map<String, CommitRequest> commits = new HashMap<>();
  private @Nullable Postgres postgres;

  void add(Case of, List<Figures> plays) {
    rows.put(of.name(), new Row(of, plays));
  }

  Optional<Row> row(String name) {
    return Optional.ofNullable(rows.get(name));
  }

  /** The rows whose names begin so. */
  List<Row> rows(String prefix) {
    return rows.values().stream().filter(row -> row.of().name().startsWith(prefix)).toList();
  }

  /** The rate that a case reached, or another one where it was not measured. */
  double rate(String name, double otherwise) {
    return row(name).map(row -> row.median(Figures::achieved)).orElse(otherwise);
  }

  void remember(String as, CommitRequest commit) {
    commits.put(as, commit);
  }

  /**
   * A commit that a case left.
   *
   * @throws IllegalStateException if that case was not measured, or made no commit
   */
  CommitRequest remembered(String as) {
    CommitRequest commit = commits.get(as);
    if (commit == null) {
      throw new IllegalStateException("no commit of " + as + " was seen");
    }
    return commit;
  }

  void postgres(@Nullable Postgres cluster) {
    postgres = cluster;
  }

  @Nullable Postgres postgres() {
    return postgres;
  }
}
