package dev.meterkite.model.health;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A failed call in flat form.
 *
 * @param provider the provider's id
 * @param status the HTTP status, null where there was no answer
 * @param code the provider's error code, empty if none
 * @param type the provider's error type, empty if none
 * @param message the provider's message, empty if none
 * @param retryAfter the Retry-After header, or what the body says in its place; null if neither
 */
public record ProviderError(
    String provider,
    @Nullable Integer status,
    String code,
    String type,
    String message,
    @Nullable String retryAfter) {

  /** Characters of a code or type that are read; the rest is ignored. */
  public static final int MAX_CODE = 500;

  /** Characters of a message that are read; the rest is ignored. */
  public static final int MAX_MESSAGE = 2_000;

  public ProviderError {
    code = lower(code, MAX_CODE);
    type = lower(type, MAX_CODE);
    message = lower(message, MAX_MESSAGE);
  }

  private static String lower(String text, int most) {
    return text.substring(0, Math.min(text.length(), most)).toLowerCase(Locale.ROOT);
  }

  /** An error as a caller reports it: status, code, message and Retry-After are all optional. */
  public static ProviderError reported(
      String provider,
      @Nullable Integer status,
      @Nullable String code,
      @Nullable String message,
      @Nullable String retryAfter) {
    return new ProviderError(
        provider, status, code == null ? "" : code, "", message == null ? "" : message, retryAfter);
  }

  /**
   * The flat form of an error body, parsed to maps, lists and strings; what has another shape
   * leaves code, type and message empty. The shapes: OpenAI {@code {error: {code, type, message}}};
   * Anthropic {@code {type: "error", error: {type, message}}}; Google {@code {error: {code, status,
   * message, details: [{reason}, {violations: [{quotaId}]}, {retryDelay}]}}}, also in a list of
   * one; ElevenLabs {@code {detail: {status, message}}}, {@code {detail: "…"}} or {@code {detail:
   * [{type, msg}]}}.
   *
   * @param header the Retry-After header, null if none; it goes before what the body says
   */
  public static ProviderError of(
      String provider, int status, @Nullable Object body, @Nullable String header) {
    return ProviderErrorCodec.decode(provider, status, body, header);
  }

  /** Whether code, type or message contains one of these words. */
  boolean says(Iterable<String> words) {
    for (String word : words) {
      if (message.contains(word)) {
        return true;
      }
    }
    return isCoded(words);
  }

  /** Whether code or type contains one of these words; a message can quote anything. */
  boolean isCoded(Iterable<String> words) {
    for (String word : words) {
      if (code.contains(word) || type.contains(word)) {
        return true;
      }
    }
    return false;
  }

  /** Code, type and message as one text. */
  String words() {
    return code + " " + type + " " + message;
  }
}
