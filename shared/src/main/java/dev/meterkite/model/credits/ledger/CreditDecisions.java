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
  public static Decision<CreditState> settled(CreditState found, CreditState changed, Book book) {
    return settled(found, changed, book, CreditAnswers.of(book, null));
  }

  /** What was done to a user, which may be nothing, with an answer of its own. */
  public static Decision<CreditState> settled(
      CreditState found, CreditState changed, Book book, Map<String, Object> answer) {
    CreditState next = next(changed, book);
    return next.equals(found) && book.writes().isEmpty()
        ? new Decision.Unchanged<>(answer)
        : new Decision.Applied<>(next, answer, book.writes());
  }

  /** The command applies, with everything that the book has noted. */
  public static Decision<CreditState> applied(
      CreditState state, Book book, Map<String, Object> answer) {
    return new Decision.Applied<>(next(state, book), answer, book.writes());
  }

  /** The user's state with the book closed, and when something is next due. */
  private static CreditState next(CreditState state, Book book) {
    return state.with(book.ledger(), Holds.earlier(book.dueAt(), grantDueAt(state, book)));
  }

  /** When the next monthly grant is due; null for users and tiers that have none. */
  private static @Nullable Instant grantDueAt(CreditState state, Book book) {
    boolean grants =
        !state.subscribed()
            && !state.isErased()
            && state.tier(book.plans()).filter(tier -> tier.monthlyCredits() > 0).isPresent();
    return grants ? GrantPeriod.next(book.now()) : null;
  }

  /** Refuses; figures say what there is, with the part of a credit that is accrued. */
  public static Decision.Refused<CreditState> insufficient(Book book, long required) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put(CreditAnswers.BALANCE, book.balance());
    figures.put(CreditAnswers.AVAILABLE, book.available());
    figures.put(CreditAnswers.REQUIRED, required);
    if (!book.accrued().isZero()) {
      figures.put(CreditAnswers.ACCRUED_MICROS, book.accrued().micros());
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
