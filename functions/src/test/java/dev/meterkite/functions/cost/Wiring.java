package dev.meterkite.functions.cost;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Makes functions over parts that a test chooses, as their constructors for the platform do. */
final class Wiring {
  private final Map<Class<?>, Object> made = new HashMap<>();

  /** Uses a part where its type is asked for. */
  <T> Wiring with(Class<T> type, T part) {
    made.put(type, part);
    return this;
  }

  /** One of a type, the same whenever it is asked for. */
  Object get(Class<?> type) {
    Object known = made.get(type);
    if (known != null) {
      return known;
    }
    try {
      Object part = make(type);
      made.put(type, part);
      return part;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName(), e);
    }
  }

  private Object make(Class<?> type) throws ReflectiveOperationException {
    for (Method method : type.getDeclaredMethods()) {
      boolean factory = Modifier.isStatic(method.getModifiers()) && method.getName().equals("of");
      if (factory && method.getReturnType() == type && isMade(method.getParameterTypes())) {
        method.setAccessible(true);
        return method.invoke(null, parts(method.getParameterTypes()));
      }
    }
    Constructor<?> constructor =
        Arrays.stream(type.getDeclaredConstructors())
            .filter(one -> one.getParameterCount() > 0 && isMade(one.getParameterTypes()))
            .min(Comparator.comparingInt(Constructor::getParameterCount))
            .orElseThrow(() -> new IllegalStateException("cannot make " + type.getName()));
    constructor.setAccessible(true);
    return constructor.newInstance(parts(constructor.getParameterTypes()));
  }

  private boolean isMade(Class<?>[] types) {
    return Arrays.stream(types).allMatch(type -> made.containsKey(type) || isOurs(type));
  }

  private static boolean isOurs(Class<?> type) {
    boolean plain = !type.isInterface() && !type.isRecord() && !type.isEnum();
    return plain
        && type.getName().startsWith("dev.meterkite.functions.")
        && !List.of("Settings", "Webhook").contains(type.getSimpleName());
  }

  private Object[] parts(Class<?>[] types) {
    return Arrays.stream(types).map(this::get).toArray();
  }
}
