package dev.meterkite.model.credits.commands;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.jobs.JobAttempt;
import dev.meterkite.model.credits.jobs.JobEvent;
import dev.meterkite.model.credits.jobs.JobPayment;
import dev.meterkite.model.credits.stripe.SaleReads;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes the commands of credits, with the places of their markers and what they have to see.
 *
 * <p>Ids from outside are checked by the caller ({@link DocRef#isId}).
 */
public final class CreditCommands {
  /** Operation names, as the functions are called. */
  public static final String DEBIT = "debit-credits";

  public static final String GRANT = "grant-credits";
  public static final String HOLD = "hold-credits";
  public static final String SETTLE = "settle-hold";
  public static final String REFUND = "refund-credits";
  public static final String STATEMENT = "credit-statement";
  public static final String STRIPE = "stripe-webhook";
  public static final String REGISTER = "register-user";
  public static final String JOB = "on-job-written";
  public static final String SWEEP = "expire-credits";

  private CreditCommands() {}

  /** The hold of a job's latest attempt, as the one of its first attempt says. */
  public static DocRef latestJobHold(String jobId, Snapshot first) {
    return JobAttempt.latestHold(jobId, first);
  }

  /** Spends credits; the deduction is the marker. */
  public static Command<CreditCommand> debit(
      String userId,
      long amount,
      @Nullable String jobId,
      @Nullable String description,
      String key,
      String requestHash) {
    String id = Ids.marker(DEBIT, CreditRefs.user(userId), key);
    return keyed(
        userId,
        DEBIT,
        key,
        requestHash,
        new CreditCommand.Debit(id, amount, jobId, description),
        List.of(CreditRefs.transaction(id)),
        List.of());
  }

  /**
   * Spends what a call of a model costs. The marker is a document of its own whether whole credits
   * are deducted or not: a repeat may find another amount accrued.
   *
   * @param key what makes it this debit of this user
   */
  public static Command<CreditCommand> debit(
      String userId,
      UsageCharge usage,
      @Nullable String jobId,
      @Nullable String description,
      String key,
      String requestHash) {
    return debit(
        Ids.marker(DEBIT, CreditRefs.user(userId), key),
        userId,
        usage,
        jobId,
        description,
        key,
        requestHash);
  }

  /**
   * Spends what a call of a model costs that has a name of its own: it is charged to one user,
   * whoever that is, and a repeat with another user is a conflict.
   *
   * @param key the name of the call
   * @param requestHash of what the call says, with its user
   */
  public static Command<CreditCommand> debitCall(
      String userId, UsageCharge usage, @Nullable String jobId, String key, String requestHash) {
    return debit(Ids.uuid("call", key), userId, usage, jobId, null, key, requestHash);
  }

  private static Command<CreditCommand> debit(
      String id,
      String userId,
      UsageCharge usage,
      @Nullable String jobId,
      @Nullable String description,
      String key,
      String requestHash) {
    return keyed(
        userId,
        DEBIT,
        key,
        requestHash,
        new CreditCommand.DebitUsage(id, id, usage, jobId, description),
        List.of(key(id), CreditRefs.transaction(id)),
        List.of());
  }

  /** Gives credits; the transaction is the marker. */
  public static Command<CreditCommand> grant(
      String userId,
      long amount,
      TransactionType type,
      @Nullable Instant expiresAt,
      @Nullable String description,
      String key,
      String requestHash) {
    String id = Ids.marker(GRANT, CreditRefs.user(userId), key);
    return keyed(
        userId,
        GRANT,
        key,
        requestHash,
        new CreditCommand.Grant(id, amount, type, expiresAt, description),
        List.of(CreditRefs.transaction(id)),
        List.of());
  }

  /**
   * Creates a user, or completes it. Without a key it may be repeated as often as one likes.
   *
   * @param key the caller's idempotency key, or null
   */
  public static Command<CreditCommand> register(
      String userId,
      @Nullable String email,
      @Nullable String tier,
      @Nullable String stripeCustomerId,
      @Nullable String key,
      String requestHash) {
    return new Command<>(
        CreditRefs.user(userId),
        REGISTER,
        key,
        requestHash,
        new CreditCommand.Register(email, tier, stripeCustomerId, key != null),
        key == null ? List.of() : List.of(key(Ids.marker(REGISTER, CreditRefs.user(userId), key))),
        List.of(),
        List.of());
  }

  /** Two are enough to see whether somebody else has it. */
  public static Query usersOfStripeCustomer(String stripeCustomerId) {
    return Queries.usersOfStripeCustomer(stripeCustomerId, 2);
  }

  /**
   * What an event of Stripe asks for. May be repeated as often as one likes: payments and
   * subscriptions are told apart by their own ids, never by the event's.
   *
   * @param seen documents of payments read before, at most some seconds ago
   */
  public static Command<CreditCommand> stripe(
      String userId, CreditCommand input, List<Snapshot> seen) {
    List<Read> reads = new ArrayList<>();
    if (input instanceof CreditCommand.Pay pay) {
      pay.ids().forEach(id -> reads.add(new Read.Get(CreditRefs.payment(id))));
      pay.facts().sales().forEach((id, sale) -> SaleReads.of(userId, id, sale, reads));
    }
    seen.forEach(document -> reads.remove(new Read.Get(document.ref())));
    return new Command<>(CreditRefs.user(userId), STRIPE, null, "", input, List.of(), seen, reads);
  }

  /** The same without documents read before. */
  public static Command<CreditCommand> stripe(String userId, CreditCommand input) {
    return stripe(userId, input, List.of());
  }

  /**
   * Looks again at money that went back for no known sale, since the time that it may wait is over.
   *
   * @param payment the payment's document as a sweep found it
   * @return empty for one that names no user
   */
  public static Optional<Command<CreditCommand>> tieDue(Snapshot payment) {
    CreditCommand.Pay nothingNew =
        new CreditCommand.Pay(
            List.of(payment.ref().id()), StripePayment.NONE, new CreditCommand.Told(SWEEP, null));
    return CreditRefs.owner(payment).map(userId -> stripe(userId, nothingNew, List.of()));
  }

  /**
   * Sets credits aside. With a job it is the hold of the job's latest attempt, whoever makes it.
   * The marker is a document of its own whether there is a job or not, so that one key cannot be
   * used for both; where it was before, in the hold, it is still found.
   */
  public static Command<CreditCommand> hold(
      String userId,
      long amount,
      @Nullable String jobId,
      Duration expiresIn,
      String key,
      String requestHash) {
    return hold(
        userId,
        jobId,
        key,
        requestHash,
        holdId -> new CreditCommand.Hold(holdId, amount, jobId, expiresIn));
  }

  /** Sets aside what a call of a model may cost; the markers are those of a hold of an amount. */
  public static Command<CreditCommand> hold(
      String userId,
      UsageCharge usage,
      @Nullable String jobId,
      Duration expiresIn,
      String key,
      String requestHash) {
    return hold(
        userId,
        jobId,
        key,
        requestHash,
        holdId -> new CreditCommand.HoldUsage(holdId, usage, jobId, expiresIn));
  }

  private static Command<CreditCommand> hold(
      String userId,
      @Nullable String jobId,
      String key,
      String requestHash,
      Function<String, CreditCommand> input) {
    String marker = Ids.marker(HOLD, CreditRefs.user(userId), key);
    DocRef hold =
        jobId == null ? new DocRef(CreditHolds.COLLECTION, marker) : CreditRefs.jobHold(jobId);
    return keyed(
        userId,
        HOLD,
        key,
        requestHash,
        input.apply(hold.id()),
        List.of(key(marker), new DocRef(CreditHolds.COLLECTION, marker)),
        jobId == null ? List.of() : List.of(new Read.Get(hold)));
  }

  /**
   * Captures what a call of a model cost, or an amount with {@code overage}.
   *
   * @param usage the call; null for an amount
   */
  public static Command<CreditCommand> capture(
      String userId,
      String holdId,
      @Nullable UsageCharge usage,
      long amount,
      boolean overage,
      String key,
      String requestHash) {
    String id = Ids.marker(SETTLE, CreditRefs.user(userId), key);
    return keyed(
        userId,
        SETTLE,
        key,
        requestHash,
        new CreditCommand.SettleUsage(holdId, usage, amount, overage, id),
        List.of(key(id), CreditRefs.transaction(id)),
        List.of());
  }

  /**
   * Captures or releases a hold. The marker is a document of its own, so that one key cannot
   * capture one hold and release another; where it was before, in the deduction, it is still found.
   *
   * @param userId whose hold it is, as the hold's document says
   */
  public static Command<CreditCommand> settle(
      String userId,
      String holdId,
      boolean capture,
      @Nullable Long amount,
      String key,
      String requestHash) {
    String id = Ids.marker(SETTLE, CreditRefs.user(userId), key);
    return keyed(
        userId,
        SETTLE,
        key,
        requestHash,
        new CreditCommand.Settle(holdId, capture, amount, id),
        List.of(key(id), CreditRefs.transaction(id)),
        List.of());
  }

  /**
   * Refunds a deduction, or a part of it; the refund is the marker.
   *
   * @param deduction the transaction to reverse, as just read
   * @param amount null for all that is left
   * @return empty when the transaction does not exist or names no user: nothing to refund
   */
  public static Optional<Command<CreditCommand>> refund(
      Snapshot deduction,
      @Nullable Long amount,
      @Nullable String reason,
      String key,
      String requestHash) {
    return CreditRefs.owner(deduction)
        .map(
            userId -> {
              String id = Ids.marker(REFUND, CreditRefs.user(userId), key);
              return new Command<>(
                  CreditRefs.user(userId),
                  REFUND,
                  key,
                  requestHash,
                  new CreditCommand.Refund(deduction.ref().id(), amount, reason, id),
                  List.of(CreditRefs.transaction(id)),
                  List.of(deduction),
                  List.of());
            });
  }

  /**
   * Brings the payment of a job to where its status says. May be repeated as often as one likes.
   *
   * @param job the job as just read, or its absence
   * @param first {@link CreditRefs#jobHold} as just read, or its absence
   * @param latest {@link #latestJobHold} as just read, or its absence; often the same
   * @param event what the event proves
   * @return empty when nobody knows whose job it is: there is nothing to charge or release
   */
  public static Optional<Command<CreditCommand>> job(
      Snapshot job, Snapshot first, Snapshot latest, JobEvent event) {
    List<Snapshot> seen =
        first.ref().equals(latest.ref()) ? List.of(job, first) : List.of(job, first, latest);
    return new JobAttempt(job, first, latest, event)
        .payer()
        .map(
            userId ->
                new Command<>(
                    CreditRefs.user(userId),
                    JOB,
                    null,
                    "",
                    new CreditCommand.Job(job.ref().id(), event),
                    List.of(),
                    seen,
                    List.of()));
  }

  /**
   * Whether a job must be looked at once more after the command of {@link #job}: it was deleted and
   * created anew for another user, and that command only releases the first one's hold.
   */
  public static boolean handsOver(Snapshot job, Snapshot first, Snapshot latest, JobEvent event) {
    return new JobAttempt(job, first, latest, event).handsOver();
  }

  /**
   * Whether events of a job must have been lost, or are late: it has no payment, it lives and its
   * payment is that of an attempt that has ended, it has ended and its price is still held, or it
   * is completed and its payment was refused, or its hold lapsed, while it was under way.
   */
  public static boolean isOverlooked(Snapshot job) {
    return !job.fields().containsKey(PodcastJobs.PAYMENT)
        || JobEvent.of(Snapshot.absent(job.ref()), job).ended() > 0
        || JobPayment.isHeldBehindItsEnd(job)
        || JobPayment.isOpenBehindItsCompletion(job);
  }

  /** Applies what is due to a user; also what sets up the ledger of a new one. */
  public static Command<CreditCommand> sweep(String userId) {
    return unkeyed(userId, SWEEP, new CreditCommand.Sweep());
  }

  /** Asks for the figures of the moment: {@code user_id, balance, held, available, …}. */
  public static Command<CreditCommand> view(String userId) {
    return unkeyed(userId, STATEMENT, new CreditCommand.View());
  }

  private static DocRef key(String id) {
    return new DocRef(IdempotencyKeys.COLLECTION, id);
  }

  private static Command<CreditCommand> keyed(
      String userId,
      String operation,
      String key,
      String requestHash,
      CreditCommand input,
      List<DocRef> markers,
      List<Read> reads) {
    return new Command<>(
        CreditRefs.user(userId), operation, key, requestHash, input, markers, List.of(), reads);
  }

  private static Command<CreditCommand> unkeyed(
      String userId, String operation, CreditCommand input) {
    return new Command<>(
        CreditRefs.user(userId), operation, null, "", input, List.of(), List.of(), List.of());
  }
}
