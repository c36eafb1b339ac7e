package dev.meterkite.functions.http;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Violation;
import dev.meterkite.model.schema.Word;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a request's body or its query parameters, read by name and kind.
 *
 * <p>Every getter notes what is wrong with its field and goes on, so that a caller hears of all
 * faults at once; fields that no getter asked for are unknown and faults too. A getter of a
 * required field that is absent or wrong returns a stand-in of the right kind, which nobody gets to
 * see: with a fault noted, the request is refused, also when the parser fails over a stand-in. A
 * null counts as absent.
 *
 * <p>Numbers of a body must be JSON numbers; {@code 1.0} and {@code 1e2} are integers, {@code "1"}
 * and {@code 1.5} are not. Query parameters are text, read by the same rules.
 *
 * <p>Example: {@code new Debit(fields.id("user_id"), fields.integer("amount", 1, Long.MAX_VALUE),
 * fields.optionalString("description", 1, 500))}.
 */
public final class Fields {
  /** The most faults that one answer lists. */
  static final int MAX_VIOLATIONS = 100;

  private static final int MAX_NAME = 100;
  private static final int MAX_EMAIL = 320;
  private static final Pattern EMAIL = Pattern.compile("[^@\\s\\p{Cntrl}]+@[^@\\s\\p{Cntrl}]+");
  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]{1,3})?");

  /** A moment whose offset lost its sign. */
  private static final Pattern LOST_PLUS =
      Pattern.compile("^([0-9-]+[Tt][0-9:.]+) ([0-9]{2}(?::?[0-9]{2})?)$");

  private static final int MAX_DAY = 40;
  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999999Z");
  private static final Pattern MOMENT =
      Pattern.compile(
          "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?"
              + "(Z|[+-][0-9]{2}:[0-9]{2})");

  private final Map<String, Object> values;
  private final String path;
  private final boolean text;
  private final Set<String> asked = new HashSet<>();
  private final List<Fields> parts = new ArrayList<>();
  private final List<Violation> violations;

  private Fields(
      Map<String, Object> values, String path, boolean text, List<Violation> violations) {
    this.values = values;
    this.path = path;
    this.text = text;
    this.violations = violations;
  }

  /** The fields of a body as {@link Json} reads it. */
  static Fields ofBody(Map<String, Object> members) {
    return new Fields(members, "", false, new ArrayList<>());
  }

  /** Query parameters, each given once. */
  static Fields ofQuery(Map<String, String> parameters) {
    return new Fields(Map.copyOf(parameters), "", true, new ArrayList<>());
  }

  /**
   * All fields as they were sent, for those whose rules read them: null, {@link Boolean}, {@link
   * BigDecimal}, {@link String}, {@link List}, {@link Map}. None counts as unknown any more.
   */
  public Map<String, Object> members() {
    asked.addAll(values.keySet());
    return values;
  }

  /** Whether the field is there and not null, whatever else is wrong with it. */
  public boolean has(String name) {
    return value(name) != null;
  }

  /** Whether the field is there, be it null: for those whose null says something. */
  public boolean isNamed(String name) {
    asked.add(name);
    return values.containsKey(name);
  }

  /** A required string of min to max characters (code points). */
  public String string(String name, int min, int max) {
    return required(name, optionalString(name, min, max), "");
  }

  /** A string of min to max characters (code points), or null. */
  public @Nullable String optionalString(String name, int min, int max) {
    String string = kind(name, String.class, "a string");
    if (string == null) {
      return null;
    }
    int length = string.codePointCount(0, string.length());
    if (length < min || length > max) {
      fault(name, Violation.OUT_OF_RANGE, "must have " + min + " to " + max + " characters");
      return null;
    }
    return string;
  }

  /**
   * The first characters of a string, number or truth value as text, or null if it is absent or
   * empty: for the words of a third party that a caller passes on, which are never the caller's
   * fault. Lists and objects are faults.
   */
  public @Nullable String optionalScalar(String name, int most) {
    Object value = value(name);
    if (value instanceof List || value instanceof Map) {
      fault(name, Violation.WRONG_TYPE, "must be a string, a number, true or false");
      return null;
    }
    String text =
        value instanceof BigDecimal number && Math.abs((long) number.scale()) < Json.MAX_NUMBER
            ? number.toPlainString() // Never of 1e999999999, which has a thousand million digits.
            : value == null ? "" : value.toString();
    int end = Math.min(most, text.length());
    boolean halved = end > 0 && Character.isHighSurrogate(text.charAt(end - 1));
    return end == 0 ? null : text.substring(0, halved && end > 1 ? end - 1 : end);
  }

  /** An e-mail address, or null. Only its form is checked; the rules for clients say the same. */
  public @Nullable String optionalEmail(String name) {
    String email = optionalString(name, 3, MAX_EMAIL);
    if (email != null && !EMAIL.matcher(email).matches()) {
      fault(name, "format", "must be an e-mail address such as ada@example.com");
      return null;
    }
    return email;
  }

  /** A required document id. */
  public String id(String name) {
    return required(name, optionalId(name), "-");
  }

  /** A document id, or null. */
  public @Nullable String optionalId(String name) {
    String id = kind(name, String.class, "a string");
    if (id != null && !DocRef.isId(id)) {
      fault(name, "format", "must be an id: 1 to 1,500 bytes, without /, not . or .. or __x__");
      return null;
    }
    return id;
  }

  /** A required integer from min to max, both included. */
  public long integer(String name, long min, long max) {
    return required(name, optionalInteger(name, min, max), min);
  }

  /** An integer from min to max, or the default where it is absent. */
  public long integer(String name, long min, long max, long byDefault) {
    Long integer = optionalInteger(name, min, max);
    return integer == null ? byDefault : integer;
  }

  /** An integer from min to max, both included, or null. */
  public @Nullable Long optionalInteger(String name, long min, long max) {
    BigDecimal number = number(name, "an integer");
    if (number == null) {
      return null;
    }
    if (number.signum() != 0 && number.stripTrailingZeros().scale() > 0) {
      fault(name, Violation.WRONG_TYPE, "must be an integer");
      return null;
    }
    if (number.compareTo(BigDecimal.valueOf(min)) < 0
        || number.compareTo(BigDecimal.valueOf(max)) > 0) {
      fault(name, Violation.OUT_OF_RANGE, "must be from " + min + " to " + max);
      return null;
    }
    return number.longValueExact();
  }

  /** A required number from min to max, both included, exactly as it is written. */
  public BigDecimal decimal(String name, BigDecimal min, BigDecimal max) {
    return required(name, optionalDecimal(name, min, max), min);
  }

  /** A number from min to max, both included, or null. */
  public @Nullable BigDecimal optionalDecimal(String name, BigDecimal min, BigDecimal max) {
    BigDecimal number = number(name, "a number");
    if (number != null && (number.compareTo(min) < 0 || number.compareTo(max) > 0)) {
      fault(
          name,
          Violation.OUT_OF_RANGE,
          "must be from " + min.toPlainString() + " to " + max.toPlainString());
      return null;
    }
    return number;
  }

  /** A required truth value. */
  public boolean flag(String name) {
    return required(name, optionalFlag(name), false);
  }

  /** A truth value, or null; in a query {@code true} or {@code false}. */
  public @Nullable Boolean optionalFlag(String name) {
    if (!text) {
      return kind(name, Boolean.class, "true or false");
    }
    String word = kind(name, String.class, "true or false");
    if (word == null || word.equals("true") || word.equals("false")) {
      return word == null ? null : Boolean.valueOf(word);
    }
    fault(name, Violation.WRONG_TYPE, "must be true or false");
    return null;
  }

  /** A required word of one of the model's vocabularies. */
  public <E extends Enum<E> & Word> E word(String name, Class<E> vocabulary) {
    return required(name, optionalWord(name, vocabulary), vocabulary.getEnumConstants()[0]);
  }

  /** A word of one of the model's vocabularies, or null. */
  public <E extends Enum<E> & Word> @Nullable E optionalWord(String name, Class<E> vocabulary) {
    String written = kind(name, String.class, "a string");
    if (written == null) {
      return null;
    }
    Optional<E> word = Word.parse(vocabulary, written);
    if (word.isEmpty()) {
      notOneOf(name, Arrays.stream(vocabulary.getEnumConstants()).map(Word::wire).toList());
    }
    return word.orElse(null);
  }

  /** One of these words, or null. */
  public @Nullable String optionalWord(String name, List<String> words) {
    String written = kind(name, String.class, "a string");
    if (written == null || words.contains(written)) {
      return written;
    }
    notOneOf(name, words);
    return null;
  }

  /**
   * One of these words, any other where {@code isThere}, or null.
   *
   * @param isThere whether the word is not set, but compared with one that is there; asked for
   *     another word only
   */
  public @Nullable String optionalWord(String name, List<String> words, BooleanSupplier isThere) {
    String written = kind(name, String.class, "a string");
    if (written != null && !words.contains(written) && isThere.getAsBoolean()) {
      return written;
    }
    return optionalWord(name, words);
  }

  private void notOneOf(String name, List<String> words) {
    fault(name, Violation.UNKNOWN_VALUE, "must be one of " + String.join(", ", words));
  }

  /** A required moment, RFC 3339, cut to microseconds. */
  public Instant moment(String name) {
    return required(name, optionalMoment(name), Instant.EPOCH);
  }

  /** A moment of the years 1 to 9999, RFC 3339 with any offset, cut to microseconds; or null. */
  public @Nullable Instant optionalMoment(String name) {
    String written = kind(name, String.class, "a string");
    if (written == null) {
      return null;
    }
    try {
      return parseMoment(plus(written));
    } catch (DateTimeException e) {
      // Whatever is wrong with it, the fault below says all there is to say.
    }
    fault(name, "format", "must be a moment such as 2026-01-31T12:00:00Z");
    return null;
  }

  /**
   * The start of a UTC day from one day to another, both included: a day such as {@code 2026-01-31}
   * or its midnight as a moment with any offset. A required field; null where it is at fault.
   */
  public @Nullable LocalDate day(String name, LocalDate first, LocalDate last) {
    String written = plus(string(name, 1, MAX_DAY));
    try {
      LocalDate day = written.length() == 10 ? LocalDate.parse(written) : midnight(written);
      if (day != null && !day.isBefore(first) && !day.isAfter(last)) {
        return day;
      }
    } catch (DateTimeException e) {
      // Neither a day nor a moment, which is said below.
    }
    if (!written.isEmpty()) {
      fault(
          name,
          Violation.OUT_OF_RANGE,
          "must be a day in UTC from "
              + first
              + ", such as 2026-01-31 or its start, 2026-01-31T00:00:00Z");
    }
    return null;
  }

  private static @Nullable LocalDate midnight(String text) {
    Instant moment = OffsetDateTime.parse(text).toInstant();
    return moment.equals(moment.truncatedTo(ChronoUnit.DAYS))
        ? LocalDate.ofInstant(moment, ZoneOffset.UTC)
        : null;
  }

  /**
   * A moment of a query as its caller meant it. An unencoded plus in a query is read as a blank; a
   * blank before the offset of a moment can only be a plus.
   */
  private String plus(String written) {
    return text ? LOST_PLUS.matcher(written).replaceFirst("$1+$2") : written;
  }

  /** A list of min to max strings that a condition holds for; required where min is above 0. */
  public List<String> strings(
      String name, int min, int max, Predicate<String> condition, String meaning) {
    List<String> strings = new ArrayList<>();
    List<?> items = items(name, min, max);
    for (int i = 0; i < items.size(); i++) {
      if (items.get(i) instanceof String item && condition.test(item)) {
        strings.add(item);
      } else {
        fault(name + "[" + i + "]", "format", "must be " + meaning);
      }
    }
    return List.copyOf(strings);
  }

  /** A list of min to max objects; required where min is above 0. */
  public List<Fields> objects(String name, int min, int max) {
    List<Fields> objects = new ArrayList<>();
    List<?> items = items(name, min, max);
    for (int i = 0; i < items.size(); i++) {
      Fields object = part(items.get(i), name + "[" + i + "]");
      if (object != null) {
        objects.add(object);
      }
    }
    return objects;
  }

  /** An object, or null. */
  public @Nullable Fields optionalObject(String name) {
    Object value = value(name);
    return value == null ? null : part(value, name);
  }

  /**
   * Notes that a field must not be null, if it is there: where absent would mean something else.
   */
  public void notNull(String name, String meaning) {
    if (isNamed(name) && values.get(name) == null) {
      fault(name, Violation.WRONG_TYPE, "must be " + meaning);
    }
  }

  /** Notes that a field must not be there, if it is. */
  public void notWith(String name, String message) {
    if (value(name) != null) {
      fault(name, "not_allowed", message);
    }
  }

  /** Notes a fault of this field, or of how it goes with others. */
  public void fault(String name, String code, String message) {
    String field = join(path, name);
    if (violations.size() < MAX_VIOLATIONS) {
      violations.add(new Violation(cut(field), code, message));
    }
  }

  /** All faults, those of fields that nobody asked for included. */
  List<Violation> violations() {
    noteUnknown();
    return List.copyOf(violations);
  }

  private void noteUnknown() {
    for (String name : values.keySet()) {
      if (asked.add(name)) {
        fault(name, "unknown_field", text ? "is no parameter of this" : "is no field of this");
      }
    }
    parts.forEach(Fields::noteUnknown);
  }

  private @Nullable Fields part(@Nullable Object value, String name) {
    if (!(value instanceof Map<?, ?> members)) {
      fault(name, Violation.WRONG_TYPE, "must be an object");
      return null;
    }
    @SuppressWarnings("unchecked") // Json reads names as strings
    Map<String, Object> named = (Map<String, Object>) members;
    Fields part = new Fields(named, join(path, name), false, violations);
    parts.add(part);
    return part;
  }

  private List<?> items(String name, int min, int max) {
    List<?> items = kind(name, List.class, "a list");
    if (items == null) {
      if (min > 0 && values.get(name) == null) {
        fault(name, Violation.REQUIRED, "is required");
      }
      return List.of();
    }
    if (items.size() < min || items.size() > max) {
      fault(name, Violation.OUT_OF_RANGE, "must have " + min + " to " + max + " items");
      return List.of();
    }
    return items;
  }

  private @Nullable Object value(String name) {
    asked.add(name);
    return values.get(name);
  }

  private <T> @Nullable T kind(String name, Class<T> kind, String meaning) {
    Object value = value(name);
    if (value == null || kind.isInstance(value)) {
      return kind.cast(value);
    }
    fault(name, Violation.WRONG_TYPE, "must be " + meaning);
    return null;
  }

  private @Nullable BigDecimal number(String name, String meaning) {
    Object value = value(name);
    if (value == null || value instanceof BigDecimal) {
      return (BigDecimal) value;
    }
    BigDecimal number = text && value instanceof String literal ? parseNumber(literal) : null;
    if (number == null) {
      fault(name, Violation.WRONG_TYPE, "must be " + meaning);
    }
    return number;
  }

  /** Notes a required field's absence; says nothing where its fault is noted already. */
  private <T> T required(String name, @Nullable T value, T standIn) {
    if (value != null) {
      return value;
    }
    if (values.get(name) == null) {
      fault(name, Violation.REQUIRED, "is required");
    }
    return standIn;
  }

  /** A JSON number, or null for anything else and for numbers longer than 64 characters. */
  static @Nullable BigDecimal parseNumber(String literal) {
    boolean json = literal.length() <= Json.MAX_NUMBER && NUMBER.matcher(literal).matches();
    return json ? new BigDecimal(literal) : null;
  }

  /**
   * A moment that Firestore can hold, from text as in RFC 3339, cut to microseconds.
   *
   * @throws DateTimeException for other text, and for moments before the year 1 or after 9999 in
   *     UTC, whatever their offset makes of them
   */
  public static Instant parseMoment(String text) {
    String upper = text.toUpperCase(Locale.ROOT);
    if (!MOMENT.matcher(upper).matches()) {
      throw new DateTimeException("no moment");
    }
    Instant moment = OffsetDateTime.parse(upper).toInstant().truncatedTo(ChronoUnit.MICROS);
    if (moment.isBefore(FIRST) || moment.isAfter(LAST)) {
      throw new DateTimeException("not of the years 1 to 9999");
    }
    return moment;
  }

  /** Whether a string consists of whole characters: no surrogate without its other half. */
  static boolean isWhole(String text) {
    for (int at = 0; at < text.length(); at++) {
      if (Character.isSurrogate(text.charAt(at))) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
      }
    }
    return true;
  }

  static String join(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  static String cut(String field) {
    if (field.length() <= MAX_NAME) {
      return field;
    }
    int end = Character.isHighSurrogate(field.charAt(MAX_NAME - 1)) ? MAX_NAME - 1 : MAX_NAME;
    return field.substring(0, end) + "…";
  }
}
