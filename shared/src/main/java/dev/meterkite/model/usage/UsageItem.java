package dev.meterkite.model.usage;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One checked item of a record-usage request.
 *
 * @param index its place in the request, from 0
 * @param id of the record that it makes
 * @param figures what counts
 * @param details the producer's own; empty if none
 * @param ownKey whether it brought an idempotency key of its own
 * @param corrects id of the record that it corrects; null for an ordinary record
 * @param correction what is wrong with that record; null for an ordinary record
 * @param said what a repeat must say too, as a hash; null where that is the figures
 */
public record UsageItem(
    int index,
    String id,
    UsageFigures figures,
    Map<String, Object> details,
    boolean ownKey,
    @Nullable String corrects,
    @Nullable Correction correction,
    @Nullable String said) {

  /**
   * What came of reading an item.
   *
   * @param index its place in the request
   * @param item null if something is wrong
   * @param errors all that is wrong; empty exactly if there is an item
   */
  public record Parsed(int index, @Nullable UsageItem item, List<Violation> errors) {}

  private static final Set<String> KNOWN =
      Set.of(
          UsageTracking.SCHEMA_VERSION,
          UsageTracking.CUSTOMER_ID,
          UsageTracking.SCENE_ID,
          UsageTracking.ACTION,
          UsageTracking.TIMESTAMP,
          UsageTracking.DETAILS,
          UsageTracking.EPISODES_GENERATED,
          UsageTracking.COMPUTE_MINUTES,
          UsageTracking.STORAGE_GB,
          UsageTracking.BILLABLE,
          UsageTracking.ESTIMATED_COST,
          UsageTracking.IDEMPOTENCY_KEY,
          UsageTracking.CORRECTS,
          UsageTracking.CORRECTION);
  private static final int MAX_KEY = 255;

  /**
   * Reads one item of a request.
   *
   * <p>A timestamp may be left out (then it is {@code now}) only where the id does not have to come
   * out the same another time: not with a key of the item's own. A correction restates scene,
   * action and timestamp of the record that it corrects.
   *
   * @param index the item's place in the request
   * @param fields the item's JSON object
   * @param requestKey the request's idempotency key
   */
  public static Parsed parse(int index, Map<String, ?> fields, String requestKey, Instant now) {
    UsageFields reader = new UsageFields(fields);
    String ownKey = ownKey(reader, fields.get(UsageTracking.IDEMPOTENCY_KEY));
    Correction correction = correction(reader, fields);
    boolean mayDefault = ownKey == null && fields.get(UsageTracking.CORRECTS) == null;
    UsageFigures figures = reader.figures(now, mayDefault ? now : null);
    Map<String, Object> details = UsageDetails.read(reader, fields.get(UsageTracking.DETAILS));
    fields.keySet().stream()
        .filter(name -> !KNOWN.contains(name))
        .sorted()
        .forEach(
            name ->
                reader.wrong(name, Violation.UNKNOWN_VALUE, "is not a field of a usage record"));
    List<Violation> errors = new ArrayList<>(reader.errors());
    if (figures == null || !errors.isEmpty()) {
      return new Parsed(index, null, errors);
    }
    String key = ownKey != null ? ownKey : UsageIds.positional(requestKey, index);
    String id =
        UsageIds.record(
            figures.customerId(), figures.sceneId(), figures.action(), figures.timestamp(), key);
    String corrects = (String) fields.get(UsageTracking.CORRECTS);
    return new Parsed(
        index,
        new UsageItem(index, id, figures, details, ownKey != null, corrects, correction, null),
        List.of());
  }

  /**
   * This item as the one record of something that has a name of its own: it is the same whatever
   * its customer, scene, action and timestamp, and a repeat is one only if it says the same.
   *
   * @param name the id of the record; without {@code _}, which every other id has
   * @param hash of all that must be the same in a repeat
   * @throws IllegalStateException for an item without a key of its own, or a correction
   */
  public UsageItem named(String name, String hash) {
    if (!ownKey || corrects != null) {
      throw new IllegalStateException("only an ordinary record with a key can be named");
    }
    return new UsageItem(index, name, figures, details, true, null, null, hash);
  }

  private static @Nullable String ownKey(UsageFields reader, @Nullable Object key) {
    if (key == null) {
      return null;
    }
    if (key instanceof String text && isKey(text)) {
      return text;
    }
    reader.wrong(
        UsageTracking.IDEMPOTENCY_KEY,
        Violation.OUT_OF_RANGE,
        "must be 1 to 255 visible ASCII characters");
    return null;
  }

  private static boolean isKey(String text) {
    return !text.isEmpty()
        && text.length() <= MAX_KEY
        && text.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  private static @Nullable Correction correction(UsageFields reader, Map<String, ?> fields) {
    Object corrects = fields.get(UsageTracking.CORRECTS);
    Object word = fields.get(UsageTracking.CORRECTION);
    if (corrects == null && word == null) {
      return null;
    }
    if (!(corrects instanceof String id) || !DocRef.isId(id)) {
      reader.wrong(
          UsageTracking.CORRECTS, Violation.OUT_OF_RANGE, "must be the id of a usage record");
    }
    Correction known = Correction.parse(word instanceof String text ? text : null).orElse(null);
    if (known == null) {
      reader.wrong(UsageTracking.CORRECTION, Violation.OUT_OF_RANGE, "must be void or amend");
    }
    return known;
  }

  public UsageItem {
    details = Collections.unmodifiableMap(details);
  }
}
