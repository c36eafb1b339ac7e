package dev.meterkite.functions.routing;

import dev.meterkite.functions.alerts.Alerting;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.Handled;
import dev.meterkite.functions.health.Providers;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Problem;
import dev.meterkite.functions.http.Replies;
import dev.meterkite.functions.quotas.Quotas;
import dev.meterkite.functions.store.GroupCommit;
import dev.meterkite.functions.store.Reply;
import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertSubject;
import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.quotas.QuotaCommand;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.QuotaState;
import dev.meterkite.model.quotas.ReservationId;
import dev.meterkite.model.routing.Candidate;
import dev.meterkite.model.routing.CatalogModel;
import dev.meterkite.model.routing.Catalogue;
import dev.meterkite.model.routing.DecisionRules;
import dev.meterkite.model.routing.RouteRequest;
import dev.meterkite.model.routing.Router;
import dev.meterkite.model.routing.RoutingAudit;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Chooses models: sees catalogue, health and quotas, lets {@link Router} decide, reserves, and
 * writes the decision in the reservation's own commit.
 *
 * <p>A candidate whose reservation or half-open permit is refused (somebody was faster) is lost;
 * the rest is looked at afresh. Nothing is answered before its document is committed.
 */
public final class Routing {
  /** The most candidates that may be lost before a request is told to come again. */
  static final int MOST_LOST = 10;

  private final CatalogueCache catalogue;
  private final SharedReads reads;
  private final GroupCommit<Boolean, QuotaCommand.Purpose> decisions;
  private final HealthRules healthRules = new HealthRules();
  private final QuotaRules quotaRules = new QuotaRules();
  private final InstantSource clock;
  private final Quotas quotas;
  private final Providers providers;
  private final Alerting alerting;

  /** By provider the opening of its circuit that was told of; as many as the catalogue has. */
  private final Map<String, String> toldOf = new ConcurrentHashMap<>();

  private static final class OfProcess {
    static final Routing ROUTING =
        new Routing(
            Backend.ofProcess(), Quotas.ofProcess(), Providers.ofProcess(), Alerting.ofProcess());
  }

  /** Routing over a backend; a process needs it once. */
  Routing(Backend backend, Quotas quotas, Providers providers, Alerting alerting) {
    this.catalogue =
        new CatalogueCache(backend.store(), backend.clock(), InstantSource.system(), backend.log());
    this.reads = new SharedReads(backend.store());
    this.decisions = backend.engine(new DecisionRules());
    this.clock = backend.clock();
    this.quotas = quotas;
    this.providers = providers;
    this.alerting = alerting;
  }

  /** The routing of this process. */
  static Routing ofProcess() {
    return OfProcess.ROUTING;
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
    String id = key == null ? UUID.randomUUID().toString() : Ids.uuid("route-model", key);
    Errand errand = new Errand(request, RoutingAudit.ref(id), key != null, requestHash);
    Duration age = CatalogueCache.MAX_AGE;
    while (true) {
      Sight sight = look(errand, age);
      @Nullable Answer then = replayed(errand, sight);
      if (then != null) {
        return then;
      }
      Router.Choice choice = Router.choose(sight.candidates(), errand.lost);
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

  /** One request on its way. */
  private static final class Errand {
    private final RouteRequest request;
    private final DocRef decision;
    private final boolean keyed;
    private final String requestHash;
    private final List<String> lost = new ArrayList<>();

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
        sight.candidates().forEach(other -> lost.add(other.name()));
      }
    }
  }

  /** What a decision is taken on. */
  private record Sight(
      List<CatalogModel> models,
      List<Candidate> candidates,
      Map<DocRef, Snapshot> documents,
      Instant now) {
    CatalogModel model(Candidate candidate) {
      return models.get(candidates.indexOf(candidate));
    }

    Snapshot quota(CatalogModel model) {
      return found(documents, QuotaRules.owner(model.provider(), model.modelId()));
    }
  }

  private Sight look(Errand errand, Duration age) {
    Catalogue models = catalogue.read(age);
    Set<DocRef> refs = new LinkedHashSet<>();
    if (errand.keyed) {
      refs.add(errand.decision);
    }
    for (CatalogModel model : models.models()) {
      refs.add(HealthRules.owner(model.provider()));
      if (Candidate.fits(model, errand.request)) {
        refs.add(QuotaRules.owner(model.provider(), model.modelId()));
      }
    }
    Map<DocRef, Snapshot> documents = reads.read(refs).join();
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    Map<String, HealthState> health = new LinkedHashMap<>();
    List<Candidate> candidates = new ArrayList<>();
    for (CatalogModel model : models.models()) {
      HealthState state =
          health.computeIfAbsent(
              model.provider(),
              provider -> healthRules.decode(found(documents, HealthRules.owner(provider))));
      QuotaState quota =
          quotaRules.decode(found(documents, QuotaRules.owner(model.provider(), model.modelId())));
      candidates.add(Candidate.of(model, state, quota, errand.request, now));
    }
    return new Sight(models.models(), candidates, documents, now);
  }

