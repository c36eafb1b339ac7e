package dev.meterkite.local.chaos;

import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls of functions by one who repeats each with its key until there is a certain answer. */
public interface Calls {
  /**
   * The last answer.
   *
   * @param status of HTTP
   * @param headers by name, in any case
   */
  record Answer(int status, Map<String, String> headers, String body) {
    /** Whether it was given before. */
    boolean isReplay() {
      return headers.keySet().stream().anyMatch("Idempotency-Replayed"::equalsIgnoreCase);
    }
  }

  /**
   * Calls as a service.
   *
   * @param key the idempotency key; null for a function that needs none
   * @throws IOException if there never was an answer
   */
  Answer post(String function, @Nullable String key, String body)
      throws IOException, InterruptedException;
}
