package dev.meterkite.functions.credits;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.credits.StatementPage;
import dev.meterkite.model.credits.StatementPage.Position;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
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

  /** Documents looked through at once for those of an older system. */
  private static final int SCAN = 300;

  /** Queries of one call. */
  private static final int MOST_SCANS = 6;

  private static final String LEDGER = "l";
  private static final String OLDER = "o";

  private final Store store;

  Statements(Store store) {
    this.store = store;
  }

  /**
   * What is asked.
   *
   * @param from the earliest moment to show, or null
   * @param to the first moment not to show, or null
   * @param at where the page begins, as the page before said
   */
  record Request(
      String userId, int limit, @Nullable Instant from, @Nullable Instant to, Position at) {
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
    Instant to = request.to();
    CompletableFuture<List<Snapshot>> before =
        to == null
            ? CompletableFuture.completedFuture(List.of())
            : store.find(Queries.lastTransactionOfUserBefore(request.userId(), to));
    StatementPage page = read(request);
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("transactions", page.transactions());
    if (to != null) {
      StatementPage.balance(before.join())
          .ifPresent(balance -> members.put("balance_at_to", balance));
    }
    Position next = page.next();
    if (next != null) {
      members.put("next_page_token", token(next));
    }
    return Answer.json(Json.join(view, members), false);
  }

  /**
   * Reads until the page is full, nothing is left, or enough was looked through for one call: then
   * the page is short, and the next one goes on from there.
   */
  private StatementPage read(Request request) {
    StatementPage page = new StatementPage(request.limit(), request.at());
    Position at = page.next();
    for (int scan = 0; scan < MOST_SCANS && at != null && !page.isFull(); scan++) {
      if (at.older()) {
        Query query =
            Queries.statementWithOlder(
                request.userId(), request.from(), request.to(), SCAN, at.after());
        page.addOfOlder(store.find(query).join(), SCAN);
      } else {
        int asked = request.limit() + 1;
        Query query =
            Queries.statement(request.userId(), request.from(), request.to(), asked, at.after());
        page.addOfLedger(store.find(query).join(), asked);
      }
      at = page.next();
    }
    return page;
  }

  /** A position as text; only this function reads it again. */
  private static String token(Position position) {
    JsonArray parts = new JsonArray();
    parts.add(position.older() ? OLDER : LEDGER);
    position.after().forEach(part -> parts.add(part.toString()));
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(parts.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static Position position(Fields fields) {
    String token = fields.optionalString("page_token", 1, LONGEST_TOKEN);
    if (token == null) {
      return Position.START;
    }
    try {
      String text = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      List<JsonElement> parts = JsonParser.parseString(text).getAsJsonArray().asList();
      String kind = parts.get(0).getAsString();
      if (kind.equals(OLDER) && parts.size() == 1) {
        return new Position(true, List.of());
      }
      Instant at = Fields.parseMoment(parts.get(1).getAsString());
      String last = parts.get(2).getAsString();
      if (kind.equals(LEDGER) && parts.size() == 3) {
        return new Position(false, List.of(at, Long.valueOf(last)));
      }
      if (kind.equals(OLDER) && parts.size() == 3 && DocRef.isId(last)) {
        return new Position(true, List.of(at, last));
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
    return Position.START;
  }
}
