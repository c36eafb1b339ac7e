package dev.meterkite.model.health;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The hints of providers about when to call again: seconds ({@code 30}, {@code 1976.365s}), spans
 * ({@code 6m0s}, {@code 250ms}), seconds or milliseconds since 1970, the three forms of an HTTP
 * date (RFC 9110, 5.6.7), RFC 3339. A hint that is past, farther than {@link #LONGEST} away or not
 * readable is ignored: {@code 9999-12-31} would switch a provider off for good.
 *
 * <p>{@link #inWords} finds such a hint in a message: {@code try again in 9m38.016s}, {@code retry
 * after 20 seconds}, {@code "retryDelay": "35s"}, {@code regain access on 2026-04-01}.
 */
public final class RetryAfter {
  /** The longest wait that is believed: a month, for monthly quotas. */
  public static final Duration LONGEST = Duration.ofDays(31);

  private static final int MAX_LENGTH = 64;
  private static final Pattern NUMBER = Pattern.compile("(\\d{1,15}(?:\\.\\d{1,9})?)(ms|s)?");
  private static final Pattern SPAN =
      Pattern.compile(
          "(?:(\\d{1,4})d)?(?:(\\d{1,5})h)?(?:(\\d{1,6})m)?(?:(\\d{1,8}(?:\\.\\d{1,9})?)s)?");
  private static final BigDecimal THOUSAND = BigDecimal.valueOf(1_000);
  private static final BigDecimal EPOCH_SECONDS = BigDecimal.valueOf(1_000_000_000L);
  private static final BigDecimal EPOCH_MILLIS = BigDecimal.valueOf(1_000_000_000_000L);
  private static final List<DateTimeFormatter> LOCAL_FORMS =
      List.of(
          DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US),
          DateTimeFormatter.ofPattern("EEEE, dd-MMM-yy HH:mm:ss 'GMT'", Locale.US),
          DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss yyyy", Locale.US));

  private static final String UNIT =
      "(?:ms|milliseconds?|minutes?|mins?|m|seconds?|secs?|s|hours?|hrs?|h|days?|d)";
  private static final String AMOUNT = "\\d{1,15}(?:\\.\\d{1,9})?";
  private static final Pattern PART =
      Pattern.compile("(" + AMOUNT + ")\\s?(" + UNIT + ")?(?![a-z])");
  private static final Pattern SPELT =
      Pattern.compile("(?:" + AMOUNT + "\\s?" + UNIT + "(?![a-z])(?:,? and |, |\\s)?)+");
  private static final Pattern SPAN_IN_WORDS =
      Pattern.compile(
          "(?:again in|retry in|again after|retry after|wait(?: for)?|available in|resets? in"
              + "|resets? after|retrydelay\\W{1,5}|retry_delay\\s*\\{\\s*seconds:"
              + "|retry[-_]after(?:_seconds)?\\W{1,5})"
              + "\\s*(?:about |approximately |at least )?"
              + "("
              + AMOUNT
              + "(?:\\s?"
              + UNIT
              + "(?![a-z]))?(?:(?:,? and |, |\\s)?"
              + AMOUNT
              + "\\s?"
              + UNIT
              + "(?![a-z]))*)");
  private static final Pattern MOMENT_IN_WORDS =
      Pattern.compile(
          "(?:regain access on|resets? (?:at|on)|(?:again|retry|available) (?:at|on|after)|until)"
              + "\\W{1,3}(\\d{4}-\\d{2}-\\d{2}(?:[t ]\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?"
              + "(?:z|[+-]\\d{2}:\\d{2}))?)");

  private RetryAfter() {}

  /** The hint in a message in lower case, if it is in the future and not too far away. */
  static Optional<Instant> inWords(String message, Instant now) {
    Matcher span = SPAN_IN_WORDS.matcher(message);
    if (span.find()) {
      return believed(after(seconds(span.group(1)), now), now);
    }
    Matcher moment = MOMENT_IN_WORDS.matcher(message);
    return moment.find()
        ? parse(moment.group(1).toUpperCase(Locale.ROOT).replace(' ', 'T'), now)
        : Optional.empty();
  }

  private static BigDecimal seconds(String amounts) {
    BigDecimal seconds = BigDecimal.ZERO;
    Matcher part = PART.matcher(amounts);
    while (part.find()) {
      BigDecimal amount = new BigDecimal(part.group(1));
      String unit = part.group(2) == null ? "s" : part.group(2);
      if (unit.startsWith("ms") || unit.startsWith("milli")) {
        seconds = seconds.add(amount.divide(THOUSAND));
      } else {
        long each =
            switch (unit.charAt(0)) {
              case 'd' -> 86_400;
              case 'h' -> 3_600;
              case 'm' -> 60;
              default -> 1;
            };
        seconds = seconds.add(amount.multiply(BigDecimal.valueOf(each)));
      }
    }
    return seconds;
  }

  private static Optional<Instant> believed(Optional<Instant> moment, Instant now) {
    return moment.filter(at -> at.isAfter(now) && !at.isAfter(now.plus(LONGEST)));
  }

  /** The moment meant, if it is in the future and at most {@link #LONGEST} away. */
  public static Optional<Instant> parse(@Nullable String text, Instant now) {
    if (text == null || text.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    String trimmed = text.strip();
    return believed(moment(trimmed, now), now);
  }

  private static Optional<Instant> moment(String text, Instant now) {
    Matcher number = NUMBER.matcher(text);
    if (number.matches()) {
      return number(new BigDecimal(number.group(1)), number.group(2), now);
    }
    Matcher span = SPAN.matcher(text);
    if (!text.isEmpty() && span.matches()) {
      BigDecimal seconds =
          part(span.group(1), 86_400)
              .add(part(span.group(2), 3_600))
              .add(part(span.group(3), 60))
              .add(part(span.group(4), 1));
      return after(seconds, now);
    }
    Matcher words = SPELT.matcher(text.toLowerCase(Locale.ROOT));
    return words.matches() ? after(seconds(words.group()), now) : date(text);
  }

  private static BigDecimal part(@Nullable String digits, long seconds) {
    return digits == null
        ? BigDecimal.ZERO
        : new BigDecimal(digits).multiply(BigDecimal.valueOf(seconds));
  }

  private static Optional<Instant> number(BigDecimal value, @Nullable String unit, Instant now) {
    if ("ms".equals(unit)) {
      return after(value.divide(THOUSAND), now);
    }
    if (unit == null && value.compareTo(EPOCH_MILLIS) >= 0) {
      return Optional.of(Instant.ofEpochMilli(value.longValue()));
    }
    if (unit == null && value.compareTo(EPOCH_SECONDS) >= 0) {
      return Optional.of(Instant.ofEpochSecond(value.longValue()));
    }
    return after(value, now);
  }

  private static Optional<Instant> after(BigDecimal seconds, Instant now) {
    if (seconds.compareTo(BigDecimal.valueOf(LONGEST.toSeconds())) > 0) {
      return Optional.empty();
    }
    return Optional.of(now.plusNanos(seconds.movePointRight(6).longValue() * 1_000));
  }

  private static Optional<Instant> date(String text) {
    for (DateTimeFormatter form : LOCAL_FORMS) {
      Optional<Instant> date =
          parsed(() -> LocalDateTime.parse(text, form).toInstant(ZoneOffset.UTC));
      if (date.isPresent()) {
        return date;
      }
    }
    return parsed(
        () ->
            text.length() == "2026-01-01".length()
                ? LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC)
                : DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from));
  }

  private static Optional<Instant> parsed(Supplier<Instant> parser) {
    try {
      return Optional.of(parser.get());
    } catch (DateTimeException anotherForm) {
      return Optional.empty();
    }
  }
}
