package dev.meterkite.model.credits.journal;

import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.lots.LotShare;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One change of a balance. A transaction of the ledger has everything; one that another program
 * wrote, or changed, may lack any part, which is then null or 0.
 *
 * @param id its id
 * @param userId whose balance
 * @param type why
 * @param amount credits, negative for those taken
 * @param balanceAfter the balance after it, at least 0
 * @param details what else it says
 * @param createdAt when
 * @param sequence its number in the ledger, counted from 1; null for one of an older system
 * @param lots the lots that the amount went to or came from
 * @param prevHash the hash of the transaction before it
 * @param hash its own hash; null until it is sealed
 * @param refunded how much of it was given or taken back since
 */
public record Transaction(
    @Nullable String id,
    @Nullable String userId,
    @Nullable TransactionType type,
    long amount,
    @Nullable Long balanceAfter,
    EntryDetails details,
    @Nullable Instant createdAt,
    @Nullable Long sequence,
    List<LotShare> lots,
    @Nullable String prevHash,
    @Nullable String hash,
    long refunded) {
  public Transaction {
    lots = List.copyOf(lots);
  }

  /** This with its hash. */
  Transaction sealed(String itsHash) {
    return new Transaction(
        id,
        userId,
        type,
        amount,
        balanceAfter,
        details,
        createdAt,
        sequence,
        lots,
        prevHash,
        itsHash,
        refunded);
  }

  /** This with another total given or taken back. */
  public Transaction refunded(long total) {
    return new Transaction(
        id,
        userId,
        type,
        amount,
        balanceAfter,
        details,
        createdAt,
        sequence,
        lots,
        prevHash,
        hash,
        total);
  }
}
