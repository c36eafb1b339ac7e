package dev.meterkite.model.stripe;

import dev.meterkite.model.plans.CreditPackage;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.UserTier;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the prices at Stripe stand for, with what the plans say of it. A price of a tier or package
 * that the plans do not have, or that cannot be sold by a subscription, is one that is not known.
 *
 * @param tiers the tiers of the monthly prices of subscriptions, by id of the price
 * @param packages the credits of the prices of packages, by id of the price
 * @param foreign the prices of other products on the same account; what they sell is ignored
 * @param plans what tiers and packages are
 */
public record StripePrices(
    Map<String, String> tiers, Map<String, Long> packages, Set<String> foreign, Plans plans) {
  public StripePrices {
    foreign = Set.copyOf(foreign);
    tiers = Map.copyOf(tiers);
    packages = Map.copyOf(packages);
  }

  /** Whether a price is declared to be of another product. */
  boolean isForeign(String price) {
    return foreign.contains(price);
  }

  /** Whether it is known what a price stands for. */
  boolean isKnown(String price) {
    return tier(price).isPresent() || credits(price).isPresent() || isForeign(price);
  }

  /** The tier of a price, if it is a tier's that grants credits a month and is not the first. */
  Optional<UserTier> tier(String price) {
    return plans
        .tier(tiers.get(price))
        .filter(tier -> tier.monthlyCredits() > 0 && plans.rank(tier.word()) > 0);
  }

  /** The package of a price, if it is a package's. */
  Optional<CreditPackage> credits(String price) {
    Long credits = packages.get(price);
    return credits == null ? Optional.empty() : plans.packageOf(credits);
  }
}
