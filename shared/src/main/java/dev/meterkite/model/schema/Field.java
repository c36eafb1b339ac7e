package dev.meterkite.model.schema;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A field of a document: where it stands, what it holds, whether it must be there, its bounds. The
 * one declaration that reading, validation and documentation share.
 *
 * @param path the field path
 * @param kind the type of its value
 * @param required whether a document without it (or with null there) is in error
 * @param convert from the value to the type that the code uses; null for words that it does not
 *     know
 * @param bounds what must hold of the converted value
 * @param <T> the type that the code uses
 */
public record Field<T>(
    String path,
    FieldType kind,
    boolean required,
    Function<Object, @Nullable T> convert,
    List<Bound<T>> bounds) {

  /**
   * A bound on a value.
   *
   * @param text what is demanded: {@code 0 to 100}
   * @param met whether a value meets it
   */
  public record Bound<T>(String text, Predicate<T> met) {}

  public Field {
    bounds = List.copyOf(bounds);
  }

  /** Text. */
  public static Field<String> string(String path) {
    return of(path, FieldType.STRING, String.class::cast);
  }

  /** A whole number. */
  public static Field<Long> integer(String path) {
    return of(path, FieldType.INTEGER, Long.class::cast);
  }

  /** A number. */
  public static Field<Double> number(String path) {
    return of(path, FieldType.FLOAT, Double.class::cast);
  }

  /** True or false. */
  public static Field<Boolean> bool(String path) {
    return of(path, FieldType.BOOLEAN, Boolean.class::cast);
  }

  /** A moment. */
  public static Field<Instant> timestamp(String path) {
    return of(path, FieldType.TIMESTAMP, Instant.class::cast);
  }

  /** Nested fields, of which others may know more than we do. */
  @SuppressWarnings("unchecked") // the keys of maps in documents are strings
  public static Field<Map<String, Object>> map(String path) {
    return of(path, FieldType.MAP, value -> (Map<String, Object>) value);
  }

  /** A list of values of any type. */
  @SuppressWarnings("unchecked") // any element is an object
  public static Field<List<Object>> array(String path) {
    return of(path, FieldType.ARRAY, value -> (List<Object>) value);
  }

  /** A word of a vocabulary. */
  public static <E extends Enum<E> & Word> Field<E> word(String path, Class<E> words) {
    return of(path, FieldType.STRING, value -> Word.parse(words, (String) value).orElse(null))
        .bound(
            Arrays.stream(words.getEnumConstants())
                .map(Word::wire)
                .collect(Collectors.joining(", ")),
            word -> true);
  }

  private static <T> Field<T> of(
      String path, FieldType kind, Function<Object, @Nullable T> convert) {
    return new Field<>(path, kind, false, convert, List.of());
  }

  /** The same field, which must be there. */
  public Field<T> mandatory() {
    return new Field<>(path, kind, true, convert, bounds);
  }

  /** The same field with a bound more. */
  public Field<T> bound(String text, Predicate<T> met) {
    List<Bound<T>> more = new ArrayList<>(bounds);
    more.add(new Bound<>(text, met));
    return new Field<>(path, kind, required, convert, more);
  }

  /** All bounds as text; empty without any. */
  public String range() {
    return bounds.stream().map(Bound::text).collect(Collectors.joining("; "));
  }
}
