package dev.meterkite.local.line;

import java.time.Instant;
import java.time.LocalDate;
import java.time.format.DateTimeParseException;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind an option, or for an argument.
 *
 * @param kind what it is
 * @param label how the help names it; empty for a flag
 * @param least the lowest number
 * @param most the highest one
 * @param usual the number that is meant where none is given; 0 for none
 */
public record Value(Kind kind, String label, long least, long most, long usual) {
  private static final int HIGHEST_PORT = 65_535;
  private static final int LENGTH_OF_A_DATE = 10;

  /** As the scripts know it: Java reads more, such as a year with a sign. */
  private static final Pattern MOMENT =
      Pattern.compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,6})?Z");

  /** What a value may be. */
  public enum Kind {
    /** Nothing stands behind the option. */
    FLAG,
    /** A whole number. */
    NUMBER,
    /** A port of 127.0.0.1 that nobody listens on yet; 0 for any. */
    FREE_PORT,
    /** A regular expression. */
    REGEX,
    /** Words that commas divide. */
    WORDS,
    /** One word, such as an id. */
    WORD,
    /** A day such as 2026-10-01. */
    DATE,
    /** A moment in UTC such as 2026-10-01T12:00:00Z. */
    MOMENT,
    /** A file that can be read. */
    FILE,
    /** A folder that can be read. */
    FOLDER,
    /** A folder that may be missing. */
    NEW_FOLDER,
    /** A file that is written, in place of one that is there. */
    NEW_FILE;

    /** As the scripts spell it. */
    String word() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  public static Value flag() {
    return new Value(Kind.FLAG, "", 0, 0, 0);
  }

  public static Value number(long least, long most) {
    return new Value(Kind.NUMBER, "N", least, most, 0);
  }

  /** Any port, whether somebody listens on it or not. */
  public static Value port() {
    return number(0, HIGHEST_PORT);
  }

  /** A port that must be free, which is this one where none is given. */
  public static Value freePort(int usual) {
    return new Value(Kind.FREE_PORT, "N", 0, HIGHEST_PORT, usual);
  }

  public static Value regex() {
    return new Value(Kind.REGEX, "REGEX", 0, 0, 0);
  }

  public static Value words(String label) {
    return new Value(Kind.WORDS, label, 0, 0, 0);
  }

  public static Value word(String label) {
    return new Value(Kind.WORD, label, 0, 0, 0);
  }

  public static Value date() {
    return new Value(Kind.DATE, "DATE", 0, 0, 0);
  }

  public static Value moment() {
    return new Value(Kind.MOMENT, "TIME", 0, 0, 0);
  }

  public static Value newFile() {
    return new Value(Kind.NEW_FILE, "FILE", 0, 0, 0);
  }

  public static Value file() {
    return new Value(Kind.FILE, "FILE", 0, 0, 0);
  }

  public static Value folder() {
    return new Value(Kind.FOLDER, "DIR", 0, 0, 0);
  }

  public static Value newFolder() {
    return new Value(Kind.NEW_FOLDER, "DIR", 0, 0, 0);
  }

  private boolean isNumber() {
    return kind == Kind.NUMBER || kind == Kind.FREE_PORT;
  }

  /** What a text that does not fit should be, for {@code NAME takes …}; null where it fits. */
  @Nullable String wanted(String text) {
    if (isNumber()) {
      return isWithin(text) ? null : "a whole number from " + least + " to " + most;
    }
    if (kind == Kind.DATE && !isDate(text)) {
      return "a day such as 2026-10-01";
    }
    if (kind == Kind.MOMENT && !isMoment(text)) {
      return "a moment such as 2026-10-01T12:00:00Z";
    }
    return kind == Kind.REGEX && !isRegex(text) ? "a regular expression" : null;
  }

  private boolean isWithin(String text) {
    try {
      long number = Long.parseLong(text);
      return number >= least && number <= most;
    } catch (NumberFormatException notANumber) {
      return false;
    }
  }

  private static boolean isDate(String text) {
    try {
      // The scripts know four digits for a year; LocalDate would read more, with a sign.
      return text.length() == LENGTH_OF_A_DATE && !LocalDate.parse(text).equals(LocalDate.MIN);
    } catch (DateTimeParseException notADay) {
      return false;
    }
  }

  /** The moment that a text names which fits {@link Kind#MOMENT}. */
  public static Instant instant(String text) {
    return Instant.parse(text);
  }

  private static boolean isMoment(String text) {
    try {
      return MOMENT.matcher(text).matches() && !instant(text).equals(Instant.MIN);
    } catch (DateTimeParseException notAMoment) {
      return false;
    }
  }

  private static boolean isRegex(String text) {
    try {
      Pattern.compile(text);
      return true;
    } catch (PatternSyntaxException broken) {
      return false;
    }
  }
}
