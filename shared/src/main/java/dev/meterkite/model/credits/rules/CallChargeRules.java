package dev.meterkite.model.credits.rules;

import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.commands.UsageCharge;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.holds.HoldNote;
import dev.meterkite.model.credits.journal.CallCharge;
import dev.meterkite.model.credits.journal.EntryDetails;
import dev.meterkite.model.credits.journal.Transaction;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.CreditAnswers;
import dev.meterkite.model.credits.ledger.CreditDecisions;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.credits.lots.OpenHold;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.Priced;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Calls of models charged to a ledger, exact below a credit.
 *
 * <p>A ledger keeps what was consumed and is not yet deducted ({@link Ledger#accrued}). A charge is
 * added to it, whole credits are deducted, the rest stays. With a credit of 10,000 micro-USD, three
 * calls of 4,000 deduct 0, 0 and 1 credit, and 2,000 micro-USD stay. The deductions of any number
 * of calls are the sum of their exact charges, rounded down, in whatever order and commits.
 *
 * <p>A debit is refused where the available credits do not cover it together with what is accrued.
 * A capture is refused where the charge is more than the hold, or with {@code overage} deducted as
 * far as credits are available; an alert has the rest.
 */
final class CallChargeRules {
  /** How long an idempotency record is kept. */
  private static final Duration KEPT = Duration.ofDays(30);

  private final CreditState state;
  private final LedgerSession session;
  private final Seen seen;
  private final String tier;

  CallChargeRules(CreditState state, LedgerSession session, Seen seen) {
    this.state = state;
    this.session = session;
    this.seen = seen;
    this.tier = tier(state, session);
  }

  private static String tier(CreditState state, LedgerSession session) {
    return state.tier() == null ? session.plans().firstTier().word() : state.tier();
  }

  /** Decides one of the commands of usage; null for another command. */
  @Nullable Decision<CreditState> decide(CreditCommand input) {
    if (input instanceof CreditCommand.DebitUsage debit) {
      return debit(debit);
    } else if (input instanceof CreditCommand.HoldUsage hold) {
      return hold(hold);
    } else if (input instanceof CreditCommand.SettleUsage settle) {
      return settle(settle);
    }
    return null;
  }

  /** The credits that a refused command needs, what is accrued included; 0 where it is unknown. */
  static long required(CreditState state, LedgerSession session, CreditCommand input) {
    UsageCharge usage =
        input instanceof CreditCommand.DebitUsage debit
            ? debit.usage()
            : input instanceof CreditCommand.HoldUsage hold ? hold.usage() : null;
    if (usage == null || !(usage.priced() instanceof Priced.Known known)) {
      return 0;
    }
    ExactMicros charge = usage.charge(known, tier(state, session));
    ExactMicros needed =
        input instanceof CreditCommand.HoldUsage ? charge : session.accrued().plus(charge);
    return needed.partsToCover(usage.book().creditMicros());
  }

  private Decision<CreditState> debit(CreditCommand.DebitUsage debit) {
    UsageCharge usage = debit.usage();
    if (!(usage.priced() instanceof Priced.Known known)) {
      return unknown(usage);
    }
    ExactMicros credit = ExactMicros.of(usage.book().creditMicros());
    ExactMicros total = session.accrued().plus(usage.charge(known, tier));
    if (total.compareTo(credit.times(session.available())) > 0) {
      return CreditDecisions.insufficient(session, total.partsToCover(credit.micros()));
    }
    long credits = total.wholePartsOf(credit.micros());
    session.accrued(total.minus(credit.times(credits)));
    EntryDetails details =
        details(usage, known).jobId(debit.jobId()).description(debit.description()).build();
    Transaction transaction = null;
    if (credits > 0) {
      transaction =
          session.spend(debit.transactionId(), TransactionType.DEDUCTION, credits, details);
    } else {
      record(debit.recordId(), details);
    }
    return CreditDecisions.applied(
        state, session, answer(CreditAnswers.of(session, transaction), usage, known));
  }

  /**
   * The idempotency record of a debit by which no whole credit fell: it keeps what a transaction
   * would.
   */
  private void record(String id, EntryDetails details) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(IdempotencyKeys.OPERATION, CreditCommands.DEBIT);
    fields.put(IdempotencyKeys.OWNER, CreditRefs.user(state.userId()).toString());
    TransactionCodec.encode(fields, details);
    fields.put(IdempotencyKeys.CREATED_AT, session.now());
    fields.put(IdempotencyKeys.EXPIRE_AT, session.now().plus(KEPT));
    session.write(new Write.Create(new DocRef(IdempotencyKeys.COLLECTION, id), fields));
  }

  private Decision<CreditState> hold(CreditCommand.HoldUsage hold) {
    UsageCharge usage = hold.usage();
    if (!(usage.priced() instanceof Priced.Known known)) {
      return unknown(usage);
    }
    ExactMicros charge = usage.charge(known, tier);
    if (charge.isZero()) {
      return new Decision.Refused<>(CreditOutcome.NOTHING_TO_HOLD, Map.of());
    }
    long amount = charge.partsToCover(usage.book().creditMicros());
    if (amount > Ledger.MAX_BALANCE) {
      return CreditDecisions.insufficient(session, amount);
    }
    Decision<CreditState> decision =
        HoldRules.hold(
            state,
            session,
            seen,
            new CreditCommand.Hold(hold.holdId(), amount, hold.jobId(), hold.expiresIn()),
            usage.explained(known, tier));
    return decision instanceof Decision.Applied<CreditState> applied
        ? new Decision.Applied<>(
            applied.next(),
            answer(new LinkedHashMap<>(applied.answer()), usage, known),
            applied.writes())
        : decision;
  }

  private Decision<CreditState> settle(CreditCommand.SettleUsage settle) {
    OpenHold hold = session.hold(settle.holdId());
    if (hold == null) {
      return HoldRules.settleClosed(state, session, seen, settle.holdId());
    }
    UsageCharge usage = settle.usage();
    if (usage == null) {
      return settleAmount(settle, hold);
    }
    if (!(usage.priced() instanceof Priced.Known known)) {
      return unknown(usage);
    }
    ExactMicros credit = ExactMicros.of(usage.book().creditMicros());
    ExactMicros charge = usage.charge(known, tier);
    boolean over = charge.compareTo(credit.times(hold.amount())) > 0;
    if (over && !settle.overage()) {
      return exceeds(hold, charge.partsToCover(credit.micros()));
    }
    ExactMicros total = session.accrued().plus(charge);
    long payable = Math.addExact(hold.amount(), session.available());
    long credits = Math.min(payable, total.wholePartsOf(credit.micros()));
    ExactMicros rest = total.minus(credit.times(credits));
    boolean unpaid = over && total.compareTo(credit.times(payable)) > 0;
    session.accrued(unpaid ? ExactMicros.ZERO : rest);
    Map<String, Object> answer = capture(settle, hold, credits, usage.explained(known, tier));
    if (unpaid) {
      alert(hold, rest.text() + " micro-USD");
      answer.put(CreditAnswers.UNPAID_MICROS, rest.microsRoundedUp());
    }
    return CreditDecisions.applied(state, session, answer(answer, usage, known));
  }

  /** A capture of whole credits that may be more than the hold. */
  private Decision<CreditState> settleAmount(CreditCommand.SettleUsage settle, OpenHold hold) {
    long beyond = Math.max(0, settle.amount() - hold.amount());
    if (beyond > 0 && !settle.overage()) {
      return exceeds(hold, settle.amount());
    }
    long paid = Math.min(beyond, Math.max(0, session.spendable()));
    Map<String, Object> answer = capture(settle, hold, settle.amount() - beyond + paid, null);
    if (paid < beyond) {
      alert(hold, beyond - paid + " credits");
      answer.put(CreditAnswers.UNPAID_CREDITS, beyond - paid);
    }
    return CreditDecisions.applied(state, session, answer);
  }

  /** Spends from a hold, and what is more from what is free. */
  private Map<String, Object> capture(
      CreditCommand.SettleUsage settle, OpenHold hold, long credits, @Nullable CallCharge charge) {
    long held = Math.min(credits, hold.amount());
    Map<String, Object> answer = HoldCodec.shown(state.userId(), hold, HoldStatus.CAPTURED);
    EntryDetails.Builder details = EntryDetails.ofCapture(hold);
    if (charge != null) {
      details.charge(charge, session.accrued().micros());
    }
    Transaction transaction = session.capture(hold, settle.transactionId(), held, details.build());
    if (transaction == null && charge != null) {
      HoldNote.Charged charged = new HoldNote.Charged(charge, session.accrued().micros());
      session.note(HoldCodec.ref(hold.holdId()), note -> note.charge(charged));
    }
    answer.put(CreditHolds.CAPTURED, held);
    Transaction beyond = null;
    if (credits > held) {
      beyond =
          session.spend(
              Ids.uuid("overage", hold.holdId()),
              TransactionType.DEDUCTION,
              credits - held,
              EntryDetails.builder()
                  .jobId(hold.jobId())
                  .description("beyond hold " + hold.holdId())
                  .build());
    }
    Map<String, Object> all = CreditAnswers.of(session, answer, transaction);
    if (beyond != null) {
      all.put(CreditAnswers.OVERAGE_TRANSACTION, TransactionCodec.shown(beyond));
    }
    return all;
  }

  private void alert(OpenHold hold, String rest) {
    session.alert(
        AlertType.JOB_UNPAID,
        "hold " + hold.holdId(),
        "a call used more than its hold, and " + rest + " of it could not be paid");
  }

  private static Decision<CreditState> exceeds(OpenHold hold, long required) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put(CreditAnswers.HELD, hold.amount());
    figures.put(CreditAnswers.REQUIRED, required);
    return new Decision.Refused<>(CreditOutcome.CAPTURE_EXCEEDS_HOLD, figures);
  }

  private static Decision<CreditState> unknown(UsageCharge usage) {
    return new Decision.Refused<>(
        CreditOutcome.UNKNOWN_PRICE, usage.figures((Priced.Unknown) usage.priced()));
  }

  /** What the entry of a charge keeps; what is accrued is that after the charge. */
  private EntryDetails.Builder details(UsageCharge usage, Priced.Known known) {
    return EntryDetails.builder().charge(usage.explained(known, tier), session.accrued().micros());
  }

  private Map<String, Object> answer(
      Map<String, Object> answer, UsageCharge usage, Priced.Known known) {
    TransactionCodec.encodeCost(answer, usage.explained(known, tier));
    answer.put(CreditAnswers.ACCRUED_MICROS, session.accrued().micros());
    return answer;
  }
}
