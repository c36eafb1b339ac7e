package dev.meterkite.model.credits.rules;

import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.BalanceLevel;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.jobs.JobRules;
import dev.meterkite.model.credits.journal.EntryDetails;
import dev.meterkite.model.credits.journal.Transaction;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.BalanceAlert;
import dev.meterkite.model.credits.ledger.CreditAnswers;
import dev.meterkite.model.credits.ledger.CreditDecisions;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.lots.OpenHold;
import dev.meterkite.model.credits.payments.PaymentRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.Threshold;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The rules of credits: what every command does to the ledger of one user.
 *
 * <p>Before a command is decided, {@link LedgerOpener} applies what is due by {@code now}; all of
 * that and the command's own entry leave in one commit, or, when the command is refused, not at
 * all. So a debit of 30 by a user who was found with 100 writes two transactions: the opener
 * adjustment of 100 at sequence 1 and the deduction at sequence 2, with a balance of 70.
 *
 * <p>{@code balance} contains what holds set aside, {@code available = balance - held} is what may
 * be spent, and neither is ever below zero.
 */
public final class CreditRules implements Rules<CreditState, CreditCommand> {
  private static final class Codec {
    static final CommandCodec<CreditCommand> OF_COMMANDS =
        new CommandCodec<>("credits", CreditCommand.class, List.of(CreditOutcome.values()));
  }

  /** What a sweep says of a user with a balance of 0 and no {@code created_at}. */
  static final String NO_FIRST_GRANT = "no_grant_before_next_month_without_created_at";

  /** After this long a balance that cannot be read is looked at again. */
  static final Duration LOOK_AGAIN = Duration.ofHours(1);

  private final ForeignBalance foreign;
  private final LowBalance lowBalance;
  private final Plans plans;

  /**
   * The rules.
   *
   * @param foreign what happens to a balance that another program changed
   * @param lowBalance when the balance of a user is low who has no threshold and is of a tier
   *     without one
   * @param plans what decides now
   */
  public CreditRules(ForeignBalance foreign, Threshold lowBalance, Plans plans) {
    this.foreign = foreign;
    this.lowBalance = new LowBalance(lowBalance, plans);
    this.plans = plans;
  }

  /** The rules without a threshold for low balances but those of the plans. */
  public CreditRules(ForeignBalance foreign, Plans plans) {
    this(foreign, Threshold.NONE, plans);
  }

  @Override
  public CreditState decode(Snapshot owner) {
    return CreditState.decode(owner);
  }

  @Override
  public Map<String, Object> changes(CreditState before, CreditState after) {
    return CreditState.changes(before, after);
  }

  @Override
  public Decision<CreditState> decide(
      CreditState state, Seen seen, Command<CreditCommand> command, Instant now) {
    Decision<CreditState> decision = decideAlone(state, seen, command, now);
    return decision instanceof Decision.Applied<CreditState> applied && !state.isErased()
        ? lowBalance.crossing(state, applied, seen, now)
        : decision;
  }

  private Decision<CreditState> decideAlone(
      CreditState state, Seen seen, Command<CreditCommand> command, Instant now) {
    CreditCommand input = command.input();
    if (state.isErased()) {
      Decision<CreditState> refusal = ErasedUser.refusal(state, seen, input, plans, now);
      if (refusal != null) {
        return refusal;
      }
      input = ErasedUser.withoutNames(input);
    }
    if (input instanceof CreditCommand.Register register) {
      return new RegistrationRules(state, seen, register, now, foreign, plans).decide();
    }
    if (!state.exists()) {
      return input instanceof CreditCommand.Job job
          ? JobRules.withoutLedger(
              state, seen, job.jobId(), job.event(), CreditOutcome.NOT_FOUND, plans, now)
          : CreditDecisions.missing(command.owner());
    }
    boolean isSweep = input instanceof CreditCommand.Sweep;
    LedgerOpener opener = new LedgerOpener(state, seen, now, foreign, plans, isSweep);
    LedgerSession session = opener.open();
    if (opener.isUnreadable()) {
      return unreadable(state, seen, input, plans, now);
    }
    if (session == null) {
      return new Decision.NeedsReads<>(opener.missing());
    }
    if (input instanceof CreditCommand.Debit debit) {
      return debit(state, session, debit);
    } else if (input instanceof CreditCommand.Grant grant) {
      return grant(state, session, grant);
    } else if (input instanceof CreditCommand.Hold hold) {
      return HoldRules.hold(state, session, seen, hold, null);
    } else if (input instanceof CreditCommand.Settle settle) {
      return HoldRules.settle(state, session, seen, settle);
    } else if (input instanceof CreditCommand.Refund refund) {
      return refund(state, session, seen, refund);
    } else if (input instanceof CreditCommand.Job job) {
      return JobRules.decide(state, session, seen, job.jobId(), job.event());
    } else if (input instanceof CreditCommand.View) {
      return CreditDecisions.settled(
          state, state, session, CreditAnswers.view(state.userId(), session, seen.refusals()));
    } else if (input instanceof CreditCommand.Sweep) {
      Map<String, Object> answer = CreditAnswers.of(session, null);
      if (opener.isWithoutFirstGrant()) {
        answer.put(CreditAnswers.GRANT, NO_FIRST_GRANT);
      }
      return CreditDecisions.settled(state, state, session, answer);
    }
    Decision<CreditState> ofUsage = new CallChargeRules(state, session, seen).decide(input);
    return ofUsage == null ? new PaymentRules(state, session, seen).decide(input) : ofUsage;
  }

