package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.emulator.EmulatorForTests;
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
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Adoption of all users at once, on the emulator, each test in a project of its own. */
class AdoptUsersTest {
  private static final Instant NOW = Instant.parse("2026-11-15T12:00:00Z");
  private static final int USERS = 250;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private FirestoreStore store;

  @BeforeEach
  void open() {
    store =
        FirestoreStore.open(
            new Settings(
                Map.of(
                    "FIRESTORE_EMULATOR_HOST", EmulatorForTests.shared().host(),
                    "GOOGLE_CLOUD_PROJECT", EmulatorForTests.freshProject())));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private int adopt(Store into, boolean dryRun) {
    printed.reset();
    return new AdoptUsers(
            into,
            CurrentPlans.seeded(),
            () -> NOW,
            new PrintStream(printed, true, StandardCharsets.UTF_8))
        .run(dryRun);
  }

  private String report() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  private void assertReports(String... lines) {
    for (String line : lines) {
      assertTrue(report().replaceAll(" +", " ").contains(line), () -> line + " in\n" + report());
    }
  }

  private static Mutation user(String id, Map<String, Object> fields) {
    return Mutation.replace(new DocRef("users", id), fields);
  }

  private Snapshot read(String collection, String id) {
    return store.read(List.of(new DocRef(collection, id))).join().get(0);
  }

  private Object ledger(String user, String field) {
    return ((Map<?, ?>) read("users", user).fields().get("ledger")).get(field);
  }

  private List<Snapshot> all(String collection) {
    return store.find(Query.of(collection, 1_000)).join();
  }

  /** Users as an older system leaves them: i credits each, two of them with transactions. */
  private void olderSystem() {
    List<Mutation> users = new ArrayList<>();
    for (int i = 0; i < USERS; i++) {
      users.add(
          user(
              "u%03d".formatted(i),
              Map.of("credits_balance", (long) i, "tier", "pro", "ours", 1L)));
    }
    for (String owner : List.of("u007", "u008")) {
      Map<String, Object> older = new HashMap<>();
      older.put("user_id", owner);
      older.put("amount", 5L);
      older.put("created_at", NOW.minusSeconds(60));
      users.add(Mutation.replace(new DocRef("credit_transactions", "old-" + owner), older));
    }
    store.commit(users).join();
  }

  @Test
  void dryRun_saysWhatItWouldDoAndWritesNothing() {
    olderSystem();
    store
        .commit(List.of(user("bad", Map.of("credits_balance", -5L)), user("new", Map.of())))
        .join();
    List<Snapshot> before = all("users");
    assertEquals(1, adopt(store, true), this::report);
    assertReports(
        "Plan for 252 users:",
        "adopted already 0 with 0 credits",
        "to open with their credits_balance 250 with 31,125 credits",
        "of these, from 0 1\n",
        "of these, 1 and more 99\n",
        "of these, 100 and more 150\n",
        "to begin, having no credits_balance 1 with 0 credits",
        "with transactions of the older system 2\n",
        "refused, and left alone 1\n bad: credits_balance is -5\n",
        "Dry run: nothing was written.");
    assertEquals(before, all("users"));
    assertEquals(2, all("credit_transactions").size());
  }

  @Test
  void everyUser_getsALedgerAndTheRestOfItsDocumentStays() {
    olderSystem();
    assertEquals(0, adopt(store, false), this::report);
    assertReports("Verified:\n adopted 250 with 31,125 credits", "Done: every user has a ledger.");
    assertEquals(0L, ledger("u000", "sequence"), "nothing to take over");
    assertEquals(1L, ledger("u249", "sequence"));
    assertEquals(249L, ledger("u249", "balance"));
    assertEquals(1L, read("users", "u249").fields().get("ours"));
    assertEquals(249 + 2, all("credit_transactions").size(), "one each, and the two older ones");
    assertFalse(read("credit_transactions", "old-u007").fields().containsKey("sequence"));
    assertEquals(
        Instant.parse("2026-12-01T00:00:00Z"),
        read("users", "u249").fields().get("ledger_due_at"),
        "November counts as granted");

    CountingStore second = new CountingStore(Integer.MAX_VALUE);
    assertEquals(0, adopt(second, false), this::report);
    assertReports("adopted already 250 with 31,125 credits");
    assertEquals(0, second.commits.get());
    assertEquals(9, second.finds.get(), "three walks of three pages, nothing a user");
  }

  @Test
  void whatMakesNoSense_isListedAndLeftAlone() {
    Map<String, Object> broken = Map.of("ledger", Map.of("sequence", "x"), "credits_balance", 9L);
    store
        .commit(
            List.of(
                user("a", Map.of("credits_balance", 100L)),
                user("b", Map.of("credits_balance", -1L)),
                user("c", Map.of("credits_balance", "100")),
                user("d", Map.of("credits_balance", 10.5, "tier", "pro")),
                user("e", Map.of("credits_balance", 5L, "tier", "platinum")),
                user("f", broken)))
        .join();
    Map<String, Instant> before = new HashMap<>();
    all("users").forEach(user -> before.put(user.ref().id(), user.updateTime()));
    assertEquals(1, adopt(store, false), this::report);
    assertReports(
        "refused, and left alone 5",
        "b: credits_balance is -1",
        "c: credits_balance is \"100\"",
        "d: credits_balance is 10.5",
        "e: tier is \"platinum\"",
        "f: ledger cannot be read",
        "Done, but not everything is right");
    assertEquals(100L, ledger("a", "balance"));
    for (String id : List.of("b", "c", "d", "e", "f")) {
      assertEquals(before.get(id), read("users", id).updateTime(), id);
    }
    assertEquals(List.of(), all("model_router_alerts"));
  }

  @Test
  void documentThatIsFull_isListedAndDoesNotStopTheOthers() {
    String most = "x".repeat((1 << 20) - 150);
    store
        .commit(
            List.of(
                user("a", Map.of("credits_balance", 1L)),
                user("full", Map.of("credits_balance", 2L, "notes", most)),
                user("z", Map.of("credits_balance", 3L))))
        .join();
    assertEquals(1, adopt(store, false), this::report);
    assertReports("adopted 2 with 4 credits", "without a ledger, or with another balance 1");
    assertTrue(report().contains("\n    full\n"), this::report);
    assertEquals(most, read("users", "full").fields().get("notes"));
  }

  @Test
  void lostLedger_isRebuiltAndNotOpenedTwice() {
    olderSystem();
    adopt(store, false);
    Snapshot user = read("users", "u100");
    store.commit(List.of(user("u100", Map.of("credits_balance", 100L)))).join();
    assertEquals(0, adopt(store, false), this::report);
    assertReports("to rebuild from their last transaction 1", "adopted already 249");
    assertEquals(100L, ledger("u100", "balance"));
    assertEquals(
        user.fields().get("credits_balance"),
        read("users", "u100").fields().get("credits_balance"));
    assertEquals(1L, ledger("u100", "sequence"));
  }

  /** A40: killed at any moment, repeated, and everybody is opened once. */
  @Test
  void stoppedRun_isRepeatedAndGoesOn() {
    olderSystem();
    for (int commits : List.of(1, 60, 130)) {
      CountingStore dying = new CountingStore(commits);
      LocalHostException stopped =
          assertThrows(LocalHostException.class, () -> adopt(dying, false));
      assertTrue(stopped.getMessage().contains("run it again"), stopped::getMessage);
    }
    assertEquals(0, adopt(store, false), this::report);
    assertReports("adopted 250 with 31,125 credits");
    assertEquals(249 + 2, all("credit_transactions").size());
  }

  /** Counts, and from some commit on does nothing any more; the last one's answer is lost. */
  private final class CountingStore implements Store {
    private final AtomicInteger commits = new AtomicInteger();
    private final AtomicInteger finds = new AtomicInteger();
    private final int lives;

    CountingStore(int lives) {
      this.lives = lives;
    }

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      return commits.get() > lives ? dead() : store.read(refs);
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      finds.incrementAndGet();
      return commits.get() > lives ? dead() : store.find(query);
    }

    @Override
    public CompletableFuture<Number> total(Query query, @Nullable String sum) {
      return store.total(query, sum);
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      int number = commits.incrementAndGet();
      if (number < lives) {
        return store.commit(mutations);
      }
      return number == lives ? store.commit(mutations).thenCompose(times -> dead()) : dead();
    }

    private <T> CompletableFuture<T> dead() {
      return CompletableFuture.failedFuture(
          new StoreException(StoreException.Kind.DENIED, "the process is gone"));
    }
  }
}
