package dev.meterkite.functions.customers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.usage.Metering;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What customers and scenes are owed, on the emulator, with every call counted. */
class DocumentCareTest {
  private static final Hosted HOSTED = Hosted.shared();

  private final Counted counted = new Counted();
  private final DocumentCare care = care();

  /** Counts calls, and lets another program write between read and commit. */
  private static final class Counted implements Store {
    private int calls;
    private int commits;
    private Runnable beforeCommit = () -> {};

    @Override
    public CompletableFuture<List<Snapshot>> read(List<DocRef> refs) {
      calls++;
      return HOSTED.store().read(refs);
    }

    @Override
    public CompletableFuture<List<Snapshot>> find(Query query) {
      calls++;
      return HOSTED.store().find(query);
    }

    @Override
    public CompletableFuture<Number> total(Query query, String sum) {
      calls++;
      return HOSTED.store().total(query, sum);
    }

    @Override
    public CompletableFuture<List<Instant>> commit(List<Mutation> mutations) {
      calls++;
      commits++;
      Runnable other = beforeCommit;
      beforeCommit = () -> {};
      other.run();
      return HOSTED.store().commit(mutations);
    }
  }

  private DocumentCare care() {
    Backend shared = Backend.ofProcess();
    Backend backend =
        new Backend(
            shared.settings(),
            counted,
            shared.clock(),
            shared.turns(),
            shared.edge(),
            shared.intake(),
            shared.log());
    return new DocumentCare(backend, new Metering(backend), new CurrentPlans(backend));
  }

  private static Snapshot customer(String id) {
    return HOSTED.read("customers", id);
  }

  private static Map<String, Object> flags(String id) {
    return HOSTED.read("feature_flags", id).fields();
  }

  /** What happens when a document changes, and then as often as that sets off events of its own. */
  private int rounds(String collection, String id, Snapshot before) {
    Snapshot seen = before;
    for (int round = 1; round < 10; round++) {
      Snapshot after = HOSTED.read(collection, id);
      if (after.exists() && after.updateTime().equals(seen.updateTime())) {
        return round - 1;
      }
      DocumentChange change =
          new DocumentChange(after.ref(), seen, after, Instant.EPOCH, "e" + round);
      Handled handled =
          collection.equals("customers") ? care.customerWritten(change) : care.sceneWritten(change);
      assertEquals(Handled.Verdict.DONE, handled.verdict(), handled::outcome);
      seen = after;
    }
    throw new AssertionError("it never stops");
  }

  private int written(String collection, String id, Map<String, Object> fields) {
    Snapshot before = HOSTED.read(collection, id);
    HOSTED.set(collection, id, fields);
    return rounds(collection, id, before);
  }

  private static List<String> errors(String collection, String id) {
    List<String> errors = new ArrayList<>();
    if (HOSTED.read(collection, id).fields().get("validation_errors") instanceof List<?> list) {
      list.forEach(
          error ->
              errors.add(((Map<?, ?>) error).get("field") + " " + ((Map<?, ?>) error).get("code")));
    }
    return errors;
  }

  /** A38 */
  @Test
  void newCustomer_isStampedAndGetsItsFlagsAndThatIsAll() {
    int rounds = written("customers", "care-1", Map.of("bundle_tier", "pro", "our_field", "x"));
    assertEquals(2, rounds, "its own write sets off one event more");
    Map<String, Object> fields = customer("care-1").fields();
    assertEquals(1L, fields.get("schema_version"));
    assertTrue(fields.get("created_at") instanceof Instant);
    assertTrue(fields.get("updated_at") instanceof Instant);
    assertEquals("x", fields.get("our_field"));
    assertEquals(List.of(), errors("customers", "care-1"));
    assertEquals(true, flags("care-1").get("audio_narration"));
    assertEquals(false, flags("care-1").get("tactile"));
    assertEquals(1, counted.commits);
  }

  @Test
  void changeOfCounters_costsNoCall() {
    written("customers", "care-2", Map.of("bundle_tier", "pro"));
    Snapshot before = customer("care-2");
    counted.calls = 0;
    Map<String, Object> fields = new HashMap<>(before.fields());
    fields.put("scenes_generated_this_month", 4L);
    fields.put("total_scenes_generated", 4L);
    fields.put("quota_due_at", Instant.parse("2026-02-01T00:00:00Z"));
    fields.put("quota_alert_percent", 80L);
    fields.put("commit", Map.of("revision", 1L));
    HOSTED.set("customers", "care-2", fields);
    rounds("customers", "care-2", before);
    assertEquals(0, counted.calls);
    assertTrue(customer("care-2").fields().containsKey("quota_due_at"));
  }

