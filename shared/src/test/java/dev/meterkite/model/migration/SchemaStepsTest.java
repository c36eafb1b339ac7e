package dev.meterkite.model.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.DataModel;
import dev.meterkite.model.migration.SchemaSteps.Result;
import dev.meterkite.model.migration.SchemaSteps.Step;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SchemaStepsTest {
  private static final SchemaSteps THREE =
      new SchemaSteps(
          List.of(
              new Step("customers", 0, fields -> with(fields, "zero", true)),
              new Step("customers", 1, fields -> with(fields, "one", true)),
              new Step("customers", 2, fields -> with(fields, "two", true))));

  private static Map<String, Object> with(Map<String, Object> fields, String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(fields);
    more.put(name, value);
    return more;
  }

  @Test
  void documentOfEveryPastVersion_goesThroughTheStepsItLacks() {
    assertEquals(
        new Result.Migrated(
            Map.of("a", 1L, "zero", true, "one", true, "two", true, "schema_version", 3L), 3),
        THREE.migrate("customers", Map.of("a", 1L)));
    assertEquals(
        new Result.Migrated(Map.of("one", true, "two", true, "schema_version", 3L), 2),
        THREE.migrate("customers", Map.of("schema_version", 1L)));
    assertEquals(
        new Result.Migrated(Map.of("two", true, "schema_version", 3L), 1),
        THREE.migrate("customers", Map.of("schema_version", 2L)));
    assertEquals(
        new Result.Migrated(Map.of("schema_version", 3L), 0),
        THREE.migrate("customers", Map.of("schema_version", 3L)));
    assertEquals(3, THREE.present("customers"));
    assertEquals(0, THREE.present("scenes"));
  }

  @Test
  void laterOrBrokenVersions_areLeftAlone() {
    assertEquals("later_version", refused(THREE, Map.of("schema_version", 4L)));
    assertEquals("invalid_version", refused(THREE, Map.of("schema_version", -1L)));
    assertEquals("invalid_version", refused(THREE, Map.of("schema_version", "1")));
    assertEquals("invalid_version", refused(THREE, Map.of("schema_version", 1.5)));
  }

  private static String refused(SchemaSteps steps, Map<String, Object> fields) {
    return assertInstanceOf(Result.Refused.class, steps.migrate("customers", fields)).code();
  }

  @Test
  void stepsWithAGap_areRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new SchemaSteps(List.of(new Step("customers", 1, fields -> fields))));
  }

  @Test
  void presentSteps_turnAFileWithoutAVersionIntoVersionOne() {
    for (String collection : List.of("customers", "scenes", "feature_flags")) {
      assertEquals(1, SchemaSteps.PRESENT.present(collection));
    }
    Result result =
        SchemaSteps.PRESENT.migrate(
            "customers", Map.of("contract_end", "2026-01-01T00:00:00Z", "unknown", "kept"));
    assertEquals(
        new Result.Migrated(
            Map.of(
                "contract_end",
                Instant.parse("2026-01-01T00:00:00Z"),
                "unknown",
                "kept",
                "schema_version",
                1L),
            1),
        result);
  }

  /** Documents of the versions that there have been: before Firestore, and 1. */
  @Test
  void documentsOfEveryPastVersion_areValidOnceTheyHaveMoved() {
    Map<String, Map<String, Object>> first =
        Map.of(
            "customers",
            Map.of(
                "bundle_tier",
                "pro",
                "monthly_scene_quota",
                100.0,
                "contract_start",
                "2025-01-01T01:00:00+01:00",
                "contract_end",
                "2026-01-01T00:00:00Z",
                "our_field",
                Map.of("x", 1L)),
            "scenes",
            Map.of("customer_id", "lab_001", "min_quality_score", 1L, "max_variations", 50.0),
            "feature_flags",
            Map.of("_comment", "beta", "tactile", false));
    first.forEach(
        (collection, version0) -> {
          Map<String, Object> version1 = moved(collection, version0, 1);
          assertEquals(1L, version1.get("schema_version"));
          assertTrue(version1.keySet().containsAll(version0.keySet()));
          assertEquals(version1, moved(collection, version1, 0), "nothing is left to do");
          DataModel.TABLES.stream()
              .filter(table -> table.collection().equals(collection))
              .forEach(table -> assertEquals(List.of(), table.validate(version1)));
        });
    assertEquals(
        Instant.parse("2025-01-01T00:00:00Z"),
        moved("customers", first.get("customers"), 1).get("contract_start"));
    assertEquals(1.0, moved("scenes", first.get("scenes"), 1).get("min_quality_score"));
  }

  private static Map<String, Object> moved(
      String collection, Map<String, Object> fields, int steps) {
    Result.Migrated result =
        assertInstanceOf(Result.Migrated.class, SchemaSteps.PRESENT.migrate(collection, fields));
    assertEquals(steps, result.applied());
    return result.fields();
  }
}
