package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Missing;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.GrantPeriod;
import dev.meterkite.model.credits.lots.Holds;
import dev.meterkite.model.document.DocRef;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The decisions that the rules of credits share. */
public final class CreditDecisions {
  private CreditDecisions() {}

  /**
   * What was done to a user, which may be nothing.
   *
   * @param found the user as found
   * @param changed the user as it is now, but for the book
   */
  public static Decision<CreditState> settled(
      CreditState found, CreditState changed, LedgerSession session) {
    return settled(found, changed, session, CreditAnswers.of(session, null));
  }

  /** What was done to a user, which may be nothing, with an answer of its own. */
  public static Decision<CreditState> settled(
      CreditState found, CreditState changed, LedgerSession session, Map<String, Object> answer) {
    CreditState next = next(changed, session);
    return next.equals(found) && session.writes().isEmpty()
        ? new Decision.Unchanged<>(answer)
        : new Decision.Applied<>(next, answer, session.writes());
  }

  /** The command applies, with everything that the session has noted. */
  public static Decision<CreditState> applied(
      CreditState state, LedgerSession session, Map<String, Object> answer) {
    return new Decision.Applied<>(next(state, session), answer, session.writes());
  }

  /** The user's state with the session closed, and when something is next due. */
  private static CreditState next(CreditState state, LedgerSession session) {
    return state.with(session.ledger(), Holds.earlier(session.dueAt(), grantDueAt(state, session)));
  }

  /** When the next monthly grant is due; null for users and tiers that have none. */
  private static @Nullable Instant grantDueAt(CreditState state, LedgerSession session) {
    boolean grants =
        !state.subscribed()
            && !state.isErased()
            && state.tier(session.plans()).filter(tier -> tier.monthlyCredits() > 0).isPresent();
    return grants ? GrantPeriod.next(session.now()) : null;
  }

  /** Refuses; figures say what there is, with the part of a credit that is accrued. */
  public static Decision.Refused<CreditState> insufficient(LedgerSession session, long required) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put(CreditAnswers.BALANCE, session.balance());
    figures.put(CreditAnswers.AVAILABLE, session.available());
    figures.put(CreditAnswers.REQUIRED, required);
    if (!session.accrued().isZero()) {
      figures.put(CreditAnswers.ACCRUED_MICROS, session.accrued().micros());
    }
    return new Decision.Refused<>(CreditOutcome.INSUFFICIENT_CREDITS, figures);
  }

  /** Refuses because this document does not exist, or is another user's. */
  public static Decision.Refused<CreditState> missing(DocRef ref) {
    return new Decision.Refused<>(CreditOutcome.NOT_FOUND, Missing.figures(ref));
  }

  /** Refuses without figures. */
  public static Decision.Refused<CreditState> refused(CreditOutcome outcome) {
    return new Decision.Refused<>(outcome, Map.of());
  }
}
