package dev.meterkite.model.credits.ledger;

import dev.meterkite.model.credits.journal.LedgerChain;
import dev.meterkite.model.credits.lots.Holds;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.stripe.Terms;
import dev.meterkite.model.prices.ExactMicros;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The truth of one user's credits: everything that must agree, in one field of one document.
 *
 * @param sequence of the last transaction, 0 before the first
 * @param balance all credits, held ones included; the sum of all transactions
 * @param hash of the last transaction, {@link LedgerChain#FIRST} before the first
 * @param lots the balance by expiry
 * @param holds what is set aside of it
 * @param grant the last monthly grant, or null
 * @param terms the lines of paid invoices that run, each with its present lot
 * @param refunds moments of the latest refunds, oldest first, at most {@value #REFUNDS_KEPT}
 * @param rebuiltAt the sequence at which the ledger was lost and rebuilt from the last transaction,
 *     so that the lots before it say nothing; null for never
 * @param accrued micro-USD of calls that were consumed and are not yet deducted; a part of a credit
 */
public record Ledger(
    long sequence,
    long balance,
    String hash,
    Lots lots,
    Holds holds,
    @Nullable MonthlyGrant grant,
    Terms terms,
    List<Instant> refunds,
    @Nullable Long rebuiltAt,
    ExactMicros accrued) {
  /** The largest balance: 2^53 - 1, so that every JSON reader gets it exact. */
  public static final long MAX_BALANCE = (1L << 53) - 1;

  /** More than {@value #REFUNDS_KEPT} refunds within this span raise an alert. */
  public static final Duration REFUND_WINDOW = Duration.ofDays(30);

  /** How many refunds within {@link #REFUND_WINDOW} raise no alert. */
  public static final int REFUNDS_KEPT = 5;

  /** A ledger without any transaction. */
  public static final Ledger EMPTY =
      new Ledger(
          0,
          0,
          LedgerChain.FIRST,
          Lots.NONE,
          Holds.NONE,
          null,
          Terms.NONE,
          List.of(),
          null,
          ExactMicros.ZERO);

  public Ledger {
    refunds = List.copyOf(refunds);
    if (sequence < 0 || balance < 0 || holds.total() > balance) {
      throw new IllegalArgumentException(
          "ledger at " + sequence + " with " + balance + ", " + holds.total() + " held");
    }
  }

  /** What open holds set aside. */
  public long held() {
    return holds.total();
  }
}
