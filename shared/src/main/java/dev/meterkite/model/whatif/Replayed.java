package dev.meterkite.model.whatif;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * A user's period, or that of many, under both plans.
 *
 * @param before under the plans that are in force
 * @param after under the others
 * @param found transactions, calls and jobs that were looked at
 * @param notes what is not exact
 */
public record Replayed(CreditSide before, CreditSide after, long found, Map<Note, Long> notes) {
  /** Nothing. */
  public static final Replayed NONE = new Replayed(CreditSide.NONE, CreditSide.NONE, 0, Map.of());

  public Replayed {
    EnumMap<Note, Long> counted = new EnumMap<>(Note.class);
    counted.putAll(notes);
    notes = Collections.unmodifiableMap(counted);
  }

  /** The sum of both. */
  public Replayed plus(Replayed other) {
    EnumMap<Note, Long> sums = new EnumMap<>(Note.class);
    sums.putAll(notes);
    other.notes.forEach((note, count) -> sums.merge(note, count, Long::sum));
    return new Replayed(
        before.plus(other.before), after.plus(other.after), found + other.found, sums);
  }

  /**
   * How many credits more the other plans leave: what they grant more, less what they charge more.
   *
   * @param creditBefore micro-USD a credit under the plans in force
   * @param creditAfter micro-USD a credit under the others
   */
  public BigDecimal difference(long creditBefore, long creditAfter) {
    return BigDecimal.valueOf(after.granted() - before.granted())
        .subtract(after.charged(creditAfter).subtract(before.charged(creditBefore)));
  }
}
