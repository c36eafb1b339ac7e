package dev.meterkite.model.stripe;

import dev.meterkite.model.credits.CreditPackage;
import dev.meterkite.model.credits.SubscriptionTier;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the prices at Stripe stand for.
 *
 * @param tiers the monthly prices of subscriptions, by id
 * @param packages the prices of packages, by id
 * @param foreign the prices of other products on the same account; what they sell is ignored
 */
public record StripePrices(
    Map<String, SubscriptionTier> tiers, Map<String, CreditPackage> packages, Set<String> foreign) {
  public StripePrices {
    foreign = Set.copyOf(foreign);
    tiers = Map.copyOf(tiers);
    packages = Map.copyOf(packages);
    tiers.forEach(
        (price, tier) -> {
          if (tier.monthlyCredits() == 0 || tier == SubscriptionTier.FREE) {
            throw new IllegalArgumentException(tier.wire() + " is not sold");
          }
        });
  }

  /** Whether a price is declared to be of another product. */
  boolean isForeign(String price) {
    return foreign.contains(price);
  }

  /** Whether a price is declared. */
  boolean isKnown(String price) {
    return tiers.containsKey(price) || packages.containsKey(price) || isForeign(price);
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
