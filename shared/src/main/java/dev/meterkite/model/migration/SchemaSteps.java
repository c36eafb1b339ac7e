package dev.meterkite.model.migration;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The registered steps from one schema version to the next. A document without {@code
 * schema_version} is of version 0, the files of before Firestore. A document moves one version at a
 * time, so each step knows one past version only; fields that a step does not know stay.
 */
public final class SchemaSteps {
  private static final String SCHEMA_VERSION = "schema_version";

  /** The steps of the documents that Meterkite adopts: version 0 to 1. */
  public static final SchemaSteps PRESENT =
      new SchemaSteps(
          List.of(
              new Step("customers", 0, JsonForms::typed),
              new Step("scenes", 0, JsonForms::typed),
              new Step("feature_flags", 0, fields -> fields)));

  private final Map<String, List<Step>> steps = new LinkedHashMap<>();

  /**
   * One step.
   *
   * @param collection whose documents
   * @param from the version that it takes; it makes the next
   * @param change the fields of version {@code from} to those of the next; the version itself is
   *     set by the registry
   */
  public record Step(String collection, long from, UnaryOperator<Map<String, Object>> change) {}

  /** What became of a document. */
  public sealed interface Result {
    /**
     * It is of the present version now.
     *
     * @param applied how many steps that took; 0 when it already was
     */
    record Migrated(Map<String, Object> fields, int applied) implements Result {}

    /** It is left alone. */
    record Refused(String code, String message) implements Result {}
  }

  /**
   * @throws IllegalArgumentException if the steps of a collection are not gapless from version 0
   */
  public SchemaSteps(List<Step> registered) {
    for (Step step : registered) {
      List<Step> ofCollection = steps.computeIfAbsent(step.collection(), any -> new ArrayList<>());
      if (step.from() != ofCollection.size()) {
        throw new IllegalArgumentException(
            "step of " + step.collection() + " from version " + step.from() + " out of order");
      }
      ofCollection.add(step);
    }
  }

  /** The version that documents of a collection have after all steps; 0 without any. */
  public long present(String collection) {
    return steps.getOrDefault(collection, List.of()).size();
  }

  /**
   * A document brought to the present version. One of a later version, or with something else than
   * a whole number from 0 on for a version, is refused and left alone: {@code later_version},
   * {@code invalid_version}.
   */
  public Result migrate(String collection, Map<String, Object> fields) {
    Object version = fields.get(SCHEMA_VERSION);
    if (version != null && !(version instanceof Long number && number >= 0)) {
      return new Result.Refused("invalid_version", "schema_version is no version: " + version);
    }
    long from = version == null ? 0 : (Long) version;
    List<Step> path = steps.getOrDefault(collection, List.of());
    if (from > path.size() && !path.isEmpty()) {
      return new Result.Refused(
          "later_version", "schema_version " + from + " is later than " + path.size());
    }
    Map<String, Object> moved = new LinkedHashMap<>(fields);
    for (long at = from; at < path.size(); at++) {
      moved = new LinkedHashMap<>(path.get((int) at).change().apply(moved));
      moved.put(SCHEMA_VERSION, at + 1);
    }
    int applied = (int) Math.max(0, path.size() - from);
    return new Result.Migrated(Collections.unmodifiableMap(moved), applied);
  }
}
