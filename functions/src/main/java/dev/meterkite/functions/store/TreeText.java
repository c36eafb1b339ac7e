package dev.meterkite.functions.store;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Trees of maps, lists, strings, longs, booleans and nulls as JSON text, and back, exactly. */
final class TreeText {
  private TreeText() {}

  static String write(List<?> tree) {
    StringWriter text = new StringWriter(256);
    try (JsonWriter json = new JsonWriter(text)) {
      write(json, tree);
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail", e);
    }
    return text.toString();
  }

  private static void write(JsonWriter json, @Nullable Object tree) throws IOException {
    if (tree instanceof Map<?, ?> map) {
      json.beginObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        json.name((String) entry.getKey());
        write(json, entry.getValue());
      }
      json.endObject();
    } else if (tree instanceof List<?> list) {
      json.beginArray();
      for (Object each : list) {
        write(json, each);
      }
      json.endArray();
    } else if (tree instanceof String text) {
      json.value(text);
    } else if (tree instanceof Long number) {
      json.value(number);
    } else if (tree instanceof Boolean flag) {
      json.value(flag);
    } else if (tree == null) {
      json.nullValue();
    } else {
      throw new IllegalArgumentException("not of a tree: " + tree.getClass().getName());
    }
  }

  /**
   * @throws IllegalArgumentException for anything but a list
   */
  static List<?> read(String text) {
    try (JsonReader json = new JsonReader(new StringReader(text))) {
      if (read(json) instanceof List<?> list) {
        return list;
      }
      throw new IllegalArgumentException("not a list");
    } catch (IOException | IllegalStateException e) {
      throw new IllegalArgumentException("not JSON", e);
    }
  }

  @SuppressWarnings("NullAway") // a tree may hold nulls
  private static @Nullable Object read(JsonReader json) throws IOException {
    switch (json.peek()) {
      case BEGIN_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        json.beginObject();
        while (json.hasNext()) {
          map.put(json.nextName(), read(json));
        }
        json.endObject();
        return map;
      }
      case BEGIN_ARRAY -> {
        List<Object> list = new ArrayList<>();
        json.beginArray();
        while (json.hasNext()) {
          list.add(read(json));
        }
        json.endArray();
        return list;
      }
      case STRING -> {
        return json.nextString();
      }
      case NUMBER -> {
        return json.nextLong();
      }
      case BOOLEAN -> {
        return json.nextBoolean();
      }
      default -> {
        json.nextNull();
        return null;
      }
    }
  }
}
