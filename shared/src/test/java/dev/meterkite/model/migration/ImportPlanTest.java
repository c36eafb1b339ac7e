package dev.meterkite.model.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.migration.ImportPlan.Problem;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ImportPlanTest {
  private final ImportPlan plan =
      new ImportPlan(
          SchemaSteps.PRESENT,
          (collection, fields) ->
              fields.containsKey("broken") ? List.of("broken: no such thing") : List.of());

  private static Map<String, Object> fields(Object... pairs) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      fields.put((String) pairs[i], pairs[i + 1]);
    }
    return fields;
  }

  private List<String> codes() {
    return plan.problems(id -> false).stream().map(Problem::code).toList();
  }

  /** The example of the source schema as a JSON parser gives it: text times, doubles. */
  @Test
  void customerOfTheSchemasExample_isTakenUnderItsFilesName() {
    plan.add(
        "customers",
        "lab_001",
        fields(
            "schema_version", 1.0,
            "bundle_tier", "pro",
            "monthly_scene_quota", 100.0,
            "contract_start", "2025-01-01T00:00:00Z",
            "contract_end", "2026-01-01T01:00:00+01:00",
            "feature_overrides", Map.of("tactile_sensors", true),
            "created_at", "2024-01-15T10:30:00.123456789Z",
            "updated_at", "yesterday"));
    assertEquals(
        Map.of(
            new DocRef("customers", "lab_001"),
            fields(
                "schema_version",
                1L,
                "bundle_tier",
                "pro",
                "monthly_scene_quota",
                100L,
                "contract_start",
                Instant.parse("2025-01-01T00:00:00Z"),
                "contract_end",
                Instant.parse("2026-01-01T00:00:00Z"),
                "feature_overrides",
                Map.of("tactile_sensors", true),
                "created_at",
                Instant.parse("2024-01-15T10:30:00.123456Z"),
                "updated_at",
                "yesterday")),
        plan.documents());
    assertEquals(List.of(), codes());
  }

  @Test
  void sceneKeepsItsCustomerAndItsFloats() {
    plan.add("customers", "lab_001", fields("bundle_tier", "pro"));
    plan.add(
        "scenes",
        "scenes",
        List.of(
            fields("scene_id", "kitchen", "customer_id", "lab_001", "min_quality_score", 1L),
            fields("id", "hall", "customer_id", "lab_001", "max_variations", 100.5)));
    assertEquals(
        fields("customer_id", "lab_001", "min_quality_score", 1.0, "schema_version", 1L),
        plan.documents().get(new DocRef("scenes", "kitchen")));
    assertEquals(100.5, plan.documents().get(new DocRef("scenes", "hall")).get("max_variations"));
    assertEquals(List.of(), codes());
  }

  @Test
  void users_keepTheirIdAmongTheirFields() {
    plan.add("users", "ada", fields("tier", "pro"));
    plan.add("users", "more", List.of(fields("user_id", "bob"), fields("id", "cid")));
    for (String id : List.of("ada", "bob", "cid")) {
      assertEquals(id, plan.documents().get(new DocRef("users", id)).get("user_id"));
    }
    assertEquals(false, plan.documents().get(new DocRef("users", "cid")).containsKey("id"));
  }

  @Test
  void whatIsWrong_isReportedAllAtOnceAndTheRestIsTaken() {
    plan.add(
        "customers",
        "labs",
        List.of(
            "text",
            fields("bundle_tier", "pro"),
            fields("customer_id", "a/b"),
            fields("customer_id", "_global"),
            fields("customer_id", "good"),
            fields("customer_id", "good"),
            fields("customer_id", "later", "schema_version", 9L),
            fields("customer_id", "odd", "schema_version", "one"),
            fields("customer_id", "bad", "broken", 1L)));
    assertEquals(Set.of(new DocRef("customers", "good")), plan.documents().keySet());
    assertEquals(
        List.of(
            "not_an_object",
            "missing_id",
            "invalid_id",
            "reserved_id",
            "duplicate",
            "later_version",
            "invalid_version",
            "invalid"),
        codes());
    assertEquals("labs[3]", plan.problems(id -> true).get(3).where());
  }

  @Test
  void sceneOfAnUnknownCustomer_isTakenAndReportedUnlessTheStoreHasTheCustomer() {
    plan.add("scenes", "kitchen", fields("customer_id", "lab_9"));
    plan.add("scenes", "hall", fields("customer_id", "a/b"));
    plan.add("scenes", "attic", fields("robot_type", "franka"));
    assertEquals(3, plan.documents().size());
    assertEquals(List.of("unknown_customer", "unknown_customer"), codes());
    assertEquals(1, plan.problems("lab_9"::equals).size());
  }

  @Test
  void documents_areOrderedCustomersFirst() {
    plan.add("users", "u", fields());
    plan.add("scenes", "s", fields("customer_id", "c"));
    plan.add("customers", "c", fields());
    assertEquals(
        List.of("customers/c", "scenes/s", "users/u"),
        plan.documents().keySet().stream().map(DocRef::toString).toList());
    assertEquals(Set.of("customers", "scenes", "users"), ImportPlan.collections());
  }
}
