package dev.meterkite.functions.spans;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.credits.CreditStatement;
import dev.meterkite.functions.credits.RegisterUser;
import dev.meterkite.functions.customers.RegisterCustomer;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.usage.UsageReport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** {@code record-spans}, with what a Collector's otlphttp exporter sends. */
class RecordSpansTest {
  private static final Hosted HOSTED = Hosted.shared();

  /** Of its own, so that no other test's prices count. */
  private static final String PROVIDER = "acme-" + UUID.randomUUID();

  private final String id = "otel-" + UUID.randomUUID();
  private final Random random = new Random();
  private final String traceId = hex(16);

  @BeforeAll
  static void price() {
    Instant from = Instant.parse("2026-01-01T00:00:00Z");
    HOSTED.set(
        "model_prices",
        PROVIDER + "_m_" + from,
        Map.of(
            "provider",
            PROVIDER,
            "model_id",
            "m",
            "status",
            "active",
            "effective_from",
            from,
            "components",
            List.of(
                // A credit is 10,000 micro-USD: 1,000 input tokens are one.
                Map.of("meter", "input", "unit", "token", "price", 10_000_000L),
                Map.of("meter", "output", "unit", "token", "price", 20_000_000L),
                Map.of("meter", "cached_read", "unit", "token", "price", 1_000_000L))));
  }

  private String hex(int bytes) {
    byte[] id = new byte[bytes];
    random.nextBytes(id);
    id[0] |= 1;
    return HexFormat.of().formatHex(id);
  }

  private static JsonObject attribute(String key, Object value) {
    JsonObject any = new JsonObject();
    if (value instanceof Number) {
      any.addProperty("intValue", value.toString());
    } else {
      any.addProperty("stringValue", value.toString());
    }
    JsonObject attribute = new JsonObject();
    attribute.addProperty("key", key);
    attribute.add("value", any);
    return attribute;
  }

  /** A span of a chat as instrumentations write it, with these attributes more. */
  private JsonObject chat(long input, long output, Map<String, Object> more) {
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("gen_ai.operation.name", "chat");
    attributes.put("gen_ai.provider.name", PROVIDER);
    attributes.put("gen_ai.request.model", "m");
    attributes.put("gen_ai.usage.input_tokens", input);
    attributes.put("gen_ai.usage.output_tokens", output);
    attributes.putAll(more);
    return span(attributes);
  }

  private JsonObject span(Map<String, Object> attributes) {
    long end = HOSTED.now().minusSeconds(5).toEpochMilli() * 1_000_000;
    JsonObject span = new JsonObject();
    span.addProperty("traceId", traceId);
    span.addProperty("spanId", hex(8));
    span.addProperty("name", "chat m");
    span.addProperty("kind", 3);
    span.addProperty("flags", 257);
    span.addProperty("startTimeUnixNano", Long.toString(end - 1_500_000_000));
    span.addProperty("endTimeUnixNano", Long.toString(end));
    JsonArray list = new JsonArray();
    attributes.forEach((key, value) -> list.add(attribute(key, value)));
    span.add("attributes", list);
    span.add("status", new JsonObject());
    return span;
  }

  private String request(JsonObject... spans) {
    JsonArray list = new JsonArray();
    List.of(spans).forEach(list::add);
    return """
    {"resourceSpans": [{
      "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "answers"}},
        {"key": "user.id", "value": {"stringValue": "%s"}},
        {"key": "process.command_args", "value": {"arrayValue": {"values": []}}}]},
      "scopeSpans": [{"scope": {"name": "opentelemetry.instrumentation.openai_v2"},
                      "spans": %s, "schemaUrl": "https://opentelemetry.io/schemas/1.37.0"}],
      "futureMember": 1}]}
    """
        .formatted(id, list);
  }

