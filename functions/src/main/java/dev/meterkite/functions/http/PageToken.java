package dev.meterkite.functions.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import dev.meterkite.model.document.DocRef;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the next page of a list begins, as an opaque word that only we read again: what the query
 * of the next page starts after.
 *
 * <p>A token is no secret and may be made up by anybody: it says where to begin in what the caller
 * may see anyway, and never whose documents.
 */
public final class PageToken {
  /** The place of customers, alerts and transactions in an order by time. */
  public static final List<Part> TIME_AND_ID = List.of(Part.MOMENT, Part.ID);

  private static final int LONGEST = 4_096;

  private PageToken() {}

  /** What a place consists of. */
  public enum Part {
    /** An {@link Instant} that a document can hold. */
    MOMENT,
    /** A {@link Long}. */
    NUMBER,
    /** The id of a document, as {@link DocRef#isId} has it. */
    ID
  }

  /**
   * The token for what comes behind this place.
   *
   * @param place moments, whole numbers and ids
   */
  public static String of(List<?> place) {
    JsonArray parts = new JsonArray();
    for (Object part : place) {
      parts.add(
          part instanceof Long number
              ? new JsonPrimitive(number)
              : new JsonPrimitive(part.toString()));
    }
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(parts.toString().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The place in the field {@code page_token}; null where there is no token, or one of no such
   * form, which is then a fault of the field.
   *
   * @param forms what a place of this list may consist of
   */
  public static @Nullable List<Object> place(Fields fields, List<List<Part>> forms) {
    String token = fields.optionalString("page_token", 1, LONGEST);
    if (token == null) {
      return null;
    }
    try {
      String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      List<JsonElement> parts = JsonParser.parseString(text).getAsJsonArray().asList();
      for (List<Part> form : forms) {
        if (hasForm(parts, form)) {
          return read(parts, form);
        }
      }
    } catch (IllegalArgumentException
        | IllegalStateException
        | JsonParseException
        | DateTimeException e) {
      // Not one of ours, whatever is wrong with it.
    }
    fields.fault("page_token", "format", "must be the next_page_token of an earlier answer");
    return null;
  }

  private static boolean hasForm(List<JsonElement> parts, List<Part> form) {
    if (parts.size() != form.size()) {
      return false;
    }
    for (int i = 0; i < parts.size(); i++) {
      boolean isNumber = form.get(i) == Part.NUMBER;
      if (!(parts.get(i) instanceof JsonPrimitive part)
          || !(isNumber ? part.isNumber() : part.isString())) {
        return false;
      }
    }
    return true;
  }

  private static List<Object> read(List<JsonElement> parts, List<Part> form) {
    List<Object> place = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      String text = parts.get(i).getAsString();
      place.add(
          switch (form.get(i)) {
            case MOMENT -> Fields.parseMoment(text);
            case NUMBER -> Long.valueOf(text);
            case ID -> id(text);
          });
    }
    return place;
  }

  private static String id(String text) {
    if (!DocRef.isId(text)) {
      throw new IllegalArgumentException("no id");
    }
    return text;
  }
}
