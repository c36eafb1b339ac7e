package dev.meterkite.model.usage;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.CommandCodec;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Rules;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.Customers;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The rules of metering. The owner document is the customer's.
 *
 * <p>A record, what was counted for it, the customer's counters and the month's summary change in
 * one commit. With n scenes left in the period, n of any number of scenes are recorded; a customer
 * without a quota, or with -1, has no bound; one in soft mode is flagged instead of refused. Usage
 * that is dated into a period that is over is recorded and leaves the present counter alone.
 *
 * <p>What becomes of a batch: items are taken in order, each seeing what the earlier ones used. If
 * all are refused with one code, the command is refused, leaves nothing behind, and is decided anew
 * some minutes later. If something is recorded, or the refusals differ or come with duplicates, the
 * answer with its refusals is final and a repeat gets it again.
 *
 * <p>Worked example: quota 10, 8 used, a batch of three scenes: two are recorded, the third is
 * refused with {@code quota_exceeded}, the counter stands at 10, and the alerts for 80 and 100
 * percent are raised unless they were in this period.
 */
public final class UsageRules implements Rules<MeterState, UsageCommand> {
  private static final class Codec {
    static final CommandCodec<UsageCommand> OF_COMMANDS =
        new CommandCodec<>("usage", UsageCommand.class, List.of(UsageOutcome.values()));
  }

  /** How long after its end a month takes late records, unless said otherwise. */
  public static final Duration CLOSE_AFTER = Duration.ofDays(3);

  private final RateCard rates;
  private final SummaryCalendar book;

  /**
   * @param rates the cost of usage whose producer gives none
   * @param closeAfter from the end of a month to its closing, not negative
   */
  public UsageRules(RateCard rates, Duration closeAfter) {
    this(rates, closeAfter, SummaryBounds.DEFAULT);
  }

  UsageRules(RateCard rates, Duration closeAfter, SummaryBounds bounds) {
    if (closeAfter.isNegative()) {
      throw new IllegalArgumentException("a month does not close before its end");
    }
    this.rates = rates;
    this.book = new SummaryCalendar(closeAfter, bounds);
  }

  @Override
  public MeterState decode(Snapshot owner) {
    return MeterCodec.decode(owner);
  }

  @Override
  public Map<String, Object> changes(MeterState before, MeterState after) {
    return MeterCodec.changes(before, after);
  }

  @Override
  public Decision<MeterState> decide(
      MeterState state, Seen seen, Command<UsageCommand> command, Instant now) {
    Fold fold = new Fold(book, command.owner().id(), state, seen, now);
    UsageCommand input = command.input();
    if (input instanceof UsageCommand.RecordItems record) {
      return new UsageRecorder(fold, rates, record).decide();
    }
    if (input instanceof UsageCommand.Count count) {
      return new Counting(fold, rates, count.usageId()).decide();
    }
    if (input instanceof UsageCommand.CloseMonth close) {
      return close(fold, close.month());
    }
    return sweep(state, fold);
  }

  @Override
  public CommandCodec<UsageCommand> codec() {
    return Codec.OF_COMMANDS;
  }

  @Override
  public Decision.Refused<MeterState> refuseAgain(
      MeterState state, Command<UsageCommand> command, String code, Instant now) {
    UsageOutcome outcome = UsageOutcome.ofCode(code);
    return command.input() instanceof UsageCommand.RecordItems record
        ? UsageRecorder.refused(state, now, record, outcome)
        : new Decision.Refused<>(outcome, Map.of());
  }

  private static Decision<MeterState> sweep(MeterState before, Fold fold) {
    Instant begun = before.counter().resetAt();
    boolean reset = begun != null && !begun.equals(fold.state().counter().resetAt());
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("reset", reset);
    return before.exists() && (!before.equals(fold.state()) || fold.hasAlertsOver())
        ? fold.applied(answer)
        : new Decision.Unchanged<>(answer);
  }

  private Decision<MeterState> close(Fold fold, YearMonth month) {
    Map<String, Object> answer = new LinkedHashMap<>();
    MeterState state = fold.state();
    boolean closes = state.exists() && book.isClosed(month, state.closedMonth(), fold.now);
    answer.put("closed", closes);
    if (!closes) {
      return new Decision.Unchanged<>(answer);
    }
    YearMonth known = state.closedMonth();
    fold.close(known == null || month.isAfter(known) ? month : known);
    fold.write(book.closed(fold.customerId, month));
    return fold.applied(answer);
  }

  SummaryBounds bounds() {
    return book.bounds();
  }

  /** Looks at records and decides what the trigger and the sweeps have to do with them. */
  public UsageTriage triage() {
    return new UsageTriage(rates, book);
  }

  /**
   * Whether a customer's document says correctly whether something is due: {@code quota_due_at} is
   * there exactly while scenes are counted. If not, {@link UsageCommands#sweep} puts it right. The
   * customer trigger asks this of the event itself.
   */
  public static boolean isTended(Snapshot customer) {
    SceneCounter counter = MeterCodec.decode(customer).counter();
    boolean counting = counter.scenes() > 0 || counter.early() > 0;
    return counting
        ? counter.dueAt() != null
        : !customer.fields().containsKey(Customers.QUOTA_DUE_AT);
  }
}
