package dev.meterkite.functions.customers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.hosted.Hosted;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTP functions of customers, over HTTP, with the emulator behind them. */
class CustomerFunctionsTest {
  private static final Hosted HOSTED = Hosted.shared();

  @AfterEach
  void noPolicyIsLeft() {
    HOSTED.delete("feature_flags", "_global");
    HOSTED.advance(DocumentCache.MAX_AGE);
  }

  private static void customer(String id, String tier) {
    HOSTED.set("customers", id, Map.of("schema_version", 1L, "bundle_tier", tier));
  }

  private static JsonObject json(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response::body);
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  private static JsonObject config(String query) {
    return json(HOSTED.get(CustomerConfig.class, "service", query));
  }

  private static String setting(JsonObject config, String group, String name) {
    JsonObject setting = config.getAsJsonObject(group).getAsJsonObject(name);
    return setting.get("value") + " by " + setting.get("source").getAsString();
  }

  private static HttpResponse<String> setFlag(String key, String body) {
    return HOSTED.post(SetFeatureFlag.class, "admin", key, body);
  }

  // customer-config

  @Test
  void sceneOfACustomer_isResolvedWithWhereEachValueCameFrom() {
    customer("cfg-1", "pro");
    HOSTED.set(
        "scenes",
        "cfg-1-scene",
        Map.of(
            "customer_id",
            "cfg-1",
            "max_variations",
            900L,
            "tactile_enabled",
            true,
            "robot_type",
            "franka"));

    JsonObject config = config("scene_id=cfg-1-scene");

    assertEquals("cfg-1", config.get("customer_id").getAsString());
    assertEquals("cfg-1-scene", config.get("scene_id").getAsString());
    assertEquals("pro", config.get("bundle_tier").getAsString());
    assertTrue(config.get("active").getAsBoolean());
    assertEquals("500 by tier_cap", setting(config, "settings", "max_variations"));
    assertEquals("false by flag_cap", setting(config, "settings", "tactile_enabled"));
    assertEquals("\"franka\" by scene", setting(config, "settings", "robot_type"));
    assertEquals("true by tier", setting(config, "feature_flags", "audio_narration"));
    assertEquals("firestore", config.get("source").getAsString());
    assertEquals(0, config.get("age_seconds").getAsInt());
    assertEquals(config, config("customer_id=cfg-1&scene_id=cfg-1-scene"));
  }

  @Test
  void unknownCustomer_isStandardWithAWarning() {
    JsonObject config = config("customer_id=cfg-nobody");
    assertEquals("standard", config.get("bundle_tier").getAsString());
    assertTrue(config.get("warnings").toString().contains("unknown_customer"));
  }

  @Test
  void changeOfAnotherProgram_isSeenAfterFiveSecondsOrFresh() {
    customer("cfg-2", "standard");
    String before = config("customer_id=cfg-2").get("version").getAsString();
    customer("cfg-2", "enterprise");
    assertEquals(
        "enterprise", config("customer_id=cfg-2&fresh=true").get("bundle_tier").getAsString());

    customer("cfg-2", "foundation");
    HOSTED.advance(DocumentCache.MAX_AGE);
    JsonObject after = config("customer_id=cfg-2");
    assertEquals("foundation", after.get("bundle_tier").getAsString());
    assertFalse(before.equals(after.get("version").getAsString()));
  }

  @Test
  void counters_doNotMoveTheVersion() {
    customer("cfg-3", "pro");
    String before = config("customer_id=cfg-3").get("version").getAsString();
    HOSTED.set(
        "customers",
        "cfg-3",
        Map.of(
            "schema_version",
            1L,
            "bundle_tier",
            "pro",
            "scenes_generated_this_month",
            7L,
            "usage_summary_month",
            "2026-01",
            "quota_alert_percent",
            80L,
            "commit",
            Map.of("revision", 3L)));
    assertEquals(before, config("customer_id=cfg-3&fresh=true").get("version").getAsString());
  }

