package dev.meterkite.functions.access;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the emulator's report of what each expression of the rules came to. */
final class RuleCoverage {
  private RuleCoverage() {}

  /**
   * The expressions that were never evaluated, and the conditions that came out only one way: line,
   * text, and what is missing. An expression stands in the report once a place that it is written
   * in, whoever calls it.
   */
  static List<String> gaps(String rules, JsonObject coverage) {
    Map<String, Set<String>> seen = new HashMap<>();
    coverage.getAsJsonArray("report").forEach(node -> collect(node.getAsJsonObject(), seen, rules));
    List<String> gaps = new ArrayList<>();
    seen.forEach(
        (expression, values) -> {
          if (values.isEmpty()) {
            gaps.add(expression + ": never evaluated");
          } else if (values.equals(Set.of("true")) || values.equals(Set.of("false"))) {
            gaps.add(expression + ": only ever " + values);
          }
        });
    gaps.sort(null);
    return gaps;
  }

  private static void collect(JsonObject node, Map<String, Set<String>> seen, String rules) {
    JsonObject position = node.getAsJsonObject("sourcePosition");
    int from = position.get("currentOffset").getAsInt();
    int to = position.get("endOffset").getAsInt();
    String text = rules.substring(from, Math.min(to, rules.length())).replaceAll("\\s+", " ");
    String name = "%4d:%d %s".formatted(line(position), from, text);
    if (!text.equals("false") && !text.equals("true")) {
      seen.computeIfAbsent(name, any -> new HashSet<>()).addAll(values(node));
    }
    for (JsonElement child : list(node, "children")) {
      collect(child.getAsJsonObject(), seen, rules);
    }
  }

  private static int line(JsonObject position) {
    return position.has("line") ? position.get("line").getAsInt() : 0;
  }

  private static Set<String> values(JsonObject node) {
    Set<String> values = new HashSet<>();
    for (JsonElement each : list(node, "values")) {
      JsonObject value = each.getAsJsonObject().getAsJsonObject("value");
      if (value.has("boolValue")) {
        values.add(value.get("boolValue").getAsString());
      } else if (!value.keySet().isEmpty() && !value.has("undefined")) {
        values.add("value");
      }
    }
    return values;
  }

  private static JsonArray list(JsonObject node, String name) {
    return node.has(name) ? node.getAsJsonArray(name) : new JsonArray();
  }
}
