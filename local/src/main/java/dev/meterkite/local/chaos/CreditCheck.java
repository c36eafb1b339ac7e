package dev.meterkite.local.chaos;

import static dev.meterkite.local.chaos.Audit.number;

import com.google.gson.JsonParser;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.local.chaos.Journal.Operation;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.GrantPeriod;
import dev.meterkite.model.credits.audit.LedgerAudit;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.UserTier;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Each operation at most once, exactly once where it was acknowledged, and not at all where it was
 * refused; nothing else; chains, sums and lots of each user; no job paid twice; nothing held.
 */
final class CreditCheck {
  private static final Set<String> OWN_TYPES =
      Set.of("admin_adjustment", "subscription_grant", "expiration");

  private final Audit audit;
  private final Journal journal;
  private final Map<String, List<Map<String, Object>>> transactions = new HashMap<>();
  private final Map<String, List<Snapshot>> openHolds = new HashMap<>();

  /** What was booked for each job, by the hold of each attempt. */
  private final Map<String, Map<String, Long>> paid = new HashMap<>();

  private final Set<String> found = new HashSet<>();
  private final Set<String> released = new HashSet<>();

  private final Set<String> grants = new HashSet<>();

  CreditCheck(Audit audit, Journal journal) {
    this.audit = audit;
    this.journal = journal;
  }

  void run() {
    audit.each(CreditTransactions.COLLECTION, this::transaction);
    audit.each(CreditHolds.COLLECTION, this::hold);
    audit.each(IdempotencyKeys.COLLECTION, this::marker);
    journal.operations.forEach(this::operation);
    audit.each(Users.COLLECTION, this::user);
    journal.registered.stream().filter(user -> !grants.contains(user)).forEach(this::ungranted);
    transactions.forEach(
        (user, left) -> audit.find(CreditRefs.user(user), "has transactions and no document"));
    audit.each(PodcastJobs.COLLECTION, this::job);
    journal.jobs.forEach(this::deletedJob);
  }

  private void transaction(Snapshot transaction) {
    Map<String, Object> fields = new HashMap<>(transaction.fields());
    fields.remove(Schema.ANSWER);
    String user = String.valueOf(fields.get(CreditTransactions.USER_ID));
    transactions.computeIfAbsent(user, unused -> new ArrayList<>()).add(fields);
    if (!(fields.get(CreditTransactions.BALANCE_AFTER) instanceof Long balance) || balance < 0) {
      audit.find(transaction.ref(), "leaves a balance below zero");
    }
    if (journal.reckonedElsewhere.contains(user)) {
      return;
    }
    found.add(transaction.ref().id());
    Operation operation = journal.operations.get(transaction.ref().id());
    if (operation != null) {
      compare(transaction, operation);
    } else if (fields.get(CreditTransactions.JOB_ID) instanceof String job) {
      pay(transaction, job);
    } else if (!OWN_TYPES.contains(String.valueOf(fields.get(CreditTransactions.TYPE)))) {
      audit.find(transaction.ref(), "belongs to no operation");
    }
    Object period = fields.get(CreditTransactions.PERIOD_START);
    if (period != null && !grants.add(user + " " + period + fields.get("description"))) {
      audit.find(transaction.ref(), "is a second grant of the period " + period);
    }
    grants.add(user);
  }

  private void compare(Snapshot document, Operation operation) {
    Object amount = document.fields().get(CreditTransactions.AMOUNT);
    Object user = document.fields().get(CreditTransactions.USER_ID);
    if (!operation.owner().equals(user) || !Long.valueOf(operation.amount()).equals(amount)) {
      audit.find(document.ref(), "is " + amount + " of " + user + ", not " + operation);
    }
  }

  private void pay(Snapshot transaction, String job) {
    if (!journal.jobs.containsKey(job)) {
      audit.find(transaction.ref(), "pays an unknown job " + job);
    }
    long amount = -number(transaction.fields().get(CreditTransactions.AMOUNT));
    String hold = String.valueOf(transaction.fields().get(CreditTransactions.HOLD_ID));
    if (paid.computeIfAbsent(job, unused -> new HashMap<>()).put(hold, amount) != null) {
      audit.find(transaction.ref(), "pays an attempt of job " + job + " a second time");
    }
  }

  /** Whether it is the hold of an attempt of a job that the journal knows. */
  private boolean isOfJob(Snapshot hold) {
    long attempt =
        hold.fields().get(CreditHolds.ATTEMPT) instanceof Long number && number > 0 ? number : 1;
    return hold.fields().get(CreditHolds.JOB_ID) instanceof String job
        && journal.jobs.containsKey(job)
        && CreditRefs.jobHold(job, attempt).equals(hold.ref());
  }

  private void hold(Snapshot hold) {
    String id = hold.ref().id();
    found.add(id);
    Operation operation = journal.operations.get(id);
    if (operation != null) {
      compare(hold, operation);
    } else if (!isOfJob(hold)) {
      audit.find(hold.ref(), "belongs to no operation");
    }
    if ("held".equals(hold.fields().get(CreditHolds.STATUS))) {
      audit.find(hold.ref(), "is still open");
      String user = String.valueOf(hold.fields().get(CreditHolds.USER_ID));
      openHolds.computeIfAbsent(user, unused -> new ArrayList<>()).add(hold);
    }
  }

  /**
   * Settlements leave a marker of their own, and captures a transaction of that id too; those of
   * quotas are looked at elsewhere.
   */
  private void marker(Snapshot marker) {
    boolean isRefusal = marker.fields().containsKey(IdempotencyKeys.CODE);
    if (!isRefusal
        && CreditCommands.SETTLE.equals(marker.fields().get(IdempotencyKeys.OPERATION))) {
      if (!isCapture(marker)) {
        released.add(marker.ref().id());
      }
      if (!journal.operations.containsKey(marker.ref().id())) {
        audit.find(marker.ref(), "belongs to no operation");
      }
    }
  }

