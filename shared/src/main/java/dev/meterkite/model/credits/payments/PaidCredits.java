package dev.meterkite.model.credits.payments;

import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.journal.EntryDetails;
import dev.meterkite.model.credits.journal.Transaction;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.stripe.Booking;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Brings what purchases have given to what they should have given, in one session.
 *
 * <p>Credits are taken back as far as they are there: free credits of the purchase's own lot first,
 * then, for money that went back, of the lots that live longest. What is missing stays missing,
 * whatever is bought later; when less is due again, what was taken comes back to the lots that it
 * was taken from.
 */
public final class PaidCredits {
  private static final String REFUNDED = "the payment was refunded or disputed";
  private static final String CREDITED = "an invoice credited the unused time";
  private static final String RETURNED = "a refund failed or a dispute was won";

  private final LedgerSession session;
  private final Seen seen;
  private final List<Read> missing;
  private long lost;
  private long wanted;
  private boolean isOverLimit;

  /**
   * @param missing takes the reads that are still needed; then nothing that was booked counts
   */
  public PaidCredits(LedgerSession session, Seen seen, List<Read> missing) {
    this.session = session;
    this.seen = seen;
    this.missing = missing;
  }

  /**
   * A purchase.
   *
   * @param transactionId the transaction that gives its credits
   * @param expiresAt the lot that they go to; null for never
   * @param description what that transaction says for people, or null
   * @param periodStart the start of the month that it gives, or null; such a transaction names its
   *     expiry
   * @param eventId the event that led to this, or null
   */
  record Purchase(
      String transactionId,
      TransactionType type,
      @Nullable Instant expiresAt,
      @Nullable String description,
      @Nullable Instant periodStart,
      @Nullable String eventId) {}

  /** Credits that were to be taken back because money went back, and were gone. */
  long lost() {
    return lost;
  }

  /** Credits that were to be taken back because money went back. */
  long wanted() {
    return wanted;
  }

  /** Counts credits that expired before the money for them went back. */
  void lose(long credits) {
    lost += credits;
    wanted += credits;
  }

  /** Whether a purchase did not fit under the largest balance. */
  boolean isOverLimit() {
    return isOverLimit;
  }

  /** The document, or its absence while it is not read. */
  Snapshot see(DocRef ref) {
    Read.Get read = new Read.Get(ref);
    if (seen.has(read)) {
      return seen.document(ref);
    }
    if (!missing.contains(read)) {
      missing.add(read);
    }
    return Snapshot.absent(ref);
  }

  /** A transaction as this command leaves it; null where there is none. */
  @Nullable Transaction transaction(String id) {
    Transaction posted = session.posted(id);
    if (posted != null) {
      return posted;
    }
    Snapshot found = see(CreditRefs.transaction(id));
    return found.fields().isEmpty() ? null : session.noted(id, TransactionCodec.decode(found));
  }

  /**
   * Books the difference.
   *
   * @param credits what it sold
   * @param due how many of them are due back because money went back
   * @param credited how many of them invoices have credited
   * @param booking what was booked so far
   * @return what is booked now
   */
  Booking book(Purchase purchase, long credits, long due, long credited, Booking booking) {
    Booking given = give(purchase, credits, Math.min(credits, due + credited), booking);
    if (given.given() == 0 || !missing.isEmpty()) {
      return given;
    }
    long dueNow = Math.min(due, given.given());
    long creditedNow = credited(credits, due, credited, given.given());
    long before = given.due() + given.credited();
    long now = dueNow + creditedNow;
    List<LotShare> taken = given.taken();
    if (now > before) {
      long refund = Math.max(0, Math.min(now - before, dueNow - given.due()));
      taken = take(purchase, now - before, refund, taken);
    } else if (now < given.total()) {
      taken = comeBack(purchase, given.total() - now, taken);
    }
    return new Booking(given.given(), dueNow, creditedNow, taken);
  }

  /** How many credits are to be taken back besides those due, of those given. */
  private static long credited(long credits, long due, long credited, long given) {
    return Math.min(
        Math.addExact(credited, Math.max(0, given - credits)), given - Math.min(due, given));
  }

  /** Whether there is no difference to book. */
  static boolean isBooked(long credits, long due, long credited, Booking booking) {
    long given = booking.given();
    return given == 0
        ? credits <= due + credited
        : credits <= given
            && booking.due() == Math.min(due, given)
            && booking.credited() == credited(credits, due, credited, given);
  }

  private Booking give(Purchase purchase, long credits, long back, Booking booking) {
    if (booking.given() > 0) {
      long more = credits - booking.given();
      return more > 0 && give(purchase, session.entryId(), more)
          ? new Booking(credits, booking.due(), booking.credited(), booking.taken())
          : booking;
    }
    Transaction before = transaction(purchase.transactionId());
    if (!missing.isEmpty()) {
      return booking;
    }
    if (before != null) {
      return isOf(purchase, before) ? given(purchase, before) : booking;
    }
    return credits > back && give(purchase, purchase.transactionId(), credits)
        ? new Booking(credits, 0, 0, List.of())
        : booking;
  }

