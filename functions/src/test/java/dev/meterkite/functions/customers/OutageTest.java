package dev.meterkite.functions.customers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.emulator.FirestoreEmulator;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.customers.Configurations.Request;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Call;
import dev.meterkite.functions.http.Caller;
import dev.meterkite.functions.http.Role;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configuration while Firestore cannot be reached: over a port on which nobody listens. */
class OutageTest {
  private static final Hosted HOSTED = Hosted.shared();
  private static final Caller SERVICE = new Caller(Set.of(Role.SERVICE), "service");

  @TempDir Path folder;

  private final ByteArrayOutputStream lines = new ByteArrayOutputStream();
  private final FirestoreStore dead =
      FirestoreStore.open(
          new Settings(
              Map.of(
                  "FIRESTORE_EMULATOR_HOST",
                  "127.0.0.1:" + FirestoreEmulator.freePort(),
                  "GOOGLE_CLOUD_PROJECT",
                  "p")));
  private final Line line = new Line();
  private Instant now = Instant.parse("2026-01-01T00:00:00Z");

  /** A connection that can be cut. */
  private final class Line implements Store {
    private boolean cut;
    private int reads;

    private Store end() {
      return cut ? dead : HOSTED.store();
    }

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      reads++;
      return end().read(refs);
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      return end().find(query);
    }

