package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.Settings;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.ExactMicros;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo, small, on the real host; and that it notices books that are wrong. */
class DemoTest {
  @TempDir Path folder;

  private Path trace(int calls) throws IOException {
    StringBuilder lines = new StringBuilder("TIMESTAMP,ContextTokens,GeneratedTokens\n");
    for (int i = 0; i < calls; i++) {
      lines.append("2023-11-16 18:15:46.6805900,").append(900 + i).append(",101\n");
    }
    return Files.writeString(folder.resolve("trace.csv"), lines);
  }

  @Test
  void demo_endsWithBooksThatBalance_andFindsThemWrongOnceTheyAre() throws Exception {
    Options options = Options.forTests().withProcesses(1).withTrace(trace(120));
    Path home = Path.of("").toAbsolutePath().getParent();
    try (LocalHost host =
        LocalHost.start(options, home.resolve("functions.tsv"), folder.resolve("work"))) {
      ByteArrayOutputStream printed = new ByteArrayOutputStream();
      Screen screen = screen(printed);
      int status = Demo.run(host, options, screen, new Demo.Size(0, 20, 15, Duration.ofSeconds(1)));
      String text = printed.toString(StandardCharsets.UTF_8);
      assertEquals(0, status, text);
      assertTrue(text.contains("The books balance: "), text);
      assertTrue(text.contains("100 % of 120 calls"), text);
      assertTrue(text.contains("each rounded up"), text);
      assertTrue(text.contains("runTransaction"), text);
      assertTrue(text.contains("./run-local.sh demo --chaos"), text);
      assertFitsAPipe(text);
      assertEachTamperingIsFound(host);
    }
  }

  private static Screen screen(ByteArrayOutputStream printed) {
    return new Screen(new PrintStream(printed, true, StandardCharsets.UTF_8), 60, false);
  }

  @Test
  void demoWithoutItsEmulator_endsWithOneSentence() throws IOException {
    TestTable.write(folder);
    LocalHost host =
        LocalHost.start(
            Options.forTests(), folder.resolve("functions.tsv"), folder.resolve("work"));
    host.close();
    LocalHostException failure =
        assertThrows(
            LocalHostException.class,
            () ->
                Demo.run(
                    host,
                    Options.forTests(),
                    screen(new ByteArrayOutputStream()),
                    new Demo.Size(1, 1, 1, Duration.ofSeconds(1))));
    assertTrue(
        failure.getMessage().startsWith("The demo stopped: Firestore does not answer, "),
        failure.getMessage());
    assertEquals(1, failure.getMessage().lines().count());
  }

  private static void assertFitsAPipe(String text) {
    for (String line : text.split("\n", -1)) {
      assertTrue(line.length() <= 60, () -> line.length() + " columns: " + line);
      assertTrue(line.chars().allMatch(c -> c >= ' ' && c < 127), () -> "control: " + line);
    }
  }

  private static void assertEachTamperingIsFound(LocalHost host) throws Exception {
    Settings settings =
        new Settings(
            Map.of(
                "FIRESTORE_EMULATOR_HOST", host.firestore(),
                "GOOGLE_CLOUD_PROJECT", host.project()));
    try (FirestoreStore store = FirestoreStore.open(settings)) {
      assertEquals(List.of(), Books.check(store).findings());
      Snapshot debit =
          store
              .find(
                  Query.of("credit_transactions", 1)
                      .where("type", Query.Op.EQUAL, "deduction")
                      .where("sequence", Query.Op.EQUAL, 2L))
              .join()
              .get(0);
      Mutation changed = Mutation.blind(debit.ref(), Map.of("amount", -1_000L), Map.of());
      tamper(store, debit, changed);
      tamper(store, debit, Mutation.delete(debit.ref()));
      Snapshot user =
          store
              .read(List.of(new DocRef("users", (String) debit.fields().get("user_id"))))
              .join()
              .get(0);
      tamper(store, user, Mutation.blind(user.ref(), Map.of("credits_balance", 1L), Map.of()));
      assertDemoEndsWithStatus1(host, store, user);
      Books books = Books.check(store);
      books.compare("user-000", -1);
      assertEquals(1, books.findings().size());
      books.compare("user-000", ExactMicros.of(1_000_000_000_000L));
      assertEquals(2, books.findings().size());
    }
  }

  private static void assertDemoEndsWithStatus1(LocalHost host, FirestoreStore store, Snapshot user)
      throws Exception {
    store
        .commit(List.of(Mutation.blind(user.ref(), Map.of("credits_balance", 1L), Map.of())))
        .join();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    assertEquals(1, Demo.play(new DemoStage(host, store, screen(printed)), List.of()));
    String text = printed.toString(StandardCharsets.UTF_8);
    assertTrue(text.contains("THE BOOKS ARE WRONG:\n  " + user.ref().id()), text);
    store.commit(List.of(Mutation.replace(user.ref(), user.fields()))).join();
  }

  private static void tamper(FirestoreStore store, Snapshot document, Mutation mutation) {
    store.commit(List.of(mutation)).join();
    assertTrue(!Books.check(store).findings().isEmpty(), () -> "not found: " + mutation);
    store.commit(List.of(Mutation.replace(document.ref(), document.fields()))).join();
  }

  @Test
  void trace_ofAnotherForm_isRefusedWithTheLine() throws IOException {
    Path file = Files.writeString(folder.resolve("other.csv"), "a,b\n");
    assertThrows(LocalHostException.class, () -> LlmTrace.read(file));
    Path broken =
        Files.writeString(
            folder.resolve("broken.csv"),
            "TIMESTAMP,ContextTokens,GeneratedTokens\nnow,1,2\nnow,one,2\n");
    LocalHostException failure =
        assertThrows(LocalHostException.class, () -> LlmTrace.read(broken));
    assertTrue(failure.getMessage().contains("line 3"), failure.getMessage());
    assertThrows(LocalHostException.class, () -> LlmTrace.read(folder.resolve("none.csv")));
  }

  @Test
  void callsOfATrace_costTheirTokensAtThePriceOfARealModel() {
    DemoCharges charges = new DemoCharges();
    DemoCharges.Model model = charges.model(1);
    assertEquals("gpt-4o-mini", model.modelId());
    assertEquals(model, charges.model(1 + charges.modelCount()));
    // 374 at 0.15 and 44 at 0.6 USD a million.
    ExactMicros cost = model.cost(new LlmTrace.Call(374, 44));
    assertEquals("82.5", cost.text());
    charges.add("ada", cost);
    charges.add("ada", model.cost(new LlmTrace.Call(100_000, 0)));
    charges.add("bob", ExactMicros.ZERO);
    assertEquals("15082.5", charges.of("ada").text());
    assertEquals(1, charges.wholeCredits());
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    charges.show(screen(printed));
    String text = printed.toString(StandardCharsets.UTF_8);
    assertTrue(text.matches("(?s).*credits +3 +1.51\n +USD +0.03 +0.02\n.*"), text);
    assertTrue(text.contains("charges 1.99"), text);
    assertFitsAPipe(text);
  }

  @Test
  void generatedTrace_isTheSameForEachSeed_andNoCallIsLongerThanAnyUsage() {
    assertEquals(LlmTrace.generated(50, 7), LlmTrace.generated(50, 7));
    assertEquals(100_000_000, new LlmTrace.Call(100_000_000, 0).tokens());
    assertThrows(IllegalArgumentException.class, () -> new LlmTrace.Call(100_000_001, 0));
    assertThrows(IllegalArgumentException.class, () -> new LlmTrace.Call(0, -1));
  }
}
