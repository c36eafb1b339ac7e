package dev.meterkite.functions.usage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.DomainClock;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.quotas.ResetQuotas;
import dev.meterkite.model.document.Query;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** A customer's quota, corrections, alerts and months, as callers see them. */
class CustomersUsageTest {
  private static final Hosted HOSTED = Hosted.shared();

  private final String customer = "lab-" + UUID.randomUUID();
  private int calls;

  private static Instant now() {
    return DomainClock.of(HOSTED.settings().domainClockFile().orElseThrow())
        .instant()
        .truncatedTo(ChronoUnit.MICROS);
  }

  private void customer(Map<String, Object> fields) {
    HOSTED.set("customers", customer, fields);
  }

  private Object field(String name) {
    return HOSTED.read("customers", customer).fields().get(name);
  }

  private String scene(Instant timestamp, String more) {
    return """
    {"customer_id": "%s", "scene_id": "kitchen", "action": "scene_generated",
     "timestamp": "%s", "episodes_generated": 10%s}
    """
        .formatted(customer, timestamp, more);
  }

  private HttpResponse<String> send(String record) {
    return HOSTED.post(RecordUsage.class, "service", "k" + ++calls, record);
  }

  private JsonObject result(String record) {
    HttpResponse<String> answer = send(record);
    assertEquals(200, answer.statusCode(), answer.body());
    return json(answer).getAsJsonArray("results").get(0).getAsJsonObject();
  }

  private String id(String record) {
    return result(record).get("id").getAsString();
  }

