package dev.meterkite.model.customers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.BundleTier;
import dev.meterkite.model.plans.DefaultPlans;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WrittenRulesTest {
  private static final Instant NOW = Instant.parse("2025-06-01T12:00:00Z");
  private static final DocRef CUSTOMER = new DocRef("customers", "lab_001");
  private static final DocRef FLAGS = new DocRef("feature_flags", "lab_001");
  private static final DocRef SCENE = new DocRef("scenes", "kitchen");
  private static final Map<String, Object> ERROR =
      Map.of("field", "email", "code", "invalid", "message", "no address");
  private static final Map<String, Object> FULL =
      Map.of("schema_version", 1L, "bundle_tier", "pro", "created_at", NOW, "updated_at", NOW);

  private static Snapshot at(DocRef ref, Map<String, Object> fields) {
    return new Snapshot(ref, fields, NOW);
  }

  private static Snapshot flagsOf(BundleTier tier) {
    return at(FLAGS, FlagRules.initial(tier, NOW));
  }

  @Test
  void newCustomer_getsStampsAndFlags() {
    List<Write> writes =
        WrittenRules.customer(
            at(CUSTOMER, Map.of("bundle_tier", "pro")),
            List.of(),
            Snapshot.absent(FLAGS),
            DefaultPlans.PLANS,
            NOW);
    assertEquals(
        List.of(
            new Write.Update(
                CUSTOMER, Map.of("schema_version", 1L, "created_at", NOW, "updated_at", NOW)),
            new Write.Create(FLAGS, FlagRules.initial(DefaultPlans.bundleTier("pro"), NOW))),
        writes);
  }

  @Test
  void stampsThatAreThere_stay() {
    Map<String, Object> fields = new LinkedHashMap<>(FULL);
    fields.put("created_at", Instant.EPOCH);
    fields.put("schema_version", 7L);
    assertEquals(
        List.of(),
        WrittenRules.customer(
            at(CUSTOMER, fields),
            List.of(),
            flagsOf(DefaultPlans.bundleTier("pro")),
            DefaultPlans.PLANS,
            NOW));
  }

  @Test
  void violations_standOnTheDocumentAndGoWithTheirCause() {
    Snapshot flags = flagsOf(DefaultPlans.bundleTier("pro"));
    List<Write> flagged =
        WrittenRules.customer(at(CUSTOMER, FULL), List.of(ERROR), flags, DefaultPlans.PLANS, NOW);
    assertEquals(
        List.of(new Write.Update(CUSTOMER, Map.of("validation_errors", List.of(ERROR)))), flagged);
    Map<String, Object> with = new LinkedHashMap<>(FULL);
    with.put("validation_errors", List.of(ERROR));
    assertEquals(
        List.of(),
        WrittenRules.customer(at(CUSTOMER, with), List.of(ERROR), flags, DefaultPlans.PLANS, NOW));
    assertEquals(
        List.of(new Write.Update(CUSTOMER, Map.of("validation_errors", Write.REMOVED))),
        WrittenRules.customer(at(CUSTOMER, with), List.of(), flags, DefaultPlans.PLANS, NOW));
  }

  @Test
  void missingFieldThatIsStampedInTheSameWrite_isNoViolation() {
    Map<String, Object> missing =
        Map.of("field", "schema_version", "code", "required", "message", "missing");
    List<Write> writes =
        WrittenRules.customer(
            at(CUSTOMER, Map.of("bundle_tier", "pro")),
            List.of(missing),
            flagsOf(DefaultPlans.bundleTier("pro")),
            DefaultPlans.PLANS,
            NOW);
    assertFalse(((Write.Update) writes.get(0)).fields().containsKey("validation_errors"));
  }

  @Test
  void tierChange_isCarriedIntoTheFlags() {
    List<Write> writes =
        WrittenRules.customer(
            at(CUSTOMER, FULL),
            List.of(),
            flagsOf(DefaultPlans.bundleTier("standard")),
            DefaultPlans.PLANS,
            NOW);
    Write.Update update = (Write.Update) writes.get(0);
    assertEquals(FLAGS, update.ref());
    assertEquals(true, update.fields().get("audio_narration"));
    assertEquals("pro", update.fields().get("origin.tactile"));
  }

  @Test
  void unknownTierWord_leavesTheFlagsAlone() {
    for (Object word : List.of("diamond", 5L)) {
      Map<String, Object> fields = new LinkedHashMap<>(FULL);
      fields.put("bundle_tier", word);
      List<Write> writes =
          WrittenRules.customer(
              at(CUSTOMER, fields),
              List.of(),
              flagsOf(DefaultPlans.bundleTier("pro")),
              DefaultPlans.PLANS,
              NOW);
      assertTrue(writes.stream().noneMatch(write -> write.ref().equals(FLAGS)), "" + word);
      boolean isUnknown = word.equals("diamond");
      assertEquals(isUnknown ? 1 : 0, writes.size(), "a wrong type is a fault of the table");
      if (isUnknown) {
        String verdict = String.valueOf(((Write.Update) writes.get(0)).fields());
        assertTrue(verdict.contains("must be standard, pro, enterprise, foundation"), verdict);
      }
    }
  }

  @Test
  void deletedCustomer_isOwedNothing() {
    assertEquals(
        List.of(),
        WrittenRules.customer(
            Snapshot.absent(CUSTOMER),
            List.of(ERROR),
            Snapshot.absent(FLAGS),
            DefaultPlans.PLANS,
            NOW));
    assertEquals(
        List.of(),
        WrittenRules.scene(Snapshot.absent(SCENE), List.of(ERROR), true, DefaultPlans.PLANS, NOW));
  }

  /** Flags for a customer of this id would be those of everybody. */
  @Test
  void customerNamedLikeTheGlobalFlags_isFlaggedAndGetsNoFlags() {
    DocRef ref = new DocRef("customers", "_global");
    DocRef flags = new DocRef("feature_flags", "_global");
    List<Write> writes =
        WrittenRules.customer(
            at(ref, FULL), List.of(), Snapshot.absent(flags), DefaultPlans.PLANS, NOW);
    assertEquals(1, writes.size());
    Write.Update update = (Write.Update) writes.get(0);
    assertTrue(update.fields().get("validation_errors").toString().contains("reserved_id"));
  }

  @Test
  void sceneOfAnUnknownCustomer_isFlaggedUntilTheCustomerAppears() {
    Map<String, Object> fields = new LinkedHashMap<>(FULL);
    fields.put("customer_id", "lab_001");
    List<Write> writes =
        WrittenRules.scene(at(SCENE, fields), List.of(), false, DefaultPlans.PLANS, NOW);
    Write.Update update = (Write.Update) writes.get(0);
    assertTrue(update.fields().toString().contains("unknown_customer"));
    Map<String, Object> flagged = Patches.apply(fields, update.fields());
    assertEquals(
        List.of(),
        WrittenRules.scene(at(SCENE, flagged), List.of(), false, DefaultPlans.PLANS, NOW));
    assertEquals(
        List.of(new Write.Update(SCENE, Map.of("validation_errors", Write.REMOVED))),
        WrittenRules.scene(at(SCENE, flagged), List.of(), true, DefaultPlans.PLANS, NOW));
  }

  @Test
  void changeOfCountersAlone_concernsNobody() {
    Map<String, Object> counted = new LinkedHashMap<>(FULL);
    counted.put("scenes_generated_this_month", 46L);
    counted.put("total_scenes_generated", 46L);
    counted.put("total_episodes_generated", 4_600L);
    counted.put("quota_due_at", NOW);
    counted.put("commit", Map.of("revision", 3L));
    counted.put("updated_at", NOW.plusSeconds(1));
    assertFalse(WrittenRules.concerns(FULL, counted));
    Map<String, Object> moved = new LinkedHashMap<>(counted);
    moved.put("bundle_tier", "enterprise");
    assertTrue(WrittenRules.concerns(counted, moved));
    assertTrue(WrittenRules.concerns(Map.of(), FULL));
    assertTrue(WrittenRules.concerns(FULL, Map.of("schema_version", 1L, "bundle_tier", "pro")));
  }

  /** A38: what it has written itself owes nothing more, whatever the document held. */
  @Test
  void afterOneRound_nothingIsOwed() {
    for (long seed = 0; seed < 5_000; seed++) {
      Random random = new Random(seed);
      Map<String, Object> customer = RandomDocuments.customer(random);
      Map<String, Object> flags = RandomDocuments.flags(random);
      List<Map<String, Object>> errors = random.nextBoolean() ? List.of(ERROR) : List.of();
      Snapshot there = random.nextBoolean() ? at(FLAGS, flags) : Snapshot.absent(FLAGS);
      List<Write> first =
          WrittenRules.customer(at(CUSTOMER, customer), errors, there, DefaultPlans.PLANS, NOW);
      Map<String, Object> customerAfter = customer;
      Snapshot flagsAfter = there;
      for (Write write : first) {
        if (write instanceof Write.Create create) {
          flagsAfter = at(FLAGS, create.fields());
        } else if (write instanceof Write.Update update && update.ref().equals(FLAGS)) {
          flagsAfter = at(FLAGS, Patches.apply(there.fields(), update.fields()));
        } else if (write instanceof Write.Update update) {
          customerAfter = Patches.apply(customer, update.fields());
        }
      }
      Instant later = NOW.plusSeconds(60);
      assertEquals(
          List.of(),
          WrittenRules.customer(
              at(CUSTOMER, customerAfter), errors, flagsAfter, DefaultPlans.PLANS, later),
          "seed " + seed);
    }
  }
}
