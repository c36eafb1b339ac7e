package dev.meterkite.model.prices;

import dev.meterkite.model.quotas.QuotaRules;
import java.time.Instant;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a model costs for a time; a document of {@code model_prices}.
 *
 * @param provider the provider's id
 * @param modelId the model's id
 * @param mode what the model does, as the source says; a label
 * @param effectiveFrom the first moment at which it counts
 * @param effectiveTo the first moment at which it no longer counts; null for never
 * @param deprecatedOn the day from which the provider no longer offers the model, or null
 * @param status what it is good for
 * @param source where it is from, or null
 * @param locked whether it was edited by hand, so that imports leave it alone
 * @param components the prices, at most {@value #MOST}, no two for the same case
 */
public record PriceVersion(
    String provider,
    String modelId,
    @Nullable String mode,
    Instant effectiveFrom,
    @Nullable Instant effectiveTo,
    @Nullable LocalDate deprecatedOn,
    PriceStatus status,
    @Nullable PriceSource source,
    boolean locked,
    List<PriceComponent> components) {
  /** The most components of a version. */
  public static final int MOST = 60;

  public PriceVersion {
    components = List.copyOf(components);
    if (provider.isEmpty() || modelId.isEmpty() || components.size() > MOST) {
      throw new IllegalArgumentException("no price of " + provider + "/" + modelId);
    }
    if (effectiveTo != null && effectiveTo.isBefore(effectiveFrom)) {
      throw new IllegalArgumentException("ends before it begins: " + provider + "/" + modelId);
    }
    Set<PriceComponent> cases = new HashSet<>();
    for (PriceComponent each : components) {
      if (!cases.add(
          new PriceComponent(
              each.meter(), each.unit(), 0, each.step(), each.service(), each.searchSize()))) {
        throw new IllegalArgumentException("two prices for " + each);
      }
    }
  }

  /**
   * The id of its document: {@code openai_gpt-4o_2026-11-01T00:00:00Z}; {@code %} and {@code /} are
   * encoded.
   */
  public String id() {
    return QuotaRules.id(provider, modelId) + "_" + effectiveFrom;
  }

  /** Whether it counts at a moment; its first one is included, its end is not. */
  boolean isAt(Instant moment) {
    return !moment.isBefore(effectiveFrom) && (effectiveTo == null || moment.isBefore(effectiveTo));
  }

  /** The same until a moment. */
  public PriceVersion until(Instant end) {
    return new PriceVersion(
        provider,
        modelId,
        mode,
        effectiveFrom,
        end,
        deprecatedOn,
        status,
        source,
        locked,
        components);
  }
}
