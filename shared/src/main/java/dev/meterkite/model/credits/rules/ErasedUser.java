package dev.meterkite.model.credits.rules;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.jobs.JobRules;
import dev.meterkite.model.credits.journal.LedgerChain;
import dev.meterkite.model.credits.ledger.CreditDecisions;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerCodec;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.Erased;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What erasing a person means for its credits: the texts go, the money stays.
 *
 * <p>A transaction loses {@link #TEXTS}, which its hash covers. It keeps that hash, because the
 * transaction behind it names it, and gets {@code erased}: when, which fields went, and the hash of
 * the fields that are left. So the audit still finds a changed amount, a missing transaction and a
 * changed order; what it can no longer prove is what the texts said. A transaction whose hash did
 * not fit before its erasure does not fit afterwards either.
 *
 * <p>From the moment that {@code users/{id}} says {@code erased_at}:
 *
 * <ul>
 *   <li>debits, holds, settlements, grants, refunds and registrations are refused with {@link
 *       CreditOutcome#USER_ERASED}; a job of the user is refused with the same code
 *   <li>no monthly grant is given and no low balance is alerted; credits expire as they would have;
 *       a user without a ledger gets none by a trigger or sweep
 *   <li>money that Stripe takes in or gives back is booked, without the id of the event; who the
 *       user is at Stripe and what it subscribes to is not noted again
 * </ul>
 */
public final class ErasedUser {
  /** The fields of a transaction that may name a person. */
  public static final List<String> TEXTS =
      List.of(
          CreditTransactions.DESCRIPTION,
          CreditTransactions.REASON,
          CreditTransactions.STRIPE_EVENT_ID);

  /** Credits are set aside for something that is under way; settle or release it first. */
  public static final String HOLDS_OPEN = "holds_open";

  /** Stripe still takes money for the user; cancel the subscription first. */
  public static final String SUBSCRIPTION_ACTIVE = "subscription_active";

  /** In place of the hash of what is left, where the transaction was broken before its erasure. */
  static final String BROKEN = "broken";

  private ErasedUser() {}

  /**
   * Why a user cannot be erased now: {@value #HOLDS_OPEN} or {@value #SUBSCRIPTION_ACTIVE}; empty
   * for one who can be. A hold that expires at this very instant is no longer open.
   *
   * @param user the user's document
   */
  public static Optional<String> obstacle(Snapshot user, Instant now) {
    CreditState state = LedgerCodec.decode(user);
    Ledger ledger = state.ledger();
    boolean isHeld =
        ledger != null
            && ledger.holds().open().values().stream()
                .anyMatch(hold -> hold.expiresAt().isAfter(now));
    if (isHeld) {
      return Optional.of(HOLDS_OPEN);
    }
    boolean isSubscribed =
        state.subscribed()
            || state.billing().subscriptions().values().stream()
                .anyMatch(each -> each.status().isLive());
    return isSubscribed ? Optional.of(SUBSCRIPTION_ACTIVE) : Optional.empty();
  }

  /**
   * The changes that erase the texts of a transaction, by field; empty where it has none.
   *
   * @param transaction the document
   * @param at when it is erased
   */
  public static Map<String, Object> texts(Map<String, Object> transaction, Instant at) {
    List<String> found = TEXTS.stream().filter(transaction::containsKey).toList();
    Map<String, Object> changes = new LinkedHashMap<>();
    found.forEach(name -> changes.put(name, Write.REMOVED));
    boolean isChained = transaction.get(CreditTransactions.SEQUENCE) != null;
    if (!found.isEmpty() && isChained && !transaction.containsKey(CreditTransactions.ERASED)) {
      changes.put(CreditTransactions.ERASED, proof(transaction, found, at));
    }
    return changes;
  }

  private static Map<String, Object> proof(
      Map<String, Object> transaction, List<String> gone, Instant at) {
    Map<String, Object> left = new LinkedHashMap<>(transaction);
    left.keySet().removeAll(gone);
    String prevHash = String.valueOf(transaction.get(CreditTransactions.PREV_HASH));
    boolean fits =
        LedgerChain.hash(transaction, prevHash).equals(transaction.get(CreditTransactions.HASH));
    Map<String, Object> proof = new LinkedHashMap<>();
    proof.put(Erased.AT, at);
    proof.put(Erased.FIELDS, gone);
    proof.put(Erased.HASH, fits ? LedgerChain.rest(left) : BROKEN);
    return proof;
  }

  /**
   * What an erased user is answered at once.
   *
   * @return null for what goes on: sweeps, statements, and money at Stripe
   */
  static @Nullable Decision<CreditState> refusal(
      CreditState state, Seen seen, CreditCommand input, Plans plans, Instant now) {
    if (input instanceof CreditCommand.Sweep && state.ledger() == null && !state.ledgerBroken()) {
      return atRest(state);
    }
    if (input instanceof CreditCommand.Sweep
        || input instanceof CreditCommand.View
        || input instanceof CreditCommand.Pay) {
      return null;
    }
    if (input instanceof CreditCommand.Subscribe || input instanceof CreditCommand.Introduce) {
      return new Decision.Unchanged<>(Map.of(Users.USER_ID, state.userId()));
    }
    return input instanceof CreditCommand.Job job
        ? JobRules.withoutLedger(
            state, seen, job.jobId(), job.event(), CreditOutcome.USER_ERASED, plans, now)
        : CreditDecisions.refused(CreditOutcome.USER_ERASED);
  }

  /**
   * Nothing is opened for a user whose document another program had deleted: only money at Stripe,
   * or somebody who asks for the balance, has a ledger made of the transactions that are left.
   */
  private static Decision<CreditState> atRest(CreditState state) {
    Map<String, Object> answer = Map.of(Users.USER_ID, state.userId());
    return state.dueAt() == null
        ? new Decision.Unchanged<>(answer)
        : new Decision.Applied<>(state.dueAt(null), answer, List.of());
  }

  /** The command without what would name the person again. */
  static CreditCommand withoutNames(CreditCommand input) {
    return input instanceof CreditCommand.Pay pay
        ? new CreditCommand.Pay(pay.ids(), pay.facts(), new CreditCommand.Told(null, null))
        : input;
  }
}
