package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.PriceComponent;
import dev.meterkite.model.prices.PriceStatus;
import dev.meterkite.model.prices.PublicPrice;
import dev.meterkite.model.prices.ServiceTier;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelPrices;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The import of a public price file; {@code prices/} has the shapes of the real one. */
class PriceImportTest {
  private static final Path ROWS = Path.of("src/test/resources/prices/model_prices.json");
  private static final Path EXPECTED = Path.of("src/test/resources/prices/expected.txt");
  private static final String NO_ROW_OF_ACME =
      "{\"x\": {\"litellm_provider\": \"other\", \"mode\": \"chat\"}}";
  private static final Instant START = Instant.parse("2026-11-10T10:00:30Z");

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final FirestoreStore store =
      FirestoreStore.open(
          new Settings(
              Map.of(
                  "FIRESTORE_EMULATOR_HOST",
                  EmulatorForTests.shared().host(),
                  "GOOGLE_CLOUD_PROJECT",
                  "prices-" + UUID.randomUUID())));

  private Instant now = START;

  @TempDir Path folder;

  @AfterEach
  void close() {
    store.close();
  }

  private String run(Path file, boolean apply, String... only) throws IOException {
    printed.reset();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    assertEquals(0, new PriceImport(store, () -> now, out).run(file, Set.of(only), apply));
    return printed.toString(StandardCharsets.UTF_8);
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("prices.json"), text);
  }

  /** A file of one row that costs this much a token. */
  private Path row(String usd) throws IOException {
    return file(
        "{\"acme/m\": {\"litellm_provider\": \"acme\", \"mode\": \"chat\","
            + " \"input_cost_per_token\": "
            + usd
            + ", \"output_cost_per_token\": 1e-5}}");
  }

  /** All versions of the model of {@link #row}, the latest first. */
  private List<String> versions() {
    return store.find(Queries.pricesOf("acme", "acme/m", 10)).join().stream()
        .map(
            each ->
                each.fields().get(ModelPrices.STATUS)
                    + " "
                    + each.fields().get(ModelPrices.EFFECTIVE_FROM)
                    + " to "
                    + each.fields().get(ModelPrices.EFFECTIVE_TO)
                    + " "
                    + input(each))
        .toList();
  }

  private static Object input(Snapshot version) {
    return ((Map<?, ?>) ((List<?>) version.fields().get(ModelPrices.COMPONENTS)).get(0))
        .get(ModelPrices.PRICE);
  }

  @Test
  void c22_everyShape_isTakenAsItIsMeant_orNotAtAll() throws IOException {
    List<String> found =
        PublicPrice.of(PriceImport.rows(ROWS, Files.readAllBytes(ROWS))).stream()
            .map(row -> row.key() + " = " + shown(row))
            .toList();
    List<String> wrong = new ArrayList<>(found);
    List<String> missing = new ArrayList<>();
    for (String line : Files.readAllLines(EXPECTED)) {
      if (!wrong.remove(sorted(line))) {
        missing.add(sorted(line));
      }
    }
    assertEquals(String.join("\n", missing), String.join("\n", wrong));
    assertTrue(found.size() > 60, () -> "only " + found.size());
  }

  /** The prices in the order of their texts. */
  private static String sorted(String line) {
    String[] parts = line.split(" = ", 2);
    String[] notes = parts[1].split("; ", 2);
    return parts[0]
        + " = "
        + String.join(", ", new TreeSet<>(List.of(notes[0].split(", "))))
        + (notes.length > 1 ? "; " + notes[1] : "");
  }

  private static String shown(PublicPrice row) {
    if (row.kind() == PublicPrice.Kind.LEFT_OUT) {
      return "left out " + row.reason();
    }
    if (row.kind() == PublicPrice.Kind.HELD) {
      return "held " + row.reason();
    }
    PublicPrice.Price price = row.price();
    Set<String> parts = new TreeSet<>();
    price.components().forEach(each -> parts.add(shown(each)));
    if (price.deprecatedOn() != null) {
      parts.add("until " + price.deprecatedOn());
    }
    if (price.status() == PriceStatus.FREE) {
      parts.add("free");
    }
    Set<String> notes = new TreeSet<>(row.notes());
    return String.join(", ", parts) + (notes.isEmpty() ? "" : "; " + String.join("; ", notes));
  }

  private static String shown(PriceComponent each) {
    PriceComponent.Step step = each.step();
    return each.meter().wire()
        + " "
        + each.price()
        + "/"
        + each.unit().wire()
        + (step == null ? "" : " >" + step.above())
        + (step != null && step.meter().wire().equals("results") ? " results" : "")
        + (each.service() == ServiceTier.STANDARD ? "" : " " + each.service().wire())
        + (each.searchSize() == null ? "" : " " + each.searchSize().wire());
  }

  @Test
  void c22_difference_isPrintedFirst_andWrittenWhenAsked() throws IOException {
    String first = run(ROWS, false);
    assertTrue(first.contains("Nothing is written"), first);
    assertTrue(first.contains("new         acme/plain: input 2500000/token"), first);
    assertTrue(first.contains("held        acme/too-cheap: too_cheap below"), first);
    assertTrue(first.contains("left out    acme/a-plan: no_price"), first);
    assertTrue(first.contains("differ by case only: acme/plain and Acme/Plain"), first);
    assertEquals(List.of(), store.find(Queries.allOf(ModelPrices.COLLECTION, 1, "")).join());

    assertTrue(run(ROWS, true).contains("Written: "));
    Map<String, Object> plain =
        store
            .read(
                List.of(
                    new DocRef(ModelPrices.COLLECTION, "acme_acme%2Fplain_2026-11-10T10:00:30Z")))
            .join()
            .get(0)
            .fields();
    assertEquals("active", plain.get("status"));
    Map<?, ?> source = (Map<?, ?>) plain.get("source");
    assertEquals("acme/plain", source.get("row_key"));
    assertTrue(source.get("revision").toString().startsWith("sha256:"));

    String again = run(ROWS, true);
    assertTrue(again.contains("Written: 0"), again);
    assertFalse(again.contains("new "), again);
  }

  @Test
  void c22_fileThatSaysNothing_isRefused_andNoPriceEnds() throws IOException {
    run(row("2e-6"), true);
    Path file = file("{}");
    assertEquals(file + " has no rows.", refused(file));
    assertEquals(file + " is not valid JSON at line 1, column 9.", refused(file("{\"a/b\": ")));
    assertEquals(file + " is not valid: it holds no JSON object.", refused(file("[]")));
    Files.write(file, new byte[] {(byte) 0xff});
    assertEquals(file + " is not text in UTF-8.", refused(file));
    Path none = folder.resolve("none.json");
    assertEquals(none + " cannot be read.", refused(none));
    assertEquals(1, versions().size());
    assertTrue(versions().get(0).contains(" to null "), () -> "" + versions());
  }

  @Test
  void c22_providerOfNoRowAndNoPrice_isRefused() throws IOException {
    run(row("2e-6"), true);
    assertEquals(
        "Neither the file nor model_prices has the provider nobody, nothing.",
        refused(row("2e-6"), "nobody", "acme", "nothing"));
    Path other = file(NO_ROW_OF_ACME);
    assertTrue(run(other, false, "acme").contains("gone "), "acme is in model_prices");
    String nothing = run(other, false, "other");
    assertTrue(nothing.contains("Difference: "), nothing);
    assertFalse(nothing.contains("Difference: \n"), nothing);
  }

  private String refused(Path file, String... only) {
    return assertThrows(LocalHostException.class, () -> run(file, true, only)).getMessage();
  }

  @Test
  void c22_changedPrice_isANewVersion_andTheOldOneEndsWhereItBegins() throws IOException {
    run(row("2e-6"), true);
    now = START.plus(Duration.ofHours(1));
    String report = run(row("3e-6"), true);
    assertTrue(report.contains("changed     acme/m: input 2000000"), report);
    assertEquals(
        List.of(
            "active 2026-11-10T11:02:00Z to null 3000000",
            "active 2026-11-10T10:00:30Z to 2026-11-10T11:02:00Z 2000000"),
        versions());
    now = now.plusSeconds(1);
    assertTrue(run(row("3e-6"), true).contains("Written: 0"));
  }

  @Test
  void c22_jump_isHeld_andTheOldPriceGoesOn() throws IOException {
    run(row("2e-6"), true);
    now = START.plus(Duration.ofHours(1));
    assertTrue(run(row("1e-5"), false).contains("changed "), "five times is not too much");
    String report = run(row("1.1e-5"), true);
    assertTrue(report.contains("held        acme/m: changed from 2000000 to 11000000"), report);
    assertEquals(
        List.of(
            "held 2026-11-10T11:00:30Z to null 11000000",
            "active 2026-11-10T10:00:30Z to null 2000000"),
        versions());
    now = now.plus(Duration.ofHours(1));
    assertTrue(run(row("1.1e-5"), true).contains("Written: 0"), "held once");
    assertTrue(run(row("0"), true).contains("held "), "a price that became 0");
  }

  /** Status, provider and message of all alerts. */
  private List<String> alerts() {
    return store.find(Query.of("model_router_alerts", 10)).join().stream()
        .map(Snapshot::fields)
        .map(each -> each.get("status") + " " + each.get("provider") + ": " + each.get("message"))
        .sorted()
        .toList();
  }

  @Test
  void c22_heldPrices_raiseOneAlertAProvider_whichIsResolvedOnceAPersonHasDealtWithThem()
      throws IOException {
    run(row("2e-6"), true);
    now = START.plus(Duration.ofHours(1));
    String held = "Held: 1 new prices wait for a person, an alert for each of 1 providers.";
    assertTrue(run(row("1.1e-5"), false).contains(held));
    assertEquals(List.of(), alerts(), "nothing is written");
    assertTrue(run(row("1.1e-5"), true).contains(held));
    String message =
        " acme: prices that are held until a person activates or corrects them: acme/m";
    assertEquals(List.of("open" + message), alerts());
    now = now.plus(Duration.ofHours(1));
    assertFalse(run(row("1.1e-5"), true).contains("Held: "), "once");
    assertEquals(List.of("open" + message), alerts());
    DocRef ref = new DocRef(ModelPrices.COLLECTION, "acme_acme%2Fm_2026-11-10T11:00:30Z");
    store
        .commit(List.of(Mutation.blind(ref, Map.of(ModelPrices.STATUS, "active"), Map.of())))
        .join();
    String report = run(row("1.1e-5"), true);
    assertTrue(report.contains("Resolved: 1 alerts of prices"), report);
    assertEquals(List.of("resolved" + message), alerts());
    now = now.plus(Duration.ofHours(1));
    run(row("1e-3"), true);
    assertEquals(List.of("open" + message, "resolved" + message), alerts(), "the next is another");
    now = now.plus(Duration.ofHours(1));
    assertTrue(run(row("2e-5"), true).contains("changed "));
    assertEquals(List.of("resolved" + message, "resolved" + message), alerts(), "corrected");
  }

  @Test
  void c22_manyHeldPrices_areNamedInPart() throws IOException {
    run(ROWS, true);
    List<String> alerts = alerts();
    assertTrue(
        alerts.stream().anyMatch(each -> each.matches(".*: (\\S+, ){4}\\S+ and \\d+ more")),
        alerts::toString);
  }

  @Test
  void c22_goneRow_endsItsPrice_andOneThatIsNoPriceAnyMoreTakesNothing() throws IOException {
    run(row("2e-6"), true);
    now = START.plus(Duration.ofHours(1));
    assertTrue(run(file(NO_ROW_OF_ACME), true, "other").contains("Written: 0"), "another provider");
    String kept =
        run(file("{\"acme/m\": {\"litellm_provider\": \"acme\", \"mode\": \"chat\"}}"), true);
    assertTrue(kept.contains("kept        acme/m: no_price"), kept);
    assertEquals(List.of("active 2026-11-10T10:00:30Z to null 2000000"), versions());
    assertTrue(run(file(NO_ROW_OF_ACME), true).contains("gone        acme/m"));
    assertEquals(
        List.of("active 2026-11-10T10:00:30Z to 2026-11-10T11:02:00Z 2000000"), versions());
  }

  @Test
  void c22_lockedPrice_andOneFromElsewhere_areKept() throws IOException {
    run(row("2e-6"), true);
    DocRef ref = new DocRef(ModelPrices.COLLECTION, "acme_acme%2Fm_2026-11-10T10:00:30Z");
    Snapshot document = store.read(List.of(ref)).join().get(0);
    store
        .commit(List.of(Mutation.update(ref, Map.of("locked", true), document.updateTime())))
        .join();
    assertTrue(run(row("3e-6"), true).contains("locked      acme/m: edited by hand, kept"));
    assertTrue(run(file(NO_ROW_OF_ACME), true).contains("Written: 0"));
    Map<String, Object> own = Map.of("locked", false, "source", Map.of("name", "our contract"));
    store
        .commit(
            List.of(Mutation.update(ref, own, store.read(List.of(ref)).join().get(0).updateTime())))
        .join();
    assertTrue(run(row("3e-6"), true).contains("locked      acme/m"));
    assertEquals(1, versions().size());
  }

  @Test
  void c22_onlySomeProviders_areLookedAt() throws IOException {
    String report = run(ROWS, true, "ollama");
    assertTrue(report.contains("Written: 1 "), report);
    assertFalse(report.contains("acme/plain:"), report);
  }

  @Test
  void whatIsNoPriceFile_isRefused() throws IOException {
    Path list = file("[1]");
    assertThrows(LocalHostException.class, () -> run(list, true));
    Path broken = file("{\"a\": ");
    assertThrows(LocalHostException.class, () -> run(broken, true));
  }
}
