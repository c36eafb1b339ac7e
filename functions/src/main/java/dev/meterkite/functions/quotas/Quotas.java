package dev.meterkite.functions.quotas;

import dev.meterkite.functions.alerts.Alerting;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.http.Replies;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.quotas.QuotaAlerts;
import dev.meterkite.model.quotas.QuotaCommand;
import dev.meterkite.model.quotas.QuotaLimits;
import dev.meterkite.model.quotas.QuotaOutcome;
import dev.meterkite.model.quotas.QuotaRefusal;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.QuotaState;
import dev.meterkite.model.quotas.ReservationId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What is done to the quotas of models: one document a model, through one engine. */
public final class Quotas {
  private final GroupCommit<QuotaState, QuotaCommand> engine;
  private final Store store;
  private final InstantSource clock;
  private final Alerting alerting;
  private final CatalogueLimits catalogue;

  /** Quotas over a backend; a process needs them once. */
  public Quotas(Backend backend, Alerting alerting) {
    this.engine = backend.engine(new QuotaRules());
    this.store = backend.store();
    this.clock = backend.clock();
    this.alerting = alerting;
    this.catalogue = new CatalogueLimits(backend.store(), backend.clock(), backend.realClock());
  }

  /** The quotas of a process. */
  public static Quotas of(Backend backend) {
    return backend.feature(Quotas.class, each -> new Quotas(each, Alerting.of(each)));
  }

  /** Carries a command out; for features that look at the reply themselves. */
  public Reply call(Command<QuotaCommand> command) {
    return engine.call(command);
  }

  /** 404 that names a reservation which was never made. */
  static Problem missingReservation(String id) {
    return Problem.notFound(
            "There is no reservation " + id + "; reserve-quota and route-model make reservations.")
        .with(Map.of(QuotaRules.RESERVATION_ID, id));
  }

  /** Submits a command; completes with the reply. */
  public CompletableFuture<Reply> submit(Command<QuotaCommand> command) {
    return engine.submit(command);
  }

  /** Carries a command out and says what became of it. */
  Answer carryOut(Command<QuotaCommand> command) {
    return answer(engine.call(command));
  }

  /** Reserves for a caller, by the limits of the catalogue where they are newer. */
  Answer reserve(QuotaCommand.Reserve asked, String key, String requestHash) {
    QuotaCommand.Reserve reserve =
        new QuotaCommand.Reserve(
            asked.provider(),
            asked.modelId(),
            asked.tokens(),
            asked.requests(),
            asked.ttl(),
            catalogue.of(asked.provider(), asked.modelId()));
    return carryOut(
        QuotaRules.reserve(
            QuotaRules.owner(asked.provider(), asked.modelId()), key, requestHash, reserve));
  }

  /**
   * Takes over what a provider says is left of a model's quota; where the model has limits in the
   * catalogue and no quota document yet, this makes it.
   *
   * @param tokens tokens left, null if not stated
   * @param requests requests left, null if not stated
   * @param reset when the provider's window ends, null if not stated
   */
  public Reply state(
      String provider,
      String modelId,
      @Nullable Long tokens,
      @Nullable Long requests,
      @Nullable Instant reset) {
    QuotaLimits limits = catalogue.of(provider, modelId);
    QuotaCommand.@Nullable Ensure plan =
        limits == null ? null : new QuotaCommand.Ensure(provider, modelId, limits);
    return engine.call(
        QuotaRules.stated(
            QuotaRules.owner(provider, modelId),
            new QuotaCommand.Stated(tokens, requests, reset, plan)));
  }

  /** Resets what has ended and charges what has lapsed in documents as they were just found. */
  List<Reply> sweep(List<Snapshot> due) {
    return engine.callAll(due.stream().map(QuotaRules::sweep).toList());
  }

  /** Charges what a reservation came to. */
  public Reply settle(ReservationId reservation, long tokens, String key, String requestHash) {
    return engine.call(QuotaRules.settle(reservation, tokens, key, requestHash));
  }

  /** A reply as what goes out; a wait that the rules name becomes {@code Retry-After}. */
  static Answer answer(Reply reply) {
    return Replies.answer(
        reply,
        outcome ->
            problem(
                (QuotaOutcome) outcome,
                QuotaRefusal.of(
                    reply instanceof Reply.Refused refused ? refused.figures() : Map.of())));
  }

  private static Problem problem(QuotaOutcome outcome, QuotaRefusal refusal) {
    Problem problem =
        switch (outcome) {
          case NOT_FOUND -> missingReservation("" + refusal.reservationId());
          case ALREADY_SETTLED ->
              Problem.of(409, outcome.code(), "The reservation has been settled.");
          case EXCEEDS_LIMIT ->
              Problem.of(409, outcome.code(), "It is more than a whole window allows.");
          case QUOTA_EXHAUSTED ->
              Problem.of(429, outcome.code(), "The quota does not allow it now.");
          case TOO_MANY_RESERVATIONS ->
              Problem.of(429, outcome.code(), "The model has too many open reservations.");
        };
    Duration wait = refusal.retryAfter();
    return wait == null ? problem : problem.retryAfter(wait);
  }

  /** Tells the alerts of a changed status, and repairs what another program left incomplete. */
  Handled react(DocumentChange change) {
    boolean alerts = QuotaAlerts.concerns(change.before(), change.after());
    if (!alerts && !QuotaAlerts.needsSweep(change.after())) {
      return Handled.done("nothing");
    }
    Snapshot quota = read(change.ref());
    if (QuotaAlerts.needsSweep(quota)
        && !(engine.call(QuotaRules.sweep(quota)) instanceof Reply.Answered)) {
      return Handled.later("unavailable");
    }
    return alerting.tell(QuotaAlerts.of(quota, clock.instant()));
  }

  private Snapshot read(DocRef ref) {
    return store.read(List.of(ref)).join().get(0);
  }
}
