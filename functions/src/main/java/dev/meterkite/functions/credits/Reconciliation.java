package dev.meterkite.functions.credits;

import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.backend.Budget;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.audit.LedgerAudit;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Sweeps;
import dev.meterkite.model.schema.Sweep;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Walks all users in the order of their ids, derives each ledger anew from its transactions, and
 * raises {@code ledger_mismatch} where they disagree, naming the user and the first wrong sequence.
 * It repairs nothing.
 *
 * <p>A walk ends with its budget; where it stopped stands in {@code sweeps/reconcile-ledger}, and
 * the next one goes on from there, or from the first user after the last.
 */
final class Reconciliation {
  static final String NAME = "reconcile-ledger";

  private static final int USERS = 50;
  private static final int TRANSACTIONS = 500;

  /** Open holds that a user can have, and one more. */
  private static final int HOLDS = 501;

  /** How often a user is read whose documents change meanwhile. */
  private static final int READINGS = 3;

  private final Store store;
  private final InstantSource clock;
  private final Supplier<Budget> time;

  Reconciliation(Backend backend) {
    this(backend, () -> new Budget(Budget.USUAL, backend.realClock()));
  }

  Reconciliation(Backend backend, Supplier<Budget> time) {
    this.store = backend.store();
    this.clock = backend.clock();
    this.time = time;
  }

  /** How the documents of a user were read. */
  private enum Reading {
    /** All as of one moment. */
    STILL,
    /** They changed each time: refunds and open holds could not be judged. */
    MOVING,
    /** The time was over before the last transaction: nothing could be judged. */
    UNFINISHED
  }

  private record Audited(Reading reading, List<LedgerAudit.Finding> findings) {}

  /**
   * Walks within the budget; {@code users_checked, users_busy, mismatches, more}. Busy are those of
   * whom not all could be judged: who did not keep still, or whose ledger alone takes longer than
   * the budget.
   */
  Map<String, Object> walk() {
    Budget budget = time.get();
    DocRef ref = Sweep.RECONCILE_LEDGER.ref();
    String last =
        store.read(List.of(ref)).join().get(0).fields().get(Sweeps.CURSOR) instanceof String id
            ? id
            : "";
    long checked = 0;
    long busy = 0;
    long mismatches = 0;
    boolean more = true;
    while (more && !budget.isSpent()) {
      List<Object> after = last.isEmpty() ? List.of() : List.of(last);
      List<Snapshot> users = store.find(Queries.usersAfter(after, USERS)).join();
      for (Snapshot user : users) {
        if (budget.isSpent()) {
          break;
        }
        Audited audited = audit(user, budget);
        if (audited.reading() == Reading.UNFINISHED && checked > 0) {
          break; // the next walk begins with this user, and with all its time
        }
        checked++;
        busy += audited.reading() == Reading.STILL ? 0 : 1;
        mismatches += raise(user, audited.findings()) ? 1 : 0;
        last = user.ref().id();
      }
      more = users.size() == USERS || (!users.isEmpty() && budget.isSpent());
      note(ref, more ? last : "");
    }
    Map<String, Object> counts = new LinkedHashMap<>();
    counts.put("users_checked", checked);
    counts.put("users_busy", busy);
    counts.put("mismatches", mismatches);
    counts.put("more", more);
    return counts;
  }

  private void note(DocRef ref, String last) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(Sweeps.NAME, NAME);
    fields.put(Sweeps.CURSOR, last.isEmpty() ? Write.REMOVED : last);
    fields.put(Sweeps.UPDATED_AT, now());
    if (last.isEmpty()) {
      fields.put(Sweeps.FINISHED_AT, now());
    }
    ConditionalUpdate.write(store, Mutation.blind(ref, fields, Map.of()));
  }

  /** What is wrong with a user. */
  private Audited audit(Snapshot found, Budget budget) {
    Snapshot user = found;
    List<LedgerAudit.Finding> moving = List.of();
    for (int reading = 0; reading < READINGS; reading++) {
      CreditState state = CreditState.decode(user);
      LedgerAudit audit = new LedgerAudit(state);
      Optional<List<LedgerAudit.Finding>> upToState = addAll(user, state, audit, budget);
      if (upToState.isEmpty()) {
        return new Audited(Reading.UNFINISHED, List.of());
      }
      List<Snapshot> holds =
          store
              .find(Queries.holdsOfUserInStatus(user.ref().id(), HoldStatus.HELD.wire(), HOLDS))
              .join();
      Snapshot again = store.read(List.of(user.ref())).join().get(0);
      if (Objects.equals(again.updateTime(), user.updateTime())) {
        return new Audited(Reading.STILL, audit.compare(state, holds));
      }
      moving = upToState.get();
      user = again;
    }
    return new Audited(Reading.MOVING, moving);
  }

  /**
   * Adds all transactions of a user.
   *
   * @return what is wrong of those that the state knows; empty when the time is over before the end
   */
  private Optional<List<LedgerAudit.Finding>> addAll(
      Snapshot user, CreditState state, LedgerAudit audit, Budget budget) {
    long known = state.ledger() == null ? 0 : state.ledger().sequence();
    List<LedgerAudit.Finding> upToState = null;
    long position = 0;
    List<Snapshot> page;
    do {
      if (budget.isSpent()) {
        return Optional.empty();
      }
      page =
          store
              .find(Queries.transactionsOfUserAfter(user.ref().id(), position, TRANSACTIONS))
              .join();
      for (Snapshot transaction : page) {
        position = sequence(transaction);
        if (upToState == null && position > known) {
          upToState = audit.compareMoving(state);
        }
        audit.add(transaction.fields());
      }
    } while (page.size() == TRANSACTIONS);
    return Optional.of(upToState == null ? audit.compareMoving(state) : upToState);
  }

  /** The sequence by which the query found a transaction; it may be a float of another program. */
  private static long sequence(Snapshot transaction) {
    Long sequence = FieldValues.integer(transaction.fields().get(CreditTransactions.SEQUENCE));
    return sequence == null ? Long.MAX_VALUE : sequence;
  }

  /** Raises one alert for a user and the first wrong sequence, however often it is found. */
  private boolean raise(Snapshot user, List<LedgerAudit.Finding> findings) {
    if (findings.isEmpty()) {
      return false;
    }
    String userId = user.ref().id();
    LedgerAudit.Finding first = findings.get(0);
    Write.Merge alert =
        Alerts.once(
            AlertType.LEDGER_MISMATCH,
            AlertSubject.user(userId),
            "audit at " + first.sequence(),
            "user " + userId + ", sequence " + first.sequence() + ": " + first.what(),
            now());
    // Where it exists already, an earlier run raised it.
    boolean unused =
        ConditionalUpdate.tryCommit(store, List.of(Mutation.create(alert.ref(), alert.fields())));
    return true;
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
