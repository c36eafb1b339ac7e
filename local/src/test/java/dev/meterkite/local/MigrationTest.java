package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.emulator.JavaCommand;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Migration, export and import on the emulator, each test in a project of its own. */
class MigrationTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path folder;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private FirestoreStore store;

  @BeforeEach
  void open() {
    store = fresh();
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static FirestoreStore fresh() {
    return open(EmulatorForTests.freshProject());
  }

  private static FirestoreStore open(String project) {
    return FirestoreStore.open(
        new Settings(
            Map.of(
                "FIRESTORE_EMULATOR_HOST",
                EmulatorForTests.shared().host(),
                "GOOGLE_CLOUD_PROJECT",
                project)));
  }

  private void file(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private int migrate(Store into, boolean dryRun) throws IOException {
    printed.reset();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    return new Migration(into, CurrentPlans.seeded(), () -> NOW, out).run(folder, dryRun);
  }

  private String report() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  private Snapshot read(String collection, String id) {
    return store.read(List.of(new DocRef(collection, id))).join().get(0);
  }

  private void examples() throws IOException {
    file(
        "customers/lab_001.json",
        """
        {"bundle_tier": "pro", "monthly_scene_quota": 100, "scenes_generated_this_month": 45,
         "contract_start": "2025-01-01T00:00:00Z", "feature_overrides": {"tactile_sensors": true},
         "our_field": [1, 2.5]}\
        """);
    file("customers.json", "[{\"customer_id\": \"lab_002\", \"bundle_tier\": \"enterprise\"}]");
    file(
        "scenes.jsonl",
        """
        {"scene_id": "kitchen", "customer_id": "lab_001", "min_quality_score": 1}

        {"scene_id": "garage", "customer_id": "lab_002"}
        """);
    file("users/user_1.json", "{\"tier\": \"pro\", \"credits_balance\": 12, \"email\": \"e\"}");
  }

  @Test
  void files_becomeDocumentsWithFlagsOnce() throws IOException {
    examples();
    assertEquals(0, migrate(store, true), this::report);
    assertTrue(report().contains("Plan: 4 files, 5 documents"), this::report);
    assertFalse(read("customers", "lab_001").exists(), "a dry run writes nothing");

    assertEquals(0, migrate(store, false), this::report);
    Map<String, Object> lab = read("customers", "lab_001").fields();
    assertEquals(1L, lab.get("schema_version"));
    assertEquals(45L, lab.get("scenes_generated_this_month"));
    assertEquals(Instant.parse("2025-01-01T00:00:00Z"), lab.get("contract_start"));
    assertEquals(List.of(1L, 2.5), lab.get("our_field"));
    assertEquals(1.0, read("scenes", "kitchen").fields().get("min_quality_score"));
    assertEquals(true, read("feature_flags", "lab_002").fields().get("tactile"));
    assertEquals(12L, read("users", "user_1").fields().get("credits_balance"));
    assertTrue(report().contains("flag documents                   2 of 2"), this::report);

    Instant before = read("customers", "lab_001").updateTime();
    assertEquals(0, migrate(store, false), this::report);
    assertEquals(before, read("customers", "lab_001").updateTime());
  }

  @Test
  void whatIsWrong_isReportedAndTheRestMigrated() throws IOException {
    examples();
    file("customers/bad.json", "{\"bundle_tier\": \"platinum\"}");
    file("customers/later.json", "{\"bundle_tier\": \"pro\", \"schema_version\": 9}");
    file("scenes/lost.json", "{\"customer_id\": \"nobody\"}");
    assertEquals(1, migrate(store, false), this::report);
    for (String problem :
        List.of("problem bad: invalid", "problem later: later_version", "unknown_customer")) {
      assertTrue(report().contains(problem), this::report);
    }
    assertFalse(read("customers", "bad").exists());
    assertTrue(read("customers", "lab_001").exists());
    assertTrue(read("scenes", "lost").exists(), "flagged by its trigger, not lost");
  }

  @Test
  void documentThatDiffers_isLeftAlone() throws IOException {
    examples();
    DocRef lab = new DocRef("customers", "lab_001");
    store.commit(List.of(Mutation.replace(lab, Map.of("bundle_tier", "foundation")))).join();
    assertEquals(1, migrate(store, false), this::report);
    assertEquals("foundation", read("customers", "lab_001").fields().get("bundle_tier"));
    assertTrue(report().contains("customers there, and different"), this::report);
  }

  @Test
  void stoppedMigration_goesOnWhereItWas() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 250; i++) {
      lines.append("{\"customer_id\": \"c").append(i).append("\", \"bundle_tier\": \"pro\"}\n");
    }
    file("customers.jsonl", lines.toString());
    Failing second = new Failing();
    LocalHostException stopped =
        assertThrows(LocalHostException.class, () -> migrate(second, false));
    assertTrue(stopped.getMessage().contains("Stopped after 100 of 250"), stopped::getMessage);
    assertTrue(read("customers", "c99").exists());
    assertFalse(read("customers", "c100").exists());
    assertEquals(0, migrate(store, false), this::report);
    assertTrue(report().contains("customers there already          250"), this::report);
  }

  /** A40: killed wherever it happens to be, and run again, it ends as if nothing had been. */
  @Test
  void migrationKilledInTheMiddle_endsTheSameWhenRunAgain() throws Exception {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < 3_000; i++) {
      lines.append("{\"customer_id\": \"k").append(i).append("\", \"bundle_tier\": \"pro\"}\n");
    }
    file("customers.jsonl", lines.toString());
    String project = EmulatorForTests.freshProject();
    Path output = folder.resolve("output");
    List<String> command = JavaCommand.start();
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            Migration.class.getName(),
            folder.toString()));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("FIRESTORE_EMULATOR_HOST", EmulatorForTests.shared().host());
    builder.environment().put("GOOGLE_CLOUD_PROJECT", project);
    Process first = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    try {
      HostClient.await(
          "some are written", () -> !first.isAlive() || text(output).contains("  500 of 3000"));
    } finally {
      first.destroyForcibly().waitFor();
    }
    store.close();
    store = open(project);
    int written = store.find(Query.of("customers", 10_000)).join().size();
    assertTrue(written >= 500 && written < 3_000, () -> written + " of 3,000 when it was killed");

    assertEquals(0, migrate(store, false), this::report);
    assertTrue(report().contains("customers there already          %d".formatted(written)));
    assertTrue(report().contains("flag documents                   3000 of 3000"), this::report);
    assertEquals(3_000, store.find(Query.of("customers", 10_000)).join().size());
    assertEquals(3_000, store.find(Query.of("feature_flags", 10_000)).join().size());
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatFunctionsHaveCountedSince_isNoDifference() throws IOException {
    examples();
    assertEquals(0, migrate(store, false), this::report);
    Map<String, Object> counted =
        Map.of("scenes_generated_this_month", 46L, "updated_at", NOW, "quota_due_at", NOW);
    store
        .commit(List.of(Mutation.blind(new DocRef("customers", "lab_001"), counted, Map.of())))
        .join();
    store
        .commit(
            List.of(
                Mutation.blind(
                    new DocRef("users", "user_1"), Map.of("credits_balance", 2L), Map.of())))
        .join();
    assertEquals(0, migrate(store, false), this::report);
    assertEquals(46L, read("customers", "lab_001").fields().get("scenes_generated_this_month"));
  }

  /** Loses the answer of its first commit, and fails all from the second on. */
  private final class Failing implements Store {
    private int commits;

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      return store.read(refs);
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      return store.find(query);
    }

    @Override
    public CompletableFuture<Number> total(Query query, String sum) {
      return store.total(query, sum);
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      commits++;
      if (commits == 1) {
        store.commit(mutations).join();
      }
      return CompletableFuture.failedFuture(
          new StoreException(StoreException.Kind.UNKNOWN, "no answer"));
    }
  }

  @Test
  void folderWithoutFilesAndFileWithoutJson_sayWhat() throws IOException {
    assertThrows(LocalHostException.class, () -> migrate(store, true));
    file("customers/x.json", "{");
    LocalHostException failure = assertThrows(LocalHostException.class, () -> migrate(store, true));
    assertTrue(failure.getMessage().contains("x.json is no JSON"), failure::getMessage);
  }

  @Test
  void exportAndImport_keepEveryType() throws IOException {
    Map<String, Object> fields = new HashMap<>();
    fields.put("null", null);
    fields.put("bool", true);
    fields.put("int", Long.MIN_VALUE);
    fields.put("double", 5.0);
    fields.put("nan", Double.NaN);
    fields.put("at", Instant.parse("2026-01-01T00:00:00.123456Z"));
    fields.put("list", Arrays.asList(1L, null, Map.of("a.b`c", "x\n")));
    fields.put("map", Map.of("empty", Map.of(), "none", List.of()));
    store
        .commit(List.of(Mutation.replace(new DocRef("customers", "é\ud83e\ude81 %"), fields)))
        .join();
    List<Mutation> scenes = new ArrayList<>();
    for (int i = 0; i < 350; i++) {
      scenes.add(Mutation.replace(new DocRef("scenes", "s" + i), Map.of("n", (long) i)));
    }
    store.commit(scenes).join();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    assertEquals(0, new JsonLines(store, out).exportTo(folder));
    assertEquals(List.of("customers.jsonl", "scenes.jsonl"), names());
    try (FirestoreStore other = fresh()) {
      assertEquals(0, new JsonLines(other, out).importFrom(folder));
      assertEquals(0, new JsonLines(other, out).importFrom(folder), "may be repeated");
      assertEquals(
          fields,
          other.read(List.of(new DocRef("customers", "é\ud83e\ude81 %"))).join().get(0).fields());
      assertEquals(350, other.find(Query.of("scenes", 1_000)).join().size());
    }
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void fileThatIsNoExport_isNamedWithItsLine() throws IOException {
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    JsonLines lines = new JsonLines(store, out);
    assertThrows(LocalHostException.class, () -> lines.importFrom(folder));
    file(
        "users.jsonl",
        "{\"id\": \"a\", \"fields\": {}}\n{\"id\": \"b\", \"fields\": {\"x\": 1}}\n");
    LocalHostException failure =
        assertThrows(LocalHostException.class, () -> lines.importFrom(folder));
    assertTrue(failure.getMessage().contains("users.jsonl:2 "), failure::getMessage);
  }
}
