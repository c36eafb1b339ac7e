package dev.meterkite.model.plans;

import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.schema.Violation;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A map inside the document of plans. Each member is asked for once; what is wrong with it is noted
 * under its path, and a value within the bounds is returned in its place, so that all faults are
 * found in one pass. Members that nobody asked for are faults too: a misspelt one would be absent.
 */
final class Part {
  private static final Pattern WORD = Pattern.compile("[a-z][a-z0-9_]{0,49}");
  private static final int LONGEST_TEXT = 100;

  private final String path;
  private final Map<String, @Nullable Object> fields;
  private final List<Violation> faults;
  private final Set<String> asked = new TreeSet<>();

  private Part(String path, Map<String, @Nullable Object> fields, List<Violation> faults) {
    this.path = path;
    this.fields = fields;
    this.faults = faults;
  }

  /** The whole document. */
  static Part document(Map<String, ? extends @Nullable Object> fields, List<Violation> faults) {
    return new Part("", FieldValues.map(fields), faults);
  }

  /** The path of a member. */
  String at(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  void fault(String name, String code, String message) {
    faults.add(new Violation(name.isEmpty() ? path : at(name), code, message));
  }

  /** A member as it is written; null where it is absent. */
  @Nullable Object value(String name) {
    asked.add(name);
    return fields.get(name);
  }

  /** A map; empty where it is absent or something else, which is a fault. */
  Optional<Part> part(String name) {
    Object value = value(name);
    if (value != null && !(value instanceof Map)) {
      fault(name, Violation.WRONG_TYPE, "must be a map");
    }
    return value instanceof Map
        ? Optional.of(new Part(at(name), FieldValues.map(value), faults))
        : Optional.empty();
  }

  /**
   * A list of maps, at most so many; empty where it is absent. An item that is no map is read as
   * one without members, which lacks those that it must have.
   */
  List<Part> parts(String name, int most) {
    List<Part> parts = new ArrayList<>();
    List<?> items = list(name, most);
    for (int i = 0; i < items.size(); i++) {
      String at = at(name) + "[" + i + "]";
      if (!(items.get(i) instanceof Map)) {
        faults.add(new Violation(at, Violation.WRONG_TYPE, "must be a map"));
      }
      parts.add(new Part(at, FieldValues.map(items.get(i)), faults));
    }
    return parts;
  }

  private List<?> list(String name, int most) {
    Object value = value(name);
    if (value != null && !(value instanceof List)) {
      fault(name, Violation.WRONG_TYPE, "must be a list");
    }
    List<?> items = FieldValues.list(value);
    if (items.size() > most) {
      fault(name, Violation.OUT_OF_RANGE, "must have at most " + most + " items");
    }
    return items.size() > most ? items.subList(0, most) : items;
  }

  /**
   * Words that one function knows; a repeated or unknown one is a fault.
   *
   * @param wanted what a word must be, for people
   */
  <T> List<T> words(
      String name, int most, Function<@Nullable Object, Optional<T>> known, String wanted) {
    List<T> words = new ArrayList<>();
    List<?> items = list(name, most);
    for (int i = 0; i < items.size(); i++) {
      Optional<T> word = known.apply(items.get(i));
      String at = at(name) + "[" + i + "]";
      if (word.isEmpty()) {
        faults.add(new Violation(at, Violation.UNKNOWN_VALUE, wanted));
      } else if (words.contains(word.get())) {
        faults.add(new Violation(at, Violation.INCONSISTENT, "is there twice"));
      } else {
        words.add(word.get());
      }
    }
    return words;
  }

  /** A whole number between two, both included; the least one where it must be there and is not. */
  long whole(String name, long least, long most) {
    Long value = FieldValues.integer(value(name));
    if (value == null || value < least || value > most) {
      fault(name, Violation.OUT_OF_RANGE, "must be an integer from " + least + " to " + most);
      return least;
    }
    return value;
  }

  /** The same, or what stands for an absent one. */
  @Nullable Long wholeOr(String name, long least, long most, @Nullable Long absent) {
    return value(name) == null ? absent : (Long) whole(name, least, most);
  }

  /**
   * A number between two, the upper one included, with at most so many decimal places and no
   * trailing zeros. A double is read as the shortest decimal that names it.
   *
   * @param mayBeLeast whether the lower one is included too
   */
  BigDecimal decimal(String name, boolean mayBeLeast, long least, long most, int places) {
    Object value = value(name);
    BigDecimal number =
        value instanceof Long whole
            ? BigDecimal.valueOf(whole)
            : value instanceof Double decimal && Double.isFinite(decimal)
                ? BigDecimal.valueOf(decimal)
                : null;
    BigDecimal plain = number == null ? null : number.stripTrailingZeros();
    int lower = plain == null ? -1 : plain.compareTo(BigDecimal.valueOf(least));
    if (plain == null
        || plain.scale() > places
        || lower < 0
        || (lower == 0 && !mayBeLeast)
        || plain.compareTo(BigDecimal.valueOf(most)) > 0) {
      fault(
          name,
          Violation.OUT_OF_RANGE,
          "must be a number "
              + (mayBeLeast ? "from " : "above ")
              + least
              + (mayBeLeast ? " to " : ", at most ")
              + most
              + ", with at most "
              + places
              + " decimal places");
      return BigDecimal.valueOf(most);
    }
    return plain;
  }

  /** A word of lower-case letters, digits and underscores; empty for anything else, a fault. */
  String word(String name) {
    if (value(name) instanceof String text && WORD.matcher(text).matches()) {
      return text;
    }
    fault(
        name,
        Violation.WRONG_TYPE,
        "must be a lower-case word of letters, digits and _, at most 50 characters");
    return "";
  }

  /** A text of 1 to 100 characters or null. */
  static @Nullable String text(@Nullable Object value) {
    return value instanceof String text && !text.isEmpty() && text.length() <= LONGEST_TEXT
        ? text
        : null;
  }

  /** Notes the members that nobody has asked for. */
  void end() {
    for (String name : new TreeSet<>(fields.keySet())) {
      if (!asked.contains(name)) {
        fault(name, Violation.UNKNOWN_VALUE, "must be one of " + String.join(", ", asked));
      }
    }
  }
}
