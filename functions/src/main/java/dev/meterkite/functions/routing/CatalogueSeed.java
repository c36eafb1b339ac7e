package dev.meterkite.functions.routing;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.meterkite.functions.prices.Prices;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The catalogue that comes with the program, {@code model-catalog.json}: documents by their ids,
 * with the fields that {@code model_catalog} has. It fills an empty database, and stands in for
 * one.
 */
final class CatalogueSeed {
  private CatalogueSeed() {}

  /**
   * Prints a line for each document: its id, percent-encoded, a tab, and the body by which
   * Firestore's REST API creates it; for {@code deploy.sh}.
   */
  public static void main(String[] arguments) {
    bodies()
        .forEach(
            (id, body) ->
                System.out.println(URLEncoder.encode(id, StandardCharsets.UTF_8) + "\t" + body));
  }

  /** The documents by id, each as the REST API's {@code Document}. */
  static Map<String, String> bodies() {
    Map<String, String> bodies = new LinkedHashMap<>();
    Prices.seed()
        .asMap()
        .forEach((id, fields) -> bodies.put(id, typed(fields.getAsJsonObject()).toString()));
    return bodies;
  }

  private static JsonObject typed(JsonObject fields) {
    JsonObject typed = new JsonObject();
    fields.asMap().forEach((name, value) -> typed.add(name, value(value)));
    JsonObject holder = new JsonObject();
    holder.add("fields", typed);
    return holder;
  }

  private static JsonObject value(JsonElement value) {
    JsonObject typed = new JsonObject();
    if (value instanceof JsonObject map) {
      typed.add("mapValue", typed(map));
    } else if (value instanceof JsonArray list) {
      JsonArray values = new JsonArray();
      list.forEach(item -> values.add(value(item)));
      JsonObject holder = new JsonObject();
      holder.add("values", values);
      typed.add("arrayValue", holder);
    } else if (value instanceof JsonPrimitive primitive && primitive.isBoolean()) {
      typed.add("booleanValue", primitive);
    } else if (value instanceof JsonPrimitive primitive && primitive.isNumber()) {
      typed.addProperty("integerValue", primitive.getAsString());
    } else {
      typed.addProperty("stringValue", value.getAsString());
    }
    return typed;
  }
}
