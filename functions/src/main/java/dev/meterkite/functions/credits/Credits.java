package dev.meterkite.functions.credits;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.http.Replies;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.prices.Prices;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Limits;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Outcome;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.commands.UsageCharge;
import dev.meterkite.model.credits.jobs.JobEvent;
import dev.meterkite.model.credits.jobs.JobStatus;
import dev.meterkite.model.credits.ledger.CreditAnswers;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.rules.CreditRules;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.Threshold;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.schema.Violation;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the functions of credits do: commands to the ledger of one user, through one engine. */
public final class Credits {
  /** How often it is asked who pays for a job that changes meanwhile. */
  private static final int MOST_PAYERS = 4;

  private final GroupCommit<CreditState, CreditCommand> engine;
  private final Backend backend;
  private final CurrentPlans plans;
  private final Store store;
  private final Statements statements;
  private final UserPages users;
  private final UsagePricing pricing;

  /**
   * Credits over a backend; a process needs them once. In shadow mode they write nothing, and each
   * command is decided alone, on the balance that the older system keeps.
   *
   * @param plans what decides
   */
  public Credits(Backend backend, CurrentPlans plans) {
    Backend used = Shadow.over(backend);
    boolean shadow = Shadow.isShadow(used);
    boolean adopts = shadow || used.settings().adoptsForeignBalance();
    ForeignBalance foreign = adopts ? ForeignBalance.ADOPT : ForeignBalance.PUT_BACK;
    Threshold low = used.settings().lowBalance();
    this.backend = used;
    this.plans = plans;
    PlannedRules rules = new PlannedRules(plans, version -> new CreditRules(foreign, low, version));
    this.engine = used.engine(rules, shadow ? Limits.ALONE : Limits.DEFAULT);
    this.store = used.store();
    this.statements = new Statements(store);
    this.users = new UserPages(store, used.clock(), rules);
    this.pricing = new UsagePricing(new Prices(used), plans, used.clock());
  }

  /** The credits of a process. */
  public static Credits of(Backend backend) {
    return backend.feature(
        Credits.class,
        each -> {
          Backend used = Shadow.over(each);
          return new Credits(used, CurrentPlans.of(used));
        });
  }

  /** The backend that all credit writes go through; in shadow mode it discards them. */
  Backend backend() {
    return backend;
  }

  /** The plans that count now. */
  Plans plans() {
    return plans.get();
  }

  /** Whether the user is there and has a tier, be it one that plans no longer have. */
  boolean hasTier(String userId) {
    return read(new DocRef(Users.COLLECTION, userId)).fields().get(Users.TIER) != null;
  }

  /** The engine, once there are plans that are young enough to decide by. */
  private GroupCommit<CreditState, CreditCommand> engine() {
    plans.get();
    return engine;
  }

  /** Carries a command out and says what became of it. */
  Answer carryOut(Command<CreditCommand> command) {
    return answer(call(command));
  }

  /** Carries out what a call of a model is charged by; 400 for one that lies ahead. */
  Answer charge(UsageInput usage, Function<UsageCharge, Command<CreditCommand>> command) {
    return pricing
        .early(usage)
        .map(Answer::problem)
        .orElseGet(() -> carryOut(command.apply(pricing.charge(usage))));
  }

  /** What a call of a model is charged by; its price may be unknown. */
  public UsageCharge charge(CallUsage usage, Instant at) {
    return pricing.charge(new UsageInput(usage, at));
  }

  /** What a call of a model would be charged. */
  Answer quote(UsageInput usage, @Nullable String tier) {
    return pricing.quote(usage, tier);
  }

  /** Carries commands out, all at once, and says what became of each. */
  public List<Reply> carryOut(List<Command<CreditCommand>> commands) {
    List<Reply> replies = engine().callAll(commands);
    for (int i = 0; i < replies.size(); i++) {
      if (isUnreadable(replies.get(i))) {
        engine().call(CreditCommands.sweep(commands.get(i).owner().id()));
        break;
      }
    }
    return replies;
  }

  private Reply call(Command<CreditCommand> command) {
    Reply reply = engine().call(command);
    if (isUnreadable(reply)) {
      engine().call(CreditCommands.sweep(command.owner().id()));
    }
    return reply;
  }

  /** A sweep raises the alert of a balance that cannot be read; a refusal writes nothing. */
  private static boolean isUnreadable(Reply reply) {
    return reply instanceof Reply.Refused refused
        && refused.outcome() == CreditOutcome.BALANCE_UNREADABLE;
  }

  /** Captures or releases a hold; 404 for one that does not exist. */
  Answer settle(
      String holdId, boolean capture, @Nullable Long amount, String key, String requestHash) {
    DocRef hold = new DocRef(CreditHolds.COLLECTION, holdId);
    return ownerOf(hold)
        .map(
            userId ->
                carryOut(CreditCommands.settle(userId, holdId, capture, amount, key, requestHash)))
        .orElseGet(() -> Answer.problem(Problem.missing(hold)));
  }

