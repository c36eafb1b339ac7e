package dev.meterkite.functions.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.events.cloud.firestore.v1.Document;
import com.google.events.cloud.firestore.v1.DocumentEventData;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.DomainClock;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.quotas.ResetQuotas;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The usage functions as callers see them. */
class UsageFunctionsTest {
  private static final Hosted HOSTED = Hosted.shared();
  private static final int CALLERS = 32;

  private final String customer = "lab-" + UUID.randomUUID();
  private final Instant now =
      DomainClock.of(HOSTED.settings().domainClockFile().orElseThrow())
          .instant()
          .truncatedTo(ChronoUnit.MICROS);

  private void customer(Map<String, Object> fields) {
    HOSTED.set("customers", customer, fields);
  }

  private String scene(String sceneId) {
    return """
    {"customer_id": "%s", "scene_id": "%s", "action": "scene_generated",
     "timestamp": "%s", "episodes_generated": 10, "details": {"robots": 2, "score": 0.5}}
    """
        .formatted(customer, sceneId, now);
  }

  private static HttpResponse<String> record(String key, String body) {
    return HOSTED.post(RecordUsage.class, "service", key, body);
  }

  private static JsonObject json(HttpResponse<String> answer) {
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  private static List<String> statuses(HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    List<String> statuses = new ArrayList<>();
    for (JsonElement result : json(answer).getAsJsonArray("results")) {
      JsonElement code = result.getAsJsonObject().get("code");
      String status = result.getAsJsonObject().get("status").getAsString();
      statuses.add(code == null ? status : status + " " + code.getAsString());
    }
    return statuses;
  }

  private static String code(int status, HttpResponse<String> answer) {
    assertEquals(status, answer.statusCode(), answer.body());
    return json(answer).get("code").getAsString();
  }

  private Map<String, Object> stored() {
    Map<String, Object> fields = new HashMap<>(HOSTED.read("customers", customer).fields());
    fields.remove("commit");
    return fields;
  }

  @Test
  void repeat_isAnsweredByteForByteAndAnotherBodyIsAConflict() {
    customer(Map.of());
    HttpResponse<String> first = record("k", scene("s"));
    assertEquals(List.of("recorded"), statuses(first));
    HttpResponse<String> second = record("k", scene("s"));
    assertEquals(first.body(), second.body());
    assertEquals("true", second.headers().firstValue("Idempotency-Replayed").orElse(""));
    assertEquals("idempotency_conflict", code(409, record("k", scene("other"))));
    assertEquals(1L, stored().get("total_scenes_generated"));
    String id =
        json(first).getAsJsonArray("results").get(0).getAsJsonObject().get("id").getAsString();
    Map<String, Object> usage = HOSTED.read("usage_tracking", id).fields();
    assertEquals(Map.of("robots", 2L, "score", 0.5), usage.get("details"));
    assertEquals(300_000L, usage.get("estimated_cost_micros"));
  }

  /** A5, A25. */
  @Test
  void batch_answersEachItemAndEqualOnesDoNotOverwriteEachOther() {
    customer(Map.of("monthly_scene_quota", 3L));
    String keyed = scene("keyed").replaceFirst("\\{", "{\"idempotency_key\": \"own\",");
    String body =
        "{\"records\": ["
            + String.join(
                ",", scene("s"), scene("s"), keyed, keyed, "{\"action\": 7}", scene("late"))
            + "]}";
    HttpResponse<String> first = record("k", body);
    assertEquals(
        List.of(
            "recorded",
            "recorded",
            "recorded",
            "duplicate",
            "refused invalid_request",
            "refused quota_exceeded"),
        statuses(first));
    assertEquals(first.body(), record("k", body).body());
    assertEquals(3L, stored().get("scenes_generated_this_month"));
    assertEquals(30L, stored().get("total_episodes_generated"));
  }

  @Test
  void batchOfTwoCustomers_answersInTheOrderOfItsItems() {
    customer(Map.of());
    String nobody = scene("x").replace(customer, "nobody-" + customer);
    HttpResponse<String> answer =
        record("k", "{\"records\": [" + String.join(",", nobody, scene("s"), nobody) + "]}");
    assertEquals(
        List.of("refused unknown_customer", "recorded", "refused unknown_customer"),
        statuses(answer));
    assertEquals(
        List.of("refused unknown_customer", "refused unknown_customer"),
        statuses(record("k2", "{\"records\": [" + nobody + "," + nobody + "]}")));
  }

  /** A13. */
  @Test
  void concurrentCallersAtAQuota_getExactlyWhatIsLeft() throws Exception {
    customer(Map.of("monthly_scene_quota", 7L));
    ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
    try {
      List<Callable<HttpResponse<String>>> calls = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        String key = "k" + i;
        calls.add(() -> record(key, scene("s")));
      }
      Map<Integer, Integer> counts = new HashMap<>();
      for (Future<HttpResponse<String>> answer : threads.invokeAll(calls)) {
        counts.merge(answer.get().statusCode(), 1, Integer::sum);
        if (answer.get().statusCode() == 409) {
          assertEquals("quota_exceeded", code(409, answer.get()));
          assertEquals(7L, json(answer.get()).get("quota").getAsLong());
        }
      }
      assertEquals(Map.of(200, 7, 409, CALLERS - 7), counts);
    } finally {
      threads.shutdownNow();
    }
    assertEquals(7L, stored().get("scenes_generated_this_month"));
  }

