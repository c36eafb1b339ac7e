package dev.meterkite.model.credits.lots;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The lots of one user, the one that expires first in front, the one that never does at the end.
 * Every change makes a new value.
 *
 * <p>Spend order is that order: lots 50 (expiring first) then 150, spend 80: 50 go from the first
 * and 30 from the second. Pinned credits are passed over.
 *
 * @param list at most {@value #MAX} lots, strictly ordered by expiry
 */
public record Lots(List<Lot> list) {
  /**
   * The most lots of a user; beyond it the two that expire last merge into the later one, in the
   * user's favour.
   */
  public static final int MAX = 300;

  /** No credits at all. */
  public static final Lots NONE = new Lots(List.of());

  /** The latest expiry that a store can hold; later ones are cut to it. */
  public static final Instant LATEST = Instant.parse("9999-12-31T23:00:00Z");

  public static final Comparator<@Nullable Instant> ORDER =
      Comparator.nullsLast(Comparator.<Instant>naturalOrder());

  private static final Duration HOUR = Duration.ofHours(1);

  public Lots {
    list = List.copyOf(list);
  }

  /**
   * What was taken, and the lots after it.
   *
   * @param shares from which lots, in spend order
   */
  public record Taken(Lots lots, List<LotShare> shares) {}

  /**
   * The two lots that became one.
   *
   * @param from the expiry that is gone
   * @param into the later expiry that its credits now have
   */
  public record Merge(Instant from, Instant into) {}

  /** An expiry rounded up to the hour: 10:00 stays, one microsecond later becomes 11:00. */
  public static Instant roundUp(Instant expiresAt) {
    if (expiresAt.isAfter(LATEST)) {
      return LATEST;
    }
    long seconds = expiresAt.getEpochSecond();
    long hours = Math.floorDiv(seconds, HOUR.toSeconds());
    boolean full = expiresAt.getNano() == 0 && Math.floorMod(seconds, HOUR.toSeconds()) == 0;
    return Instant.ofEpochSecond(HOUR.toSeconds() * (full ? hours : hours + 1));
  }

  /** All credits: the balance. */
  public long total() {
    return list.stream().mapToLong(Lot::remaining).reduce(0, Math::addExact);
  }

  /** What open holds pin. */
  public long held() {
    return list.stream().mapToLong(Lot::held).reduce(0, Math::addExact);
  }

  /** When the next credits expire that nothing pins; null when none do. */
  public @Nullable Instant dueAt() {
    for (Lot lot : list) {
      if (lot.free() > 0) {
        return lot.expiresAt();
      }
    }
    return null;
  }

  /**
   * Spends free credits in spend order; a lot with nothing left is dropped.
   *
   * @throws IllegalArgumentException when there are fewer
   */
  public Taken spend(long amount) {
    return take(
        amount,
        (lot, part) ->
            part == lot.remaining()
                ? null
                : new Lot(lot.expiresAt(), lot.granted(), lot.remaining() - part, lot.held()));
  }

  /**
   * The free credits to take back of what was given to a lot: from that lot first, then from the
   * others, what lives longest first. So the rest is what would have been spent first anyway.
   *
   * @return fewer where there are fewer
   */
  public List<LotShare> newest(@Nullable Instant expiresAt, long amount) {
    List<Lot> order = new ArrayList<>(list);
    Collections.reverse(order);
    int own = indexOf(expiresAt);
    if (own >= 0) {
      order.remove(list.get(own));
      order.add(0, list.get(own));
    }
    List<LotShare> shares = new ArrayList<>();
    long missing = amount;
    for (Lot lot : order) {
      long part = Math.min(missing, lot.free());
      if (part > 0) {
        shares.add(new LotShare(lot.expiresAt(), part));
        missing -= part;
      }
    }
    return shares;
  }

  /**
   * Pins free credits in spend order.
   *
   * @throws IllegalArgumentException when there are fewer
   */
  public Taken pin(long amount) {
    return take(
        amount,
        (lot, part) -> new Lot(lot.expiresAt(), lot.granted(), lot.remaining(), lot.held() + part));
  }

  private interface Part {
    @Nullable Lot without(Lot lot, long part);
  }

  private Taken take(long amount, Part change) {
    List<Lot> next = new ArrayList<>(list.size());
    List<LotShare> shares = new ArrayList<>(1);
    long missing = amount;
    for (Lot lot : list) {
      long part = Math.min(missing, lot.free());
      if (part > 0) {
        missing -= part;
        shares.add(new LotShare(lot.expiresAt(), part));
        Lot left = change.without(lot, part);
        if (left != null) {
          next.add(left);
        }
      } else {
        next.add(lot);
      }
    }
    if (missing > 0) {
      throw new IllegalArgumentException(missing + " credits short of " + amount);
    }
    return new Taken(new Lots(next), List.copyOf(shares));
  }

  /** Makes pinned credits free again. */
  public Lots unpin(List<LotShare> shares) {
    Lots lots = this;
    for (LotShare share : shares) {
      lots =
          lots.replace(
              share.expiresAt(),
              lot ->
                  new Lot(
                      lot.expiresAt(),
                      lot.granted(),
                      lot.remaining(),
                      lot.held() - share.amount()));
    }
    return lots;
  }

  /** Spends pinned credits. */
  public Lots spendPinned(List<LotShare> shares) {
    Lots lots = this;
    for (LotShare share : shares) {
      lots =
          lots.replace(
              share.expiresAt(),
              lot ->
                  lot.remaining() == share.amount()
                      ? null
                      : new Lot(
                          lot.expiresAt(),
                          lot.granted(),
                          lot.remaining() - share.amount(),
                          lot.held() - share.amount()));
    }
    return lots;
  }

  private Lots replace(@Nullable Instant expiresAt, UnaryOperator<@Nullable Lot> change) {
    int at = indexOf(expiresAt);
    if (at < 0) {
      throw new IllegalArgumentException("no lot that expires at " + expiresAt);
    }
    List<Lot> next = new ArrayList<>(list);
    Lot changed = change.apply(list.get(at));
    if (changed == null) {
      next.remove(at);
    } else {
      next.set(at, changed);
    }
    return new Lots(next);
  }

  /**
   * Puts credits in: into the lot of this expiry, or a new one. May leave one lot too many, which
   * {@link #overflow} then names.
   *
   * @param isGrant whether they are new, or come back after they were spent
   */
  public Lots give(@Nullable Instant expiresAt, long amount, boolean isGrant) {
    List<Lot> next = new ArrayList<>(list);
    int at = indexOf(expiresAt);
    if (at < 0) {
      next.add(-at - 1, new Lot(expiresAt, amount, amount, 0));
    } else {
      Lot lot = next.get(at);
      long remaining = Math.addExact(lot.remaining(), amount);
      long granted =
          isGrant ? Math.addExact(lot.granted(), amount) : Math.max(lot.granted(), remaining);
      next.set(at, new Lot(expiresAt, granted, remaining, lot.held()));
    }
    return new Lots(next);
  }

  /** Which two lots have to merge, when there is one lot too many; else null. */
  public @Nullable Merge overflow() {
    if (list.size() <= MAX) {
      return null;
    }
    int last = list.size() - 1;
    if (list.get(last).expiresAt() == null) {
      last--;
    }
    return new Merge(
        Objects.requireNonNull(list.get(last - 1).expiresAt()),
        Objects.requireNonNull(list.get(last).expiresAt()));
  }

  /** The lots after two of them merged. */
  public Lots merged(Merge merge) {
    List<Lot> next = new ArrayList<>(list);
    Lot from = next.remove(indexOf(merge.from()));
    int at = indexOf(merge.into()) - 1;
    Lot into = next.get(at);
    next.set(
        at,
        new Lot(
            into.expiresAt(),
            Math.addExact(into.granted(), from.granted()),
            Math.addExact(into.remaining(), from.remaining()),
            Math.addExact(into.held(), from.held())));
    return new Lots(next);
  }

  /** What is expired and not pinned at this moment, in spend order. */
  public List<LotShare> expired(Instant now) {
    List<LotShare> shares = new ArrayList<>();
    for (Lot lot : list) {
      if (!lot.isExpired(now)) {
        break;
      }
      if (lot.free() > 0) {
        shares.add(new LotShare(lot.expiresAt(), lot.free()));
      }
    }
    return shares;
  }

  /** The lots without these free credits. */
  public Lots without(List<LotShare> shares) {
    Lots lots = this;
    for (LotShare share : shares) {
      lots =
          lots.replace(
              share.expiresAt(),
              lot -> {
                long left = lot.remaining() - share.amount();
                return left == 0 ? null : new Lot(lot.expiresAt(), lot.granted(), left, lot.held());
              });
    }
    return lots;
  }

  /** The place of a lot, or {@code -1 - place} where it would stand. */
  private int indexOf(@Nullable Instant expiresAt) {
    int low = 0;
    int high = list.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = ORDER.compare(list.get(middle).expiresAt(), expiresAt);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1 - low;
  }
}
