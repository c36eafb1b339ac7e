package dev.meterkite.functions.health;

import dev.meterkite.functions.alerts.Alerting;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.backend.Exchange;
import dev.meterkite.functions.events.DocumentChange;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.http.Replies;
import dev.meterkite.functions.http.UnavailableException;
import dev.meterkite.functions.quotas.Quotas;
import dev.meterkite.functions.store.ConditionalUpdate;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Store;
import dev.meterkite.functions.store.Turns;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.HealthAlerts;
import dev.meterkite.model.health.HealthCommand;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.health.HealthView;
import dev.meterkite.model.health.ProviderErrors;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.routing.RoutingAudit;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import dev.meterkite.model.schema.Sweep;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is known of providers: probed, reported, shown. */
public final class Providers {
  private static final int MOST = 100;
  private static final int MOST_NOTES = 5;

  /** How long check-providers waits for probes; what is later is counted by the next interval. */
  static final Duration PROBES_BUDGET = Duration.ofSeconds(25);

  private final GroupCommit<HealthState, HealthCommand> engine;
  private final HealthRules rules = new HealthRules();
  private final QuotaRules quotaRules = new QuotaRules();
  private final Store store;
  private final InstantSource clock;
  private final Turns turns;
  private final Probes probes;
  private final Quotas quotas;
  private final Alerting alerting;
  private final DecisionExpiry decisions;

  /** Providers over a backend; a process needs them once. */
  public Providers(Backend backend, Quotas quotas, Alerting alerting) {
    this.engine = backend.engine(rules);
    this.store = backend.store();
    this.clock = backend.clock();
    this.turns = backend.turns();
    this.probes =
        new Probes(
            backend.settings(),
            backend.clock(),
            backend.turns(),
            backend.feature(Exchange.class, unused -> Exchange.overHttp()));
    this.quotas = quotas;
    this.alerting = alerting;
    this.decisions = new DecisionExpiry(backend.store());
  }

  /** The providers of a process. */
  public static Providers of(Backend backend) {
    return backend.feature(
        Providers.class, each -> new Providers(each, Quotas.of(each), Alerting.of(each)));
  }

  /** Asks to make a trial call of a model that is out; false also if that cannot be decided now. */
  public boolean permit(String provider, String modelId) {
    return engine.call(HealthRules.permit(provider, modelId)) instanceof Reply.Answered answered
        && HealthJson.isPermitted(answered.json());
  }

  /**
   * Writes down what time has changed, sends the notifications that events lost, probes every
   * provider with a key whose probe of this interval nobody has claimed, all at once, and gives
   * decisions of other writers their expiry. Nothing waits for probes but the answer, and that not
   * longer than {@link #PROBES_BUDGET}.
   */
  Answer check() {
    List<CompletableFuture<Void>> all = new ArrayList<>();
    probes.providers().forEach(provider -> all.add(check(provider)));
    Instant now = clock.instant();
    store
        .find(
            Queries.due(
                ModelProviderHealth.COLLECTION, ModelProviderHealth.HEALTH_DUE_AT, now, MOST))
        .join()
        .stream()
        .map(health -> engine.submit(HealthRules.refresh(name(health))))
        .toList()
        .forEach(CompletableFuture::join);
    alerting.sweep();
    long repaired = decisions.run(clock.instant());
    CompletableFuture<Void> probed = CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
    CompletableFuture<Void> over = turns.promise();
    var unused = probed.whenComplete((done, failure) -> over.complete(null));
    turns.after(PROBES_BUDGET, () -> over.complete(null));
    over.join();
    if (probed.isCompletedExceptionally()) {
      probed.join(); // Something else than a slow provider is wrong.
    }
    List<Snapshot> known = health(MOST + 1, "").join();
    List<HealthView> shown = views(known.subList(0, Math.min(MOST, known.size())), clock.instant());
    return Answer.ok(HealthJson.checked(shown, known.size() > MOST, repaired));
  }

  private CompletableFuture<Void> check(String provider) {
    HealthCommand.Claim claim =
        new HealthCommand.Claim(provider, turns.id().toString(), HealthState.PROBE_INTERVAL);
    return engine
        .submit(HealthRules.claim(claim))
        .thenCompose(
            reply ->
                reply instanceof Reply.Answered answered && HealthJson.isClaimed(answered.json())
                    ? probes.probe(provider).thenCompose(result -> observe(provider, result))
                    : CompletableFuture.completedFuture(reply))
        .thenAccept(reply -> {});
  }

  private CompletableFuture<Reply> observe(String provider, Probes.Result result) {
    return engine.submit(
        HealthRules.probed(new HealthCommand.Probed(provider, result.latencyMs(), result.error())));
  }

