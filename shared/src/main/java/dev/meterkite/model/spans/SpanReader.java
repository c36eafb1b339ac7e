package dev.meterkite.model.spans;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.CallUsage.Quantity;
import dev.meterkite.model.prices.ServiceTier;
import dev.meterkite.model.schema.Word;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads a span of OTLP in JSON as a call of a model, by the GenAI conventions of OpenTelemetry from
 * 1.27 on, with the names that earlier versions and widespread libraries gave the same attributes.
 *
 * <p>A span is a call where {@code gen_ai.operation.name} is one of inference ({@code chat}, {@code
 * text_completion}, {@code generate_content}, {@code embeddings}), or is absent beside numbers of
 * tokens. Spans of agents, workflows, tools, retrieval and memory repeat the tokens of the calls
 * below them and are left aside, as is everything that is not of {@code gen_ai}. A call that failed
 * and has no tokens consumed nothing.
 *
 * <p>By the conventions {@code gen_ai.usage.input_tokens} contains cached tokens, and {@code
 * output_tokens} those of reasoning. Some libraries count them beside: where the parts are more
 * than the whole they are added to it, the only reading that makes sense.
 */
public final class SpanReader {
  /** What became of a span. */
  public sealed interface Result {
    /** A call of a model. */
    record Called(ModelCall call) implements Result {}

    /** Nothing to charge. */
    record Ignored() implements Result {}

    /**
     * A call that cannot be charged.
     *
     * @param reason a stable word
     * @param span trace id and span id, {@code -} for one that is none: {@code 5b8e…/eee1…}
     */
    record Rejected(String reason, String span) implements Result {}
  }

  static final String INVALID_SPAN = "invalid_span";
  static final String UNKNOWN_OPERATION = "unknown_operation";
  static final String NO_USAGE = "no_usage";
  static final String NO_MODEL = "no_model";
  static final String NO_USER = "no_user";
  static final String INCONSISTENT_TOKENS = "inconsistent_tokens";

  private static final Result IGNORED = new Result.Ignored();

  private static final Set<String> INFERENCE =
      Set.of("chat", "text_completion", "generate_content", "embeddings");

  /** Their spans have no tokens, or the sums of the calls below them. */
  private static final Set<String> NO_CALL =
      Set.of(
          "create_agent",
          "invoke_agent",
          "invoke_workflow",
          "plan",
          "execute_tool",
          "retrieval",
          "create_memory",
          "create_memory_store",
          "delete_memory",
          "delete_memory_store",
          "search_memory",
          "update_memory",
          "upsert_memory");