  /** What a set() of another program wipes, or an older program never wrote, is put back. */
  @Test
  void customerWithCountersOfAnotherProgram_getsTheMomentAtWhichTheyAreDue() {
    Map<String, Object> fields = new HashMap<>();
    fields.put("bundle_tier", "pro");
    fields.put("monthly_scene_quota", 100L);
    fields.put("scenes_generated_this_month", 45L);
    assertEquals(2, written("customers", "care-due", fields));
    Map<String, Object> tended = customer("care-due").fields();
    Instant due = (Instant) tended.get("quota_due_at");
    assertTrue(due.isAfter(Backend.ofProcess().clock().instant()), tended::toString);
    assertEquals(45L, tended.get("scenes_generated_this_month"));

    Map<String, Object> wiped = new HashMap<>(tended);
    wiped.remove("quota_due_at");
    assertEquals(2, written("customers", "care-due", wiped));
    assertEquals(due, customer("care-due").fields().get("quota_due_at"));

    Map<String, Object> reset = new HashMap<>(customer("care-due").fields());
    reset.put("scenes_generated_this_month", 0L);
    assertEquals(2, written("customers", "care-due", reset));
    assertFalse(customer("care-due").fields().containsKey("quota_due_at"), "nothing is due");
  }

  @Test
  void usageOfBeforeTheCustomer_isCountedOnceWhenItAppears() {
    Metering metering = Metering.of(Backend.ofProcess());
    Instant now = Backend.ofProcess().clock().instant();
    for (int i = 0; i < 120; i++) {
      HOSTED.set(
          "usage_tracking",
          "care-early-" + i,
          Map.of(
              "customer_id", "care-early",
              "scene_id", "s",
              "action", "scene_generated",
              "timestamp", now.minusSeconds(i),
              "episodes_generated", 2L));
      assertEquals("unknown_customer", metering.count("care-early-" + i).outcome());
    }
    Snapshot before = customer("care-early");
    written("customers", "care-early", Map.of("bundle_tier", "pro"));
    Map<String, Object> fields = customer("care-early").fields();
    assertEquals(120L, fields.get("total_scenes_generated"));
    assertEquals(240L, fields.get("total_episodes_generated"));
    care.customerWritten(
        new DocumentChange(before.ref(), before, customer("care-early"), Instant.EPOCH, "again"));
    assertEquals(120L, customer("care-early").fields().get("total_scenes_generated"));
    assertEquals(
        List.of(), HOSTED.store().find(Queries.pendingUsageOfCustomer("care-early", 1)).join());
  }

  /** A18: nor does it wipe what was bought besides the tier. */
  @Test
  void changeOfTier_isCarriedIntoEntriesOfTheTierOnly() {
    written("customers", "care-3", Map.of("bundle_tier", "pro"));
    HOSTED
        .store()
        .commit(
            List.of(
                Mutation.blind(
                    new DocRef("feature_flags", "care-3"),
                    Map.of("sim2real", true, "subtitle_generation", false, "_comment", "ours"),
                    Map.of())))
        .join();
    written("customers", "care-3", Map.of("bundle_tier", "standard"));
    Map<String, Object> flags = flags("care-3");
    assertEquals(false, flags.get("audio_narration"));
    assertEquals(true, flags.get("sim2real"));
    assertEquals(false, flags.get("subtitle_generation"));
    assertEquals("ours", flags.get("_comment"));
  }

  @Test
  void whatIsWrong_standsOnTheDocumentUntilItIsRight() {
    Map<String, Object> fields = new HashMap<>();
    fields.put("bundle_tier", "platinum");
    fields.put("monthly_scene_quota", -2L);
    written("customers", "care-4", fields);
    assertEquals(
        List.of("bundle_tier unknown_value", "monthly_scene_quota out_of_range"),
        errors("customers", "care-4"));
    assertEquals("platinum", customer("care-4").fields().get("bundle_tier"));
    assertFalse(HOSTED.read("feature_flags", "care-4").exists());
    Map<String, Object> repaired = new HashMap<>(customer("care-4").fields());
    repaired.put("bundle_tier", "pro");
    repaired.put("monthly_scene_quota", -1L);
    written("customers", "care-4", repaired);
    assertFalse(customer("care-4").fields().containsKey("validation_errors"));
    assertTrue(HOSTED.read("feature_flags", "care-4").exists());
  }

  @Test
  void sceneOfAnUnknownCustomer_isFlaggedUntilTheCustomerAppears() {
    assertEquals(2, written("scenes", "care-5-a", Map.of("customer_id", "care-5")));
    written("scenes", "care-5-b", Map.of("customer_id", "care-5", "max_variations", -1L));
    assertEquals(List.of("customer_id unknown_customer"), errors("scenes", "care-5-a"));
    written("customers", "care-5", Map.of("bundle_tier", "pro"));
    assertEquals(List.of(), errors("scenes", "care-5-a"));
    assertEquals(List.of("max_variations out_of_range"), errors("scenes", "care-5-b"));

    Snapshot before = customer("care-5");
    HOSTED.delete("customers", "care-5");
    care.customerWritten(
        new DocumentChange(before.ref(), before, customer("care-5"), Instant.EPOCH, "gone"));
    assertEquals(List.of("customer_id unknown_customer"), errors("scenes", "care-5-a"));
  }

