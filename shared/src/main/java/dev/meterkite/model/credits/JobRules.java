package dev.meterkite.model.credits;

import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.alerts.Alerts;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.command.Seen;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
 *       {@code unpaid} for good with an alert.
 *   <li>{@code failed, cancelled}, or gone: the hold is released; one that never had a hold gets a
 *       released one, unless it was refused.
 * </ul>
 *
 * <p>A captured or released hold is final: whatever the job says later, nothing more is charged.
 * The price of a job of 10 minutes, hd, express is 30: queued it holds 30, completed with {@code
 * credits_actual} 24 it costs 24 and gives 6 back.
 */
final class JobRules {
  /** How long a job's hold lasts. */
  static final Duration HOLD_LIFE = Duration.ofDays(7);

  /** How often a payment that may still succeed is looked at again. */
  static final Duration RETRY = Duration.ofDays(1);

  /** The same for a job whose user does not exist yet. */
  static final Duration RETRY_WITHOUT_USER = Duration.ofHours(1);

  /** How long after a job's creation that goes on. */
  static final Duration RETRY_WINDOW = Duration.ofDays(30);

  private final CreditState state;
  private final Book book;
  private final Seen seen;
  private final String jobId;
  private final Snapshot job;
  private final DocRef holdRef;

  JobRules(CreditState state, Book book, Seen seen, CreditCommand.Job command) {
    this.state = state;
    this.book = book;
    this.seen = seen;
    jobId = command.jobId();
    DocRef ref = jobRef(command);
    job = seen.has(new Read.Get(ref)) ? seen.document(ref) : Snapshot.absent(ref);
    holdRef = CreditCommands.jobHold(jobId);
  }

  /**
   * What is to stand on the job.
   *
   * @param credits held, captured, refused or unpaid
   * @param dueAt when to look again; null for never
   */
  private record Payment(
      PaymentStatus status, @Nullable String code, long credits, @Nullable Instant dueAt) {}

  private static DocRef jobRef(CreditCommand.Job command) {
    return new DocRef(PodcastJobs.COLLECTION, command.jobId());
  }

  /** A job whose user does not exist: refused or unpaid for now, and tried again every hour. */
  static Decision<CreditState> withoutUser(
      CreditState state, Seen seen, CreditCommand.Job command, Instant now) {
    Read.Get job = new Read.Get(jobRef(command));
    Read.Get owner = new Read.Get(CreditCommands.user(state.userId()));
    if (!seen.has(job) || !seen.has(owner)) {
      return new Decision.NeedsReads<>(List.of(job, owner));
    }
    Snapshot found = seen.document(job.ref());
    Optional<JobStatus> status = status(found);
    boolean owes =
        status.isPresent() && (!status.get().ended() || status.get() == JobStatus.COMPLETED);
    if (!owes) {
      return new Decision.Unchanged<>(Map.of(PodcastJobs.JOB_ID, command.jobId()));
    }
    boolean completed = status.get() == JobStatus.COMPLETED;
    Payment payment =
        new Payment(
            completed ? PaymentStatus.UNPAID : PaymentStatus.REFUSED,
            CreditOutcome.NOT_FOUND.code(),
            JobOrder.of(found).map(JobOrder::price).orElse(0L),
            retryAt(found, RETRY_WITHOUT_USER, now));
    Book empty = new Book(state.userId(), Ledger.EMPTY, now);
    Map<String, Object> changes = changes(found, payment);
    if (changes.isEmpty()) {
      return new Decision.Unchanged<>(answer(command.jobId(), payment));
    }
    empty.write(new Write.Update(found.ref(), changes));
    if (completed && !payment.status().wire().equals(paid(found))) {
      alert(empty, state.userId(), command.jobId(), payment);
    }
    return new Decision.Applied<>(state, answer(command.jobId(), payment), empty.writes());
  }

  Decision<CreditState> decide() {
    Read.Get jobRead = new Read.Get(job.ref());
    Read.Get holdRead = new Read.Get(holdRef);
    if (!seen.has(jobRead) || !seen.has(holdRead)) {
      return new Decision.NeedsReads<>(List.of(jobRead, holdRead));
    }
    if (!job.exists()) {
      return ended();
    }
    Optional<JobStatus> status = status(job);
    boolean ours = state.userId().equals(Raw.text(job.fields(), PodcastJobs.USER_ID));
    if (status.isEmpty() || !ours) {
      return new Decision.Unchanged<>(Map.of(PodcastJobs.JOB_ID, jobId));
    }
    return switch (status.get()) {
      case QUEUED, CLARIFYING, RUNNING -> underWay(status.get());
      case COMPLETED -> completed();
      case FAILED, CANCELLED -> ended();
    };
  }