  /** Whether a transaction gave this purchase; the one of a first trial may be another trial's. */
  static boolean isOf(Purchase purchase, @Nullable Transaction transaction) {
    return transaction != null
        && Objects.equals(transaction.details().expiresAt(), purchase.expiresAt())
        && Objects.equals(transaction.details().periodStart(), purchase.periodStart());
  }

  /** What the purchase's transaction says that somebody booked before. */
  static Booking given(Purchase purchase, @Nullable Transaction transaction) {
    long amount = transaction == null ? 0 : Math.max(0, transaction.amount());
    long refunded = refunded(transaction);
    return new Booking(
        amount,
        Math.min(amount, refunded),
        0,
        refunded == 0 ? List.of() : List.of(new LotShare(purchase.expiresAt(), refunded)));
  }

  private static long refunded(@Nullable Transaction transaction) {
    return transaction == null ? 0 : Math.max(0, transaction.refunded());
  }

  private boolean give(Purchase purchase, String id, long credits) {
    if (credits > Ledger.MAX_BALANCE - session.balance()) {
      isOverLimit = true;
      return false;
    }
    EntryDetails details =
        EntryDetails.builder()
            .description(purchase.description())
            .expiresAt(purchase.periodStart() == null ? null : purchase.expiresAt())
            .periodStart(purchase.periodStart())
            .stripeEventId(purchase.eventId())
            .build();
    session.give(
        id, purchase.type(), List.of(new LotShare(purchase.expiresAt(), credits)), true, details);
    return true;
  }

  /** Takes credits; {@code refund} of them also from other lots than the purchase's own. */
  private List<LotShare> take(
      Purchase purchase, long amount, long refund, List<LotShare> takenBefore) {
    Transaction bought = transaction(purchase.transactionId());
    boolean isOver = purchase.expiresAt() != null && !purchase.expiresAt().isAfter(session.now());
    List<LotShare> shares = isOver || bought == null ? List.of() : shares(purchase, amount, refund);
    long taken = sum(shares);
    wanted += refund;
    lost += Math.max(0, Math.min(refund, amount - taken));
    if (taken > 0) {
      session.takeBack(
          session.entryId(),
          shares,
          reversal(purchase, bought, taken, refund > 0 ? REFUNDED : CREDITED));
    }
    return add(takenBefore, shares);
  }

  private List<LotShare> shares(Purchase purchase, long amount, long fromOthers) {
    List<LotShare> shares = new ArrayList<>();
    long others = 0;
    for (LotShare share : session.lots().newest(purchase.expiresAt(), amount)) {
      boolean isOwn = Objects.equals(share.expiresAt(), purchase.expiresAt());
      long part = isOwn ? share.amount() : Math.min(share.amount(), fromOthers - others);
      if (part > 0) {
        shares.add(new LotShare(share.expiresAt(), part));
        others += isOwn ? 0 : part;
      }
    }
    return shares;
  }

  /** Gives back what was taken last, as far as its lots have not expired since. */
  private List<LotShare> comeBack(Purchase purchase, long amount, List<LotShare> taken) {
    List<LotShare> left = new ArrayList<>();
    List<LotShare> back = new ArrayList<>();
    long more = amount;
    for (int i = taken.size() - 1; i >= 0; i--) {
      LotShare share = taken.get(i);
      long part = Math.min(more, share.amount());
      more -= part;
      boolean lives = share.expiresAt() == null || share.expiresAt().isAfter(session.now());
      if (part > 0 && lives) {
        back.add(new LotShare(share.expiresAt(), part));
      }
      if (share.amount() > part) {
        left.add(0, new LotShare(share.expiresAt(), share.amount() - part));
      }
    }
    long given = sum(back);
    if (given > Ledger.MAX_BALANCE - session.balance()) {
      isOverLimit = true;
      return taken;
    }
    if (given > 0) {
      Transaction bought = transaction(purchase.transactionId());
      session.give(
          session.entryId(),
          TransactionType.ADMIN_ADJUSTMENT,
          back,
          false,
          reversal(purchase, bought, -given, RETURNED));
    }
    return left;
  }

  /**
   * The fields that tie an adjustment to the purchase, whose document notes the sum. An adjustment
   * beyond what that transaction moved stands alone.
   */
  private EntryDetails reversal(
      Purchase purchase, @Nullable Transaction bought, long amount, String reason) {
    EntryDetails.Builder details =
        EntryDetails.builder().reason(reason).stripeEventId(purchase.eventId());
    long sum = refunded(bought) + amount;
    if (bought != null && sum >= 0 && sum <= bought.amount()) {
      details.reverses(purchase.transactionId(), bought.sequence());
      session.noteRefunded(purchase.transactionId(), sum);
    }
    return details.build();
  }

  private static List<LotShare> add(List<LotShare> taken, List<LotShare> more) {
    Map<@Nullable Instant, Long> amounts = new LinkedHashMap<>();
    taken.forEach(share -> amounts.merge(share.expiresAt(), share.amount(), Math::addExact));
    more.forEach(share -> amounts.merge(share.expiresAt(), share.amount(), Math::addExact));
    List<LotShare> all = new ArrayList<>();
    amounts.forEach((expiresAt, amount) -> all.add(new LotShare(expiresAt, amount)));
    return all;
  }

  private static long sum(List<LotShare> shares) {
    return shares.stream().mapToLong(LotShare::amount).sum();
  }
}
