package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.holds.CreditHold;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.holds.HoldNote;
import dev.meterkite.model.credits.holds.JobMark;
import dev.meterkite.model.credits.journal.CallCharge;
import dev.meterkite.model.credits.journal.EntryDetails;
import dev.meterkite.model.credits.journal.Transaction;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.lots.Holds;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.lots.OpenHold;
import dev.meterkite.model.credits.stripe.Terms;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.schema.Ids;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Mutable working copy of one user's ledger for one command. Entries are posted to it; at the end
 * it yields the next ledger and the other writes. It lives for one decision and is discarded when
 * the command is refused.
 */
public final class LedgerSession {
  private final String userId;
  private final Plans plans;
  private final Instant now;
  private final List<Write> writes = new ArrayList<>();
  private final Map<DocRef, HoldNote> closed = new LinkedHashMap<>();
  private final Map<String, Transaction> posted = new HashMap<>();
  private final Map<String, Long> refunded = new HashMap<>();
  private long sequence;
  private long balance;
  private String hash;
  private Lots lots;
  private Holds holds;
  private @Nullable MonthlyGrant grant;
  private Terms terms;
  private List<Instant> refunds;
  private final @Nullable Long rebuiltAt;
  private ExactMicros accrued;

  /**
   * @param plans what entries and holds are decided by where nothing older has decided them
   */
  public LedgerSession(String userId, Ledger ledger, Plans plans, Instant now) {
    this.userId = userId;
    this.plans = plans;
    this.now = now;
    sequence = ledger.sequence();
    balance = ledger.balance();
    hash = ledger.hash();
    lots = ledger.lots();
    holds = ledger.holds();
    grant = ledger.grant();
    terms = ledger.terms();
    refunds = ledger.refunds();
    rebuiltAt = ledger.rebuiltAt();
    accrued = ledger.accrued();
  }

  public String userId() {
    return userId;
  }

  public Plans plans() {
    return plans;
  }

  public Instant now() {
    return now;
  }

  public long sequence() {
    return sequence;
  }

  public long balance() {
    return balance;
  }

  public long held() {
    return holds.total();
  }

  public long available() {
    return balance - holds.total();
  }

  /** What may be spent or held in whole credits: one less where a part of a credit is accrued. */
  public long spendable() {
    return available() - (accrued.isZero() ? 0 : 1);
  }

  public ExactMicros accrued() {
    return accrued;
  }

  public void accrued(ExactMicros next) {
    accrued = next;
  }

  public Lots lots() {
    return lots;
  }

  public @Nullable OpenHold hold(String holdId) {
    return holds.get(holdId);
  }

  public @Nullable MonthlyGrant grant() {
    return grant;
  }

  public List<OpenHold> lapsed() {
    return holds.lapsed(now);
  }

  public void grant(MonthlyGrant next) {
    grant = next;
  }

  public Terms terms() {
    return terms;
  }

  public void terms(Terms next) {
    terms = next;
  }

  public Ledger ledger() {
    return new Ledger(
        sequence, balance, hash, lots, holds, grant, terms, refunds, rebuiltAt, accrued);
  }

  /** When something is next due to lots, holds or paid lines; null when nothing is. */
  public @Nullable Instant dueAt() {
    return Holds.earlier(Holds.earlier(lots.dueAt(), holds.dueAt()), terms.dueAt());
  }

  /** Everything to write besides the user's document, in order. */
  public List<Write> writes() {
    List<Write> all = new ArrayList<>(writes);
    closed.forEach((ref, note) -> all.add(HoldCodec.merge(ref, note)));
    return all;
  }

  public void write(Write write) {
    writes.add(write);
  }

  /**
   * Raises an alert about this user, one for each incident.
   *
   * @param incident what tells it from others of the type
   */
  public void alert(AlertType type, String incident, String message) {
    alert(type, incident, message, now);
  }

  /**
   * Raises an alert again, or for the first time, as one that was first raised at a moment.
   *
   * @param at when it was first raised
   */
  public void alert(AlertType type, String incident, String message, Instant at) {
    writes.add(Alerts.grouped(type, AlertSubject.user(userId), incident, message, at));
  }

  /** An id for an entry that no command names; it follows from where the entry stands. */
  public String entryId() {
    return Ids.uuid("entry", userId, Long.toString(sequence + 1), hash);
  }

  /** Spends free credits. The caller has checked that they are there. */
  public Transaction spend(String id, TransactionType type, long amount, EntryDetails details) {
    Lots.Taken taken = lots.spend(amount);
    lots = taken.lots();
    return post(id, type, -amount, taken.shares(), details);
  }

  /** Puts credits in, into lots of these expiries; what is expired already expires at once. */
  public Transaction give(
      String id,
      TransactionType type,
      List<LotShare> shares,
      boolean isGrant,
      EntryDetails details) {
    long amount = 0;
    for (LotShare share : shares) {
      lots = lots.give(share.expiresAt(), share.amount(), isGrant);
      amount = Math.addExact(amount, share.amount());
      Lots.Merge merge = lots.overflow();
      if (merge != null) {
        lots = lots.merged(merge);
        holds = holds.merged(merge);
      }
    }
    Transaction transaction = post(id, type, amount, shares, details);
    expire();
    return transaction;
  }

  /** Takes these free credits back, from whichever lots they stand in. */
  public void takeBack(String id, List<LotShare> shares, EntryDetails details) {
    lots = lots.without(shares);
    long amount = shares.stream().mapToLong(LotShare::amount).sum();
    post(id, TransactionType.ADMIN_ADJUSTMENT, -amount, shares, details);
  }

