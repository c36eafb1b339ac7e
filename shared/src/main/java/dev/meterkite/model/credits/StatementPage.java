package dev.meterkite.model.credits;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * One page of a statement.
 *
 * @param transactions as callers see them, newest first; of one moment the later sequence first
 * @param next what the query for the next page starts after; empty when this is the last page
 */
public record StatementPage(List<Map<String, Object>> transactions, List<Object> next) {
  private static final Comparator<Map<String, Object>> NEWEST_FIRST =
      Comparator.comparing((Map<String, Object> transaction) -> createdAt(transaction))
          .thenComparing(transaction -> Raw.whole(transaction, CreditTransactions.SEQUENCE, 0))
          .reversed();

  public StatementPage {
    transactions = List.copyOf(transactions);
    next = List.copyOf(next);
  }

  /**
   * The page in what {@link Queries#statement} found.
   *
   * @param found what the query found when asked for one more than the page shows
   * @param limit how many the page shows
   */
  public static StatementPage of(List<Snapshot> found, int limit) {
    List<Snapshot> shown = found.subList(0, Math.min(limit, found.size()));
    List<Map<String, Object>> transactions = new ArrayList<>();
    shown.forEach(each -> transactions.add(CreditAnswers.transaction(each.fields())));
    transactions.sort(NEWEST_FIRST);
    if (found.size() <= limit) {
      return new StatementPage(transactions, List.of());
    }
    Snapshot last = shown.get(shown.size() - 1);
    return new StatementPage(transactions, List.of(createdAt(last.fields()), last.ref().id()));
  }

  /**
   * The balance as it was, from what {@link Queries#lastTransactionOfUserBefore} found; empty when
   * there was no ledger yet at that moment.
   */
  public static OptionalLong balance(List<Snapshot> lastBefore) {
    if (lastBefore.isEmpty()) {
      return OptionalLong.empty();
    }
    Long balance = Raw.whole(lastBefore.get(0).fields(), CreditTransactions.BALANCE_AFTER);
    return balance == null ? OptionalLong.empty() : OptionalLong.of(balance);
  }

  private static Instant createdAt(Map<String, Object> transaction) {
    Instant at = Raw.instant(transaction, CreditTransactions.CREATED_AT);
    return at == null ? Instant.EPOCH : at;
  }
}
