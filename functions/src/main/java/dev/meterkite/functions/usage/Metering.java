package dev.meterkite.functions.usage;

import com.google.gson.JsonParser;
import dev.meterkite.functions.Settings;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.backend.Budget;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.http.Replies;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Outcome;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.usage.MeterState;
import dev.meterkite.model.usage.UsageBatch;
import dev.meterkite.model.usage.UsageCommand;
import dev.meterkite.model.usage.UsageCommands;
import dev.meterkite.model.usage.UsageIds;
import dev.meterkite.model.usage.UsageOutcome;
import dev.meterkite.model.usage.UsageRules;
import dev.meterkite.model.usage.UsageTriage;
import dev.meterkite.model.usage.UsageTriage.Step;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.YearMonth;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What the functions of usage do: commands to the meter of one customer, through one engine. */
public final class Metering {
  /** How far the clocks of two instances may be apart. */
  private static final Duration SKEW = Duration.ofMinutes(2);

  /** Steps of one event while others keep writing to the record; then it is delivered again. */
  private static final int MOST_STEPS = 2 * UsageTriage.MAX_STEPS;

  private static final int WAITING_A_PAGE = 100;

  /**
   * How long a new customer's waiting records may take; what is left comes with the event again.
   */
  private static final Duration WAITING_BUDGET = Duration.ofSeconds(20);

  private final GroupCommit<MeterState, UsageCommand> engine;
  private final Store store;
  private final InstantSource clock;
  private final InstantSource real;
  private final UsageTriage triage;
  private final Reports reports;
  private final UsageAudit audit;

  /** Metering over a backend; a process needs it once. */
  public Metering(Backend backend) {
    Settings settings = backend.settings();
    UsageRules rules = new UsageRules(settings.rateCard(), settings.usageClosesAfter());
    this.engine = backend.engine(rules);
    this.store = backend.store();
    this.clock = backend.clock();
    this.real = backend.realClock();
    this.triage = rules.triage();
    this.reports =
        new Reports(store, settings.rateCard(), settings.focusProvider(), settings.focusIssuer());
    this.audit =
        new UsageAudit(
            store,
            clock,
            triage,
            settings.usageCheckDays(),
            id -> count(id, true).verdict() == Handled.Verdict.DONE,
            backend.log());
  }

  /** The metering of a process. */
  public static Metering of(Backend backend) {
    return backend.feature(Metering.class, Metering::new);
  }

  /**
   * Records the items of a request, each customer's in commits of their own.
   *
   * @param sent the items as JSON objects
   * @param alone whether the request is one record and no list: then its refusal is the request's
   */
  public Answer record(
      List<Map<String, Object>> sent, boolean alone, String requestKey, String requestHash) {
    List<Map<String, Object>> records = sent.stream().map(DocumentValues::ofRecord).toList();
    UsageBatch batch = UsageBatch.parse(records, requestKey, now());
    return record(batch, records, alone, requestKey, requestHash);
  }

  /**
   * Records items each of which has a name of its own, under which it is recorded once, for
   * whichever customer.
   *
   * @param sent the items as JSON objects, each with an idempotency key
   * @param names theirs, in order
   */
  public Answer recordNamed(
      List<Map<String, Object>> sent,
      List<UsageBatch.Name> names,
      String requestKey,
      String requestHash) {
    List<Map<String, Object>> records = sent.stream().map(DocumentValues::ofRecord).toList();
    UsageBatch batch = UsageBatch.parse(records, requestKey, now()).named(names);
    return record(batch, records, false, requestKey, requestHash);
  }

  private Answer record(
      UsageBatch batch,
      List<Map<String, Object>> records,
      boolean alone,
      String requestKey,
      String requestHash) {
    if (batch.allBroken()) {
      return Answer.problem(
          Problem.invalid(alone ? batch.items().get(0).errors() : batch.errors()));
    }
    List<Command<UsageCommand>> commands = batch.commands(requestKey, requestHash, alone);
    List<Reply> replies = engine.callAll(commands);
    Answer answer =
        alone
            ? Replies.answer(replies.get(0), Metering::problem)
            : new RecordedBatch(batch, records, requestKey).answer(replies);
    Reply.Effort effort = replies.get(0).effort();
    return answer.took(effort.attempts(), effort.batch());
  }

  /** What a customer used, as asked. */
  Answer report(Reports.Request request) {
    return reports.answer(request, now());
  }

  /** Counts what an event shows to be uncounted. */
  Handled react(DocumentChange change) {
    Instant now = now();
    if (!settled(change.ref().id(), change.after(), now)) {
      return count(change.ref().id(), false);
    }
    return mayBeRestored(change, now) ? count(change.ref().id(), true) : Handled.done("nothing");
  }

  private boolean settled(String usageId, Snapshot record, Instant now) {
    return record.exists() && triage.settled(usageId, record.fields(), now);
  }