  /** A16. */
  @Test
  void refusals_haveTheirCodesAndLeaveTheCustomerAsItWas() {
    assertEquals("unknown_customer", code(409, record("k", scene("s"))));
    customer(Map.of("contract_end", now.minusSeconds(1), "monthly_scene_quota", 5L));
    Map<String, Object> before = stored();
    assertEquals("contract_inactive", code(409, record("k1", scene("s"))));
    assertEquals(before, stored());
    customer(Map.of("monthly_scene_quota", 0L));
    before = stored();
    JsonObject exceeded = json(record("k2", scene("s")));
    assertEquals("quota_exceeded", exceeded.get("code").getAsString());
    assertEquals(0L, exceeded.get("quota").getAsLong());
    assertEquals(0L, exceeded.get("used").getAsLong());
    assertEquals(before, stored());
    assertEquals("missing_idempotency_key", code(400, record(null, scene("s"))));
    String bad = "{\"customer_id\": \"_x\", \"action\": \"No\", \"wrong\": 1}";
    HttpResponse<String> invalid = record("k3", bad);
    assertEquals("invalid_request", code(400, invalid));
    Set<String> named = new TreeSet<>();
    json(invalid)
        .getAsJsonArray("errors")
        .forEach(error -> named.add(error.getAsJsonObject().get("field").getAsString()));
    assertEquals(Set.of("action", "customer_id", "scene_id", "wrong"), named);
    assertEquals("invalid_request", code(400, record("k4", "{\"records\": []}")));
    assertEquals("invalid_request", code(400, record("k5", "{\"records\": [{}], \"x\": 1}")));
    assertEquals(403, HOSTED.post(RecordUsage.class, customer, "k", scene("s")).statusCode());
  }

  private HttpResponse<String> send(String type, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(HOSTED.url(RecordUsage.class, ""))
            .header("Authorization", "Bearer " + HOSTED.token("service"))
            .header("Content-Type", type)
            .POST(HttpRequest.BodyPublishers.ofString(body));
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return HOSTED.send(request.build());
  }

  private static String event(String id, String data) {
    return """
    {"specversion": "1.0", "id": "%s", "source": "/pipelines/a", "type": "usage.recorded",
     "datacontenttype": "application/json", "attempt": 3, "data": %s}
    """
        .formatted(id, data);
  }

