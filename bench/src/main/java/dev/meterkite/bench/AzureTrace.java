package dev.meterkite.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Calls of an LLM service with the gaps between them.
 *
 * @param source where they come from, for people
 */
record AzureTrace(String source, List<Call> calls) {
  private static final String HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";
  private static final int MOST_CALLS = 100_000;
  private static final long RESERVED_FOR_ANSWER = 1_000;
  private static final double GENERATED_A_SECOND = 5.4;

  /**
   * One call.
   *
   * @param gap nanoseconds from the call before
   * @param estimated tokens in, and as many out as a caller would reserve for
   * @param real tokens in and out
   */
  record Call(long gap, long estimated, long real) {
    static Call of(long gap, long in, long out) {
      return new Call(gap, Math.max(1, in + RESERVED_FOR_ANSWER), in + out);
    }
  }

  AzureTrace {
    calls = List.copyOf(calls);
  }

  /** The call that operation n stands for; the trace begins again behind its end. */
  Call call(long n) {
    return calls.get((int) (n % calls.size()));
  }

  /**
   * A file of the Azure LLM inference traces.
   *
   * @throws IOException for one that is not of that form, with the line
   */
  static AzureTrace read(Path file) throws IOException {
    List<Call> calls = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      String line = lines.readLine();
      if (line == null || !line.strip().equals(HEADER)) {
        throw new IOException(file + " does not begin with " + HEADER);
      }
      LocalDateTime last = null;
      for (line = lines.readLine();
          line != null && calls.size() < MOST_CALLS;
          line = lines.readLine()) {
        String[] columns = line.strip().split(",", -1);
        try {
          LocalDateTime at = LocalDateTime.parse(columns[0].replace(' ', 'T'));
          long gap = last == null ? 0 : Math.max(0, Duration.between(last, at).toNanos());
          last = at;
          calls.add(Call.of(gap, Long.parseLong(columns[1]), Long.parseLong(columns[2])));
        } catch (RuntimeException e) {
          throw new IOException(file + ", line " + (calls.size() + 2) + ": " + line, e);
        }
      }
    }
    return new AzureTrace(String.valueOf(file.getFileName()), calls);
  }

  /** Calls like the recorded ones: many short ones and a long tail, the same for each seed. */
  static AzureTrace generated(int count, long seed) {
    Random random = new Random(seed);
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long gap = (long) (-Math.log(1 - random.nextDouble()) / GENERATED_A_SECOND * 1e9);
      long in = Math.min(14_000, (long) Math.exp(6.5 + 1.1 * random.nextGaussian()));
      long out = Math.min(2_000, (long) Math.exp(4.8 + 0.9 * random.nextGaussian()));
      calls.add(Call.of(gap, in, out));
    }
    return new AzureTrace("generated", calls);
  }

  /** The gaps at so many calls a second on average. */
  long[] gapsAt(double perSecond) {
    double total = calls.stream().mapToDouble(Call::gap).sum();
    double factor = calls.size() / perSecond * 1e9 / Math.max(1, total);
    return calls.stream().mapToLong(call -> (long) (call.gap() * factor)).toArray();
  }
}
