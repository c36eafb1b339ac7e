package dev.meterkite.functions.credits;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Fields;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.JsonValues;
import dev.meterkite.functions.http.PageToken;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.credits.journal.StatementPage;
import dev.meterkite.model.credits.journal.StatementPage.Position;
import dev.meterkite.model.credits.ledger.CreditAnswers;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Pages of a user's transactions, latest first. */
final class Statements {
  private static final int MOST = 100;
  private static final int USUAL = 50;

  /** Documents looked through at once for those of an older system. */
  private static final int SCAN = 300;

  /** Queries of one call. */
  private static final int MOST_SCANS = 6;

  /** A place in the ledger: moment and sequence. Those of an older system have an id. */
  private static final List<PageToken.Part> LEDGER =
      List.of(PageToken.Part.MOMENT, PageToken.Part.NUMBER);

  /** The first of those of an older system. */
  private static final List<PageToken.Part> OLDER = List.of();

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

  /**
   * The page as the answer, behind the members of {@code view}. Transactions behind its sequence
   * were committed after the figures were read, and are left out. On the first page the open holds
   * have what their documents say of them.
   */
  Answer page(Request request, String view) {
    JsonObject figures = JsonParser.parseString(view).getAsJsonObject();
    long latest = figures.get(CreditTransactions.SEQUENCE).getAsLong();
    Instant to = request.to();
    CompletableFuture<List<Snapshot>> before =
        to == null
            ? CompletableFuture.completedFuture(List.of())
            : store.find(Queries.lastTransactionOfUserBefore(request.userId(), to));
    JsonArray holds =
        request.at().equals(Position.START)
            ? figures.getAsJsonArray(CreditAnswers.HOLDS)
            : new JsonArray();
    CompletableFuture<List<Snapshot>> held =
        holds.isEmpty()
            ? CompletableFuture.completedFuture(List.of())
            : store.read(holds.asList().stream().map(Statements::hold).toList());
    StatementPage page = read(request, latest);
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("transactions", page.transactions());
    if (to != null) {
      List<Snapshot> ofLedger = before.join();
      page.balance(
              ofLedger,
              ofLedger.isEmpty() ? store.find(lastBefore(request.userId(), to)).join() : List.of(),
              figures.get(CreditAnswers.BALANCE).getAsLong())
          .ifPresent(balance -> members.put("balance_at_to", balance));
    }
    Position next = page.next();
    if (next != null) {
      members.put("next_page_token", PageToken.of(next.after()));
    }
    List<Snapshot> documents = held.join();
    for (int i = 0; i < documents.size(); i++) {
      describe(holds.get(i).getAsJsonObject(), documents.get(i).fields());
    }
    return Answer.json(Json.join(holds.isEmpty() ? view : figures.toString(), members), false);
  }

  private static DocRef hold(JsonElement open) {
    String id = open.getAsJsonObject().get(CreditHolds.HOLD_ID).getAsString();
    return new DocRef(CreditHolds.COLLECTION, id);
  }

  /** Adds to an open hold since when it is open, and what for. */
  private static void describe(JsonObject open, Map<String, Object> document) {
    Map<String, @Nullable Object> more = new LinkedHashMap<>();
    for (String name : List.of(CreditHolds.CREATED_AT, CreditHolds.ATTEMPT, CreditHolds.USAGE)) {
      if (document.get(name) != null) {
        more.put(name, JsonValues.shown(document.get(name)));
      }
    }
    JsonParser.parseString(Json.write(more)).getAsJsonObject().asMap().forEach(open::add);
  }

  /**
   * Reads until the page is full, nothing is left, or enough was looked through for one call: then
   * the page is short, and the next one goes on from there.
   */
  private StatementPage read(Request request, long latest) {
    StatementPage page = new StatementPage(request.limit(), latest, request.at());
    Position at = page.next();
    for (int scan = 0; scan < MOST_SCANS && at != null && !page.isFull(); scan++) {
      if (at.older()) {
        Query query =
            Queries.statementWithOlder(
                request.userId(), request.from(), request.to(), SCAN, at.after());
        page.addOfOlder(store.find(query).join(), SCAN);
      } else {
        // A second one is needed only where much was committed since the figures were read.
        int asked = scan == 0 ? request.limit() + 1 : SCAN;
        Query query =
            Queries.statement(request.userId(), request.from(), request.to(), asked, at.after());
        page.addOfLedger(store.find(query).join(), asked);
        Position behind = page.next();
        if (behind != null && behind.older()) {
          seekOlder(request, page);
        }
      }
      at = page.next();
    }
    return page;
  }

  /**
   * Finds out by counting whether an older system left anything, and whether all of it lies behind
   * the ledger; else the last page of 100,000 transactions would look through all of them again.
   */
  private void seekOlder(Request request, StatementPage page) {
    // Counted first: what is committed meanwhile can only make too many of the others.
    long ofLedger =
        total(Queries.statement(request.userId(), request.from(), request.to(), 1, List.of()))
            .join();
    CompletableFuture<Long> all = total(upTo(request, request.to()));
    Instant first = page.firstOfLedger();
    CompletableFuture<Long> before =
        first == null ? CompletableFuture.completedFuture(0L) : total(upTo(request, first));
    page.olderLie(all.join() - ofLedger, before.join());
  }

  private static Query upTo(Request request, @Nullable Instant to) {
    return Queries.statementWithOlder(request.userId(), request.from(), to, 1, List.of());
  }

  /** The newest transaction of any system before an instant, whatever the page begins with. */
  private static Query lastBefore(String userId, Instant to) {
    return Queries.statementWithOlder(userId, null, to, 1, List.of());
  }

  private CompletableFuture<Long> total(Query query) {
    return store.total(query, null).thenApply(Number::longValue);
  }

  private static Position position(Fields fields) {
    List<Object> place = PageToken.place(fields, List.of(LEDGER, PageToken.TIME_AND_ID, OLDER));
    return place == null
        ? Position.START
        : new Position(place.isEmpty() || place.get(1) instanceof String, place);
  }
}
