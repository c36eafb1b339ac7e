package dev.meterkite.model.spans;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.ServiceTier;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The attributes of spans, by the names of several versions of the conventions. */
class SpanReaderTest {
  private final Map<String, Object> attributes =
      new LinkedHashMap<>(
          Map.of(
              "gen_ai.operation.name", "chat",
              "gen_ai.provider.name", "openai",
              "gen_ai.request.model", "gpt-4o",
              "gen_ai.usage.input_tokens", 100,
              "gen_ai.usage.output_tokens", 20,
              "user.id", "ada"));
  private final Map<String, Object> span =
      new HashMap<>(
          Map.of(
              "traceId", "5B8EFFF798038103D269B633813FC60C",
              "spanId", "EEE19B7EC3C1B174",
              "endTimeUnixNano", "1544712661000000999"));

  private static List<Object> list(Map<String, Object> attributes) {
    List<Object> list = new ArrayList<>();
    attributes.forEach(
        (key, value) ->
            list.add(
                Map.of(
                    "key",
                    key,
                    "value",
                    value instanceof Integer
                        ? Map.of("intValue", value.toString())
                        : value instanceof BigDecimal
                            ? Map.of("doubleValue", value)
                            : Map.of("stringValue", value))));
    return list;
  }

  private SpanReader.Result read() {
    return read(Map.of());
  }

  private SpanReader.Result read(Map<String, Object> resource) {
    span.put("attributes", list(attributes));
    return SpanReader.read(Map.of("attributes", list(resource)), span);
  }

  private static SpanReader.Result rejected(String reason) {
    return new SpanReader.Result.Rejected(
        reason, "5b8efff798038103d269b633813fc60c/eee19b7ec3c1b174");
  }

  /** Reads the span with one attribute more, whose value is as JSON has it. */
  private SpanReader.Result readWith(String key, Object value) {
    List<Object> list = list(attributes);
    list.add(Map.of("key", key, "value", value));
    span.put("attributes", list);
    return SpanReader.read(null, span);
  }

  private ModelCall call() {
    return assertInstanceOf(SpanReader.Result.Called.class, read()).call();
  }

  private Map<String, Object> consumed() {
    return call().usages().get(0).encode();
  }

  private void rename(String from, String to) {
    attributes.put(to, attributes.remove(from));
  }

  @Test
  void spanOfTheConventions_isRead() {
    attributes.put("gen_ai.response.model", "gpt-4o-2024-08-06");
    attributes.put("gen_ai.usage.cache_read.input_tokens", 60);
    attributes.put("gen_ai.usage.reasoning.output_tokens", 5);
    attributes.put("openai.response.service_tier", "flex");
    attributes.put("meterkite.job_id", "job-1");
    ModelCall call = call();
    assertEquals("otel-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174", call.key());
    assertEquals("ada", call.userId());
    assertEquals("job-1", call.jobId());
    assertEquals(Instant.parse("2018-12-13T14:51:01Z"), call.at());
    assertEquals(
        List.of("gpt-4o-2024-08-06", "gpt-4o"),
        call.usages().stream().map(CallUsage::modelId).toList(),
        "the exact model first");
    assertEquals(ServiceTier.FLEX, call.usages().get(0).service());
    assertEquals(
        "{provider=openai, model_id=gpt-4o-2024-08-06, input_tokens=100, cached_input_tokens=60,"
            + " output_tokens=20, reasoning_tokens=5, service=flex}",
        consumed().toString());
  }

  @Test
  void namesOfEarlierVersions_meanTheSame() {
    Map<String, Object> now = consumed();
    rename("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens");
    rename("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens");
    rename("gen_ai.provider.name", "gen_ai.system");
    assertEquals(now, consumed());
    attributes.put("gen_ai.usage.input_tokens", 100);
    attributes.put("gen_ai.usage.prompt_tokens", 7);
    assertEquals(now, consumed(), "the present name counts");
    attributes.remove("gen_ai.operation.name");
    assertEquals(now, consumed(), "tokens make it a call");
    attributes.put("gen_ai.usage.cache_read_input_tokens", 30);
    attributes.put("gen_ai.usage.cache_creation_input_tokens", 10);
    attributes.put("gen_ai.usage.reasoning_tokens", 4);
    Map<String, Object> old = consumed();
    rename("gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_read.input_tokens");
    rename("gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.cache_creation.input_tokens");
    rename("gen_ai.usage.reasoning_tokens", "gen_ai.usage.reasoning.output_tokens");
    assertEquals(consumed(), old);
    assertEquals(30L, old.get("cached_input_tokens"));
  }

