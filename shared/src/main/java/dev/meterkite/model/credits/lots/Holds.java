package dev.meterkite.model.credits.lots;

import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The open holds of one user. Every change makes a new value; a debit changes none and copies none.
 *
 * @param open by hold id
 * @param total all credits that they hold
 * @param weight roughly the bytes that they take in the user's document
 * @param dueAt when the next one lapses; null when there is none
 */
public record Holds(Map<String, OpenHold> open, long total, long weight, @Nullable Instant dueAt) {
  /** The most open holds of a user. */
  public static final int MAX = 500;

  /**
   * The most bytes they may take, roughly: a user's document is watched by triggers, whose events
   * carry it twice and have a bound.
   */
  static final long MAX_WEIGHT = 150_000;

  /** No open hold. */
  public static final Holds NONE = of(List.of());

  private static final Comparator<OpenHold> BY_EXPIRY =
      Comparator.comparing(OpenHold::expiresAt).thenComparing(OpenHold::holdId);

  public Holds {
    open = Collections.unmodifiableMap(open);
  }

  /** These holds. */
  public static Holds of(Collection<OpenHold> holds) {
    Map<String, OpenHold> open = new HashMap<>();
    holds.forEach(hold -> open.put(hold.holdId(), hold));
    return of(open);
  }

  private static Holds of(Map<String, OpenHold> open) {
    long total = 0;
    long weight = 0;
    Instant dueAt = null;
    for (OpenHold hold : open.values()) {
      total = Math.addExact(total, hold.amount());
      weight += hold.weight();
      dueAt = earlier(dueAt, hold.expiresAt());
    }
    return new Holds(open, total, weight, dueAt);
  }

  /** The open hold with this id, or null. */
  public @Nullable OpenHold get(String holdId) {
    return open.get(holdId);
  }

  /** Whether one more of this weight is too many. */
  public boolean isFullFor(OpenHold hold) {
    return open.size() >= MAX || weight + hold.weight() > MAX_WEIGHT;
  }

  public Holds with(OpenHold hold) {
    Map<String, OpenHold> next = new HashMap<>(open);
    next.put(hold.holdId(), hold);
    return new Holds(
        next,
        Math.addExact(total, hold.amount()),
        weight + hold.weight(),
        earlier(dueAt, hold.expiresAt()));
  }

  public Holds without(OpenHold hold) {
    Map<String, OpenHold> next = new HashMap<>(open);
    next.remove(hold.holdId());
    if (hold.expiresAt().equals(dueAt)) {
      return of(next);
    }
    return new Holds(next, total - hold.amount(), weight - hold.weight(), dueAt);
  }

  public Holds merged(Lots.Merge merge) {
    Map<String, OpenHold> next = new HashMap<>(open);
    next.replaceAll((id, hold) -> hold.merged(merge));
    return of(next);
  }

  /** Those that are lapsed at this moment, the earliest first. */
  public List<OpenHold> lapsed(Instant now) {
    if (dueAt == null || dueAt.isAfter(now)) {
      return List.of();
    }
    return open.values().stream().filter(hold -> hold.isLapsed(now)).sorted(BY_EXPIRY).toList();
  }

  /** The earlier of two moments, where null is never. */
  public static @Nullable Instant earlier(@Nullable Instant one, @Nullable Instant other) {
    return Lots.ORDER.compare(one, other) <= 0 ? one : other;
  }
}
