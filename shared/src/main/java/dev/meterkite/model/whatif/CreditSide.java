package dev.meterkite.model.whatif;

import dev.meterkite.model.prices.ExactMicros;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * What was charged and granted under one of the two plans.
 *
 * @param calls charges of calls of models in micro-USD, exact
 * @param credits charges in whole credits, less refunds; may be negative
 * @param granted monthly credits
 */
public record CreditSide(ExactMicros calls, long credits, long granted) {
  /** Nothing. */
  public static final CreditSide NONE = new CreditSide(ExactMicros.ZERO, 0, 0);

  private static final int PLACES = 6;

  /** The sum of both. */
  public CreditSide plus(CreditSide other) {
    return new CreditSide(
        calls.plus(other.calls),
        Math.addExact(credits, other.credits),
        Math.addExact(granted, other.granted));
  }

  CreditSide withCalls(ExactMicros more) {
    return plus(new CreditSide(more, 0, 0));
  }

  CreditSide withCredits(long more) {
    return plus(new CreditSide(ExactMicros.ZERO, more, 0));
  }

  CreditSide withGranted(long more) {
    return plus(new CreditSide(ExactMicros.ZERO, 0, more));
  }

  /** All charges in credits, to six decimal places. */
  public BigDecimal charged(long creditMicros) {
    BigDecimal credit = new BigDecimal(ExactMicros.of(creditMicros).units());
    return new BigDecimal(calls.units())
        .divide(credit, PLACES, RoundingMode.HALF_UP)
        .add(BigDecimal.valueOf(credits));
  }
}