  @Test
  void partsThatAreMoreThanTheirWhole_areCountedBesideIt() {
    attributes.put("gen_ai.usage.cache_read.input_tokens", 90);
    attributes.put("gen_ai.usage.cache_creation.input_tokens", 10);
    assertEquals(100L, consumed().get("input_tokens"), "just in it");
    attributes.put("gen_ai.usage.cache_creation.input_tokens", 11);
    assertEquals(201L, consumed().get("input_tokens"));
    attributes.put("gen_ai.usage.reasoning.output_tokens", 20);
    assertEquals(20L, consumed().get("output_tokens"));
    attributes.put("gen_ai.usage.reasoning.output_tokens", 21);
    assertEquals(41L, consumed().get("output_tokens"));
  }

  @ParameterizedTest
  @CsvSource({
    "openai, openai",
    "aws.bedrock, bedrock",
    "az.ai.openai, azure",
    "azure.ai.openai, azure",
    "gcp.gemini, gemini google",
    "gcp.vertex_ai, vertex_ai google",
    "mistral_ai, mistral",
    "x_ai, xai",
    "xai, xai",
    "of-your-own, of-your-own"
  })
  void provider_isNamedAsPricesAre(String word, String providers) {
    attributes.put("gen_ai.provider.name", word);
    assertEquals(
        List.of(providers.split(" ", -1)),
        call().usages().stream().map(CallUsage::provider).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"invoke_agent", "execute_tool", "invoke_workflow", "search_memory"})
  void spanAboveCalls_isLeftAside(String operation) {
    attributes.put("gen_ai.operation.name", operation);
    assertInstanceOf(SpanReader.Result.Ignored.class, read());
  }

  @Test
  void otherSpans_areLeftAside_andFailedCallsCostNothing() {
    attributes.keySet().removeIf(name -> name.startsWith("gen_ai."));
    assertInstanceOf(SpanReader.Result.Ignored.class, read());
    attributes.put("gen_ai.operation.name", "chat");
    assertEquals(rejected("no_usage"), read());
    span.put("status", Map.of("code", BigDecimal.valueOf(2)));
    assertInstanceOf(SpanReader.Result.Ignored.class, read());
    span.put("status", Map.of("code", BigDecimal.valueOf(1)));
    assertEquals(rejected("no_usage"), read());
    attributes.put("error.type", "timeout");
    assertInstanceOf(SpanReader.Result.Ignored.class, read());
    attributes.put("gen_ai.usage.input_tokens", 5);
    attributes.put("gen_ai.provider.name", "openai");
    attributes.put("gen_ai.request.model", "gpt-4o");
    assertEquals(5L, consumed().get("input_tokens"), "what failed after it was read is paid");
  }

  @Test
  void person_isNamedByTheSpanBeforeTheResource_andByOurNamesBeforeOthers() {
    attributes.remove("user.id");
    assertEquals(rejected("no_user"), read());
    Map<String, Object> resource = new HashMap<>(Map.of("enduser.id", "eve"));
    assertEquals("eve", user(resource));
    resource.put("user.id", "bob");
    attributes.put("enduser.id", "eve");
    assertEquals("bob", user(resource), "the attribute comes before its place");
    attributes.remove("enduser.id");
    attributes.put("user.id", "ada");
    assertEquals("ada", user(resource));
    resource.put("meterkite.user_id", "mia");
    assertEquals("mia", user(resource));
    resource.remove("meterkite.user_id");
    resource.put("meterkite.customer_id", "lab-1");
    ModelCall call = ((SpanReader.Result.Called) read(resource)).call();
    assertNull(call.userId());
    assertEquals("lab-1", call.customerId());
    attributes.put("meterkite.user_id", "a/b");
    resource.clear();
    assertEquals(rejected("no_user"), read(resource));
  }

  private String user(Map<String, Object> resource) {
    return String.valueOf(((SpanReader.Result.Called) read(resource)).call().userId());
  }

  @ParameterizedTest
  @CsvSource({
    "1e2, 100",
    "0, 0",
    "0.5, inconsistent_tokens",
    "-1, inconsistent_tokens",
    "100000000, 100000000",
    "100000001, inconsistent_tokens",
    "1e999, inconsistent_tokens"
  })
  void tokens_areWholeNumbersWithinBounds(BigDecimal tokens, String expected) {
    attributes.put("gen_ai.usage.input_tokens", tokens);
    SpanReader.Result result = read();
    if (result instanceof SpanReader.Result.Called called) {
      Object input = called.call().usages().get(0).encode().getOrDefault("input_tokens", 0L);
      assertEquals(expected, input.toString());
    } else {
      assertEquals(rejected(expected), result);
    }
  }

