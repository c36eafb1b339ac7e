package dev.meterkite.model.usage;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.UsageCounts;
import java.time.Instant;
import java.time.LocalDate;
import java.time.YearMonth;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was counted for a usage record: the document {@code usage_counts/{usage_id}}, which stays
 * when the record goes. The summaries are the sums of these; whatever happens to a record is
 * brought to the counters as the difference to this.
 *
 * @param usageId the record's id
 * @param figures the identity of what was counted; null if nothing ever was
 * @param parts where it was counted; parts of closed months never change any more
 * @param scenes what it adds to the customer's scene counter: 1, 0, or -1 for a void
 * @param quotaPeriod start of the quota period in which its scene counts; null if it is no scene
 * @param stated what the record stands for, if that is not the sum of its parts: a correction's
 *     parts are the difference to the record that it corrects
 * @param lateFor the closed month that it belongs to; null if it was not late
 * @param corrects the record that it corrects; null for an ordinary record
 * @param correction what it does to that record
 * @param correctedBy the correction of this record; null while there is none
 * @param itemDigest of the request's item, where that had a key of its own; else null
 * @param countDueAt when to try again to count it; null unless its customer did not exist
 */
record Counted(
    String usageId,
    @Nullable Identity figures,
    List<Part> parts,
    long scenes,
    @Nullable Instant quotaPeriod,
    @Nullable Amounts stated,
    @Nullable YearMonth lateFor,
    @Nullable String corrects,
    @Nullable Correction correction,
    @Nullable String correctedBy,
    @Nullable String itemDigest,
    @Nullable Instant countDueAt) {
  /** {@code status} of what was counted. */
  static final String COUNTED = "counted";

  /** {@code status} of what waits for its customer to appear. */
  static final String PENDING = "pending";

  /** Whose record it is and what it names. */
  record Identity(String customerId, String sceneId, String action, Instant timestamp) {
    static Identity of(UsageFigures figures) {
      return new Identity(
          figures.customerId(), figures.sceneId(), figures.action(), figures.timestamp());
    }
  }

  /**
   * An amount in one place of one summary.
   *
   * @param day where it was counted
   * @param meant the day of a closed month that it belongs to; null if it belongs to {@code day}
   */
  record Part(
      String customerId,
      LocalDate day,
      String action,
      Amounts amounts,
      @Nullable LocalDate meant) {}

  Counted {
    parts = List.copyOf(parts);
  }

  /** Nothing counted. */
  static Counted nothing(String usageId) {
    return new Counted(usageId, null, List.of(), 0, null, null, null, null, null, null, null, null);
  }

  /**
   * Whether it is settled by a correction, or is one: other programs' edits change nothing then.
   */
  boolean frozen() {
    return corrects != null || correctedBy != null;
  }

  /** The customer whose counters hold something of it; null if nobody's do. */
  @Nullable String countedFor() {
    if (figures == null) {
      return null;
    }
    return scenes == 0 && sum(figures.customerId()).isZero() ? null : figures.customerId();
  }

  /** The sum of the parts of a customer. */
  Amounts sum(String customerId) {
    return parts.stream()
        .filter(part -> part.customerId().equals(customerId))
        .map(Part::amounts)
        .reduce(Amounts.ZERO, Amounts::plus);
  }

  /** What the record stands for. */
  Amounts effective() {
    if (stated != null) {
      return stated;
    }
    return figures == null ? Amounts.ZERO : sum(figures.customerId());
  }

  /** What the document holds; what is not of the right shape counts as absent. */
  static Counted of(Snapshot document) {
    Map<String, Object> fields = document.fields();
    Correction correction = Correction.parse(text(fields, UsageCounts.CORRECTION)).orElse(null);
    return new Counted(
        document.ref().id(),
        identity(fields),
        parts(fields.get(UsageCounts.PARTS)),
        fields.get(UsageCounts.SCENES) instanceof Long scenes ? scenes : 0,
        time(fields, UsageCounts.QUOTA_PERIOD),
        fields.get(UsageCounts.STATED) instanceof Map<?, ?> map ? Amounts.of(map) : null,
        month(text(fields, UsageCounts.LATE_FOR)),
        text(fields, UsageCounts.CORRECTS),
        correction,
        text(fields, UsageCounts.CORRECTED_BY),
        text(fields, UsageCounts.ITEM_DIGEST),
        time(fields, UsageCounts.COUNT_DUE_AT));
  }

  private static @Nullable Identity identity(Map<String, Object> fields) {
    String customer = text(fields, UsageCounts.CUSTOMER_ID);
    String scene = text(fields, UsageCounts.SCENE_ID);
    String action = text(fields, UsageCounts.ACTION);
    Instant timestamp = time(fields, UsageCounts.TIMESTAMP);
    return customer == null || scene == null || action == null || timestamp == null
        ? null
        : new Identity(customer, scene, action, timestamp);
  }

  private static List<Part> parts(@Nullable Object value) {
    List<Part> parts = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (Object element : list) {
        Part part = element instanceof Map<?, ?> map ? part(map) : null;
        if (part != null) {
          parts.add(part);
        }
      }
    }
    return parts;
  }

  private static @Nullable Part part(Map<?, ?> map) {
    if (map.get(UsageCounts.CUSTOMER_ID) instanceof String customer
        && map.get(UsageCounts.DAY) instanceof String text
        && map.get(UsageCounts.ACTION) instanceof String action) {
      LocalDate day = day(text);
      LocalDate meant = map.get(UsageCounts.MEANT_DAY) instanceof String other ? day(other) : null;
      return day == null ? null : new Part(customer, day, action, Amounts.of(map), meant);
    }
    return null;
  }

  /** The document's fields; those that do not apply are left out. */
  Map<String, Object> toFields(Instant now) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageCounts.USAGE_ID, usageId);
    if (figures != null) {
      fields.put(UsageCounts.CUSTOMER_ID, figures.customerId());
      fields.put(UsageCounts.SCENE_ID, figures.sceneId());
      fields.put(UsageCounts.ACTION, figures.action());
      fields.put(UsageCounts.TIMESTAMP, figures.timestamp());
    }
    fields.put(UsageCounts.STATUS, COUNTED);
    fields.put(UsageCounts.PARTS, parts.stream().map(Counted::toFields).toList());
    fields.put(UsageCounts.SCENES, scenes);
    put(fields, UsageCounts.QUOTA_PERIOD, quotaPeriod);
    put(fields, UsageCounts.STATED, stated == null ? null : stated.toFields());
    put(fields, UsageCounts.LATE_FOR, lateFor == null ? null : lateFor.toString());
    put(fields, UsageCounts.CORRECTS, corrects);
    put(fields, UsageCounts.CORRECTION, correction == null ? null : correction.wire());
    put(fields, UsageCounts.CORRECTED_BY, correctedBy);
    put(fields, UsageCounts.ITEM_DIGEST, itemDigest);
    put(fields, UsageCounts.COUNT_DUE_AT, countDueAt);
    fields.put(UsageCounts.UPDATED_AT, now);
    return fields;
  }

  private static Map<String, Object> toFields(Part part) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageCounts.CUSTOMER_ID, part.customerId());
    fields.put(UsageCounts.DAY, part.day().toString());
    fields.put(UsageCounts.ACTION, part.action());
    fields.putAll(part.amounts().toFields());
    put(fields, UsageCounts.MEANT_DAY, part.meant() == null ? null : part.meant().toString());
    return fields;
  }

  private static void put(Map<String, Object> fields, String name, @Nullable Object value) {
    if (value != null) {
      fields.put(name, value);
    }
  }

  private static @Nullable String text(Map<String, Object> fields, String name) {
    return fields.get(name) instanceof String text ? text : null;
  }

  private static @Nullable Instant time(Map<String, Object> fields, String name) {
    return fields.get(name) instanceof Instant time ? time : null;
  }

  private static @Nullable LocalDate day(String text) {
    try {
      return LocalDate.parse(text);
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private static @Nullable YearMonth month(@Nullable String text) {
    try {
      return text == null ? null : YearMonth.parse(text);
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  /** This with what a later look at the record makes of it. */
  Counted recounted(
      @Nullable Identity identity,
      List<Part> newParts,
      long newScenes,
      @Nullable Instant newPeriod,
      @Nullable YearMonth newLateFor) {
    return new Counted(
        usageId,
        identity,
        newParts,
        newScenes,
        newPeriod,
        stated,
        newLateFor,
        corrects,
        correction,
        correctedBy,
        itemDigest,
        null);
  }
}
