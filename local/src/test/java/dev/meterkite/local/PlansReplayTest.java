package dev.meterkite.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.emulator.EmulatorForTests;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.FirestoreStore;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Limits;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.commands.UsageCharge;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.rules.CreditRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.CallUsage.Quantity;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.Priced;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A past month under other plans, from documents that the rules have written. */
class PlansReplayTest {
  private static final Instant START = Instant.parse("2026-10-10T10:00:00Z");
  private static final Plans PLANS = CurrentPlans.seeded();

  /** A markup of 50 %, jobs at twice the price, 3,000 credits a month of pro, two scenes. */
  private static final String OTHER =
      """
      {"version": "spring",
       "tiers": [{"tier": "free", "monthly_credits": 10, "longest_job_min": 1},
                 {"tier": "pro", "monthly_credits": 3000, "longest_job_min": 30},
                 {"tier": "payg", "monthly_credits": 0, "longest_job_min": 10}],
       "jobs": {"credits_per_minute": 2,
                "qualities": [{"quality": "standard", "multiplier": 1}],
                "priorities": [{"priority": "standard", "multiplier": 1}]},
       "bundle_tiers": [
         {"tier": "standard", "data_pack_tier": "core", "episodes_per_variation": 10,
          "max_variations": 250, "min_quality_score": 0.7, "vla_models": [],
          "num_language_variations": 0, "monthly_scene_quota": 2, "flags": []}],
       "price_book": {"markup_percent": 50}}
      """;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final FirestoreStore store =
      FirestoreStore.open(
          new Settings(
              Map.of(
                  "FIRESTORE_EMULATOR_HOST",
                  EmulatorForTests.shared().host(),
                  "GOOGLE_CLOUD_PROJECT",
                  "replay-" + UUID.randomUUID())));
  private final GroupCommit<CreditState, CreditCommand> engine =
      new GroupCommit<>(
          new CreditRules(ForeignBalance.PUT_BACK, PLANS),
          store,
          new Pauses(),
          () -> START,
          InstantSource.system(),
          new Random(1),
          Limits.DEFAULT,
          Json::write);

  @TempDir Path folder;

  @AfterEach
  void close() {
    store.close();
  }

  private void set(String collection, String id, Map<String, Object> fields) {
    store.commit(List.of(Mutation.replace(new DocRef(collection, id), fields))).join();
  }

  private void user(String id, String tier, long balance) {
    set("users", id, Map.of("user_id", id, "tier", tier, "credits_balance", balance));
  }

  private static UsageCharge call(long micros) {
    return new UsageCharge(
        CallUsage.of("acme", "m", Map.of(Quantity.INPUT_TOKENS, 1L)),
        START,
        new Priced.Known(ExactMicros.of(micros), List.of(), "acme_m_1"),
        PLANS.priceBook(),
        PLANS.version());
  }

  private CompletableFuture<Reply> submit(Command<CreditCommand> command) {
    return engine.submit(command);
  }

  private static void done(CompletableFuture<Reply> reply) {
    assertInstanceOf(Reply.Answered.class, reply.join());
  }

  private static Command<CreditCommand> debit(String user, long amount, String key) {
    return CreditCommands.debit(user, amount, null, null, key, "h");
  }

  /**
   * A month of Ada: a grant of 2,500; 5 credits by amount; 700 calls of 100 micro-USD, which is
   * more than two pages of records; a captured call of half a credit; a job of 10 minutes. Bob
   * bought what he spends.
   */
  private void month() {
    set("users", "ada", Map.of("user_id", "ada", "tier", "pro"));
    done(submit(debit("ada", 5, "amount")));
    List<CompletableFuture<Reply>> calls = new ArrayList<>();
    for (int i = 0; i < 700; i++) {
      calls.add(submit(CreditCommands.debit("ada", call(100), null, null, "call-" + i, "h")));
    }
    calls.forEach(PlansReplayTest::done);
    done(submit(CreditCommands.hold("ada", call(9_000), null, Duration.ofDays(1), "hold", "h")));
    String hold = id("credit_holds", "user_id", "ada");
    done(submit(CreditCommands.capture("ada", hold, call(5_000), 0, false, "capture", "h")));
    set("podcast_jobs", "job-1", Map.of("user_id", "ada", "duration_min", 10.0));
    done(submit(CreditCommands.hold("ada", 10, "job-1", Duration.ofDays(1), "job", "h")));
    String held = CreditRefs.jobHold("job-1").id();
    done(submit(CreditCommands.settle("ada", held, true, null, "job-done", "h")));
    user("bob", "payg", 100);
    done(submit(debit("bob", 40, "b")));
    customers();
  }

