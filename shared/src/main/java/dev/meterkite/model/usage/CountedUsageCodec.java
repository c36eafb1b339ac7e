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

/** What was counted as fields of {@code usage_counts}. */
final class CountedUsageCodec {
  /** {@code status} of what was counted. */
  static final String COUNTED = "counted";

  /** {@code status} of what waits for its customer to appear. */
  static final String PENDING = "pending";

  private CountedUsageCodec() {}

  /** What the document holds; what is not of the right shape counts as absent. */
  static CountedUsage decode(Snapshot document) {
    Map<String, Object> fields = document.fields();
    Correction correction = Correction.parse(text(fields, UsageCounts.CORRECTION)).orElse(null);
    return new CountedUsage(
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

  private static CountedUsage.@Nullable Identity identity(Map<String, Object> fields) {
    String customer = text(fields, UsageCounts.CUSTOMER_ID);
    String scene = text(fields, UsageCounts.SCENE_ID);
    String action = text(fields, UsageCounts.ACTION);
    Instant timestamp = time(fields, UsageCounts.TIMESTAMP);
    return customer == null || scene == null || action == null || timestamp == null
        ? null
        : new CountedUsage.Identity(customer, scene, action, timestamp);
  }

  private static List<CountedUsage.Part> parts(@Nullable Object value) {
    List<CountedUsage.Part> parts = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (Object element : list) {
        CountedUsage.Part part = element instanceof Map<?, ?> map ? part(map) : null;
        if (part != null) {
          parts.add(part);
        }
      }
    }
    return parts;
  }

  private static CountedUsage.@Nullable Part part(Map<?, ?> map) {
    if (map.get(UsageCounts.CUSTOMER_ID) instanceof String customer
        && map.get(UsageCounts.DAY) instanceof String text
        && map.get(UsageCounts.ACTION) instanceof String action) {
      LocalDate day = day(text);
      LocalDate meant = map.get(UsageCounts.MEANT_DAY) instanceof String other ? day(other) : null;
      return day == null
          ? null
          : new CountedUsage.Part(customer, day, action, Amounts.of(map), meant);
    }
    return null;
  }

  /** The document's fields; those that do not apply are left out. */
  static Map<String, Object> encode(CountedUsage counted, Instant now) {
    CountedUsage.Identity figures = counted.figures();
    Amounts stated = counted.stated();
    YearMonth lateFor = counted.lateFor();
    Correction correction = counted.correction();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(UsageCounts.USAGE_ID, counted.usageId());
    if (figures != null) {
      fields.put(UsageCounts.CUSTOMER_ID, figures.customerId());
      fields.put(UsageCounts.SCENE_ID, figures.sceneId());
      fields.put(UsageCounts.ACTION, figures.action());
      fields.put(UsageCounts.TIMESTAMP, figures.timestamp());
    }
    fields.put(UsageCounts.STATUS, COUNTED);
    fields.put(UsageCounts.PARTS, counted.parts().stream().map(CountedUsageCodec::encode).toList());
    fields.put(UsageCounts.SCENES, counted.scenes());
    put(fields, UsageCounts.QUOTA_PERIOD, counted.quotaPeriod());
    put(fields, UsageCounts.STATED, stated == null ? null : stated.toFields());
    put(fields, UsageCounts.LATE_FOR, lateFor == null ? null : lateFor.toString());
    put(fields, UsageCounts.CORRECTS, counted.corrects());
    put(fields, UsageCounts.CORRECTION, correction == null ? null : correction.wire());
    put(fields, UsageCounts.CORRECTED_BY, counted.correctedBy());
    put(fields, UsageCounts.ITEM_DIGEST, counted.itemDigest());
    put(fields, UsageCounts.COUNT_DUE_AT, counted.countDueAt());
    fields.put(UsageCounts.UPDATED_AT, now);
    return fields;
  }

  private static Map<String, Object> encode(CountedUsage.Part part) {
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
}