  /** The attributes of each quantity, the present name first. */
  private static final Map<Quantity, List<String>> TOKENS =
      new EnumMap<>(
          Map.of(
              Quantity.INPUT_TOKENS,
              List.of("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
              Quantity.OUTPUT_TOKENS,
              List.of("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
              Quantity.CACHED_INPUT_TOKENS,
              List.of(
                  "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens"),
              Quantity.CACHE_WRITE_TOKENS,
              List.of(
                  "gen_ai.usage.cache_creation.input_tokens",
                  "gen_ai.usage.cache_creation_input_tokens"),
              Quantity.REASONING_TOKENS,
              List.of("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"),
              Quantity.AUDIO_INPUT_TOKENS,
              List.of("gen_ai.usage.audio.input_tokens"),
              Quantity.IMAGE_INPUT_TOKENS,
              List.of("gen_ai.usage.image.input_tokens"),
              Quantity.AUDIO_OUTPUT_TOKENS,
              List.of("gen_ai.usage.audio.output_tokens")));

  /**
   * Providers of the conventions, present and earlier words, as price files and catalogue name
   * them; others are called the same in both.
   */
  private static final Map<String, List<String>> PROVIDERS =
      Map.ofEntries(
          Map.entry("aws.bedrock", List.of("bedrock")),
          Map.entry("azure.ai.openai", List.of("azure")),
          Map.entry("az.ai.openai", List.of("azure")),
          Map.entry("azure.ai.inference", List.of("azure_ai")),
          Map.entry("az.ai.inference", List.of("azure_ai")),
          Map.entry("gcp.gemini", List.of("gemini", "google")),
          Map.entry("gemini", List.of("gemini", "google")),
          Map.entry("gcp.gen_ai", List.of("gemini", "google")),
          Map.entry("gcp.vertex_ai", List.of("vertex_ai", "google")),
          Map.entry("vertex_ai", List.of("vertex_ai", "google")),
          Map.entry("ibm.watsonx.ai", List.of("watsonx")),
          Map.entry("mistral_ai", List.of("mistral")),
          Map.entry("moonshot_ai", List.of("moonshot")),
          Map.entry("x_ai", List.of("xai")));

  private static final Pattern TRACE_ID = Pattern.compile("(?!0{32})[0-9a-f]{32}");
  private static final Pattern SPAN_ID = Pattern.compile("(?!0{16})[0-9a-f]{16}");
  private static final BigDecimal NANOS_A_SECOND = BigDecimal.TEN.pow(9);
  private static final BigDecimal LATEST = new BigDecimal(Long.MAX_VALUE);
  private static final int ERROR = 2;
  private static final int LONGEST_NAME = 300;

  private SpanReader() {}

  /**
   * Reads a span.
   *
   * @param resource its resource, as JSON has it
   * @param span the span, as JSON has it
   */
  public static Result read(@Nullable Object resource, Map<?, ?> span) {
    Attributes attributes;
    Attributes around;
    try {
      attributes = new Attributes(span.get("attributes"));
      around = around(resource);
    } catch (IllegalArgumentException e) {
      return rejected(INVALID_SPAN, span);
    }
    Map<Quantity, BigDecimal> tokens = new EnumMap<>(Quantity.class);
    TOKENS.forEach(
        (quantity, names) -> {
          BigDecimal number = attributes.number(names);
          if (number != null) {
            tokens.put(quantity, number);
          }
        });
    String operation = attributes.text("gen_ai.operation.name").orElse("");
    if (NO_CALL.contains(operation) || (operation.isEmpty() && tokens.isEmpty())) {
      return IGNORED;
    }
    if (tokens.isEmpty()) {
      boolean isCall = INFERENCE.contains(operation) && !isFailed(span, attributes);
      return isCall ? rejected(NO_USAGE, span) : IGNORED;
    }
    if (!operation.isEmpty() && !INFERENCE.contains(operation)) {
      return rejected(UNKNOWN_OPERATION, span);
    }
    return call(span, attributes, around, operation, tokens);
  }

  private static Attributes around(@Nullable Object resource) {
    if (resource != null && !(resource instanceof Map<?, ?>)) {
      throw new IllegalArgumentException("a resource is no object");
    }
    return new Attributes(resource instanceof Map<?, ?> map ? map.get("attributes") : null);
  }

  private static Result rejected(String reason, Map<?, ?> span) {
    String traceId = Objects.requireNonNullElse(id(span, "traceId", TRACE_ID), "-");
    String spanId = Objects.requireNonNullElse(id(span, "spanId", SPAN_ID), "-");
    return new Result.Rejected(reason, traceId + "/" + spanId);
  }

  private static boolean isFailed(Map<?, ?> span, Attributes attributes) {
    return attributes.text("error.type").isPresent()
        || (span.get("status") instanceof Map<?, ?> status
            && status.get("code") instanceof BigDecimal code
            && code.compareTo(BigDecimal.valueOf(ERROR)) == 0);
  }

  private static Result call(
      Map<?, ?> span,
      Attributes attributes,
      Attributes around,
      String operation,
      Map<Quantity, BigDecimal> tokens) {
    String traceId = id(span, "traceId", TRACE_ID);
    String spanId = id(span, "spanId", SPAN_ID);
    Instant end = moment(span.get("endTimeUnixNano"));
    if (traceId == null || spanId == null || end == null) {
      return rejected(INVALID_SPAN, span);
    }
    Map<Quantity, BigDecimal> whole = whole(tokens);
    if (whole == null) {
      return rejected(INCONSISTENT_TOKENS, span);
    }
    List<CallUsage> usages = usages(attributes, whole);
    if (usages.isEmpty()) {
      return rejected(NO_MODEL, span);
    }
    boolean ofUser = isThere(attributes, around, ModelCall.USER);
    boolean ofCustomer = isThere(attributes, around, ModelCall.CUSTOMER);
    String payer =
        ofUser ? ModelCall.USER : ofCustomer ? ModelCall.CUSTOMER : other(attributes, around);
    Optional<String> id = either(attributes, around, payer).filter(DocRef::isId);
    if ((ofUser && ofCustomer) || id.isEmpty()) {
      return rejected(NO_USER, span);
    }
    return new Result.Called(
        new ModelCall(
            traceId,
            spanId,
            ofCustomer ? null : id.get(),
            ofCustomer ? id.get() : null,
            either(attributes, around, ModelCall.SCENE).orElse(null),
            either(attributes, around, ModelCall.JOB).filter(DocRef::isId).orElse(null),
            operation.isEmpty() ? "chat" : operation,
            end,
            usages));
  }

  private static @Nullable String id(Map<?, ?> span, String name, Pattern form) {
    String id = span.get(name) instanceof String text ? text.toLowerCase(Locale.ROOT) : "";
    return form.matcher(id).matches() ? id : null;
  }

  /** The attribute of others than us that names a user. */
  private static String other(Attributes span, Attributes resource) {
    return isThere(span, resource, "user.id") ? "user.id" : "enduser.id";
  }

  private static boolean isThere(Attributes span, Attributes resource, String key) {
    return span.has(key) || resource.has(key);
  }

  /** An attribute of the span if it is there, else of the resource; empty where it is no text. */
  private static Optional<String> either(Attributes span, Attributes resource, String key) {
    return span.has(key) ? span.text(key) : resource.text(key);
  }

  private static @Nullable Instant moment(@Nullable Object nanos) {
    BigDecimal number = nanos instanceof BigDecimal given ? given : null;
    if (nanos instanceof String text && text.matches("[0-9]{1,19}")) {
      number = new BigDecimal(text);
    }
    if (number == null || number.signum() <= 0 || number.compareTo(LATEST) > 0) {
      return null;
    }
    BigDecimal[] parts = number.divideAndRemainder(NANOS_A_SECOND);
    return Instant.ofEpochSecond(parts[0].longValue(), parts[1].longValue())
        .truncatedTo(ChronoUnit.MICROS);
  }

  /** The quantities with parts in their wholes; null where they cannot be of one call. */
  private static @Nullable Map<Quantity, BigDecimal> whole(Map<Quantity, BigDecimal> tokens) {
    for (BigDecimal number : tokens.values()) {
      if (number.signum() < 0
          || number.compareTo(BigDecimal.valueOf(CallUsage.MAX_QUANTITY)) > 0
          || number.stripTrailingZeros().scale() > 0) {
        return null;
      }
    }
    Map<Quantity, BigDecimal> whole = new EnumMap<>(tokens);
    contain(
        whole, Quantity.INPUT_TOKENS, Quantity.CACHED_INPUT_TOKENS, Quantity.CACHE_WRITE_TOKENS);
    contain(whole, Quantity.OUTPUT_TOKENS, Quantity.REASONING_TOKENS);
    return CallUsage.fault(whole) == null ? whole : null;
  }

  private static void contain(Map<Quantity, BigDecimal> tokens, Quantity all, Quantity... parts) {
    BigDecimal sum = BigDecimal.ZERO;
    for (Quantity part : parts) {
      sum = sum.add(tokens.getOrDefault(part, BigDecimal.ZERO));
    }
    BigDecimal stated = tokens.getOrDefault(all, BigDecimal.ZERO);
    if (sum.compareTo(stated) > 0) {
      tokens.put(all, stated.add(sum));
    }
  }

  /** What was consumed, once for each name that provider and model may have. */
  private static List<CallUsage> usages(
      Attributes attributes, Map<Quantity, BigDecimal> quantities) {
    Set<String> models = new LinkedHashSet<>();
    attributes.text("gen_ai.response.model").ifPresent(models::add);
    attributes.text("gen_ai.request.model").ifPresent(models::add);
    String word = attributes.text("gen_ai.provider.name", "gen_ai.system").orElse("");
    ServiceTier service =
        attributes
            .text(
                "openai.response.service_tier",
                "gen_ai.openai.response.service_tier",
                "openai.request.service_tier",
                "gen_ai.openai.request.service_tier")
            .flatMap(tier -> Word.parse(ServiceTier.class, tier))
            .orElse(ServiceTier.STANDARD);
    List<CallUsage> usages = new ArrayList<>();
    for (String model : models) {
      for (String provider : PROVIDERS.getOrDefault(word, List.of(word))) {
        if (isName(provider) && isName(model)) {
          usages.add(new CallUsage(provider, model, quantities, service, null));
        }
      }
    }
    return usages;
  }

  private static boolean isName(String name) {
    return !name.isEmpty() && name.length() <= LONGEST_NAME;
  }
}
