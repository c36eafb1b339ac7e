package dev.meterkite.functions.http;

import org.jspecify.annotations.Nullable;

/**
 * One request as an operation sees it: checked and typed.
 *
 * @param caller who calls
 * @param request what is asked, as the endpoint's parser made it
 * @param key the idempotency key; null only where the endpoint does not require one
 * @param requestHash tells apart requests with the same key; see {@link RequestHash}
 * @param requestId names the request in logs and in the answer
 * @param <T> the type of the request
 */
public record Call<T>(
    Caller caller, T request, @Nullable String key, String requestHash, String requestId) {

  /**
   * The idempotency key.
   *
   * @throws IllegalStateException for an endpoint that does not require one
   */
  public String requiredKey() {
    if (key == null) {
      throw new IllegalStateException("this endpoint does not require a key");
    }
    return key;
  }
}
