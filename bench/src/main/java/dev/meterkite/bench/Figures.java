package dev.meterkite.bench;

import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * What one run came to.
 *
 * @param offered starts a second that were meant; not a number in a closed loop
 * @param achieved operations a second that succeeded
 * @param operations how many were meant to start while it was measured, or were under way in a
 *     closed loop
 * @param failures how often what came instead of success: a status, {@code io}, {@code unanswered}
 * @param latency microseconds from the moment an operation was meant to start to its last answer,
 *     successful or not
 * @param cost what each operation took
 */
record Figures(
    double offered,
    double achieved,
    long operations,
    Map<String, Long> failures,
    Histogram latency,
    Cost cost) {
  /** The longest latency that is told apart, in microseconds; anything longer counts as this. */
  static final long LONGEST_MICROS = 120_000_000;

  private static final double MICROS_IN_MILLI = 1_000;

  Figures {
    failures = Map.copyOf(failures);
  }

  Figures withCost(Cost other) {
    return new Figures(offered, achieved, operations, failures, latency, other);
  }

  /** An empty record of latencies: microseconds, three digits. */
  static Histogram noLatencies() {
    return new Histogram(1, LONGEST_MICROS, 3);
  }

  static void note(Histogram latency, long nanos) {
    latency.recordValue(Math.max(1, Math.min(LONGEST_MICROS, nanos / 1_000)));
  }

  /** The latency in milliseconds that so many percent of operations did not exceed. */
  double millis(double percentile) {
    return latency.getTotalCount() == 0
        ? Double.NaN
        : latency.getValueAtPercentile(percentile) / MICROS_IN_MILLI;
  }

  /** Failures in percent of the operations. */
  double failedPercent() {
    long failed = failures.values().stream().mapToLong(Long::longValue).sum();
    return operations == 0 ? 0 : 100.0 * failed / operations;
  }

  /** The failures in a stable order, for people. */
  Map<String, Long> sortedFailures() {
    return new TreeMap<>(failures);
  }

  /**
   * What an operation that succeeded took.
   *
   * @param functions microseconds of processor time of the processes that host functions
   * @param store of the emulator, or of PostgreSQL
   * @param load of the process that makes the load, which holds the proxy too where there is one
   * @param roundTrips calls to the store; known where the proxy counts them
   * @param reads documents read, likewise
   * @param writes documents written, likewise
   */
  record Cost(
      double functions, double store, double load, double roundTrips, double reads, double writes) {
    static final Cost UNKNOWN =
        new Cost(Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);

    /** Only of the store's processor time is anything known. */
    static Cost ofStore(double micros) {
      return new Cost(Double.NaN, micros, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    }
  }
}
