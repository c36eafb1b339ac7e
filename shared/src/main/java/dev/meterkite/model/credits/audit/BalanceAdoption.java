package dev.meterkite.model.credits.audit;

import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerCodec;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.Users;
import java.util.Map;

/**
 * What the adoption of one user would do, said before it is done. The rules do it when the user is
 * first used.
 *
 * <p>A user with 100 in {@code credits_balance} and no ledger {@link Kind#OPENS} with 100; one with
 * −5, {@code "100"} or 10.5 is {@link Kind#REFUSED}, because nobody but its owner can say what it
 * is owed: the functions open nothing either, answer 409 {@code balance_unreadable} and raise an
 * alert.
 *
 * @param kind what would happen
 * @param balance the credits that the user has, or would be opened with; those of a monthly grant
 *     aside
 * @param reason why it is refused; empty for the others
 */
public record BalanceAdoption(Kind kind, long balance, String reason) {
  /** What becomes of a user. */
  public enum Kind {
    /** There is a ledger; nothing happens. */
    ADOPTED,
    /** {@code credits_balance}, zero included, becomes the opening balance. */
    OPENS,
    /** There is no {@code credits_balance}: the user begins with the monthly grant of its tier. */
    BEGINS,
    /** The ledger is lost, its transactions are there: the last of them rebuilds it. */
    REBUILDS,
    /** What stands there makes no sense; it is left alone. */
    REFUSED
  }

  /**
   * What would become of a user.
   *
   * @param user the document, as just read
   * @param isSequenced whether there are transactions with a sequence; asked only for a user
   *     without a ledger
   * @param plans where the tiers are
   */
  public static BalanceAdoption of(Snapshot user, boolean isSequenced, Plans plans) {
    CreditState state = LedgerCodec.decode(user);
    Ledger ledger = state.ledger();
    if (ledger != null) {
      return new BalanceAdoption(Kind.ADOPTED, ledger.balance(), "");
    }
    if (isSequenced) {
      return new BalanceAdoption(Kind.REBUILDS, 0, "");
    }
    Map<String, Object> fields = user.fields();
    if (state.ledgerBroken()) {
      return refused("ledger cannot be read, and there are no transactions to rebuild it from");
    }
    if (state.found() == CreditState.Found.UNREADABLE) {
      return refused(
          "credits_balance is " + LenientFields.shown(fields.get(Users.CREDITS_BALANCE)));
    }
    if (state.tier(plans).isEmpty()) {
      return refused("tier is " + LenientFields.shown(fields.get(Users.TIER)));
    }
    return new BalanceAdoption(
        state.found() == CreditState.Found.ABSENT ? Kind.BEGINS : Kind.OPENS,
        state.foundBalance(),
        "");
  }

  /** Whether a user has a ledger that can be read. */
  public static boolean isAdopted(Snapshot user) {
    return LedgerCodec.decode(user).ledger() != null;
  }

  /** Whether {@code credits_balance}, which others read, is what the ledger says. */
  public static boolean agrees(Snapshot user) {
    return LedgerCodec.decode(user).agrees();
  }

  private static BalanceAdoption refused(String reason) {
    return new BalanceAdoption(Kind.REFUSED, 0, reason);
  }
}
