package dev.meterkite.model.prices;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How the cost of a call becomes credits: cost × (1 + markup) ÷ {@code creditMicros}, exact. With a
 * credit of 10,000 micro-USD and a markup of 20 %, a cost of 250 micro-USD is 0.03 credits.
 *
 * @param creditMicros micro-USD a credit, 1 to {@value #MAX_CREDIT_MICROS}
 * @param markup hundredths of a percent where no other markup applies
 * @param markups the others, at most {@value #MOST_MARKUPS}, no two for the same
 */
public record PriceBook(long creditMicros, long markup, List<Markup> markups) {
  /** A credit of 1,000 USD. */
  public static final long MAX_CREDIT_MICROS = 1_000_000_000L;

  /** 10,000 percent, in hundredths. */
  public static final long MAX_MARKUP = 1_000_000;

  public static final int MOST_MARKUPS = 500;

  /** A credit is a US cent, without markup. */
  public static final PriceBook DEFAULT = new PriceBook(10_000, 0, List.of());

  private static final long WHOLE = 10_000;

  /**
   * A markup for a tier, provider or model, or for several of them together; null is any.
   *
   * @param modelId the model; only with a provider
   * @param hundredths of a percent, 0 to {@value #MAX_MARKUP}
   */
  public record Markup(
      @Nullable String tier, @Nullable String provider, @Nullable String modelId, long hundredths) {
    public Markup {
      if (hundredths < 0 || hundredths > MAX_MARKUP) {
        throw new IllegalArgumentException("no markup: " + hundredths);
      }
      if (modelId != null && provider == null) {
        throw new IllegalArgumentException("a model_id needs its provider");
      }
      if (tier == null && provider == null) {
        throw new IllegalArgumentException("a markup is for a tier, a provider or a model");
      }
    }

    private boolean fits(@Nullable String ofTier, String ofProvider, String ofModel) {
      return (tier == null || tier.equals(ofTier))
          && (provider == null || provider.equals(ofProvider))
          && (modelId == null || modelId.equals(ofModel));
    }

    /** A model is more than a provider, that more than a tier; a tier decides between equals. */
    private int weight() {
      return (modelId != null ? 4 : 0) + (provider != null ? 2 : 0) + (tier != null ? 1 : 0);
    }

    private List<Object> scope() {
      List<Object> scope = new ArrayList<>();
      scope.add(String.valueOf(tier));
      scope.add(String.valueOf(provider));
      scope.add(String.valueOf(modelId));
      return scope;
    }
  }

  public PriceBook {
    markups = List.copyOf(markups);
    if (creditMicros < 1 || creditMicros > MAX_CREDIT_MICROS) {
      throw new IllegalArgumentException("no credit: " + creditMicros);
    }
    if (markup < 0 || markup > MAX_MARKUP || markups.size() > MOST_MARKUPS) {
      throw new IllegalArgumentException("no markup: " + markup);
    }
    Set<List<Object>> scopes = new HashSet<>();
    markups.forEach(each -> scopes.add(each.scope()));
    if (scopes.size() < markups.size()) {
      throw new IllegalArgumentException("two markups for the same");
    }
  }

  /** The markup of a call in hundredths of a percent: the most specific one. */
  public long markup(@Nullable String tier, String provider, String modelId) {
    Markup best = null;
    for (Markup each : markups) {
      if (each.fits(tier, provider, modelId) && (best == null || each.weight() > best.weight())) {
        best = each;
      }
    }
    return best == null ? markup : best.hundredths();
  }

  /** A cost with a markup in hundredths of a percent, exact. */
  public static ExactMicros charge(ExactMicros cost, long hundredths) {
    return new ExactMicros(
        cost.units()
            .multiply(BigInteger.valueOf(WHOLE + hundredths))
            .divide(BigInteger.valueOf(WHOLE)));
  }

  /** Hundredths of a percent as percent: 1,250 are {@code 12.5}. */
  public static BigDecimal percent(long hundredths) {
    BigDecimal percent = BigDecimal.valueOf(hundredths, 2);
    return percent.signum() == 0
        ? BigDecimal.ZERO
        : new BigDecimal(percent.stripTrailingZeros().toPlainString());
  }
}