  private static Snapshot found(Map<DocRef, Snapshot> documents, DocRef ref) {
    Snapshot document = documents.get(ref);
    return document == null ? Snapshot.absent(ref) : document;
  }

  /** The answer that the same key got before; null if it got none. */
  private static @Nullable Answer replayed(Errand errand, Sight sight) {
    Snapshot before = found(sight.documents(), errand.decision);
    if (!errand.keyed || !before.exists()) {
      return null;
    }
    boolean same = errand.requestHash.equals(before.fields().get(Schema.REQUEST_HASH));
    return same && before.fields().get(Schema.ANSWER) instanceof String answer
        ? Answer.json(answer, true)
        : Answer.problem(Problem.conflict());
  }

  /** Reserves at the chosen model; null if that was refused and others are to be tried. */
  private @Nullable Answer attempt(Errand errand, Sight sight, Router.Choice choice) {
    Candidate chosen = choice.ranked().get(0).candidate();
    if (chosen.halfOpen() && !providers.permit(chosen.provider())) {
      sight.candidates().stream()
          .filter(other -> other.provider().equals(chosen.provider()))
          .forEach(other -> errand.lost.add(other.name()));
      return null;
    }
    CatalogModel model = sight.model(chosen);
    Snapshot quota = sight.quota(model);
    boolean reserves = quota.exists() || !model.limits().windows().isEmpty();
    String reservation =
        reserves ? new ReservationId(quota.ref(), errand.decision.id()).toString() : null;
    QuotaCommand.Purpose purpose = purpose(errand, sight, choice, reservation);
    Reply reply =
        reserves
            ? quotas.call(reserve(errand, model, quota, purpose))
            : decisions.call(
                DecisionRules.write(errand.decision.id(), errand.requestHash, purpose));
    if (reply instanceof Reply.Refused || (reserves && reply instanceof Reply.Busy)) {
      errand.lose(sight, chosen);
      return null;
    }
    if (reply instanceof Reply.Answered) {
      Router.failedOver(choice).ifPresent(missed -> failedOver(missed, chosen));
    }
    return Replies.answer(reply, outcome -> Problem.uncertain(Problem.SOON));
  }

  /**
   * Tells that calls go elsewhere: once for each opening of a circuit, whichever instance notices
   * it. The decision stands whether or not this can be written; the next one tells again.
   */
  private void failedOver(Candidate missed, Candidate chosen) {
    String incident = "open until " + missed.returnsAt();
    if (incident.equals(toldOf.put(missed.provider(), incident))) {
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
      toldOf.remove(missed.provider(), incident);
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
            errand.request.tokens(),
            1,
            QuotaRules.DEFAULT_TTL,
            model.limits().windows().isEmpty() ? null : model.limits(),
            purpose),
        errand.decision);
  }

  private static QuotaCommand.Purpose purpose(
      Errand errand, Sight sight, Router.Choice choice, @Nullable String reservation) {
    Router.Scored selected = choice.ranked().get(0);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("decision_id", errand.decision.id());
    answer.put("provider", selected.candidate().provider());
    answer.put("model_id", selected.candidate().modelId());
    answer.put("score", selected.score());
    if (reservation != null) {
      answer.put("reservation_id", reservation);
    }
    answer.put("fallbacks", RoutingAudit.fallbacks(choice));
    answer.put("excluded", RoutingAudit.excluded(choice));
    return new QuotaCommand.Purpose(
        new Write.Create(errand.decision, document(errand, sight, choice, reservation)), answer);
  }

  private static Map<String, Object> document(
      Errand errand, Sight sight, Router.Choice choice, @Nullable String reservation) {
    return RoutingAudit.document(
        errand.request, sight.candidates(), errand.lost, choice, reservation, sight.now());
  }

  /**
   * No model can serve: 503, to be tried again when the first may return. The decision is written
   * under an id of its own, so that the caller's key is not burnt.
   */
  private Answer nobody(Errand errand, Sight sight, Router.Choice choice) {
    DocRef ref = RoutingAudit.ref(UUID.randomUUID().toString());
    QuotaCommand.Purpose purpose =
        new QuotaCommand.Purpose(
            new Write.Create(ref, document(errand, sight, choice, null)), Map.of());
    Reply written = decisions.call(DecisionRules.write(ref.id(), errand.requestHash, purpose));
    if (!(written instanceof Reply.Answered)) {
      return Replies.answer(written, outcome -> Problem.uncertain(Problem.SOON));
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("decision_id", ref.id());
    figures.put("excluded", RoutingAudit.excluded(choice));
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
    Instant at = choice.retryAt();
    return at == null
        ? Duration.ofSeconds(Router.DEFAULT_RETRY_SECONDS)
        : Duration.between(sight.now(), at);
  }
}
