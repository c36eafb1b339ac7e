package dev.meterkite.model.prices;

import org.jspecify.annotations.Nullable;

/**
 * One price of a model.
 *
 * @param meter what is counted
 * @param unit in which unit
 * @param price pico-USD (10<sup>-12</sup>) a unit, which is micro-USD a million units: 0 to {@value
 *     #MAX_PRICE}
 * @param step above which size of the call it counts; null for calls of any size
 * @param service for which service
 * @param searchSize for which size of search; null for any
 */
public record PriceComponent(
    Meter meter,
    PriceUnit unit,
    long price,
    @Nullable Step step,
    ServiceTier service,
    @Nullable SearchSize searchSize) {
  /** The dearest unit: 10 USD. */
  public static final long MAX_PRICE = 10_000_000_000_000L;

  /**
   * A bound. The whole call is charged at the price of the highest bound that it exceeds: at steps
   * above 128,000 and 200,000, a call with 200,000 input tokens is at the first one.
   *
   * @param meter {@link Meter#INPUT}, all input tokens, or {@link Meter#RESULTS}
   * @param above the bound
   */
  public record Step(Meter meter, long above) {
    public Step {
      if ((meter != Meter.INPUT && meter != Meter.RESULTS) || above < 0) {
        throw new IllegalArgumentException("no step: " + meter + " above " + above);
      }
    }
  }

  public PriceComponent {
    if (price < 0 || price > MAX_PRICE) {
      throw new IllegalArgumentException("no price: " + price);
    }
  }

  /** A price of calls of any size, in the standard service. */
  public static PriceComponent of(Meter meter, PriceUnit unit, long price) {
    return new PriceComponent(meter, unit, price, null, ServiceTier.STANDARD, null);
  }

  /** The same above a bound. */
  public PriceComponent above(Meter counted, long bound) {
    return new PriceComponent(meter, unit, price, new Step(counted, bound), service, searchSize);
  }

  /** The same for a service. */
  public PriceComponent in(ServiceTier other) {
    return new PriceComponent(meter, unit, price, step, other, searchSize);
  }
}