  private Decision<CreditState> underWay(JobStatus status) {
    OpenHold open = book.hold(holdRef.id());
    if (open != null) {
      return finish(held(open.amount(), open.expiresAt()), false);
    }
    Map<String, Object> closed = closedHold();
    if (!closed.isEmpty()) {
      return isForeign(closed)
          ? refuse(CreditOutcome.JOB_HOLD_CONFLICT, 0, false)
          : afterHold(closed);
    }
    Optional<JobOrder> order = JobOrder.of(job);
    boolean queued = status == JobStatus.QUEUED;
    if (order.isEmpty()) {
      return refuse(CreditOutcome.INVALID_JOB, 0, queued);
    }
    long price = order.get().price();
    SubscriptionTier tier = CreditRules.tier(state).orElse(SubscriptionTier.FREE);
    if (order.get().isLongerThan(tier.longestJobMinutes())) {
      return refuse(CreditOutcome.DURATION_EXCEEDS_TIER, price, queued);
    }
    if (price > book.available()) {
      return refuse(CreditOutcome.INSUFFICIENT_CREDITS, price, queued);
    }
    Instant expiresAt = book.now().plus(HOLD_LIFE);
    if (book.isFullFor(holdRef.id(), price, jobId, expiresAt)) {
      return refuse(CreditOutcome.TOO_MANY_HOLDS, price, false);
    }
    CreditRules.open(state, book, holdRef.id(), price, jobId, expiresAt);
    return finish(held(price, expiresAt), true);
  }

  private static Payment held(long amount, Instant expiresAt) {
    return new Payment(PaymentStatus.HELD, null, amount, expiresAt);
  }

  /** The payment of a job whose hold is closed already; only one under way may have lapsed. */
  private Decision<CreditState> afterHold(Map<String, Object> closed) {
    HoldStatus ended = holdStatus(closed);
    if (ended == HoldStatus.CAPTURED) {
      return finish(captured(Raw.whole(closed, CreditHolds.CAPTURED, 0)), false);
    }
    if (ended == HoldStatus.RELEASED) {
      return finish(new Payment(PaymentStatus.RELEASED, null, 0, null), false);
    }
    if (isStale()) {
      return needsOwner();
    }
    Instant dueAt = retryAt(job, RETRY, book.now());
    return finish(
        new Payment(PaymentStatus.RELEASED, CreditOutcome.HOLD_EXPIRED.code(), 0, dueAt), false);
  }

  private Decision<CreditState> completed() {
    OpenHold open = book.hold(holdRef.id());
    if (open != null) {
      long amount = owed(open.amount());
      DocRef charge = CreditCommands.jobCharge(jobId);
      book.capture(open, charge.id(), amount, CreditRules.captureLabels(open));
      return finish(captured(amount), true);
    }
    Map<String, Object> closed = closedHold();
    if (!closed.isEmpty() && isForeign(closed)) {
      return unpaid(CreditOutcome.JOB_HOLD_CONFLICT, 0);
    }
    boolean isFinal =
        !closed.isEmpty()
            && (holdStatus(closed) == HoldStatus.CAPTURED
                || holdStatus(closed) == HoldStatus.RELEASED);
    return isFinal ? afterHold(closed) : chargeWithoutHold(closed);
  }

  /** Charges a completed job that was never held, or whose hold lapsed, in one commit. */
  private Decision<CreditState> chargeWithoutHold(Map<String, Object> lapsed) {
    if (PaymentStatus.UNPAID.wire().equals(paid(job))
        && !CreditOutcome.NOT_FOUND.code().equals(paymentField(job, PodcastJobs.PAYMENT_CODE))) {
      return new Decision.Unchanged<>(Map.of(PodcastJobs.JOB_ID, jobId));
    }
    Read.Get charge = new Read.Get(CreditCommands.jobCharge(jobId));
    if (isStale() || !seen.has(charge)) {
      return new Decision.NeedsReads<>(
          List.of(new Read.Get(CreditCommands.user(state.userId())), charge));
    }
    Snapshot charged = seen.document(charge.ref());
    if (charged.exists()) {
      return finish(captured(-Raw.whole(charged.fields(), CreditTransactions.AMOUNT, 0)), false);
    }
    long cap =
        lapsed.isEmpty()
            ? JobOrder.of(job).map(JobOrder::price).orElse(0L)
            : Raw.whole(lapsed, CreditHolds.AMOUNT, 0);
    if (cap < 1) {
      return unpaid(CreditOutcome.INVALID_JOB, 0);
    }
    long amount = owed(cap);
    if (amount > book.available()) {
      return unpaid(CreditOutcome.INSUFFICIENT_CREDITS, amount);
    }
    if (amount > 0) {
      book.spend(
          charge.ref().id(),
          TransactionType.DEDUCTION,
          amount,
          new Book.Labels()
              .with(CreditTransactions.JOB_ID, jobId)
              .with(CreditTransactions.HOLD_ID, holdRef.id()));
    }
    closeUnheld(
        lapsed,
        HoldStatus.CAPTURED,
        /* amount= */ cap,
        /* captured= */ amount,
        amount > 0 ? charge.ref().id() : null);
    return finish(captured(amount), true);
  }

