package dev.meterkite.model.command;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The first half of {@link ValueCodec}: from values to trees. */
final class ValueEncoder {
  private ValueEncoder() {}

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
    if (ValueCodec.isPlain(declared)) {
      return value;
    }
    if (ValueCodec.TEXTS.containsKey(declared)) {
      return value.toString();
    }
    return encodeRecord(value, declared);
  }

  private static Object encodeAll(Object value, Type[] of) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> tree = new LinkedHashMap<>();
      map.forEach(
          (key, each) ->
              ValueCodec.put(
                  tree, (String) Objects.requireNonNull(encode(key, of[0])), encode(each, of[1])));
      return tree;
    }
    List<Object> tree = new ArrayList<>();
    ((Iterable<?>) value).forEach(each -> ValueCodec.add(tree, encode(each, of[0])));
    return tree;
  }

  private static Map<String, Object> encodeRecord(Object value, Class<?> declared) {
    Class<?> type = value.getClass();
    if (!type.isRecord()) {
      throw new IllegalArgumentException("no form as data: " + type.getName());
    }
    Map<String, Object> tree = new LinkedHashMap<>();
    if (declared.isSealed()) {
      tree.put(ValueCodec.TYPE, type.getSimpleName());
    }
    for (RecordComponent part : type.getRecordComponents()) {
      ValueCodec.put(tree, part.getName(), encode(read(value, part), part.getGenericType()));
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
    if (ValueCodec.isPlain(value.getClass())) {
      return value;
    }
    if (ValueCodec.TEXTS.containsKey(value.getClass())) {
      return Map.of(ValueCodec.MARK + value.getClass().getSimpleName(), value.toString());
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> tree = new LinkedHashMap<>();
      map.forEach(
          (key, each) -> {
            String name = (String) key;
            ValueCodec.put(
                tree,
                name.startsWith(ValueCodec.MARK) ? ValueCodec.MARK + name : name,
                encode(each, Object.class));
          });
      return tree;
    }
    if (value instanceof Iterable<?> list) {
      List<Object> tree = new ArrayList<>();
      list.forEach(each -> ValueCodec.add(tree, encode(each, Object.class)));
      return tree;
    }
    throw new IllegalArgumentException("no form as data: " + value.getClass().getName());
  }
}
