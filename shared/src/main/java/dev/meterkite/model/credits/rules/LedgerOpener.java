package dev.meterkite.model.credits.rules;

import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.GrantPeriod;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.holds.CreditHold;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.holds.HoldNote;
import dev.meterkite.model.credits.journal.EntryDetails;
import dev.meterkite.model.credits.journal.LedgerChain;
import dev.meterkite.model.credits.journal.Transaction;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.BalanceAlert;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.CreditState.Found;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.credits.ledger.MonthlyGrant;
import dev.meterkite.model.credits.lots.Holds;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.payments.PaidCredits;
import dev.meterkite.model.credits.payments.TermRules;
import dev.meterkite.model.credits.stripe.PaymentCodec;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.Terms;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.UserTier;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.schema.Queries;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Opens a session on a user's ledger, with everything applied that is due by now.
 *
 * <p>In this order: the ledger as it stands, or a first one, or one rebuilt; a balance that another
 * program changed; lapsed holds; expired lots; the monthly grant of the present period; the present
 * month of lines that are paid for longer.
 *
 * <p><b>A first ledger.</b> A positive {@code credits_balance} becomes one {@code admin_adjustment}
 * at sequence 1, in a lot that never expires. Somebody has kept that balance until now, so it
 * contains what this period grants: the present period counts as granted, the next one is the first
 * that grants. So a user of the free tier found in November with 100 has 100, and from December 1
 * also the 10 of December. A balance of 0 is known just as well, unless the user registered in the
 * present period: such a user, and one <em>without</em> {@code credits_balance}, is new and gets
 * the present period's grant at once.
 *
 * <p><b>A balance that cannot be read</b> ({@code 100.5}, {@code "100"}, −5, beyond 2^53) beside no
 * ledger opens nothing: {@link #isUnreadable}. Nor does anything happen to a user with a ledger
 * whose balance is to be adopted from another program and cannot be read; where the ledger counts
 * ({@link ForeignBalance#PUT_BACK}), its figure is written back and the alert has what stood there.
 * Once the balance can be read it is taken over, and the alert resolves.
 *
 * <p><b>A lost ledger.</b> There is none (a {@code set()} wiped it), or it contradicts itself, yet
 * transactions with a sequence exist: sequence, balance and hash come from the last of them, the
 * holds from the documents that say they are open; an alert says so. Which lots the balance stood
 * in cannot be known without reading the whole history, so it becomes one lot that never expires,
 * and what was accrued below a credit is gone, both in the user's favour. The lines of invoices
 * that run come from the payments at Stripe.
 *
 * <p><b>Periods</b> are calendar months in UTC. A grant is due when the ledger has none for the
 * period, or a smaller one (the tier was raised); never for users whom a Stripe subscription
 * renews, for a tier without monthly credits, or for a word that is no tier. Its id is made of
 * user, tier and period, and it is looked for first, so that a ledger that was lost cannot have it
 * twice.
 */
final class LedgerOpener {
  /** Maximum number of payments looked through for paid lines when a ledger was lost. */
  private static final int MAX_PAYMENTS = 300;

  private final CreditState state;
  private final Seen seen;
  private final Instant now;
  private final ForeignBalance foreign;
  private final Plans plans;
  private final List<Read> missing = new ArrayList<>();
  private final boolean isSweep;
  private boolean isFirst;
  private boolean isRebuilt;
  private boolean unreadable;

  /**
   * @param isSweep whether the alert of an unreadable balance is looked for wherever there could be
   *     one; else only where the balance just changed
   */
  LedgerOpener(
      CreditState state,
      Seen seen,
      Instant now,
      ForeignBalance foreign,
      Plans plans,
      boolean isSweep) {
    this.state = state;
    this.seen = seen;
    this.now = now;
    this.foreign = foreign;
    this.plans = plans;
    this.isSweep = isSweep;
  }

  /** Whether there is no session because the user's balance cannot be read. */
  boolean isUnreadable() {
    return unreadable;
  }

  /**
   * Whether a user was opened with a balance of 0 and without {@code created_at}, so that nobody
   * knows whether this period's grant was given: its first one is the next period's.
   */
  boolean isWithoutFirstGrant() {
    return isFirst
        && !isNew()
        && state.registeredAt() == null
        && state.foundBalance() == 0
        && !state.subscribed()
        && presentGrant().credits() > 0;
  }

  /**
   * What has to be read before the session can be opened; empty once {@link #open} has returned it.
   */
  List<Read> missing() {
    return missing;
  }

  /** The session, or null when something is {@link #missing} or {@link #isUnreadable}. */
  @Nullable LedgerSession open() {
    LedgerSession session =
        state.ledger() == null
            ? firstBook()
            : new LedgerSession(state.userId(), state.ledger(), plans, now);
    if (session == null) {
      return null;
    }
    if (!isFirst && foreign == ForeignBalance.ADOPT) {
      if (state.found() == Found.UNREADABLE) {
        unreadable = true;
        return null;
      }
      if (isSweep || !agrees(session)) {
        readable(session);
      }
    }
    if (!isFirst && !agrees(session)) {
      foreignBalance(session);
    }
    lapse(session);
    session.expire();
    if (isRebuilt) {
      payments(session);
    }
    Instant due = session.terms().dueAt();
    if (due != null && !due.isAfter(now)) {
      new TermRules(session, new PaidCredits(session, seen, missing)).open();
    }
    monthlyGrant(session); // the months that are paid are known by now, and not given twice
    return missing.isEmpty() ? session : null;
  }

  /** Lets the holds that are due lapse; their credits go back to their lots. */
  private static void lapse(LedgerSession session) {
    session.lapsed().forEach(hold -> session.release(hold, HoldStatus.EXPIRED));
  }

  private @Nullable LedgerSession firstBook() {
    Query last = Queries.lastTransactionOfUser(state.userId());
    boolean lacks = isMissing(new Read.Find(last));
    if (isMissing(BalanceAlert.read(state.userId())) || lacks) {
      return null;
    }
    List<Snapshot> found = seen.found(last);
    if (!found.isEmpty()) {
      return rebuiltBook(TransactionCodec.decode(found.get(0)));
    }
    if (state.found() == Found.UNREADABLE || (state.ledgerBroken() && !isKnown())) {
      unreadable = true;
      return null;
    }
    isFirst = true;
    LedgerSession session = new LedgerSession(state.userId(), Ledger.EMPTY, plans, now);
    readable(session);
    if (state.ledgerBroken()) {
      session.alert(
          AlertType.LEDGER_MISMATCH,
          "opening",
          "the ledger found at the first use cannot be read: opened with " + state.foundBalance());
    }
    if (!isNew()) {
      session.grant(presentGrant());
    }
    if (state.foundBalance() > 0) {
      session.give(
          CreditRefs.openingBalance(state.userId()).id(),
          TransactionType.ADMIN_ADJUSTMENT,
          List.of(new LotShare(null, state.foundBalance())),
          true,
          EntryDetails.builder().description("opening balance").build());
    }
    return session;
  }

  /** The balance can be read: an alert that it could not is resolved. */
  private void readable(LedgerSession session) {
    Read alert = BalanceAlert.read(state.userId());
    if (!isMissing(alert)) {
      BalanceAlert.resolve(state.userId(), seen, now).forEach(session::write);
    }
  }

  private boolean isKnown() {
    return state.found() == Found.KNOWN;
  }

  /** Whether nobody can have granted anything for the present period yet. */
  private boolean isNew() {
    Instant registered = state.registeredAt();
    return state.found() == Found.ABSENT
        || (isKnown()
            && state.foundBalance() == 0
            && registered != null
            && !registered.isBefore(GrantPeriod.start(now)));
  }

  /** Looks up which lines that are paid have not ended; they were lost with the ledger. */
  private void payments(LedgerSession session) {
    Query payments = Queries.paymentsOfUser(state.userId(), MAX_PAYMENTS);
    if (isMissing(new Read.Find(payments))) {
      return;
    }
    TermRules rules = new TermRules(session, new PaidCredits(session, seen, missing));
    for (Snapshot document : seen.found(payments)) {
      StripePayment facts = PaymentCodec.decode(document).facts();
      rules.pay(facts.sold(), facts.back(), null);
    }
  }

  private @Nullable LedgerSession rebuiltBook(Transaction last) {
    Query holds = Queries.holdsOfUserInStatus(state.userId(), HoldStatus.HELD.wire(), Holds.MAX);
    Read opener = new Read.Get(CreditRefs.openingBalance(state.userId()));
    boolean lacks = isMissing(new Read.Find(holds));
    if (isMissing(opener) || lacks) {
      return null;
    }
    isRebuilt = true;
    long sequence = last.sequence() == null ? 1 : Math.max(1, last.sequence());
    long balance = last.balanceAfter() == null ? 0 : Math.max(0, last.balanceAfter());
    String hash = last.hash();
    Lots lots = balance == 0 ? Lots.NONE : Lots.NONE.give(null, balance, true);
    LedgerSession session =
        new LedgerSession(
            state.userId(),
            new Ledger(
                sequence,
                balance,
                hash != null && LedgerChain.isHash(hash) ? hash : LedgerChain.FIRST,
                lots,
                Holds.NONE,
                openingGrant(),
                Terms.NONE,
                List.of(),
                sequence,
                ExactMicros.ZERO),
            plans,
            now);
    seen.found(holds).forEach(hold -> reopen(session, hold));
    session.alert(
        AlertType.LEDGER_MISMATCH,
        "rebuilt at " + sequence,
        "the ledger was lost and is rebuilt from transaction " + sequence);
    return session;
  }

  /** Whether the opening balance was taken over in the present period, which then had its grant. */
  private @Nullable MonthlyGrant openingGrant() {
    Instant opened =
        TransactionCodec.decode(seen.document(CreditRefs.openingBalance(state.userId())))
            .createdAt();
    boolean inPeriod = opened != null && !opened.isBefore(GrantPeriod.start(now));
    return inPeriod ? presentGrant() : null;
  }

  private MonthlyGrant presentGrant() {
    String period = GrantPeriod.day(GrantPeriod.start(now));
    return state
        .tier(plans)
        .map(tier -> new MonthlyGrant(period, tier.word(), tier.monthlyCredits()))
        .orElseGet(() -> new MonthlyGrant(period, String.valueOf(state.tier()), 0));
  }

  /** Pins the credits of a hold again; one that no longer fits is released. */
  private void reopen(LedgerSession session, Snapshot document) {
    CreditHold hold = HoldCodec.decode(document);
    long amount = hold.amount();
    Instant expiresAt = hold.expiresAt();
    String jobId = hold.jobId();
    DocRef ref = document.ref();
    boolean fits =
        amount >= 1
            && expiresAt != null
            && amount <= session.available()
            && !session.isFullFor(ref.id(), amount, jobId, expiresAt);
    if (fits && expiresAt != null) {
      session.open(ref.id(), amount, jobId, expiresAt);
    } else {
      session.close(ref, new HoldNote.End(HoldStatus.RELEASED, 0, null, now));
    }
  }

  private boolean agrees(LedgerSession session) {
    return isKnown() && state.foundBalance() == session.balance();
  }

  /**
   * Deals with a {@code credits_balance} that is not the ledger's. Adopting never goes below what
   * open holds set aside; one that is gone is put back.
   */
  private void foreignBalance(LedgerSession session) {
    long booked = session.balance();
    long wanted = Math.max(state.foundBalance(), session.held());
    boolean adopts = foreign == ForeignBalance.ADOPT && isKnown();
    if (adopts && wanted != booked) {
      EntryDetails details =
          EntryDetails.builder().description("balance changed by another program").build();
      if (wanted > booked) {
        List<LotShare> difference = List.of(new LotShare(null, wanted - booked));
        session.give(
            session.entryId(), TransactionType.ADMIN_ADJUSTMENT, difference, true, details);
      } else {
        session.spend(
            session.entryId(), TransactionType.ADMIN_ADJUSTMENT, booked - wanted, details);
      }
    }
    session.alert(
        AlertType.LEDGER_MISMATCH,
        "balance at " + session.sequence(),
        "credits_balance was "
            + (isKnown() ? state.foundBalance() : BalanceAlert.shown(state))
            + " beside a ledger of "
            + booked
            + (adopts ? ": adopted as " + session.balance() : ": put back"));
  }

  /**
   * The tier whose monthly grant is due now; see the class comment. Within a period only another
   * tier can grant more: what plans change for the same one begins with the next period.
   */
  private static Optional<UserTier> dueGrant(
      CreditState state, @Nullable MonthlyGrant last, Plans plans, Instant now) {
    if (state.subscribed() || state.isErased()) {
      return Optional.empty();
    }
    return state
        .tier(plans)
        .filter(tier -> tier.monthlyCredits() > 0)
        .filter(
            tier -> {
              int age =
                  last == null
                      ? -1
                      : last.period().compareTo(GrantPeriod.day(GrantPeriod.start(now)));
              return last == null
                  || age < 0
                  || (age == 0
                      && !last.tier().equals(tier.word())
                      && last.credits() < tier.monthlyCredits());
            });
  }

  private void monthlyGrant(LedgerSession session) {
    Optional<UserTier> due = dueGrant(state, session.grant(), plans, now);
    if (due.isEmpty()) {
      return;
    }
    UserTier tier = due.get();
    Instant start = GrantPeriod.start(now);
    String period = GrantPeriod.day(start);
    DocRef ref = CreditRefs.monthlyGrant(state.userId(), tier.word(), period);
    boolean granted = false;
    if (!isFirst) {
      // A user without any transaction has had no grant: one read less for each new user.
      if (isMissing(new Read.Get(ref))) {
        return;
      }
      granted = seen.document(ref).exists();
    }
    if (!granted && session.balance() <= Ledger.MAX_BALANCE - tier.monthlyCredits()) {
      Instant end = GrantPeriod.next(now);
      session.give(
          ref.id(),
          TransactionType.SUBSCRIPTION_GRANT,
          List.of(new LotShare(end, tier.monthlyCredits())),
          true,
          EntryDetails.builder()
              .description("monthly credits of " + tier.word())
              .expiresAt(end)
              .periodStart(start)
              .build());
    }
    session.grant(new MonthlyGrant(period, tier.word(), tier.monthlyCredits()));
  }

  private boolean isMissing(Read read) {
    if (seen.has(read)) {
      return false;
    }
    missing.add(read);
    return true;
  }
}
