package dev.meterkite.model.prices;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * An exact amount of US dollars, at least 0, as a whole number of units of 10<sup>-19</sup> USD.
 *
 * <p>Prices are whole pico-USD (10<sup>-12</sup>), quantities have up to three decimal places,
 * markups are whole hundredths of a percent: the product of the three is a whole number of units,
 * so sums of charges are exact in any order. An amount is stored as two integers, {@link #micros}
 * and {@link #fraction}: 300.75 micro-USD are 300 and 7,500,000,000,000.
 *
 * @param units the amount in units, at least 0
 */
public record ExactMicros(BigInteger units) implements Comparable<ExactMicros> {
  /** Units in a micro-USD: a fraction is below it. */
  public static final long UNITS_PER_MICRO = 10_000_000_000_000L;

  /** Nothing. */
  public static final ExactMicros ZERO = new ExactMicros(BigInteger.ZERO);

  private static final BigInteger PER_MICRO = BigInteger.valueOf(UNITS_PER_MICRO);
  private static final BigInteger ONE = BigInteger.ONE;

  /** The decimal places of a micro-USD that an amount can have. */
  private static final int PLACES = 13;

  public ExactMicros {
    if (units.signum() < 0) {
      throw new IllegalArgumentException("a negative amount: " + units);
    }
  }

  /** Whole micro-USD and a fraction of one, in units. */
  public static ExactMicros of(long micros, long fraction) {
    if (micros < 0 || fraction < 0 || fraction >= UNITS_PER_MICRO) {
      throw new IllegalArgumentException("no amount: " + micros + ", " + fraction);
    }
    return new ExactMicros(
        BigInteger.valueOf(micros).multiply(PER_MICRO).add(BigInteger.valueOf(fraction)));
  }

  /** Whole micro-USD. */
  public static ExactMicros of(long micros) {
    return of(micros, 0);
  }

  public ExactMicros plus(ExactMicros other) {
    return other.isZero() ? this : new ExactMicros(units.add(other.units));
  }

  /** The difference; the other amount is at most this one. */
  public ExactMicros minus(ExactMicros other) {
    return new ExactMicros(units.subtract(other.units));
  }

  public ExactMicros times(long count) {
    return new ExactMicros(units.multiply(BigInteger.valueOf(count)));
  }

  public boolean isZero() {
    return units.signum() == 0;
  }

  /** How many parts of this many micro-USD it contains, rounded down; the largest long at most. */
  public long wholePartsOf(long micros) {
    return bounded(units.divide(PER_MICRO.multiply(BigInteger.valueOf(micros))));
  }

  /** How many parts of this many micro-USD cover it, rounded up; the largest long at most. */
  public long partsToCover(long micros) {
    BigInteger part = PER_MICRO.multiply(BigInteger.valueOf(micros));
    return bounded(units.add(part).subtract(ONE).divide(part));
  }

  /** Whole micro-USD, rounded down. */
  public long micros() {
    return wholePartsOf(1);
  }

  /** Whole micro-USD, rounded up, as estimates and costs are shown. */
  public long microsRoundedUp() {
    return partsToCover(1);
  }

  /** What is above the whole micro-USD, in units. */
  public long fraction() {
    return units.mod(PER_MICRO).longValueExact();
  }

  /** The exact micro-USD as a decimal number, such as {@code 300.75}. */
  public String text() {
    return plain(new BigDecimal(units, PLACES));
  }

  /** How many parts of this many micro-USD it is, to 13 places: {@code 0.03} credits. */
  public String partsText(long micros) {
    BigDecimal parts =
        new BigDecimal(units, PLACES)
            .divide(BigDecimal.valueOf(micros), PLACES, RoundingMode.HALF_UP);
    return plain(parts);
  }

  private static String plain(BigDecimal number) {
    return number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString();
  }

  private static long bounded(BigInteger count) {
    return count.bitLength() < Long.SIZE ? count.longValueExact() : Long.MAX_VALUE;
  }

  @Override
  public int compareTo(ExactMicros other) {
    return units.compareTo(other.units);
  }
}
