package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code run-local.sh tables}: rows that agree with the books, or none. */
class TablesTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/1.0.0");
  private static final Instant LATER = Instant.parse("2026-11-30T20:00:00Z");

  @TempDir private Path folder;
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(said, true, StandardCharsets.UTF_8);
  private FirestoreStore store;

  @BeforeEach
  void load() throws IOException {
    store =
        FirestoreStore.open(
            new Settings(
                Map.of(
                    "FIRESTORE_EMULATOR_HOST",
                    EmulatorForTests.shared().host(),
                    "GOOGLE_CLOUD_PROJECT",
                    EmulatorForTests.freshProject())));
    new JsonLines(store, out).importFrom(GOLDEN);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private int export(Instant now, String... only) throws IOException {
    InstantSource clock = InstantSource.fixed(now.plus(Tables.LAG));
    return new Tables(store, clock, out).exportTo(folder, Set.of(only));
  }

  private String refused() {
    return assertThrows(LocalHostException.class, () -> export(LATER)).getMessage();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private List<JsonObject> rows(String table) throws IOException {
    return Files.readAllLines(folder.resolve(table + ".jsonl")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  private long sum(String table, String field) throws IOException {
    return rows(table).stream().mapToLong(row -> row.get(field).getAsLong()).sum();
  }

  private Map<String, Object> read(String collection, String id) {
    return store.read(List.of(new DocRef(collection, id))).join().get(0).fields();
  }

  private void set(String collection, String id, Map<String, Object> fields) {
    store.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  @Test
  void rows_addUpToTheBooks() throws IOException {
    assertEquals(0, export(LATER), said::toString);
    long balances = 0;
    for (String user : List.of("ada", "bob", "old")) {
      balances += (Long) ((Map<?, ?>) read("users", user).get("ledger")).get("balance");
    }
    assertEquals(balances, sum("ledger", "amount"));
    assertEquals(10, rows("ledger").size());
    assertEquals(3, sum("usage", "count"));
    assertEquals(348_000, sum("usage", "billable_cost_micros"));
    assertEquals(1, rows("decisions").size());
    JsonObject watermark =
        JsonParser.parseString(Files.readString(folder.resolve("watermark.json")))
            .getAsJsonObject();
    assertEquals(LATER.toString(), watermark.get("until").getAsString());
    assertEquals(10, watermark.getAsJsonObject("rows").get("ledger").getAsInt());
  }

  @Test
  void watermarkInThePast_leavesLaterRowsOut_andStillAddsUp() throws IOException {
    assertEquals(0, export(LATER, "ledger"), said::toString);
    Instant middle =
        rows("ledger").stream()
            .map(row -> Instant.parse(row.get("created_at").getAsString()))
            .sorted()
            .toList()
            .get(4);
    assertEquals(0, export(middle, "ledger"), said::toString);
    assertTrue(rows("ledger").size() >= 5 && rows("ledger").size() < 10);
    assertFalse(Files.exists(folder.resolve("usage.jsonl")));
  }

  @Test
  void lateCorrection_isARow_andMustBeInTheSummary() throws IOException {
    Map<String, Object> part =
        Map.of(
            "customer_id",
            "lab-1",
            "day",
            "2026-11-30",
            "action",
            "export",
            "count",
            -1L,
            "storage_bytes",
            -1_500_000_000L,
            "billable_cost_micros",
            -30_000L);
    Map<String, Object> late =
        Map.of(
            "usage_id",
            "late",
            "customer_id",
            "lab-1",
            "action",
            "export",
            "corrects",
            "lab-1_foreign",
            "correction",
            "void",
            "parts",
            List.of(part));
    set("usage_counts", "late", late);
    assertTrue(refused().contains("usage: rows have -30000 more of"), refused());
    assertEquals(List.of(), files(), "nothing is written");
    String month = "lab-1_2026-11";
    store
        .commit(
            List.of(
                Mutation.blind(
                    new DocRef("usage_summaries", month),
                    Map.of(),
                    Map.of(
                        "days.`30`.export.count", -1L,
                        "days.`30`.export.storage_bytes", -1_500_000_000L,
                        "days.`30`.export.billable_cost_micros", -30_000L))))
        .join();
    assertEquals(0, export(LATER), said::toString);
    assertEquals(4, rows("usage").size());
    assertEquals(318_000, sum("usage", "billable_cost_micros"));
  }

  @Test
  void missingTransaction_isFound_andTheEarlierFilesStay() throws IOException {
    assertEquals(0, export(LATER));
    String second =
        rows("ledger").stream()
            .filter(row -> row.get("user_id").getAsString().equals("ada"))
            .filter(row -> row.get("sequence").getAsInt() == 2)
            .findFirst()
            .orElseThrow()
            .get("transaction_id")
            .getAsString();
    store.commit(List.of(Mutation.delete(new DocRef("credit_transactions", second)))).join();
    assertEquals(
        "The rows do not agree with the books, so nothing is written."
            + " ledger: user ada is wrong at sequence 3.",
        refused());
    assertEquals(10, rows("ledger").size());
  }

  @Test
  void lastTransactionOfAUserMissing_isFound() throws IOException {
    long last = (Long) ((Map<?, ?>) read("users", "bob").get("ledger")).get("sequence");
    assertEquals(0, export(LATER));
    String id =
        rows("ledger").stream()
            .filter(row -> row.get("user_id").getAsString().equals("bob"))
            .filter(row -> row.get("sequence").getAsLong() == last)
            .findFirst()
            .orElseThrow()
            .get("transaction_id")
            .getAsString();
    store.commit(List.of(Mutation.delete(new DocRef("credit_transactions", id)))).join();
    assertTrue(refused().contains("user bob has another balance"), refused());
  }

  @Test
  void wrongBooks_leaveNoFolder() {
    set("credit_transactions", "odd", Map.of("user_id", "ada", "sequence", 99L, "amount", 1L));
    folder = folder.resolve("new/one");
    assertTrue(refused().contains("user ada is wrong"), refused());
    assertFalse(Files.exists(folder.getParent()));
  }
}
