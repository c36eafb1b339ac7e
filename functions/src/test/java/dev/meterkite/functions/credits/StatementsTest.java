package dev.meterkite.functions.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.simulated.MemoryStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.credits.journal.StatementPage.Position;
import dev.meterkite.model.document.DocRef;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Pages of transactions that an older system left, whatever it wrote for their moment. */
class StatementsTest {
  private final MemoryStore memory = new MemoryStore();
  private final Statements statements = new Statements(memory);

  private void transaction(String id, Object createdAt) {
    memory
        .commit(
            List.of(
                Mutation.create(
                    new DocRef("credit_transactions", id),
                    Map.of(
                        "transaction_id",
                        id,
                        "user_id",
                        "u",
                        "type",
                        "debit",
                        "amount",
                        -1L,
                        "created_at",
                        createdAt))))
        .join();
  }

  /** A page began behind the year 1970 after them: it came for ever, or left out all the others. */
  @Test
  void olderTransactionsWithoutAMoment_endNoPageAndHideNone() {
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      transaction("text-" + i, "yesterday");
      transaction("number-" + i, 1_700_000_000_000L + i);
      transaction("moment-" + i, Instant.ofEpochSecond(1_700_000_000L - i));
      expected.add("moment-" + i);
    }
    List<String> shown = new ArrayList<>();
    Position at = Position.START;
    for (int page = 0; at != null; page++) {
      assertTrue(page < 9, () -> "pages without an end: " + shown);
      JsonObject answer =
          JsonParser.parseString(
                  statements
                      .page(
                          new Statements.Request("u", 3, null, null, at),
                          "{\"sequence\":0,\"balance\":0,\"holds\":[]}")
                      .body())
              .getAsJsonObject();
      answer
          .getAsJsonArray("transactions")
          .forEach(each -> shown.add(each.getAsJsonObject().get("transaction_id").getAsString()));
      at = answer.has("next_page_token") ? next(answer.get("next_page_token").getAsString()) : null;
    }
    assertEquals(expected, shown);
  }

  private static Position next(String token) {
    List<Object> place = new ArrayList<>();
    JsonParser.parseString(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8))
        .getAsJsonArray()
        .forEach(
            part ->
                place.add(
                    place.isEmpty() ? Instant.parse(part.getAsString()) : part.getAsString()));
    return new Position(true, place);
  }
}
