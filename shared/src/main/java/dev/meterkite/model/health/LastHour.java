package dev.meterkite.model.health;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How many calls of a model were reported in each five minutes of the last hour, and how many of
 * them failed by the provider's fault. It is for people who look: nothing is decided by it.
 *
 * @param slots those with a call, the oldest first, at most {@value #SLOTS}
 */
public record LastHour(List<Slot> slots) {
  /** The slots of an hour. */
  public static final int SLOTS = 12;

  /** The length of a slot. */
  public static final Duration SLOT = Duration.ofHours(1).dividedBy(SLOTS);

  /** No call. */
  public static final LastHour NONE = new LastHour(List.of());

  private static final Pattern TEXT = Pattern.compile("(\\d{1,10}):(\\d{1,10})/(\\d{1,10})");

  /**
   * Five minutes.
   *
   * @param number which five minutes since 1970
   * @param calls reported calls, at least 1
   * @param failed those that failed, at most {@code calls}
   */
  public record Slot(long number, long calls, long failed) {
    public Slot {
      if (calls < 1 || failed < 0 || failed > calls) {
        throw new IllegalArgumentException(failed + " of " + calls + " calls");
      }
    }

    private Slot plus(Slot other) {
      return new Slot(number, calls + other.calls, failed + other.failed);
    }
  }

  public LastHour {
    slots = List.copyOf(slots);
    if (slots.size() > SLOTS) {
      throw new IllegalArgumentException(slots.size() + " slots");
    }
  }

  private static long number(Instant at) {
    return Math.floorDiv(at.getEpochSecond(), SLOT.toSeconds());
  }

  /** What is left of it at a moment. */
  LastHour at(Instant now) {
    long oldest = number(now) - SLOTS + 1;
    return slots.stream().allMatch(slot -> slot.number >= oldest)
        ? this
        : new LastHour(slots.stream().filter(slot -> slot.number >= oldest).toList());
  }

  /** With one more call, reported now. */
  LastHour with(boolean failed, Instant now) {
    return at(now).plus(new LastHour(List.of(new Slot(number(now), 1, failed ? 1 : 0))), now);
  }

  /** The calls of both at a moment. */
  LastHour plus(LastHour other, Instant now) {
    TreeMap<Long, Slot> sums = new TreeMap<>();
    at(now).slots.forEach(slot -> sums.put(slot.number, slot));
    other.at(now).slots.forEach(slot -> sums.merge(slot.number, slot, Slot::plus));
    // Slots that lie ahead, by a clock that was moved back, push the oldest ones out.
    while (sums.size() > SLOTS) {
      sums.pollFirstEntry();
    }
    return new LastHour(List.copyOf(sums.values()));
  }

  /** Its short form: {@code number:calls/failed} for each slot, with a space between. */
  String text() {
    return String.join(
        " ",
        slots.stream().map(slot -> slot.number + ":" + slot.calls + "/" + slot.failed).toList());
  }

  /** What a short form holds; parts that are none are left out. */
  static LastHour parse(@Nullable String text) {
    List<Slot> slots = new ArrayList<>();
    for (String part : text == null ? new String[0] : text.split(" ", SLOTS + 1)) {
      Matcher matcher = TEXT.matcher(part);
      if (matcher.matches() && slots.size() < SLOTS) {
        long calls = Long.parseLong(matcher.group(2));
        long failed = Long.parseLong(matcher.group(3));
        if (calls > 0 && failed <= calls) {
          slots.add(new Slot(Long.parseLong(matcher.group(1)), calls, failed));
        }
      }
    }
    return new LastHour(slots);
  }

  /**
   * The hour as callers see it: {@value #SLOTS} figures a list, the oldest first; the last slot is
   * the present one.
   *
   * @param from when the first slot begins
   * @param slotMinutes the length of a slot
   * @param calls calls in each slot
   * @param failed failed calls in each slot
   */
  public record Figures(Instant from, long slotMinutes, List<Long> calls, List<Long> failed) {
    public Figures {
      calls = List.copyOf(calls);
      failed = List.copyOf(failed);
    }
  }

  /** The figures of the hour before a moment; null without any call. */
  @Nullable Figures figures(Instant now) {
    if (slots.isEmpty()) {
      return null;
    }
    long first = number(now) - SLOTS + 1;
    List<Long> calls = new ArrayList<>();
    List<Long> failed = new ArrayList<>();
    for (long number = first; number < first + SLOTS; number++) {
      long wanted = number;
      Slot slot = slots.stream().filter(each -> each.number == wanted).findFirst().orElse(null);
      calls.add(slot == null ? 0L : slot.calls);
      failed.add(slot == null ? 0L : slot.failed);
    }
    return new Figures(
        Instant.ofEpochSecond(first * SLOT.toSeconds()), SLOT.toMinutes(), calls, failed);
  }
}
