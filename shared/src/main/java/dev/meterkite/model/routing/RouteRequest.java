package dev.meterkite.model.routing;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a caller wants a model for.
 *
 * @param jobId the job, null if none; a label
 * @param taskType what is to be done
 * @param size the estimated size of the call
 * @param language the language needed, null for any; {@code pt-BR} is served by a model of {@code
 *     pt-BR} or of {@code pt}
 * @param exclude models not wanted, by {@code model_id} or {@code provider/model_id}
 * @param maxCostMicros the most that the call may cost in micro-USD, null for any
 * @param attemptOf the decision whose call failed, null for a first attempt
 * @param explain whether the answer lists every model that was left out
 */
public record RouteRequest(
    @Nullable String jobId,
    TaskType taskType,
    Size size,
    @Nullable String language,
    Set<String> exclude,
    @Nullable Long maxCostMicros,
    @Nullable String attemptOf,
    boolean explain) {

  /** The most tokens, characters or seconds of an estimate. */
  public static final long MAX_TOKENS = 100_000_000;

  private static final long CHARACTERS_A_TOKEN = 4;

  /**
   * The estimated size of a call, each figure 0 to {@value RouteRequest#MAX_TOKENS}; input, output,
   * characters and seconds are not all 0.
   *
   * @param input input tokens, the cached ones included
   * @param cached cached input tokens, at most {@code input}
   * @param output output tokens
   * @param characters characters to speak, null if not stated
   * @param audioSeconds seconds of audio, null if not stated
   */
  public record Size(
      long input,
      long cached,
      long output,
      @Nullable Long characters,
      @Nullable Long audioSeconds) {

    public Size {
      long spoken = characters == null ? 0 : characters;
      long heard = audioSeconds == null ? 0 : audioSeconds;
      for (long figure : new long[] {input, cached, output, spoken, heard}) {
        if (figure < 0 || figure > MAX_TOKENS) {
          throw new IllegalArgumentException("out of range: " + figure);
        }
      }
      if (cached > input || input + output + spoken + heard == 0) {
        throw new IllegalArgumentException("no size of a call: " + input + ", " + cached);
      }
    }

    /** A call of tokens only. */
    public static Size tokens(long input, long output) {
      return new Size(input, 0, output, null, null);
    }

    /** Input tokens; a quarter of the characters, rounded up, where only those are stated. */
    public long inputTokens() {
      return input > 0 || characters == null
          ? input
          : (characters + CHARACTERS_A_TOKEN - 1) / CHARACTERS_A_TOKEN;
    }

    /** Characters; four for each input token where they are not stated. */
    public long inputCharacters() {
      return characters != null ? characters : Math.multiplyExact(input, CHARACTERS_A_TOKEN);
    }
  }

  public RouteRequest {
    exclude = Collections.unmodifiableSet(new TreeSet<>(exclude));
  }

  /** A first attempt without more wishes. */
  public static RouteRequest of(TaskType taskType, Size size) {
    return new RouteRequest(null, taskType, size, null, Set.of(), null, null, false);
  }
}
