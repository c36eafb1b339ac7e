package dev.meterkite.model.credits.payments;

import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.GrantPeriod;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.journal.Transaction;
import dev.meterkite.model.credits.ledger.CreditDecisions;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.credits.payments.PaidCredits.Purchase;
import dev.meterkite.model.credits.stripe.Billing;
import dev.meterkite.model.credits.stripe.Booking;
import dev.meterkite.model.credits.stripe.PaymentRecord;
import dev.meterkite.model.credits.stripe.PaymentRecord.Older;
import dev.meterkite.model.credits.stripe.PaymentTies;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.StripePayment.Back;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.credits.stripe.StripePayment.Sale;
import dev.meterkite.model.document.DocRef;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is paid, refunded and subscribed at Stripe, as one user's credits and tier. Events may come
 * in any order and any number of times, with the same result.
 *
 * <p>A payment's document holds facts ({@link StripePayment}), which merge whatever their order.
 * From them follows what the payment should have given and what should have been taken back; {@link
 * PaidCredits} books the difference to what was booked before. Of 100 credits for $6, $1.50
 * refunded takes 25, and $6 takes the other 75; a refund that fails brings them back.
 *
 * <p>Packages are booked in the payment's document, since they can be refunded years later; lines
 * of tiers in the user's ledger ({@link TermRules}), since they end and since invoices credit one
 * another's lines.
 *
 * <p>A subscription is what its latest event says; see {@link Subscription#ORDER}. The live one
 * gives the tier; after its end the user is {@code free}. What was granted stays until it expires.
 */
public final class PaymentRules {
  /**
   * How long money that went back may wait for the sale that it belongs to before an alert: Stripe
   * posts an event again for three days.
   */
  public static final Duration TIE_WITHIN = Duration.ofDays(4);

  private final CreditState state;
  private final LedgerSession session;
  private final List<Read> missing = new ArrayList<>();
  private final PaidCredits credits;

  public PaymentRules(CreditState state, LedgerSession session, Seen seen) {
    this.state = state;
    this.session = session;
    this.credits = new PaidCredits(session, seen, missing);
  }

  public Decision<CreditState> decide(CreditCommand input) {
    if (input instanceof CreditCommand.Pay pay) {
      return pay(pay);
    } else if (input instanceof CreditCommand.Subscribe subscribe) {
      return subscribe(subscribe);
    } else if (input instanceof CreditCommand.Introduce introduce) {
      return settled(introduce.told());
    }
    throw new IllegalArgumentException("nothing of Stripe: " + input);
  }

  private Decision<CreditState> subscribe(CreditCommand.Subscribe command) {
    String id = command.subscriptionId();
    Billing billing = state.billing().of(command.told().customerId());
    if (billing.knows(id, command.subscription())) {
      return settled(command.told());
    }
    if (DocRef.isId(id) && !billing.subscriptions().containsKey(id)) {
      session.write(PaymentTies.subscription(id, state.userId(), session.now()));
    }
    return CreditDecisions.settled(
        state,
        state.with(billing.with(id, command.subscription(), session.plans()), session.plans()),
        session);
  }

  private Decision<CreditState> settled(CreditCommand.Told told) {
    return CreditDecisions.settled(state, state.withCustomer(told.customerId()), session);
  }

  private Decision<CreditState> pay(CreditCommand.Pay pay) {
    PaymentTies ties = PaymentTies.of(pay.ids(), credits::see, session.now());
    if (!missing.isEmpty()) {
      return new Decision.NeedsReads<>(missing);
    }
    PaymentRecord merged = ties.merged();
    String owner = merged.userId();
    if (owner != null && !owner.equals(state.userId()) && merged.isSale()) {
      return CreditDecisions.refused(CreditOutcome.NOT_FOUND);
    }
    PaymentRecord told = merged.with(pay.facts()).of(state.userId());
    loseExpired(ties.found().facts(), told.facts());
    PaymentRecord booked = book(told, pay.told().eventId());
    TermRules terms = new TermRules(session, credits);
    terms.pay(told.facts().sold(), told.facts().back(), pay.told().eventId());
    if (terms.isFull()) {
      return CreditDecisions.refused(CreditOutcome.TOO_MANY_LINES);
    }
    PaymentRecord next = untied(ties.rootId(), alerted(ties.rootId(), booked));
    if (!missing.isEmpty()) {
      return new Decision.NeedsReads<>(missing);
    }
    if (credits.isOverLimit()) {
      return CreditDecisions.refused(CreditOutcome.BALANCE_LIMIT_EXCEEDED);
    }
    ties.writes(next, session.now()).forEach(session::write);
    return settled(pay.told());
  }

  /** Credits of lines that are over have expired: money that goes back for them takes nothing. */
  private void loseExpired(StripePayment before, StripePayment after) {
    before
        .sold()
        .forEach(
            (id, sale) -> {
              for (Line line : sale.lines()) {
                if (line.kind() == LineKind.WHOLE && !line.end().isAfter(session.now())) {
                  long more = after.back().of(line.credits()) - before.back().of(line.credits());
                  credits.lose(Math.max(0, more));
                }
              }
            });
  }

  /** Books the packages of a payment, and what an earlier form of its document notes. */
  private PaymentRecord book(PaymentRecord payment, @Nullable String eventId) {
    Back back = payment.facts().back();
    TreeMap<String, Booking> bookings = new TreeMap<>(payment.bookings());
    Older older = payment.older();
    Map<String, Long> packages = packages(payment);
    for (Map.Entry<String, Sale> sale : payment.facts().sold().entrySet()) {
      String id = CreditRefs.packages(sale.getKey()).id();
      long sold = packages.getOrDefault(sale.getKey(), 0L);
      Booking before = bookings.getOrDefault(sale.getKey(), Booking.NONE);
      if (older != null && (older.transactionId().equals(id) || isGrant(older, sale.getValue()))) {
        older = null; // the sale says the same, and finds the transaction
      }
      if (sold > 0 || before.given() > 0) {
        Purchase purchase = new Purchase(id, TransactionType.PURCHASE, null, null, null, eventId);
        bookings.put(sale.getKey(), booked(purchase, sold, back.of(sold), before));
      }
    }
    return payment.booked(bookings, older == null ? null : bookOlder(older, back, eventId));
  }

  /**
   * The packages that each sale gives. An invoice that replaces a session which has given the same
   * before leaves it at that: those credits may be spent, and could not be taken back.
   */
  private static Map<String, Long> packages(PaymentRecord payment) {
    Map<String, Long> packages = new TreeMap<>();
    payment.facts().sold().forEach((id, sale) -> packages.put(id, sale.packages()));
    for (Map.Entry<String, Booking> booked : new TreeMap<>(payment.bookings()).entrySet()) {
      long replaced = booked.getValue().given() - packages.getOrDefault(booked.getKey(), 0L);
      for (Map.Entry<String, Sale> sale : payment.facts().sold().entrySet()) {
        String id = sale.getKey();
        long given = payment.bookings().getOrDefault(id, Booking.NONE).given();
        long moved = Math.min(replaced, packages.getOrDefault(id, 0L) - given);
        if (moved > 0) {
          packages.merge(id, -moved, Math::addExact);
          packages.merge(booked.getKey(), moved, Math::addExact);
          replaced -= moved;
        }
      }
    }
    return packages;
  }

  private Booking booked(Purchase purchase, long sold, long due, Booking before) {
    return PaidCredits.isBooked(sold, due, 0, before) && before.given() > 0
        ? before
        : credits.book(purchase, sold, due, 0, before);
  }

  private boolean isGrant(Older older, Sale sale) {
    return sale.lines().stream()
        .filter(line -> line.kind() == LineKind.WHOLE)
        .map(line -> List.of(line.tier(), GrantPeriod.day(line.start())))
        .map(each -> CreditRefs.monthlyGrant(state.userId(), each.get(0), each.get(1)).id())
        .anyMatch(older.transactionId()::equals);
  }

  private Older bookOlder(Older older, Back back, @Nullable String eventId) {
    long due = back.of(older.credits());
    if (due == older.due()) {
      return older;
    }
    Transaction bought = credits.transaction(older.transactionId());
    Instant expiresAt = bought == null ? null : bought.details().expiresAt();
    Purchase purchase =
        new Purchase(
            older.transactionId(),
            TransactionType.ADMIN_ADJUSTMENT,
            expiresAt,
            null,
            null,
            eventId);
    Booking noted = PaidCredits.given(purchase, bought);
    credits.book(
        purchase,
        older.credits(),
        due,
        0,
        new Booking(older.credits(), older.due(), 0, noted.taken()));
    return new Older(older.transactionId(), older.credits(), due);
  }

  /** One alert a payment of credits that were gone; resolved when all its money has come back. */
  private PaymentRecord alerted(String id, PaymentRecord payment) {
    AlertSubject user = AlertSubject.user(state.userId());
    String incident = "missing " + id;
    if (credits.lost() == 0) {
      if (payment.alertedAt() != null && payment.facts().back().back() == 0) {
        resolve(Alerts.ref(AlertType.REFUND_ABUSE, user, incident));
      }
      return payment;
    }
    Instant at = payment.alertedAt() == null ? session.now() : payment.alertedAt();
    String what = credits.lost() + " of " + credits.wanted() + " credits are gone";
    session.write(
        Alerts.once(
            AlertType.REFUND_ABUSE,
            user,
            incident,
            "payment " + id + " was refunded, but " + what,
            at));
    return payment.alerted(at);
  }

  /**
   * An alert of money that went back for no known sale, once the sale has had its time to come; it
   * is resolved when the sale comes after all.
   */
  private PaymentRecord untied(String id, PaymentRecord payment) {
    boolean isUntied = !payment.isSale() && payment.facts().back().back() > 0;
    String open = payment.untiedAlert();
    if (!isUntied) {
      if (open != null) {
        resolve(Alerts.ref(AlertType.REFUND_ABUSE, AlertSubject.user(state.userId()), open));
      }
      return payment.untied(null, null);
    }
    Instant due = payment.tieDueAt() == null ? session.now().plus(TIE_WITHIN) : payment.tieDueAt();
    if (open != null || due.isAfter(session.now())) {
      return payment.untied(open == null ? due : null, open);
    }
    session.write(
        Alerts.once(
            AlertType.REFUND_ABUSE,
            AlertSubject.user(state.userId()),
            "untied " + id,
            "payment " + id + " was refunded, and nothing is known that it sold",
            session.now()));
    return payment.untied(null, "untied " + id);
  }

  private void resolve(DocRef alert) {
    Map<String, Object> changes = Alerts.resolve(credits.see(alert), session.now());
    if (!changes.isEmpty()) {
      session.write(new Write.Update(alert, changes));
    }
  }
}
