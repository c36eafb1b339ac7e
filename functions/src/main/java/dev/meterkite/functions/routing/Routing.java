package dev.meterkite.functions.routing;

import dev.meterkite.functions.alerts.Alerting;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.health.Providers;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Json;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.http.Replies;
import dev.meterkite.functions.prices.Prices;
import dev.meterkite.functions.quotas.Quotas;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.functions.store.Turns;
import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.document.StoredSize;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.quotas.QuotaCommand;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.QuotaState;
import dev.meterkite.model.quotas.ReservationId;
import dev.meterkite.model.routing.Candidate;
import dev.meterkite.model.routing.CatalogModel;
import dev.meterkite.model.routing.DecisionCodec;
import dev.meterkite.model.routing.DecisionRules;
import dev.meterkite.model.routing.RouteRequest;
import dev.meterkite.model.routing.Router;
import dev.meterkite.model.routing.RoutingAudit;
import dev.meterkite.model.routing.Weighed;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Chooses models: reads health and quotas of those that could be chosen, lets {@link Router}
 * decide, reserves, and writes the decision in the reservation's own commit.
 *
 * <p>However large the catalogue, a call reads at most {@value #MOST_READS} documents: models that
 * cannot serve are left out first, then the health of {@value #MOST_PROVIDERS} providers is read,
 * then the quotas of the best models by an upper bound of their score. It reads on only where it
 * would else turn the call away. A candidate whose reservation or trial is refused (somebody was
 * faster) is lost; the rest is looked at again. Nothing is answered before its document is
 * committed.
 */
public final class Routing {
  /** The most candidates that may be lost before a request is told to come again. */
  static final int MOST_LOST = 10;

  /** The most documents that a call reads which is not turned away. */
  static final int MOST_READS = 20;

  private static final int MOST_PROVIDERS = 9;
  private static final int CALLS_A_TRIAL = 5;
  private static final int QUOTAS_AT_ONCE = 8;

  /** Models out of use that a decision keeps, of which one may be the one whose place is taken. */
  private static final int MOST_AWAY = 3;

  private static final String EXCLUDED = "excluded";

  /** In answers where {@code attempt_of} names no decision that is kept: nothing was left out. */
  private static final String ATTEMPT_OF_FOUND = "attempt_of_found";

  /** Bytes of the request's hash and of the names of what a command's marker holds. */
  private static final int MARKER_BYTES = 150;

  private final CatalogueCache catalogue;
  private final Prices prices;
  private final SharedReads reads;
  private final GroupCommit<Boolean, QuotaCommand.Purpose> decisions;
  private final HealthRules healthRules = new HealthRules();
  private final QuotaRules quotaRules = new QuotaRules();
  private final InstantSource clock;
  private final Turns turns;
  private final Quotas quotas;
  private final Providers providers;
  private final Alerting alerting;

  /** By model the outage that was alerted; as many as the catalogue has. */
  private final Map<String, String> toldOf = new ConcurrentHashMap<>();

  /** Calls decided by this process, and at which of them a model's last trial was. */
  private final AtomicLong calls = new AtomicLong();

  private final Map<String, Long> trials = new ConcurrentHashMap<>();

  /** Routing over a backend; a process needs it once. */
  Routing(Backend backend, Quotas quotas, Providers providers, Alerting alerting) {
    this.catalogue =
        new CatalogueCache(backend.store(), backend.clock(), backend.realClock(), backend.log());
    this.prices = new Prices(backend);
    this.reads = new SharedReads(backend.store(), backend.turns());
    this.decisions = backend.engine(new DecisionRules());
    this.clock = backend.clock();
    this.turns = backend.turns();
    this.quotas = quotas;
    this.providers = providers;
    this.alerting = alerting;
  }

  /** The routing of a process. */
  static Routing of(Backend backend) {
    return backend.feature(
        Routing.class,
        each -> new Routing(each, Quotas.of(each), Providers.of(each), Alerting.of(each)));
  }

  /**
   * The catalogue as it comes with the program, for whoever fills a database: by document id the
   * body that Firestore's REST API creates the document by.
   */
  public static Map<String, String> seed() {
    return CatalogueSeed.bodies();
  }

  /**
   * Chooses a model for a request.
   *
   * @param key the caller's idempotency key, null if there is none
   */
  Answer route(RouteRequest request, @Nullable String key, String requestHash) {
    String id = key == null ? turns.id().toString() : Ids.uuid("route-model", key);
    Errand errand = new Errand(request, RoutingAudit.ref(id), key != null, requestHash);
    calls.incrementAndGet();
    Duration age = CatalogueCache.MAX_AGE;
    while (true) {
      Sight sight = look(errand, age);
      @Nullable Answer then = replayed(errand, sight);
      if (then != null) {
        return then;
      }
      Router.Choice choice = sight.weighed().choice();
      if (choice.selected().isPresent()) {
        @Nullable Answer answer = attempt(errand, sight, choice);
        if (answer != null) {
          return answer;
        }
      } else if (age.equals(CatalogueCache.MAX_AGE)) {
        age = CatalogueCache.MAX_AGE_OF_REFUSALS; // What is new may serve.
      } else {
        return nobody(errand, sight, choice);
      }
    }
  }

  /**
   * What {@link #route} would weigh now for the request of a decision, by the decision's own draw.
   * It only reads: nothing is reserved, no trial is taken, no decision is written. Trials count as
   * due as soon as the model's circuit lets one through.
   */
  Preview preview(RouteRequest request, String decisionId) {
    Errand errand = new Errand(request, RoutingAudit.ref(decisionId), false, "");
    Sight sight = look(errand, CatalogueCache.MAX_AGE_OF_REFUSALS);
    return new Preview(sight.weighed(), sight.now());
  }

  /**
   * What would be weighed.
   *
   * @param at when health and quotas were read
   */
  record Preview(Weighed weighed, Instant at) {}

  /** One request on its way. */
  private static final class Errand {
    private final RouteRequest request;
    private final DocRef decision;
    private final boolean keyed;
    private final String requestHash;
    private final List<String> lost = new ArrayList<>();
    private final Set<String> untried = new HashSet<>();

    Errand(RouteRequest request, DocRef decision, boolean keyed, String requestHash) {
      this.request = request;
      this.decision = decision;
      this.keyed = keyed;
      this.requestHash = requestHash;
    }

    /** One candidate less; all, once too many were lost. */
    void lose(Sight sight, Candidate candidate) {
      lost.add(candidate.name());
      if (lost.size() >= MOST_LOST) {
        sight.weighed().candidates().forEach(other -> lost.add(other.name()));
      }
    }
  }

  /**
   * What a decision is taken on.
   *
   * @param models the models of the weighed candidates, by name
   * @param left the models that were left out before they were weighed, with the reason
   * @param attempted whether the decision was found that this one is an attempt of
   */
  private record Sight(
      Map<String, CatalogModel> models,
      Weighed weighed,
      List<Left> left,
      Map<DocRef, Snapshot> documents,
      boolean attempted,
      Instant now) {
    CatalogModel model(Candidate candidate) {
      return Objects.requireNonNull(models.get(candidate.name()));
    }

    Snapshot quota(CatalogModel model) {
      return found(documents, QuotaRules.owner(model.provider(), model.modelId()));
    }
  }

  /**
   * A model whose quota has not been read.
   *
   * @param best what it is at best
   * @param bound what its score can be at most
   */
  private record Hopeful(CatalogModel model, Candidate best, double bound) {
    Hopeful bounded(Router.Prices prices) {
      return new Hopeful(model, best, Router.scored(best, prices).score());
    }
  }

  /** A model that was left out before it was weighed. */
  private record Left(CatalogModel model, Candidate.Reason reason) {}

  private Sight look(Errand errand, Duration age) {
    Looking looking = new Looking(errand, prices.priced(catalogue.read(age)).models());
    looking.readHealth();
    looking.readQuotas();
    return looking.sight();
  }

  /** The steps of one look, from all models of the catalogue to the few that are weighed. */
  private final class Looking {
    private final Errand errand;
    private final List<Left> left = new ArrayList<>();
    private final Map<DocRef, Snapshot> documents = new LinkedHashMap<>();
    private final Map<String, HealthState> health = new LinkedHashMap<>();
    private final Set<String> tried = new LinkedHashSet<>();
    private final Map<String, CatalogModel> byName = new LinkedHashMap<>();
    private final List<Candidate> weighed = new ArrayList<>();
    private final List<CatalogModel> serving = new ArrayList<>();
    private List<Hopeful> hopeful = new ArrayList<>();
    private @Nullable Instant othersReturn;
    private Instant now = Instant.EPOCH;

    Looking(Errand errand, List<CatalogModel> models) {
      this.errand = errand;
      for (CatalogModel model : models) {
        Candidate.unserving(model, errand.request, Set.of())
            .ifPresentOrElse(reason -> left.add(new Left(model, reason)), () -> serving.add(model));
      }
    }

    /** Leaves out what was tried before, what is away, and providers beyond the few that count. */
    void readHealth() {
      Set<DocRef> refs = new LinkedHashSet<>();
      if (errand.keyed) {
        refs.add(errand.decision);
      }
      String attemptOf = errand.request.attemptOf();
      if (attemptOf != null) {
        refs.add(RoutingAudit.ref(attemptOf));
      }
      Set<String> providers = providers();
      providers.forEach(provider -> refs.add(HealthRules.owner(provider)));
      if (serving.size() <= QUOTAS_AT_ONCE && providers.size() <= MOST_PROVIDERS) {
        serving.forEach(model -> refs.add(QuotaRules.owner(model.provider(), model.modelId())));
      }
      read(refs);
      if (attemptOf != null) {
        tried.addAll(RoutingAudit.tried(found(documents, RoutingAudit.ref(attemptOf))));
      }
      for (String provider : providers) {
        health.put(provider, healthRules.decode(found(documents, HealthRules.owner(provider))));
      }
      serving.forEach(this::sort);
      bestFirst();
    }

    private void read(Set<DocRef> refs) {
      documents.putAll(reads.read(refs).join());
      now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    /** The providers of the models that serve: of the cheapest ones where there are too many. */
    private Set<String> providers() {
      Set<String> providers = new LinkedHashSet<>();
      serving.forEach(model -> providers.add(model.provider()));
      if (providers.size() <= MOST_PROVIDERS) {
        return providers;
      }
      providers.clear();
      serving.stream()
          .sorted(
              Comparator.comparingLong(
                  model -> model.price().cost(errand.request.size()).orElse(Long.MAX_VALUE)))
          .map(CatalogModel::provider)
          .filter(provider -> providers.size() < MOST_PROVIDERS)
          .forEach(providers::add);
      return providers;
    }

    private void sort(CatalogModel model) {
      HealthState state = health.get(model.provider());
      if (tried.contains(model.name())) {
        left.add(new Left(model, Candidate.Reason.TRIED));
      } else if (state == null) {
        left.add(new Left(model, Candidate.Reason.NOT_WEIGHED));
      } else {
        hopeful.add(new Hopeful(model, candidate(model, state, null), 0));
      }
    }

    private Candidate candidate(CatalogModel model, HealthState state, @Nullable QuotaState quota) {
      Candidate candidate = Candidate.of(model, state, quota, errand.request, now);
      boolean early =
          candidate.trial()
              && (errand.untried.contains(candidate.name()) || !isTrialTurn(candidate.name()));
      return early ? candidate.withoutTrial() : candidate;
    }

    private void bestFirst() {
      Router.Prices prices = prices();
      hopeful.replaceAll(one -> one.bounded(prices));
      hopeful.sort(Comparator.comparingDouble(Hopeful::bound).reversed());
      List<Hopeful> able = new ArrayList<>();
      int away = 0;
      for (Hopeful one : hopeful) {
        String unfit = one.best().unfit();
        if (unfit == null) {
          able.add(one);
        } else if (away < MOST_AWAY) {
          away++;
          weigh(one.model(), one.best());
        } else {
          leave(one);
        }
      }
      hopeful = able;
    }

    private void weigh(CatalogModel model, Candidate candidate) {
      byName.put(model.name(), model);
      weighed.add(candidate);
    }

    private void leave(Hopeful one) {
      String unfit = one.best().unfit();
      left.add(
          new Left(
              one.model(),
              unfit == null
                  ? Candidate.Reason.NOT_WEIGHED
                  : Candidate.Reason.valueOf(unfit.toUpperCase(Locale.ROOT))));
      Instant returns = one.best().returnsAt();
      if (returns != null && (othersReturn == null || returns.isBefore(othersReturn))) {
        othersReturn = returns;
      }
    }

    /** The prices of the models that are left: of the weighed ones those that can serve. */
    private Router.Prices prices() {
      List<Candidate> able = new ArrayList<>();
      hopeful.forEach(one -> able.add(one.best()));
      weighed.stream().filter(one -> !errand.lost.contains(one.name())).forEach(able::add);
      return Router.Prices.of(able);
    }

    /** Reads quotas of the best until no unread one can be better, within the bound of reads. */
    void readQuotas() {
      while (!hopeful.isEmpty() && isWorthReading()) {
        boolean served = weighed.stream().anyMatch(this::serves);
        int room = served ? MOST_READS - documents.size() : QUOTAS_AT_ONCE;
        List<Hopeful> next =
            List.copyOf(
                hopeful.subList(
                    0, Math.min(hopeful.size(), Math.max(0, Math.min(room, QUOTAS_AT_ONCE)))));
        if (next.isEmpty()) {
          break;
        }
        Set<DocRef> refs = new LinkedHashSet<>();
        for (Hopeful one : next) {
          DocRef ref = QuotaRules.owner(one.model().provider(), one.model().modelId());
          if (!documents.containsKey(ref)) {
            refs.add(ref);
          }
        }
        if (!refs.isEmpty()) {
          read(refs);
        }
        next.forEach(this::weighWithQuota);
        hopeful = new ArrayList<>(hopeful.subList(next.size(), hopeful.size()));
      }
    }

    private void weighWithQuota(Hopeful one) {
      CatalogModel model = one.model();
      QuotaState quota =
          quotaRules.decode(found(documents, QuotaRules.owner(model.provider(), model.modelId())));
      weigh(model, candidate(model, Objects.requireNonNull(health.get(model.provider())), quota));
    }

    private boolean serves(Candidate candidate) {
      return candidate.unfit() == null
          && !candidate.trial()
          && !errand.lost.contains(candidate.name());
    }

    private boolean isWorthReading() {
      Router.Prices prices = prices();
      double best =
          weighed.stream()
              .filter(this::serves)
              .mapToDouble(one -> Router.scored(one, prices).score())
              .max()
              .orElse(-1);
      return best < Router.scored(hopeful.get(0).best(), prices).score() + Router.CLOSE;
    }

    Sight sight() {
      hopeful.forEach(this::leave);
      Map<String, Long> others = new LinkedHashMap<>();
      left.forEach(one -> others.merge(one.reason().wire(), 1L, Long::sum));
      String attemptOf = errand.request.attemptOf();
      List<Candidate> candidates = withTrialsWhereNothingElseServes();
      Weighed all =
          new Weighed(
              candidates,
              errand.lost,
              candidates.equals(weighed) ? prices() : Router.Prices.of(candidates),
              Router.draw(errand.decision.id()),
              others,
              othersReturn,
              tried.stream().limit(RoutingAudit.MAX_TRIED).toList());
      return new Sight(
          byName,
          all,
          left,
          documents,
          attemptOf == null || found(documents, RoutingAudit.ref(attemptOf)).exists(),
          now);
    }

    /** A trial out of its turn costs no call where the call would else be turned away. */
    private List<Candidate> withTrialsWhereNothingElseServes() {
      if (weighed.stream().anyMatch(one -> one.unfit() == null)) {
        return weighed;
      }
      List<Candidate> all = new ArrayList<>();
      for (Candidate one : weighed) {
        CatalogModel model = Objects.requireNonNull(byName.get(one.name()));
        HealthState state = health.get(model.provider());
        DocRef ref = QuotaRules.owner(model.provider(), model.modelId());
        boolean circuit = Candidate.Reason.CIRCUIT_OPEN.wire().equals(one.unfit());
        all.add(
            circuit && state != null && !errand.untried.contains(one.name())
                ? Candidate.of(
                    model, state, quotaRules.decode(found(documents, ref)), errand.request, now)
                : one);
      }
      return all;
    }
  }

  /** Whether this process has decided enough calls since the model's last trial. */
  private boolean isTrialTurn(String name) {
    Long last = trials.get(name);
    return last == null || calls.get() - last >= CALLS_A_TRIAL;
  }

  private static Snapshot found(Map<DocRef, Snapshot> documents, DocRef ref) {
    Snapshot document = documents.get(ref);
    return document == null ? Snapshot.absent(ref) : document;
  }

  /** The answer that the same key got before; null if it got none. */
  private static @Nullable Answer replayed(Errand errand, Sight sight) {
    Snapshot before = found(sight.documents(), errand.decision);
    return errand.keyed && before.exists() ? replayed(errand, before) : null;
  }

  private static Answer replayed(Errand errand, Snapshot before) {
    boolean same = errand.requestHash.equals(before.fields().get(Schema.REQUEST_HASH));
    if (!same || !(before.fields().get(Schema.ANSWER) instanceof String answer)) {
      return Answer.problem(Problem.conflict());
    }
    if (!errand.request.explain()) {
      return Answer.json(answer, true);
    }
    String excluded =
        KeptText.read(before.fields().get(RoutingDecisions.EXPLAINED))
            .orElseGet(() -> Json.write(Map.of(EXCLUDED, counted(before))));
    return Answer.json(Json.join(answer, excluded), true);
  }

  private static Map<String, Object> counted(Snapshot decision) {
    return new TreeMap<>(FieldValues.map(decision.fields().get(RoutingDecisions.EXCLUDED)));
  }

  /** Reserves at the chosen model; null if that was refused and others are to be tried. */
  private @Nullable Answer attempt(Errand errand, Sight sight, Router.Choice choice) {
    Candidate chosen = choice.ranked().get(0).candidate();
    if (chosen.trial()) {
      trials.put(chosen.name(), calls.get());
      if (!providers.permit(chosen.provider(), chosen.modelId())) {
        errand.untried.add(chosen.name());
        return null;
      }
    }
    CatalogModel model = sight.model(chosen);
    Snapshot quota = sight.quota(model);
    boolean reserves = quota.exists() || !model.limits().windows().isEmpty();
    String reservation =
        reserves ? new ReservationId(quota.ref(), errand.decision.id()).toString() : null;
    String explained =
        errand.request.explain() ? Json.write(Map.of(EXCLUDED, explained(sight, choice))) : null;
    QuotaCommand.Purpose purpose = purpose(errand, sight, choice, reservation, explained);
    Reply reply =
        reserves
            ? quotas.call(reserve(errand, model, quota, purpose))
            : decisions.call(
                DecisionRules.write(errand.decision.id(), errand.requestHash, purpose));
    if (reply instanceof Reply.Refused || (reserves && reply instanceof Reply.Busy)) {
      errand.lose(sight, chosen);
      return null;
    }
    if (!(reply instanceof Reply.Answered answered)) {
      return Replies.answer(reply, outcome -> Problem.uncertain(Problem.SOON));
    }
    Router.failedOver(choice).ifPresent(missed -> failedOver(missed, chosen));
    if (explained == null) {
      return Replies.answer(reply, outcome -> Problem.uncertain(Problem.SOON));
    }
    Answer answer =
        answered.replayed() // The same key at the same time.
            ? replayed(errand, found(reads.read(List.of(errand.decision)).join(), errand.decision))
            : Answer.json(Json.join(answered.json(), explained), false);
    return answer.took(reply.effort().attempts(), reply.effort().batch());
  }

  /**
   * Alerts that calls go elsewhere: once for each outage that is sure, whichever instance notices
   * it. The decision stands whether or not this can be written; the next one tries again.
   */
  private void failedOver(Candidate missed, Candidate chosen) {
    String incident = "out since " + missed.outSince();
    if (incident.equals(toldOf.put(missed.name(), incident))) {
      return;
    }
    Handled handled =
        alerting.tell(
            List.of(
                new AlertCommand.Event(
                    AlertSubject.provider(missed.provider()),
                    AlertType.FAILOVER_EXECUTED,
                    incident,
                    "Calls for " + missed.name() + " go to " + chosen.name())));
    if (handled.verdict() != Handled.Verdict.DONE) {
      toldOf.remove(missed.name(), incident);
    }
  }

  private static Command<QuotaCommand> reserve(
      Errand errand, CatalogModel model, Snapshot quota, QuotaCommand.Purpose purpose) {
    return QuotaRules.reserveFor(
        quota,
        errand.decision.id(),
        errand.requestHash,
        new QuotaCommand.Reserve(
            model.provider(),
            model.modelId(),
            Candidate.reserved(model, errand.request),
            1,
            QuotaRules.DEFAULT_TTL,
            model.limits().windows().isEmpty() ? null : model.limits(),
            purpose),
        errand.decision);
  }

  /**
   * The decision's document and the answer that is kept in it, together within the bound. The list
   * of an explained answer is kept apart and short; one too long is not, and a repeat then answers
   * the counts by reason.
   */
  private static QuotaCommand.Purpose purpose(
      Errand errand,
      Sight sight,
      Router.Choice choice,
      @Nullable String reservation,
      @Nullable String explained) {
    Router.Scored selected = choice.ranked().get(0);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("decision_id", errand.decision.id());
    answer.put("provider", selected.candidate().provider());
    answer.put("model_id", selected.candidate().modelId());
    answer.put("score", selected.score());
    answer.put("trial", selected.candidate().trial());
    answer.put("cost_micros", selected.candidate().costMicros());
    if (reservation != null) {
      answer.put("reservation_id", reservation);
    }
    answer.put("fallbacks", DecisionCodec.fallbacks(choice));
    if (errand.request.attemptOf() != null && !sight.attempted()) {
      answer.put(ATTEMPT_OF_FOUND, false);
    }
    if (explained == null) {
      answer.put(EXCLUDED, sight.weighed().excluded(choice));
    }
    int others = MARKER_BYTES + Json.write(answer).length();
    Map<String, Object> document =
        DecisionCodec.bounded(document(errand, sight, choice, reservation), others);
    if (explained != null) {
      KeptText.of(explained, DecisionCodec.MAX_STORED - others - StoredSize.of(document))
          .ifPresent(kept -> document.put(RoutingDecisions.EXPLAINED, kept));
    }
    return new QuotaCommand.Purpose(new Write.Create(errand.decision, document), answer);
  }

  private static Map<String, Object> document(
      Errand errand, Sight sight, Router.Choice choice, @Nullable String reservation) {
    return DecisionCodec.document(
        errand.request, sight.weighed(), choice, reservation, sight.now());
  }

  /** Each model left out, and why. */
  private static List<Map<String, Object>> explained(Sight sight, Router.Choice choice) {
    List<Map<String, Object>> all = new ArrayList<>(DecisionCodec.excluded(choice));
    sight
        .left()
        .forEach(
            one -> {
              Map<String, Object> entry = new LinkedHashMap<>();
              entry.put("provider", one.model().provider());
              entry.put("model_id", one.model().modelId());
              entry.put("reason", one.reason().wire());
              all.add(entry);
            });
    return all;
  }

  /**
   * No model can serve: 503, to be tried again when the first may return. The decision is written
   * under an id of its own, so that the caller's key is not burnt.
   */
  private Answer nobody(Errand errand, Sight sight, Router.Choice choice) {
    DocRef ref = RoutingAudit.ref(turns.id().toString());
    QuotaCommand.Purpose purpose =
        new QuotaCommand.Purpose(
            new Write.Create(
                ref, DecisionCodec.bounded(document(errand, sight, choice, null), MARKER_BYTES)),
            Map.of());
    Reply written = decisions.call(DecisionRules.write(ref.id(), errand.requestHash, purpose));
    if (!(written instanceof Reply.Answered)) {
      return Replies.answer(written, outcome -> Problem.uncertain(Problem.SOON));
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("decision_id", ref.id());
    figures.put(
        EXCLUDED,
        errand.request.explain() ? explained(sight, choice) : sight.weighed().excluded(choice));
    if (errand.request.attemptOf() != null && !sight.attempted()) {
      figures.put(ATTEMPT_OF_FOUND, false);
    }
    return Answer.problem(
            Problem.of(503, RoutingAudit.NO_CANDIDATE, "No model can serve this now.")
                .with(figures)
                .retryAfter(wait(errand, sight, choice)))
        .took(written.effort().attempts(), written.effort().batch());
  }

  private static Duration wait(Errand errand, Sight sight, Router.Choice choice) {
    if (!errand.lost.isEmpty()) {
      return Problem.SOON; // It was there, others were faster.
    }
    Instant at = sight.weighed().retryAt(choice);
    return at == null || !at.isAfter(sight.now())
        ? Duration.ofSeconds(Router.DEFAULT_RETRY_SECONDS)
        : Duration.between(sight.now(), at);
  }
}
