package dev.meterkite.local;

import dev.meterkite.functions.http.JsonValues;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A table for a warehouse: which rows it has beyond those of earlier runs. */
interface WarehouseTable {
  /** The name of the table, and the beginning of the names of its files. */
  String name();

  /** The columns whose sums {@code watermark.json} states, over all rows of all runs. */
  List<String> summed();

  /**
   * The rows up to a moment that earlier runs have not written.
   *
   * @param earlier the rows of all earlier runs, as they were read from their files: moments are
   *     texts
   * @param until the watermark; a row of this very moment belongs to the run
   */
  Rows rows(List<Map<String, Object>> earlier, Instant until);

  /**
   * What a run adds.
   *
   * @param rows flat objects, in their order
   * @param changedLater documents that are left to a later run, because they were changed behind
   *     the watermark
   * @param findings where the rows and the books disagree; empty for a run that may be written
   */
  record Rows(List<Map<String, Object>> rows, long changedLater, List<String> findings) {}

  /** The fields of a document that are there, in the order of the names. */
  static Map<String, Object> row(Map<String, Object> fields, List<String> names) {
    Map<String, Object> row = new LinkedHashMap<>();
    for (String name : names) {
      Object value = JsonValues.shown(fields.get(name));
      if (value != null) {
        row.put(name, value);
      }
    }
    return row;
  }

  /** A whole number; 0 where there is none. */
  static long whole(Map<?, ?> fields, String name) {
    return fields.get(name) instanceof Number number ? number.longValue() : 0;
  }
}
