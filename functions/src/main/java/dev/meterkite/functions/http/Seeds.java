package dev.meterkite.functions.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The files of documents that come with the program. */
public final class Seeds {
  private Seeds() {}

  /** The JSON object in a file of the program. */
  public static JsonObject read(String name) {
    try (InputStream file = Seeds.class.getResourceAsStream(name);
        Reader text =
            new InputStreamReader(
                Objects.requireNonNull(file, "no " + name), StandardCharsets.UTF_8)) {
      return JsonParser.parseReader(text).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fields of a document as the body by which Firestore's REST API writes it. */
  public static JsonObject document(JsonObject fields) {
    JsonObject typed = new JsonObject();
    fields.asMap().forEach((name, value) -> typed.add(name, value(value)));
    JsonObject holder = new JsonObject();
    holder.add("fields", typed);
    return holder;
  }

  private static JsonObject value(JsonElement value) {
    JsonObject typed = new JsonObject();
    if (value instanceof JsonObject map) {
      typed.add("mapValue", document(map));
    } else if (value instanceof JsonArray list) {
      JsonArray values = new JsonArray();
      list.forEach(item -> values.add(value(item)));
      JsonObject holder = new JsonObject();
      holder.add("values", values);
      typed.add("arrayValue", holder);
    } else if (value instanceof JsonPrimitive primitive && primitive.isBoolean()) {
      typed.add("booleanValue", primitive);
    } else if (value instanceof JsonPrimitive primitive && primitive.isNumber()) {
      BigDecimal number = primitive.getAsBigDecimal();
      if (number.signum() == 0 || number.stripTrailingZeros().scale() <= 0) {
        typed.addProperty("integerValue", number.toBigInteger().toString());
      } else {
        typed.add("doubleValue", primitive);
      }
    } else {
      typed.addProperty("stringValue", value.getAsString());
    }
    return typed;
  }
}