  @Test
  void cloudEvent_isTheSameInAllThreeForms() {
    customer(Map.of());
    HttpResponse<String> structured =
        send("application/cloudevents+json; charset=utf-8", event("e 1", scene("s")));
    assertEquals(List.of("recorded"), statuses(structured));
    HttpResponse<String> binary =
        send(
            "application/json",
            scene("s"),
            "ce-specversion",
            "1.0",
            "ce-id",
            "e%201",
            "ce-source",
            "/pipelines/a",
            "ce-type",
            "usage.recorded");
    assertEquals(structured.body(), binary.body());
    String batch = "[" + event("e 1", scene("s")) + "," + event("e2", scene("s")) + "]";
    HttpResponse<String> both = send("application/cloudevents-batch+json", batch);
    assertEquals(List.of("duplicate", "recorded"), statuses(both));
    HttpResponse<String> again = send("application/cloudevents-batch+json", batch);
    assertEquals(both.body(), again.body());
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    assertEquals(2L, stored().get("total_scenes_generated"));
  }

  @Test
  void cloudEventsThatAreNone_areRefusedWithWhatIsWrong() {
    customer(Map.of());
    String structured = "application/cloudevents+json";
    List<String> bad =
        List.of(
            event("e", scene("s")).replace("\"1.0\"", "\"0.3\""),
            event("e", scene("s")).replace("\"source\": \"/pipelines/a\",", ""),
            event("e", "[1]"),
            event("e", "\"text\""),
            event("e", scene("s")).replace("\"attempt\": 3", "\"attempt\": {}"),
            event("e", scene("s")).replace("\"attempt\": 3", "\"time\": \"yesterday\""),
            event("e", scene("s")).replace("application/json", "text/xml"),
            event("e", "{\"idempotency_key\": \"k\"}"),
            event("", scene("s")),
            event(" ", scene("s")),
            event("e", scene("s")).replace("/pipelines/a", ""),
            event("e", scene("s")).replace("usage.recorded", ""));
    for (String body : bad) {
      assertEquals("invalid_request", code(400, send(structured, body)), body);
    }
    assertEquals("invalid_request", code(400, send("application/cloudevents-batch+json", "[1]")));
    assertEquals("invalid_request", code(400, send("application/cloudevents-batch+json", "[]")));
    assertEquals("unsupported_media_type", code(415, send("application/cloudevents", "{}")));
    assertFalse(stored().containsKey("total_scenes_generated"));
  }

  @Test
  void c36_eventWithoutIdOrSource_isRefusedInEveryForm() {
    customer(Map.of());
    for (String empty : List.of("id", "source")) {
      String event = event("e", scene("s"));
      String bad = empty.equals("id") ? event("", scene("s")) : event.replace("/pipelines/a", "");
      HttpResponse<String> structured = send("application/cloudevents+json", bad);
      assertEquals("invalid_request", code(400, structured));
      assertEquals(empty, field(structured));
      HttpResponse<String> batch =
          send("application/cloudevents-batch+json", "[" + event + "," + bad + "]");
      assertEquals("invalid_request", code(400, batch));
      assertEquals("[1]." + empty, field(batch));
      HttpResponse<String> binary =
          send(
              "application/json; charset=utf-8; profile=x",
              scene("s"),
              "ce-specversion",
              "1.0",
              "ce-id",
              empty.equals("id") ? "" : "e",
              "ce-source",
              empty.equals("source") ? "" : "/pipelines/a",
              "ce-type",
              "t");
      assertEquals("invalid_request", code(400, binary));
    }
    assertFalse(stored().containsKey("total_scenes_generated"));
  }

  @Test
  void c36_eventInHeadersWithoutItsVersion_isRefusedAndNotReadAsAPlainRecord() {
    customer(Map.of());
    List<List<String>> bad =
        List.of(
            List.of("ce-id", "e", "ce-source", "/pipelines/a", "ce-type", "t"),
            List.of("CE-Type", "t"),
            List.of("ce-id", "e"),
            List.of("ce-source", "/pipelines/a"),
            List.of("ce-specversion", "0.3", "ce-id", "e", "ce-source", "/a", "ce-type", "t"),
            List.of("ce-specversion", "", "ce-id", "e", "ce-source", "/a", "ce-type", "t"));
    for (List<String> headers : bad) {
      List<String> all = new ArrayList<>(headers);
      all.addAll(List.of("Idempotency-Key", "k"));
      HttpResponse<String> answer =
          send("application/json", scene("s"), all.toArray(String[]::new));
      assertEquals("invalid_request", code(400, answer), headers.toString());
      assertEquals("ce-specversion", field(answer), headers.toString());
    }
    assertFalse(stored().containsKey("total_scenes_generated"));
    assertEquals(
        List.of("recorded"),
        statuses(send("application/json", scene("s"), "Idempotency-Key", "k", "ce-shard", "7")),
        "an extension alone makes no event");
  }

