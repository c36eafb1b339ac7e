package dev.meterkite.functions.golden;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Values of documents as text, with their types, and long JSON in lines. */
final class Printed {
  private static final int LONGEST_LINE = 100;
  private static final String INDENT = "  ";

  private Printed() {}

  /**
   * JSON, byte for byte, with line breaks before the members of objects and lists that would be
   * longer than a line.
   */
  static List<String> lines(String json) {
    StringBuilder text = new StringBuilder();
    broken(json, 0, json.length(), "", text);
    return List.of(text.toString().split("\n"));
  }

  /** Adds the value between two places; one that is too long in lines of its members. */
  private static void broken(String json, int from, int to, String indent, StringBuilder out) {
    int open = from;
    while (open < to && json.charAt(open) != '{' && json.charAt(open) != '[') {
      open = json.charAt(open) == '"' ? endOfText(json, open) : open + 1;
    }
    if (to - from + indent.length() <= LONGEST_LINE || open >= to) {
      out.append(json, from, to);
      return;
    }
    out.append(json, from, open + 1);
    int begin = open + 1;
    int depth = 0;
    String inner = indent + INDENT;
    for (int at = begin; at < to; ) {
      char c = json.charAt(at);
      depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
      boolean ends = depth < 0;
      if (ends || (depth == 0 && c == ',')) {
        out.append('\n').append(inner);
        broken(json, begin, ends ? at : at + 1, inner, out);
        begin = at + 1;
        if (ends) {
          out.append('\n').append(indent).append(json, at, to);
          return;
        }
      }
      at = c == '"' ? endOfText(json, at) : at + 1;
    }
  }

  private static int endOfText(String json, int from) {
    int at = from + 1;
    while (json.charAt(at) != '"') {
      at += json.charAt(at) == '\\' ? 2 : 1;
    }
    return at + 1;
  }

  /** A document: its name, then its fields in their order. */
  static List<String> document(Snapshot document) {
    List<String> lines = new ArrayList<>();
    lines.add(document.ref().toString());
    new TreeMap<>(document.fields())
        .forEach(
            (name, value) ->
                lines(name + ": " + typed(value)).forEach(line -> lines.add(INDENT + line)));
    return lines;
  }

  /** A moment as {@code @2026-01-01T00:00:00Z}, a double with a fraction, members sorted. */
  private static String typed(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, String> members = new TreeMap<>();
      map.forEach((name, each) -> members.put((String) name, typed(each)));
      List<String> texts = new ArrayList<>();
      members.forEach((name, each) -> texts.add(new JsonPrimitive(name) + ":" + each));
      return "{" + String.join(",", texts) + "}";
    }
    if (value instanceof List<?> list) {
      return "[" + String.join(",", list.stream().map(Printed::typed).toList()) + "]";
    }
    if (value instanceof Instant moment) {
      return "@" + moment;
    }
    return value instanceof String text ? new JsonPrimitive(text).toString() : "" + value;
  }

  /** Fields of a document from JSON: texts that begin with {@code @} are moments. */
  static Map<String, Object> fields(String json) {
    Map<String, Object> fields = new LinkedHashMap<>();
    JsonParser.parseString(json)
        .getAsJsonObject()
        .asMap()
        .forEach((name, value) -> fields.put(name, value(value)));
    return fields;
  }

  private static Object value(JsonElement json) {
    if (json.isJsonNull()) {
      return null;
    }
    if (json.isJsonObject()) {
      return fields(json.toString());
    }
    if (json.isJsonArray()) {
      List<Object> items = new ArrayList<>();
      json.getAsJsonArray().forEach(item -> items.add(value(item)));
      return items;
    }
    JsonPrimitive plain = json.getAsJsonPrimitive();
    if (plain.isBoolean()) {
      return plain.getAsBoolean();
    }
    String text = plain.getAsString();
    if (plain.isString()) {
      return text.startsWith("@") ? (Object) Instant.parse(text.substring(1)) : text;
    }
    return text.matches("-?[0-9]+") ? (Object) Long.valueOf(text) : Double.valueOf(text);
  }
}