  private Payment captured(long amount) {
    return new Payment(PaymentStatus.CAPTURED, null, amount, null);
  }

  /** What a completed job costs: what it used, else its price, at most this. */
  private long owed(long cap) {
    Long actual = Raw.whole(job.fields(), PodcastJobs.CREDITS_ACTUAL);
    long asked =
        actual != null && actual >= 0 ? actual : JobOrder.of(job).map(JobOrder::price).orElse(cap);
    return Math.min(asked, cap);
  }

  private Decision<CreditState> ended() {
    OpenHold open = book.hold(holdRef.id());
    Payment released = new Payment(PaymentStatus.RELEASED, null, 0, null);
    if (open != null) {
      book.release(open, HoldStatus.RELEASED);
      return finish(released, true);
    }
    Map<String, Object> closed = closedHold();
    boolean wasRefused = PaymentStatus.REFUSED.wire().equals(paid(job));
    if (wasRefused || (!closed.isEmpty() && isForeign(closed))) {
      return settleRefused();
    }
    if (closed.isEmpty()) {
      long price = JobOrder.of(job).map(JobOrder::price).orElse(0L);
      closeUnheld(closed, HoldStatus.RELEASED, price, 0, null);
      return finish(released, true);
    }
    return holdStatus(closed) == HoldStatus.CAPTURED ? afterHold(closed) : finish(released, false);
  }

  /** A refused job that has ended stays refused, and need not be looked at again. */
  private Decision<CreditState> settleRefused() {
    if (!job.exists() || job.fields().get(PodcastJobs.PAYMENT_DUE_AT) == null) {
      return new Decision.Unchanged<>(Map.of(PodcastJobs.JOB_ID, jobId));
    }
    book.write(new Write.Update(job.ref(), Map.of(PodcastJobs.PAYMENT_DUE_AT, Write.REMOVED)));
    return CreditRules.applied(state, book, Map.of(PodcastJobs.JOB_ID, jobId));
  }