  @Test
  void scenesOfANewCustomer_areAllLookedAt() {
    for (int i = 0; i < 450; i++) {
      Map<String, Object> scene = new HashMap<>();
      scene.put("customer_id", "care-6");
      scene.put("schema_version", 1L);
      scene.put("created_at", Instant.EPOCH);
      scene.put("updated_at", Instant.EPOCH);
      if (i % 100 == 99) {
        scene.put(
            "validation_errors",
            List.of(Map.of("field", "customer_id", "code", "unknown_customer", "message", "m")));
      }
      HOSTED.set("scenes", "care-6-%03d".formatted(i), scene);
    }
    written("customers", "care-6", Map.of("bundle_tier", "pro"));
    for (int i = 99; i < 450; i += 100) {
      assertEquals(List.of(), errors("scenes", "care-6-%03d".formatted(i)));
    }
  }

  @Test
  void writeInBetween_isNotLost() {
    counted.beforeCommit =
        () -> HOSTED.set("customers", "care-7", Map.of("bundle_tier", "foundation", "mark", 2L));
    written("customers", "care-7", Map.of("bundle_tier", "standard", "mark", 1L));
    assertEquals(2L, customer("care-7").fields().get("mark"));
    assertEquals(true, flags("care-7").get("bimanual"));
  }

  /** A38, A39 */
  @Test
  void goneReservedAndOddDocuments_areAcknowledged() {
    Snapshot absent = customer("care-8");
    Snapshot was = new Snapshot(absent.ref(), Map.of("bundle_tier", "pro"), Instant.EPOCH);
    DocumentChange late = new DocumentChange(was.ref(), absent, was, Instant.EPOCH, "late");
    assertEquals("gone", care.customerWritten(late).outcome());
    assertFalse(customer("care-8").exists());

    written("customers", "_care", Map.of("bundle_tier", "pro"));
    assertEquals(List.of("customer_id reserved_id"), errors("customers", "_care"));
    assertFalse(HOSTED.read("feature_flags", "_care").exists());

    Map<String, Object> odd = new LinkedHashMap<>();
    odd.put("bundle_tier", null);
    odd.put("contract_end", "tomorrow");
    odd.put("feature_overrides", List.of(1L));
    odd.put("big", "x".repeat(900_000));
    written("customers", "care-\ud83e\ude81 é%", odd);
    assertEquals(
        List.of("bundle_tier required", "contract_end wrong_type", "feature_overrides wrong_type"),
        errors("customers", "care-\ud83e\ude81 é%"));

    written("scenes", "care-odd", Map.of("customer_id", "a/b"));
    assertEquals(List.of("customer_id unknown_customer"), errors("scenes", "care-odd"));
    written("scenes", "care-odd", Map.of("customer_id", 5L));
    assertEquals(List.of("customer_id wrong_type"), errors("scenes", "care-odd"));
  }

  /** What both schemas show as queries, on documents that have been through here. */
  @Test
  void queriesOfTheSchema_findWhatWasWritten() {
    Instant end = Instant.parse("1999-01-01T00:00:00Z");
    written("customers", "care-9", Map.of("bundle_tier", "enterprise", "contract_end", end));
    written("scenes", "care-9-s", Map.of("customer_id", "care-9", "bundle_tier", "pro"));
    assertFound("care-9", Queries.customersInTier("enterprise", 1_000));
    assertFound("care-9", Queries.customersWithContractEndBefore(end.plusSeconds(1), 10));
    assertEquals(
        Optional.empty(),
        find(Queries.customersWithContractEndBefore(end, 10), "care-9"),
        "the end is not before itself");
    assertFound(
        "care-9", Queries.customersInTierWithContractEndBefore("enterprise", Instant.now(), 1_000));
    assertFound("care-9-s", Queries.scenesOfCustomer("care-9", 10));
    assertFound("care-9-s", Queries.scenesInTier("pro", 1_000));
    assertEquals(Collections.emptyList(), errors("scenes", "care-9-s"));
  }

  private static void assertFound(String id, Query query) {
    assertTrue(find(query, id).isPresent(), query::toString);
  }

  private static Optional<Snapshot> find(Query query, String id) {
    return HOSTED.store().find(query).join().stream()
        .filter(one -> one.ref().id().equals(id))
        .findFirst();
  }
}
