package dev.meterkite.model.stripe;

import dev.meterkite.model.credits.CreditPackage;
import dev.meterkite.model.credits.SubscriptionTier;
import java.util.Map;
import java.util.Optional;

/**
 * What the prices at Stripe stand for.
 *
 * @param tiers the monthly prices of subscriptions, by id
 * @param packages the prices of packages, by id
 */
public record StripePrices(
    Map<String, SubscriptionTier> tiers, Map<String, CreditPackage> packages) {
  public StripePrices {
    tiers = Map.copyOf(tiers);
    packages = Map.copyOf(packages);
    tiers.forEach(
        (price, tier) -> {
          if (tier.monthlyCredits() == 0 || tier == SubscriptionTier.FREE) {
            throw new IllegalArgumentException(tier.wire() + " is not sold");
          }
        });
  }

  /** The tier of a price, if it is a tier's. */
  Optional<SubscriptionTier> tier(String price) {
    return Optional.ofNullable(tiers.get(price));
  }

  /** The package of a price, if it is a package's. */
  Optional<CreditPackage> credits(String price) {
    return Optional.ofNullable(packages.get(price));
  }
}
