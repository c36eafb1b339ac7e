package dev.meterkite.model.usage;

import dev.meterkite.model.command.Write;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A usage record as its document says it, whoever wrote it.
 *
 * <p>A record that has been dealt with carries {@code counted_digest}, the digest of what was
 * counted. While it fits the other fields there is nothing to do, which the trigger sees in the
 * event itself. An edit changes the fields, a {@code set()} drops the digest: either way it no
 * longer fits.
 *
 * @param usageId its id
 * @param figures what counts, at its final cost; null for a broken record
 * @param priced whether the cost is the rate card's
 * @param errors what is wrong; empty exactly if there are figures
 * @param settled whether this was dealt with as it stands
 */
record StoredUsage(
    String usageId,
    @Nullable UsageFigures figures,
    boolean priced,
    List<Violation> errors,
    boolean settled) {
  private static final String RATE_CARD = "rate_card";
  private static final String PRODUCER = "producer";
  private static final int DIGEST_BYTES = 16;

  static StoredUsage of(String usageId, Map<String, Object> fields, RateCard rates, Instant now) {
    UsageFields reader = new UsageFields(fields);
    UsageFigures read = reader.figures(now, null);
    Object digest = fields.get(UsageTracking.COUNTED_DIGEST);
    if (read == null) {
      return broken(usageId, reader.errors(), digest);
    }
    Long stored = read.costMicros();
    if (stored != null && read.digest(usageId, stored).equals(digest)) {
      boolean priced = RATE_CARD.equals(fields.get(UsageTracking.COST_SOURCE));
      return new StoredUsage(usageId, read, priced, List.of(), true);
    }
    if (fields.get(UsageTracking.CORRECTS) != null) {
      reader.wrong(
          UsageTracking.CORRECTS,
          Violation.INCONSISTENT,
          "corrections count only through record-usage");
      return broken(usageId, reader.errors(), digest);
    }
    // An estimate that is still ours is no figure of the producer's: new figures get a new one.
    boolean ours =
        RATE_CARD.equals(fields.get(UsageTracking.COST_SOURCE))
            && Objects.equals(stored, fields.get(UsageTracking.ESTIMATED_COST_MICROS));
    boolean priced = stored == null || ours;
    UsageFigures figures = priced ? read.withCost(read.withoutCost().cost(rates)) : read;
    return new StoredUsage(usageId, figures, priced, List.of(), false);
  }

  private static StoredUsage broken(
      String usageId, List<Violation> errors, @Nullable Object digest) {
    return new StoredUsage(
        usageId, null, false, List.copyOf(errors), errorDigest(errors).equals(digest));
  }

  private static String errorDigest(List<Violation> errors) {
    return "broken:" + UsageFigures.sha256(errors.toString(), DIGEST_BYTES);
  }

  /** What has to be set in the document to say that it was dealt with. */
  Map<String, Object> marks() {
    Map<String, Object> marks = new LinkedHashMap<>();
    if (figures == null) {
      marks.put(Schema.VALIDATION_ERRORS, errors.stream().map(Violation::encode).toList());
      marks.put(UsageTracking.COUNTED_DIGEST, errorDigest(errors));
      return marks;
    }
    marks.putAll(derived(usageId, figures, priced));
    // Text that says a moment is read as one, but no query finds it among moments.
    marks.put(UsageTracking.TIMESTAMP, figures.timestamp());
    marks.put(Schema.VALIDATION_ERRORS, Write.REMOVED);
    return marks;
  }

  /** The marks that differ from what the document holds; empty if it need not be written. */
  Map<String, Object> missingMarks(Map<String, Object> fields) {
    Map<String, Object> missing = marks();
    missing
        .entrySet()
        .removeIf(
            mark ->
                mark.getValue() == Write.REMOVED
                    ? !fields.containsKey(mark.getKey())
                    : mark.getValue().equals(fields.get(mark.getKey())));
    return missing;
  }

  /** The fields that we derive from the figures of a record. */
  static Map<String, Object> derived(String usageId, UsageFigures figures, boolean priced) {
    long cost = Objects.requireNonNull(figures.costMicros(), "a record has a cost");
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageTracking.ESTIMATED_COST, UsageFields.usd(cost));
    fields.put(UsageTracking.ESTIMATED_COST_MICROS, cost);
    fields.put(UsageTracking.COST_SOURCE, priced ? RATE_CARD : PRODUCER);
    if (figures.computeMs() != null) {
      fields.put(UsageTracking.COMPUTE_MS, figures.computeMs());
    }
    if (figures.storageBytes() != null) {
      fields.put(UsageTracking.STORAGE_BYTES, figures.storageBytes());
    }
    fields.put(UsageTracking.COUNTED_DIGEST, figures.digest(usageId, cost));
    return fields;
  }
}
