package dev.meterkite.model.credits.lots;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A hold that is neither captured nor released nor lapsed: credits set aside, still part of the
 * balance.
 *
 * @param holdId its id
 * @param amount how many credits, at least 1
 * @param expiresAt when it lapses; that exact instant counts as lapsed
 * @param jobId the job that it is for, or null
 * @param plansVersion the plans that decided it; null where that was not noted
 * @param pins the lots that its credits stand in; their amounts add up to {@code amount}
 */
public record OpenHold(
    String holdId,
    long amount,
    Instant expiresAt,
    @Nullable String jobId,
    @Nullable String plansVersion,
    List<LotShare> pins) {
  public OpenHold {
    pins = List.copyOf(pins);
    if (amount < 1 || pins.stream().mapToLong(LotShare::amount).sum() != amount) {
      throw new IllegalArgumentException("hold of " + amount + " with pins " + pins);
    }
  }

  /** Whether it is lapsed at this moment. */
  public boolean isLapsed(Instant now) {
    return !expiresAt.isAfter(now);
  }

  /** Roughly the bytes it takes in its user's document. */
  long weight() {
    long texts = 3L * (jobId == null ? 0 : jobId.length());
    return 100L + texts + (plansVersion == null ? 0 : plansVersion.length()) + 40L * pins.size();
  }

  /** The pins that the first so many credits come from, in spend order. */
  public List<LotShare> first(long credits) {
    return cut(pins, 0, credits);
  }

  /** The pins of the credits behind the first so many. */
  public List<LotShare> behind(long credits) {
    return cut(pins, credits, amount - credits);
  }

  /** The shares of the credits {@code skip} to {@code skip + count}, counted from the first. */
  public static List<LotShare> cut(List<LotShare> shares, long skip, long count) {
    List<LotShare> cut = new ArrayList<>();
    long at = 0;
    for (LotShare share : shares) {
      long from = Math.max(skip, at);
      long to = Math.min(skip + count, at + share.amount());
      if (from < to) {
        cut.add(new LotShare(share.expiresAt(), to - from));
      }
      at += share.amount();
    }
    return cut;
  }

  /** This hold after two lots merged. */
  OpenHold merged(Lots.Merge merge) {
    Map<Optional<Instant>, Long> merged = new LinkedHashMap<>();
    for (LotShare pin : pins) {
      Instant expiry = merge.from().equals(pin.expiresAt()) ? merge.into() : pin.expiresAt();
      merged.merge(Optional.ofNullable(expiry), pin.amount(), Math::addExact);
    }
    List<LotShare> next = new ArrayList<>();
    merged.forEach((expiry, part) -> next.add(new LotShare(expiry.orElse(null), part)));
    return new OpenHold(holdId, amount, expiresAt, jobId, plansVersion, next);
  }
}
