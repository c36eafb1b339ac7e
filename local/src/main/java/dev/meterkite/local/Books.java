package dev.meterkite.local;

import static java.util.Comparator.comparingLong;

import dev.meterkite.functions.store.Store;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.audit.LedgerAudit;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Users;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The books, checked from the documents alone: every balance is the sum of its transactions, no gap
 * in a sequence and no break in a chain, no job paid twice, nothing held.
 */
final class Books {
  private static final int PAGE = 300;

  private final List<String> findings = new ArrayList<>();
  private final Map<String, Long> debited = new HashMap<>();
  private final Map<String, ExactMicros> accrued = new HashMap<>();
  private final Map<String, String> paidJobs = new HashMap<>();
  private long users;
  private long transactions;

  private Books() {}

  /** Reads all users, transactions and holds; nobody may be writing meanwhile. */
  static Books check(Store store) {
    Books books = new Books();
    Map<String, List<Snapshot>> transactions =
        all(store, CreditTransactions.COLLECTION).stream()
            .filter(each -> number(each, CreditTransactions.SEQUENCE) > 0)
            .sorted(comparingLong(each -> number(each, CreditTransactions.SEQUENCE)))
            .collect(by(CreditTransactions.USER_ID));
    Map<String, List<Snapshot>> open =
        all(store, CreditHolds.COLLECTION).stream()
            .filter(hold -> HoldStatus.HELD.wire().equals(hold.fields().get(CreditHolds.STATUS)))
            .collect(by(CreditHolds.USER_ID));
    for (Snapshot user : all(store, Users.COLLECTION)) {
      String id = user.ref().id();
      books.user(user, transactions.getOrDefault(id, List.of()), open.getOrDefault(id, List.of()));
    }
    return books;
  }

  private static List<Snapshot> all(Store store, String collection) {
    List<Snapshot> all = new ArrayList<>();
    Query query = Query.of(collection, PAGE).ascending(Query.ID);
    List<Snapshot> page = Pages.find(store, query);
    while (!page.isEmpty()) {
      all.addAll(page);
      page = Pages.find(store, query.after(List.of(page.get(page.size() - 1).ref().id())));
    }
    return all;
  }

  private static java.util.stream.Collector<Snapshot, ?, Map<String, List<Snapshot>>> by(
      String field) {
    return Collectors.groupingBy(each -> Objects.toString(each.fields().get(field)));
  }

  private void user(Snapshot user, List<Snapshot> ledger, List<Snapshot> open) {
    users++;
    transactions += ledger.size();
    String id = user.ref().id();
    CreditState state = CreditState.decode(user);
    LedgerAudit audit = new LedgerAudit(state);
    for (Snapshot transaction : ledger) {
      audit.add(transaction.fields());
      count(id, transaction);
    }
    for (LedgerAudit.Finding finding : audit.compare(state, open)) {
      findings.add(id + " at " + finding.sequence() + ": " + finding.what());
    }
    Ledger kept = state.ledger();
    if (kept != null) {
      accrued.put(id, kept.accrued());
    }
    if (kept != null && kept.held() != 0) {
      findings.add(id + ": " + kept.held() + " credits are still held");
    }
  }

  private void count(String user, Snapshot transaction) {
    Object hold = transaction.fields().get(CreditTransactions.HOLD_ID);
    Object job = transaction.fields().get(CreditTransactions.JOB_ID);
    Object type = transaction.fields().get(CreditTransactions.TYPE);
    if (!"deduction".equals(type)) {
      return;
    }
    if (hold == null && job == null) {
      debited.merge(user, -number(transaction, CreditTransactions.AMOUNT), Long::sum);
    } else if (job instanceof String paid) {
      String before = paidJobs.put(paid, transaction.ref().id());
      if (before != null) {
        findings.add("job " + paid + " is paid by " + before + " and " + transaction.ref().id());
      }
    }
  }

  private static long number(Snapshot document, String field) {
    return document.fields().get(field) instanceof Long number ? number : 0;
  }

  /** Compares the debits that a user's callers had acknowledged with those that are booked. */
  void compare(String user, long acknowledged) {
    long booked = debited.getOrDefault(user, 0L);
    if (booked != acknowledged) {
      findings.add(user + ": " + acknowledged + " credits acknowledged, " + booked + " booked");
    }
  }

  /**
   * Compares what a user was charged for calls with what is booked for them: the credits deducted
   * and the part of one that its ledger keeps.
   */
  void compare(String user, ExactMicros charged) {
    ExactMicros booked =
        ExactMicros.of(PriceBook.DEFAULT.creditMicros())
            .times(debited.getOrDefault(user, 0L))
            .plus(accrued.getOrDefault(user, ExactMicros.ZERO));
    if (!booked.equals(charged)) {
      findings.add(
          user + ": " + charged.text() + " micro-USD charged, " + booked.text() + " booked");
    }
  }

  /** What is wrong; empty when the books balance. */
  List<String> findings() {
    return findings;
  }

  long users() {
    return users;
  }

  long transactions() {
    return transactions;
  }
}