  /** Captures what a call of a model cost, or an amount that may be more than the hold. */
  Answer capture(
      String holdId,
      @Nullable UsageInput usage,
      @Nullable Long amount,
      boolean overage,
      String key,
      String requestHash) {
    DocRef hold = new DocRef(CreditHolds.COLLECTION, holdId);
    Optional<String> owner = ownerOf(hold);
    if (owner.isEmpty()) {
      return Answer.problem(Problem.missing(hold));
    }
    long credits = amount == null ? 0 : amount;
    return usage == null
        ? carryOut(
            CreditCommands.capture(owner.get(), holdId, null, credits, overage, key, requestHash))
        : charge(
            usage,
            charge ->
                CreditCommands.capture(owner.get(), holdId, charge, 0, overage, key, requestHash));
  }

  /** Reverses a deduction, or a part of it; 404 for one that does not exist. */
  Answer refund(
      String transactionId, @Nullable Long amount, String reason, String key, String requestHash) {
    Snapshot deduction = read(new DocRef(CreditTransactions.COLLECTION, transactionId));
    return CreditCommands.refund(deduction, amount, reason, key, requestHash)
        .map(this::carryOut)
        .orElseGet(() -> Answer.problem(Problem.missing(deduction.ref())));
  }

  /** A page of a user's statement; balance, lots and transactions are of one moment. */
  Answer statement(Statements.Request request) {
    Reply view = call(CreditCommands.view(request.userId()));
    return view instanceof Reply.Answered answered
        ? statements.page(request, answered.json())
        : answer(view);
  }

  /** A page of users with their balances. */
  Answer users(UserPages.Request request) {
    plans.get();
    return users.page(request);
  }

  /**
   * Brings the payment of a job to where the job, as read now, says it should be.
   *
   * @param jobId the job, which may be gone
   * @param event what the event proves about the job's past
   */
  Handled payFor(String jobId, JobEvent event) {
    for (int asked = 0; asked < MOST_PAYERS; asked++) {
      Read read = read(jobId).join();
      if (read.job().exists()
          && JobStatus.parse(FieldValues.text(read.job().fields().get(PodcastJobs.STATUS)))
              .isEmpty()) {
        return Handled.impossible("unknown_status");
      }
      Optional<Command<CreditCommand>> command = read.command(event);
      if (command.isEmpty()) {
        return Handled.impossible("nobody's_job");
      }
      Reply reply = engine().call(command.get());
      if (!isOfAnother(reply) && !(reply instanceof Reply.Answered && read.handsOver(event))) {
        return handled(reply);
      }
    }
    return Handled.later("another_user");
  }

  /** Whether another user pays for a job by now. */
  private static boolean isOfAnother(Reply reply) {
    return reply instanceof Reply.Refused refused
        && refused.outcome() == CreditOutcome.JOB_HOLD_CONFLICT;
  }

  /** A job with the holds that say who pays for it. */
  private record Read(Snapshot job, Snapshot first, Snapshot latest) {
    Optional<Command<CreditCommand>> command(JobEvent event) {
      return CreditCommands.job(job, first, latest, event);
    }

    boolean handsOver(JobEvent event) {
      return CreditCommands.handsOver(job, first, latest, event);
    }
  }

  /** One round trip for a job in its first attempt, two for later ones. */
  private CompletableFuture<Read> read(String jobId) {
    return store
        .read(List.of(new DocRef(PodcastJobs.COLLECTION, jobId), CreditRefs.jobHold(jobId)))
        .thenCompose(
            read -> {
              Snapshot first = read.get(1);
              DocRef latest = CreditCommands.latestJobHold(jobId, first);
              return latest.equals(first.ref())
                  ? CompletableFuture.completedFuture(new Read(read.get(0), first, first))
                  : store
                      .read(List.of(latest))
                      .thenApply(later -> new Read(read.get(0), first, later.get(0)));
            });
  }

  /** Opens the ledger of a user, if there is one still. */
  Handled openLedger(String userId) {
    Reply reply = engine().call(CreditCommands.sweep(userId));
    if (reply instanceof Reply.Refused refused && refused.outcome() == CreditOutcome.NOT_FOUND) {
      return Handled.done("gone");
    }
    Handled handled = handled(reply);
    return reply instanceof Reply.Answered answered ? said(handled, answered.json()) : handled;
  }

  /** What a sweep says of a user besides the figures, as the outcome in the log. */
  private static Handled said(Handled handled, String answer) {
    JsonObject members = JsonParser.parseString(answer).getAsJsonObject();
    JsonElement code = members.get(CreditAnswers.CODE);
    JsonElement grant = members.get(CreditAnswers.GRANT);
    if (code != null) {
      return Handled.impossible(code.getAsString()).took(handled.attempts(), handled.batch());
    }
    return grant == null
        ? handled
        : Handled.done(grant.getAsString()).took(handled.attempts(), handled.batch());
  }

  /**
   * Applies what is due to a user.
   *
   * @return whether it was applied, or nothing was due any more; fails where it may succeed later
   */
  CompletableFuture<Boolean> sweep(String userId) {
    return engine().submit(CreditCommands.sweep(userId)).thenApply(Credits::settled);
  }

