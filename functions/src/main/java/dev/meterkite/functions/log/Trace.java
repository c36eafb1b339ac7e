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
  private static final Pattern W3C =
      Pattern.compile("(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");
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

  private static Optional<Trace> w3c(String parent) {
    Matcher m = W3C.matcher(parent);
    if (!m.matches() || m.group(1).matches("0+") || m.group(2).matches("0+")) {
      return Optional.empty();
    }
    boolean sampled = (Integer.parseInt(m.group(3), 16) & 1) == 1;
    return Optional.of(new Trace(m.group(1), m.group(2), sampled));
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
