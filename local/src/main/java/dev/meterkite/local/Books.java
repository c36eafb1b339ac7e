package dev.meterkite.local;

import dev.meterkite.functions.store.Store;
import dev.meterkite.model.credits.CreditRules;
import dev.meterkite.model.credits.CreditState;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.Ledger;
import dev.meterkite.model.credits.LedgerAudit;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Users;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The books, checked from the documents alone: every balance is the sum of its transactions, no gap
 * in a sequence and no break in a chain, no job paid twice, nothing held.
 */
final class Books {
  private static final int PAGE = 500;
  private static final int MOST_OPEN_HOLDS = 500;

  private final Store store;
  private final CreditRules rules = new CreditRules(ForeignBalance.PUT_BACK);
  private final List<String> findings = new ArrayList<>();
  private final Map<String, Long> debited = new HashMap<>();
  private final Map<String, String> paidJobs = new HashMap<>();
  private long users;
  private long transactions;

  private Books(Store store) {
    this.store = store;
  }

  /** Reads all users and all their transactions; nobody may be writing meanwhile. */
  static Books check(Store store) {
    Books books = new Books(store);
    Query query = Query.of(Users.COLLECTION, PAGE).ascending(Query.ID);
    List<Snapshot> page = Pages.find(store, query);
    while (!page.isEmpty()) {
      page.forEach(books::user);
      page = Pages.find(store, query.after(List.of(page.get(page.size() - 1).ref().id())));
    }
    return books;
  }

  private void user(Snapshot user) {
    users++;
    String id = user.ref().id();
    CreditState state = rules.decode(user);
    LedgerAudit audit = new LedgerAudit(state);
    long last = 0;
    List<Snapshot> page = Pages.find(store, Queries.transactionsOfUserAfter(id, 0, PAGE));
    while (!page.isEmpty()) {
      for (Snapshot transaction : page) {
        transactions++;
        audit.add(transaction.fields());
        count(id, transaction);
      }
      last = number(page.get(page.size() - 1), CreditTransactions.SEQUENCE);
      page = Pages.find(store, Queries.transactionsOfUserAfter(id, last, PAGE));
    }
    List<Snapshot> open =
        Pages.find(store, Queries.holdsOfUserInStatus(id, HoldStatus.HELD.wire(), MOST_OPEN_HOLDS));
    for (LedgerAudit.Finding finding : audit.compare(state, open)) {
      findings.add(id + " at " + finding.sequence() + ": " + finding.what());
    }
    Ledger ledger = state.ledger();
    if (ledger != null && ledger.held() != 0) {
      findings.add(id + ": " + ledger.held() + " credits are still held");
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

  /** Compares what a user was told to have spent with what is booked. */
  void compare(String user, long acknowledged) {
    long booked = debited.getOrDefault(user, 0L);
    if (booked != acknowledged) {
      findings.add(user + ": " + acknowledged + " credits acknowledged, " + booked + " booked");
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

  /** Jobs that were paid. */
  int paidJobs() {
    return paidJobs.size();
  }
}
