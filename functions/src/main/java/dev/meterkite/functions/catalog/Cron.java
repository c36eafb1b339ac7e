package dev.meterkite.functions.catalog;

import java.time.ZonedDateTime;
import java.util.BitSet;

/**
 * Five cron fields: minute, hour, day of month, month, day of week (0 and 7 are Sunday). Each is a
 * list of {@code *}, {@code n}, {@code n-m}, each with an optional {@code /step}. As in every cron,
 * a day matches by either day field where both are restricted.
 *
 * <p>Example: {@code 10 3 * * *} matches 03:10 of every day.
 */
public final class Cron {
  private final BitSet minutes;
  private final BitSet hours;
  private final BitSet days;
  private final BitSet months;
  private final BitSet weekdays;
  private final boolean eitherDay;

  private Cron(String[] fields) {
    minutes = field(fields[0], 0, 59);
    hours = field(fields[1], 0, 23);
    days = field(fields[2], 1, 31);
    months = field(fields[3], 1, 12);
    weekdays = field(fields[4], 0, 7);
    if (weekdays.get(7)) {
      weekdays.set(0);
    }
    eitherDay = !fields[2].startsWith("*") && !fields[4].startsWith("*");
  }

  /**
   * Reads five fields.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static Cron parse(String text) {
    String[] fields = text.strip().split("\\s+", -1);
    if (fields.length != 5) {
      throw new IllegalArgumentException("cron has five fields, not: " + text);
    }
    return new Cron(fields);
  }

  private static BitSet field(String text, int least, int most) {
    BitSet set = new BitSet(most + 1);
    for (String part : text.split(",", -1)) {
      String[] rangeAndStep = part.split("/", -1);
      String[] ends = rangeAndStep[0].split("-", -1);
      if (rangeAndStep.length > 2 || ends.length > 2) {
        throw new IllegalArgumentException("cron field: " + text);
      }
      boolean all = rangeAndStep[0].equals("*");
      int step = rangeAndStep.length == 2 ? number(rangeAndStep[1], 1, most) : 1;
      int from = all ? least : number(ends[0], least, most);
      int upTo = all || (ends.length == 1 && rangeAndStep.length == 2) ? most : from;
      if (ends.length == 2) {
        upTo = number(ends[1], from, most);
      }
      for (int value = from; value <= upTo; value += step) {
        set.set(value);
      }
    }
    return set;
  }

  private static int number(String text, int least, int most) {
    if (!text.matches("\\d{1,2}")) {
      throw new IllegalArgumentException("cron field: " + text);
    }
    int number = Integer.parseInt(text);
    if (number < least || number > most) {
      throw new IllegalArgumentException(
          "cron field: " + text + " is not in " + least + " to " + most);
    }
    return number;
  }

  /** Whether the schedule fires in the minute of {@code time}. */
  public boolean matches(ZonedDateTime time) {
    boolean day = days.get(time.getDayOfMonth());
    boolean weekday = weekdays.get(time.getDayOfWeek().getValue() % 7);
    return minutes.get(time.getMinute())
        && hours.get(time.getHour())
        && months.get(time.getMonthValue())
        && (eitherDay ? day || weekday : day && weekday);
  }
}