  /** Lets free credits of expired lots expire, one entry a lot. */
  public void expire() {
    Instant due = lots.dueAt();
    if (due == null || due.isAfter(now)) {
      return;
    }
    for (LotShare share : lots.expired(now)) {
      lots = lots.without(List.of(share));
      post(
          entryId(),
          TransactionType.EXPIRATION,
          -share.amount(),
          List.of(share),
          EntryDetails.builder().expiresAt(share.expiresAt()).build());
    }
  }

  /** Sets credits aside. The caller has checked that they are there. */
  public OpenHold open(String holdId, long amount, @Nullable String jobId, Instant expiresAt) {
    Lots.Taken taken = lots.pin(amount);
    OpenHold hold = new OpenHold(holdId, amount, expiresAt, jobId, plans.version(), taken.shares());
    lots = taken.lots();
    holds = holds.with(hold);
    return hold;
  }

  /**
   * Opens a hold and writes its document. The caller has checked that the credits are there.
   *
   * @param mark the attempt of a job that it is for, or null
   * @param charge the call that it is for, or null
   */
  public OpenHold openNew(
      String holdId,
      long amount,
      @Nullable String jobId,
      Instant expiresAt,
      @Nullable JobMark mark,
      @Nullable CallCharge charge) {
    OpenHold hold = open(holdId, amount, jobId, expiresAt);
    write(
        HoldCodec.create(
            HoldCodec.ref(holdId), CreditHold.opened(userId, hold, now, mark, charge)));
    return hold;
  }

  /** The holds that are open. */
  Collection<OpenHold> openHolds() {
    return holds.open().values();
  }

  /** Whether one more hold with that many pins would be too many. */
  public boolean isFullFor(String holdId, long amount, @Nullable String jobId, Instant expiresAt) {
    List<LotShare> pins = lots.pin(amount).shares();
    return holds.isFullFor(new OpenHold(holdId, amount, expiresAt, jobId, plans.version(), pins));
  }

  /** Gives all credits of a hold back. */
  public void release(OpenHold hold, HoldStatus status) {
    holds = holds.without(hold);
    lots = lots.unpin(hold.pins());
    close(hold, status, 0, null);
    expire();
  }

  /**
   * Spends a part of a hold, at most all of it, and gives the rest back.
   *
   * @return the deduction; null when nothing was spent
   */
  public @Nullable Transaction capture(
      OpenHold hold, String id, long amount, EntryDetails details) {
    holds = holds.without(hold);
    lots = lots.unpin(hold.behind(amount)).spendPinned(hold.first(amount));
    Transaction transaction =
        amount == 0
            ? null
            : post(id, TransactionType.DEDUCTION, -amount, hold.first(amount), details);
    close(hold, HoldStatus.CAPTURED, amount, transaction == null ? null : id);
    expire();
    return transaction;
  }

  private void close(
      OpenHold hold, HoldStatus status, long captured, @Nullable String transactionId) {
    HoldNote.Opened opened = new HoldNote.Opened(userId, hold);
    HoldNote.End end = new HoldNote.End(status, captured, transactionId, now);
    closed.put(HoldCodec.ref(hold.holdId()), new HoldNote(opened, end, null, null, null));
  }

  /** Notes how a hold ended that is not open; the last note counts. */
  public void close(DocRef hold, HoldNote.End end) {
    closed.put(hold, new HoldNote(null, end, null, null, null));
  }

  /** Notes more on the document of a hold. */
  public void note(DocRef hold, UnaryOperator<HoldNote> more) {
    closed.put(hold, more.apply(closed.getOrDefault(hold, HoldNote.NONE)));
  }

  /** Whether this command has noted something on that hold. */
  public boolean hasClosed(DocRef ref) {
    return closed.containsKey(ref);
  }

  /** A hold that was read, with what this command has noted on it; null where there is none. */
  public @Nullable CreditHold asClosed(Snapshot hold) {
    return HoldCodec.decode(hold, closed.get(hold.ref()));
  }

  /** The transaction that this command has posted under an id, or null. */
  public @Nullable Transaction posted(String id) {
    return posted.get(id);
  }

  /** A transaction that was read, with what this command has noted on it. */
  public Transaction noted(String id, Transaction found) {
    Long total = refunded.get(id);
    return total == null ? found : found.refunded(total);
  }

  /**
   * Notes on a transaction how much of it has been given or taken back.
   *
   * @param total all of it, with earlier commands
   */
  public void noteRefunded(String id, long total) {
    writes.add(TransactionCodec.refunded(id, total));
    refunded.put(id, total);
    posted.computeIfPresent(id, (same, transaction) -> transaction.refunded(total));
  }

  /**
   * Remembers a refund.
   *
   * @return whether there have been more than {@value Ledger#REFUNDS_KEPT} within the window
   */
  public boolean countRefund() {
    List<Instant> next = new ArrayList<>(refunds);
    next.removeIf(at -> !at.isAfter(now.minus(Ledger.REFUND_WINDOW)));
    boolean many = next.size() >= Ledger.REFUNDS_KEPT;
    if (many) {
      next.remove(0);
    }
    next.add(now);
    refunds = next;
    return many;
  }

  /** Posts one transaction: the next sequence, the next balance, the next link of the chain. */
  private Transaction post(
      String id, TransactionType type, long amount, List<LotShare> shares, EntryDetails details) {
    sequence++;
    balance = Math.addExact(balance, amount);
    TransactionCodec.Entry entry =
        TransactionCodec.seal(
            new Transaction(
                id,
                userId,
                type,
                amount,
                balance,
                details.decidedBy(plans.version()),
                now,
                sequence,
                shares,
                hash,
                null,
                0));
    Transaction transaction = entry.transaction();
    hash = Objects.requireNonNull(transaction.hash());
    writes.add(entry.write());
    posted.put(id, transaction);
    return transaction;
  }
}