  /**
   * Counts a call's outcome, settles its reservation where it names one, takes over the limits that
   * the provider states, and says what to do next.
   */
  Answer report(OutcomeReport report) {
    @Nullable String reservation = null;
    if (report.reservation() != null) {
      Reply settled =
          quotas.settle(
              report.reservation(),
              report.tokens(),
              "outcome " + report.reservation().uuid(),
              "" + report.tokens());
      if (settled instanceof Reply.Busy || settled instanceof Reply.Unavailable) {
        return Replies.answer(settled, outcome -> Problem.conflict());
      }
      reservation =
          settled instanceof Reply.Refused refused
              ? refused.outcome().code()
              : settled instanceof Reply.Conflict ? "already_settled" : "settled";
    }
    OutcomeReport.@Nullable Limits limits = report.limits();
    if (limits != null && report.modelId() != null) {
      Reply stated =
          quotas.state(
              report.provider(),
              report.modelId(),
              limits.tokens(),
              limits.requests(),
              limits.resetAt(clock.instant()));
      if (stated instanceof Reply.Busy || stated instanceof Reply.Unavailable) {
        return Replies.answer(stated, outcome -> Problem.conflict());
      }
    }
    ProviderErrors.@Nullable Verdict verdict = report.verdict(clock.instant());
    boolean first = verdict == null || isFirstAttempt(report, verdict);
    Reply reply = engine.call(HealthRules.observe(report.observed(verdict, first)));
    if (reply instanceof Reply.Answered answered) {
      HealthJson.Report answer = HealthJson.report(answered.json(), reservation);
      return Answer.json(answer.json(), answer.replayed())
          .took(reply.effort().attempts(), reply.effort().batch());
    }
    return Replies.answer(reply, outcome -> Problem.conflict());
  }

  /**
   * Notes on the decision that its model failed, so that the next attempt leaves it out; says
   * whether it was the first failure of the task. A failure without a decision counts as one,
   * except for a request that is too long: the router did not choose its model.
   */
  private boolean isFirstAttempt(OutcomeReport report, ProviderErrors.Verdict verdict) {
    if (report.decision() == null || (!verdict.counts() && !verdict.tooLong())) {
      return !verdict.tooLong();
    }
    DocRef ref = RoutingAudit.ref(report.decision());
    Snapshot decision = store.read(List.of(ref)).join().get(0);
    if (!decision.exists()) {
      return !verdict.tooLong();
    }
    boolean first = RoutingAudit.isFirstAttempt(decision);
    if (report.modelId() != null) {
      note(decision, report.provider() + "/" + report.modelId());
    }
    return first;
  }

  /** Noted again where another failure of the decision is noted at the same time. */
  private void note(Snapshot decision, String failed) {
    Deque<Snapshot> known = new ArrayDeque<>(List.of(decision));
    var unused =
        ConditionalUpdate.commit(
                store,
                MOST_NOTES,
                () -> {
                  Snapshot now =
                      known.isEmpty()
                          ? store.read(List.of(decision.ref())).join().get(0)
                          : known.pop();
                  return new ConditionalUpdate.Change<>(noted(now, failed), now);
                })
            .orElseThrow(
                () ->
                    new UnavailableException(
                        "The decision " + decision.ref().id() + " is written too often."));
  }

  private static List<Mutation> noted(Snapshot decision, String failed) {
    return decision.exists()
        ? List.of(
            Mutation.update(
                decision.ref(),
                Map.of(RoutingDecisions.FAILED, RoutingAudit.failed(decision, failed)),
                decision.updateTime()))
        : List.of();
  }

  /** Providers and quotas of a page, the number of open alerts, and on request the last sweeps. */
  Answer status(StatusPage page) {
    int limit = page.limit() + 1;
    CompletableFuture<List<Snapshot>> health = health(limit, page.provider());
    CompletableFuture<List<Snapshot>> limits =
        store.find(Queries.allOf(ModelQuotas.COLLECTION, limit, page.quota()));
    CompletableFuture<Long> open = alerting.open();
    CompletableFuture<List<Snapshot>> sweeps =
        page.sweeps()
            ? store.read(Stream.of(Sweep.values()).map(Sweep::ref).toList())
            : CompletableFuture.completedFuture(List.of());
    Instant now = clock.instant();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put(
        "providers", views(page.cut(health.join()), now).stream().map(HealthJson::full).toList());
    answer.put(
        "quotas",
        page.cut(limits.join()).stream()
            .map(quota -> HealthJson.quota(quota.ref().id(), quotaRules.decode(quota).at(now)))
            .toList());
    answer.put("open_alerts", open.join());
    if (page.sweeps()) {
      answer.put("sweeps", sweepViews(sweeps.join(), now));
    }
    page.next(health.join(), limits.join())
        .ifPresent(token -> answer.put("next_page_token", token));
    return Answer.ok(answer);
  }

  /** Of what was read for each sweep, in their order. */
  private static List<Map<String, Object>> sweepViews(List<Snapshot> noted, Instant now) {
    List<Map<String, Object>> views = new ArrayList<>();
    for (Sweep sweep : Sweep.values()) {
      views.add(sweep.view(noted.get(views.size()), now));
    }
    return views;
  }

  private CompletableFuture<List<Snapshot>> health(int limit, String after) {
    return store.find(Queries.allOf(ModelProviderHealth.COLLECTION, limit, after));
  }

  private List<HealthView> views(List<Snapshot> found, Instant now) {
    return found.stream()
        .map(health -> HealthView.of(name(health), rules.decode(health), now))
        .toList();
  }

  private String name(Snapshot health) {
    String provider = rules.decode(health).provider();
    return provider == null ? health.ref().id() : provider;
  }

  /** Tells the alerts of a changed status or circuit, as the document shows it now. */
  Handled react(DocumentChange change) {
    if (!change.after().exists() || !HealthAlerts.concerns(change.before(), change.after())) {
      return Handled.done("nothing");
    }
    Snapshot health = store.read(List.<DocRef>of(change.ref())).join().get(0);
    return health.exists()
        ? alerting.tell(HealthAlerts.of(change.before(), health, clock.instant()))
        : Handled.done("gone");
  }
}
