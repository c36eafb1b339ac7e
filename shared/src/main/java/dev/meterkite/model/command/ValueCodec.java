package dev.meterkite.model.command;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
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
  private static final String TYPE = "$type";
  private static final String MARK = "$";

  /** Value types, each as one string. */
  private static final Map<Class<?>, Function<String, Object>> TEXTS =
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
    if (value == null) {
      return null;
    }
    if (type instanceof ParameterizedType generic) {
      return encodeAll(value, generic.getActualTypeArguments());
    }
    Class<?> declared = (Class<?>) type;
    if (declared == Object.class) {
      return encodeUntyped(value);
    }
    if (declared.isEnum()) {
      return ((Enum<?>) value).name();
    }
    if (declared == int.class || declared == Integer.class) {
      return ((Integer) value).longValue();
    }
    if (isPlain(declared)) {
      return value;
    }
    if (TEXTS.containsKey(declared)) {
      return value.toString();
    }
    return encodeRecord(value, declared);
  }

  private static boolean isPlain(Class<?> type) {
    return type == String.class
        || type == long.class
        || type == Long.class
        || type == boolean.class
        || type == Boolean.class;
  }

  private static Object encodeAll(Object value, Type[] of) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> tree = new LinkedHashMap<>();
      map.forEach(
          (key, each) ->
              put(tree, (String) Objects.requireNonNull(encode(key, of[0])), encode(each, of[1])));
      return tree;
    }
    List<Object> tree = new ArrayList<>();
    ((Iterable<?>) value).forEach(each -> add(tree, encode(each, of[0])));
    return tree;
  }

  private static Map<String, Object> encodeRecord(Object value, Class<?> declared) {
    Class<?> type = value.getClass();
    if (!type.isRecord()) {
      throw new IllegalArgumentException("no form as data: " + type.getName());
    }
    Map<String, Object> tree = new LinkedHashMap<>();
    if (declared.isSealed()) {
      tree.put(TYPE, type.getSimpleName());
    }
    for (RecordComponent part : type.getRecordComponents()) {
      put(tree, part.getName(), encode(read(value, part), part.getGenericType()));
    }
    return tree;
  }

  private static @Nullable Object read(Object value, RecordComponent part) {
    try {
      Method accessor = part.getAccessor();
      accessor.setAccessible(true);
      return accessor.invoke(value);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalArgumentException("unreadable: " + part, e);
    }
  }

  private static Object encodeUntyped(Object value) {
    if (isPlain(value.getClass())) {
      return value;
    }
    if (TEXTS.containsKey(value.getClass())) {
      return Map.of(MARK + value.getClass().getSimpleName(), value.toString());
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> tree = new LinkedHashMap<>();
      map.forEach(
          (key, each) -> {
            String name = (String) key;
            put(tree, name.startsWith(MARK) ? MARK + name : name, encode(each, Object.class));
          });
      return tree;
    }
    if (value instanceof Iterable<?> list) {
      List<Object> tree = new ArrayList<>();
      list.forEach(each -> add(tree, encode(each, Object.class)));
      return tree;
    }
    throw new IllegalArgumentException("no form as data: " + value.getClass().getName());
  }

  @SuppressWarnings("NullAway") // a tree may hold nulls
  private static void put(Map<String, Object> tree, String name, @Nullable Object value) {
    tree.put(name, value);
  }

  @SuppressWarnings("NullAway") // a tree may hold nulls
  private static void add(List<Object> tree, @Nullable Object value) {
    tree.add(value);
  }

  /**
   * The value of this declared type.
   *
   * @throws IllegalArgumentException if the tree is not one of such a value
   */
  static @Nullable Object decode(@Nullable Object tree, Type type) {
    try {
      return decodeUnchecked(tree, type);
    } catch (ClassCastException | NullPointerException | DateTimeException e) {
      throw new IllegalArgumentException("not a " + type.getTypeName(), e);
    }
  }

  private static @Nullable Object decodeUnchecked(@Nullable Object tree, Type type) {
    if (tree == null) {
      return null;
    }
    if (type instanceof ParameterizedType generic) {
      return decodeAll(tree, (Class<?>) generic.getRawType(), generic.getActualTypeArguments());
    }
    Class<?> declared = (Class<?>) type;
    if (declared == Object.class) {
      return decodeUntyped(tree);
    }
    if (declared.isEnum()) {
      return constant(declared, (String) tree);
    }
    if (declared == int.class || declared == Integer.class) {
      return Math.toIntExact((Long) tree);
    }
    if (isPlain(declared)) {
      return declared.isPrimitive() ? tree : declared.cast(tree);
    }
    Function<String, Object> text = TEXTS.get(declared);
    return text != null ? text.apply((String) tree) : decodeRecord((Map<?, ?>) tree, declared);
  }

  private static Object constant(Class<?> type, String name) {
    return Arrays.stream(type.getEnumConstants())
        .filter(each -> ((Enum<?>) each).name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no constant " + name + " of " + type));
  }

  private static Object decodeAll(Object tree, Class<?> type, Type[] of) {
    if (tree instanceof Map<?, ?> map) {
      Map<Object, Object> values = new LinkedHashMap<>();
      map.forEach((key, each) -> putKey(values, decode(key, of[0]), decode(each, of[1])));
      return values;
    }
    List<Object> values = new ArrayList<>();
    ((List<?>) tree).forEach(each -> add(values, decode(each, of[0])));
    return type == Set.class ? Set.copyOf(values) : values;
  }

  @SuppressWarnings("NullAway") // a tree may hold nulls
  private static void putKey(
      Map<Object, Object> values, @Nullable Object key, @Nullable Object value) {
    values.put(key, value);
  }

  private static Object decodeUntyped(Object tree) {
    if (tree instanceof Map<?, ?> map) {
      if (map.size() == 1) {
        Map.Entry<?, ?> only = map.entrySet().iterator().next();
        for (Map.Entry<Class<?>, Function<String, Object>> text : TEXTS.entrySet()) {
          if (only.getKey().equals(MARK + text.getKey().getSimpleName())) {
            return text.getValue().apply((String) only.getValue());
          }
        }
      }
      Map<String, Object> values = new LinkedHashMap<>();
      map.forEach(
          (key, each) -> {
            String name = (String) key;
            put(
                values,
                name.startsWith(MARK) ? name.substring(MARK.length()) : name,
                decode(each, Object.class));
          });
      return values;
    }
    return tree instanceof List<?> list
        ? decodeAll(list, List.class, new Type[] {Object.class})
        : tree;
  }

  private static Object decodeRecord(Map<?, ?> tree, Class<?> declared) {
    Class<?> type = declared;
    if (declared.isSealed()) {
      type = subtype(declared, (String) tree.get(TYPE));
    }
    if (!type.isRecord()) {
      throw new IllegalArgumentException("no form as data: " + type.getName());
    }
    RecordComponent[] parts = type.getRecordComponents();
    if (tree.size() != parts.length + (declared.isSealed() ? 1 : 0)) {
      throw new IllegalArgumentException("other fields than those of " + type.getName());
    }
    Object[] values =
        Arrays.stream(parts)
            .map(part -> decode(tree.get(part.getName()), part.getGenericType()))
            .toArray();
    try {
      Constructor<?> constructor =
          type.getDeclaredConstructor(
              Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException("not a " + type.getName(), e);
    }
  }

  private static Class<?> subtype(Class<?> sealed, @Nullable String name) {
    return Arrays.stream(sealed.getPermittedSubclasses())
        .filter(each -> each.getSimpleName().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no " + name + " of " + sealed));
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
