package dev.meterkite.model.credits.audit;

import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.journal.LedgerChain;
import dev.meterkite.model.credits.journal.Transaction;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.lots.LotShare;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Derives a user's balance, lots and refunds anew from the transactions, and says where the books
 * are wrong. Changes and repairs nothing.
 *
 * <p>{@link #add} every transaction with a sequence, in its order, in as many pages as it takes,
 * then {@link #compare} with the user's document and the holds that say they are open. All of them
 * have to be read as of one moment, or what changes meanwhile looks like a mistake. After the first
 * break of the chain nothing behind it is judged.
 *
 * <p>Where a ledger was once rebuilt, lots are derived from there on: before it they are unknown.
 */
public final class LedgerAudit {
  /** At most this many findings are told; the first ones matter. */
  static final int MAX_FINDINGS = 20;

  private static final int MAX_KEPT = 1_000;

  /**
   * Something that is wrong.
   *
   * @param sequence the transaction where it shows
   * @param what what it is
   */
  public record Finding(long sequence, String what) {}

  /** What an original transaction says about its refunds. */
  private record Refunded(long sequence, long amount, long refunded) {}

  private final @Nullable Long rebuiltAt;
  private final boolean mayBeErased;
  private final List<Finding> findings = new ArrayList<>();
  private final Map<String, Refunded> originals = new HashMap<>();
  private final Map<String, Long> refunds = new HashMap<>();
  private final Map<String, Long> firstRefund = new HashMap<>();
  private final Set<String> captured = new HashSet<>();
  private long sequence;
  private long balance;
  private String hash = LedgerChain.FIRST;
  private Lots lots = Lots.NONE;
  private boolean isBroken;

  /**
   * An audit from the first transaction on.
   *
   * @param state the user as read at the moment that the transactions are read at
   */
  public LedgerAudit(CreditState state) {
    rebuiltAt = state.ledger() == null ? null : state.ledger().rebuiltAt();
    mayBeErased = state.isErased();
  }

  /** Judges the next transaction. */
  public void add(Map<String, Object> transaction) {
    if (isBroken) {
      return;
    }
    Optional<LedgerChain.Break> found = LedgerChain.verify(transaction, sequence, hash);
    if (found.isPresent()) {
      isBroken = true;
      find(found.get().sequence(), found.get().what());
      return;
    }
    sequence++;
    Transaction read = TransactionCodec.decode(transaction);
    hash = Objects.requireNonNull(read.hash());
    if (transaction.containsKey(CreditTransactions.ERASED) && !mayBeErased) {
      find(sequence, "the transaction is erased, its user is not");
    }
    amount(read);
    lots(read);
    refund(read);
    String holdId = read.details().holdId();
    if (holdId != null && !captured.add(holdId)) {
      find(sequence, "hold " + holdId + " is captured a second time");
    }
  }

  private void amount(Transaction transaction) {
    long amount = transaction.amount();
    balance += amount;
    if (balance < 0 || !Objects.equals(balance, transaction.balanceAfter())) {
      find(sequence, "balance_after is not the sum " + balance);
    }
    TransactionType type = transaction.type();
    boolean fits =
        type != null
            && switch (type) {
              case DEDUCTION, EXPIRATION -> amount < 0;
              case REFUND, PURCHASE, SUBSCRIPTION_GRANT -> amount > 0;
              case ADMIN_ADJUSTMENT -> amount != 0;
            };
    if (!fits) {
      find(sequence, "an amount of " + amount + " does not fit the type");
    }
  }

  private void lots(Transaction transaction) {
    if (rebuiltAt != null && sequence <= rebuiltAt) {
      lots = balance > 0 ? Lots.NONE.give(null, balance, true) : Lots.NONE;
      return;
    }
    long amount = transaction.amount();
    List<LotShare> shares = transaction.lots();
    if (shares.stream().mapToLong(LotShare::amount).sum() != Math.abs(amount)) {
      find(sequence, "the lots do not add up to the amount");
      return;
    }
    try {
      lots = amount > 0 ? given(shares) : lots.without(shares);
    } catch (IllegalArgumentException e) {
      find(sequence, "credits are taken from a lot that has not got them");
    }
  }

  private Lots given(List<LotShare> shares) {
    Lots next = lots;
    for (LotShare share : shares) {
      next = next.give(share.expiresAt(), share.amount(), true);
      Lots.Merge merge = next.overflow();
      next = merge == null ? next : next.merged(merge);
    }
    return next;
  }

  private void refund(Transaction transaction) {
    String id = transaction.id();
    long refunded = transaction.refunded();
    long amount = transaction.amount();
    if (id != null && refunded != 0) {
      originals.put(id, new Refunded(sequence, Math.abs(amount), refunded));
    }
    String reverses = transaction.details().reverses();
    // What an older system deducted has no sequence, and stands in no audit.
    if (reverses != null && transaction.details().reversesSequence() != null) {
      // A refund gives back what a deduction took; of a purchase credits are taken, and some of
      // them given back when the money came after all.
      boolean isRefund = transaction.type() == TransactionType.REFUND;
      refunds.merge(reverses, isRefund ? amount : -amount, Long::sum);
      firstRefund.putIfAbsent(reverses, sequence);
    }
  }

  /**
   * Everything that is wrong, the earliest first; empty when the books are right.
   *
   * @param state the user's document
   * @param openHolds the holds that say they are open
   */
  public List<Finding> compare(CreditState state, List<Snapshot> openHolds) {
    Ledger ledger = state.ledger();
    if (ledger == null) {
      // An erased user whose document was deleted has none, and needs none.
      if ((sequence > 0 && !state.isErased()) || state.ledgerBroken()) {
        find(sequence, "the ledger is lost or broken");
      }
    } else if (!isBroken) {
      if (ledger.sequence() == sequence) {
        compareRefunds(); // of others the refunds may be among what is missing
      }
      compareFigures(ledger);
      compareHolds(ledger, openHolds);
      if (!state.agrees()) {
        find(ledger.sequence(), "credits_balance is not the ledger's " + ledger.balance());
      }
    }
    return told();
  }

  /**
   * What can be judged of a user whose documents change while they are read: everything but its
   * refunds and open holds, which may be ahead of the state. More transactions may be added behind.
   *
   * @param state the user's document as read before the transactions, which were added up to the
   *     sequence of its ledger
   */
  public List<Finding> compareMoving(CreditState state) {
    List<Finding> before = List.copyOf(findings);
    if (state.ledger() != null && !isBroken) {
      compareFigures(state.ledger());
    }
    List<Finding> told = told();
    findings.clear();
    findings.addAll(before);
    return told;
  }

  private List<Finding> told() {
    findings.sort(Comparator.comparingLong(Finding::sequence));
    return List.copyOf(findings.subList(0, Math.min(MAX_FINDINGS, findings.size())));
  }

  private void compareRefunds() {
    refunds.forEach(this::compareRefunds);
    originals.forEach(
        (id, original) -> {
          if (!refunds.containsKey(id)) {
            find(original.sequence(), "refunded is noted, but no refund is found");
          }
        });
  }

  private void compareRefunds(String id, Long sum) {
    Refunded original = originals.get(id);
    if (original == null && sum == 0) {
      return;
    }
    long at = firstRefund.getOrDefault(id, sequence);
    if (original == null) {
      find(at, "the refunded transaction " + id + " does not note it");
    } else if (original.refunded() != sum) {
      find(original.sequence(), "refunded is " + original.refunded() + ", the refunds are " + sum);
    } else if (sum > original.amount()) {
      find(original.sequence(), "more is refunded than was moved");
    }
  }

  private void compareFigures(Ledger ledger) {
    if (ledger.sequence() != sequence) {
      find(
          Math.min(ledger.sequence(), sequence) + 1,
          "the ledger is at " + ledger.sequence() + ", the transactions end at " + sequence);
      return;
    }
    if (ledger.balance() != balance) {
      find(sequence, "the ledger's balance is " + ledger.balance() + ", the sum is " + balance);
    }
    if (!ledger.hash().equals(hash)) {
      find(sequence, "the ledger's hash is not the last transaction's");
    }
    if (!left(ledger.lots()).equals(left(lots))) {
      find(sequence, "the ledger's lots are not those of the transactions");
    }
  }

  private static List<LotShare> left(Lots lots) {
    return lots.list().stream().map(lot -> new LotShare(lot.expiresAt(), lot.remaining())).toList();
  }

  private void compareHolds(Ledger ledger, List<Snapshot> openHolds) {
    Map<String, Long> documents = new HashMap<>();
    for (Snapshot hold : openHolds) {
      documents.put(hold.ref().id(), HoldCodec.decode(hold).amount());
    }
    Map<String, Long> held = new HashMap<>();
    ledger.holds().open().forEach((id, hold) -> held.put(id, hold.amount()));
    if (!documents.equals(held)) {
      find(ledger.sequence(), "the open holds are not those of the ledger");
    }
  }

  private void find(long at, String what) {
    if (findings.size() < MAX_KEPT) {
      findings.add(new Finding(at, what));
    }
  }
}
