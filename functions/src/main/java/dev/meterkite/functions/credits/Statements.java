package dev.meterkite.functions.credits;

import com.google.gson.JsonArray;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.credits.StatementPage;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Pages of a user's transactions, latest first. */
final class Statements {
  private static final int MOST = 100;
  private static final int USUAL = 50;
  private static final int LONGEST_TOKEN = 4_096;

  private final Store store;

  Statements(Store store) {
    this.store = store;
  }

  /**
   * What is asked.
   *
   * @param from the earliest moment to show, or null
   * @param to the first moment not to show, or null
   * @param after where the page begins, as the page before said; empty for the first
   */
  record Request(
      String userId, int limit, @Nullable Instant from, @Nullable Instant to, List<Object> after) {
    static Request parse(Fields fields) {
      Request request =
          new Request(
              fields.id("user_id"),
              (int) fields.integer("limit", 1, MOST, USUAL),
              fields.optionalMoment("from"),
              fields.optionalMoment("to"),
              position(fields));
      if (request.from != null && request.to != null && request.to.isBefore(request.from)) {
        fields.fault("to", "range", "must not be before from");
      }
      return request;
    }
  }

  /** The page as the answer, behind the members of {@code view}. */
  Answer page(Request request, String view) {
    CompletableFuture<List<Snapshot>> found =
        store.find(
            Queries.statement(
                request.userId(),
                request.from(),
                request.to(),
                request.limit() + 1,
                request.after()));
    Instant to = request.to();
    CompletableFuture<List<Snapshot>> before =
        to == null
            ? CompletableFuture.completedFuture(List.of())
            : store.find(Queries.lastTransactionOfUserBefore(request.userId(), to));
    StatementPage page = StatementPage.of(found.join(), request.limit());
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("transactions", page.transactions());
    if (to != null) {
      StatementPage.balance(before.join())
          .ifPresent(balance -> members.put("balance_at_to", balance));
    }
    if (!page.next().isEmpty()) {
      members.put("next_page_token", token(page.next()));
    }
    return Answer.json(Json.join(view, members), false);
  }

  /** Time and id of the last transaction of a page; only this function reads it again. */
  private static String token(List<Object> position) {
    JsonArray parts = new JsonArray();
    position.forEach(part -> parts.add(part.toString()));
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(parts.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static List<Object> position(Fields fields) {
    String token = fields.optionalString("page_token", 1, LONGEST_TOKEN);
    if (token == null) {
      return List.of();
    }
    try {
      String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      JsonArray parts = JsonParser.parseString(text).getAsJsonArray();
      String id = parts.get(1).getAsString();
      if (parts.size() == 2 && DocRef.isId(id)) {
        return List.of(Instant.parse(parts.get(0).getAsString()), id);
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
