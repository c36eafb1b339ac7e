package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Customers, scenes and flags on the whole host: events come from the emulator's own triggers. */
class CustomersTest {
  @TempDir static Path folder;
  private static LocalHost host;
  private static HostClient client;
  private static FirestoreStore store;

  @BeforeAll
  static void start() {
    Path table = home().resolve("functions.tsv");
    host = LocalHost.start(Options.forTests().withProcesses(1), "customers", null, table, folder);
    client = new HostClient(host);
    store =
        FirestoreStore.open(
            new Settings(
                Map.of(
                    "FIRESTORE_EMULATOR_HOST", host.firestore(),
                    "GOOGLE_CLOUD_PROJECT", host.project())));
  }

  @AfterAll
  static void stop() {
    store.close();
    host.close();
  }

  private static Path home() {
    return Path.of("").toAbsolutePath().getParent();
  }

  private static void set(String collection, String id, Map<String, Object> fields) {
    store.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  private static Snapshot read(String collection, String id) {
    return store.read(List.of(new DocRef(collection, id))).join().get(0);
  }

  private static void settle() {
    HostClient.await("no event waits", () -> host.events().counts().pending() == 0);
  }

  private static String errors(String collection, String id) {
    return String.valueOf(read(collection, id).fields().get("validation_errors"));
  }

  private static JsonObject config(String query) {
    String token = client.get("/local/token?role=service").body();
    return HostClient.json(
        client.send(
            client
                .request("/customer-config?" + query)
                .header("Authorization", "Bearer " + token)));
  }

  /** A38: what a new customer costs is counted; nothing follows what the triggers wrote. */
  @Test
  void sceneBeforeItsCustomer_isFlaggedUntilTheCustomerAppears() {
    set("scenes", "flow-s", Map.of("customer_id", "flow", "max_variations", 9L, "theirs", "x"));
    HostClient.await("flagged", () -> errors("scenes", "flow-s").contains("unknown_customer"));
    assertEquals("x", read("scenes", "flow-s").fields().get("theirs"));
    settle();
    long delivered = host.events().counts().delivered();

    set("customers", "flow", Map.of("bundle_tier", "pro", "theirs", List.of(1L)));
    HostClient.await(
        "cleared", () -> !read("scenes", "flow-s").fields().containsKey("validation_errors"));
    HostClient.await("flags", () -> read("feature_flags", "flow").exists());
    // The customer, its stamps, the scene: each written once, each an event.
    HostClient.await("three events", () -> host.events().counts().delivered() == delivered + 3);
    settle();
    Map<String, Object> customer = read("customers", "flow").fields();
    assertEquals(List.of(1L), customer.get("theirs"));
    assertEquals(1L, customer.get("schema_version"));
    assertTrue(customer.get("created_at") instanceof Instant, customer::toString);
    Map<String, Object> tended = new HashMap<>(read("scenes", "flow-s").fields());
    tended.put("robot_type", "franka");
    set("scenes", "flow-s", tended);
    HostClient.await("the next one", () -> host.events().counts().delivered() > delivered + 3);
    settle();
    assertEquals(4, host.events().counts().delivered() - delivered, "nothing came in between");
    assertEquals("pro", config("scene_id=flow-s").get("bundle_tier").getAsString());
  }

  @Test
  void tierAndErrors_areCarriedAsTheyChange() {
    Map<String, Object> fields = new HashMap<>();
    fields.put("bundle_tier", "standard");
    fields.put("monthly_scene_quota", -2L);
    fields.put("scenes_generated_this_month", 4L);
    set("customers", "tiers", fields);
    HostClient.await("errors", () -> errors("customers", "tiers").contains("monthly_scene_quota"));
    HostClient.await("due", () -> read("customers", "tiers").fields().containsKey("quota_due_at"));
    HostClient.await("flags", () -> read("feature_flags", "tiers").exists());
    DocRef flags = new DocRef("feature_flags", "tiers");
    store.commit(List.of(Mutation.blind(flags, Map.of("sim2real", true), Map.of()))).join();

    DocRef customer = new DocRef("customers", "tiers");
    Map<String, Object> changes = Map.of("bundle_tier", "pro", "monthly_scene_quota", 5L);
    store.commit(List.of(Mutation.blind(customer, changes, Map.of()))).join();
    HostClient.await(
        "carried",
        () -> Boolean.TRUE.equals(read("feature_flags", "tiers").fields().get("vla_finetuning")));
    settle();
    assertEquals("null", errors("customers", "tiers"));
    Map<String, Object> carried = read("feature_flags", "tiers").fields();
    assertEquals(true, carried.get("sim2real"), "set by somebody, not by the tier");
    assertEquals(false, carried.get("tactile"));
  }

  /** A39: they are delivered, acknowledged, and hold nobody up. */
  @Test
  void hostileDocuments_blockNothing() {
    for (String collection :
        List.of(
            "customers",
            "scenes",
            "podcast_jobs",
            "users",
            "usage_tracking",
            "model_quotas",
            "model_provider_health",
            "model_router_alerts")) {
      Map<String, Object> odd = new HashMap<>();
      for (String name : List.of("bundle_tier", "customer_id", "user_id", "status", "action")) {
        odd.put(name, "..");
      }
      odd.put("tier", null);
      odd.put("windows", "none");
      odd.put("circuit", List.of(1L));
      set(collection, "__x", odd);
      set(collection, "\ud83e\ude81,é%2F", odd);
      set(collection, "y".repeat(1_500), odd);
      odd.put("padding", "z".repeat(1_000_000));
      set(collection, "large", odd);
      store.commit(List.of(Mutation.delete(new DocRef(collection, "__x")))).join();
    }
    set("customers", "after", Map.of("bundle_tier", "pro"));
    HostClient.await("the next one", () -> read("feature_flags", "after").exists());
    // Where two events met at one document, one came again; none comes for ever.
    settle();
    assertEquals(0, host.events().counts().dropped());
  }

  /** The commands that README and docs show, on the host that is up. */
  @Test
  void migrateExportImport_workOnTheHostThatIsUp() throws IOException {
    Path files = Files.createDirectories(folder.resolve("files"));
    Files.writeString(
        files.resolve("customers.json"),
        "[{\"customer_id\": \"moved\", \"bundle_tier\": \"enterprise\"}]");
    Files.writeString(files.resolve("scenes.json"), "{\"id\": \"m\", \"customer_id\": \"moved\"}");
    assertTrue(run(0, "migrate", files.toString(), "--dry-run").contains("Dry run"));
    assertFalse(read("customers", "moved").exists());
    String report = run(0, "migrate", files.toString());
    assertTrue(report.contains("Done: everything is there"), report);
    HostClient.await(
        "stamped", () -> read("customers", "moved").fields().containsKey("created_at"));
    assertEquals("enterprise", config("scene_id=m").get("bundle_tier").getAsString());
    assertTrue(run(0, "migrate", files.toString()).contains("there already"));

    Path exported = folder.resolve("exported");
    settle();
    run(0, "export", exported.toString());
    Map<String, Object> before = read("customers", "moved").fields();
    store.commit(List.of(Mutation.delete(new DocRef("customers", "moved")))).join();
    settle();
    run(0, "import", exported.toString());
    assertEquals(before, read("customers", "moved").fields());
    settle();
  }

  private static String run(int status, String... words) {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--port", host.url().substring(host.url().lastIndexOf(':') + 1)));
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    int ended = Main.run(line.toArray(String[]::new), out, out);
    String text = printed.toString(StandardCharsets.UTF_8);
    assertEquals(status, ended, text);
    return text;
  }

  @Test
  void troubleshooting_printsWhatItSays() throws Exception {
    String text = Files.readString(home().resolve("docs/troubleshooting.md"));
    Matcher blocks = Pattern.compile("```(sh|text)\n(.*?)```\n", Pattern.DOTALL).matcher(text);
    StringBuilder script = new StringBuilder("set -u\n");
    List<String> expected = new ArrayList<>();
    while (blocks.find()) {
      if (blocks.group(1).equals("sh")) {
        script.append("echo @@\n").append(blocks.group(2));
        expected.add("");
      } else {
        expected.set(expected.size() - 1, blocks.group(2));
      }
    }
    assertTrue(expected.size() > 8, "the document has another form");
    Path file = folder.resolve("troubleshooting.sh");
    Files.writeString(file, script.toString().replace("http://127.0.0.1:8080", host.url()));
    Path printed = folder.resolve("troubleshooting.out");
    Process bash =
        new ProcessBuilder("bash", file.toString())
            .redirectErrorStream(true)
            .redirectOutput(printed.toFile())
            .start();
    try {
      assertTrue(
          bash.waitFor(HostClient.WAIT_AT_MOST.toSeconds(), TimeUnit.SECONDS),
          () -> "hangs: " + text(printed));
    } finally {
      bash.descendants().forEach(ProcessHandle::destroyForcibly);
      bash.destroyForcibly();
    }
    List<String> answers = List.of(text(printed).split("@@\n", -1));
    assertEquals(expected, answers.subList(1, answers.size()));
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