  /** The time of receipt would give a repeat of the event another record. */
  @Test
  void c36_eventWithoutTimeWhoseDataHaveNoTimestamp_isRefusedNamingIt() {
    customer(Map.of());
    String data = scene("s").replaceFirst("\"timestamp\": \"[^\"]*\",", "");
    for (HttpResponse<String> answer :
        List.of(
            send("application/cloudevents+json", event("e", data)),
            send(
                "application/json",
                data,
                "ce-specversion",
                "1.0",
                "ce-id",
                "e",
                "ce-source",
                "/pipelines/a",
                "ce-type",
                "t"))) {
      assertEquals("invalid_request", code(400, answer));
      assertEquals("timestamp", field(answer));
    }
    HttpResponse<String> batch =
        send("application/cloudevents-batch+json", "[" + event("e", data) + "]");
    assertEquals("invalid_request", code(400, batch));
    assertEquals("records[0].timestamp", field(batch));
    assertFalse(stored().containsKey("total_scenes_generated"));
  }

  private static String field(HttpResponse<String> answer) {
    return json(answer)
        .getAsJsonArray("errors")
        .get(0)
        .getAsJsonObject()
        .get("field")
        .getAsString();
  }

  @Test
  void c37_parametersOfAMediaType_areTakenInEveryForm() {
    customer(Map.of());
    String parameters = "; charset=\"UTF-8\"; profile=\"x;y\"";
    HttpResponse<String> plain =
        HOSTED.send(
            HttpRequest.newBuilder(HOSTED.url(RecordUsage.class, ""))
                .header("Authorization", "Bearer " + HOSTED.token("service"))
                .header("Content-Type", "Application/JSON" + parameters)
                .header("Idempotency-Key", "k")
                .POST(HttpRequest.BodyPublishers.ofString(scene("s")))
                .build());
    assertEquals(List.of("recorded"), statuses(plain));
    String event =
        event("e", scene("s")).replace("application/json", "application/json; profile=x");
    assertEquals(
        List.of("recorded"), statuses(send("application/cloudevents+json" + parameters, event)));
    assertEquals(
        List.of("duplicate"),
        statuses(send("Application/CloudEvents-Batch+JSON" + parameters, "[" + event + "]")));
    assertEquals(
        "unsupported_media_type",
        code(415, send("application/cloudevents+json; charset=latin1", event)));
  }

  @Test
  void c30_unencodedPlusInAQuery_isReadAsAPlus() {
    customer(Map.of());
    record("k", scene("s"));
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    String query =
        "customer_id=%s&from=%sT00:00:00+00:00&to=%sT02:00:00+02:00&group_by=day"
            .formatted(customer, today, today.plusDays(1));
    HttpResponse<String> report = HOSTED.get(UsageReport.class, "admin", query);
    assertEquals(200, report.statusCode(), report.body());
    assertEquals(1, json(report).getAsJsonObject("totals").get("count").getAsLong());
    assertEquals(
        report.body(), HOSTED.get(UsageReport.class, "admin", query.replace("+", "%2B")).body());
  }

  @Test
  void c33_unknownCustomer_isNotFoundWhoeverAsks() {
    String query = "customer_id=" + customer + "&from=2026-01-01&to=2026-02-01&group_by=";
    for (String by : List.of("action", "day", "month", "scene", "day&format=focus")) {
      for (String caller : List.of("admin", "service", customer)) {
        HttpResponse<String> answer = HOSTED.get(UsageReport.class, caller, query + by);
        assertEquals("not_found", code(404, answer));
        String detail = json(answer).get("detail").getAsString();
        assertTrue(detail.contains("customers/" + customer), detail);
      }
      assertEquals(
          "forbidden", code(403, HOSTED.get(UsageReport.class, "somebody", query + by)), by);
    }
    customer(Map.of());
    assertEquals(200, HOSTED.get(UsageReport.class, "admin", query + "day").statusCode());
  }

