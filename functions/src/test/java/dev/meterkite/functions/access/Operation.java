package dev.meterkite.functions.access;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a caller attempts on a document.
 *
 * @param kind the kind of request
 * @param fields what is written; for an update {@link #REMOVED} removes the field; for a list the
 *     one condition, or none
 */
record Operation(Kind kind, Map<String, Object> fields) {
  static final Object REMOVED = new Object();

  enum Kind {
    GET,
    LIST,
    CREATE,
    UPDATE,
    SET,
    DELETE
  }

  static final Operation GET = new Operation(Kind.GET, Map.of());
  static final Operation DELETE = new Operation(Kind.DELETE, Map.of());

  static Operation list() {
    return new Operation(Kind.LIST, Map.of());
  }

  static Operation list(String field, String value) {
    return new Operation(Kind.LIST, Map.of(field, value));
  }

  static Operation create(Map<String, Object> fields) {
    return new Operation(Kind.CREATE, fields);
  }

  static Operation set(Map<String, Object> fields) {
    return new Operation(Kind.SET, fields);
  }

  static Operation update(String field, Object value) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(field, value);
    return new Operation(Kind.UPDATE, fields);
  }

  static Operation update(String field, Object value, String other, Object otherValue) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(field, value);
    fields.put(other, otherValue);
    return new Operation(Kind.UPDATE, fields);
  }

  static Operation remove(String field) {
    return update(field, REMOVED);
  }

  boolean writes() {
    return kind != Kind.GET && kind != Kind.LIST;
  }

  /** The fields that are there after an update, without those that it removes. */
  Map<String, Object> present() {
    Map<String, Object> present = new LinkedHashMap<>(fields);
    present.values().removeIf(value -> value == REMOVED);
    return present;
  }
}
