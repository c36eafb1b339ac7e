package dev.meterkite.model.credits.payments;

import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.GrantPeriod;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.credits.ledger.MonthlyGrant;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.payments.PaidCredits.Purchase;
import dev.meterkite.model.credits.stripe.Booking;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.StripePayment.Back;
import dev.meterkite.model.credits.stripe.StripePayment.Line;
import dev.meterkite.model.credits.stripe.StripePayment.LineKind;
import dev.meterkite.model.credits.stripe.Term;
import dev.meterkite.model.credits.stripe.Terms;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The paid lines of tiers in one session: which month's lot each has given, and what is to be taken
 * back of it.
 *
 * <p>The first month is given when it is paid, also when it begins a little later; each further one
 * when it begins. A month that is over gives nothing any more.
 */
public final class TermRules {
  private final LedgerSession session;
  private final PaidCredits credits;
  private boolean isFull;

  public TermRules(LedgerSession session, PaidCredits credits) {
    this.session = session;
    this.credits = credits;
  }

  /** Opens the months that have begun. */
  public void open() {
    update(session.terms(), null);
  }

  /**
   * Adds the lines that a payment sold, or what went back of it, and books what follows for all
   * running lines: a proration concerns the line of another payment.
   *
   * @param eventId the event that says so, or null
   */
  public void pay(Map<String, StripePayment.Sale> sales, Back back, @Nullable String eventId) {
    TreeMap<String, Term> changed = new TreeMap<>();
    sales.forEach(
        (saleId, sale) -> {
          for (Line line : sale.lines()) {
            if (line.end().isAfter(session.now())) {
              String key = Terms.key(saleId, line);
              Term term = changed.getOrDefault(key, session.terms().byKey().get(key));
              changed.put(
                  key,
                  term == null ? Term.of(saleId, line, back) : term.paidBy(saleId, line, back));
            }
          }
        });
    Map<String, Term> known = session.terms().byKey();
    TreeMap<String, Term> all = new TreeMap<>(known);
    all.putAll(changed);
    Terms terms = new Terms(all);
    isFull = !known.keySet().containsAll(changed.keySet()) && terms.isOverFull(session.now());
    update(terms, eventId);
  }

  /**
   * Whether {@link #pay} brought more lines than a user can have at a time. Then nothing of it may
   * be written: what a line owes to the others would be forgotten with it.
   */
  boolean isFull() {
    return isFull;
  }

  private void update(Terms all, @Nullable String eventId) {
    TreeMap<String, Term> running = all.running(session.now());
    Terms facts = new Terms(running);
    // Lots that end in the same hour are one: what is credited is taken before anything is given,
    // so that it is not taken from what the same invoice gives.
    // And what a line is credited no more comes back before it is taken from another.
    Map<String, Map<Instant, Line>> creditLines = facts.creditLines();
    Map<String, Turn> turns = new TreeMap<>();
    running.forEach((key, term) -> turns.put(key, turn(facts, creditLines, key, term)));
    for (Turn turn : Turn.values()) {
      running.replaceAll(
          (key, term) ->
              turns.get(key) == turn ? booked(facts, creditLines, key, term, eventId) : term);
    }
    session.terms(new Terms(running));
  }

  /** When a line is booked, of all lines. */
  private enum Turn {
    COMES_BACK,
    TAKES,
    GIVES
  }

  private Turn turn(
      Terms facts, Map<String, Map<Instant, Line>> creditLines, String key, Term term) {
    if (!isOpened(term)) {
      return Turn.GIVES;
    }
    int month = term.monthAt(session.now());
    long credited = facts.credited(creditLines, key, month, facts.credits(term, month));
    return credited < term.booking().credited() ? Turn.COMES_BACK : Turn.TAKES;
  }

  /** Whether the present month of a line has its lot. */
  private boolean isOpened(Term term) {
    return term.months() > term.monthAt(session.now());
  }

  private Term booked(
      Terms facts,
      Map<String, Map<Instant, Line>> creditLines,
      String key,
      Term term,
      @Nullable String eventId) {
    if (!term.gives()) {
      return term;
    }
    int month = term.monthAt(session.now());
    boolean isOpened = isOpened(term);
    Booking before = isOpened ? term.booking() : Booking.NONE;
    long gross = facts.credits(term, month);
    long due = term.due(gross);
    long credited = facts.credited(creditLines, key, month, gross);
    if (isOpened && PaidCredits.isBooked(gross, due, credited, before)) {
      return term;
    }
    Purchase purchase = purchase(key, term, month, eventId);
    Booking after = credits.book(purchase, gross, due, credited, before);
    note(term.line(), term.monthStart(month));
    return term.with(Math.max(term.months(), month + 1), after);
  }

  /** Notes that a month is paid, so that the calendar does not give its credits too. */
  private void note(Line line, Instant start) {
    MonthlyGrant next = new MonthlyGrant(GrantPeriod.day(start), line.tier(), line.credits());
    MonthlyGrant last = session.grant();
    int order = last == null ? -1 : last.period().compareTo(next.period());
    if (line.kind() != LineKind.CREDIT
        && (order < 0 || (order == 0 && last != null && last.credits() < next.credits()))) {
      session.grant(next);
    }
  }

  private Purchase purchase(String key, Term term, int month, @Nullable String eventId) {
    String tier = term.line().tier();
    Instant start = term.monthStart(month);
    Instant end = Lots.roundUp(term.monthEnd(month));
    String description = "monthly credits of " + tier;
    Purchase purchase =
        new Purchase(
            Term.transactionId(session.userId(), key, term.line(), start, term.monthEnd(month)),
            TransactionType.SUBSCRIPTION_GRANT,
            end,
            description,
            start,
            eventId);
    if (term.line().kind() != LineKind.WHOLE || month > 0) {
      return purchase;
    }
    // An earlier form named the grant by its day, as the calendar still does.
    String older = CreditRefs.monthlyGrant(session.userId(), tier, GrantPeriod.day(start)).id();
    Purchase byDay = new Purchase(older, purchase.type(), end, description, start, eventId);
    return PaidCredits.isOf(byDay, credits.transaction(older)) ? byDay : purchase;
  }
}
