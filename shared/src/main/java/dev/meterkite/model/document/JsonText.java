package dev.meterkite.model.document;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Values as JSON text, character for character as gson's {@code JsonWriter} has them by default.
 *
 * <p>Written by hand because each debit renders an answer and a log line: gson's writer checks its
 * own nesting at every step and copies each character, and takes two to three times as long.
 */
public final class JsonText {
  private static final char[] HEX = "0123456789abcdef".toCharArray();
  private static final int NANOS_A_MILLI = 1_000_000;
  private static final int NANOS_A_MICRO = 1_000;
  private static final int NANOS_A_SECOND = 1_000_000_000;

  /** The second that was rendered last, since most moments of a process are of the present one. */
  private static volatile Second last = Second.of(0);

  /**
   * A second with its text up to the fraction, such as {@code 2026-01-31T12:00:00}.
   *
   * @param at in seconds since 1970
   */
  private record Second(long at, String text) {
    static Second of(long at) {
      String whole = Instant.ofEpochSecond(at).toString();
      return new Second(at, whole.substring(0, whole.length() - 1));
    }
  }

  private JsonText() {}

  /**
   * Appends a value: null, a {@link Boolean}, a number, a {@link String}, an {@link Instant} cut to
   * microseconds (RFC 3339 in UTC with none, three or six decimals), an {@link Iterable}, or a
   * {@link Map}, whose members that are null are left out.
   *
   * @throws IllegalArgumentException for NaN, an infinity, and any other type
   */
  public static void append(StringBuilder text, @Nullable Object value) {
    if (value instanceof String string) {
      string(text, string);
    } else if (value instanceof Number number) {
      number(text, number);
    } else if (value instanceof Map<?, ?> map) {
      members(text, map);
    } else if (value instanceof Iterable<?> list) {
      items(text, list);
    } else if (value instanceof Instant moment) {
      text.append('"');
      moment(text, moment.truncatedTo(ChronoUnit.MICROS));
      text.append('"');
    } else if (value == null || value instanceof Boolean) {
      text.append(value);
    } else {
      throw new IllegalArgumentException("no JSON for " + value.getClass().getName());
    }
  }

  private static void members(StringBuilder text, Map<?, ?> map) {
    text.append('{');
    boolean first = true;
    for (Map.Entry<?, ?> member : map.entrySet()) {
      Object value = member.getValue();
      if (value != null) {
        if (!first) {
          text.append(',');
        }
        first = false;
        string(text, String.valueOf(member.getKey()));
        text.append(':');
        append(text, value);
      }
    }
    text.append('}');
  }

  private static void items(StringBuilder text, Iterable<?> list) {
    text.append('[');
    boolean first = true;
    for (Object item : list) {
      if (!first) {
        text.append(',');
      }
      first = false;
      append(text, item);
    }
    text.append(']');
  }

  private static void number(StringBuilder text, Number number) {
    if (number instanceof Long || number instanceof Integer) {
      text.append(number.longValue());
    } else if (number instanceof Double || number instanceof Float) {
      if (!Double.isFinite(number.doubleValue())) {
        throw new IllegalArgumentException("no JSON for " + number);
      }
      text.append(number);
    } else if (number instanceof BigDecimal || number instanceof BigInteger) {
      text.append(number);
    } else {
      throw new IllegalArgumentException("no JSON for " + number.getClass().getName());
    }
  }

  /** Appends a string in quotes. */
  public static void string(StringBuilder text, String string) {
    text.append('"');
    if (isPlain(string)) {
      text.append(string);
    } else {
      for (int at = 0; at < string.length(); at++) {
        escaped(text, string.charAt(at));
      }
    }
    text.append('"');
  }

  private static boolean isPlain(String string) {
    for (int at = 0; at < string.length(); at++) {
      if (isSpecial(string.charAt(at))) {
        return false;
      }
    }
    return true;
  }

  /** Line separators too: they end a line in scripts. */
  private static boolean isSpecial(char c) {
    return c < ' ' || c == '"' || c == '\\' || c == '\u2028' || c == '\u2029';
  }

  private static void escaped(StringBuilder text, char c) {
    if (!isSpecial(c)) {
      text.append(c);
      return;
    }
    text.append('\\');
    switch (c) {
      case '"', '\\' -> text.append(c);
      case '\t' -> text.append('t');
      case '\b' -> text.append('b');
      case '\n' -> text.append('n');
      case '\r' -> text.append('r');
      case '\f' -> text.append('f');
      default -> {
        text.append('u');
        for (int shift = 12; shift >= 0; shift -= 4) {
          text.append(HEX[c >> shift & 0xf]);
        }
      }
    }
  }

  /** Appends what {@link Instant#toString} says, without quotes. */
  public static void moment(StringBuilder text, Instant moment) {
    Second second = last;
    if (second.at() != moment.getEpochSecond()) {
      second = Second.of(moment.getEpochSecond());
      last = second;
    }
    text.append(second.text());
    int nanos = moment.getNano();
    if (nanos > 0) {
      // A leading 1 keeps the zeros behind the point; the point takes its place.
      int point = text.length();
      if (nanos % NANOS_A_MILLI == 0) {
        text.append((NANOS_A_SECOND + nanos) / NANOS_A_MILLI);
      } else if (nanos % NANOS_A_MICRO == 0) {
        text.append((NANOS_A_SECOND + nanos) / NANOS_A_MICRO);
      } else {
        text.append(NANOS_A_SECOND + nanos);
      }
      text.setCharAt(point, '.');
    }
    text.append('Z');
  }
}