  @Test
  void valuesWithoutAJsonForm_areShownAsText() {
    HOSTED.set(
        "scenes",
        "cfg-4-scene",
        Map.of("customer_id", "cfg-4", "custom_settings", Map.of("ratio", Double.NaN)));
    assertEquals(
        "{\"ratio\":\"NaN\"} by scene",
        setting(config("scene_id=cfg-4-scene"), "settings", "custom_settings"));
  }

  /** A35: whose scene it is decides, whatever the request says. */
  @Test
  void user_seesItsOwnAndNobodyElses() {
    customer("own-1", "pro");
    customer("own-2", "pro");
    HOSTED.set("scenes", "own-1-scene", Map.of("customer_id", "own-1"));
    assertEquals(200, status("own-1", "customer_id=own-1"));
    assertEquals(200, status("own-1", "scene_id=own-1-scene"));
    for (String query :
        List.of(
            "customer_id=own-1",
            "scene_id=own-1-scene",
            "scene_id=own-1-scene&customer_id=own-2",
            "scene_id=there-is-none")) {
      assertEquals(403, status("own-2", query), query);
    }
    assertEquals(403, HOSTED.get(ListCustomers.class, "own-1", "").statusCode());
    assertEquals(
        403,
        HOSTED
            .post(
                SetFeatureFlag.class,
                "own-1",
                null,
                "{\"customer_id\":\"own-1\",\"flag\":\"sim2real\",\"value\":true}")
            .statusCode());
  }

  private static int status(String caller, String query) {
    return HOSTED.get(CustomerConfig.class, caller, query).statusCode();
  }

  @Test
  void requestsThatMakeNoSense_areRefused() {
    HOSTED.set("scenes", "odd-scene", Map.of("customer_id", "odd-owner"));
    assertEquals(400, status("service", ""));
    assertEquals(400, status("service", "customer_id=_global"));
    assertEquals(400, status("service", "customer_id=other&scene_id=odd-scene"));
    assertEquals(404, status("service", "scene_id=odd-none"));
    assertEquals(200, status("service", "customer_id=odd-owner&scene_id=odd-none"));
  }

  /** A39 */
  @ParameterizedTest
  @ValueSource(strings = {"a%2Fb", "..", "__x__", "", "%20"})
  void hostileIds_areAnsweredNotThrown(String id) {
    int status = status("service", "customer_id=" + id);
    assertEquals(id.equals("%20") ? 200 : 400, status);
    HOSTED.set("scenes", "hostile-scene", Map.of("customer_id", "a/b"));
    assertEquals(200, status("service", "scene_id=hostile-scene&fresh=true"));
  }

  // set-feature-flag

  @Test
  void flagOfACustomer_takesEffectInThisProcessAtOnce() {
    customer("flag-1", "pro");
    config("customer_id=flag-1");
    JsonObject set =
        json(setFlag(null, "{\"customer_id\":\"flag-1\",\"flag\":\"sim2real\",\"value\":true}"));
    assertTrue(set.getAsJsonObject("feature_flags").get("sim2real").getAsBoolean());
    assertEquals(
        "true by flag", setting(config("customer_id=flag-1"), "feature_flags", "sim2real"));
    Map<String, Object> stored = HOSTED.read("feature_flags", "flag-1").fields();
    assertEquals(1L, stored.get("schema_version"));
    assertEquals(true, stored.get("audio_narration"));
    assertFalse(((Map<?, ?>) stored.get("origin")).containsKey("sim2real"));

    json(setFlag(null, "{\"customer_id\":\"flag-1\",\"flag\":\"sim2real\",\"value\":null}"));
    assertEquals(
        "false by tier", setting(config("customer_id=flag-1"), "feature_flags", "sim2real"));
  }

