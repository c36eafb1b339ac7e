package dev.meterkite.bench;

import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.function.LongConsumer;

/** What a process does in the minute after its start, and at what expense of processor time. */
final class FirstMinute implements LongConsumer {
  static final Duration LENGTH = Duration.ofSeconds(60);
  private static final int[] SECONDS = {1, 2, 5, 10, 20, 40, 60};
  private static final long[] OPERATIONS = {100, 1_000, 6_000};

  private final DoubleSupplier processorSeconds;
  private final long[] perSecond = new long[(int) LENGTH.toSeconds()];
  private final double[] until = new double[OPERATIONS.length];
  private long total;

  /**
   * @param processorSeconds of the process since its start
   */
  FirstMinute(DoubleSupplier processorSeconds) {
    this.processorSeconds = processorSeconds;
    Arrays.fill(until, Double.NaN);
  }

  @Override
  public void accept(long nanos) {
    int second = (int) Duration.ofNanos(nanos).toSeconds();
    if (second < perSecond.length) {
      perSecond[second]++;
    }
    total++;
    int mark = Arrays.binarySearch(OPERATIONS, total);
    if (mark >= 0) {
      until[mark] = processorSeconds.getAsDouble();
    }
  }

  /** Each figure under its name; NaN for one that was not reached. */
  Map<String, Double> figures() {
    Map<String, Double> figures = new LinkedHashMap<>();
    for (int i = 0; i < OPERATIONS.length; i++) {
      figures.put(
          "processor seconds from the start until debit %,d".formatted(OPERATIONS[i]), until[i]);
    }
    for (int second : SECONDS) {
      figures.put("debits in second " + second, (double) perSecond[second - 1]);
    }
    return figures;
  }
}
