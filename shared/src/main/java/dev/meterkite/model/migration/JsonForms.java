package dev.meterkite.model.migration;

import dev.meterkite.model.document.FieldValues;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The values of a JSON file in the types that Firestore documents have: timestamps written as text
 * become moments, whole numbers integers, and the fields that are floating point stay so.
 */
public final class JsonForms {
  private static final Set<String> MOMENTS =
      Set.of("contract_start", "contract_end", "created_at", "updated_at", "quota_reset_at");

  private static final Set<String> FLOATS = Set.of("min_quality_score");

  private JsonForms() {}

  /**
   * The fields with the types of the schema. A timestamp is ISO 8601 with {@code Z} or an offset,
   * cut to microseconds: {@code "2025-01-01T00:00:00Z"}. What cannot be read stays as it is, for
   * validation to report.
   */
  public static Map<String, Object> typed(Map<String, Object> fields) {
    Map<String, Object> typed = new LinkedHashMap<>();
    fields.forEach((name, value) -> typed.put(name, typed(name, value)));
    return typed;
  }

  private static Object typed(String name, Object value) {
    if (value instanceof String text && MOMENTS.contains(name)) {
      return moment(text);
    }
    if (value instanceof Number number && FLOATS.contains(name)) {
      return number.doubleValue();
    }
    Long whole = FieldValues.integer(value);
    return whole == null ? value : whole;
  }

  private static Object moment(String text) {
    try {
      Instant moment = OffsetDateTime.parse(text).toInstant();
      return moment.truncatedTo(ChronoUnit.MICROS);
    } catch (DateTimeException e) {
      return text;
    }
  }
}
