package dev.meterkite.model.command;

import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The second half of {@link ValueCodec}: from trees to values. */
final class ValueDecoder {
  private ValueDecoder() {}

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
    if (ValueCodec.isPlain(declared)) {
      return declared.isPrimitive() ? tree : declared.cast(tree);
    }
    Function<String, Object> text = ValueCodec.TEXTS.get(declared);
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
    ((List<?>) tree).forEach(each -> ValueCodec.add(values, decode(each, of[0])));
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
        for (Map.Entry<Class<?>, Function<String, Object>> text : ValueCodec.TEXTS.entrySet()) {
          if (only.getKey().equals(ValueCodec.MARK + text.getKey().getSimpleName())) {
            return text.getValue().apply((String) only.getValue());
          }
        }
      }
      Map<String, Object> values = new LinkedHashMap<>();
      map.forEach(
          (key, each) -> {
            String name = (String) key;
            ValueCodec.put(
                values,
                name.startsWith(ValueCodec.MARK) ? name.substring(ValueCodec.MARK.length()) : name,
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
      type = subtype(declared, (String) tree.get(ValueCodec.TYPE));
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
}