  /**
   * Whether a record that carries the digest of itself may yet be counted otherwise: another
   * program can have put an older state of it back. What we recorded or marked just now cannot.
   */
  private boolean mayBeRestored(DocumentChange change, Instant now) {
    Map<String, Object> after = change.after().fields();
    if (change.before().exists()) {
      return settled(change.ref().id(), change.before(), now)
          && !Objects.equals(
              change.before().fields().get(UsageTracking.COUNTED_DIGEST),
              after.get(UsageTracking.COUNTED_DIGEST));
    }
    return !(after.get(UsageTracking.RECORDED_AT) instanceof Instant recordedAt
        && (near(recordedAt, change.time()) || near(recordedAt, now)));
  }

  private static boolean near(Instant one, Instant other) {
    return Duration.between(one, other).abs().compareTo(SKEW) <= 0;
  }

  /**
   * Brings the counters to what a record, as read now, says.
   *
   * @return done, or later where it may succeed when tried again
   */
  public Handled count(String usageId) {
    return count(usageId, false);
  }

  /**
   * @param anyway whether a record that looks counted is compared with what was counted
   */
  private Handled count(String usageId, boolean anyway) {
    List<DocRef> refs = List.of(UsageIds.recordRef(usageId), UsageIds.countsRef(usageId));
    boolean compare = anyway;
    for (int steps = 0; steps < MOST_STEPS; steps++) {
      List<Snapshot> read = store.read(refs).join();
      Step step = triage.next(read.get(0), read.get(1), now());
      String customerId = customerOf(read.get(0));
      if (step instanceof Step.Done && compare && customerId != null) {
        step = new Step.Run(UsageCommands.count(customerId, usageId, read));
        compare = false;
      }
      Handled handled = take(step, read);
      if (handled != null) {
        return handled;
      }
    }
    return Handled.later("changing");
  }

  private static @Nullable String customerOf(Snapshot record) {
    return record.fields().get(UsageTracking.CUSTOMER_ID) instanceof String id
            && UsageIds.isCustomerId(id)
        ? id
        : null;
  }

  /** Takes a step; null if the next one is to be looked for. */
  private @Nullable Handled take(Step step, List<Snapshot> read) {
    if (step instanceof Step.Done) {
      return Handled.done("ok");
    }
    if (step instanceof Step.Mark mark) {
      commitIfAsSeen(mark.write(), read);
      return null;
    }
    Command<UsageCommand> command = ((Step.Run) step).command();
    Reply reply = engine.call(command);
    if (!(reply instanceof Reply.Answered answered)) {
      return Handled.later("unavailable").took(reply.effort().attempts(), reply.effort().batch());
    }
    if (!"pending".equals(word(answered, "status"))) {
      return null;
    }
    boolean noted = commitIfAsSeen(triage.pending(command, read.get(1), now()), read);
    return noted ? Handled.done("unknown_customer") : null;
  }

  /** Whether the write was made; false if the document is not as it was seen any more. */
  private boolean commitIfAsSeen(Write.Update write, List<Snapshot> read) {
    return ConditionalUpdate.tryCommit(store, List.of(Mutation.of(write, read)));
  }

  /**
   * What the meter owes to a customer document that somebody wrote: its due moment, if another
   * program counted or wiped counters, and, when it has just appeared, the records that waited for
   * it. A change that leaves the counters in order costs no call.
   *
   * @return done, or later where something is left: the event then comes again
   */
  public Handled customerWritten(DocumentChange change) {
    String customerId = change.ref().id();
    if (!change.after().exists() || !UsageIds.isCustomerId(customerId)) {
      return Handled.done("nothing");
    }
    if (!UsageRules.isTended(change.after())
        && !(engine.call(UsageCommands.sweep(customerId)) instanceof Reply.Answered)) {
      return Handled.later("unavailable");
    }
    return change.before().exists() ? Handled.done("ok") : countWaiting(customerId);
  }

  /** Counts what other programs recorded for a customer before there was one. */
  private Handled countWaiting(String customerId) {
    Budget budget = new Budget(WAITING_BUDGET, real);
    Query query = Queries.pendingUsageOfCustomer(customerId, WAITING_A_PAGE);
    List<Snapshot> page = store.find(query).join();
    while (!page.isEmpty()) {
      if (recount(page).failed() > 0) {
        return Handled.later("unavailable");
      }
      if (budget.isSpent()) {
        return Handled.later("more_usage");
      }
      String last = page.get(page.size() - 1).ref().id();
      page =
          page.size() < WAITING_A_PAGE ? List.of() : store.find(query.after(List.of(last))).join();
    }
    return Handled.done("ok");
  }

  /** Resets the counters of these customers where their period is over. */
  public Swept reset(List<Snapshot> customers) {
    List<Reply> replies = engine.callAll(customers.stream().map(UsageCommands::sweep).toList());
    return Swept.of(
        replies, reply -> reply instanceof Reply.Answered answered && is(answered, "reset"));
  }

