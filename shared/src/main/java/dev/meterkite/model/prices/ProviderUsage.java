package dev.meterkite.model.prices;

import dev.meterkite.model.prices.CallUsage.Quantity;
import dev.meterkite.model.schema.Word;
import java.math.BigDecimal;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Brings a provider's own usage object to our quantities. The form is told by its members, not by
 * the provider, since many providers answer in OpenAI's.
 *
 * <p>What differs: OpenAI and Gemini count cached tokens in the input, Anthropic and Bedrock beside
 * it; OpenAI counts reasoning in the output, Gemini (thoughts) and xAI beside it. Where the object
 * states a total, the parts must add up to it; where it leaves some parts out, they must not be
 * more than it. What would be charged and has no quantity of ours (citations, a regional or fast
 * mode, provisioned throughput) is a fault: nothing is left out in silence.
 */
public final class ProviderUsage {
  private static final List<String> FORMS =
      List.of(
          "prompt_tokens (OpenAI and others in its form)",
          "input_tokens (OpenAI responses, Anthropic)",
          "promptTokenCount (Gemini)",
          "inputTokens (Bedrock)",
          "seconds (transcription)",
          "character_count (ElevenLabs)");

  /** What an object says. */
  public sealed interface Result {
    /**
     * Its quantities.
     *
     * @param service how the call was processed, where the object says so
     * @param searchSize the size of its searches, where the object says so
     */
    record Read(
        Map<Quantity, BigDecimal> quantities,
        @Nullable ServiceTier service,
        @Nullable SearchSize searchSize)
        implements Result {}

    /** It cannot be charged as it stands; {@code member} is empty for the whole object. */
    record Fault(String member, String message) implements Result {}
  }

  private static final class Unreadable extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final String member;
    private final String text;