  private static JsonObject json(HttpResponse<String> answer) {
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  private String refusal(String record) {
    HttpResponse<String> answer = send(record);
    assertEquals(409, answer.statusCode(), answer.body());
    return json(answer).get("code").getAsString();
  }

  private JsonObject totals(String groupBy, LocalDate from, LocalDate to) {
    HttpResponse<String> report =
        HOSTED.get(
            UsageReport.class,
            "service",
            "customer_id=%s&from=%s&to=%s&group_by=%s".formatted(customer, from, to, groupBy));
    assertEquals(200, report.statusCode(), report.body());
    return json(report).getAsJsonObject("totals");
  }

  private static LocalDate day(Instant moment) {
    return LocalDate.ofInstant(moment, ZoneOffset.UTC);
  }

  private List<String> alerts() {
    return HOSTED
        .store()
        .find(Query.of("model_router_alerts", 10).where("customer_id", Query.Op.EQUAL, customer))
        .join()
        .stream()
        .map(alert -> String.valueOf(alert.fields().get("type")))
        .sorted()
        .toList();
  }

  @Test
  void amendAndVoid_countInPlaceOfWhatTheyCorrect() {
    customer(Map.of("monthly_scene_quota", 1L));
    Instant time = now();
    String first = id(scene(time, ""));
    String amend =
        scene(time, ", \"corrects\": \"" + first + "\", \"correction\": \"amend\"")
            .replace(": 10,", ": 4,");
    String second = id(amend);
    assertEquals(second, HOSTED.read("usage_tracking", first).fields().get("corrected_by"));
    LocalDate today = day(time);
    for (String by : List.of("action", "scene", "day", "month")) {
      JsonObject totals = totals(by, today, today.plusDays(1));
      assertEquals(1, totals.get("count").getAsLong(), by);
      assertEquals(4, totals.get("episodes_generated").getAsLong(), by);
      assertEquals(120_000, totals.get("billable_cost_micros").getAsLong(), by);
    }
    assertEquals(4L, field("total_episodes_generated"));
    assertEquals("already_corrected", refusal(amend));
    assertEquals("quota_exceeded", refusal(scene(time, "")));
    String voids = ", \"corrects\": \"" + second + "\", \"correction\": \"void\"";
    assertEquals("correction_mismatch", refusal(scene(time.plusMillis(1), voids)));
    assertEquals("recorded", result(scene(time, voids)).get("status").getAsString());
    assertEquals(0, totals("scene", today, today.plusDays(1)).get("count").getAsLong());
    assertEquals(0, totals("day", today, today.plusDays(1)).get("episodes_generated").getAsLong());
    assertEquals(0L, field("scenes_generated_this_month"));
    assertEquals(0L, field("total_scenes_generated"));
    assertEquals("recorded", result(scene(time, "")).get("status").getAsString());
    String nothing = ", \"corrects\": \"never\", \"correction\": \"void\"";
    assertEquals("unknown_record", refusal(scene(time, nothing)));
    String half = scene(time, ", \"corrects\": \"" + first + "\"");
    assertEquals(400, send(half).statusCode());
  }

  @Test
  void softLimit_recordsAndFlagsWhatIsBeyondIt() {
    customer(Map.of("monthly_scene_quota", 1L, "quota_mode", "soft"));
    assertFalse(result(scene(now(), "")).has("over_quota"));
    JsonObject second = result(scene(now(), ""));
    assertTrue(second.get("over_quota").getAsBoolean());
    String id = second.get("id").getAsString();
    assertEquals(true, HOSTED.read("usage_tracking", id).fields().get("over_quota"));
    assertEquals(2L, field("scenes_generated_this_month"));
  }

  /** A34. */
  @Test
  void alertsAt80And100Percent_comeOnceAPeriod() {
    customer(Map.of("monthly_scene_quota", 5L));
    Instant time = now();
    for (int i = 0; i < 3; i++) {
      send(scene(time, ""));
    }
    assertEquals(List.of(), alerts());
    String fourth = id(scene(time, ""));
    assertEquals(List.of("usage_quota_warning"), alerts());
    String voids = ", \"corrects\": \"" + fourth + "\", \"correction\": \"void\"";
    send(scene(time, voids));
    send(scene(time, ""));
    assertEquals(List.of("usage_quota_warning"), alerts());
    send(scene(time, ""));
    assertEquals("quota_exceeded", refusal(scene(time, "")));
    assertEquals(List.of("usage_quota_exhausted", "usage_quota_warning"), alerts());
  }

  /** A24: its month is closed, so it counts in the present one and says so. */
  @Test
  void recordOfAClosedMonth_countsNowAndSaysWhereItBelongs() {
    customer(Map.of("monthly_scene_quota", 1L));
    Instant present = now();
    Instant late = present.minus(Duration.ofDays(70));
    JsonObject result = result(scene(late, ""));
    YearMonth belongs = YearMonth.from(day(late));
    assertEquals(belongs.toString(), result.get("late_for").getAsString());
    String id = result.get("id").getAsString();
    assertEquals(belongs.toString(), HOSTED.read("usage_tracking", id).fields().get("late_for"));
    LocalDate today = day(now());
    assertEquals(1, totals("month", today.minusDays(1), today.plusDays(1)).get("count").getAsInt());
    assertEquals(0, totals("month", day(late), day(late).plusDays(1)).get("count").getAsInt());
    assertEquals(1, totals("scene", day(late), day(late).plusDays(1)).get("count").getAsInt());
    // The quota is of scenes of this period, and leaves room for one.
    assertEquals("recorded", result(scene(now(), "")).get("status").getAsString());
    assertEquals("quota_exceeded", refusal(scene(now(), "")));
  }

  @Test
  void timestamps_areAtMostFiveMinutesAhead() {
    customer(Map.of());
    assertEquals(200, send(scene(now().plus(Duration.ofSeconds(290)), "")).statusCode());
    assertEquals(400, send(scene(now().plus(Duration.ofSeconds(310)), "")).statusCode());
    assertEquals(400, send(scene(Instant.parse("1999-12-31T23:59:59Z"), "")).statusCode());
  }

  /** A13: lists of scenes race for what is left, and exactly that is recorded. */
  @Test
  void concurrentListsAtAQuota_recordExactlyWhatIsLeft() throws Exception {
    customer(Map.of("monthly_scene_quota", 50L, "scenes_generated_this_month", 13L));
    Instant time = now();
    String list = "{\"records\": [" + (scene(time, "") + ",").repeat(6) + scene(time, "") + "]}";
    ExecutorService threads = Executors.newFixedThreadPool(12);
    int recorded = 0;
    int refused = 0;
    try {
      List<Callable<HttpResponse<String>>> requests = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        String key = "list" + i;
        requests.add(() -> HOSTED.post(RecordUsage.class, "service", key, list));
      }
      for (Future<HttpResponse<String>> answer : threads.invokeAll(requests)) {
        assertEquals(200, answer.get().statusCode(), answer.get().body());
        recorded += answer.get().body().split("\"recorded\"", -1).length - 1;
        refused += answer.get().body().split("quota_exceeded", -1).length - 1;
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(37, recorded);
    assertEquals(12 * 7 - 37, refused);
    assertEquals(50L, field("scenes_generated_this_month"));
    assertEquals(37L, field("total_scenes_generated"));
    assertEquals(37, totals("day", day(time), day(time).plusDays(1)).get("count").getAsInt());
  }

  /** A23: a new month needs no scheduler; when it comes it finds nothing left to do. */
  @Test
  void newMonth_hasItsQuotaWithoutASweep() {
    customer(Map.of("monthly_scene_quota", 1L));
    send(scene(now(), ""));
    assertEquals("quota_exceeded", refusal(scene(now(), "")));
    Instant due = (Instant) field("quota_due_at");
    HOSTED.advance(Duration.between(now(), due));
    assertEquals("recorded", result(scene(now(), "")).get("status").getAsString());
    assertEquals(1L, field("scenes_generated_this_month"));
    assertEquals(due, field("quota_reset_at"));
    assertEquals(2L, field("total_scenes_generated"));
    Object before = field("quota_due_at");
    HttpResponse<String> swept = HOSTED.post(ResetQuotas.class, "scheduler", null, "{}");
    assertEquals(200, swept.statusCode(), swept.body());
    assertEquals(1L, field("scenes_generated_this_month"));
    assertEquals(before, field("quota_due_at"));
  }

  /** A20: ten times a tenth of a minute is a minute, and costs what a minute costs. */
  @Test
  void decimals_addUpInIntegers() {
    customer(Map.of());
    String tenth =
        scene(now(), ", \"compute_minutes\": 0.1, \"storage_gb\": 0.1, \"details\": {}")
            .replace("scene_generated", "render")
            .replace(": 10,", ": 0,");
    for (int i = 0; i < 10; i++) {
      send(tenth);
    }
    LocalDate today = day(now());
    JsonObject totals = totals("month", today.minusDays(1), today.plusDays(1));
    assertEquals("1.0", totals.get("compute_minutes").getAsString());
    assertEquals("1.0", totals.get("storage_gb").getAsString());
    assertEquals(21_440, totals.get("billable_cost_micros").getAsLong());
  }
}
