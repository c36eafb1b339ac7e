package dev.meterkite.model.command;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Random values of any type that commands are made of. */
final class AnyValue {
  private static final int TRIES = 5_000;
  private static final List<String> TEXTS =
      List.of("", "a", "openai/gpt-4o", "ü 🦋", "$instant", "$$", "\"quoted\"\n");
  private static final List<Long> WHOLES = List.of(0L, 1L, 2L, 7L, 1L << 40, -1L);

  private final Random random;

  AnyValue(Random random) {
    this.random = random;
  }

  /** A value of the type; its own checks are met by trying. */
  Object of(Class<?> type) {
    for (int i = 0; i < TRIES; i++) {
      try {
        return any(type, true);
      } catch (IllegalArgumentException e) {
        // Not a valid one; another.
      }
    }
    throw new AssertionError("no valid " + type.getName() + " in " + TRIES);
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private @Nullable Object any(Type type, boolean required) {
    if (type instanceof ParameterizedType generic) {
      return collection((Class<?>) generic.getRawType(), generic.getActualTypeArguments());
    }
    Class<?> of = (Class<?>) type;
    if (!required && !of.isPrimitive() && random.nextInt(4) == 0) {
      return null;
    }
    if (of == Object.class) {
      return untyped(2);
    } else if (of == String.class) {
      return one(TEXTS);
    } else if (of == long.class || of == Long.class) {
      return one(WHOLES);
    } else if (of == int.class || of == Integer.class) {
      return random.nextInt(5);
    } else if (of == boolean.class || of == Boolean.class) {
      return random.nextBoolean();
    } else if (of == BigDecimal.class) {
      return BigDecimal.valueOf(random.nextInt(1_000_000), random.nextInt(4));
    } else if (of == BigInteger.class) {
      return new BigInteger(90, random);
    } else if (of == Instant.class) {
      return Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000) * 1_000L);
    } else if (of == Duration.class) {
      return Duration.ofMillis(random.nextInt(100_000));
    } else if (of == YearMonth.class) {
      return YearMonth.of(2026, 1 + random.nextInt(12));
    } else if (of == ZoneId.class) {
      return ZoneId.of(one(List.of("Z", "America/Los_Angeles", "+02:00")));
    } else if (of.isEnum()) {
      return one(Arrays.asList(of.getEnumConstants()));
    } else if (of.isSealed()) {
      return any(one(Arrays.asList(of.getPermittedSubclasses())), true);
    }
    return record(of);
  }

  private Object record(Class<?> type) {
    RecordComponent[] parts = type.getRecordComponents();
    try {
      Constructor<?> constructor =
          type.getDeclaredConstructor(
              Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(
          Arrays.stream(parts)
              .map(part -> any(part.getGenericType(), !isNullable(part)))
              .toArray());
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(e.getMessage(), e);
    }
  }

  private static boolean isNullable(RecordComponent part) {
    return Arrays.stream(part.getAnnotatedType().getAnnotations())
        .anyMatch(annotation -> annotation instanceof Nullable);
  }

  private Object collection(Class<?> type, Type[] of) {
    int size = random.nextInt(3);
    if (type == Map.class) {
      Map<Object, Object> map = new LinkedHashMap<>();
      for (int i = 0; i < size; i++) {
        map.put(any(of[0], true), any(of[1], true));
      }
      return map;
    }
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      list.add(any(of[0], true));
    }
    return list;
  }

  private @Nullable Object untyped(int depth) {
    return switch (random.nextInt(depth > 0 ? 8 : 6)) {
      case 0 -> null;
      case 1 -> one(TEXTS);
      case 2 -> one(WHOLES);
      case 3 -> random.nextDouble();
      case 4 -> random.nextBoolean();
      case 5 -> Instant.ofEpochSecond(random.nextInt());
      case 6 -> untypedMap(depth - 1);
      default -> new ArrayList<>(Arrays.asList(untyped(depth - 1), untyped(depth - 1)));
    };
  }

  /** A map as answers and figures are. */
  Map<String, Object> untypedMap(int depth) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      map.put(one(TEXTS), untyped(depth));
    }
    return map;
  }
}
