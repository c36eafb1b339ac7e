package dev.meterkite.model.plans;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.meterkite.model.document.FieldValues;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The plans that come with the program, for tests. */
public final class DefaultPlans {
  /** The file as fields of a document. */
  public static final Map<String, Object> FIELDS = fields();

  public static final Plans PLANS = Plans.complete(FIELDS).plans().orElseThrow();

  private DefaultPlans() {}

  /** One of their bundle tiers. */
  public static BundleTier bundleTier(String word) {
    return PLANS.bundleTier(word).orElseThrow();
  }

  private static Map<String, Object> fields() {
    Object file =
        value(
            JsonParser.parseReader(
                new InputStreamReader(
                    Objects.requireNonNull(Plans.class.getResourceAsStream("/plans.json")),
                    StandardCharsets.UTF_8)));
    Map<String, Object> fields = new LinkedHashMap<>();
    FieldValues.map(file).forEach(fields::put);
    return fields;
  }

  private static Object value(JsonElement json) {
    if (json.isJsonObject()) {
      Map<String, Object> fields = new LinkedHashMap<>();
      json.getAsJsonObject().asMap().forEach((name, value) -> fields.put(name, value(value)));
      return fields;
    }
    if (json.isJsonArray()) {
      List<Object> items = new ArrayList<>();
      json.getAsJsonArray().forEach(item -> items.add(value(item)));
      return items;
    }
    JsonPrimitive primitive = json.getAsJsonPrimitive();
    if (primitive.isString()) {
      return primitive.getAsString();
    }
    double number = primitive.getAsDouble();
    return number == Math.rint(number) ? (Object) (long) number : (Object) number;
  }
}
