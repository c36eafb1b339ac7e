package dev.meterkite.local;

import java.math.BigDecimal;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The part of JSON Schema (2020-12) that docs/openapi.yaml uses. A member that no schema of an
 * object names is a fault, unless {@code additionalProperties} allows it: what is answered is to be
 * documented. A keyword that is not known here is an error, never passed over.
 */
final class JsonSchema {
  private static final Set<String> SAYS_NOTHING = Set.of("description", "default");

  private final Map<?, ?> document;
  private final List<String> faults = new ArrayList<>();

  private JsonSchema(Map<?, ?> document) {
    this.document = document;
  }

  /** What is wrong with a value by a schema of a document; empty when nothing is. */
  static List<String> faults(Map<?, ?> document, Object schema, Object value) {
    JsonSchema check = new JsonSchema(document);
    check.check((Map<?, ?>) schema, value, "", true);
    return check.faults;
  }

  /** What a reference such as {@code #/components/schemas/Hold} points to. */
  static Map<?, ?> resolve(Map<?, ?> document, Map<?, ?> node) {
    if (!(node.get("$ref") instanceof String reference)) {
      return node;
    }
    Object found = document;
    for (String part : reference.substring("#/".length()).split("/", -1)) {
      found = found instanceof Map<?, ?> map ? map.get(part) : null;
    }
    return Objects.requireNonNull((Map<?, ?>) found, () -> reference + " points nowhere");
  }

  private void fault(String path, String what) {
    faults.add((path.isEmpty() ? "/" : path) + " " + what);
  }

  private void check(Map<?, ?> unresolved, Object value, String path, boolean closed) {
    Map<?, ?> schema = resolve(document, unresolved);
    for (Map.Entry<?, ?> entry : schema.entrySet()) {
      String keyword = (String) entry.getKey();
      if (!SAYS_NOTHING.contains(keyword)) {
        keyword(keyword, entry.getValue(), value, path);
      }
    }
    if (value instanceof Map<?, ?> object) {
      if (closed && !isOpen(schema)) {
        Set<Object> more = new HashSet<>(object.keySet());
        more.removeAll(named(schema, value));
        more.forEach(name -> fault(path, "has the member " + name + ", which no schema names"));
      }
      members(schema, object, path);
    }
  }

  private void keyword(String keyword, Object operand, Object value, String path) {
    boolean met =
        switch (keyword) {
          case "type" ->
              (operand instanceof List<?> types ? types : List.of(operand))
                  .stream().anyMatch(type -> isOfType((String) type, value));
          case "enum" -> ((List<?>) operand).contains(value);
          case "const" -> operand.equals(value);
          case "required" ->
              !(value instanceof Map<?, ?> object)
                  || object.keySet().containsAll((List<?>) operand);
          case "minimum" -> !(value instanceof Number) || compare(value, operand) >= 0;
          case "maximum" -> !(value instanceof Number) || compare(value, operand) <= 0;
          case "minLength" -> !(value instanceof String text) || text.length() >= (int) operand;
          case "maxLength" -> !(value instanceof String text) || text.length() <= (int) operand;
          case "pattern" ->
              !(value instanceof String text)
                  || Pattern.compile((String) operand).matcher(text).find();
          case "format" ->
              operand.equals("date-time") && (!(value instanceof String text) || isMoment(text));
          case "minItems" -> !(value instanceof List<?> list) || list.size() >= (int) operand;
          case "maxItems" -> !(value instanceof List<?> list) || list.size() <= (int) operand;
          case "anyOf" ->
              ((List<?>) operand).stream().anyMatch(one -> faults(document, one, value).isEmpty());
          case "items" -> {
            items((Map<?, ?>) operand, value, path);
            yield true;
          }
          case "allOf" -> {
            ((List<?>) operand).forEach(one -> check((Map<?, ?>) one, value, path, false));
            yield true;
          }
          case "properties", "additionalProperties" -> true;
          default -> throw new IllegalArgumentException("unknown keyword " + keyword);
        };
    if (!met) {
      fault(path, "is " + value + ", against " + keyword + " " + operand);
    }
  }

  private void items(Map<?, ?> schema, Object value, String path) {
    if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        check(schema, list.get(i), path + "/" + i, true);
      }
    }
  }

  private void members(Map<?, ?> schema, Map<?, ?> object, String path) {
    Map<?, ?> properties = properties(schema);
    object.forEach(
        (name, member) -> {
          if (properties.get(name) instanceof Map<?, ?> one) {
            check(one, member, path + "/" + name, true);
          } else if (schema.get("additionalProperties") instanceof Map<?, ?> others) {
            check(others, member, path + "/" + name, true);
          }
        });
  }

  private static boolean isOpen(Map<?, ?> schema) {
    Object others = schema.get("additionalProperties");
    return Boolean.TRUE.equals(others)
        || others instanceof Map<?, ?>
        || schema.get("type") instanceof List<?>
        || schema.containsKey("anyOf");
  }

  /** The members that a schema and all of its parts name. */
  private Set<Object> named(Map<?, ?> unresolved, Object value) {
    Map<?, ?> schema = resolve(document, unresolved);
    Set<Object> names = new HashSet<>(properties(schema).keySet());
    if (schema.get("allOf") instanceof List<?> parts) {
      parts.forEach(part -> names.addAll(named((Map<?, ?>) part, value)));
    }
    return names;
  }

  private static Map<?, ?> properties(Map<?, ?> schema) {
    return schema.get("properties") instanceof Map<?, ?> map ? map : Map.of();
  }

  private static boolean isOfType(String type, Object value) {
    return switch (type) {
      case "object" -> value instanceof Map<?, ?>;
      case "array" -> value instanceof List<?>;
      case "string" -> value instanceof String;
      case "boolean" -> value instanceof Boolean;
      case "null" -> value == null;
      case "number" -> value instanceof Number;
      case "integer" ->
          value instanceof Number number
              && new BigDecimal(number.toString()).stripTrailingZeros().scale() <= 0;
      default -> throw new IllegalArgumentException("unknown type " + type);
    };
  }

  private static int compare(Object value, Object limit) {
    return new BigDecimal(value.toString()).compareTo(new BigDecimal(limit.toString()));
  }

  private static boolean isMoment(String text) {
    try {
      return OffsetDateTime.parse(text) != null;
    } catch (DateTimeParseException e) {
      return false;
    }
  }
}
