package dev.meterkite.model.migration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

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
}
