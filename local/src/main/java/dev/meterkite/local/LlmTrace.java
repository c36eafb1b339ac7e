package dev.meterkite.local;

import dev.meterkite.model.prices.CallUsage;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Calls of an LLM service, as a list of how many tokens each took in and gave out.
 *
 * <p>A file has the lines {@code TIMESTAMP,ContextTokens,GeneratedTokens} with a header, the form
 * of the Azure LLM inference traces.
 *
 * @param source where the calls come from, for people
 */
record LlmTrace(String source, List<Call> calls) {
  private static final String HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens";
  private static final int MOST_CALLS = 1_000_000;

  /**
   * One call.
   *
   * @param context tokens in, at most {@link CallUsage#MAX_QUANTITY}
   * @param generated tokens out, at most as many
   */
  record Call(long context, long generated) {
    Call {
      if (context < 0 || generated < 0 || Math.max(context, generated) > CallUsage.MAX_QUANTITY) {
        throw new IllegalArgumentException("tokens " + context + " and " + generated);
      }
    }

    long tokens() {
      return context + generated;
    }
  }

  LlmTrace {
    calls = List.copyOf(calls);
  }

  /**
   * The calls of a file.
   *
   * @throws LocalHostException naming the line that cannot be read
   */
  static LlmTrace read(Path file) {
    List<Call> calls = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      String line = lines.readLine();
      if (line == null || !line.strip().equals(HEADER)) {
        throw new LocalHostException(file + " does not begin with " + HEADER);
      }
      while ((line = lines.readLine()) != null && calls.size() < MOST_CALLS) {
        if (!line.isBlank()) {
          calls.add(call(file, calls.size() + 2, line.strip().split(",", -1)));
        }
      }
    } catch (IOException e) {
      throw new LocalHostException(file + " cannot be read: " + e, e);
    }
    return new LlmTrace(file.getFileName().toString(), calls);
  }

  private static Call call(Path file, int number, String[] columns) {
    try {
      if (columns.length == 3) {
        return new Call(Long.parseLong(columns[1]), Long.parseLong(columns[2]));
      }
    } catch (IllegalArgumentException e) {
      // The message below says it.
    }
    throw new LocalHostException(file + ", line " + number + ": not of the form " + HEADER);
  }

  /** A workload like the real ones: many short calls and a long tail, the same for each seed. */
  static LlmTrace generated(int count, long seed) {
    Random random = new Random(seed);
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long context = (long) Math.exp(6.5 + 1.1 * random.nextGaussian());
      long generated = (long) Math.exp(4.8 + 0.9 * random.nextGaussian());
      calls.add(new Call(Math.min(context, 14_000), Math.min(generated, 2_000)));
    }
    return new LlmTrace("generated", calls);
  }
}
