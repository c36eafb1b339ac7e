package dev.meterkite.functions.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.Reader;
import java.math.BigDecimal;

/**
 * Files and settings that are read while a process starts. Reads as leniently as gson's {@code
 * JsonParser}, which before its first element loads all that maps JSON to Java classes: 36 ms of
 * processor time.
 */
final class JsonTree {
  private JsonTree() {}

  /**
   * The one element of a text.
   *
   * @throws IOException also for what is no JSON, or holds more behind the element
   */
  static JsonElement read(Reader text) throws IOException {
    try (JsonReader json = new JsonReader(text)) {
      json.setStrictness(Strictness.LENIENT);
      JsonElement element = element(json);
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw new IOException("more than one element");
      }
      return element;
    }
  }

  private static JsonElement element(JsonReader json) throws IOException {
    switch (json.peek()) {
      case BEGIN_OBJECT -> {
        JsonObject object = new JsonObject();
        json.beginObject();
        while (json.hasNext()) {
          String name = json.nextName();
          if (object.has(name)) {
            throw new IOException(name + " is given twice");
          }
          object.add(name, element(json));
        }
        json.endObject();
        return object;
      }
      case BEGIN_ARRAY -> {
        JsonArray array = new JsonArray();
        json.beginArray();
        while (json.hasNext()) {
          array.add(element(json));
        }
        json.endArray();
        return array;
      }
      case NUMBER -> {
        return new JsonPrimitive(new BigDecimal(json.nextString()));
      }
      case BOOLEAN -> {
        return new JsonPrimitive(json.nextBoolean());
      }
      case NULL -> {
        json.nextNull();
        return JsonNull.INSTANCE;
      }
      default -> {
        return new JsonPrimitive(json.nextString());
      }
    }
  }
}
