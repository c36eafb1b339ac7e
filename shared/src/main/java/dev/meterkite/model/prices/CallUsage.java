package dev.meterkite.model.prices;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one call of a model consumed. {@code input_tokens} are all of them, cached, written to the
 * cache, of audio and of images included; {@code output_tokens} all, reasoning included.
 *
 * @param provider the provider's id
 * @param modelId the model's id
 * @param quantities what was counted; absent is 0
 * @param service how it was processed
 * @param searchSize the size of its searches, or null
 */
public record CallUsage(
    String provider,
    String modelId,
    Map<Quantity, BigDecimal> quantities,
    ServiceTier service,
    @Nullable SearchSize searchSize) {
  /** The most of anything in one call. */
  public static final long MAX_QUANTITY = 100_000_000;

  /** The decimal places that seconds may have. */
  public static final int PLACES = 3;

  /** Something that a call can consume, named as in {@code usage}. */
  public enum Quantity {
    INPUT_TOKENS,
    CACHED_INPUT_TOKENS,
    CACHE_WRITE_TOKENS,
    /** Those of the cache writes that live for an hour. */
    CACHE_WRITE_1H_TOKENS,
    AUDIO_INPUT_TOKENS,
    /** Those that are both cached and of audio. */
    CACHED_AUDIO_INPUT_TOKENS,
    IMAGE_INPUT_TOKENS,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    AUDIO_OUTPUT_TOKENS,
    IMAGE_OUTPUT_TOKENS,
    CHARACTERS,
    AUDIO_SECONDS,
    IMAGES,
    SEARCHES,
    /** Results that each search asked for. */
    RESULTS,
    PAGES;

    /** The name of its field. */
    public String field() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A quantity that contradicts others. */
  public record Fault(Quantity quantity, String message) {}

  public CallUsage {
    EnumMap<Quantity, BigDecimal> counted = new EnumMap<>(Quantity.class);
    quantities.forEach(
        (quantity, count) -> {
          int places = quantity == Quantity.AUDIO_SECONDS ? PLACES : 0;
          if (count.signum() < 0
              || count.compareTo(BigDecimal.valueOf(MAX_QUANTITY)) > 0
              || count.stripTrailingZeros().scale() > places) {
            throw new IllegalArgumentException("no quantity: " + quantity + " " + count);
          }
          if (count.signum() > 0) {
            counted.put(quantity, count);
          }
        });
    quantities = Collections.unmodifiableMap(counted);
    Fault fault = fault(quantities);
    if (fault != null) {
      throw new IllegalArgumentException(fault.quantity() + " " + fault.message());
    }
  }

  /** A call in the standard service. */
  public static CallUsage of(String provider, String modelId, Map<Quantity, Long> counts) {
    EnumMap<Quantity, BigDecimal> quantities = new EnumMap<>(Quantity.class);
    counts.forEach((quantity, count) -> quantities.put(quantity, BigDecimal.valueOf(count)));
    return new CallUsage(provider, modelId, quantities, ServiceTier.STANDARD, null);
  }

  /** The first quantity that is more than what contains it; null if there is none. */
  public static @Nullable Fault fault(Map<Quantity, BigDecimal> quantities) {
    long input = whole(quantities, Quantity.INPUT_TOKENS);
    long cached = whole(quantities, Quantity.CACHED_INPUT_TOKENS);
    long written = whole(quantities, Quantity.CACHE_WRITE_TOKENS);
    long audio = whole(quantities, Quantity.AUDIO_INPUT_TOKENS);
    long cachedAudio = whole(quantities, Quantity.CACHED_AUDIO_INPUT_TOKENS);
    if (whole(quantities, Quantity.CACHE_WRITE_1H_TOKENS) > written) {
      return new Fault(Quantity.CACHE_WRITE_1H_TOKENS, "must be at most cache_write_tokens");
    }
    if (cachedAudio > Math.min(cached, audio)) {
      return new Fault(
          Quantity.CACHED_AUDIO_INPUT_TOKENS,
          "must be at most cached_input_tokens and audio_input_tokens");
    }
    if (cached > input) {
      return new Fault(Quantity.CACHED_INPUT_TOKENS, "must be at most input_tokens");
    }
    if (cached + written > input) {
      return new Fault(
          Quantity.CACHE_WRITE_TOKENS, "must be at most input_tokens less cached_input_tokens");
    }
    if (plainInput(quantities) < 0) {
      return new Fault(
          Quantity.AUDIO_INPUT_TOKENS, "must fit in input_tokens beside the other parts of it");
    }
    if (plainOutput(quantities) < 0) {
      return new Fault(
          Quantity.REASONING_TOKENS, "must be at most output_tokens, with the other parts of them");
    }
    return null;
  }

  private static long plainInput(Map<Quantity, BigDecimal> quantities) {
    return whole(quantities, Quantity.INPUT_TOKENS)
        - whole(quantities, Quantity.CACHED_INPUT_TOKENS)
        - whole(quantities, Quantity.CACHE_WRITE_TOKENS)
        - whole(quantities, Quantity.AUDIO_INPUT_TOKENS)
        - whole(quantities, Quantity.IMAGE_INPUT_TOKENS)
        + whole(quantities, Quantity.CACHED_AUDIO_INPUT_TOKENS);
  }

  private static long plainOutput(Map<Quantity, BigDecimal> quantities) {
    return whole(quantities, Quantity.OUTPUT_TOKENS)
        - whole(quantities, Quantity.REASONING_TOKENS)
        - whole(quantities, Quantity.AUDIO_OUTPUT_TOKENS)
        - whole(quantities, Quantity.IMAGE_OUTPUT_TOKENS);
  }

  private static long whole(Map<Quantity, BigDecimal> quantities, Quantity quantity) {
    return quantities.getOrDefault(quantity, BigDecimal.ZERO).longValue();
  }

  /** A whole quantity; 0 where it is absent. */
  long whole(Quantity quantity) {
    return whole(quantities, quantity);
  }

  /** Input tokens that no other meter counts. */
  long plainInput() {
    return plainInput(quantities);
  }

  /** Output tokens that no other meter counts. */
  long plainOutput() {
    return plainOutput(quantities);
  }

  /** As documents keep it: whole numbers, and seconds with decimal places as text. */
  public Map<String, Object> encode() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("provider", provider);
    fields.put("model_id", modelId);
    quantities.forEach(
        (quantity, count) ->
            fields.put(
                quantity.field(),
                count.stripTrailingZeros().scale() > 0
                    ? count.stripTrailingZeros().toPlainString()
                    : (Object) count.longValue()));
    if (service != ServiceTier.STANDARD) {
      fields.put("service", service.wire());
    }
    if (searchSize != null) {
      fields.put("search_size", searchSize.wire());
    }
    return fields;
  }
}
