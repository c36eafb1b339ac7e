package dev.meterkite.model.usage;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Violation;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the counting fields of a usage record, from a request's body or a stored document, with all
 * errors at once.
 *
 * <p>Bounds: ids 1 to 1,500 bytes without {@code /}, customer ids not beginning with {@code _};
 * actions snake_case of 1 to 100 characters; timestamps from 2000 to {@link #MAX_AHEAD} from now;
 * episodes 0 to 10<sup>9</sup>, compute 0 to 10<sup>7</sup> minutes, storage 0 to 10<sup>6</sup>
 * GB, cost 0 to 10<sup>6</sup> USD. Decimals are rounded half up to a millisecond, a byte, a
 * micro-USD. An absent {@code billable} is true.
 */
final class UsageFields {
  /** How far a timestamp may lie ahead, for clocks that are fast; this much is still allowed. */
  static final Duration MAX_AHEAD = Duration.ofMinutes(5);

  private static final Instant EARLIEST = Instant.parse("2000-01-01T00:00:00Z");
  private static final BigDecimal MOST_EPISODES = BigDecimal.TEN.pow(9);
  private static final BigDecimal MOST_COMPUTE_MINUTES = BigDecimal.TEN.pow(7);
  private static final BigDecimal MOST_STORAGE_GB = BigDecimal.TEN.pow(6);
  private static final BigDecimal MOST_COST_USD = BigDecimal.TEN.pow(6);
  private static final BigDecimal MS_A_MINUTE = BigDecimal.valueOf(60_000);
  private static final BigDecimal BYTES_A_GB = BigDecimal.TEN.pow(9);
  private static final BigDecimal MICROS_A_USD = BigDecimal.TEN.pow(6);

  private final Map<String, ?> fields;
  private final List<Violation> errors = new ArrayList<>();

  UsageFields(Map<String, ?> fields) {
    this.fields = fields;
  }

  /** What was wrong so far. */
  List<Violation> errors() {
    return errors;
  }

  /**
   * The figures, or null if something is wrong with them.
   *
   * @param absentTimestamp taken where there is none; null if there must be one
   */
  @Nullable UsageFigures figures(Instant now, @Nullable Instant absentTimestamp) {
    int before = errors.size();
    String customer = customerId();
    String scene = id(UsageTracking.SCENE_ID);
    String action = action();
    Instant timestamp = timestamp(now, absentTimestamp);
    Long episodes = scaled(UsageTracking.EPISODES_GENERATED, BigDecimal.ONE, MOST_EPISODES, true);
    Long compute = scaled(UsageTracking.COMPUTE_MINUTES, MS_A_MINUTE, MOST_COMPUTE_MINUTES, false);
    Long storage = scaled(UsageTracking.STORAGE_GB, BYTES_A_GB, MOST_STORAGE_GB, false);
    Boolean billable = billable();
    Long cost = scaled(UsageTracking.ESTIMATED_COST, MICROS_A_USD, MOST_COST_USD, false);
    if (errors.size() > before
        || customer == null
        || scene == null
        || action == null
        || timestamp == null
        || billable == null) {
      return null;
    }
    return new UsageFigures(
        customer, scene, action, timestamp, episodes, compute, storage, billable, cost);
  }

  private @Nullable String customerId() {
    String id = id(UsageTracking.CUSTOMER_ID);
    if (id != null && !UsageIds.isCustomerId(id)) {
      wrong(UsageTracking.CUSTOMER_ID, Violation.OUT_OF_RANGE, "must not begin with _");
      return null;
    }
    return id;
  }

  private @Nullable String id(String name) {
    String text = text(name);
    if (text != null && !DocRef.isId(text)) {
      wrong(name, Violation.OUT_OF_RANGE, "must be a document id: 1 to 1,500 bytes without /");
      return null;
    }
    return text;
  }

  private @Nullable String action() {
    String text = text(UsageTracking.ACTION);
    if (text != null && !UsageAction.isAction(text)) {
      wrong(
          UsageTracking.ACTION,
          Violation.OUT_OF_RANGE,
          "must be a snake_case word of 1 to 100 characters");
      return null;
    }
    return text;
  }

  private @Nullable String text(String name) {
    Object value = fields.get(name);
    if (value == null) {
      wrong(name, Violation.REQUIRED, "is required");
      return null;
    }
    if (value instanceof String text) {
      return text;
    }
    wrong(name, Violation.WRONG_TYPE, "must be a string");
    return null;
  }

  private @Nullable Instant timestamp(Instant now, @Nullable Instant absent) {
    String name = UsageTracking.TIMESTAMP;
    Object value = fields.get(name);
    if (value == null) {
      if (absent != null) {
        return absent;
      }
      wrong(name, Violation.REQUIRED, "is required");
      return null;
    }
    Instant time = value instanceof String text ? parse(text) : null;
    if (value instanceof Instant instant) {
      time = instant;
    }
    if (time == null) {
      wrong(name, Violation.OUT_OF_RANGE, "must be a timestamp, such as 2026-01-10T14:30:00Z");
      return null;
    }
    if (time.isBefore(EARLIEST) || time.isAfter(now.plus(MAX_AHEAD))) {
      wrong(
          name, Violation.OUT_OF_RANGE, "must be after the year 2000 and at most 5 minutes ahead");
      return null;
    }
    return time.truncatedTo(ChronoUnit.MICROS);
  }

  private static @Nullable Instant parse(String text) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private @Nullable Boolean billable() {
    Object value = fields.get(UsageTracking.BILLABLE);
    if (value == null) {
      return true;
    }
    if (value instanceof Boolean flag) {
      return flag;
    }
    wrong(UsageTracking.BILLABLE, Violation.WRONG_TYPE, "must be true or false");
    return null;
  }

  /** A number of 0 to {@code most}, in units of which {@code scale} make one; null if absent. */
  private @Nullable Long scaled(String name, BigDecimal scale, BigDecimal most, boolean whole) {
    Object value = fields.get(name);
    if (value == null) {
      return null;
    }
    BigDecimal number = number(value);
    if (number == null) {
      wrong(name, Violation.WRONG_TYPE, "must be a number");
      return null;
    }
    if (number.signum() < 0 || number.compareTo(most) > 0) {
      wrong(name, Violation.OUT_OF_RANGE, "must be 0 to " + most.toPlainString());
      return null;
    }
    if (whole && number.stripTrailingZeros().scale() > 0) {
      wrong(name, Violation.WRONG_TYPE, "must be a whole number");
      return null;
    }
    return number.multiply(scale).setScale(0, RoundingMode.HALF_UP).longValueExact();
  }

  static @Nullable BigDecimal number(@Nullable Object value) {
    if (value instanceof Double number) {
      // The shortest decimal that stands for this double, which is what its writer wrote.
      return Double.isFinite(number) ? BigDecimal.valueOf(number) : null;
    }
    if (value instanceof BigDecimal decimal) {
      // 1e999999999 is a number that must not be written out.
      return Math.abs((long) decimal.scale()) <= 400 ? decimal : null;
    }
    return value instanceof Long || value instanceof Integer
        ? BigDecimal.valueOf(((Number) value).longValue())
        : null;
  }

  /** The float of a source schema that stands for an integer in smaller units. */
  static double minutes(long computeMs) {
    return BigDecimal.valueOf(computeMs)
        .divide(MS_A_MINUTE, 12, RoundingMode.HALF_UP)
        .doubleValue();
  }

  static double gigabytes(long storageBytes) {
    return BigDecimal.valueOf(storageBytes).movePointLeft(9).doubleValue();
  }

  static double usd(long micros) {
    return BigDecimal.valueOf(micros).movePointLeft(6).doubleValue();
  }

  /** Adds an error. */
  void wrong(String name, String code, String message) {
    errors.add(new Violation(name, code, message));
  }
}
