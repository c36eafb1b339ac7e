package dev.meterkite.model.usage;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.YearMonth;

/** The ids of the documents of usage metering, all of which follow from what they are about. */
public final class UsageIds {
  private static final int HASH_BYTES = 5;

  private UsageIds() {}

  /**
   * The id of a usage record: {@code {customer}_{scene}_{action}_{epoch microseconds}_{hash}}, such
   * as {@code lab_001_scene_kitchen_v2_scene_generated_1736519400000000_a1b2c3d4e5}.
   *
   * <p>{@code %} and {@code /} of the parts are percent-encoded. What would be longer than 1,500
   * bytes is cut, and ends in a hash of the whole, so that cut ids still differ.
   *
   * @param key what tells two otherwise equal records apart: the item's own idempotency key, else
   *     that of {@link #positional}; the id ends in the first 10 hex digits of its SHA-256
   */
  public static String record(
      String customerId, String sceneId, String action, Instant timestamp, String key) {
    long micros =
        Math.addExact(
            Math.multiplyExact(timestamp.getEpochSecond(), 1_000_000L),
            timestamp.getNano() / 1_000);
    String names = encode(customerId) + "_" + encode(sceneId) + "_" + encode(action);
    return fit(names, "_" + micros + "_" + UsageFigures.sha256(key, HASH_BYTES));
  }

  /** The key of an item that has none of its own: the request's key and the item's index. */
  public static String positional(String requestKey, int index) {
    return requestKey + "\n" + index;
  }

  /** The id of a summary, {@code {customer}_{yyyy-mm}}, encoded and cut like a record's. */
  public static String summary(String customerId, YearMonth month) {
    return fit(encode(customerId), "_" + month);
  }

  /** The customer's document, which owns its commands. */
  public static DocRef customerRef(String customerId) {
    return new DocRef(Customers.COLLECTION, customerId);
  }

  /** The record's document. */
  public static DocRef recordRef(String usageId) {
    return new DocRef(UsageTracking.COLLECTION, usageId);
  }

  /** The document of what was counted for a record. */
  public static DocRef countsRef(String usageId) {
    return new DocRef(UsageCounts.COLLECTION, usageId);
  }

  /** The summary's document. */
  public static DocRef summaryRef(String customerId, YearMonth month) {
    return new DocRef(UsageSummaries.COLLECTION, summary(customerId, month));
  }

  /**
   * A further document of a month's summary. Its id ends in the month and the number, which no id
   * of a first document does, whatever the customer is called.
   *
   * @param number from 1 for the first document
   */
  public static DocRef summaryRef(String customerId, YearMonth month, long number) {
    return number == 1
        ? summaryRef(customerId, month)
        : new DocRef(
            UsageSummaries.COLLECTION, fit(encode(customerId), "_" + month + "_" + number));
  }

  /** Whether a customer can have this id: a document id that does not begin with {@code _}. */
  public static boolean isCustomerId(String id) {
    return DocRef.isId(id) && !id.startsWith("_");
  }

  private static String fit(String names, String tail) {
    if (bytes(names) + bytes(tail) <= DocRef.MAX_ID_BYTES) {
      return names + tail;
    }
    String end = "~" + UsageFigures.sha256(names, HASH_BYTES) + tail;
    int room = DocRef.MAX_ID_BYTES - bytes(end);
    int length = 0;
    int used = 0;
    while (length < names.length()) {
      int next = names.offsetByCodePoints(length, 1);
      used += bytes(names.substring(length, next));
      if (used > room) {
        break;
      }
      length = next;
    }
    return names.substring(0, length) + end;
  }

  private static String encode(String part) {
    return part.replace("%", "%25").replace("/", "%2F");
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