  static List<Object> noTexts() {
    return List.of(
        Map.of("stringValue", ""),
        Map.of("stringValue", "a/b"),
        Map.of("intValue", "7"),
        Map.of("intValue", BigDecimal.TEN),
        Map.of("boolValue", true),
        Map.of("arrayValue", Map.of("values", List.of())),
        Map.of("stringValue", "eve", "intValue", "7"),
        Map.of(),
        List.of(),
        "eve");
  }

  @ParameterizedTest
  @MethodSource("noTexts")
  void payerThatIsThereButNoId_isNoUser_whoeverElseIsNamed(Object value) {
    attributes.put("enduser.id", "eve");
    for (String name : List.of("meterkite.user_id", "meterkite.customer_id", "user.id")) {
      attributes.remove(name);
      assertEquals(rejected("no_user"), readWith(name, value), name);
      attributes.put("user.id", "ada");
    }
    attributes.put("meterkite.customer_id", "lab-1");
    assertEquals(rejected("no_user"), readWith("meterkite.user_id", value));
  }

  static List<Object> noCounts() {
    List<Object> values = new ArrayList<>();
    for (String text :
        List.of(
            "",
            " ",
            "x",
            "0x10",
            "1e3",
            "+1000",
            "NaN",
            "1.0",
            "1_0",
            "12345678901234567890",
            "\u0661\u0660",
            " 5",
            "5 ",
            "-1",
            "9223372036854775808")) {
      values.add(Map.of("intValue", text));
      values.add(Map.of("doubleValue", text));
      values.add(Map.of("stringValue", text));
    }
    values.add(Map.of("stringValue", "5"));
    values.add(Map.of("doubleValue", "5"));
    values.add(Map.of("intValue", true));
    values.add(Map.of("intValue", List.of()));
    values.add(Collections.singletonMap("intValue", null));
    values.add(Map.of("boolValue", true));
    values.add(Map.of("arrayValue", Map.of("values", List.of(Map.of("intValue", "5")))));
    values.add(Map.of("intValue", "5", "doubleValue", BigDecimal.valueOf(5)));
    values.add(Map.of("intValue", "5", "stringValue", "5"));
    values.add(Map.of());
    values.add(BigDecimal.valueOf(5));
    values.add("5");
    values.add(List.of());
    return values;
  }

  @ParameterizedTest
  @MethodSource("noCounts")
  void tokensThatAreNoNumber_areInconsistent_andNeverNone(Object value) {
    attributes.remove("gen_ai.usage.output_tokens");
    attributes.put("gen_ai.usage.completion_tokens", 5);
    for (String name : List.of("gen_ai.usage.output_tokens", "gen_ai.usage.reasoning_tokens")) {
      assertEquals(rejected("inconsistent_tokens"), readWith(name, value), name);
    }
    attributes.keySet().removeIf(name -> name.startsWith("gen_ai.usage"));
    assertEquals(
        rejected("inconsistent_tokens"), readWith("gen_ai.usage.input_tokens", value), "alone");
  }

  @Test
  void tokensAsJsonNumber_areTakenToo() {
    attributes.remove("gen_ai.usage.input_tokens");
    SpanReader.Result result =
        readWith("gen_ai.usage.input_tokens", Map.of("intValue", BigDecimal.valueOf(70)));
    ModelCall call = assertInstanceOf(SpanReader.Result.Called.class, result).call();
    assertEquals(70L, call.usages().get(0).encode().get("input_tokens"));
  }

  @Test
  void resourceThatIsNoObject_isNoResourceOfASpan() {
    span.put("attributes", list(attributes));
    for (Object resource : List.of(List.of(), "x", true, BigDecimal.ONE)) {
      assertEquals(rejected("invalid_span"), SpanReader.read(resource, span));
    }
    assertInstanceOf(SpanReader.Result.Called.class, SpanReader.read(null, span));
  }

  @Test
  void jobThatIsNoId_isLeftOut() {
    attributes.put("meterkite.job_id", "a/b");
    assertNull(call().jobId());
  }

  @Test
  void idThatIsNone_isADashWhereTheSpanIsNamed() {
    span.put("traceId", "x\ny");
    assertEquals(new SpanReader.Result.Rejected("invalid_span", "-/eee19b7ec3c1b174"), read());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-5", "9223372036854775808", "soon", "1e18"})
  void momentThatIsNone_isNoSpan(String end) {
    span.put("endTimeUnixNano", end);
    assertEquals(rejected("invalid_span"), read());
  }

  @Test
  void momentAsANumber_isTakenToo() {
    span.put("endTimeUnixNano", new BigDecimal("1544712661000000999"));
    assertEquals(Instant.parse("2018-12-13T14:51:01Z"), call().at());
    span.put("endTimeUnixNano", BigDecimal.valueOf(Long.MAX_VALUE));
    assertEquals(Instant.parse("2262-04-11T23:47:16.854775Z"), call().at());
  }
}
