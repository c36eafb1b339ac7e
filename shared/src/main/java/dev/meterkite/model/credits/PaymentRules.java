package dev.meterkite.model.credits;

import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.time.Period;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is paid, refunded and subscribed at Stripe, as one user's credits and tier. Whatever is told
 * may be told again, and in any order, with the same end.
 *
 * <p><b>A purchase</b> gives its credits once. The credits of a tier have the id of user, tier and
 * period, which the calendar uses too: whoever comes first gives them.
 *
 * <p><b>A refund</b> takes back what its payment had bought, in proportion to all that was refunded
 * of it, rounded down: of 100 credits for $6, $1.50 refunded takes 25, and $6 takes the other 75.
 * They come from the lot that the purchase went to, then from those that live longest. Credits that
 * are held or spent are not there to be taken, and the balance never falls below zero: then an
 * alert says how many are missing, and they stay missing, whatever is bought later. Credits of a
 * period that is over have expired and are no more looked for. A refund that is heard of before its
 * purchase waits in {@code stripe_payments}, with an alert, and is taken in the commit that gives.
 *
 * <p><b>A subscription</b> is what its latest event says; see {@link Subscription#ORDER}. The live
 * one gives the tier; after its end the user is {@code free}. What was granted stays until it
 * expires.
 */
final class PaymentRules {
  private final CreditState state;
  private final Book book;
  private final Seen seen;
  private final List<Read> missing = new ArrayList<>();

  PaymentRules(CreditState state, Book book, Seen seen) {
    this.state = state;
    this.book = book;
    this.seen = seen;
  }

  Decision<CreditState> decide(CreditCommand input) {
    if (input instanceof CreditCommand.Purchase purchase) {
      return purchase(purchase);
    } else if (input instanceof CreditCommand.TakeBack takeBack) {
      return takeBack(takeBack);
    } else if (input instanceof CreditCommand.Subscribe subscribe) {
      return subscribe(subscribe);
    } else if (input instanceof CreditCommand.Introduce introduce) {
      return settled(introduce.told());
    }
    throw new IllegalArgumentException("nothing of Stripe: " + input);
  }

  private Decision<CreditState> subscribe(CreditCommand.Subscribe command) {
    Billing billing = state.billing().of(command.told().customerId());
    boolean isOld = billing.knows(command.subscriptionId(), command.subscription());
    CreditState next =
        isOld
            ? state.withCustomer(command.told().customerId())
            : state.with(billing.with(command.subscriptionId(), command.subscription()));
    return CreditRules.settled(state, next, book);
  }

  private Decision<CreditState> settled(CreditCommand.Told told) {
    return CreditRules.settled(state, state.withCustomer(told.customerId()), book);
  }

  private Decision<CreditState> purchase(CreditCommand.Purchase purchase) {
    DocRef bought = CreditCommands.bought(state.userId(), purchase);
    Snapshot before = see(bought);
    Snapshot payment =
        purchase.paymentId() == null ? null : see(CreditCommands.payment(purchase.paymentId()));
    if (!missing.isEmpty()) {
      return new Decision.NeedsReads<>(missing);
    }
    if (!before.exists() && book.created(bought) == null) {
      CreditOutcome refusal = refusal(purchase);
      if (refusal != null) {
        return CreditRules.refused(refusal);
      }
      give(bought.id(), purchase);
    }
    if (payment != null && Raw.text(payment.fields(), StripePayments.TRANSACTION_ID) == null) {
      Map<String, Object> linked = new LinkedHashMap<>(payment.fields());
      linked.put(StripePayments.USER_ID, state.userId());
      linked.put(StripePayments.TRANSACTION_ID, bought.id());
      linked.put(StripePayments.CREDITS, purchase.amount());
      Map<String, Object> created = book.created(bought);
      collect(payment.ref(), linked, created == null ? before.fields() : created, purchase.told());
    }
    return settled(purchase.told());
  }

  private @Nullable CreditOutcome refusal(CreditCommand.Purchase purchase) {
    Period period = purchase.period();
    if (period != null && !period.end().isAfter(book.now())) {
      return CreditOutcome.ALREADY_EXPIRED;
    }
    return purchase.amount() > CreditRules.MAX_BALANCE - book.balance()
        ? CreditOutcome.BALANCE_LIMIT_EXCEEDED
        : null;
  }

  private void give(String id, CreditCommand.Purchase purchase) {
    SubscriptionTier tier = purchase.tier();
    Period period = purchase.period();
    Book.Labels labels =
        new Book.Labels().with(CreditTransactions.STRIPE_EVENT_ID, purchase.told().eventId());
    if (tier == null || period == null) {
      List<LotShare> forGood = List.of(new LotShare(null, purchase.amount()));
      book.give(id, TransactionType.PURCHASE, forGood, true, labels);
      return;
    }
    Instant end = Lots.roundUp(period.end());
    labels
        .with(CreditTransactions.DESCRIPTION, "monthly credits of " + tier.wire())
        .with(CreditTransactions.EXPIRES_AT, end)
        .with(CreditTransactions.PERIOD_START, period.start());
    List<LotShare> untilRenewal = List.of(new LotShare(end, purchase.amount()));
    book.give(id, TransactionType.SUBSCRIPTION_GRANT, untilRenewal, true, labels);
    String day = CreditRules.day(period.start());
    MonthlyGrant last = book.grant();
    if (last == null || last.period().compareTo(day) <= 0) {
      book.grant(new MonthlyGrant(day, tier.wire(), purchase.amount()));
    }
  }

  private Decision<CreditState> takeBack(CreditCommand.TakeBack command) {
    Snapshot payment = see(CreditCommands.payment(command.paymentId()));
    String boughtId = Raw.text(payment.fields(), StripePayments.TRANSACTION_ID);
    Snapshot bought = boughtId == null ? null : see(CreditCommands.transaction(boughtId));
    if (!missing.isEmpty()) {
      return new Decision.NeedsReads<>(missing);
    }
    String owner = Raw.text(payment.fields(), StripePayments.USER_ID);
    if (owner != null && !owner.equals(state.userId())) {
      return CreditRules.refused(CreditOutcome.NOT_FOUND);
    }
    if (command.refunded() <= Raw.whole(payment.fields(), StripePayments.AMOUNT_REFUNDED, 0)) {
      return settled(command.told());
    }
    Map<String, Object> refunded = new LinkedHashMap<>(payment.fields());
    refunded.put(StripePayments.USER_ID, state.userId());
    refunded.put(StripePayments.CHARGE_ID, command.chargeId());
    refunded.put(StripePayments.AMOUNT_PAID, command.paid());
    refunded.put(StripePayments.AMOUNT_REFUNDED, command.refunded());
    collect(payment.ref(), refunded, bought == null ? Map.of() : bought.fields(), command.told());
    return settled(command.told());
  }

  /**
   * Takes back what is due of a payment by now and was not dealt with before.
   *
   * @param payment the payment as it is to stand
   * @param bought the transaction that it bought; of no matter while that is not known
   */
  private void collect(
      DocRef ref,
      Map<String, Object> payment,
      Map<String, Object> bought,
      CreditCommand.Told told) {
    String boughtId = Raw.text(payment, StripePayments.TRANSACTION_ID);
    String chargeId = Raw.text(payment, StripePayments.CHARGE_ID);
    if (boughtId == null) {
      alert(ref, "was refunded before what it bought was known");
    } else if (chargeId != null) {
      long due = due(payment);
      long dealtWith = Raw.whole(payment, StripePayments.CREDITS_DUE, 0);
      payment.put(StripePayments.CREDITS_DUE, due);
      long more = Math.min(due - dealtWith, notRefunded(bought));
      if (more > 0) {
        String id =
            Ids.uuid("stripe-refund", chargeId, Long.toString(due)); // never twice for one sum
        take(ref, id, CreditCommands.transaction(boughtId), bought, more, told);
      }
    }
    payment.put(StripePayments.UPDATED_AT, book.now());
    book.write(new Write.Update(ref, payment));
  }

  /**
   * What of a purchase was not taken back yet: two invoices of one tier and period have bought its
   * credits once, so both refunded take them once. All that one may ask for of one that is gone.
   */
  private static long notRefunded(Map<String, Object> bought) {
    long refunded = Math.max(0, Raw.whole(bought, CreditTransactions.REFUNDED, 0));
    return bought.isEmpty()
        ? CreditRules.MAX_BALANCE
        : Raw.whole(bought, CreditTransactions.AMOUNT, 0) - refunded;
  }

  /** What all refunds of a payment together are worth in its credits, rounded down. */
  private static long due(Map<String, Object> payment) {
    long credits = Raw.whole(payment, StripePayments.CREDITS, 0);
    long paid = Math.max(1, Raw.whole(payment, StripePayments.AMOUNT_PAID, 1));
    long refunded = Math.min(paid, Raw.whole(payment, StripePayments.AMOUNT_REFUNDED, 0));
    return BigInteger.valueOf(credits)
        .multiply(BigInteger.valueOf(refunded))
        .divide(BigInteger.valueOf(paid))
        .longValueExact();
  }

  private void take(
      DocRef payment,
      String id,
      DocRef bought,
      Map<String, Object> transaction,
      long due,
      CreditCommand.Told told) {
    Instant expiresAt = Raw.instant(transaction, CreditTransactions.EXPIRES_AT);
    boolean isOver = expiresAt != null && !expiresAt.isAfter(book.now());
    List<LotShare> shares =
        isOver || transaction.isEmpty() ? List.of() : book.lots().newest(expiresAt, due);
    long taken = shares.stream().mapToLong(LotShare::amount).sum();
    if (taken > 0) {
      book.takeBack(
          id,
          shares,
          new Book.Labels()
              .with(CreditTransactions.REVERSES, bought.id())
              .with(
                  CreditTransactions.REVERSES_SEQUENCE,
                  Raw.whole(transaction, CreditTransactions.SEQUENCE))
              .with(CreditTransactions.REASON, "the payment was refunded")
              .with(CreditTransactions.STRIPE_EVENT_ID, told.eventId()));
      long before = Math.max(0, Raw.whole(transaction, CreditTransactions.REFUNDED, 0));
      book.write(new Write.Update(bought, Map.of(CreditTransactions.REFUNDED, before + taken)));
    }
    if (taken < due) {
      alert(payment, "was refunded, but " + (due - taken) + " of " + due + " credits are gone");
    }
  }

  private void alert(DocRef payment, String what) {
    book.alert(AlertType.REFUND_ABUSE, payment.id(), "payment " + payment.id() + " " + what);
  }

  /** A document as read, or its absence while it is not. */
  private Snapshot see(DocRef ref) {
    Read.Get read = new Read.Get(ref);
    if (seen.has(read)) {
      return seen.document(ref);
    }
    missing.add(read);
    return Snapshot.absent(ref);
  }
}