  @Test
  void c33_deletedCustomer_stillHasTheBillOfWhatWasCounted() {
    customer(Map.of());
    record("k", scene("s"));
    HOSTED.delete("customers", customer);
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    for (String by : List.of("day", "scene")) {
      HttpResponse<String> report =
          HOSTED.get(
              UsageReport.class,
              "admin",
              "customer_id=%s&from=%s&to=%s&group_by=%s"
                  .formatted(customer, today, today.plusDays(1), by));
      assertEquals(1, json(report).getAsJsonObject("totals").get("count").getAsLong(), by);
    }
  }

  @Test
  void c32_guardMarkAndFileName_areThoseOfTheFormat() {
    HOSTED.set("customers", "-lab;7\u00fc\"", Map.of());
    String query =
        "customer_id=-lab%3B7%C3%BC%22&from=2026-01-01&to=2026-02-01&group_by=day&format=";
    HttpResponse<String> csv = HOSTED.get(UsageReport.class, "admin", query + "csv");
    assertEquals(
        "attachment; filename=\"usage-by-day--lab_7__-2026-01-01-2026-02-01.csv\"",
        csv.headers().firstValue("Content-Disposition").orElse(""));
    assertTrue(csv.body().startsWith("key,"), csv.body());
    HttpResponse<String> marked = HOSTED.get(UsageReport.class, "admin", query + "csv&bom=true");
    assertEquals("\uFEFF" + csv.body(), marked.body());
    HttpResponse<String> focus = HOSTED.get(UsageReport.class, "admin", query + "focus&bom=false");
    assertEquals(
        "attachment; filename=\"focus--lab_7__-2026-01-01-2026-02-01.csv\"",
        focus.headers().firstValue("Content-Disposition").orElse(""));
    assertTrue(focus.body().startsWith("BillingAccountId,"), focus.body());
    for (String bad : List.of("focus&bom=true", "json&bom=true", "csv&bom=1")) {
      assertEquals(
          "invalid_request", code(400, HOSTED.get(UsageReport.class, "admin", query + bad)));
    }
  }

  @Test
  void attributesInHeaders_areDecodedAndMayHaveCommas() {
    customer(Map.of());
    String[] headers = {"ce-specversion", "1.0", "ce-id", "e", "ce-type", "t", "ce-shard", "7"};
    List<String> sources = List.of("/p/a,b", "/p/a,c", "/p/%C3%BC", "/p/%C3%BD");
    for (String source : sources) {
      List<String> all = new ArrayList<>(List.of(headers));
      all.addAll(List.of("ce-source", source));
      HttpResponse<String> answer =
          send("application/json", scene("s"), all.toArray(String[]::new));
      assertEquals(List.of("recorded"), statuses(answer), source);
    }
    String structured = event("e", scene("s")).replace("/pipelines/a", "/p/a,b");
    assertEquals(
        List.of("duplicate"),
        statuses(send("application/cloudevents-batch+json", "[" + structured + "]")));
    HttpResponse<String> again = send("application/cloudevents-batch+json", "[" + structured + "]");
    assertEquals(List.of("duplicate"), statuses(again));
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    assertEquals(4L, stored().get("total_scenes_generated"));
    List<String> broken = new ArrayList<>(List.of(headers));
    broken.addAll(List.of("ce-source", "/p/%C3"));
    assertEquals(
        "invalid_request",
        code(400, send("application/json", scene("s"), broken.toArray(String[]::new))));
  }

  @Test
  void timeOfAnEvent_isTheTimestampOfDataThatHaveNone() {
    customer(Map.of());
    String data = scene("s").replaceFirst("\"timestamp\": \"[^\"]*\",", "");
    String timed = event("e", data).replace("\"attempt\": 3", "\"time\": \"" + now + "\"");
    HttpResponse<String> answer = send("application/cloudevents+json", timed);
    assertEquals(List.of("recorded"), statuses(answer));
    String id =
        json(answer).getAsJsonArray("results").get(0).getAsJsonObject().get("id").getAsString();
    assertEquals(now, HOSTED.read("usage_tracking", id).fields().get("timestamp"));
  }

