package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.credits.BalanceLevel;
import org.jspecify.annotations.Nullable;

/**
 * What a user's document says of the level of its balance.
 *
 * @param level {@code balance_level}, or null where it was never set
 * @param lowAt {@code low_balance_at}: below how many credits the balance is low; null where the
 *     default counts
 * @param raised how many alerts of levels were raised for this user, the number of the last one
 * @param low the number of the open alert of a low balance; null for none
 * @param empty the number of the open alert of an empty one; null for none
 */
public record BalanceAlerting(
    @Nullable BalanceLevel level,
    @Nullable Long lowAt,
    long raised,
    @Nullable Long low,
    @Nullable Long empty) {
  static final BalanceAlerting NONE = new BalanceAlerting(null, null, 0, null, null);

  public BalanceAlerting at(BalanceLevel next) {
    return new BalanceAlerting(next, lowAt, raised, low, empty);
  }

  /** The number of the open alert of a level; null for none. */
  public @Nullable Long alert(BalanceLevel worse) {
    return worse == BalanceLevel.LOW ? low : empty;
  }

  public BalanceAlerting raise(BalanceLevel worse) {
    long next = raised + 1;
    return worse == BalanceLevel.LOW
        ? new BalanceAlerting(level, lowAt, next, next, empty)
        : new BalanceAlerting(level, lowAt, next, low, next);
  }

  public BalanceAlerting resolve(BalanceLevel worse) {
    return worse == BalanceLevel.LOW
        ? new BalanceAlerting(level, lowAt, raised, null, empty)
        : new BalanceAlerting(level, lowAt, raised, low, null);
  }
}