  private static JsonObject taken(HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals("application/json", answer.headers().firstValue("Content-Type").orElse(""));
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  private JsonObject sent(JsonObject... spans) {
    return taken(HOSTED.post(RecordSpans.class, "service", null, request(spans)));
  }

  private static void assertRejected(int spans, String reason, JsonObject answer) {
    JsonObject partial = answer.getAsJsonObject("partialSuccess");
    assertEquals(spans, partial.get("rejectedSpans").getAsInt(), answer::toString);
    assertTrue(partial.get("errorMessage").getAsString().contains(reason), answer::toString);
  }

  private void user(int credits) {
    HOSTED.set(
        "users", id, Map.of("user_id", id, "tier", "payg", "credits_balance", (long) credits));
  }

  private JsonObject statement() {
    return taken(HOSTED.get(CreditStatement.class, "admin", "user_id=" + id));
  }

  private long balance() {
    return statement().get("balance").getAsLong();
  }

  @Test
  void calls_areDebitedByTheirTokens_andOtherSpansLeftAside() {
    user(100);
    JsonObject http =
        span(Map.of("http.request.method", "POST", "url.full", "https://api.example.com"));
    JsonObject agent =
        span(
            Map.of(
                "gen_ai.operation.name", "invoke_agent",
                "gen_ai.usage.input_tokens", 9_000,
                "gen_ai.usage.output_tokens", 9_000));
    JsonObject failed =
        span(Map.of("gen_ai.operation.name", "chat", "error.type", "rate_limit_exceeded"));
    assertEquals(
        new JsonObject(), sent(http, chat(2_000, 500, Map.of()), agent, failed), "all taken");
    assertEquals(97, balance());
    JsonObject transaction = statement().getAsJsonArray("transactions").get(0).getAsJsonObject();
    assertEquals(2_000, transaction.getAsJsonObject("usage").get("input_tokens").getAsInt());
    assertEquals(30_000, transaction.get("cost_micros").getAsInt());
  }

  @Test
  void spanThatIsSentAgain_isChargedOnce_inWhateverCompany() {
    user(100);
    JsonObject first = chat(1_000, 0, Map.of());
    JsonObject second = chat(1_000, 0, Map.of());
    assertEquals(new JsonObject(), sent(first, first));
    assertEquals(new JsonObject(), sent(second, first));
    assertEquals(new JsonObject(), sent(first));
    assertEquals(98, balance());
    JsonObject upper = second.deepCopy();
    upper.addProperty("spanId", second.get("spanId").getAsString().toUpperCase(Locale.ROOT));
    assertEquals(new JsonObject(), sent(upper), "hex digits have no case");
    assertEquals(98, balance());
  }

  @Test
  void manyAtOnce_chargeEachSpanOnce() {
    user(100);
    JsonObject[] spans =
        IntStream.range(0, 40).mapToObj(i -> chat(100 + i, 0, Map.of())).toArray(JsonObject[]::new);
    List<CompletableFuture<HttpResponse<String>>> senders =
        IntStream.range(0, 6)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> HOSTED.post(RecordSpans.class, "service", null, request(spans))))
            .toList();
    senders.forEach(sender -> assertEquals(200, sender.join().statusCode(), sender.join().body()));
    long tokens = IntStream.range(0, 40).map(i -> 100 + i).sum();
    assertEquals(100 - tokens / 1_000, balance());
  }

  /** The same span, of which it says something else. */
  private JsonObject again(JsonObject span, Map<String, Object> other) {
    JsonObject again = span.deepCopy();
    JsonArray list = new JsonArray();
    span.getAsJsonArray("attributes").asList().stream()
        .map(JsonElement::getAsJsonObject)
        .filter(attribute -> !other.containsKey(attribute.get("key").getAsString()))
        .forEach(list::add);
    other.forEach((key, value) -> list.add(attribute(key, value)));
    again.add("attributes", list);
    return again;
  }

  private static JsonObject later(JsonObject span) {
    JsonObject later = span.deepCopy();
    long end = span.get("endTimeUnixNano").getAsLong();
    later.addProperty("endTimeUnixNano", Long.toString(end + 1_000_000));
    return later;
  }

  private static void register(String customerId) {
    HttpResponse<String> registered =
        HOSTED.post(
            RegisterCustomer.class,
            "service",
            UUID.randomUUID().toString(),
            "{\"customer_id\":\"" + customerId + "\",\"bundle_tier\":\"pro\"}");
    assertEquals(200, registered.statusCode(), registered.body());
  }

  private static JsonObject used(String customerId) {
    LocalDate today = LocalDate.ofInstant(HOSTED.now(), ZoneOffset.UTC);
    return taken(
            HOSTED.get(
                UsageReport.class,
                "admin",
                "customer_id="
                    + customerId
                    + "&from="
                    + today.minusDays(1)
                    + "&to="
                    + today.plusDays(1)
                    + "&group_by=action"))
        .getAsJsonObject("totals");
  }

  private static void assertConflicts(JsonObject span, JsonObject answer) {
    String name = span.get("traceId").getAsString() + "/" + span.get("spanId").getAsString();
    assertRejected(1, "idempotency_conflict 1 (first " + name + ")", answer);
  }

  /** What else a span may say: tokens of the same price, time, model, operation, scene. */
  private List<JsonObject> others(JsonObject span) {
    return List.of(
        again(span, Map.of("gen_ai.usage.input_tokens", 2_000)),
        // As dear as before.
        again(span, Map.of("gen_ai.usage.input_tokens", 998, "gen_ai.usage.output_tokens", 1)),
        later(span),
        again(span, Map.of("gen_ai.response.model", "m-2")),
        again(span, Map.of("gen_ai.operation.name", "embeddings")),
        again(span, Map.of("meterkite.scene_id", "elsewhere")));
  }

  @Test
  void spanOfAUser_thatSaysSomethingElse_isAConflict_inWhateverCompany() {
    user(100);
    JsonObject span = chat(1_000, 0, Map.of());
    sent(span);
    for (JsonObject other : others(span)) {
      assertConflicts(span, sent(other));
      assertConflicts(span, sent(other, span));
    }
    assertEquals(99, balance());
  }

  @Test
  void spanOfACustomer_thatSaysSomethingElse_isAConflict_inWhateverCompany() {
    register(id);
    JsonObject span = chat(1_000, 0, Map.of("meterkite.customer_id", id));
    assertEquals(new JsonObject(), sent(span));
    for (JsonObject other : others(span)) {
      assertConflicts(span, sent(other));
      assertConflicts(span, sent(span, other));
      assertConflicts(span, sent(other, span));
      assertConflicts(span, sent(other, chat(1, 0, Map.of("gen_ai.operation.name", "plan"))));
    }
    assertEquals(new JsonObject(), sent(span));
    assertEquals(1, used(id).get("count").getAsInt());
    assertEquals(10_000, used(id).get("billable_cost_micros").getAsInt());
    JsonObject fresh = chat(1_000, 0, Map.of("meterkite.customer_id", id));
    assertConflicts(fresh, sent(fresh, later(fresh)));
    assertEquals(2, used(id).get("count").getAsInt());
  }

  @Test
  void spanOfAnotherPayerOfTheKind_isAConflict_andChargedOnce() {
    user(100);
    String other = "other-" + id;
    HOSTED.set("users", other, Map.of("user_id", other, "tier", "payg", "credits_balance", 100L));
    JsonObject span = chat(1_000, 0, Map.of());
    assertEquals(new JsonObject(), sent(span));
    assertConflicts(span, sent(again(span, Map.of("meterkite.user_id", other))));
    assertEquals(99, balance());
    assertEquals(100L, HOSTED.read("users", other).fields().get("credits_balance"));
    JsonObject both = chat(1_000, 0, Map.of());
    assertConflicts(both, sent(both, again(both, Map.of("meterkite.user_id", other))));
    long left = (long) HOSTED.read("users", other).fields().get("credits_balance");
    assertEquals(198, balance() + left);

    register(id);
    register(other);
    JsonObject ofCustomer = chat(1_000, 0, Map.of("meterkite.customer_id", id));
    JsonObject ofAnother = again(ofCustomer, Map.of("meterkite.customer_id", other));
    assertEquals(new JsonObject(), sent(ofCustomer));
    assertConflicts(ofCustomer, sent(ofAnother));
    assertConflicts(ofCustomer, sent(ofAnother, ofCustomer));
    assertEquals(1, used(id).get("count").getAsInt());
    assertEquals(0, used(other).get("count").getAsInt());
    JsonObject atOnce = chat(1_000, 0, Map.of("meterkite.customer_id", id));
    assertConflicts(atOnce, sent(atOnce, again(atOnce, Map.of("meterkite.customer_id", other))));
    assertEquals(2, used(id).get("count").getAsInt() + used(other).get("count").getAsInt());
  }

  @Test
  void badSpans_leaveNothingBehind_andAreToldByNumberAndReason() {
    user(10);
    JsonObject noPrice = chat(1, 1, Map.of("gen_ai.request.model", "m-unknown"));
    JsonObject noId = chat(1, 1, Map.of());
    noId.remove("traceId");
    JsonObject zeroId = chat(1, 1, Map.of());
    zeroId.addProperty("spanId", "0000000000000000");
    JsonObject noTime = chat(1, 1, Map.of());
    noTime.remove("endTimeUnixNano");
    JsonObject ahead = chat(1, 1, Map.of());
    ahead.addProperty(
        "endTimeUnixNano", HOSTED.now().plus(Duration.ofMinutes(6)).toEpochMilli() + "000000");
    JsonObject negative = chat(-5, 1, Map.of());
    JsonObject tooMany = chat(1, 1, Map.of("gen_ai.usage.input_tokens", 100_000_001L));
    JsonObject unknownUser = chat(1, 1, Map.of("meterkite.user_id", "nobody-" + id));
    JsonObject both = chat(1, 1, Map.of("meterkite.user_id", id, "meterkite.customer_id", id));
    JsonObject noUsage = span(Map.of("gen_ai.operation.name", "chat"));
    JsonObject oddAttributes = chat(1, 1, Map.of());
    oddAttributes.addProperty("attributes", "none");
    JsonObject word = chat(1, 1, Map.of("gen_ai.operation.name", "my_loop"));
    JsonObject tooDear = chat(11_000, 0, Map.of());
    JsonObject good = chat(1_000, 0, Map.of());
    JsonObject answer =
        sent(
            noPrice,
            noId,
            zeroId,
            noTime,
            ahead,
            negative,
            tooMany,
            unknownUser,
            both,
            noUsage,
            oddAttributes,
            word,
            tooDear,
            good);
    assertRejected(13, "unknown_price 1 (first ", answer);
    for (String reason :
        List.of(
            "invalid_span 4",
            "in_the_future 1",
            "inconsistent_tokens 2",
            "not_found 1",
            "no_user 1",
            "no_usage 1",
            "unknown_operation 1",
            "insufficient_credits 1")) {
      assertRejected(13, reason, answer);
    }
    assertEquals(9, balance(), "the good one is charged");
    assertEquals(2, statement().getAsJsonArray("transactions").size());
    assertFalse(HOSTED.read("users", "nobody-" + id).exists());
  }

  @Test
  void callOfACustomer_isAUsageRecordWithItsCost_once() {
    register(id);
    JsonObject span =
        chat(
            1_000,
            100,
            Map.of(
                "meterkite.customer_id",
                id,
                "meterkite.scene_id",
                "kitchen",
                "gen_ai.usage.cache_read.input_tokens",
                500));
    assertEquals(new JsonObject(), sent(span));
    assertEquals(new JsonObject(), sent(span, span));
    JsonObject other = chat(7, 0, Map.of("meterkite.customer_id", "nobody-" + id));
    assertRejected(1, "unknown_customer 1", sent(span, other));
    LocalDate today = LocalDate.ofInstant(HOSTED.now(), ZoneOffset.UTC);
    JsonObject report =
        taken(
            HOSTED.get(
                UsageReport.class,
                "admin",
                "customer_id="
                    + id
                    + "&from="
                    + today.minusDays(1)
                    + "&to="
                    + today.plusDays(1)
                    + "&group_by=action"));
    JsonObject group = report.getAsJsonArray("groups").get(0).getAsJsonObject();
    assertEquals("model_chat", group.get("key").getAsString());
    assertEquals(1, group.get("count").getAsInt());
    // 500 input at 10, 500 cached at 1, 100 output at 20 micro-USD a token.
    assertEquals(5_000 + 500 + 2_000, group.get("billable_cost_micros").getAsInt());
  }

  @Test
  void gzippedBody_isRead_andABombIsNot() throws IOException {
    user(10);
    byte[] body = request(chat(1_000, 0, Map.of())).getBytes(StandardCharsets.UTF_8);
    assertEquals(new JsonObject(), taken(gzipped(packed(body))));
    assertEquals(9, balance());
    byte[] zeros = new byte[Edge.MAX_BULK + 1];
    Arrays.fill(zeros, (byte) ' ');
    assertEquals(413, gzipped(packed(zeros)).statusCode());
    byte[] cut = Arrays.copyOf(packed(body), 40);
    assertEquals(400, gzipped(cut).statusCode());
    assertEquals(400, gzipped(body).statusCode(), "no gzip at all");
    assertEquals(9, balance());
  }

  private static byte[] packed(byte[] body) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(body);
    }
    return packed.toByteArray();
  }

  private HttpResponse<String> gzipped(byte[] body) {
    return HOSTED.send(
        HttpRequest.newBuilder(HOSTED.url(RecordSpans.class, ""))
            .header("Authorization", "Bearer " + HOSTED.token("service"))
            .header("Content-Type", "application/json")
            .header("Content-Encoding", "gzip")
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build());
  }

  @Test
  void errorMessage_namesTheFirstSpanOfEveryReason() {
    user(10);
    JsonObject noUsage = span(Map.of("gen_ai.operation.name", "chat"));
    JsonObject noUser = chat(1, 1, Map.of("meterkite.user_id", 7));
    JsonObject noTime = chat(1, 1, Map.of());
    noTime.remove("endTimeUnixNano");
    JsonObject noId = chat(1, 1, Map.of());
    noId.remove("traceId");
    JsonObject answer = sent(noUsage, noUser, noTime, noId);
    for (String part :
        List.of(
            "no_usage 1 (first " + traceId + "/" + noUsage.get("spanId").getAsString() + ")",
            "no_user 1 (first " + traceId + "/" + noUser.get("spanId").getAsString() + ")",
            "invalid_span 2 (first " + traceId + "/" + noTime.get("spanId").getAsString() + ")")) {
      assertRejected(4, part, answer);
    }
    String name = noId.get("spanId").getAsString();
    assertRejected(1, "invalid_span 1 (first -/" + name + ")", sent(noId));
    assertEquals(10, balance());
  }

  @Test
  void resourceThatIsNoObject_makesItsSpansInvalid_andNoOthers() {
    user(10);
    JsonObject body = JsonParser.parseString(request(chat(1_000, 0, Map.of()))).getAsJsonObject();
    JsonObject broken =
        JsonParser.parseString(request(chat(1_000, 0, Map.of("user.id", id)))).getAsJsonObject();
    JsonObject part = broken.getAsJsonArray("resourceSpans").get(0).getAsJsonObject();
    part.add("resource", new JsonArray());
    body.getAsJsonArray("resourceSpans").add(part);
    assertRejected(
        1,
        "invalid_span 1 (first " + traceId,
        taken(HOSTED.post(RecordSpans.class, "service", null, body.toString())));
    assertEquals(9, balance());
  }

  @Test
  void plainBodyOfFourMebibytes_isTaken_andNoLarger() {
    user(10);
    String body = request(chat(1_000, 0, Map.of()));
    String full = body + " ".repeat(Edge.MAX_BULK - body.length());
    assertEquals(new JsonObject(), taken(HOSTED.post(RecordSpans.class, "service", null, full)));
    assertEquals(9, balance());
    assertEquals(413, HOSTED.post(RecordSpans.class, "service", null, full + " ").statusCode());
  }

  @Test
  void otherPacking_isToldThatGzipIsTaken() {
    HttpResponse<String> answer =
        HOSTED.send(
            HttpRequest.newBuilder(HOSTED.url(RecordSpans.class, ""))
                .header("Authorization", "Bearer " + HOSTED.token("service"))
                .header("Content-Type", "application/json")
                .header("Content-Encoding", "zstd")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build());
    assertEquals(415, answer.statusCode());
    assertTrue(answer.body().contains("plain or gzipped"), answer.body());
  }

  /** A Collector's default batch has 8,192 spans, few of which are calls of models. */
  @Test
  void bodyAboveAMebibyte_isTaken_andAnEmptyOneToo() {
    user(10);
    List<JsonObject> spans = new ArrayList<>();
    for (int i = 0; i < 4_000; i++) {
      spans.add(span(Map.of("http.route", "/an/ordinary/route", "http.response.status_code", 200)));
    }
    spans.add(chat(1_000, 0, Map.of()));
    String body = request(spans.toArray(JsonObject[]::new));
    assertTrue(body.length() > 1 << 20, "only " + body.length());
    assertEquals(new JsonObject(), taken(HOSTED.post(RecordSpans.class, "service", null, body)));
    assertEquals(9, balance());
    for (String empty :
        List.of(
            "{}",
            "{\"resourceSpans\":null}",
            "{\"resourceSpans\":[]}",
            "{\"resourceSpans\":[{}]}",
            "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{}]}]}]}")) {
      assertEquals(
          new JsonObject(), taken(HOSTED.post(RecordSpans.class, "service", null, empty)), empty);
    }
  }

  @Test
  void whatIsNoOtlp_isABadRequest_andOthersMayNotSend() {
    for (String body :
        List.of(
            "[]",
            "{\"resourceSpans\":{}}",
            "{\"resourceSpans\":[7]}",
            "{\"resourceSpans\":[{\"scopeSpans\":7}]}",
            "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[\"x\"]}]}]}",
            "{\"resourceSpans\":")) {
      HttpResponse<String> answer = HOSTED.post(RecordSpans.class, "service", null, body);
      assertEquals(400, answer.statusCode(), body + answer.body());
    }
    for (String role : List.of("admin", "scheduler", "somebody")) {
      assertEquals(403, HOSTED.post(RecordSpans.class, role, null, request()).statusCode());
    }
    HttpResponse<String> unused =
        HOSTED.post(RegisterUser.class, "service", null, "{\"user_id\":\"" + id + "\"}");
    assertEquals(200, unused.statusCode());
  }
}
