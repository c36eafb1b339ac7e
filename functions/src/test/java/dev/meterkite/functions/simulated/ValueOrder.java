package dev.meterkite.functions.simulated;

import com.google.firestore.v1.Value;
import com.google.protobuf.ByteString;
import java.time.Instant;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Firestore's order of values: null, booleans, numbers (NaN first, integers and doubles by value),
 * timestamps, texts by their UTF-8 bytes, bytes, references, points, lists, maps.
 *
 * @see <a href="https://firebase.google.com/docs/firestore/manage-data/data-types">the documented
 *     order</a>
 */
final class ValueOrder {
  private static final int FIRST_SURROGATE = 0xD800;
  private static final int BEHIND_SURROGATES = 0xE000;
  private static final double TWO_TO_THE_63RD = 0x1p63;

  private ValueOrder() {}

  /** The order of texts, and of document ids. */
  static final Comparator<String> TEXTS = ValueOrder::compareTexts;

  /** A filter finds values of its own type alone, and none that is not a number among numbers. */
  static boolean isComparable(Object one, Object other) {
    return rank(one) == rank(other)
        && Double.valueOf(Double.NaN).equals(one) == Double.valueOf(Double.NaN).equals(other);
  }

  /** Which type comes first. */
  private static int rank(Object value) {
    if (value == null) {
      return 0;
    } else if (value instanceof Boolean) {
      return 1;
    } else if (value instanceof Long || value instanceof Double) {
      return 2;
    } else if (value instanceof Instant) {
      return 3;
    } else if (value instanceof String) {
      return 4;
    } else if (value instanceof Value opaque) {
      return switch (opaque.getValueTypeCase()) {
        case BYTES_VALUE -> 5;
        case REFERENCE_VALUE -> 6;
        case GEO_POINT_VALUE -> 7;
        default -> throw new IllegalArgumentException("no order of " + opaque.getValueTypeCase());
      };
    } else if (value instanceof List<?>) {
      return 8;
    } else if (value instanceof Map<?, ?>) {
      return 9;
    }
    throw new IllegalArgumentException("no value of a document: " + value.getClass().getName());
  }

  static int compare(Object one, Object other) {
    int rank = rank(one);
    int byType = Integer.compare(rank, rank(other));
    if (byType != 0 || one == other) {
      return byType;
    }
    return switch (rank) {
      case 0 -> 0;
      case 1 -> Boolean.compare((Boolean) one, (Boolean) other);
      case 2 -> compareNumbers(one, other);
      case 3 -> ((Instant) one).compareTo((Instant) other);
      case 4 -> compareTexts((String) one, (String) other);
      case 8 -> compareLists((List<?>) one, (List<?>) other);
      case 9 -> compareMaps((Map<?, ?>) one, (Map<?, ?>) other);
      default -> compareOpaque((Value) one, (Value) other);
    };
  }

  private static int compareNumbers(Object one, Object other) {
    if (one instanceof Long first) {
      return other instanceof Long second
          ? Long.compare(first, second)
          : compareMixed(first, (Double) other);
    }
    if (other instanceof Long second) {
      return -compareMixed(second, (Double) one);
    }
    double first = (Double) one;
    double second = (Double) other;
    if (Double.isNaN(first) || Double.isNaN(second)) {
      return Boolean.compare(!Double.isNaN(first), !Double.isNaN(second));
    }
    return first < second ? -1 : first > second ? 1 : 0;
  }

  private static int compareMixed(long integer, double number) {
    if (Double.isNaN(number) || number < -TWO_TO_THE_63RD) {
      return 1;
    }
    if (number >= TWO_TO_THE_63RD) {
      return -1;
    }
    long whole = (long) number;
    double rest = number - whole;
    return integer != whole ? Long.compare(integer, whole) : rest > 0 ? -1 : rest < 0 ? 1 : 0;
  }

  /** The order of UTF-8 is that of code points, which surrogates of UTF-16 break. */
  private static int compareTexts(String one, String other) {
    int length = Math.min(one.length(), other.length());
    for (int i = 0; i < length; i++) {
      int first = one.charAt(i);
      int second = other.charAt(i);
      if (first != second) {
        return first < FIRST_SURROGATE || second < FIRST_SURROGATE
            ? first - second
            : behindSurrogates(first) - behindSurrogates(second);
      }
    }
    return one.length() - other.length();
  }

  private static int behindSurrogates(int unit) {
    return unit >= BEHIND_SURROGATES
        ? unit - (BEHIND_SURROGATES - FIRST_SURROGATE)
        : unit + (BEHIND_SURROGATES - FIRST_SURROGATE) * 4;
  }

  private static int compareLists(List<?> one, List<?> other) {
    int length = Math.min(one.size(), other.size());
    for (int i = 0; i < length; i++) {
      int byItem = compare(one.get(i), other.get(i));
      if (byItem != 0) {
        return byItem;
      }
    }
    return Integer.compare(one.size(), other.size());
  }

  private static int compareMaps(Map<?, ?> one, Map<?, ?> other) {
    Iterator<Map.Entry<String, Object>> first = sorted(one).entrySet().iterator();
    Iterator<Map.Entry<String, Object>> second = sorted(other).entrySet().iterator();
    while (first.hasNext() && second.hasNext()) {
      Map.Entry<String, Object> mine = first.next();
      Map.Entry<String, Object> others = second.next();
      int byKey = compareTexts(mine.getKey(), others.getKey());
      int byEntry = byKey != 0 ? byKey : compare(mine.getValue(), others.getValue());
      if (byEntry != 0) {
        return byEntry;
      }
    }
    return Boolean.compare(first.hasNext(), second.hasNext());
  }

  private static Map<String, Object> sorted(Map<?, ?> map) {
    Map<String, Object> sorted = new TreeMap<>(TEXTS);
    map.forEach((key, value) -> sorted.put((String) key, value));
    return sorted;
  }

  private static int compareOpaque(Value one, Value other) {
    return switch (one.getValueTypeCase()) {
      case BYTES_VALUE ->
          ByteString.unsignedLexicographicalComparator()
              .compare(one.getBytesValue(), other.getBytesValue());
      case REFERENCE_VALUE -> compareTexts(one.getReferenceValue(), other.getReferenceValue());
      default ->
          Comparator.comparingDouble((Value each) -> each.getGeoPointValue().getLatitude())
              .thenComparingDouble(each -> each.getGeoPointValue().getLongitude())
              .compare(one, other);
    };
  }
}