  /** A39 */
  @Test
  void unknownFieldsOfAFlagDocument_stay() {
    customer("flag-2", "pro");
    HOSTED.set("feature_flags", "flag-2", Map.of("_comment", "ours", "origin", "odd"));
    json(setFlag(null, "{\"customer_id\":\"flag-2\",\"flag\":\"bimanual\",\"value\":true}"));
    Map<String, Object> stored = HOSTED.read("feature_flags", "flag-2").fields();
    assertEquals("ours", stored.get("_comment"));
    assertEquals(true, stored.get("bimanual"));
  }

  @Test
  void globalKill_isOffForEverybodyAndGlobalTrueEnablesNothing() {
    customer("flag-3", "enterprise");
    json(setFlag(null, "{\"customer_id\":\"_global\",\"flag\":\"tactile\",\"value\":false}"));
    json(setFlag(null, "{\"customer_id\":\"_global\",\"flag\":\"bimanual\",\"value\":true}"));
    JsonObject config = config("customer_id=flag-3&fresh=true");
    assertEquals("false by global", setting(config, "feature_flags", "tactile"));
    assertEquals("false by global", setting(config, "settings", "tactile_enabled"));
    assertEquals("false by tier", setting(config, "feature_flags", "bimanual"));
  }

  @Test
  void rollout_reachesAStableShareThatGrows() {
    List<String> customers = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      customers.add("roll-" + i);
      customer("roll-" + i, "pro");
    }
    Set<String> half = reached(customers, "50");
    assertTrue(half.size() > 15 && half.size() < 45, half::toString);
    assertEquals(half, reached(customers, "50.00"));
    Set<String> more = reached(customers, "75.5");
    assertTrue(more.containsAll(half) && more.size() > half.size(), more::toString);
    assertEquals(Set.of(), reached(customers, "0"));
    assertEquals(Set.copyOf(customers), reached(customers, "100"));
  }

  private static Set<String> reached(List<String> customers, String percent) {
    json(
        setFlag(
            null,
            "{\"bundle_tier\":\"pro\",\"percent\":"
                + percent
                + ",\"flag\":\"multi_robot\",\"value\":true}"));
    Set<String> reached = new TreeSet<>();
    for (String customer : customers) {
      String said = setting(config("customer_id=" + customer), "feature_flags", "multi_robot");
      if (said.equals("true by rollout")) {
        reached.add(customer);
      }
    }
    return reached;
  }

  @Test
  void sameKey_isReplayedAndUndoesNothing() {
    customer("flag-4", "pro");
    String on = "{\"customer_id\":\"flag-4\",\"flag\":\"sim2real\",\"value\":true}";
    String off = "{\"customer_id\":\"flag-4\",\"flag\":\"sim2real\",\"value\":false}";
    HttpResponse<String> first = setFlag("k-1", on);
    assertEquals(200, setFlag("k-2", off).statusCode());
    HttpResponse<String> again = setFlag("k-1", on);
    assertEquals(first.body(), again.body());
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    assertEquals(false, HOSTED.read("feature_flags", "flag-4").fields().get("sim2real"));
    assertEquals(409, setFlag("k-1", off).statusCode());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"flag\":\"tactile\",\"value\":true}",
        "{\"customer_id\":\"x\",\"bundle_tier\":\"pro\",\"percent\":5,\"flag\":\"tactile\",\"value\":true}",
        "{\"bundle_tier\":\"pro\",\"flag\":\"tactile\",\"value\":true}",
        "{\"customer_id\":\"x\",\"percent\":5,\"flag\":\"tactile\",\"value\":true}",
        "{\"customer_id\":null,\"flag\":\"tactile\",\"value\":false}",
        "{\"bundle_tier\":null,\"percent\":5,\"flag\":\"tactile\",\"value\":false}",
        "{\"bundle_tier\":\"pro\",\"percent\":null,\"flag\":\"tactile\",\"value\":false}",
        "{\"bundle_tier\":\"pro\",\"percent\":100.01,\"flag\":\"tactile\",\"value\":true}",
        "{\"bundle_tier\":\"pro\",\"percent\":0.001,\"flag\":\"tactile\",\"value\":true}",
        "{\"customer_id\":\"x\",\"flag\":\"tactile_sensors\",\"value\":true}",
        "{\"customer_id\":\"x\",\"flag\":\"tactile\"}",
        "{\"customer_id\":\"_other\",\"flag\":\"tactile\",\"value\":true}",
        "{\"customer_id\":\"x\",\"flag\":\"tactile\",\"value\":\"on\"}"
      })
  void wrongBody_isRefused(String body) {
    assertEquals(400, setFlag(null, body).statusCode());
    assertFalse(HOSTED.read("feature_flags", "x").exists());
  }

  @Test
  void flagOfNobody_isNotFound() {
    String body = "{\"customer_id\":\"flag-nobody\",\"flag\":\"tactile\",\"value\":true}";
    assertEquals(404, setFlag("k-3", body).statusCode());
    assertFalse(HOSTED.read("feature_flags", "flag-nobody").exists());
  }

  // list-customers

  @Test
  void pages_holdEveryCustomerOnce() {
    Instant end = Instant.parse("1971-01-01T00:00:00Z");
    for (int i = 0; i < 7; i++) {
      Map<String, Object> fields = new HashMap<>();
      fields.put("bundle_tier", i < 5 ? "foundation" : "standard");
      fields.put("contract_end", end.plus(Duration.ofDays(i / 2)));
      fields.put("commit", Map.of("revision", 1L));
      HOSTED.set("customers", "list-" + i, fields);
    }
    String before = "contract_ends_before=1972-01-01T00:00:00Z";
    assertEquals(
        List.of("list-0", "list-1", "list-2", "list-3", "list-4", "list-5", "list-6"), ids(before));
    assertEquals(
        List.of("list-0", "list-1", "list-2", "list-3", "list-4"),
        ids(before + "&bundle_tier=foundation"));
    assertTrue(ids("bundle_tier=standard").containsAll(List.of("list-5", "list-6")));
    assertTrue(ids("").containsAll(List.of("list-0", "list-6")));
    JsonElement one = page(before + "&limit=1").getAsJsonArray("customers").get(0);
    assertEquals(
        JsonParser.parseString(
            """
            {"customer_id": "list-0", "active": false, "bundle_tier": "foundation",
             "contract_end": "1971-01-01T00:00:00Z"}\
            """),
        one);
  }

  private static JsonObject page(String query) {
    return json(HOSTED.get(ListCustomers.class, "admin", query));
  }

  private static List<String> ids(String query) {
    List<String> ids = new ArrayList<>();
    String token = "";
    do {
      JsonObject page = page("limit=3" + (query.isEmpty() ? "" : "&" + query) + token);
      JsonArray customers = page.getAsJsonArray("customers");
      customers.forEach(one -> ids.add(one.getAsJsonObject().get("customer_id").getAsString()));
      token =
          page.has("next_page_token")
              ? "&page_token=" + page.get("next_page_token").getAsString()
              : "";
    } while (!token.isEmpty());
    return ids;
  }

  @Test
  void tierThatPlansDoNotHave_listsThoseThatHaveIt() {
    customer("list-retired", "retired_tier");
    assertEquals(List.of("list-retired"), ids("bundle_tier=retired_tier"));
    assertEquals(List.of(), ids("bundle_tier=never_was"));
    assertEquals(400, HOSTED.get(ListCustomers.class, "admin", "bundle_tier=").statusCode());
  }

  @Test
  void tokenOfAnotherQuery_isRefused() {
    for (String token : List.of("x", "e30", "WyJhIiwiYiJd")) {
      assertEquals(
          400, HOSTED.get(ListCustomers.class, "admin", "page_token=" + token).statusCode(), token);
    }
  }
}
