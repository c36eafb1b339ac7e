package dev.meterkite.functions.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.functions.CloudEventsFunction;
import com.google.cloud.functions.HttpFunction;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.nimbusds.jose.jwk.RSAKey;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.http.TokenServer;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A product with tiers, packages, prices of jobs, bundle tiers and flags that are not the usual.
 */
class OwnPlansTest {
  private static final String CREDITS = "dev.meterkite.functions.credits.";
  private static final String CUSTOMERS = "dev.meterkite.functions.customers.";
  private static final String SECRET = "whsec_own_plans";

  private final MemoryStore memory = new MemoryStore();
  private final RSAKey key = TokenServer.rsa("plans");
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.now().truncatedTo(ChronoUnit.MICROS));
  private final TokenServer issuer;
  private final Backend backend;

  OwnPlansTest() throws Exception {
    issuer = new TokenServer(key);
    Map<String, String> values = new HashMap<>();
    values.put("GOOGLE_CLOUD_PROJECT", "simulated");
    values.put("TOKEN_ISSUERS", "[" + issuer.setting("local", "") + "]");
    values.put("STRIPE_PRICES", "{\"price_forest\": \"forest\", \"price_40\": 40}");
    values.put("STRIPE_WEBHOOK_SECRET", SECRET);
    values.put("SERVICE_ACCOUNTS", "service@tests.invalid");
    values.put("LOG_FORMAT", "jul");
    Settings settings = new Settings(values);
    backend =
        new Backend(
            settings,
            memory,
            now::get,
            new Pauses(),
            Edge.of(settings),
            Intake.of(settings),
            Log.ofProcess(settings));
  }

  private Object function(String type) throws ReflectiveOperationException {
    return Class.forName(type).getConstructor(Backend.class).newInstance(backend);
  }

  @AfterEach
  void close() throws IOException {
    issuer.close();
  }

  private static Map<String, Object> tier(String word, long credits, long longest) {
    return Map.of("tier", word, "monthly_credits", credits, "longest_job_min", longest);
  }

  private static Map<String, Object> bundle(String word, long variations, List<String> flags) {
    Map<String, Object> tier = new HashMap<>();
    tier.put("tier", word);
    tier.put("data_pack_tier", "plus");
    tier.put("episodes_per_variation", 3L);
    tier.put("max_variations", variations);
    tier.put("min_quality_score", 0.5);
    tier.put("vla_models", List.of("own-1"));
    tier.put("num_language_variations", 2L);
    tier.put("monthly_scene_quota", 1L);
    tier.put("flags", flags);
    return tier;
  }

  private static Map<String, Object> plans(String version, double hd) {
    Map<String, Object> plans = new HashMap<>();
    plans.put("version", version);
    plans.put(
        "tiers",
        List.of(
            tier("seed", 7, 5),
            tier("sprout", 70, 10),
            tier("tree", 700, 20),
            tier("forest", 7_000, 40)));
    plans.put("packages", List.of(Map.of("credits", 40L, "price_cents", 900L)));
    plans.put(
        "jobs",
        Map.of(
            "credits_per_minute",
            2L,
            "qualities",
            List.of(
                Map.of("quality", "plain", "multiplier", 1L),
                Map.of("quality", "studio", "multiplier", hd)),
            "priorities",
            List.of(Map.of("priority", "night", "multiplier", 0.5))));
    plans.put(
        "bundle_tiers",
        List.of(bundle("bench", 4, List.of()), bundle("lab", 9, List.of("tactile", "deformable"))));
    return plans;
  }

  private void write(DocRef ref, Map<String, Object> fields) {
    memory.commit(List.of(Mutation.replace(ref, fields))).join();
  }

  private Snapshot read(String collection, String id) {
    return memory.read(List.of(new DocRef(collection, id))).join().get(0);
  }

  private JsonObject call(int status, String function, String input) {
    Request request = input.startsWith("{") ? Request.post(input) : Request.get(input);
    request =
        request.token(
            TokenServer.sign(
                key,
                issuer
                    .claims("service", Instant.now())
                    .claim("email", "service@tests.invalid")
                    .claim("email_verified", true)
                    .build()));
    if (input.startsWith("{")) {
      request = request.header("Idempotency-Key", UUID.randomUUID().toString());
    }
    return answer(status, function, request);
  }

  private JsonObject answer(int status, String function, Request request) {
    Response response = new Response();
    try {
      ((HttpFunction) function(function)).service(request, response);
    } catch (Exception e) {
      throw new AssertionError(function, e);
    }
    assertEquals(status, response.status(), response.body());
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  private void stripe(String json) throws Exception {
    long time = Instant.now().getEpochSecond();
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    String signature =
        HexFormat.of().formatHex(mac.doFinal((time + "." + json).getBytes(StandardCharsets.UTF_8)));
    answer(
        200,
        CREDITS + "StripeWebhook",
        Request.post(json).header("Stripe-Signature", "t=" + time + ",v1=" + signature));
  }

  /** Another program writes a job, and the trigger hears of it. */
  private Map<?, ?> job(String id, Map<String, Object> fields) throws Exception {
    DocRef ref = new DocRef("podcast_jobs", id);
    Map<String, Object> before = read("podcast_jobs", id).fields();
    Map<String, Object> after = new HashMap<>(before);
    after.putAll(fields);
    write(ref, after);
    ((CloudEventsFunction) function(CREDITS + "OnJobWritten"))
        .accept(FakeEvent.of(ref, before, after));
    return (Map<?, ?>) read("podcast_jobs", id).fields().get("payment");
  }

  private static Map<String, Object> ordered(String quality, String status) {
    return Map.of(
        "user_id",
        "ada",
        "topic",
        "trees",
        "duration_min",
        10.0,
        "quality",
        quality,
        "status",
        status);
  }

  @Test
  void usersOfOtherPlans_areGrantedSoldAndChargedByThem() throws Exception {
    write(Plans.REF, plans("own-1", 1.5));
    JsonObject refused =
        call(400, CREDITS + "RegisterUser", "{\"user_id\":\"ada\",\"tier\":\"pro\"}");
    assertTrue(refused.toString().contains("seed, sprout, tree, forest"), refused.toString());
    JsonObject ada = call(200, CREDITS + "RegisterUser", "{\"user_id\":\"ada\",\"tier\":\"tree\"}");
    assertEquals(700, ada.get("balance").getAsLong());
    JsonObject eve = call(200, CREDITS + "RegisterUser", "{\"user_id\":\"eve\"}");
    assertEquals("seed 7", eve.get("tier").getAsString() + " " + eve.get("balance").getAsLong());

    String created = Long.toString(Instant.now().getEpochSecond());
    stripe(
        "{\"id\":\"evt_1\",\"type\":\"checkout.session.completed\",\"created\":"
            + created
            + ",\"data\":{\"object\":{\"id\":\"cs_1\",\"object\":\"checkout.session\","
            + "\"mode\":\"payment\",\"payment_status\":\"paid\",\"payment_intent\":\"pi_1\","
            + "\"client_reference_id\":\"ada\",\"currency\":\"usd\",\"amount_subtotal\":1800,"
            + "\"amount_total\":1800,\"metadata\":{\"price_id\":\"price_40\"}}}}");
    assertEquals(780L, read("users", "ada").fields().get("credits_balance"));

    JsonObject quote =
        call(200, CREDITS + "QuoteJob", "{\"duration_min\":10,\"quality\":\"studio\"}");
    assertEquals(15, quote.get("credits_required").getAsLong());
    assertEquals("own-1", quote.get("plans_version").getAsString());
    call(400, CREDITS + "QuoteJob", "{\"duration_min\":10,\"quality\":\"hd\"}");

    assertEquals(15L, job("j-1", ordered("studio", "queued")).get("credits"));
    assertEquals("invalid_job", job("j-2", ordered("hd", "queued")).get("code"));
    Map<String, Object> tooLong = new HashMap<>(ordered("plain", "queued"));
    tooLong.put("duration_min", 20.5);
    assertEquals("duration_exceeds_tier", job("j-3", tooLong).get("code"));

    // A job that is held keeps its price when plans change; the next one has the new one.
    write(Plans.REF, plans("own-2", 4));
    now.set(now.get().plusSeconds(61));
    assertEquals(40L, job("j-4", ordered("studio", "queued")).get("credits"));
    Map<?, ?> done = job("j-1", Map.of("status", "completed"));
    assertEquals("captured 15", done.get("status") + " " + done.get("credits"));
    write(Plans.REF, plans("own-3", 1));
    now.set(now.get().plusSeconds(61));
    done = job("j-4", Map.of("status", "completed"));
    assertEquals("captured 40", done.get("status") + " " + done.get("credits"));

    JsonObject statement = call(200, CREDITS + "CreditStatement", "user_id=ada");
    StringBuilder lines = new StringBuilder();
    statement
        .getAsJsonArray("transactions")
        .forEach(
            each -> {
              JsonObject line = each.getAsJsonObject();
              lines.append(line.get("amount")).append(" by ").append(line.get("plans_version"));
              lines.append('\n');
            });
    assertEquals(
        "-40 by \"own-2\"\n-15 by \"own-1\"\n80 by \"own-1\"\n700 by \"own-1\"\n",
        lines.toString());
  }

  @Test
  void customersOfOtherPlans_getTheirSettingsFlagsAndQuota() {
    write(Plans.REF, plans("own-1", 1.5));
    call(400, CUSTOMERS + "RegisterCustomer", "{\"customer_id\":\"c\",\"bundle_tier\":\"pro\"}");
    JsonObject lab =
        call(
            200, CUSTOMERS + "RegisterCustomer", "{\"customer_id\":\"c\",\"bundle_tier\":\"lab\"}");
    assertEquals(1, lab.get("monthly_scene_quota").getAsLong());
    JsonObject config = call(200, CUSTOMERS + "CustomerConfig", "customer_id=c");
    assertEquals("own-1", config.get("plans_version").getAsString());
    JsonObject settings = config.getAsJsonObject("settings");
    assertEquals(9, settings.getAsJsonObject("max_variations").get("value").getAsLong());
    JsonObject flags = config.getAsJsonObject("feature_flags");
    assertTrue(flags.getAsJsonObject("deformable").get("value").getAsBoolean());
    assertFalse(flags.getAsJsonObject("audio_narration").get("value").getAsBoolean());
    String usage = "dev.meterkite.functions.usage.RecordUsage";
    call(200, usage, scene("s-1"));
    JsonObject over = call(409, usage, scene("s-2"));
    assertTrue(over.toString().contains("quota"), over.toString());
  }

  /** A repeat of what was registered changes nothing, also when plans have lost the tier since. */
  @Test
  void tierThatPlansLost_isAnsweredWhereItIs_andRefusedWhereItIsNew() {
    write(Plans.REF, plans("own-1", 1.5));
    String user = "{\"user_id\":\"ada\",\"tier\":\"sprout\"}";
    String customer = "{\"customer_id\":\"c\",\"bundle_tier\":\"lab\"}";
    JsonObject ada = call(200, CREDITS + "RegisterUser", user);
    JsonObject lab = call(200, CUSTOMERS + "RegisterCustomer", customer);

    Map<String, Object> without = plans("own-2", 1.5);
    without.put("tiers", List.of(tier("seed", 7, 5), tier("tree", 700, 20)));
    without.put("packages", List.of());
    without.put("bundle_tiers", List.of(bundle("bench", 4, List.of())));
    write(Plans.REF, without);
    now.set(now.get().plusSeconds(61));

    assertEquals(ada, call(200, CREDITS + "RegisterUser", user));
    assertEquals(lab, call(200, CUSTOMERS + "RegisterCustomer", customer));
    call(409, CREDITS + "RegisterUser", user.replace("sprout", "forest"));
    call(409, CUSTOMERS + "RegisterCustomer", customer.replace("lab", "other"));
    write(new DocRef("users", "bare"), Map.of("user_id", "bare"));
    write(new DocRef("customers", "bare"), Map.of("schema_version", 1L));
    for (String id : List.of("new", "bare", "a/b")) {
      JsonObject problem = call(400, CREDITS + "RegisterUser", user.replace("ada", id));
      assertTrue(problem.toString().contains("must be one of seed, tree"), problem.toString());
      problem =
          call(400, CUSTOMERS + "RegisterCustomer", customer.replace("\"c\"", "\"" + id + "\""));
      assertTrue(problem.toString().contains("must be one of bench"), problem.toString());
    }
    assertFalse(read("users", "new").exists());
    assertFalse(read("customers", "new").exists());
  }

  private static String scene(String id) {
    return "{\"customer_id\":\"c\",\"scene_id\":\"" + id + "\",\"action\":\"scene_generated\"}";
  }
}