    @Override
    public CompletableFuture<Number> total(Query query, String sum) {
      return end().total(query, sum);
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      return end().commit(mutations);
    }
  }

  @AfterEach
  void close() {
    dead.close();
    HOSTED.delete("feature_flags", "_global");
  }

  private Configurations configurations(Map<String, String> environment) {
    Backend shared = Backend.ofProcess();
    PrintStream out = new PrintStream(lines, true, StandardCharsets.UTF_8);
    Map<String, String> all = new HashMap<>(environment);
    all.put("GOOGLE_CLOUD_PROJECT", "p");
    Backend backend =
        new Backend(
            new Settings(all),
            line,
            () -> now,
            shared.turns(),
            shared.edge(),
            shared.intake(),
            new Log(Optional.empty(), () -> now, out));
    return new Configurations(backend, new CurrentPlans(backend));
  }

  private Map<String, String> file(String mode, String json) throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), json);
    return Map.of("CUSTOMER_CONFIG_FILE", file.toString(), "CUSTOMER_CONFIG_MODE", mode);
  }

  private static Answer ask(Configurations of, Caller caller, String customer, String scene) {
    return of.answer(new Call<>(caller, new Request(customer, scene, false), null, "", "r"));
  }

  private static JsonObject config(Configurations of, String customer) {
    Answer answer = ask(of, SERVICE, customer, null);
    assertEquals(200, answer.status(), answer::body);
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  private static String flag(JsonObject config, String name) {
    JsonObject flag = config.getAsJsonObject("feature_flags").getAsJsonObject(name);
    return flag.get("value") + " by " + flag.get("source").getAsString();
  }

  private static String said(JsonObject config) {
    return config.get("bundle_tier").getAsString()
        + " from "
        + config.get("source").getAsString()
        + ", "
        + config.get("age_seconds").getAsLong()
        + " s old";
  }

  private long logged(String text) {
    return lines.toString(StandardCharsets.UTF_8).lines().filter(l -> l.contains(text)).count();
  }

  @Test
  void lastKnownValue_isAnsweredWithItsAgeAndTheOutageLoggedOnce() {
    HOSTED.set("customers", "out-1", Map.of("bundle_tier", "enterprise"));
    Configurations configurations = configurations(Map.of());
    assertEquals("enterprise from firestore, 0 s old", said(config(configurations, "out-1")));

    line.cut = true;
    now = now.plusSeconds(4);
    assertEquals("enterprise from firestore, 4 s old", said(config(configurations, "out-1")));
    for (int second = 5; second < 60; second++) {
      now = Instant.parse("2026-01-01T00:00:00Z").plusSeconds(second);
      assertEquals(
          "enterprise from cache, " + second + " s old", said(config(configurations, "out-1")));
    }
    assertEquals(1, logged("Firestore cannot be reached"));

    line.cut = false;
    now = now.plus(DocumentCache.PAUSE);
    assertEquals("enterprise from firestore, 0 s old", said(config(configurations, "out-1")));
    assertEquals(1, logged("Firestore answers again"));

    line.cut = true;
    now = now.plusSeconds(6);
    config(configurations, "out-1");
    assertEquals(2, logged("Firestore cannot be reached"), "a second outage");
  }

  @Test
  void duringAnOutage_firestoreIsAskedOnceASecond() {
    Configurations configurations = configurations(Map.of());
    line.cut = true;
    for (int i = 0; i < 50; i++) {
      assertEquals("default", config(configurations, "out-2-" + i).get("source").getAsString());
    }
    assertEquals(1, line.reads);
    now = now.plus(DocumentCache.PAUSE);
    config(configurations, "out-2");
    assertEquals(2, line.reads);
  }

  @Test
  void knownKill_staysThroughTheOutageForCustomersNeverSeen() throws IOException {
    HOSTED.set("feature_flags", "_global", Map.of("tactile", false));
    HOSTED.set("customers", "out-3", Map.of("bundle_tier", "enterprise"));
    Configurations configurations =
        configurations(
            file(
                "fallback",
                """
                {"customers": {"out-4": {"bundle_tier": "foundation"}},
                 "feature_flags": {"_global": {"tactile": true}, "out-4": {"tactile": true}}}\
                """));
    config(configurations, "out-3");
    line.cut = true;
    now = now.plus(Duration.ofDays(30));
    assertEquals("false by global", flag(config(configurations, "out-3"), "tactile"));
    JsonObject other = config(configurations, "out-4");
    assertEquals("foundation from file, 2592000 s old", said(other));
    assertEquals("false by global", flag(other, "tactile"));
  }

  @Test
  void file_standsInForWhatIsNotKnownAndThenTheDefaults() throws IOException {
    HOSTED.set("customers", "out-5", Map.of("bundle_tier", "enterprise"));
    Configurations configurations =
        configurations(
            file(
                "fallback",
                """
                {"customers": {"out-5": {"bundle_tier": "pro"}},
                 "scenes": {"out-5-scene": {"customer_id": "out-5", "max_variations": 7}}}\
                """));
    line.cut = true;
    assertEquals("pro from file, 0 s old", said(config(configurations, "out-5")));
    assertEquals("standard from default, 0 s old", said(config(configurations, "out-6")));
    Answer scene = ask(configurations, SERVICE, null, "out-5-scene");
    assertTrue(scene.body().contains("\"max_variations\":{\"value\":7,\"source\":\"file\"}"));
    line.cut = false;
    now = now.plus(DocumentCache.PAUSE);
    assertEquals("enterprise from firestore, 0 s old", said(config(configurations, "out-5")));
  }

  @Test
  void overridingFile_standsOverTheDocumentsFieldByField() throws IOException {
    HOSTED.set(
        "customers", "out-7", Map.of("bundle_tier", "enterprise", "preferred_language", "de-DE"));
    HOSTED.set("feature_flags", "_global", Map.of("sim2real", false));
    Configurations configurations =
        configurations(
            file(
                "override",
                """
                {"customers": {"out-7": {"preferred_language": "en-US"}},
                 "feature_flags": {"out-7": {"bimanual": true}, "_global": {"sim2real": true}}}\
                """));
    JsonObject config = config(configurations, "out-7");
    assertEquals("enterprise from firestore, 0 s old", said(config));
    assertEquals(
        "{\"value\":\"en-US\",\"source\":\"file\"}",
        config.getAsJsonObject("settings").get("preferred_language").toString());
    assertEquals("true by file", flag(config, "bimanual"));
    assertEquals("false by global", flag(config, "sim2real"));
  }

  /** A35 */
  @Test
  void userWhoseSceneCannotBeRead_getsNothing() {
    Configurations configurations = configurations(Map.of());
    line.cut = true;
    Caller user = new Caller(Set.of(Role.USER), "out-8");
    assertEquals(503, ask(configurations, user, null, "out-8-scene").status());
    assertEquals(200, ask(configurations, SERVICE, null, "out-8-scene").status());
    assertEquals(200, ask(configurations, user, "out-8", "out-8-scene").status());
    assertEquals(403, ask(configurations, user, "out-9", "out-8-scene").status());
  }

  @Test
  void fileThatCannotBeRead_failsAtTheStartNamingIt() throws IOException {
    for (String broken :
        List.of("[]", "{\"customers\": 1}", "{\"customers\": {\"a/b\": {}}}", "{")) {
      Map<String, String> environment = file("fallback", broken);
      Exception failure =
          assertThrows(IllegalArgumentException.class, () -> configurations(environment));
      assertTrue(failure.getMessage().startsWith("CUSTOMER_CONFIG_FILE "), failure::getMessage);
    }
    Map<String, String> mode = file("sometimes", "{}");
    assertThrows(IllegalArgumentException.class, () -> configurations(mode));
    Map<String, String> missing = Map.of("CUSTOMER_CONFIG_FILE", "/no/such/file");
    assertThrows(IllegalArgumentException.class, () -> configurations(missing));
  }
}
