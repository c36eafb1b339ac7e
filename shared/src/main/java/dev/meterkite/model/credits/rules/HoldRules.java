package dev.meterkite.model.credits.rules;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.holds.CreditHold;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.jobs.JobAttempt;
import dev.meterkite.model.credits.journal.CallCharge;
import dev.meterkite.model.credits.journal.EntryDetails;
import dev.meterkite.model.credits.journal.Transaction;
import dev.meterkite.model.credits.ledger.CreditAnswers;
import dev.meterkite.model.credits.ledger.CreditDecisions;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.credits.lots.OpenHold;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.CreditHolds;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Holds on credits: they are opened, captured and released.
 *
 * <p>A hold of 30 by a user with 100 leaves 70 to spend. Captured with 24 it deducts 24 and gives 6
 * back; released it gives 30 back. A hold that has ended is final.
 */
final class HoldRules {
  private HoldRules() {}

  /**
   * Sets credits aside.
   *
   * @param charge the call that the hold is for, or null
   */
  static Decision<CreditState> hold(
      CreditState state,
      LedgerSession session,
      Seen seen,
      CreditCommand.Hold hold,
      @Nullable CallCharge charge) {
    String jobId = hold.jobId();
    if (jobId != null) {
      Decision<CreditState> found = jobHold(state, session, seen, hold, jobId);
      if (found != null) {
        return found;
      }
    }
    if (hold.amount() > session.spendable()) {
      return CreditDecisions.insufficient(session, hold.amount());
    }
    Instant expiresAt = session.now().plus(hold.expiresIn());
    if (session.isFullFor(hold.holdId(), hold.amount(), hold.jobId(), expiresAt)) {
      return CreditDecisions.refused(CreditOutcome.TOO_MANY_HOLDS);
    }
    OpenHold held = session.openNew(hold.holdId(), hold.amount(), jobId, expiresAt, null, charge);
    return CreditDecisions.applied(
        state,
        session,
        CreditAnswers.of(session, HoldCodec.shown(state.userId(), held, HoldStatus.HELD), null));
  }

  /**
   * Answers a request for a job whose latest attempt has a hold: the open one, if it has this user
   * and amount.
   *
   * @return null where the job has no hold yet
   */
  private static @Nullable Decision<CreditState> jobHold(
      CreditState state, LedgerSession session, Seen seen, CreditCommand.Hold hold, String jobId) {
    Read.Get first = new Read.Get(new DocRef(CreditHolds.COLLECTION, hold.holdId()));
    if (!seen.has(first)) {
      return new Decision.NeedsReads<>(List.of(first));
    }
    Read.Get latest = new Read.Get(JobAttempt.latestHold(jobId, seen.document(first.ref())));
    if (!seen.has(latest)) {
      return new Decision.NeedsReads<>(List.of(latest));
    }
    OpenHold open = session.hold(latest.ref().id());
    if (open != null && open.amount() == hold.amount()) {
      return CreditDecisions.applied(
          state,
          session,
          CreditAnswers.of(session, HoldCodec.shown(state.userId(), open, HoldStatus.HELD), null));
    }
    CreditHold found = session.asClosed(seen.document(latest.ref()));
    if (found == null) {
      return open == null ? null : conflict(open, hold);
    }
    if (open != null || !state.userId().equals(found.userId())) {
      return conflict(open, hold);
    }
    return CreditDecisions.refused(closed(found.statusOrExpired()));
  }

  /** A job's hold is another user's, or open with another amount. */
  private static Decision<CreditState> conflict(@Nullable OpenHold open, CreditCommand.Hold hold) {
    Map<String, Object> figures = new LinkedHashMap<>();
    if (open != null) {
      figures.put(CreditAnswers.HELD, open.amount());
    }
    figures.put(CreditAnswers.REQUIRED, hold.amount());
    return new Decision.Refused<>(CreditOutcome.JOB_HOLD_CONFLICT, figures);
  }

  /** Why nothing can be done with a hold that is not open. */
  private static CreditOutcome closed(HoldStatus status) {
    return switch (status) {
      case CAPTURED -> CreditOutcome.HOLD_ALREADY_CAPTURED;
      case RELEASED -> CreditOutcome.HOLD_ALREADY_RELEASED;
      case EXPIRED, HELD -> CreditOutcome.HOLD_EXPIRED;
    };
  }

  /** Captures an open hold, or a part of it, or releases it. */
  static Decision<CreditState> settle(
      CreditState state, LedgerSession session, Seen seen, CreditCommand.Settle settle) {
    OpenHold hold = session.hold(settle.holdId());
    if (hold == null) {
      return settleClosed(state, session, seen, settle.holdId());
    }
    Map<String, Object> answer =
        HoldCodec.shown(
            state.userId(), hold, settle.capture() ? HoldStatus.CAPTURED : HoldStatus.RELEASED);
    if (!settle.capture()) {
      session.release(hold, HoldStatus.RELEASED);
      return CreditDecisions.applied(state, session, CreditAnswers.of(session, answer, null));
    }
    long amount = settle.amount() == null ? hold.amount() : settle.amount();
    if (amount > hold.amount()) {
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put(CreditAnswers.HELD, hold.amount());
      figures.put(CreditAnswers.REQUIRED, amount);
      return new Decision.Refused<>(CreditOutcome.CAPTURE_EXCEEDS_HOLD, figures);
    }
    Transaction transaction =
        session.capture(hold, settle.transactionId(), amount, EntryDetails.ofCapture(hold).build());
    answer.put(CreditHolds.CAPTURED, amount);
    return CreditDecisions.applied(state, session, CreditAnswers.of(session, answer, transaction));
  }

  /** Refuses to settle a hold that is not open, for the reason in its document. */
  static Decision<CreditState> settleClosed(
      CreditState state, LedgerSession session, Seen seen, String holdId) {
    DocRef ref = new DocRef(CreditHolds.COLLECTION, holdId);
    if (session.hasClosed(ref)) {
      return CreditDecisions.refused(
          CreditOutcome.HOLD_EXPIRED); // it lapsed just now, before the command
    }
    if (!seen.has(new Read.Get(ref))) {
      return new Decision.NeedsReads<>(List.of(new Read.Get(ref)));
    }
    CreditHold hold = HoldCodec.decode(seen.document(ref));
    return hold.status() == null || !state.userId().equals(hold.userId())
        ? CreditDecisions.missing(ref)
        : CreditDecisions.refused(closed(hold.status()));
  }
}