  /** Writes how a hold ended that is not open: a new document, or a note on the lapsed one. */
  private void closeUnheld(
      Map<String, Object> lapsed,
      HoldStatus status,
      long amount,
      long captured,
      @Nullable String transactionId) {
    if (!lapsed.isEmpty()) {
      book.close(holdRef, Map.of(), status, captured, transactionId);
      return;
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put(CreditHolds.HOLD_ID, holdRef.id());
    fields.put(CreditHolds.USER_ID, state.userId());
    fields.put(CreditHolds.AMOUNT, amount);
    fields.put(CreditHolds.STATUS, status.wire());
    fields.put(CreditHolds.JOB_ID, jobId);
    fields.put(CreditHolds.CAPTURED, captured);
    if (transactionId != null) {
      fields.put(CreditHolds.TRANSACTION_ID, transactionId);
    }
    fields.put(CreditHolds.EXPIRES_AT, book.now());
    fields.put(CreditHolds.CREATED_AT, book.now());
    fields.put(CreditHolds.CLOSED_AT, book.now());
    book.write(new Write.Create(holdRef, fields));
  }

  /** Refuses the payment, from a state that was read for this and is not a cached one. */
  private Decision<CreditState> refuse(CreditOutcome why, long price, boolean failsJob) {
    if (isStale()) {
      return needsOwner();
    }
    Instant dueAt = failsJob ? null : retryAt(job, RETRY, book.now());
    Payment payment = new Payment(PaymentStatus.REFUSED, why.code(), price, dueAt);
    Map<String, Object> changes = changes(job, payment);
    if (failsJob) {
      changes.put(PodcastJobs.STATUS, JobStatus.FAILED.wire());
      changes.put(PodcastJobs.UPDATED_AT, book.now());
    }
    return write(changes, payment, false);
  }

  private Decision<CreditState> unpaid(CreditOutcome why, long amount) {
    if (isStale()) {
      return needsOwner();
    }
    Payment payment = new Payment(PaymentStatus.UNPAID, why.code(), amount, null);
    if (!why.code().equals(paymentField(job, PodcastJobs.PAYMENT_CODE))) {
      alert(book, state.userId(), jobId, payment);
    }
    return finish(payment, false);
  }

  private static void alert(Book book, String userId, String jobId, Payment payment) {
    book.write(
        Alerts.grouped(
            AlertType.JOB_UNPAID,
            AlertSubject.user(userId),
            jobId,
            "job " + jobId + " is completed and unpaid: " + payment.code(),
            book.now()));
  }

  private boolean isStale() {
    return !seen.has(new Read.Get(CreditCommands.user(state.userId())));
  }

  private Decision<CreditState> needsOwner() {
    return new Decision.NeedsReads<>(List.of(new Read.Get(CreditCommands.user(state.userId()))));
  }

  private Map<String, Object> closedHold() {
    return book.asClosed(seen.document(holdRef));
  }

  private boolean isForeign(Map<String, Object> hold) {
    return !state.userId().equals(Raw.text(hold, CreditHolds.USER_ID));
  }

  private static HoldStatus holdStatus(Map<String, Object> hold) {
    return HoldStatus.parse(Raw.text(hold, CreditHolds.STATUS)).orElse(HoldStatus.EXPIRED);
  }

  private static Optional<JobStatus> status(Snapshot job) {
    return JobStatus.parse(Raw.text(job.fields(), PodcastJobs.STATUS));
  }

  private static @Nullable String paid(Snapshot job) {
    return paymentField(job, PodcastJobs.PAYMENT_STATUS) instanceof String text ? text : null;
  }

  private static @Nullable Object paymentField(Snapshot job, String path) {
    String name = path.substring(PodcastJobs.PAYMENT.length() + 1);
    return Raw.map(job.fields(), PodcastJobs.PAYMENT).get(name);
  }

  private Decision<CreditState> finish(Payment payment, boolean moved) {
    return write(job.exists() ? changes(job, payment) : new LinkedHashMap<>(), payment, moved);
  }

  private Decision<CreditState> write(Map<String, Object> changes, Payment payment, boolean moved) {
    Map<String, Object> answer = answer(jobId, payment);
    if (changes.isEmpty() && !moved) {
      return new Decision.Unchanged<>(answer);
    }
    if (!changes.isEmpty()) {
      book.write(new Write.Update(job.ref(), changes));
    }
    return CreditRules.applied(state, book, answer);
  }

  /** What of the payment is not on the job yet, by field path. */
  private static Map<String, Object> changes(Snapshot job, Payment payment) {
    Map<String, @Nullable Object> wanted = new LinkedHashMap<>();
    wanted.put(PodcastJobs.PAYMENT_STATUS, payment.status().wire());
    wanted.put(PodcastJobs.PAYMENT_CODE, payment.code());
    wanted.put(PodcastJobs.PAYMENT_HOLD_ID, CreditCommands.jobHold(job.ref().id()).id());
    wanted.put(PodcastJobs.PAYMENT_CREDITS, payment.credits());
    Map<String, Object> changes = new LinkedHashMap<>();
    wanted.forEach((path, value) -> put(changes, path, value, paymentField(job, path)));
    put(
        changes,
        PodcastJobs.PAYMENT_DUE_AT,
        payment.dueAt(),
        job.fields().get(PodcastJobs.PAYMENT_DUE_AT));
    return changes;
  }

  private static void put(
      Map<String, Object> changes, String path, @Nullable Object value, @Nullable Object found) {
    if (!Objects.equals(value, found)) {
      changes.put(path, value == null ? Write.REMOVED : value);
    }
  }

  private static Map<String, Object> answer(String jobId, Payment payment) {
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("status", payment.status().wire());
    if (payment.code() != null) {
      shown.put("code", payment.code());
    }
    shown.put("hold_id", CreditCommands.jobHold(jobId).id());
    shown.put("credits", payment.credits());
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put(PodcastJobs.JOB_ID, jobId);
    answer.put(PodcastJobs.PAYMENT, shown);
    return answer;
  }

  /** When to look again: as noted, or this long from now; never once the job is too old. */
  private static @Nullable Instant retryAt(Snapshot job, Duration delay, Instant now) {
    Instant createdAt = Raw.instant(job.fields(), PodcastJobs.CREATED_AT);
    if (createdAt == null || !createdAt.plus(RETRY_WINDOW).isAfter(now)) {
      return null;
    }
    Instant noted = Raw.instant(job.fields(), PodcastJobs.PAYMENT_DUE_AT);
    return noted != null && noted.isAfter(now) ? noted : now.plus(delay);
  }
}
