package dev.meterkite.model.command;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Records as trees of maps, lists, strings, longs, booleans and nulls, and back, by their declared
 * types. A subtype of a sealed interface carries its simple name in {@value #TYPE}. Values of
 * undeclared type keep theirs: {@code {"$instant": "..."}}, a key that begins with {@code $} gets
 * another one.
 */
final class ValueCodec {
  static final String TYPE = "$type";
  static final String MARK = "$";

  /** Value types, each as one string. */
  static final Map<Class<?>, Function<String, Object>> TEXTS =
      Map.of(
          Instant.class, Instant::parse,
          Duration.class, Duration::parse,
          YearMonth.class, YearMonth::parse,
          ZoneId.class, ZoneId::of,
          BigDecimal.class, BigDecimal::new,
          BigInteger.class, BigInteger::new,
          Double.class, Double::valueOf,
          Float.class, Float::valueOf,
          Integer.class, Integer::valueOf);

  private ValueCodec() {}

  /** The tree of a value of this declared type. */
  static @Nullable Object encode(@Nullable Object value, Type type) {
    return ValueEncoder.encode(value, type);
  }

  /**
   * The value of this declared type.
   *
   * @throws IllegalArgumentException if the tree is not one of such a value
   */
  static @Nullable Object decode(@Nullable Object tree, Type type) {
    return ValueDecoder.decode(tree, type);
  }

  static boolean isPlain(Class<?> type) {
    return type == String.class
        || type == long.class
        || type == Long.class
        || type == boolean.class
        || type == Boolean.class;
  }

  @SuppressWarnings("NullAway") // a tree may hold nulls
  static void put(Map<String, Object> tree, String name, @Nullable Object value) {
    tree.put(name, value);
  }

  @SuppressWarnings("NullAway") // a tree may hold nulls
  static void add(List<Object> tree, @Nullable Object value) {
    tree.add(value);
  }

  /** A type with everything in it by name and kind: what two versions must agree on. */
  static String shape(Type type) {
    if (type instanceof ParameterizedType generic) {
      return ((Class<?>) generic.getRawType()).getSimpleName()
          + Arrays.stream(generic.getActualTypeArguments())
              .map(ValueCodec::shape)
              .collect(Collectors.joining(",", "<", ">"));
    }
    Class<?> of = (Class<?>) type;
    if (of.isEnum()) {
      return Arrays.stream(of.getEnumConstants())
          .map(each -> ((Enum<?>) each).name())
          .collect(Collectors.joining("|", of.getSimpleName() + "[", "]"));
    }
    if (of.isSealed() && !TEXTS.containsKey(of)) {
      return Arrays.stream(of.getPermittedSubclasses())
          .map(ValueCodec::shape)
          .collect(Collectors.joining("|", "(", ")"));
    }
    return !of.isRecord()
        ? of.getSimpleName()
        : Arrays.stream(of.getRecordComponents())
            .map(part -> part.getName() + ":" + shape(part.getGenericType()))
            .collect(Collectors.joining(",", of.getSimpleName() + "(", ")"));
  }
}