    Unreadable(String member, String text) {
      super(text, null, false, false);
      this.member = member;
      this.text = text;
    }
  }

  private final Map<?, ?> object;
  private final EnumMap<Quantity, BigDecimal> quantities = new EnumMap<>(Quantity.class);
  private @Nullable ServiceTier service;
  private @Nullable SearchSize searchSize;

  private ProviderUsage(Map<?, ?> object) {
    this.object = object;
  }

  /** What an object with the values of JSON says. */
  public static Result of(Map<?, ?> object) {
    try {
      return new ProviderUsage(object).read();
    } catch (Unreadable e) {
      return new Result.Fault(e.member, e.text);
    }
  }

  private Result read() {
    if (has("promptTokenCount", "prompt_token_count", "totalTokenCount", "total_token_count")) {
      gemini();
    } else if (has("inputTokens", "inputTokenCount")) {
      bedrock();
    } else if (has("prompt_tokens", "completion_tokens")) {
      chat();
    } else if (has("input_tokens", "output_tokens")) {
      if (has("cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation")) {
        anthropic();
      } else {
        responses();
      }
    } else if (has("seconds")) {
      seconds("seconds");
    } else {
      characters();
    }
    CallUsage.Fault fault = CallUsage.fault(quantities);
    return fault == null
        ? new Result.Read(Map.copyOf(quantities), service, searchSize)
        : new Result.Fault(
            "", "contradicts itself: " + fault.quantity().field() + " " + fault.message());
  }

  /** OpenAI's chat completions, and DeepSeek, Mistral, OpenRouter, Perplexity, xAI in its form. */
  private void chat() {
    Map<?, ?> input = map(object, "prompt_tokens_details");
    Map<?, ?> output = map(object, "completion_tokens_details");
    long prompt = count(object, "prompt_tokens");
    long completion = count(object, "completion_tokens");
    long reasoning = Math.max(count(output, "reasoning_tokens"), count(object, "reasoning_tokens"));
    boolean beside = false;
    if (object.get("total_tokens") != null) {
      long total = count(object, "total_tokens");
      beside = total == prompt + completion + reasoning && reasoning > 0;
      require(
          beside || total == prompt + completion, "total_tokens", "is not the sum of the parts");
    }
    modalities(input, prompt, "prompt_tokens_details");
    modalities(output, beside ? completion + reasoning : completion, "completion_tokens_details");
    put(Quantity.INPUT_TOKENS, prompt);
    put(
        Quantity.CACHED_INPUT_TOKENS,
        most(
            count(input, "cached_tokens"),
            count(object, "prompt_cache_hit_tokens"),
            count(object, "cached_tokens")));
    put(Quantity.CACHE_WRITE_TOKENS, count(input, "cache_write_tokens"));
    put(Quantity.AUDIO_INPUT_TOKENS, count(input, "audio_tokens"));
    put(Quantity.OUTPUT_TOKENS, beside ? completion + reasoning : completion);
    put(Quantity.REASONING_TOKENS, reasoning);
    put(Quantity.AUDIO_OUTPUT_TOKENS, count(output, "audio_tokens"));
    put(Quantity.IMAGE_OUTPUT_TOKENS, count(output, "image_tokens"));
    if (object.get("prompt_cache_miss_tokens") != null) {
      require(
          count(object, "prompt_cache_hit_tokens") + count(object, "prompt_cache_miss_tokens")
              == prompt,
          "prompt_cache_miss_tokens",
          "and the hits are not prompt_tokens");
    }
    require(
        count(input, "video_tokens") == 0, "prompt_tokens_details.video_tokens", "has no price");
    require(count(object, "citation_tokens") == 0, "citation_tokens", "have no price");
    if (object.get("prompt_audio_seconds") instanceof Number) {
      seconds("prompt_audio_seconds");
    }
    searches();
    service(object.get("service_tier"));
  }

  /** OpenAI's responses, images, transcriptions and realtime sessions. */
  private void responses() {
    Map<?, ?> input = map(object, "input_tokens_details", "input_token_details");
    Map<?, ?> output = map(object, "output_tokens_details", "output_token_details");
    Map<?, ?> cached = map(input, "cached_tokens_details");
    long all = count(object, "input_tokens");
    long produced = count(object, "output_tokens");
    require(
        object.get("total_tokens") == null || count(object, "total_tokens") == all + produced,
        "total_tokens",
        "is not the sum of the parts");
    modalities(input, all, "input_tokens_details");
    modalities(output, produced, "output_tokens_details");
    put(Quantity.INPUT_TOKENS, all);
    put(Quantity.CACHED_INPUT_TOKENS, count(input, "cached_tokens"));
    put(Quantity.CACHE_WRITE_TOKENS, count(input, "cache_write_tokens"));
    put(Quantity.AUDIO_INPUT_TOKENS, count(input, "audio_tokens"));
    put(Quantity.CACHED_AUDIO_INPUT_TOKENS, count(cached, "audio_tokens"));
    require(
        count(cached, "image_tokens") == 0, "cached_tokens_details.image_tokens", "have no price");
    put(Quantity.IMAGE_INPUT_TOKENS, count(input, "image_tokens"));
    put(Quantity.OUTPUT_TOKENS, produced);
    put(Quantity.REASONING_TOKENS, count(output, "reasoning_tokens"));
    put(Quantity.AUDIO_OUTPUT_TOKENS, count(output, "audio_tokens"));
    put(Quantity.IMAGE_OUTPUT_TOKENS, count(output, "image_tokens"));
    searches();
    service(object.get("service_tier"));
  }

  /** Text, audio and images of a whole: never more than it, and all of it where each is given. */
  private static void modalities(Map<?, ?> details, long whole, String member) {
    List<String> names = List.of("text_tokens", "audio_tokens", "image_tokens");
    long sum = 0;
    boolean all = true;
    for (String name : names) {
      sum += count(details, name);
      all &= details.get(name) != null;
    }
    require(sum <= whole && (sum == whole || !all), member, "do not add up to the tokens");
  }

  private void anthropic() {
    long read = count(object, "cache_read_input_tokens");
    Map<?, ?> writes = map(object, "cache_creation");
    long hour = count(writes, "ephemeral_1h_input_tokens");
    long each = hour + count(writes, "ephemeral_5m_input_tokens");
    boolean stated = object.get("cache_creation_input_tokens") != null;
    long written = stated ? count(object, "cache_creation_input_tokens") : each;
    require(
        writes.isEmpty() || each == written,
        "cache_creation",
        "does not add up to cache_creation_input_tokens");
    put(Quantity.INPUT_TOKENS, count(object, "input_tokens") + read + written);
    put(Quantity.CACHED_INPUT_TOKENS, read);
    put(Quantity.CACHE_WRITE_TOKENS, written);
    put(Quantity.CACHE_WRITE_1H_TOKENS, hour);
    put(Quantity.OUTPUT_TOKENS, count(object, "output_tokens"));
    require(!"us".equals(object.get("inference_geo")), "inference_geo", "us has no price");
    require(!"fast".equals(object.get("speed")), "speed", "fast has no price");
    searches();
    service(object.get("service_tier"));
  }

  private void gemini() {
    long prompt = count(object, "promptTokenCount", "prompt_token_count");
    long tools = count(object, "toolUsePromptTokenCount", "tool_use_prompt_token_count");
    long candidates =
        most(
            count(object, "candidatesTokenCount", "candidates_token_count"),
            count(object, "responseTokenCount", "response_token_count"));
    long thoughts = count(object, "thoughtsTokenCount", "thoughts_token_count");
    long total = count(object, "totalTokenCount", "total_token_count");
    require(
        total == 0 || total == prompt + tools + candidates + thoughts,
        "totalTokenCount",
        "is not the sum of the parts");
    long cached = count(object, "cachedContentTokenCount", "cached_content_token_count");
    parts(prompt, "promptTokensDetails", "prompt_tokens_details");
    parts(tools, "toolUsePromptTokensDetails", "tool_use_prompt_tokens_details");
    parts(cached, "cacheTokensDetails", "cache_tokens_details");
    parts(candidates, "candidatesTokensDetails", "candidates_tokens_details");
    parts(candidates, "responseTokensDetails", "response_tokens_details");
    put(Quantity.INPUT_TOKENS, prompt + tools);
    put(Quantity.CACHED_INPUT_TOKENS, cached);
    put(
        Quantity.AUDIO_INPUT_TOKENS,
        modality("AUDIO", "promptTokensDetails", "prompt_tokens_details")
            + modality("AUDIO", "toolUsePromptTokensDetails", "tool_use_prompt_tokens_details"));
    put(
        Quantity.CACHED_AUDIO_INPUT_TOKENS,
        modality("AUDIO", "cacheTokensDetails", "cache_tokens_details"));
    put(Quantity.OUTPUT_TOKENS, candidates + thoughts);
    put(Quantity.REASONING_TOKENS, thoughts);
    put(Quantity.AUDIO_OUTPUT_TOKENS, produced("AUDIO"));
    put(Quantity.IMAGE_OUTPUT_TOKENS, produced("IMAGE"));
    require(produced("VIDEO") == 0, "candidatesTokensDetails", "video tokens have no price");
    Object traffic = first("trafficType", "traffic_type");
    if ("ON_DEMAND_PRIORITY".equals(traffic)) {
      service = ServiceTier.PRIORITY;
    } else if ("ON_DEMAND_FLEX".equals(traffic)) {
      service = ServiceTier.FLEX;
    } else {
      require(
          traffic == null
              || "ON_DEMAND".equals(traffic)
              || "TRAFFIC_TYPE_UNSPECIFIED".equals(traffic),
          "trafficType",
          "is not charged by the token");
    }
  }

  private long produced(String modality) {
    return modality(modality, "candidatesTokensDetails", "candidates_tokens_details")
        + modality(modality, "responseTokensDetails", "response_tokens_details");
  }

  /** The modalities of a whole: together it, or less where none is text, which is the rest. */
  private void parts(long whole, String... names) {
    long sum = 0;
    boolean text = false;
    if (first(names) instanceof List<?> list) {
      for (Object each : list) {
        if (each instanceof Map<?, ?> part) {
          sum = Math.addExact(sum, count(part, "tokenCount", "token_count"));
          text |= "TEXT".equals(part.get("modality"));
        }
      }
    }
    require(sum == whole || (sum < whole && !text), names[0], "do not add up to the tokens");
  }

  /** The tokens of a modality in a list of {@code modality, tokenCount}. */
  private long modality(String modality, String... names) {
    long sum = 0;
    if (first(names) instanceof List<?> list) {
      for (Object each : list) {
        if (each instanceof Map<?, ?> part && modality.equals(part.get("modality"))) {
          sum = Math.addExact(sum, count(part, "tokenCount", "token_count"));
        }
      }
    }
    return sum;
  }

  private void bedrock() {
    long input = count(object, "inputTokens", "inputTokenCount");
    long output = count(object, "outputTokens", "outputTokenCount");
    long read = count(object, "cacheReadInputTokens", "cacheReadInputTokenCount");
    long written = count(object, "cacheWriteInputTokens", "cacheWriteInputTokenCount");
    require(
        object.get("totalTokens") == null
            || count(object, "totalTokens") == input + output + read + written,
        "totalTokens",
        "is not the sum of the parts");
    put(Quantity.INPUT_TOKENS, input + read + written);
    put(Quantity.CACHED_INPUT_TOKENS, read);
    put(Quantity.CACHE_WRITE_TOKENS, written);
    if (object.get("cacheDetails") instanceof List<?> details) {
      long hour = 0;
      long all = 0;
      for (Object each : details) {
        if (each instanceof Map<?, ?> part) {
          long count = count(part, "inputTokens");
          all = Math.addExact(all, count);
          hour += "1h".equals(part.get("ttl")) ? count : 0;
        }
      }
      require(
          details.isEmpty() || all == written,
          "cacheDetails",
          "do not add up to cacheWriteInputTokens");
      put(Quantity.CACHE_WRITE_1H_TOKENS, hour);
    }
    put(Quantity.OUTPUT_TOKENS, output);
  }

  /** ElevenLabs: characters billed, as its headers and its history name them. */
  private void characters() {
    for (String name :
        List.of("characters", "character_count", "character-cost", "character_cost")) {
      if (object.get(name) != null) {
        put(Quantity.CHARACTERS, count(object, name));
        return;
      }
    }
    String from = "character_count_change_from";
    String to = "character_count_change_to";
    require(has(from) && has(to), "", "is in none of the known forms: " + String.join(", ", FORMS));
    long characters = count(object, to) - count(object, from);
    require(characters >= 0, to, "must not be less than " + from);
    put(Quantity.CHARACTERS, characters);
  }

  private void seconds(String name) {
    require(object.get(name) instanceof Number, name, "must be a number");
    BigDecimal seconds = new BigDecimal(String.valueOf(object.get(name))).stripTrailingZeros();
    require(
        seconds.signum() >= 0
            && seconds.scale() <= CallUsage.PLACES
            && seconds.compareTo(BigDecimal.valueOf(CallUsage.MAX_QUANTITY)) <= 0,
        name,
        "must be a number of at least 0 with at most three decimal places");
    quantities.put(Quantity.AUDIO_SECONDS, seconds);
  }

  private void searches() {
    put(
        Quantity.SEARCHES,
        most(
            count(map(object, "server_tool_use"), "web_search_requests"),
            count(object, "num_search_queries")));
    Object size = object.get("search_context_size");
    if (size != null) {
      searchSize =
          Word.parse(SearchSize.class, size instanceof String text ? text : null)
              .orElseThrow(() -> new Unreadable("search_context_size", "is not known"));
    }
  }

  private void service(@Nullable Object word) {
    if (word == null || Set.of("standard", "default", "auto").contains(word)) {
      return;
    }
    service =
        Word.parse(ServiceTier.class, word instanceof String text ? text : null)
            .orElseThrow(() -> new Unreadable("service_tier", "is not known"));
  }

  private boolean has(String... names) {
    return first(names) != null;
  }

  private @Nullable Object first(String... names) {
    for (String name : names) {
      if (object.get(name) != null) {
        return object.get(name);
      }
    }
    return null;
  }

  private static Map<?, ?> map(Map<?, ?> from, String... names) {
    for (String name : names) {
      if (from.get(name) instanceof Map<?, ?> found) {
        return found;
      }
    }
    return Map.of();
  }

  private static long most(long... counts) {
    long most = 0;
    for (long count : counts) {
      most = Math.max(most, count);
    }
    return most;
  }

  /** A whole number of at least 0; also one that a header wrote as text. 0 where it is absent. */
  private static long count(Map<?, ?> from, String... names) {
    for (String name : names) {
      Object value = from.get(name);
      if (value != null) {
        try {
          long count = new BigDecimal(String.valueOf(value)).longValueExact();
          if (count >= 0 && count <= CallUsage.MAX_QUANTITY) {
            return count;
          }
        } catch (NumberFormatException | ArithmeticException e) {
          throw new Unreadable(name, "must be a whole number");
        }
        throw new Unreadable(name, "must be from 0 to " + CallUsage.MAX_QUANTITY);
      }
    }
    return 0;
  }

  private void put(Quantity quantity, long count) {
    require(count <= CallUsage.MAX_QUANTITY, quantity.field(), "is more than one call can consume");
    if (count > 0) {
      quantities.put(quantity, BigDecimal.valueOf(count));
    }
  }

  private static void require(boolean holds, String member, String message) {
    if (!holds) {
      throw new Unreadable(member, message);
    }
  }
}
