package dev.meterkite.model.routing;

import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a caller wants a model for.
 *
 * @param jobId the job, null if none; a label
 * @param taskType what is to be done
 * @param inputTokens the estimate, 0 to {@value #MAX_TOKENS}
 * @param outputTokens the estimate, 0 to {@value #MAX_TOKENS}; with the input at least 1
 * @param language the language needed, null for any; {@code pt-BR} is served by a model of {@code
 *     pt-BR} or of {@code pt}
 * @param exclude models not wanted, by {@code model_id} or {@code provider/model_id}
 * @param maxCostMicros the most that the call may cost in micro-USD, null for any
 */
public record RouteRequest(
    @Nullable String jobId,
    TaskType taskType,
    long inputTokens,
    long outputTokens,
    @Nullable String language,
    Set<String> exclude,
    @Nullable Long maxCostMicros) {

  /** The most tokens of an estimate. */
  public static final long MAX_TOKENS = 100_000_000;

  public RouteRequest {
    exclude = java.util.Collections.unmodifiableSet(new TreeSet<>(exclude));
    if (inputTokens < 0
        || outputTokens < 0
        || inputTokens > MAX_TOKENS
        || outputTokens > MAX_TOKENS
        || tokens(inputTokens, outputTokens) < 1) {
      throw new IllegalArgumentException("tokens: " + inputTokens + ", " + outputTokens);
    }
  }

  private static long tokens(long input, long output) {
    return Math.addExact(input, output);
  }

  /** What is reserved for it. */
  public long tokens() {
    return tokens(inputTokens, outputTokens);
  }
}
