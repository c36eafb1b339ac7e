package dev.meterkite.functions.customers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code register-customer}, through the invoker, on the emulator. */
class RegisterCustomerTest {
  private static final Hosted HOSTED = Hosted.shared();

  private static final String ALL =
      ",'bundle_tier':'pro','organization_name':'Acme','email':'ops@acme.example',"
          + "'monthly_scene_quota':-1,'audio_narration_enabled':true,"
          + "'subtitle_generation_enabled':false,'preferred_tts_voice':'en-US-Neural2-D',"
          + "'preferred_language':'en-US','support_tier':'priority',"
          + "'contract_start':'2026-01-01T00:00:00+01:00','contract_end':'2027-01-01T00:00:00Z',"
          + "'feature_overrides':{'tactile':true},'billing_anchor_day':15,"
          + "'billing_time_zone':'Europe/Berlin'";

  private static String id() {
    return "registered-" + UUID.randomUUID();
  }

  private static HttpResponse<String> register(String key, String id, String more) {
    return HOSTED.post(
        RegisterCustomer.class,
        "service",
        key,
        ("{'customer_id':'" + id + "'" + more + "}").replace('\'', '"'));
  }

  private static JsonObject registered(String id, String more) {
    HttpResponse<String> answer = register(null, id, more);
    assertEquals(200, answer.statusCode(), answer.body());
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  private static String refused(HttpResponse<String> answer, int status, String code) {
    assertEquals(status, answer.statusCode(), answer.body());
    JsonObject problem = JsonParser.parseString(answer.body()).getAsJsonObject();
    assertEquals(code, problem.get("code").getAsString());
    return !problem.has("errors")
        ? ""
        : problem.getAsJsonArray("errors").asList().stream()
            .map(JsonElement::getAsJsonObject)
            .map(each -> each.get("field").getAsString() + ":" + each.get("code").getAsString())
            .sorted()
            .collect(Collectors.joining(" "));
  }

  private static Map<String, Object> fields(String collection, String id) {
    return HOSTED.read(collection, id).fields();
  }

  private static boolean replayed(HttpResponse<String> answer) {
    return answer.headers().firstValue("Idempotency-Replayed").equals(Optional.of("true"));
  }

  @Test
  void newCustomer_hasAllThatWasGiven() {
    String id = id();
    JsonObject answer = registered(id, ALL);
    assertEquals(id, answer.get("customer_id").getAsString());
    Map<String, Object> stored = fields("customers", id);
    assertEquals("pro", stored.get("bundle_tier"));
    assertEquals(1L, stored.get("schema_version"));
    assertEquals(-1L, stored.get("monthly_scene_quota"));
    assertEquals("priority", stored.get("support_tier"));
    assertEquals(Instant.parse("2025-12-31T23:00:00Z"), stored.get("contract_start"));
    assertEquals(Map.of("tactile", true), stored.get("feature_overrides"));
    assertEquals(15L, stored.get("billing_anchor_day"));
    assertEquals(stored.get("created_at"), stored.get("updated_at"));
    assertFalse(stored.containsKey("scenes_generated_this_month"));
    assertEquals(17, stored.size(), stored::toString);
    assertEquals(true, fields("feature_flags", id).get("audio_narration"));
    assertEquals(false, fields("feature_flags", id).get("sim2real"));
  }

  @Test
  void customerWithoutATier_isStandardAndIsActive() {
    String id = id();
    JsonObject answer = registered(id, "");
    assertEquals("standard", answer.get("bundle_tier").getAsString());
    assertTrue(answer.get("active").getAsBoolean());
    JsonObject config =
        JsonParser.parseString(
                HOSTED.get(CustomerConfig.class, "service", "customer_id=" + id).body())
            .getAsJsonObject();
    assertFalse(config.toString().contains("unknown_customer"), config::toString);
    assertEquals("standard", config.get("bundle_tier").getAsString());
  }

  /** The event of the creation finds nothing to do: flags and stamps are there. */
  @Test
  void eventOfTheCreation_writesNothing() {
    String id = id();
    registered(id, ALL);
    Snapshot customer = HOSTED.read("customers", id);
    Instant flags = HOSTED.read("feature_flags", id).updateTime();
    DocumentCare care = DocumentCare.of(Backend.ofProcess());
    DocumentChange change =
        new DocumentChange(
            customer.ref(), Snapshot.absent(customer.ref()), customer, HOSTED.now(), "event-1");
    assertEquals("ok", care.customerWritten(change).outcome());
    assertEquals(flags, HOSTED.read("feature_flags", id).updateTime());
    Map<String, Object> after = fields("customers", id);
    customer.fields().forEach((name, value) -> assertEquals(value, after.get(name), name));
    assertFalse(after.containsKey("validation_errors"), after::toString);
  }

  @Test
  void repeat_changesNothing() {
    String id = id();
    JsonObject first = registered(id, ALL);
    Instant version = HOSTED.read("customers", id).updateTime();
    assertEquals(first, registered(id, ALL));
    assertEquals(first, registered(id, ""));
    assertEquals(version, HOSTED.read("customers", id).updateTime());
  }

  @Test
  void repeatWithItsKey_isAnsweredByteForByte() {
    String id = id();
    HttpResponse<String> first = register("key-" + id, id, ALL);
    HOSTED.set("customers", id, Map.of("bundle_tier", "standard", "schema_version", 1L));
    HttpResponse<String> again = register("key-" + id, id, ALL);
    assertTrue(replayed(again) && !replayed(first));
    assertEquals(first.body(), again.body());
    refused(register("key-" + id, id, ""), 409, "idempotency_conflict");
  }

  @Test
  void fieldsThatDiffer_areNamedAndNothingChanges() {
    String id = id();
    registered(id, ALL);
    Map<String, Object> before = fields("customers", id);
    assertEquals(
        "billing_anchor_day:differs bundle_tier:differs contract_end:differs"
            + " feature_overrides:differs",
        refused(
            register(
                "k-" + id,
                id,
                ",'bundle_tier':'enterprise','contract_end':'2028-01-01T00:00:00Z',"
                    + "'feature_overrides':{'tactile':false},'billing_anchor_day':16,"
                    + "'organization_name':'Acme'"),
            409,
            "already_exists"));
    assertEquals(before, fields("customers", id));
  }

  @Test
  void fieldsThatAreMissing_areSetAndTheRestStays() {
    String id = id();
    HOSTED.set(
        "customers", id, Map.of("bundle_tier", "pro", "theirs", 7L, "monthly_scene_quota", 100.0));
    registered(id, ",'monthly_scene_quota':100,'organization_name':'Acme'");
    Map<String, Object> stored = fields("customers", id);
    assertEquals("Acme", stored.get("organization_name"));
    assertEquals(7L, stored.get("theirs"));
    assertEquals(100.0, stored.get("monthly_scene_quota"));
  }

  @Test
  void contractThatWouldEndBeforeItStarts_isInvalid() {
    String id = id();
    registered(id, ",'contract_start':'2026-06-01T00:00:00Z'");
    assertEquals(
        "contract_end:inconsistent",
        refused(
            register(null, id, ",'contract_end':'2026-05-01T00:00:00Z'"), 400, "invalid_request"));
    assertFalse(fields("customers", id).containsKey("contract_end"));
  }

  @Test
  void registrationsAtOnce_createOneCustomer() {
    String id = id();
    List<HttpResponse<String>> answers =
        IntStream.range(0, 16)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> register(i % 2 == 0 ? "k" + i + id : null, id, ALL)))
            .toList()
            .stream()
            .map(CompletableFuture::join)
            .toList();
    answers.forEach(answer -> assertEquals(200, answer.statusCode(), answer.body()));
    assertEquals(1, answers.stream().map(HttpResponse::body).distinct().count());
  }

  /** Whoever is first, another program or the registration, the end is the same. */
  @Test
  void customerOfAnotherProgram_endsTheSame() {
    for (int i = 0; i < 6; i++) {
      String id = id();
      DocRef ref = new DocRef("customers", id);
      CompletableFuture<HttpResponse<String>> answer =
          CompletableFuture.supplyAsync(
              () -> register(null, id, ",'bundle_tier':'pro','organization_name':'Acme'"));
      try {
        HOSTED.store().commit(List.of(Mutation.create(ref, Map.of("bundle_tier", "pro")))).join();
      } catch (CompletionException e) {
        // The registration was faster.
      }
      assertEquals(200, answer.join().statusCode(), answer.join().body());
      assertEquals("Acme", fields("customers", id).get("organization_name"));
    }
  }

  @Test
  void faults_areAllNamedAndLeaveNothing() {
    String id = id();
    assertEquals(
        "audio_narration_enabled:wrong_type billing_anchor_day:out_of_range"
            + " billing_time_zone:out_of_range bundle_tier:unknown_value contract_end:inconsistent"
            + " email:format feature_overrides.audio_narration:wrong_type"
            + " feature_overrides.teleport:unknown_field monthly_scene_quota:out_of_range"
            + " scenes_generated_this_month:unknown_field support_tier:unknown_value",
        refused(
            register(
                null,
                id,
                ",'bundle_tier':'gold','email':'no@','monthly_scene_quota':-2,"
                    + "'audio_narration_enabled':'yes','support_tier':'best',"
                    + "'contract_start':'2027-01-01T00:00:00Z',"
                    + "'contract_end':'2027-01-01T00:00:00Z',"
                    + "'feature_overrides':{'audio_narration':1,'teleport':true},"
                    + "'billing_anchor_day':32,'billing_time_zone':'Mars/Base',"
                    + "'scenes_generated_this_month':0"),
            400,
            "invalid_request"));
    assertFalse(HOSTED.read("customers", id).exists());
    assertFalse(HOSTED.read("feature_flags", id).exists());
  }

  @ParameterizedTest
  @CsvSource({
    "_global, reserved_id",
    "_x, reserved_id",
    "__x__, format",
    "a/b, format",
    "., format",
    "'', format"
  })
  void hostileIds_areRefused(String id, String code) {
    assertEquals("customer_id:" + code, refused(register(null, id, ""), 400, "invalid_request"));
    assertFalse(HOSTED.read("customers", "_global").exists());
  }
}
