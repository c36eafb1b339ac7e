package dev.meterkite.functions.log;

import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The trace that a request belongs to.
 *
 * @param id 32 hex digits
 * @param span 16 hex digits: the caller's span; empty where it is not known
 * @param sampled whether the trace is kept
 */
public record Trace(String id, String span, boolean sampled) {
  /** Where the parts of a {@code traceparent} begin. */
  private static final int ID = 3;

  private static final int SPAN = 36;
  private static final int FLAGS = 53;

  private static final Pattern GOOGLE =
      Pattern.compile("([0-9a-fA-F]{32})(?:/([0-9]{1,20}))?(?:;o=([0-9]))?");

  /**
   * The trace that {@code traceparent} (W3C) names, else {@code X-Cloud-Trace-Context}; empty where
   * both are absent or malformed.
   *
   * @param header the first value of a header
   */
  public static Optional<Trace> of(Function<String, Optional<String>> header) {
    return header
        .apply("traceparent")
        .flatMap(Trace::w3c)
        .or(() -> header.apply("X-Cloud-Trace-Context").flatMap(Trace::google));
  }

  /** {@code 00-<32 hex digits>-<16>-<2>}, in lower case; later versions may say more behind. */
  private static Optional<Trace> w3c(String parent) {
    if (parent.length() < FLAGS + 2
        || !isHex(parent, 0, 2)
        || parent.startsWith("ff")
        || !isPart(parent, ID, SPAN - 1)
        || !isPart(parent, SPAN, FLAGS - 1)
        || parent.charAt(FLAGS - 1) != '-'
        || !isHex(parent, FLAGS, FLAGS + 2)
        || (parent.length() > FLAGS + 2 && parent.charAt(FLAGS + 2) != '-')) {
      return Optional.empty();
    }
    boolean sampled = (Character.digit(parent.charAt(FLAGS + 1), 16) & 1) == 1;
    return Optional.of(
        new Trace(parent.substring(ID, SPAN - 1), parent.substring(SPAN, FLAGS - 1), sampled));
  }

  /** Whether there are hex digits behind a dash, not all of them zero. */
  private static boolean isPart(String text, int from, int to) {
    return text.charAt(from - 1) == '-' && isHex(text, from, to) && !isZero(text, from, to);
  }

  private static boolean isHex(String text, int from, int to) {
    for (int at = from; at < to; at++) {
      char c = text.charAt(at);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  private static boolean isZero(String text, int from, int to) {
    int at = from;
    while (at < to && text.charAt(at) == '0') {
      at++;
    }
    return at == to;
  }

  private static Optional<Trace> google(String context) {
    Matcher m = GOOGLE.matcher(context);
    if (!m.matches()) {
      return Optional.empty();
    }
    return Optional.of(new Trace(m.group(1), span(m.group(2)), "1".equals(m.group(3))));
  }

  /** The span, decimal there, as 16 hex digits; empty where it does not fit 64 bits. */
  private static String span(@Nullable String decimal) {
    if (decimal == null) {
      return "";
    }
    try {
      return String.format("%016x", Long.parseUnsignedLong(decimal));
    } catch (NumberFormatException e) {
      return "";
    }
  }
}
