package dev.meterkite.model.credits.journal;

import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One page of a statement: the transactions of the ledger, latest first, of one commit the later
 * sequence first; behind all of them those that an older system left without a sequence.
 */
public final class StatementPage {
  private final int limit;
  private final long latest;
  private final List<Map<String, Object>> transactions = new ArrayList<>();
  private @Nullable Position next;
  private List<Object> endOfLedger = List.of();
  private boolean full;

  /**
   * Where a page begins.
   *
   * @param older whether it is among the transactions of an older system
   * @param after what its query starts after; empty for the first of them
   */
  public record Position(boolean older, List<Object> after) {
    /** Where a statement begins. */
    public static final Position START = new Position(false, List.of());

    public Position {
      after = List.copyOf(after);
    }
  }

  /**
   * An empty page.
   *
   * @param limit how many it shows at most
   * @param latest the sequence of the latest transaction to show: what is committed after the
   *     figures were read is left out
   * @param from where it begins
   */
  public StatementPage(int limit, long latest, Position from) {
    this.limit = limit;
    this.latest = latest;
    this.next = from;
  }

  /** The transactions as callers see them. */
  public List<Map<String, Object>> transactions() {
    return List.copyOf(transactions);
  }

  /** Where it goes on; null when all is shown. */
  public @Nullable Position next() {
    return next;
  }

  /** Whether it is full, with one more known to follow. */
  public boolean isFull() {
    return full;
  }

  /**
   * Adds what {@link Queries#statement} found.
   *
   * @param found in its order
   * @param asked how many it was asked for; more than are missing
   */
  public void addOfLedger(List<Snapshot> found, int asked) {
    for (Snapshot each : found) {
      long sequence = LenientFields.whole(each.fields(), CreditTransactions.SEQUENCE, 0);
      if (sequence <= latest) {
        if (isFilled()) {
          return;
        }
        transactions.add(TransactionCodec.shown(each.fields()));
      }
      next = new Position(false, List.of(createdAt(each.fields()), sequence));
      endOfLedger = List.of(createdAt(each.fields()), each.ref().id());
    }
    if (found.size() < asked) {
      next = new Position(true, List.of());
    }
  }

  /** When the first transaction of the ledger was made; null where the page does not show it. */
  public @Nullable Instant firstOfLedger() {
    return endOfLedger.isEmpty() ? null : (Instant) endOfLedger.get(0);
  }

  /**
   * Notes where those of an older system lie, once the ledger is shown to its end: the page ends
   * where there are none, and goes on behind the ledger where all of them were made before it.
   *
   * @param older how many there are
   * @param beforeLedger how many transactions were made before {@link #firstOfLedger}
   */
  public void olderLie(long older, long beforeLedger) {
    next = older < 1 ? null : new Position(true, beforeLedger == older ? endOfLedger : List.of());
  }

  /**
   * Adds those without a sequence among what {@link Queries#statementWithOlder} found.
   *
   * @param found in its order
   * @param asked how many it was asked for
   */
  public void addOfOlder(List<Snapshot> found, int asked) {
    for (Snapshot each : found) {
      if (LenientFields.whole(each.fields(), CreditTransactions.SEQUENCE) == null) {
        if (isFilled()) {
          return;
        }
        transactions.add(TransactionCodec.shown(each.fields()));
      }
      next = new Position(true, List.of(createdAt(each.fields()), each.ref().id()));
    }
    if (found.size() < asked) {
      next = null;
    }
  }

  /** Notes, when there is one more to show than there is room, that the page is full. */
  private boolean isFilled() {
    full = transactions.size() == limit;
    return full;
  }

  /**
   * The balance as it was before a moment: that of the ledger's last transaction before it; before
   * the ledger's first one the figure that an older system noted on its last transaction; 0 before
   * any transaction. Empty where the older system noted none.
   *
   * @param ofLedger what {@link Queries#lastTransactionOfUserBefore} found
   * @param ofAny the last transactions before the moment, those of an older system among them;
   *     looked at only where the ledger has none
   * @param present the balance of {@code latest}, which counts where the last one is later
   */
  public OptionalLong balance(List<Snapshot> ofLedger, List<Snapshot> ofAny, long present) {
    if (!ofLedger.isEmpty()) {
      Map<String, Object> last = ofLedger.get(0).fields();
      return LenientFields.whole(last, CreditTransactions.SEQUENCE, 0) > latest
          ? OptionalLong.of(present)
          : known(LenientFields.whole(last, CreditTransactions.BALANCE_AFTER));
    }
    return ofAny.isEmpty()
        ? OptionalLong.of(0)
        : known(LenientFields.whole(ofAny.get(0).fields(), CreditTransactions.BALANCE_AFTER));
  }

  private static OptionalLong known(@Nullable Long balance) {
    return balance == null ? OptionalLong.empty() : OptionalLong.of(balance);
  }

  private static Instant createdAt(Map<String, Object> transaction) {
    Instant at = LenientFields.instant(transaction, CreditTransactions.CREATED_AT);
    return at == null ? Instant.EPOCH : at;
  }
}