  /**
   * Nothing happens to the credits of a user whose balance cannot be read. A sweep raises the
   * alert, and looks again an hour later.
   */
  static Decision<CreditState> unreadable(
      CreditState state, Seen seen, CreditCommand input, Plans plans, Instant now) {
    if (input instanceof CreditCommand.Job job) {
      return JobRules.withoutLedger(
          state, seen, job.jobId(), job.event(), CreditOutcome.BALANCE_UNREADABLE, plans, now);
    }
    if (!(input instanceof CreditCommand.Sweep)) {
      return new Decision.Refused<>(CreditOutcome.BALANCE_UNREADABLE, foundBalance(state));
    }
    if (!seen.has(BalanceAlert.read(state.userId()))) {
      return new Decision.NeedsReads<>(List.of(BalanceAlert.read(state.userId())));
    }
    List<Write> alert = BalanceAlert.raise(state, seen, now);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put(CreditAnswers.CODE, CreditOutcome.BALANCE_UNREADABLE.code());
    answer.putAll(foundBalance(state));
    Instant due = state.dueAt();
    return alert.isEmpty() && due != null && due.isAfter(now)
        ? new Decision.Unchanged<>(answer)
        : new Decision.Applied<>(state.dueAt(now.plus(LOOK_AGAIN)), answer, alert);
  }

  /** What stands in {@code credits_balance} in place of a balance, for the caller. */
  private static Map<String, Object> foundBalance(CreditState state) {
    return Map.of("found", BalanceAlert.shown(state));
  }

  @Override
  public CommandCodec<CreditCommand> codec() {
    return commands();
  }

  /** How commands of credits are handed to other instances, whatever the plans. */
  public static CommandCodec<CreditCommand> commands() {
    return Codec.OF_COMMANDS;
  }

  @Override
  public Decision.Refused<CreditState> refuseAgain(
      CreditState state, Command<CreditCommand> command, String code, Instant now) {
    CreditOutcome outcome = CreditOutcome.NOT_FOUND;
    for (CreditOutcome candidate : CreditOutcome.values()) {
      if (candidate.code().equals(code)) {
        outcome = candidate;
      }
    }
    Ledger ledger = state.ledger();
    if (outcome == CreditOutcome.BALANCE_UNREADABLE) {
      return new Decision.Refused<>(outcome, foundBalance(state));
    }
    if (outcome != CreditOutcome.INSUFFICIENT_CREDITS || ledger == null) {
      return CreditDecisions.refused(outcome);
    }
    // What is due changes the figures too, unless it would need reads: then the last ones are told.
    LedgerSession session =
        new LedgerOpener(state, NothingRead.INSTANCE, now, foreign, plans, false).open();
    LedgerSession figures =
        session == null ? new LedgerSession(state.userId(), ledger, plans, now) : session;
    return CreditDecisions.insufficient(figures, required(state, figures, command.input()));
  }

  /**
   * A user as lists show it: {@code user_id, email?, tier, stripe_customer_id?, created_at?,
   * balance_level?} and {@code balance, held, available}, with what is due by now applied where
   * that needs no reads, else as they stand in the document. A balance that cannot be read is left
   * out, and {@code balance_unreadable} is true. Nothing is written.
   */
  public Map<String, Object> listed(Snapshot user, Instant now) {
    CreditState state = decode(user);
    Map<String, Object> listed = CreditAnswers.user(state, plans);
    BalanceLevel level = state.alerting().level();
    if (level != null) {
      listed.put(Users.BALANCE_LEVEL, level.wire());
    }
    LedgerOpener opener = new LedgerOpener(state, NothingRead.INSTANCE, now, foreign, plans, false);
    LedgerSession session = opener.open();
    Ledger ledger = state.ledger();
    if (opener.isUnreadable()
        || (ledger == null && state.found() == CreditState.Found.UNREADABLE)) {
      listed.put(CreditOutcome.BALANCE_UNREADABLE.code(), true);
      return listed;
    }
    if (session == null && ledger != null) {
      session = new LedgerSession(state.userId(), ledger, plans, now);
    }
    return session == null
        ? CreditAnswers.figures(listed, state.foundBalance(), 0)
        : CreditAnswers.figures(listed, session.balance(), session.held());
  }

