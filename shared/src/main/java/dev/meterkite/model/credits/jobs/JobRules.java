package dev.meterkite.model.credits.jobs;

import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.HoldStatus;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.holds.CreditHold;
import dev.meterkite.model.credits.holds.HoldCodec;
import dev.meterkite.model.credits.holds.HoldNote;
import dev.meterkite.model.credits.holds.JobMark;
import dev.meterkite.model.credits.journal.EntryDetails;
import dev.meterkite.model.credits.journal.TransactionCodec;
import dev.meterkite.model.credits.ledger.BalanceAlert;
import dev.meterkite.model.credits.ledger.CreditDecisions;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.credits.lots.OpenHold;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.Plans;
import dev.meterkite.model.plans.UserTier;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a job owes, decided from its status as read now; so events may come late, twice and in any
 * order, and the end is the same.
 *
 * <ul>
 *   <li>{@code queued, clarifying, running}: the price is held for {@link #HOLD_LIFE}. If it cannot
 *       be, the payment is {@code refused} with the code, and a queued job becomes failed; a job
 *       that goes on is tried again with each event and once a day.
 *   <li>{@code completed}: {@code credits_actual}, else the price, is captured, at most what is
 *       held. A job that was never held, or whose hold lapsed, is charged in one commit, or is
 *       {@code unpaid} for good with an alert. While {@code credits_actual} cannot be read the
 *       payment is {@code refused} as {@code invalid_job} and the hold stays open until it lapses;
 *       once it can be read, the job is charged.
 *   <li>{@code failed, cancelled}, or gone: the hold is released; one that never had a hold gets a
 *       released one, unless it was refused.
 * </ul>
 *
 * <p>A captured or released hold is final: whatever the job says later, nothing more is charged for
 * that attempt. A job that lives again is a new one: see {@link JobAttempt}. The price of a job of
 * 10 minutes, hd, express is 30: queued it holds 30, completed with {@code credits_actual} 24 it
 * costs 24 and gives 6 back.
 */
public final class JobRules {
  /** How long a job's hold lasts. */
  public static final Duration HOLD_LIFE = Duration.ofDays(7);

  /** How often a payment that may still succeed is looked at again. */
  static final Duration RETRY = Duration.ofDays(1);

  /** The same for a job whose user does not exist yet, or whose balance cannot be read. */
  static final Duration RETRY_WITHOUT_LEDGER = Duration.ofHours(1);

  /** How long after a job's creation that goes on. */
  static final Duration RETRY_WINDOW = Duration.ofDays(30);

  /** Why a completed job is unpaid only for now. */
  private static final Set<String> MENDABLE =
      Set.of(
          CreditOutcome.NOT_FOUND.code(),
          CreditOutcome.BALANCE_UNREADABLE.code(),
          CreditOutcome.INVALID_JOB.code());

  private final CreditState state;
  private final LedgerSession session;
  private final Seen seen;
  private final String jobId;
  private final Snapshot job;
  private final JobAttempt attempt;
  private boolean alerted;

  private JobRules(CreditState state, LedgerSession session, Seen seen, JobAttempt attempt) {
    this.state = state;
    this.session = session;
    this.seen = seen;
    this.attempt = attempt;
    this.job = attempt.job();
    this.jobId = job.ref().id();
  }

  /** The attempt that counts, or what must be read to know it. */
  private static Optional<JobAttempt> attempt(
      String jobId, JobEvent event, Seen seen, List<Read> missing) {
    DocRef job = new DocRef(PodcastJobs.COLLECTION, jobId);
    DocRef first = CreditRefs.jobHold(jobId);
    for (DocRef ref : List.of(job, first)) {
      if (!seen.has(new Read.Get(ref))) {
        missing.add(new Read.Get(ref));
      }
    }
    if (!missing.isEmpty()) {
      return Optional.empty();
    }
    Snapshot firstHold = seen.document(first);
    DocRef latest = JobAttempt.latestHold(jobId, firstHold);
    if (!seen.has(new Read.Get(latest))) {
      missing.add(new Read.Get(latest));
      return Optional.empty();
    }
    return Optional.of(new JobAttempt(seen.document(job), firstHold, seen.document(latest), event));
  }

  /**
   * A job without a ledger to charge: it is tried again every hour.
   *
   * @param why the user does not exist, or its balance cannot be read
   */
  public static Decision<CreditState> withoutLedger(
      CreditState state,
      Seen seen,
      String jobId,
      JobEvent event,
      CreditOutcome why,
      Plans plans,
      Instant now) {
    List<Read> missing = new ArrayList<>();
    Read.Get owner = new Read.Get(CreditRefs.user(state.userId()));
    if (!seen.has(owner)) {
      missing.add(owner);
    }
    boolean unreadable = why == CreditOutcome.BALANCE_UNREADABLE;
    if (unreadable && !seen.has(BalanceAlert.read(state.userId()))) {
      missing.add(BalanceAlert.read(state.userId()));
    }
    Optional<JobAttempt> attempt = attempt(jobId, event, seen, missing);
    if (attempt.isEmpty() || !missing.isEmpty()) {
      return new Decision.NeedsReads<>(missing);
    }
    LedgerSession empty = new LedgerSession(state.userId(), Ledger.EMPTY, plans, now);
    if (unreadable) {
      BalanceAlert.raise(state, seen, now).forEach(empty::write);
    }
    return new JobRules(state, empty, seen, attempt.get()).withoutLedger(why);
  }

  private Decision<CreditState> withoutLedger(CreditOutcome why) {
    Optional<JobStatus> status = JobPayment.status(job);
    boolean completed = status.filter(JobStatus.COMPLETED::equals).isPresent();
    CreditHold hold = attempt.found();
    boolean isNew = attempt.isNew(hold);
    boolean isOpen = hold != null && hold.status() == HoldStatus.HELD;
    boolean owes = status.isPresent() && (isNew || isOpen || (completed && isLapsed(hold)));
    if (!owes) {
      return session.writes().isEmpty()
          ? unchanged()
          : new Decision.Applied<>(state, PaymentNoteCodec.answer(jobId), session.writes());
    }
    PaymentNote payment =
        new PaymentNote(
            isNew ? attempt.next() : attempt.latest(),
            completed ? PaymentStatus.UNPAID : PaymentStatus.REFUSED,
            why.code(),
            null,
            order().map(JobOrder::price).orElse(0L),
            retryAt(job, RETRY_WITHOUT_LEDGER, session.now()));
    PaymentNoteCodec.update(job, payment).ifPresent(session::write);
    if (completed && JobPayment.of(job).status() != PaymentStatus.UNPAID) {
      alertUnpaid(payment);
    }
    return session.writes().isEmpty()
        ? new Decision.Unchanged<>(PaymentNoteCodec.answer(jobId, payment))
        : new Decision.Applied<>(state, PaymentNoteCodec.answer(jobId, payment), session.writes());
  }

  private static boolean isLapsed(@Nullable CreditHold hold) {
    return hold == null || hold.statusOrExpired() == HoldStatus.EXPIRED;
  }

  /** What the job as seen asks for of this user, who must be the one that pays. */
  public static Decision<CreditState> decide(
      CreditState state, LedgerSession session, Seen seen, String jobId, JobEvent event) {
    List<Read> missing = new ArrayList<>();
    return attempt(jobId, event, seen, missing)
        .map(attempt -> new JobRules(state, session, seen, attempt).decide())
        .orElseGet(() -> new Decision.NeedsReads<>(missing));
  }

  private Decision<CreditState> decide() {
    Optional<String> payer = attempt.payer();
    if (payer.isPresent() && !payer.get().equals(state.userId())) {
      // Somebody else's by now: the caller reads again and asks that user.
      return CreditDecisions.refused(CreditOutcome.JOB_HOLD_CONFLICT);
    }
    if (!job.exists()) {
      return ended(JobAttempt.DELETED);
    }
    Optional<JobStatus> status = JobPayment.status(job);
    if (status.isEmpty() || payer.isEmpty()) {
      return unchanged();
    }
    CreditHold hold = session.asClosed(attempt.hold());
    boolean begins = attempt.isNew(hold);
    if (!begins) {
      Read.Get alert = otherUserAlert();
      if (alert != null && !seen.has(alert)) {
        return new Decision.NeedsReads<>(List.of(alert));
      }
    }
    if (begins) {
      return begin(status.get());
    }
    tellOtherUser();
    if (hold == null) {
      return ended(status.get().wire()); // one under way, or completed, would begin
    }
    return switch (status.get()) {
      case QUEUED, CLARIFYING, RUNNING -> underWay(hold);
      case COMPLETED -> completed(hold);
      case FAILED, CANCELLED -> ended(status.get().wire());
    };
  }

  /** A new attempt. What an earlier job of this id still holds is released. */
  private Decision<CreditState> begin(JobStatus status) {
    OpenHold old = openHold();
    if (old != null) {
      session.release(old, HoldStatus.RELEASED);
      session.note(attempt.hold().ref(), note -> note.code(JobAttempt.DELETED));
      if (attempt.handsOver()) {
        return applied();
      }
    }
    long number = attempt.next();
    return status == JobStatus.COMPLETED
        ? chargeWithoutHold(number, null)
        : hold(number, status == JobStatus.QUEUED);
  }

  private Optional<JobOrder> order() {
    return JobOrder.of(job, session.plans().jobs());
  }

  private @Nullable OpenHold openHold() {
    return attempt.hold().exists() ? session.hold(attempt.hold().ref().id()) : null;
  }

  /** Holds the price of an attempt. */
  private Decision<CreditState> hold(long number, boolean isQueued) {
    Optional<JobOrder> order = order();
    if (order.isEmpty()) {
      return refuse(number, CreditOutcome.INVALID_JOB, 0, isQueued);
    }
    long price = order.get().price();
    UserTier tier = state.tier(session.plans()).orElse(session.plans().firstTier());
    if (order.get().isLongerThan(tier.longestJobMinutes())) {
      return refuse(number, CreditOutcome.DURATION_EXCEEDS_TIER, price, isQueued);
    }
    if (price > session.spendable()) {
      return refuse(number, CreditOutcome.INSUFFICIENT_CREDITS, price, isQueued);
    }
    Instant expiresAt = session.now().plus(HOLD_LIFE);
    String holdId = CreditRefs.jobHold(jobId, number).id();
    if (session.isFullFor(holdId, price, jobId, expiresAt)) {
      return refuse(number, CreditOutcome.TOO_MANY_HOLDS, price, false);
    }
    noteAttempt(number);
    session.openNew(holdId, price, jobId, expiresAt, mark(number), null);
    return finish(PaymentNote.held(number, price, expiresAt), true);
  }

  /** Notes the job on the end of its hold, which may have been made before the job was there. */
  private void noteJob() {
    if (job.exists() && HoldCodec.decode(attempt.hold()).jobCreatedAt() == null) {
      session.note(attempt.hold().ref(), note -> note.mark(mark(attempt.latest())));
    }
  }

  /** What the hold of an attempt says of the attempt. */
  private JobMark mark(long number) {
    return new JobMark(number, LenientFields.instant(job.fields(), PodcastJobs.CREATED_AT));
  }

  /** Notes on the first attempt's hold which attempt is the latest; it may never have had one. */
  private void noteAttempt(long number) {
    if (number == 1) {
      return;
    }
    DocRef first = attempt.first().ref();
    if (attempt.first().exists()) {
      session.write(HoldCodec.attempts(first, number));
      return;
    }
    CreditHold never = neverOpen(first, 1, 0, end(HoldStatus.RELEASED, 0, null));
    session.write(HoldCodec.create(first, never.attempts(number)));
  }

  private Decision<CreditState> underWay(CreditHold hold) {
    OpenHold open = openHold();
    return open == null
        ? afterHold(hold)
        : finish(PaymentNote.held(attempt.latest(), open.amount(), open.expiresAt()), false);
  }

  /** The payment of a job whose hold is closed already; only one under way may have lapsed. */
  private Decision<CreditState> afterHold(CreditHold closed) {
    HoldStatus ended = closed.statusOrExpired();
    if (ended == HoldStatus.CAPTURED) {
      long amount = closed.captured() == null ? 0 : closed.captured();
      return finish(PaymentNote.captured(attempt.latest(), amount), false);
    }
    if (ended == HoldStatus.RELEASED) {
      boolean lives = JobPayment.status(job).filter(status -> !status.ended()).isPresent();
      return finish(released(lives ? CreditOutcome.HOLD_ALREADY_RELEASED.code() : null), false);
    }
    if (isStale()) {
      return needsOwner();
    }
    Instant dueAt = retryAt(job, RETRY, session.now());
    return finish(
        PaymentNote.released(attempt.latest(), CreditOutcome.HOLD_EXPIRED.code(), dueAt), false);
  }

  private PaymentNote released(@Nullable String code) {
    return PaymentNote.released(attempt.latest(), code, null);
  }

  private Decision<CreditState> completed(CreditHold hold) {
    OpenHold open = openHold();
    if (open == null) {
      return isLapsed(hold) ? chargeWithoutHold(attempt.latest(), hold) : afterHold(hold);
    }
    if (JobOrder.isActualUnreadable(job)) {
      return refuseActual(attempt.latest(), open.expiresAt());
    }
    long amount = owed(open.amount(), hold);
    DocRef charge = CreditRefs.jobCharge(jobId, attempt.latest());
    session.capture(open, charge.id(), amount, EntryDetails.ofCapture(open).build());
    noteJob();
    return finish(PaymentNote.captured(attempt.latest(), amount), true);
  }

  /** Charges a completed job that was never held, or whose hold lapsed, in one commit. */
  private Decision<CreditState> chargeWithoutHold(long number, @Nullable CreditHold lapsed) {
    JobPayment before = JobPayment.of(job);
    if (before.status() == PaymentStatus.UNPAID
        && before.attempt() == number
        && !MENDABLE.contains(String.valueOf(before.code()))) {
      return unchanged();
    }
    Read.Get charge = new Read.Get(CreditRefs.jobCharge(jobId, number));
    if (isStale() || !seen.has(charge)) {
      return new Decision.NeedsReads<>(
          List.of(new Read.Get(CreditRefs.user(state.userId())), charge));
    }
    Snapshot charged = seen.document(charge.ref());
    if (charged.exists()) {
      long amount = -TransactionCodec.decode(charged).amount();
      return finish(PaymentNote.captured(number, amount), false);
    }
    if (JobOrder.isActualUnreadable(job)) {
      return refuseActual(number, null);
    }
    long cap = lapsed == null ? order().map(JobOrder::price).orElse(0L) : lapsed.amount();
    if (cap < 1) {
      return unpaid(number, CreditOutcome.INVALID_JOB, 0);
    }
    long amount = owed(cap, lapsed);
    if (amount > session.spendable()) {
      return unpaid(number, CreditOutcome.INSUFFICIENT_CREDITS, amount);
    }
    DocRef hold = CreditRefs.jobHold(jobId, number);
    if (amount > 0) {
      session.spend(
          charge.ref().id(),
          TransactionType.DEDUCTION,
          amount,
          EntryDetails.builder()
              .jobId(jobId)
              .holdId(hold.id())
              .plansVersion(lapsed == null ? null : lapsed.plansVersion())
              .build());
    }
    String transactionId = amount > 0 ? charge.ref().id() : null;
    HoldNote.End end = end(HoldStatus.CAPTURED, amount, transactionId);
    if (lapsed == null) {
      noteAttempt(number);
      session.write(HoldCodec.create(hold, neverOpen(hold, number, cap, end)));
    } else {
      session.close(hold, end);
    }
    return finish(PaymentNote.captured(number, amount), true);
  }

  /**
   * What a completed job costs: what it used, else its price, at most what is or was held. A hold
   * that other plans decided stays the price.
   *
   * @param hold the hold; null for a job that was never held
   */
  private long owed(long cap, @Nullable CreditHold hold) {
    Long actual = LenientFields.whole(job.fields(), PodcastJobs.CREDITS_ACTUAL);
    String decidedBy = hold == null ? null : hold.plansVersion();
    boolean isOlder = decidedBy != null && !decidedBy.equals(session.plans().version());
    long price = isOlder ? cap : order().map(JobOrder::price).orElse(cap);
    return Math.min(actual != null ? actual : price, cap);
  }

  /**
   * Refuses the payment of a completed job while {@code credits_actual} cannot be read. Its hold
   * stays as it is.
   */
  private Decision<CreditState> refuseActual(long number, @Nullable Instant dueAt) {
    if (isStale()) {
      return needsOwner();
    }
    PaymentNote payment =
        new PaymentNote(
            number,
            PaymentStatus.REFUSED,
            CreditOutcome.INVALID_JOB.code(),
            PodcastJobs.CREDITS_ACTUAL,
            0,
            dueAt);
    if (!isTold(payment)) {
      alertUnpaid(payment);
    }
    return finish(payment, false);
  }

  /** Whether the job says already that it is not paid for this reason. */
  private boolean isTold(PaymentNote payment) {
    JobPayment before = JobPayment.of(job);
    return before.attempt() == payment.number()
        && before.status() == payment.status()
        && Objects.equals(before.code(), payment.code());
  }

  /**
   * @param how the word for the job's end
   */
  private Decision<CreditState> ended(String how) {
    OpenHold open = openHold();
    if (open != null) {
      session.release(open, HoldStatus.RELEASED);
      session.note(attempt.hold().ref(), note -> note.code(how));
      noteJob();
      return finish(released(null), true);
    }
    if (JobPayment.of(job).status() == PaymentStatus.REFUSED) {
      return settleRefused();
    }
    DocRef ref = attempt.hold().ref();
    CreditHold closed = session.asClosed(attempt.hold());
    if (closed == null) {
      long price = order().map(JobOrder::price).orElse(0L);
      HoldNote.End end = end(HoldStatus.RELEASED, 0, null);
      CreditHold never = neverOpen(ref, attempt.latest(), price, end);
      session.write(HoldCodec.create(ref, never.code(how)));
      return finish(released(null), true);
    }
    if (isLapsed(closed)) {
      // What is late of this attempt must not charge it.
      session.close(ref, end(HoldStatus.RELEASED, 0, null));
      session.note(ref, note -> note.code(how));
      return finish(released(null), true);
    }
    if (!job.exists() && isReleasedOfALiving(closed)) {
      session.note(ref, note -> note.code(JobAttempt.DELETED));
      return finish(released(null), true);
    }
    return afterHold(closed);
  }

  /** Whether a hold was released and does not say yet that its job was deleted. */
  private static boolean isReleasedOfALiving(CreditHold hold) {
    return hold.status() == HoldStatus.RELEASED && !JobAttempt.DELETED.equals(hold.code());
  }

  /** A refused job that has ended stays refused, and need not be looked at again. */
  private Decision<CreditState> settleRefused() {
    Optional<Write.Update> settled = PaymentNoteCodec.settled(job);
    if (settled.isEmpty()) {
      return alerted ? applied() : unchanged();
    }
    session.write(settled.get());
    return applied();
  }

  private HoldNote.End end(HoldStatus status, long captured, @Nullable String transactionId) {
    return new HoldNote.End(status, captured, transactionId, session.now());
  }

  /** The hold of an attempt that was never open. */
  private CreditHold neverOpen(DocRef ref, long number, long amount, HoldNote.End end) {
    return CreditHold.neverOpen(ref.id(), state.userId(), jobId, amount, end, mark(number));
  }

  /** Refuses the payment, from a state that was read for this and is not a cached one. */
  private Decision<CreditState> refuse(
      long number, CreditOutcome why, long price, boolean failsJob) {
    if (isStale()) {
      return needsOwner();
    }
    Instant dueAt = failsJob ? null : retryAt(job, RETRY, session.now());
    PaymentNote payment =
        new PaymentNote(number, PaymentStatus.REFUSED, why.code(), fault(why), price, dueAt);
    return write(
        failsJob
            ? PaymentNoteCodec.failure(job, payment, session.now())
            : PaymentNoteCodec.update(job, payment),
        payment,
        false);
  }

  private @Nullable String fault(CreditOutcome why) {
    return why == CreditOutcome.INVALID_JOB
        ? JobOrder.fault(job, session.plans().jobs()).orElse(null)
        : null;
  }

  private Decision<CreditState> unpaid(long number, CreditOutcome why, long amount) {
    PaymentNote payment =
        new PaymentNote(number, PaymentStatus.UNPAID, why.code(), fault(why), amount, null);
    if (!isTold(payment)) {
      alertUnpaid(payment);
    }
    return finish(payment, false);
  }

  private void alertUnpaid(PaymentNote payment) {
    String field = payment.field();
    session.write(
        Alerts.grouped(
            AlertType.JOB_UNPAID,
            AlertSubject.user(state.userId()),
            jobId,
            "job "
                + jobId
                + " is completed and unpaid: "
                + payment.code()
                + (field == null
                    ? ""
                    : " (" + field + " is " + LenientFields.shown(job.fields().get(field)) + ")"),
            session.now()));
  }

  /** The alert that the job names another user than the one who pays; null where it does not. */
  private Read.@Nullable Get otherUserAlert() {
    String other = attempt.otherUser(state.userId());
    return other == null ? null : new Read.Get(otherUserRef(other));
  }

  private DocRef otherUserRef(String other) {
    return Alerts.ref(AlertType.JOB_UNPAID, AlertSubject.user(state.userId()), incident(other));
  }

  private String incident(String other) {
    return "job " + jobId + " attempt " + attempt.latest() + " user " + other;
  }

  /** Raises one alert for each user that is named in place of the one who pays. */
  private void tellOtherUser() {
    String other = attempt.otherUser(state.userId());
    if (other == null || seen.document(otherUserRef(other)).exists()) {
      return;
    }
    Write.Merge alert =
        Alerts.once(
            AlertType.JOB_UNPAID,
            AlertSubject.user(state.userId()),
            incident(other),
            "user "
                + state.userId()
                + " pays for job "
                + jobId
                + ", which was held for that user and now names "
                + other,
            session.now());
    session.write(new Write.Create(alert.ref(), alert.fields()));
    alerted = true;
  }

  private boolean isStale() {
    return !seen.has(new Read.Get(CreditRefs.user(state.userId())));
  }

  private Decision<CreditState> needsOwner() {
    return new Decision.NeedsReads<>(List.of(new Read.Get(CreditRefs.user(state.userId()))));
  }

  private Decision<CreditState> unchanged() {
    return new Decision.Unchanged<>(PaymentNoteCodec.answer(jobId));
  }

  private Decision<CreditState> applied() {
    return CreditDecisions.applied(state, session, PaymentNoteCodec.answer(jobId));
  }

  private Decision<CreditState> finish(PaymentNote payment, boolean moved) {
    return write(
        job.exists() ? PaymentNoteCodec.update(job, payment) : Optional.empty(), payment, moved);
  }

  /**
   * Ends with a payment.
   *
   * @param change of the job's document, if any
   * @param moved whether credits or holds changed
   */
  private Decision<CreditState> write(
      Optional<Write.Update> change, PaymentNote payment, boolean moved) {
    change.ifPresent(session::write);
    return change.isEmpty() && !moved && !alerted
        ? new Decision.Unchanged<>(PaymentNoteCodec.answer(jobId, payment))
        : CreditDecisions.applied(state, session, PaymentNoteCodec.answer(jobId, payment));
  }

  /** When to look again: as noted, or this long from now; never once the job is too old. */
  private static @Nullable Instant retryAt(Snapshot job, Duration delay, Instant now) {
    Instant createdAt = LenientFields.instant(job.fields(), PodcastJobs.CREATED_AT);
    if (createdAt == null || !createdAt.plus(RETRY_WINDOW).isAfter(now)) {
      return null;
    }
    Instant noted = LenientFields.instant(job.fields(), PodcastJobs.PAYMENT_DUE_AT);
    return noted != null && noted.isAfter(now) ? noted : now.plus(delay);
  }
}
