package dev.meterkite.functions.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.model.document.DocRef;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/** Where the next page of a list by time begins, as an opaque word that only we read again. */
public final class PageToken {
  private static final int LONGEST = 4_096;

  private PageToken() {}

  /** The token for what comes behind a document with this time. */
  public static String of(Instant time, String id) {
    JsonArray parts = new JsonArray();
    parts.add(time.toString());
    parts.add(id);
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(parts.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Time and id of the field {@code page_token}; empty where there is none or a wrong one. */
  public static List<Object> position(Fields fields) {
    String token = fields.optionalString("page_token", 1, LONGEST);
    if (token == null) {
      return List.of();
    }
    try {
      String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      JsonArray parts = JsonParser.parseString(text).getAsJsonArray();
      String id = parts.get(1).getAsString();
      if (parts.size() == 2 && DocRef.isId(id)) {
        return List.of(Fields.parseMoment(parts.get(0).getAsString()), id);
      }
    } catch (IllegalArgumentException
        | IllegalStateException
        | IndexOutOfBoundsException
        | UnsupportedOperationException
        | JsonParseException
        | DateTimeException e) {
      // Not one of ours, whatever is wrong with it.
    }
    fields.fault("page_token", "format", "must be the next_page_token of an earlier answer");
    return List.of();
  }
}