  private static long required(CreditState state, LedgerSession session, CreditCommand input) {
    if (input instanceof CreditCommand.Debit debit) {
      return debit.amount();
    }
    return input instanceof CreditCommand.Hold hold
        ? hold.amount()
        : CallChargeRules.required(state, session, input);
  }

  private static Decision<CreditState> debit(
      CreditState state, LedgerSession session, CreditCommand.Debit debit) {
    if (debit.amount() > session.spendable()) {
      return CreditDecisions.insufficient(session, debit.amount());
    }
    Transaction transaction =
        session.spend(
            debit.transactionId(),
            TransactionType.DEDUCTION,
            debit.amount(),
            EntryDetails.builder().jobId(debit.jobId()).description(debit.description()).build());
    return CreditDecisions.applied(state, session, CreditAnswers.of(session, transaction));
  }

  private static Decision<CreditState> grant(
      CreditState state, LedgerSession session, CreditCommand.Grant grant) {
    if (grant.expiresAt() != null && !grant.expiresAt().isAfter(session.now())) {
      return CreditDecisions.refused(CreditOutcome.ALREADY_EXPIRED);
    }
    if (grant.amount() > Ledger.MAX_BALANCE - session.balance()) {
      return CreditDecisions.refused(CreditOutcome.BALANCE_LIMIT_EXCEEDED);
    }
    Instant expiresAt = grant.expiresAt() == null ? null : Lots.roundUp(grant.expiresAt());
    Transaction transaction =
        session.give(
            grant.transactionId(),
            grant.type(),
            List.of(new LotShare(expiresAt, grant.amount())),
            true,
            EntryDetails.builder().description(grant.description()).expiresAt(expiresAt).build());
    return CreditDecisions.applied(state, session, CreditAnswers.of(session, transaction));
  }

  /**
   * Refunded credits go back to lots with the expiries that they were spent from, the latest
   * expiring first; so a refund never makes credits live longer, and what comes back to an expired
   * lot expires in the same commit. What an older system deducted has no lots and comes back
   * without expiry.
   */
  private static Decision<CreditState> refund(
      CreditState state, LedgerSession session, Seen seen, CreditCommand.Refund refund) {
    DocRef ref = new DocRef(CreditTransactions.COLLECTION, refund.reverses());
    if (!seen.has(new Read.Get(ref))) {
      return new Decision.NeedsReads<>(List.of(new Read.Get(ref)));
    }
    Transaction deduction = TransactionCodec.decode(seen.document(ref));
    if (!state.userId().equals(deduction.userId())) {
      return CreditDecisions.missing(ref);
    }
    if (deduction.amount() > -1 || deduction.type() != TransactionType.DEDUCTION) {
      return CreditDecisions.refused(CreditOutcome.NOT_REFUNDABLE);
    }
    long left = Math.max(0, -deduction.amount() - Math.max(0, deduction.refunded()));
    long amount = refund.amount() == null ? left : refund.amount();
    if (left == 0 || amount > left) {
      return new Decision.Refused<>(
          CreditOutcome.REFUND_EXCEEDS_TRANSACTION, Map.of("refundable", left));
    }
    if (amount > Ledger.MAX_BALANCE - session.balance()) {
      return CreditDecisions.refused(CreditOutcome.BALANCE_LIMIT_EXCEEDED);
    }
    return applyRefund(state, session, refund, deduction, amount);
  }

  private static Decision<CreditState> applyRefund(
      CreditState state,
      LedgerSession session,
      CreditCommand.Refund refund,
      Transaction deduction,
      long amount) {
    long refunded = Math.max(0, deduction.refunded());
    Transaction transaction =
        session.give(
            refund.transactionId(),
            TransactionType.REFUND,
            comingBack(deduction, refunded, amount),
            false,
            EntryDetails.builder()
                .jobId(deduction.details().jobId())
                .reverses(refund.reverses(), deduction.sequence())
                .reason(refund.reason())
                .plansVersion(deduction.details().plansVersion())
                .build());
    session.noteRefunded(refund.reverses(), refunded + amount);
    if (session.countRefund()) {
      session.alert(
          AlertType.REFUND_ABUSE,
          refund.transactionId(),
          "more than " + Ledger.REFUNDS_KEPT + " refunds within 30 days");
    }
    return CreditDecisions.applied(state, session, CreditAnswers.of(session, transaction));
  }

  /** The lots that a refund goes to, behind what was refunded before. */
  private static List<LotShare> comingBack(Transaction deduction, long refunded, long amount) {
    List<LotShare> spent = new ArrayList<>(deduction.lots());
    Collections.reverse(spent);
    List<LotShare> back = new ArrayList<>(OpenHold.cut(spent, refunded, amount));
    long known = back.stream().mapToLong(LotShare::amount).sum();
    if (known < amount) {
      back.add(new LotShare(null, amount - known));
    }
    return back;
  }
}
