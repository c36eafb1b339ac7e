package dev.meterkite.model.usage;

import dev.meterkite.model.document.Digests;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The part of a usage record that counts, checked and in integers.
 *
 * @param customerId whose usage it is
 * @param sceneId for which scene
 * @param action what was done, such as {@code scene_generated}
 * @param timestamp when, in microseconds
 * @param episodes episodes generated; null where it does not apply
 * @param computeMs compute time in milliseconds; null where it does not apply
 * @param storageBytes storage in bytes; null where it does not apply
 * @param billable whether it goes on the bill
 * @param costMicros what the producer says it costs, in micro-USD; null if the rate card decides
 */
public record UsageFigures(
    String customerId,
    String sceneId,
    String action,
    Instant timestamp,
    @Nullable Long episodes,
    @Nullable Long computeMs,
    @Nullable Long storageBytes,
    boolean billable,
    @Nullable Long costMicros) {
  private static final int DIGEST_BYTES = 16;

  /** Whether it counts against the scene quota. */
  public boolean isScene() {
    return action.equals(UsageAction.SCENE_GENERATED);
  }

  /** The UTC day in which it happened. */
  public LocalDate day() {
    return LocalDate.ofInstant(timestamp, ZoneOffset.UTC);
  }

  /** The cost in micro-USD, billable or not: the producer's figure, else the rate card's. */
  public long cost(RateCard rates) {
    return costMicros != null
        ? costMicros
        : rates.costMicros(zero(episodes), zero(computeMs), zero(storageBytes));
  }

  /**
   * What one such record amounts to.
   *
   * @param priced whether the rate card made its cost
   */
  Amounts amounts(RateCard rates, boolean priced) {
    Amounts amounts =
        new Amounts(
            1, zero(episodes), zero(computeMs), zero(storageBytes), billable ? cost(rates) : 0);
    return billable && priced ? amounts : amounts.off();
  }

  /** The same at the rate card's cost. */
  UsageFigures withoutCost() {
    return costing(null);
  }

  /** The same at this cost. */
  UsageFigures withCost(long micros) {
    return costing(micros);
  }

  private UsageFigures costing(@Nullable Long micros) {
    return new UsageFigures(
        customerId,
        sceneId,
        action,
        timestamp,
        episodes,
        computeMs,
        storageBytes,
        billable,
        micros);
  }

  /**
   * 32 hex digits that stand for everything here at this cost: two records count the same exactly
   * when their digests are equal. The record's id is part of it, so that a copied record does not
   * pass for one that was counted.
   */
  String digest(String usageId, long micros) {
    StringBuilder text = new StringBuilder();
    for (String part : new String[] {usageId, customerId, sceneId, action, timestamp.toString()}) {
      text.append(part.length()).append(':').append(part);
    }
    text.append(zero(episodes)).append(' ').append(zero(computeMs)).append(' ');
    text.append(zero(storageBytes)).append(' ').append(billable).append(' ').append(micros);
    return sha256(text.toString(), DIGEST_BYTES);
  }

  /** The first bytes of the SHA-256 of a text, in hex. */
  static String sha256(String text, int bytes) {
    return HexFormat.of().formatHex(Digests.sha256(text), 0, bytes);
  }

  private static long zero(@Nullable Long value) {
    return value == null ? 0 : value;
  }
}