  @Test
  void everyBrokenEventOfABatch_isNamed() {
    customer(Map.of());
    String batch =
        "["
            + String.join(
                ",",
                event("e1", scene("s")).replace("\"1.0\"", "\"2.0\""),
                event("e2", scene("s")),
                event("e3", scene("s")).replace("\"type\": \"usage.recorded\",", ""),
                "7")
            + "]";
    HttpResponse<String> answer = send("application/cloudevents-batch+json", batch);
    assertEquals("invalid_request", code(400, answer));
    List<String> named = new ArrayList<>();
    json(answer)
        .getAsJsonArray("errors")
        .forEach(error -> named.add(error.getAsJsonObject().get("field").getAsString()));
    assertEquals(List.of("[0].specversion", "[2]", "[3]"), named);
    assertFalse(stored().containsKey("total_scenes_generated"));
  }

  @Test
  void c31_monthForFinance_hasARowADayActionAndMeter() {
    customer(Map.of("organization_name", "Lab Seven, Inc."));
    record("k1", scene("s").replace("10,", "10, \"compute_minutes\": 45.5,"));
    record("k2", scene("s").replace("scene_generated", "upsell_applied").replace("10,", "0,"));
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    LocalDate month = today.withDayOfMonth(1);
    String query =
        "customer_id=%s&from=%s&to=%s&format=focus&group_by="
            .formatted(customer, month, month.plusMonths(1));
    HttpResponse<String> csv = HOSTED.get(UsageReport.class, "admin", query + "day");
    assertEquals(200, csv.statusCode(), csv.body());
    String[] lines = csv.body().split("\r\n", -1);
    assertEquals(5, lines.length, csv.body());
    for (String column :
        List.of("BillingAccountName", "ChargeClass", "PricingQuantity", "PricingUnit")) {
      assertTrue(List.of(lines[0].split(",", -1)).contains(column), lines[0]);
    }
    String account = customer + ",\"Lab Seven, Inc.\",USD," + month + "T00:00:00Z,";
    assertTrue(lines[1].startsWith(account), lines[1]);
    assertTrue(
        lines[1].endsWith(",10,Episodes,10,Episodes,0.03,0.300000,0.300000,0.300000,0.300000"),
        lines[1]);
    assertTrue(
        lines[2].endsWith(
            ",45.5,Compute-Minutes,45.5,Compute-Minutes,0.00144,0.065520,0.065520,0.065520,"
                + "0.065520"),
        lines[2]);
    assertTrue(
        lines[3].endsWith(",1,Records,1,Records,0,0.000000,0.000000,0.000000,0.000000"), lines[3]);
    assertTrue(lines[1].contains(",Meterkite,Meterkite,Meterkite,Meterkite,episode,"), lines[1]);
    assertEquals(
        "invalid_request", code(400, HOSTED.get(UsageReport.class, "admin", query + "action")));
  }

  @Test
  void c32_idLikeAFormula_isByteForByteInFocus() {
    String id = "-lab7-" + UUID.randomUUID();
    HOSTED.set("customers", id, Map.of("organization_name", "=cmd()"));
    record("k", scene("s").replace(customer, id));
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    String query =
        "customer_id=%s&from=%s&to=%s&group_by=day&format=focus"
            .formatted(id, today, today.plusDays(1));
    String csv = HOSTED.get(UsageReport.class, "admin", query).body();
    assertTrue(csv.split("\r\n", -1)[1].startsWith(id + ",=cmd(),USD,"), csv);
    assertFalse(csv.contains("'"), csv);
  }