  private void customers() {
    set("customers", "lab-1", Map.of("organization_name", "Lab"));
    set("customers", "lab-2", Map.of("monthly_scene_quota", 50L));
    set("customers", "quiet", Map.of("organization_name", "Quiet"));
    for (int i = 0; i < 4; i++) {
      for (String customer : List.of("lab-1", "lab-2")) {
        set(
            "usage_tracking",
            customer + i,
            Map.of(
                "customer_id",
                customer,
                "action",
                "scene_generated",
                "timestamp",
                START.plusSeconds(i),
                "estimated_cost_micros",
                250_000L));
      }
    }
  }

  private String id(String collection, String field, String value) {
    return store
        .find(Query.of(collection, 1).where(field, Query.Op.EQUAL, value))
        .join()
        .get(0)
        .ref()
        .id();
  }

  private Path plans(String text) throws IOException {
    return Files.writeString(folder.resolve("plans.json"), text);
  }

  private String run(String words) throws IOException {
    List<String> line =
        Stream.of(("replay --plans " + folder.resolve("plans.json") + " " + words).split(" ", -1))
            .toList();
    printed.reset();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);
    Options.Span span = Options.parse(line).replay();
    PlansReplay.check(span);
    assertEquals(0, new PlansReplay(store, out).run(span));
    return printed.toString(StandardCharsets.UTF_8);
  }

  private String refused(String words) {
    return assertThrows(LocalHostException.class, () -> run(words)).getMessage();
  }

  /** Every document with the moment of its last write. */
  private List<Snapshot> everything() {
    List<Snapshot> all = new ArrayList<>();
    for (String collection : JsonLines.collections()) {
      Query query = Query.of(collection, 300).ascending(Query.ID);
      List<Snapshot> page = store.find(query).join();
      while (!page.isEmpty()) {
        all.addAll(page);
        page = store.find(query.after(List.of(page.get(page.size() - 1).ref().id()))).join();
      }
    }
    return all;
  }

  @Test
  void c22_monthUnderOtherPlans_isComparedByCustomerAndUser_andNothingIsWritten()
      throws IOException {
    month();
    plans(OTHER);
    List<Snapshot> before = everything();
    assertTrue(before.size() > 700, () -> "only " + before.size());
    String report = run("--from 2026-10-01 --to 2026-11-01 --csv " + folder.resolve("all.csv"));
    // 700 × 100 + 5,000 micro-USD are 7.5 credits; half as much again are 11.25.
    assertEquals(
        """
        From 2026-10-01 until 2026-11-01, under plans spring in place of %s.

          customers, in USD           records      scenes      cost      then        more
          lab-1                             4           4      1.00      0.50       -0.50
          all 2                             8           8      2.00      1.50       -0.50
          2 scenes beyond the quota of the other plans

          users, in credits           charged        then   granted      then   left more
          ada                           22.50       36.25      2500      3000     +486.25
          all 2                         62.50       76.25      2500      3000     +486.25

        Nothing was written to Firestore.
        """
            .formatted(PLANS.version()),
        report);
    assertEquals(
        """
        kind,id,charged_before,charged_after,granted_before,granted_after,difference,records,scenes
        customer,lab-1,1.000000,0.500000,,,-0.500000,4,4
        customer,lab-2,1.000000,1.000000,,,0.000000,4,4
        user,ada,22.500000,36.250000,2500,3000,486.250000,,
        user,bob,40.000000,40.000000,0,0,0.000000,,
        """,
        Files.readString(folder.resolve("all.csv")).replace("\r\n", "\n"));
    assertEquals(before, everything());
  }

  @Test
  void c22_oneCustomerOrUser_isLookedAtAlone_andThePlansInForceAreThoseOfTheDocument()
      throws IOException {
    user("ada", "payg", 100);
    done(submit(debit("ada", 7, "a")));
    customers();
    plans(OTHER);
    set("plans", "default", Map.of("version", "in force"));
    String user = run("--from 2026-10-10 --to 2026-10-11 --user ada");
    assertTrue(user.contains("in place of in force."), user);
    assertTrue(user.contains("all 1                          7.00        7.00"), user);
    assertFalse(user.contains("customers"), user);
    String customer = run("--from 2026-10-10 --to 2026-10-11 --customer lab-1");
    assertTrue(customer.contains("lab-1"), customer);
    assertFalse(customer.contains("lab-2") || customer.contains("users"), customer);
    String both = run("--from 2026-10-10 --to 2026-10-11 --customer lab-2 --user ada");
    assertTrue(both.contains("customers") && both.contains("users"), both);
    set("plans", "default", Map.of("price_book", Map.of("credit_micros", 0L)));
    String refused = refused("--from 2026-10-10 --to 2026-10-11");
    assertTrue(refused.startsWith("plans/default is not valid: price_book.credit"), refused);
  }

  @Test
  void c22_manyDifferences_areTheLargest_andHowManyMore() throws IOException {
    List<CompletableFuture<Reply>> calls = new ArrayList<>();
    for (int i = 0; i < 23; i++) {
      String user = "user-%02d".formatted(i);
      user(user, "payg", 1_000);
      calls.add(submit(CreditCommands.debit(user, call(10_000L * (i + 1)), null, null, "k", "h")));
    }
    calls.forEach(PlansReplayTest::done);
    plans(OTHER);
    List<String> lines = run("--from 2026-10-01 --to 2026-11-01").lines().toList();
    assertTrue(lines.get(3).startsWith("  user-22 "), lines.get(3));
    assertTrue(lines.get(22).startsWith("  user-03 "), lines.get(22));
    assertEquals("  and 3 more", lines.get(23));
    assertTrue(lines.get(24).startsWith("  all 23 "), lines.get(24));
  }

  @Test
  void c22_whatCannotBeReplayed_isOneSentence_andLeavesNoFile() throws IOException {
    String dates = "--from 2026-10-01 --to 2026-11-01";
    plans(OTHER);
    String csv = " --csv " + folder.resolve("all.csv");
    assertEquals(
        "There are no usage records, debits, jobs or grants from 2026-10-01 until 2026-11-01.",
        refused(dates + csv));
    assertEquals("There is no user nobody.", refused(dates + " --user nobody" + csv));
    assertEquals("There is no customer a/b.", refused(dates + " --customer a/b"));
    String nowhere = folder.resolve("nowhere/all.csv").toString();
    assertEquals(nowhere + " cannot be written.", refused(dates + " --csv " + nowhere));
    plans("{\"tiers\": [], \"jobs\": 5, \"price_book\": {\"markup\": 20}}");
    String faults = refused(dates);
    assertTrue(faults.startsWith(folder.resolve("plans.json") + " is not valid: "), faults);
    assertTrue(
        faults.contains("tiers must have at least one item")
            && faults.contains("; jobs must be a map")
            && faults.contains("; price_book.markup must be one of"),
        faults);
    plans("{\"tiers\": ");
    assertEquals(
        folder.resolve("plans.json") + " is not valid JSON at line 1, column 11.", refused(dates));
    plans("[]");
    assertTrue(refused(dates).endsWith("it holds no JSON object."), refused(dates));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(folder.resolve("plans.json")), files.toList());
    }
  }
}
