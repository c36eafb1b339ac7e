package dev.meterkite.model.prices;

import java.math.BigDecimal;
import java.util.List;

/** What a price makes of a call. */
public sealed interface Priced {
  /**
   * Its cost at the provider.
   *
   * @param cost the exact sum of the lines
   * @param lines what it is made of
   * @param version which version of the price was charged
   */
  record Known(ExactMicros cost, List<Line> lines, String version) implements Priced {
    public Known {
      lines = List.copyOf(lines);
    }
  }

  /**
   * Nobody knows: a unit that was consumed has no price.
   *
   * @param field the field of {@code usage} that has no price; empty where the model has none
   * @param message why, in English
   */
  record Unknown(String field, String message) implements Priced {}

  /**
   * One part of a cost.
   *
   * @param kind the field of {@code usage} that it was counted in, without its other parts
   * @param quantity how much
   * @param component the price, which may be that of another meter ({@link Meter#fallback})
   * @param cost the product, exact
   */
  record Line(String kind, BigDecimal quantity, PriceComponent component, ExactMicros cost) {}
}
