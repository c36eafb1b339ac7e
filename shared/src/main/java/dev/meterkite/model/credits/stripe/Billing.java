package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.plans.Plans;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What Stripe has told about a user.
 *
 * @param customerId who the user is at Stripe, or null
 * @param subscriptionId the subscription whose invoices renew the credits; null: the calendar does
 * @param subscriptions what is known of each by its id, ended ones too, so that an older event that
 *     comes later is known as such; at most {@value #MOST}
 */
public record Billing(
    @Nullable String customerId,
    @Nullable String subscriptionId,
    Map<String, Subscription> subscriptions) {
  /**
   * The most subscriptions remembered; beyond it the ended one that changed longest ago is
   * forgotten, or where all live, of those.
   */
  public static final int MOST = 20;

  /** Nothing is known. */
  public static final Billing NONE = new Billing(null, null, Map.of());

  private static final Comparator<Map.Entry<String, Subscription>> OLDEST =
      Comparator.<Map.Entry<String, Subscription>, Boolean>comparing(
              entry -> entry.getValue().status().isLive())
          .thenComparing(Map.Entry.comparingByValue(Subscription.ORDER));

  public Billing {
    subscriptions = Map.copyOf(subscriptions);
  }

  /** This with a customer, unless one is known already: the first to be named stays. */
  public Billing of(@Nullable String customer) {
    return customerId == null && customer != null
        ? new Billing(customer, subscriptionId, subscriptions)
        : this;
  }

  /** Whether an event tells nothing that is not known, or was overtaken by a later one. */
  public boolean knows(String id, Subscription told) {
    Subscription known = subscriptions.get(id);
    return known != null && Subscription.ORDER.compare(told, known) <= 0;
  }

  /**
   * This with a subscription as an event tells it. The live one with the highest tier renews the
   * credits; one that is no tier of the plans comes last. An id in {@code subscriptionId} of which
   * no event was heard stays while nothing lives.
   */
  public Billing with(String id, Subscription told, Plans plans) {
    Map<String, Subscription> next = new LinkedHashMap<>(subscriptions);
    next.put(id, told);
    if (next.size() > MOST) {
      next.entrySet().stream()
          .filter(entry -> !entry.getKey().equals(id))
          .min(OLDEST)
          .ifPresent(oldest -> next.remove(oldest.getKey()));
    }
    boolean isUnheard = subscriptionId != null && !next.containsKey(subscriptionId);
    return new Billing(
        customerId,
        live(next, plans).map(Map.Entry::getKey).orElse(isUnheard ? subscriptionId : null),
        next);
  }

  /**
   * The tier that the subscriptions give: that of the live one that renews; the first of the plans
   * when one has ended; empty when Stripe has no say in it: none was ever live, or one of which no
   * event was heard is named.
   */
  public Optional<String> tier(Plans plans) {
    Optional<String> live = live(subscriptions, plans).map(entry -> entry.getValue().tier());
    boolean isOver = subscriptions.values().stream().anyMatch(each -> each.status().isOver());
    return live.isPresent() || subscriptionId != null || !isOver
        ? live
        : Optional.of(plans.firstTier().word());
  }

  private static Optional<Map.Entry<String, Subscription>> live(
      Map<String, Subscription> all, Plans plans) {
    return all.entrySet().stream()
        .filter(entry -> entry.getValue().status().isLive())
        .max(
            Comparator.<Map.Entry<String, Subscription>>comparingInt(
                    entry -> plans.rank(entry.getValue().tier()))
                .thenComparing(Map.Entry::getKey));
  }
}
