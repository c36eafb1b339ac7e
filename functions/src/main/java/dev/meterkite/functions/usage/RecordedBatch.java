package dev.meterkite.functions.usage;

import com.google.gson.Gson;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.model.schema.Violation;
import dev.meterkite.model.usage.UsageBatch;
import dev.meterkite.model.usage.UsageItem;
import dev.meterkite.model.usage.UsageOutcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Puts the answer of a list of records together from what was replied for each of its customers.
 *
 * <p>A repeat is answered with the results of the first time, byte for byte, also where an item
 * that lay too far ahead then does not any more: it is answered as broken again, since it was not
 * recorded.
 */
final class RecordedBatch {
  private static final Gson GSON = new Gson();

  private final UsageBatch batch;
  private final List<Map<String, Object>> records;
  private final String requestKey;

  /**
   * @param batch the request as read now
   * @param records its items as they were sent
   */
  RecordedBatch(UsageBatch batch, List<Map<String, Object>> records, String requestKey) {
    this.batch = batch;
    this.records = records;
    this.requestKey = requestKey;
  }

  /** The answer; replies are in the order of the batch's customers. */
  Answer answer(List<Reply> replies) {
    Map<Integer, Map<String, Object>> results = new TreeMap<>();
    int conflicts = 0;
    boolean replayed = true;
    List<List<UsageItem>> customers = List.copyOf(batch.byCustomer().values());
    for (int i = 0; i < customers.size(); i++) {
      List<UsageItem> items = customers.get(i);
      Reply reply = replies.get(i);
      if (reply instanceof Reply.Unavailable unavailable) {
        return Answer.problem(Problem.uncertain(unavailable.retryAfter()));
      } else if (reply instanceof Reply.Busy busy) {
        return Answer.problem(Problem.rateLimited(busy.retryAfter()));
      } else if (reply instanceof Reply.Conflict) {
        conflicts++;
        items.forEach(item -> results.put(item.index(), conflict(item)));
      } else {
        place(items, results(reply), results);
      }
      replayed &= reply instanceof Reply.Answered answered && answered.replayed();
    }
    if (conflicts == customers.size()) {
      return Answer.problem(Problem.conflict());
    }
    batch.items().stream()
        .filter(parsed -> parsed.item() == null)
        .forEach(parsed -> results.put(parsed.index(), broken(parsed.errors())));
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("results", List.copyOf(results.values()));
    return Answer.json(Json.write(answer), replayed);
  }

  private static List<?> results(Reply reply) {
    Object results =
        reply instanceof Reply.Answered answered
            ? GSON.fromJson(answered.json(), Map.class).get("results")
            : ((Reply.Refused) reply).figures().get("results");
    return results instanceof List<?> list ? list : List.of();
  }

  private void place(
      List<UsageItem> items, List<?> from, Map<Integer, Map<String, Object>> results) {
    List<UsageItem> answered = new ArrayList<>(items);
    for (UsageItem item : items) {
      if (answered.size() > from.size() && wasAhead(item, from)) {
        answered.remove(item);
        results.put(item.index(), broken(errorsThen(item.index())));
      }
    }
    if (answered.size() != from.size()) {
      throw new IllegalStateException(from.size() + " results for " + answered.size() + " items");
    }
    for (int i = 0; i < from.size(); i++) {
      Map<String, Object> result = new LinkedHashMap<>();
      ((Map<?, ?>) from.get(i)).forEach((name, value) -> result.put(String.valueOf(name), value));
      results.put(answered.get(i).index(), result);
    }
  }

  /** Whether an item with a timestamp of its own has no result: it was too far ahead then. */
  private boolean wasAhead(UsageItem item, List<?> from) {
    return records.get(item.index()).get("timestamp") != null
        && from.stream().noneMatch(result -> item.id().equals(((Map<?, ?>) result).get("id")));
  }

  /** What was wrong with an item when it was still ahead of the clock. */
  private List<Violation> errorsThen(int index) {
    return UsageItem.parse(index, records.get(index), requestKey, Instant.EPOCH).errors();
  }

  private static Map<String, Object> conflict(UsageItem item) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("id", item.id());
    result.put("status", "refused");
    result.put("code", UsageOutcome.IDEMPOTENCY_CONFLICT.code());
    return result;
  }

  private static Map<String, Object> broken(List<Violation> errors) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("status", "refused");
    result.put("code", "invalid_request");
    result.put("errors", errors.stream().map(Violation::encode).toList());
    return result;
  }
}