  private static boolean isCapture(Snapshot marker) {
    return marker.fields().get(Schema.ANSWER) instanceof String answer
        && JsonParser.parseString(answer).getAsJsonObject().has("transaction");
  }

  private void operation(String marker, Operation operation) {
    boolean ofQuota = operation.function().endsWith("-quota");
    if (ofQuota) {
      return;
    }
    boolean releases = operation.amount() == 0;
    boolean there = (releases ? released : found).contains(marker);
    if (operation.outcome() == Outcome.APPLIED && !there) {
      audit.find(operation.function() + " " + marker + ": acknowledged and lost: " + operation);
    }
    if ((releases ? found : released).contains(marker)) {
      audit.find(operation.function() + " " + marker + ": released or captured, not " + operation);
    }
    // A set() of the whole document also takes the memory of what was refused.
    boolean forgotten = journal.isForgotten(operation);
    if (operation.outcome() == Outcome.REFUSED && there && !forgotten) {
      audit.find(operation.function() + " " + marker + ": refused and applied: " + operation);
    }
  }

  private void user(Snapshot user) {
    String id = user.ref().id();
    CreditState state = CreditState.decode(user);
    LedgerAudit ledger = new LedgerAudit(state);
    List<Map<String, Object>> own = transactions.remove(id);
    if (own != null) {
      own.sort(Comparator.comparingLong(each -> number(each.get(CreditTransactions.SEQUENCE))));
      own.forEach(ledger::add);
      own.forEach(each -> ownEntry(user, each));
    }
    for (LedgerAudit.Finding finding :
        ledger.compare(state, openHolds.getOrDefault(id, List.of()))) {
      audit.find(user.ref(), "at " + finding.sequence() + ": " + finding.what());
    }
    Long available = state.copy().available();
    if (state.ledger() != null
        && available != null
        && available != state.ledger().balance() - state.ledger().held()) {
      audit.find(user.ref(), "credits_available is " + available);
    }
    if (state.ledger() != null && state.ledger().held() != 0) {
      audit.find(user.ref(), state.ledger().held() + " credits are still held");
    }
  }

  /**
   * What the functions book by themselves: the balance that an older system left, the month's
   * credits within their month, and what has expired.
   */
  private void ownEntry(Snapshot user, Map<String, Object> entry) {
    String id = String.valueOf(entry.get(CreditTransactions.TRANSACTION_ID));
    if (journal.reckonedElsewhere.contains(user.ref().id())) {
      return;
    }
    if (journal.operations.containsKey(id) || entry.get(CreditTransactions.JOB_ID) != null) {
      return;
    }
    long amount = number(entry.get(CreditTransactions.AMOUNT));
    boolean right =
        entry.get(CreditTransactions.CREATED_AT) instanceof Instant at
            && switch (String.valueOf(entry.get(CreditTransactions.TYPE))) {
              case "admin_adjustment" ->
                  amount == World.OPENING_BALANCE
                      && number(entry.get(CreditTransactions.SEQUENCE)) == 1
                      && !journal.registered.contains(user.ref().id());
              case "subscription_grant" ->
                  amount == monthlyCredits(user)
                      && GrantPeriod.start(at).equals(entry.get(CreditTransactions.PERIOD_START));
              case "expiration" ->
                  entry.get(CreditTransactions.EXPIRES_AT) instanceof Instant expiry
                      && !at.isBefore(expiry);
              default -> false;
            };
    if (!right) {
      audit.find(user.ref(), "there is no reason for " + entry);
    }
  }

  private static long monthlyCredits(Snapshot user) {
    return CurrentPlans.seeded()
        .tier(String.valueOf(user.fields().get(Users.TIER)))
        .map(UserTier::monthlyCredits)
        .orElse(0L);
  }

  private void ungranted(String user) {
    audit.find(CreditRefs.user(user), "registered and was never granted anything");
  }

  private void job(Snapshot job) {
    String id = job.ref().id();
    Journal.Job known = journal.jobs.get(id);
    if (known == null || known.status() == null) {
      audit.find(job.ref(), "should not be there");
      return;
    }
    Map<?, ?> payment =
        job.fields().get(PodcastJobs.PAYMENT) instanceof Map<?, ?> map ? map : Map.of();
    String status = String.valueOf(payment.get("status"));
    Long booked =
        paid.getOrDefault(id, Map.of()).get(String.valueOf(payment.get(CreditHolds.HOLD_ID)));
    boolean completed = "completed".equals(known.status());
    boolean right =
        completed
            ? status.equals("captured") || status.equals("unpaid")
            : status.equals("released") || status.equals("refused");
    boolean free = !status.equals("captured") || number(payment.get("credits")) == 0;
    boolean unexplained =
        status.equals("unpaid") && !"insufficient_credits".equals(payment.get("code"));
    boolean mispriced =
        status.equals("captured") && number(payment.get("credits")) != Actor.price(job);
    if (!right || unexplained || mispriced || (booked == null) != free) {
      audit.find(
          job.ref(),
          "is " + known.status() + ", its payment " + payment + ", " + booked + " credits booked");
    } else if (booked != null && booked != number(payment.get("credits"))) {
      audit.find(job.ref(), "says " + payment + ", " + booked + " credits are booked");
    }
  }

  private void deletedJob(String id, Journal.Job job) {
    if (job.status() == null && paid.containsKey(id)) {
      audit.find(new DocRef(PodcastJobs.COLLECTION, id), "was deleted, and is paid");
    }
  }
}
