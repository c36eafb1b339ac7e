package dev.meterkite.functions.http;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import dev.meterkite.model.document.JsonText;
import dev.meterkite.model.schema.Violation;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON text of answers, and strict reading of bodies. */
public final class Json {
  /** The deepest nesting of a body; the body itself is the first level. */
  public static final int MAX_DEPTH = 64;

  /** The longest number of a body, in characters; its exponent has at most three digits. */
  static final int MAX_NUMBER = 64;

  private static final int TYPICAL_LENGTH = 768;

  private Json() {}

  /**
   * The JSON text of a map: members in the map's order, those that are null left out, moments as
   * RFC 3339 in UTC with none, three or six decimals. The same map gives the same text.
   *
   * @throws IllegalArgumentException for NaN, an infinity, or an object that JSON has no form for
   */
  public static String write(Map<String, ?> members) {
    StringBuilder text = new StringBuilder(TYPICAL_LENGTH);
    JsonText.append(text, members);
    return text.toString();
  }

  /** The JSON object with these members behind its own; it has one at least. */
  public static String join(String object, Map<String, ?> members) {
    return members.isEmpty() ? object : join(object, write(members));
  }

  /** The members of two JSON objects, of which each has one at least. */
  public static String join(String object, String other) {
    return object.substring(0, object.length() - 1) + "," + other.substring(1);
  }

  /**
   * The members of a JSON object: null, {@link Boolean}, {@link BigDecimal}, {@link String}, {@link
   * List}, {@link Map}.
   *
   * @throws Refusal 400 for anything but one well-formed object in UTF-8: also for comments, NaN,
   *     names given twice, lone surrogates, more than {@value #MAX_DEPTH} levels
   */
  static Map<String, Object> readObject(byte[] body) throws Refusal {
    try (JsonReader json = new JsonReader(new StringReader(decode(body)))) {
      json.setStrictness(Strictness.STRICT);
      if (json.peek() != JsonToken.BEGIN_OBJECT) {
        throw refused("The body must be a JSON object.");
      }
      Map<String, Object> members = object(json, "", 1);
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw refused("The body must be one JSON object and nothing more.");
      }
      return members;
    } catch (EOFException | MalformedJsonException e) {
      throw refused("The body is not well-formed JSON.");
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail", e);
    }
  }

  /**
   * The items of a JSON array, read as strictly as an object.
   *
   * @throws Refusal 400 for anything but one well-formed array
   */
  static List<Object> readList(byte[] body) throws Refusal {
    try (JsonReader json = new JsonReader(new StringReader(decode(body)))) {
      json.setStrictness(Strictness.STRICT);
      if (json.peek() != JsonToken.BEGIN_ARRAY) {
        throw refused("The body must be a JSON array.");
      }
      List<Object> items = list(json, "", 1);
      if (json.peek() != JsonToken.END_DOCUMENT) {
        throw refused("The body must be one JSON array and nothing more.");
      }
      return items;
    } catch (EOFException | MalformedJsonException e) {
      throw refused("The body is not well-formed JSON.");
    } catch (IOException e) {
      throw new UncheckedIOException("a string cannot fail", e);
    }
  }

  private static String decode(byte[] body) throws Refusal {
    String text = new String(body, StandardCharsets.UTF_8);
    // What is not UTF-8 was replaced by this character, which a body may also hold itself.
    if (text.indexOf('\uFFFD') >= 0
        && !Arrays.equals(body, text.getBytes(StandardCharsets.UTF_8))) {
      throw refused("The body is not UTF-8.");
    }
    return text;
  }

  @SuppressWarnings("NullAway") // the values of JSON may be null
  private static Map<String, Object> object(JsonReader json, String path, int depth)
      throws IOException, Refusal {
    checkDepth(depth);
    Map<String, Object> members = new LinkedHashMap<>();
    json.beginObject();
    while (json.hasNext()) {
      String name = whole(json.nextName(), path);
      String member = Fields.join(path, name);
      if (members.containsKey(name)) {
        throw new Refusal(
            Problem.invalid(
                List.of(new Violation(Fields.cut(member), "repeated", "is given twice"))));
      }
      members.put(name, value(json, member, depth + 1));
    }
    json.endObject();
    return Collections.unmodifiableMap(members);
  }

  @SuppressWarnings("NullAway") // the values of JSON may be null
  private static List<Object> list(JsonReader json, String path, int depth)
      throws IOException, Refusal {
    checkDepth(depth);
    List<Object> items = new ArrayList<>();
    json.beginArray();
    while (json.hasNext()) {
      items.add(value(json, path + "[" + items.size() + "]", depth + 1));
    }
    json.endArray();
    return Collections.unmodifiableList(items);
  }

  private static @Nullable Object value(JsonReader json, String path, int depth)
      throws IOException, Refusal {
    return switch (json.peek()) {
      case BEGIN_OBJECT -> object(json, path, depth);
      case BEGIN_ARRAY -> list(json, path, depth);
      case STRING -> whole(json.nextString(), path);
      case NUMBER -> number(json.nextString(), path);
      case BOOLEAN -> json.nextBoolean();
      case NULL -> {
        json.nextNull();
        yield null;
      }
      case NAME, END_OBJECT, END_ARRAY, END_DOCUMENT ->
          throw new MalformedJsonException("no value at " + path);
    };
  }

  private static void checkDepth(int depth) throws Refusal {
    if (depth > MAX_DEPTH) {
      throw refused("The body is nested deeper than " + MAX_DEPTH + " levels.");
    }
  }

  private static String whole(String text, String path) throws Refusal {
    if (!Fields.isWhole(text)) {
      throw new Refusal(
          Problem.invalid(
              List.of(new Violation(Fields.cut(path), "format", "holds half a character"))));
    }
    return text;
  }

  private static BigDecimal number(String literal, String path) throws Refusal {
    BigDecimal number = Fields.parseNumber(literal);
    if (number == null) {
      throw new Refusal(
          Problem.invalid(
              List.of(
                  new Violation(
                      Fields.cut(path), Violation.OUT_OF_RANGE, "is too long a number"))));
    }
    return number;
  }

  private static Refusal refused(String detail) {
    return new Refusal(Problem.invalid(detail));
  }
}