  @Test
  void report_addsUpByDayActionMonthAndScene() {
    customer(Map.of());
    record("k1", scene("=1+1"));
    record("k2", scene("plain"));
    LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
    String days =
        "customer_id=%s&from=%s&to=%sT00:00:00Z".formatted(customer, today, today.plusDays(1));
    for (String by : List.of("action", "day", "month", "scene")) {
      HttpResponse<String> report =
          HOSTED.get(UsageReport.class, customer, days + "&group_by=" + by);
      JsonObject totals = json(report).getAsJsonObject("totals");
      assertEquals(2, totals.get("count").getAsLong(), by + report.body());
      assertEquals(20, totals.get("episodes_generated").getAsLong(), by);
      assertEquals(600_000, totals.get("billable_cost_micros").getAsLong(), by);
      assertEquals(by.equals("scene") ? 2 : 1, json(report).getAsJsonArray("groups").size(), by);
    }
    HttpResponse<String> csv =
        HOSTED.get(UsageReport.class, "service", days + "&group_by=scene&format=csv");
    assertEquals("text/csv; charset=utf-8", csv.headers().firstValue("Content-Type").orElse(""));
    assertEquals(
        List.of(
            "key,count,episodes_generated,compute_minutes,storage_gb,billable_cost_micros",
            "'=1+1,1,10,0.0,0.0,300000",
            "plain,1,10,0.0,0.0,300000",
            ""),
        List.of(csv.body().split("\r\n", -1)));
  }

  @Test
  void report_isRefusedForOthersAndForDaysThatAreNone() {
    customer(Map.of());
    String query = "customer_id=" + customer + "&group_by=%s&from=%s&to=%s";
    String good = query.formatted("day", "2026-01-01", "2026-02-01");
    assertEquals(200, HOSTED.get(UsageReport.class, "admin", good).statusCode());
    assertEquals("forbidden", code(403, HOSTED.get(UsageReport.class, "somebody", good)));
    assertEquals(
        200,
        HOSTED
            .get(UsageReport.class, "admin", query.formatted("scene", "2026-01-01", "2026-02-01"))
            .statusCode());
    for (String bad :
        List.of(
            query.formatted("scene", "2026-01-01", "2026-02-02"),
            query.formatted("day", "2026-01-01", "2026-01-01"),
            query.formatted("day", "2026-01-01T00:00:01Z", "2026-01-02"),
            query.formatted("day", "2026-13-01", "2026-01-02"),
            query.formatted("week", "2026-01-01", "2026-01-02"),
            query.formatted("day", "2006-01-01", "2026-01-02"),
            good.replace("customer_id=", "customer_id=_"))) {
      assertEquals("invalid_request", code(400, HOSTED.get(UsageReport.class, "admin", bad)), bad);
    }
  }

  @Test
  void eventOfARecord_isTakenThroughTheInvoker() {
    customer(Map.of());
    String id = "foreign-" + UUID.randomUUID();
    HOSTED.set("usage_tracking", id, CountedMetering.foreign(customer, "upsell_applied", now, 4));
    byte[] payload =
        DocumentEventData.newBuilder()
            .setValue(
                Document.newBuilder()
                    .setName("projects/p/databases/(default)/documents/usage_tracking/" + id))
            .build()
            .toByteArray();
    HttpRequest request =
        HttpRequest.newBuilder(HOSTED.url(OnUsageWritten.class, ""))
            .header("Content-Type", "application/protobuf")
            .header("ce-specversion", "1.0")
            .header("ce-id", "e-1")
            .header("ce-source", "//firestore.googleapis.com/projects/p/databases/(default)")
            .header("ce-type", "google.cloud.firestore.document.v1.written")
            .POST(HttpRequest.BodyPublishers.ofByteArray(payload))
            .build();
    assertEquals(200, HOSTED.send(request).statusCode());
    assertEquals(200, HOSTED.send(request).statusCode());
    assertEquals(4L, stored().get("total_episodes_generated"));
  }

  @Test
  void resetQuotas_isForSchedulersAndSaysWhatItDid() {
    HttpResponse<String> answer = HOSTED.post(ResetQuotas.class, "scheduler", null, "{}");
    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(
        json(answer).keySet().containsAll(Set.of("customers_reset", "model_quotas_reset", "more")));
    assertEquals(403, HOSTED.post(ResetQuotas.class, "service", null, "{}").statusCode());
  }
}
