package dev.meterkite.model.credits.stripe;

import dev.meterkite.model.schema.Word;
import java.time.Instant;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * One subscription as the latest of its events tells it.
 *
 * @param status Stripe's word
 * @param tier what its price stands for; null once it has ended with a price that is not known
 * @param changedAt when Stripe made the event, in whole seconds
 * @param change the kind of the event
 * @param periodEnd when the present period ends, or null
 */
public record Subscription(
    SubscriptionStatus status,
    @Nullable String tier,
    Instant changedAt,
    Change change,
    @Nullable Instant periodEnd) {

  /** The events of a subscription in the order of its life. */
  public enum Change implements Word {
    CREATED,
    UPDATED,
    DELETED
  }

  /**
   * Which of two events of one subscription is the later one: by their time, then by the rank of
   * the status, then by kind; what is left orders events of the same second and status by their
   * content alone. So the last one is the same in whatever order they arrive: created at 10:00:00
   * {@code active} with tier enthu, updated in the same second with tier pro: pro, also when the
   * update came first.
   */
  static final Comparator<Subscription> ORDER =
      Comparator.comparing(Subscription::changedAt)
          .thenComparing(Subscription::status)
          .thenComparing(Subscription::change)
          .thenComparing(Subscription::tier, Comparator.nullsFirst(Comparator.naturalOrder()))
          .thenComparing(Subscription::periodEnd, Comparator.nullsFirst(Comparator.naturalOrder()));

  public Subscription {
    if (status.isLive() && tier == null) {
      throw new IllegalArgumentException("a live subscription has a tier");
    }
  }
}
