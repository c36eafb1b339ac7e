package dev.meterkite.functions.simulated;

import com.google.firestore.v1.Value;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.DocRef;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What documents may hold: values as Firestore stores them, and how large they are. */
final class Contents {
  /** Most bytes of a document, with its name. */
  static final int MAX_DOCUMENT_BYTES = 1_048_576;

  /** Most bytes of a text in it. */
  static final int MAX_TEXT_BYTES = MAX_DOCUMENT_BYTES - 89;

  /** Bytes of a text that indexes hold; the rest neither orders nor finds. */
  static final int MAX_INDEXED_BYTES = 1_500;

  private static final int MAX_DEPTH = 20;
  private static final int MAX_NAME_BYTES = 1_500;
  private static final int OVERHEAD = 32;
  private static final int NAME_OVERHEAD = 16;
  private static final int NUMBER_BYTES = 8;
  private static final int POINT_BYTES = 16;

  private Contents() {}

  /**
   * A value as it comes back from the store: unmodifiable, moments in microseconds.
   *
   * @throws IllegalArgumentException for a type that documents do not have
   */
  static Object stored(Object value) {
    if (value instanceof Instant moment) {
      return moment.truncatedTo(ChronoUnit.MICROS);
    } else if (value instanceof List<?> list) {
      List<Object> copy = new ArrayList<>(list.size());
      list.forEach(item -> copy.add(stored(item)));
      return Collections.unmodifiableList(copy);
    } else if (value instanceof Map<?, ?> map) {
      return Collections.unmodifiableMap(fields(map));
    } else if (value instanceof String text) {
      return encoded(text);
    } else if (value == null
        || value instanceof Boolean
        || value instanceof Long
        || value instanceof Double
        || value instanceof Value) {
      return value;
    }
    throw new IllegalArgumentException("no value of a document: " + value.getClass().getName());
  }

  /** A text as it is after its way in UTF-8, where half a pair of surrogates becomes a mark. */
  private static String encoded(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
      }
    }
    return text;
  }

  /** A value as an index holds it: of a long text the beginning. */
  static Object indexed(Object value) {
    if (!(value instanceof String text) || utf8(text) <= MAX_INDEXED_BYTES) {
      return value;
    }
    int bytes = 0;
    int end = 0;
    while (true) {
      int point = text.codePointAt(end);
      bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      if (bytes > MAX_INDEXED_BYTES) {
        return text.substring(0, end);
      }
      end += Character.charCount(point);
    }
  }

  private static Map<String, Object> fields(Map<?, ?> map) {
    Map<String, Object> copy = new LinkedHashMap<>(map.size() * 2);
    map.forEach(
        (name, value) -> {
          if (!(name instanceof String key)) {
            throw new IllegalArgumentException("no name of a field: " + name);
          }
          copy.put(key, stored(value));
        });
    return copy;
  }

  /**
   * Checks a stored value under a field.
   *
   * @param depth how many maps it is in
   * @throws StoreException INVALID for what Firestore refuses
   */
  static void check(Object value, int depth) {
    if (value instanceof Map<?, ?> map) {
      require(depth <= MAX_DEPTH, "maps in maps");
      map.forEach(
          (name, inner) -> {
            checkName((String) name);
            check(inner, depth + 1);
          });
    } else if (value instanceof List<?> list) {
      for (Object item : list) {
        require(!(item instanceof List<?>), "a list in a list");
        check(item, depth + 1);
      }
    } else if (value instanceof String text && text.length() > MAX_TEXT_BYTES / 4) {
      require(utf8(text) <= MAX_TEXT_BYTES, "a text of too many bytes");
    }
  }

  /** Checks the path of a field. */
  static void checkPath(List<String> path) {
    require(path.size() <= MAX_DEPTH, "maps in maps");
    path.forEach(Contents::checkName);
  }

  /** Checks one segment of a field's path. */
  private static void checkName(String name) {
    require(!name.isEmpty(), "a field without a name");
    require(
        !(name.length() > 4 && name.startsWith("__") && name.endsWith("__")), "reserved: " + name);
    require(utf8(name) <= MAX_NAME_BYTES, "the name of a field");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new StoreException(StoreException.Kind.INVALID, "INVALID_ARGUMENT: " + what);
    }
  }

  /**
   * Bytes of a document as Firestore counts them.
   *
   * @see <a href="https://firebase.google.com/docs/firestore/storage-size">storage size</a>
   */
  static int size(DocRef ref, Map<String, Object> fields) {
    return text(ref.collection()) + text(ref.id()) + NAME_OVERHEAD + OVERHEAD + size(fields);
  }

  /** Bytes of a value as Firestore counts them. */
  static int size(Object value) {
    if (value == null || value instanceof Boolean) {
      return 1;
    } else if (value instanceof String text) {
      return text(text);
    } else if (value instanceof List<?> list) {
      int size = 0;
      for (Object item : list) {
        size += size(item);
      }
      return size;
    } else if (value instanceof Map<?, ?> map) {
      int size = 0;
      for (Map.Entry<?, ?> field : map.entrySet()) {
        size += text((String) field.getKey()) + size(field.getValue());
      }
      return size;
    } else if (value instanceof Value opaque) {
      return switch (opaque.getValueTypeCase()) {
        case BYTES_VALUE -> opaque.getBytesValue().size();
        case REFERENCE_VALUE -> text(opaque.getReferenceValue());
        default -> POINT_BYTES;
      };
    }
    return NUMBER_BYTES;
  }

  private static int text(String text) {
    return utf8(text) + 1;
  }

  /** Bytes of a text in UTF-8. */
  static int utf8(String text) {
    int bytes = text.length();
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      // A pair of surrogates is four bytes.
      bytes += unit < 0x80 ? 0 : unit < 0x800 || Character.isSurrogate(unit) ? 1 : 2;
    }
    return bytes;
  }
}
