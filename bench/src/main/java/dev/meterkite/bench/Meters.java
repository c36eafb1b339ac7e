package dev.meterkite.bench;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is read before and after a run.
 *
 * @param functions the processes that host functions
 * @param store the emulator; empty where it is not ours
 * @param proxy counts calls; null where there is none
 */
record Meters(
    List<ProcessHandle> functions, List<ProcessHandle> store, @Nullable StoreProxy proxy) {

  /** Microseconds of processor time (NaN of what is not there), and calls to the store, so far. */
  record Reading(double functions, double store, double load, StoreProxy.@Nullable Counts counts) {
    /** For each of so many operations since an earlier reading. */
    Figures.Cost since(Reading before, long operations) {
      double each = Math.max(1, operations);
      StoreProxy.Counts passed =
          counts == null || before.counts == null ? null : counts.since(before.counts);
      return new Figures.Cost(
          (functions - before.functions) / each,
          (store - before.store) / each,
          (load - before.load) / each,
          passed == null ? Double.NaN : passed.calls() / each,
          passed == null ? Double.NaN : passed.reads() / each,
          passed == null ? Double.NaN : passed.writes() / each);
    }
  }

  Reading read() {
    return new Reading(
        micros(functions),
        micros(store),
        micros(List.of(ProcessHandle.current())),
        proxy == null ? null : proxy.counts());
  }

  private static double micros(List<ProcessHandle> processes) {
    if (processes.isEmpty()) {
      return Double.NaN;
    }
    return processes.stream()
        .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
        .mapToLong(cpu -> cpu.toNanos() / 1_000)
        .sum();
  }
}