  /**
   * Brings the payment of a job that a sweep found to where it should be.
   *
   * @return whether there was somebody to charge; fails where it may succeed later
   */
  CompletableFuture<Boolean> submitPayment(Snapshot job) {
    return read(job.ref().id())
        .thenCompose(
            read ->
                read.command(JobEvent.NONE)
                    .map(engine()::submit)
                    .map(reply -> reply.thenApply(Credits::settled))
                    .orElseGet(() -> CompletableFuture.completedFuture(false)));
  }

  /**
   * Tells of money that went back for no known sale.
   *
   * @return whether it was a user's; fails where it may succeed later
   */
  CompletableFuture<Boolean> submitTie(Snapshot payment) {
    return CreditCommands.tieDue(payment)
        .map(engine()::submit)
        .map(reply -> reply.thenApply(Credits::settled))
        .orElseGet(() -> CompletableFuture.completedFuture(false));
  }

  private static boolean settled(Reply reply) {
    if (reply instanceof Reply.Busy || reply instanceof Reply.Unavailable) {
      throw new IllegalStateException("to be swept later");
    }
    return reply instanceof Reply.Answered;
  }

  /** What becomes of an event, after what became of its command. */
  static Handled handled(Reply reply) {
    Handled handled;
    if (reply instanceof Reply.Answered) {
      handled = Handled.done("ok");
    } else if (reply instanceof Reply.Refused refused) {
      handled = Handled.impossible(refused.outcome().code());
    } else if (reply instanceof Reply.Conflict) {
      handled = Handled.impossible("idempotency_conflict");
    } else {
      handled = Handled.later("unavailable");
    }
    return handled.took(reply.effort().attempts(), reply.effort().batch());
  }

  static Answer answer(Reply reply) {
    return Replies.answer(reply, Credits::problem);
  }

  private Optional<String> ownerOf(DocRef ref) {
    return read(ref).fields().get(CreditHolds.USER_ID) instanceof String userId
            && DocRef.isId(userId)
        ? Optional.of(userId)
        : Optional.empty();
  }

  private Snapshot read(DocRef ref) {
    return store.read(List.of(ref)).join().get(0);
  }

  private static Problem problem(Outcome outcome) {
    CreditOutcome refusal = (CreditOutcome) outcome;
    return switch (refusal) {
      case NOT_FOUND -> Problem.notFound("What the request names is not there, or cannot be read.");
      case ALREADY_EXISTS ->
          conflict(refusal, "The user exists with other values in the fields under errors.");
      case USER_ERASED -> conflict(refusal, "The user was erased.");
      case BALANCE_UNREADABLE ->
          conflict(refusal, "credits_balance is not a whole number of at least 0.");
      case ALREADY_EXPIRED ->
          Problem.invalid(List.of(new Violation("expires_at", "range", "must be later than now")));
      case HOLD_ALREADY_CAPTURED -> conflict(refusal, "The hold has been captured.");
      case HOLD_ALREADY_RELEASED -> conflict(refusal, "The hold has been released.");
      case HOLD_EXPIRED -> conflict(refusal, "The hold has expired.");
      case UNKNOWN_PRICE -> UsagePricing.unknownPrice();
      case NOTHING_TO_HOLD ->
          Problem.invalid(
              List.of(new Violation("usage", refusal.code(), "costs nothing: no hold is needed")));
      case CAPTURE_EXCEEDS_HOLD -> conflict(refusal, "The hold has less than is to be captured.");
      case NOT_REFUNDABLE -> conflict(refusal, "Only deductions can be refunded.");
      case REFUND_EXCEEDS_TRANSACTION ->
          conflict(refusal, "Less of the transaction is left to refund.");
      case JOB_HOLD_CONFLICT ->
          conflict(refusal, "The job's hold belongs to another user or has another amount.");
      case INVALID_JOB -> conflict(refusal, "The job is not valid.");
      case DURATION_EXCEEDS_TIER -> conflict(refusal, "The job is too long for the tier.");
      case BALANCE_LIMIT_EXCEEDED -> conflict(refusal, "The balance would grow too large.");
      case INSUFFICIENT_CREDITS ->
          Problem.of(402, refusal.code(), "Less is available than required.");
      case TOO_MANY_HOLDS -> conflict(refusal, "The user has too many open holds.");
      case TOO_MANY_LINES -> conflict(refusal, "The user has too many paid lines that run.");
    };
  }

  private static Problem conflict(CreditOutcome outcome, String detail) {
    return Problem.of(409, outcome.code(), detail);
  }

  /** Whether the change is one that a job's payment depends on. */
  static boolean concernsPayment(DocumentChange change) {
    return change.touches(
            PodcastJobs.STATUS,
            PodcastJobs.USER_ID,
            PodcastJobs.DURATION_MIN,
            PodcastJobs.QUALITY,
            PodcastJobs.PRIORITY,
            PodcastJobs.TOPIC,
            PodcastJobs.AUDIENCE,
            PodcastJobs.CREDITS_ACTUAL)
        || (change.before().fields().containsKey(PodcastJobs.PAYMENT)
            && !change.after().fields().containsKey(PodcastJobs.PAYMENT));
  }
}
