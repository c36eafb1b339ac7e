package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
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
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code run-local.sh tables}: rows that agree with the books, each once over all runs, or none.
 */
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
    return tables(now).exportTo(folder, Set.of(only), null);
  }

  private int exportUntil(Instant until) throws IOException {
    return tables(LATER).exportTo(folder, Set.of(), until);
  }

  private Tables tables(Instant now) {
    return new Tables(store, InstantSource.fixed(now.plus(Tables.LAG)), out);
  }

  private String refused() {
    return refused(LATER);
  }

  private String refused(Instant now, Instant until) {
    return assertThrows(
            LocalHostException.class, () -> tables(now).exportTo(folder, Set.of(), until))
        .getMessage();
  }

  private String refused(Instant until) {
    return assertThrows(LocalHostException.class, () -> exportUntil(until)).getMessage();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> !file.endsWith(".lock")).toList();
    }
  }

  private JsonObject watermark(String table) throws IOException {
    return JsonParser.parseString(Files.readString(folder.resolve("watermark.json")))
        .getAsJsonObject()
        .getAsJsonObject("tables")
        .getAsJsonObject(table);
  }

  /** The rows of all runs, as {@code watermark.json} names their files. */
  private List<JsonObject> rows(String table) throws IOException {
    List<JsonObject> rows = new ArrayList<>();
    for (JsonElement file : watermark(table).getAsJsonArray("files")) {
      rows.addAll(rowsOf(folder.resolve(file.getAsJsonObject().get("name").getAsString())));
    }
    return rows;
  }

  private static List<JsonObject> rowsOf(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .toList();
  }

  private long sum(String table, String field) throws IOException {
    return rows(table).stream().mapToLong(row -> row.get(field).getAsLong()).sum();
  }

  private static Map<String, Long> last(List<JsonObject> ledger, String field) {
    Map<String, Long> last = new TreeMap<>();
    ledger.forEach(row -> last.put(row.get("user_id").getAsString(), row.get(field).getAsLong()));
    return last;
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
    JsonObject ledger = watermark("ledger");
    assertEquals(LATER.toString(), ledger.get("until").getAsString());
    assertEquals(10, ledger.get("rows").getAsInt());
    assertEquals(balances, ledger.getAsJsonObject("sums").get("amount").getAsLong());
    assertEquals(
        348_000, watermark("usage").getAsJsonObject("sums").get("billable_cost_micros").getAsInt());
  }

  /** Every moment of a transaction as a watermark of its own: no gap and no double. */
  @Test
  void runsUpToEveryMoment_haveEachRowOnce_andTheBalancesOfTheirTime() throws IOException {
    export(LATER);
    List<JsonObject> whole = rows("ledger");
    Set<JsonObject> usage = new HashSet<>(rows("usage"));
    List<Instant> moments =
        Stream.concat(whole.stream(), rows("decisions").stream())
            .map(row -> row.has("created_at") ? row.get("created_at") : row.get("timestamp"))
            .map(moment -> Instant.parse(moment.getAsString()))
            .sorted()
            .distinct()
            .toList();
    folder = folder.resolve("step-by-step");
    for (Instant moment : moments) {
      assertEquals(0, exportUntil(moment.minusNanos(1_000)));
      assertEquals(0, exportUntil(moment));
      List<JsonObject> now = rows("ledger");
      assertEquals(
          Set.copyOf(
              whole.stream()
                  .filter(
                      row -> !Instant.parse(row.get("created_at").getAsString()).isAfter(moment))
                  .toList()),
          new HashSet<>(now));
      long balances = last(now, "balance_after").values().stream().mapToLong(Long::longValue).sum();
      assertEquals(balances, watermark("ledger").getAsJsonObject("sums").get("amount").getAsLong());
    }
    export(LATER);
    assertEquals(whole.size(), rows("ledger").size());
    assertEquals(Set.copyOf(whole), new HashSet<>(rows("ledger")));
    assertEquals(usage, new HashSet<>(rows("usage")));
    assertEquals(usage.size(), rows("usage").size());
  }

  /** A process whose clock is slow commits behind a watermark: by the sequence it is not lost. */
  @Test
  void transactionOfAMomentThatIsWrittenAlready_comesWithTheNextRun() throws IOException {
    export(LATER);
    Map<String, Object> user = new HashMap<>(read("users", "bob"));
    Map<String, Object> ledger = new HashMap<>();
    ((Map<?, ?>) user.get("ledger")).forEach((name, value) -> ledger.put("" + name, value));
    long sequence = (Long) ledger.get("sequence") + 1;
    long balance = (Long) ledger.get("balance") - 1;
    ledger.putAll(Map.of("sequence", sequence, "balance", balance));
    user.put("ledger", ledger);
    set("users", "bob", user);
    set(
        "credit_transactions",
        "late",
        Map.of(
            "transaction_id",
            "late",
            "user_id",
            "bob",
            "sequence",
            sequence,
            "type",
            "deduction",
            "amount",
            -1L,
            "balance_after",
            balance,
            "created_at",
            LATER.minusSeconds(60)));
    export(LATER.plusSeconds(60));
    assertEquals(11, rows("ledger").size());
    assertEquals(balance, last(rows("ledger"), "balance_after").get("bob"));
    JsonElement second = watermark("ledger").getAsJsonArray("files").get(1);
    assertEquals(
        List.of("late"),
        rowsOf(folder.resolve(second.getAsJsonObject().get("name").getAsString())).stream()
            .map(row -> row.get("transaction_id").getAsString())
            .toList());
  }

  /** Adds a part to what was counted, and to its summary where the books are to be right. */
  private void count(String id, Map<String, Object> more, boolean inSummary) {
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
    Map<String, Object> counts = new HashMap<>(more);
    counts.putAll(
        Map.of("usage_id", id, "customer_id", "lab-1", "action", "export", "parts", List.of(part)));
    set("usage_counts", id, counts);
    if (inSummary) {
      toSummary(-1, -1_500_000_000L, -30_000);
    }
  }

  private void toSummary(long count, long bytes, long micros) {
    store
        .commit(
            List.of(
                Mutation.blind(
                    new DocRef("usage_summaries", "lab-1_2026-11"),
                    Map.of(),
                    Map.of(
                        "days.`30`.export.count", count,
                        "days.`30`.export.storage_bytes", bytes,
                        "days.`30`.export.billable_cost_micros", micros))))
        .join();
  }

  private static final Map<String, Object> VOID =
      Map.of("corrects", "lab-1_foreign", "correction", "void");

  @Test
  void lateCorrection_isARow_andMustBeInTheSummary() throws IOException {
    count("late", VOID, false);
    assertTrue(refused().contains("usage: rows have -30000 more of"), refused());
    assertEquals(List.of(), files(), "nothing is written");
    toSummary(-1, -1_500_000_000L, -30_000);
    assertEquals(0, export(LATER), said::toString);
    assertEquals(4, rows("usage").size());
    assertEquals(318_000, sum("usage", "billable_cost_micros"));
  }

  @Test
  void correctionBehindTheWatermark_isARowOfTheNextRun() throws IOException {
    export(LATER);
    Map<String, Object> late = new HashMap<>(VOID);
    late.put("updated_at", LATER.plusSeconds(30));
    count("late", late, true);
    assertEquals(0, export(LATER.plusSeconds(29)), said::toString);
    assertEquals(348_000, sum("usage", "billable_cost_micros"));
    assertEquals(1, watermark("usage").get("changed_later").getAsInt());
    assertEquals(0, export(LATER.plusSeconds(30)), said::toString);
    assertEquals(318_000, sum("usage", "billable_cost_micros"));
    assertEquals(0, watermark("usage").get("changed_later").getAsInt());
    JsonObject row = rows("usage").get(3);
    assertEquals("lab-1_foreign", row.get("corrects").getAsString());
    assertEquals(4, rows("usage").size());
  }

  @Test
  void editOfAnotherProgram_isARowWithTheDifference() throws IOException {
    export(LATER);
    Map<String, Object> counts = new HashMap<>(read("usage_counts", "lab-1_foreign"));
    Map<String, Object> part = new HashMap<>();
    ((Map<?, ?>) ((List<?>) counts.get("parts")).get(0))
        .forEach((name, value) -> part.put("" + name, value));
    part.put("billable_cost_micros", (Long) part.get("billable_cost_micros") + 7);
    part.put("day", "2026-12-01");
    counts.put("parts", List.of(part));
    counts.put("updated_at", LATER);
    set("usage_counts", "lab-1_foreign", counts);
    long micros = (Long) part.get("billable_cost_micros");
    toSummary(-1, -1_500_000_000L, -(micros - 7));
    set(
        "usage_summaries",
        "lab-1_2026-12",
        Map.of(
            "customer_id",
            "lab-1",
            "month",
            "2026-12",
            "days",
            Map.of(
                "01",
                Map.of(
                    "export",
                    Map.of(
                        "count",
                        1L,
                        "storage_bytes",
                        1_500_000_000L,
                        "billable_cost_micros",
                        micros)))));
    assertEquals(0, export(LATER.plusSeconds(1)), said::toString);
    assertEquals(348_007, sum("usage", "billable_cost_micros"));
    assertEquals(3, sum("usage", "count"));
    assertEquals(5, rows("usage").size(), "what left the one day, and what came to the other");
  }

  @Test
  void countsThatAreGone_areFound() throws IOException {
    count("late", VOID, true);
    export(LATER);
    store.commit(List.of(Mutation.delete(new DocRef("usage_counts", "late")))).join();
    toSummary(1, 1_500_000_000L, 30_000);
    String refused =
        assertThrows(LocalHostException.class, () -> export(LATER.plusSeconds(1))).getMessage();
    assertTrue(refused.contains("usage: the counts of late are gone"), refused);
  }

  @Test
  void missingTransaction_isFound_andTheEarlierFilesStay() throws IOException {
    assertEquals(0, export(LATER));
    String second = transaction("ada", 2);
    store.commit(List.of(Mutation.delete(new DocRef("credit_transactions", second)))).join();
    assertEquals(
        "The rows do not agree with the books, so nothing is written."
            + " ledger: user ada is wrong at sequence 3; ledger: user ada is not what earlier rows"
            + " say at sequence 2.",
        assertThrows(LocalHostException.class, () -> export(LATER.plusSeconds(1))).getMessage());
    assertEquals(10, rows("ledger").size());
    assertEquals(LATER.toString(), watermark("ledger").get("until").getAsString());
  }

  private String transaction(String user, long sequence) throws IOException {
    return rows("ledger").stream()
        .filter(row -> row.get("user_id").getAsString().equals(user))
        .filter(row -> row.get("sequence").getAsLong() == sequence)
        .findFirst()
        .orElseThrow()
        .get("transaction_id")
        .getAsString();
  }

  @Test
  void lastTransactionOfAUserMissing_isFound() throws IOException {
    long last = (Long) ((Map<?, ?>) read("users", "bob").get("ledger")).get("sequence");
    assertEquals(0, export(LATER));
    store
        .commit(
            List.of(Mutation.delete(new DocRef("credit_transactions", transaction("bob", last)))))
        .join();
    String refused =
        assertThrows(LocalHostException.class, () -> export(LATER.plusSeconds(1))).getMessage();
    assertTrue(refused.contains("user bob has another balance"), refused);
    assertTrue(refused.contains("user bob is not what earlier rows say"), refused);
  }

  @Test
  void wrongBooks_leaveNoFolder() {
    set("credit_transactions", "odd", Map.of("user_id", "ada", "sequence", 99L, "amount", 1L));
    folder = folder.resolve("new/one");
    assertTrue(refused().contains("user ada is wrong"), refused());
    assertFalse(Files.exists(folder.getParent()));
  }

  @Test
  void watermark_isNeitherYoungNorBeforeTheLast_andTheSameOneAddsNothing() throws IOException {
    assertTrue(refused(LATER.plusNanos(1_000)).contains("at least 2 minutes ago"));
    export(LATER);
    List<Path> files = files();
    assertEquals(0, exportUntil(LATER));
    assertEquals(Set.copyOf(files), Set.copyOf(files()));
    assertTrue(refused(LATER.minusSeconds(1)).contains("written until " + LATER + " already"));
  }

  @Test
  void tablesOfTheirOwnRuns_goOnEachFromItsOwnWatermark() throws IOException {
    export(LATER, "ledger");
    assertEquals(2, files().size(), "one table and the watermark");
    export(LATER.plusSeconds(1), "usage");
    export(LATER.plusSeconds(2));
    assertEquals(10, rows("ledger").size());
    assertEquals(3, rows("usage").size());
    assertEquals(1, rows("decisions").size());
    assertEquals(LATER.plusSeconds(2).toString(), watermark("ledger").get("until").getAsString());
  }

  @Test
  void partOfARunThatDidNotEnd_countsForNothing_andGoes() throws IOException {
    export(LATER);
    Path part = folder.resolve("ledger-20261130T200001.000000Z.jsonl.part");
    Files.writeString(part, "{\"half\": ");
    assertEquals(0, export(LATER.plusSeconds(2)));
    assertEquals(10, rows("ledger").size());
    assertFalse(Files.exists(part));
  }

  /** A run that dies behind its watermark has not moved its files; the next one does. */
  @Test
  void partThatTheWatermarkNames_isMovedToItsName() throws IOException {
    export(LATER);
    Path file = file("ledger");
    Files.move(file, file.resolveSibling(file.getFileName() + ".part"));
    assertEquals(0, export(LATER.plusSeconds(1)));
    assertTrue(Files.exists(file));
    assertEquals(10, rows("ledger").size());
  }

  /** All files of a table together have each row once, so there may be none beside ours. */
  @Test
  void fileThatTheWatermarkDoesNotName_isRefused_andNothingIsWritten() throws IOException {
    export(LATER);
    Path stray = folder.resolve("ledger-foo.jsonl");
    Files.writeString(stray, "{}\n");
    refusesAll("does not name ledger-foo.jsonl");
    Files.delete(stray);
    Path watermark = folder.resolve("watermark.json");
    String text = Files.readString(watermark);
    Files.delete(watermark);
    refusesAll("does not name decisions-");
    Files.writeString(watermark, text.replaceAll("\"files\":\\[[^]]*]", "\"files\":[]"));
    refusesAll("is not what a run of tables writes");
    JsonObject empty = JsonParser.parseString(text).getAsJsonObject();
    for (String table : Tables.ALL) {
      JsonObject stated = empty.getAsJsonObject("tables").getAsJsonObject(table);
      stated.add("files", new JsonArray());
      stated.addProperty("rows", 0);
    }
    Files.writeString(watermark, empty.toString());
    refusesAll("does not name decisions-");
    Files.writeString(watermark, text);
    Files.writeString(folder.resolve("ledger-notes.txt"), "theirs");
    assertEquals(0, export(LATER.plusSeconds(1)));
    assertEquals(10, rows("ledger").size());
  }

  private void refusesAll(String because) throws IOException {
    Set<Path> before = Set.copyOf(files());
    String refused = refused(LATER.minusSeconds(1)) + refused(LATER);
    assertTrue(refused.contains(because), refused);
    assertEquals(before, Set.copyOf(files()));
  }

  private Path file(String table) throws IOException {
    return folder.resolve(
        watermark(table)
            .getAsJsonArray("files")
            .get(0)
            .getAsJsonObject()
            .get("name")
            .getAsString());
  }

  /** The hash of a file says who wrote it last, not that it is right. */
  @Test
  void earlierRowThatIsNotItsDocument_isFound_alsoWithAHashThatFits() throws Exception {
    export(LATER);
    Path file = file("ledger");
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    JsonObject first = JsonParser.parseString(lines.get(0)).getAsJsonObject();
    first.addProperty("amount", first.get("amount").getAsLong() + 1);
    lines.set(0, first.toString());
    Files.write(file, lines);
    String hash =
        HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    Path watermark = folder.resolve("watermark.json");
    String stated =
        watermark("ledger")
            .getAsJsonArray("files")
            .get(0)
            .getAsJsonObject()
            .get("sha256")
            .getAsString();
    Files.writeString(watermark, Files.readString(watermark).replace(stated, hash));
    Set<Path> before = Set.copyOf(files());
    String refused = refused(LATER.plusSeconds(1), LATER.plusSeconds(1));
    assertTrue(refused.contains("user ada is not what earlier rows say at sequence 1"), refused);
    assertEquals(before, Set.copyOf(files()));
  }

  @Test
  void firestoreThatCannotBeAsked_isOneSentence() {
    for (String host :
        List.of("127.0.0.1:1", "nobody.invalid:8080", "no host", "127.0.0.1:99999")) {
      Settings settings =
          new Settings(Map.of("FIRESTORE_EMULATOR_HOST", host, "GOOGLE_CLOUD_PROJECT", "p"));
      String refused =
          assertThrows(
                  LocalHostException.class,
                  () ->
                      TargetDocuments.with(
                          settings,
                          dead ->
                              new Tables(dead, InstantSource.system(), out)
                                  .exportTo(folder.resolve("none"), Set.of(), null)))
              .getMessage();
      assertTrue(refused.startsWith("The emulator at " + host + " cannot be used: "), refused);
      assertEquals(1, refused.lines().count(), refused);
    }
    assertFalse(Files.exists(folder.resolve("none")));
  }

  @Test
  void changedOrMissingFile_isRefused() throws IOException {
    export(LATER);
    Path file = file("ledger");
    String text = Files.readString(file);
    Files.writeString(file, text.replaceFirst("\"amount\":(-?\\d+)", "\"amount\":1$1"));
    assertTrue(refused().contains("is not as its run wrote it"), refused());
    Files.delete(file);
    assertTrue(refused().contains("cannot be read"), refused());
    Files.writeString(file, text);
    assertEquals(0, exportUntil(LATER));
    Files.writeString(folder.resolve("watermark.json"), "{\"until\": 1}");
    assertTrue(refused().contains("is not what a run of tables writes"), refused());
  }

  @Test
  void runThatAnotherOneOvertook_writesNothing() throws IOException {
    TableFiles files = TableFiles.of(folder);
    export(LATER);
    List<Path> there = files();
    WarehouseTable table = new LedgerTable(store);
    TableFiles.Run run =
        new TableFiles.Run(table, LATER.minusSeconds(9), table.rows(List.of(), LATER));
    String refused =
        assertThrows(LocalHostException.class, () -> files.add(List.of(run))).getMessage();
    assertTrue(refused.contains("Another run has written"), refused);
    assertEquals(Set.copyOf(there), Set.copyOf(files()));
    assertEquals(10, rows("ledger").size());
  }
}