  /** Closes the months of these summaries where their time has come. */
  public Swept close(List<Snapshot> summaries) {
    List<Command<UsageCommand>> commands =
        summaries.stream().flatMap(summary -> closing(summary).stream()).toList();
    List<Reply> replies = engine.callAll(commands);
    Swept swept = Swept.NOTHING;
    for (int i = 0; i < commands.size(); i++) {
      UsageCommand.CloseMonth close = (UsageCommand.CloseMonth) commands.get(i).input();
      swept = swept.plus(closed(commands.get(i).owner(), close.month(), replies.get(i)));
    }
    return swept;
  }

  /** The command that closes a summary; none for what no summary of ours looks like. */
  private static Optional<Command<UsageCommand>> closing(Snapshot summary) {
    YearMonth month = month(summary.fields().get(UsageSummaries.MONTH));
    return month != null
            && summary.fields().get(UsageSummaries.CUSTOMER_ID) instanceof String customerId
            && UsageIds.isCustomerId(customerId)
        ? Optional.of(UsageCommands.closeMonth(customerId, month))
        : Optional.empty();
  }

  private Swept closed(DocRef customer, YearMonth month, Reply reply) {
    if (!(reply instanceof Reply.Answered answered)) {
      return Swept.FAILED;
    }
    if (is(answered, "closed")) {
      return Swept.ONE;
    }
    if (store.read(List.of(customer)).join().get(0).exists()) {
      return Swept.NOTHING;
    }
    Write.Merge closed = (Write.Merge) triage.closed(customer.id(), month);
    ConditionalUpdate.write(store, Mutation.blind(closed.ref(), closed.fields(), Map.of()));
    return Swept.ONE;
  }

  /** Looks again at records whose customers were not there. */
  public Swept recount(List<Snapshot> counts) {
    Swept swept = Swept.NOTHING;
    for (Snapshot waiting : counts) {
      Handled handled = count(waiting.ref().id());
      swept = swept.plus(handled.verdict() == Handled.Verdict.DONE ? Swept.ONE : Swept.FAILED);
    }
    return swept;
  }

  /**
   * Compares the summaries of the last days with the records, and counts anew what differs, within
   * a time; once a UTC day.
   *
   * @param real the time that {@code until} is of
   */
  public Audited audit(InstantSource real, Instant until) {
    return audit.run(real, until);
  }

  /**
   * How far the comparison of summaries with records came.
   *
   * @param customers how many customers were compared in this run
   * @param recounted how many records were counted anew
   * @param more whether today's comparison is not at its end
   */
  public record Audited(long customers, long recounted, boolean more) {}

  private static @Nullable YearMonth month(@Nullable Object value) {
    try {
      return value instanceof String text ? YearMonth.parse(text) : null;
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private static boolean is(Reply.Answered answered, String name) {
    return JsonParser.parseString(answered.json()).getAsJsonObject().get(name).getAsBoolean();
  }

  private static @Nullable String word(Reply.Answered answered, String name) {
    return JsonParser.parseString(answered.json()).getAsJsonObject().get(name).getAsString();
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  private static Problem problem(Outcome outcome) {
    UsageOutcome refusal = (UsageOutcome) outcome;
    return Problem.of(
        409,
        refusal.code(),
        switch (refusal) {
          case UNKNOWN_CUSTOMER -> "There is no such customer; register-customer creates it.";
          case IDEMPOTENCY_CONFLICT -> "A record with this key says something else.";
          case UNKNOWN_RECORD -> "There is no record to correct under this id.";
          case ALREADY_CORRECTED -> "The record has been corrected before.";
          case CORRECTION_MISMATCH ->
              "A correction restates scene, action and timestamp of its record.";
          case CONTRACT_INACTIVE -> "The customer's contract is not in force.";
          case QUOTA_EXCEEDED -> "No scene is left in this period.";
        });
  }

  /**
   * What became of some documents for which something was due.
   *
   * @param done how many were brought up to date
   * @param failed how many stay due because it could not be done now
   */
  public record Swept(int done, int failed) {
    /** Nothing was due after all. */
    public static final Swept NOTHING = new Swept(0, 0);

    /** One document was brought up to date. */
    static final Swept ONE = new Swept(1, 0);

    /** One document stays due. */
    static final Swept FAILED = new Swept(0, 1);

    /** Both together. */
    public Swept plus(Swept more) {
      return new Swept(done + more.done, failed + more.failed);
    }

    /**
     * What replies say.
     *
     * @param done whether a reply tells of a document that was brought up to date
     */
    public static Swept of(List<Reply> replies, Predicate<Reply> done) {
      int failed =
          (int) replies.stream().filter(reply -> !(reply instanceof Reply.Answered)).count();
      return new Swept((int) replies.stream().filter(done).count(), failed);
    }
  }
}
