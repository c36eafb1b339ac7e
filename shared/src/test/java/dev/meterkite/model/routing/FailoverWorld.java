package dev.meterkite.model.routing;

import dev.meterkite.model.command.OneByOne;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.HealthCommand;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.health.ProviderError;
import dev.meterkite.model.health.ProviderErrors;
import dev.meterkite.model.quotas.QuotaCommand;
import dev.meterkite.model.quotas.QuotaLimits;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.QuotaState;
import dev.meterkite.model.quotas.ReservationId;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import dev.meterkite.model.time.Window;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The router as a caller sees it, in virtual time: three models, decisions, reservations and
 * reports by the product's rules, without functions and store.
 */
final class FailoverWorld {
  static final long TOKENS = 60;

  /** The cheapest, which is called unless it fails. */
  static final CatalogModel FIRST = model("p", "first", 1_000_000);

  /** Another model of the same provider, the dearest. */
  static final CatalogModel SIBLING = model("p", "sibling", 9_000_000);

  static final CatalogModel OTHER = model("q", "other", 3_000_000);

  private static final List<CatalogModel> CATALOGUE = List.of(FIRST, SIBLING, OTHER);
  private static final int CALLS_A_TRIAL = 5;
  private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");

  private final OneByOne<HealthState, HealthCommand> health = new OneByOne<>(new HealthRules());
  private final OneByOne<QuotaState, QuotaCommand> quotas = new OneByOne<>(new QuotaRules());
  private final Map<String, Snapshot> decisions = new HashMap<>();
  private final Map<String, Long> trials = new HashMap<>();
  private long routed;
  private long keys;

  /** What {@code route-model} answers. */
  record Routed(String decisionId, CatalogModel model, String reservationId) {}

  /** What {@code report-outcome} advises. */
  record Advice(String advice, long waitMs) {}

  /** A minute in which all models did well is over. */
  FailoverWorld() {
    for (long second = -60; second < 0; second++) {
      for (CatalogModel model : CATALOGUE) {
        observe(model, 800, null, true, second * 1_000);
      }
    }
  }

  private static CatalogModel model(String provider, String id, long price) {
    return new CatalogModel(
        provider,
        id,
        Set.of(TaskType.LLM),
        true,
        8_000,
        Set.of(),
        ModelPrice.tokens(price, price),
        new QuotaLimits(
            ZoneOffset.UTC, Map.of(Window.DAY, new QuotaLimits.Limit(1_000_000_000L, null))));
  }

  private static Instant at(long millis) {
    return T0.plusMillis(millis);
  }

  Optional<Routed> route(@Nullable String attemptOf, long millis) {
    routed++;
    Instant now = at(millis);
    Set<String> tried = attemptOf == null ? Set.of() : RoutingAudit.tried(decision(attemptOf));
    RouteRequest request =
        new RouteRequest(
            null,
            TaskType.LLM,
            RouteRequest.Size.tokens(TOKENS, TOKENS),
            null,
            Set.of(),
            null,
            attemptOf,
            false);
    List<Candidate> candidates = new ArrayList<>();
    for (CatalogModel model : CATALOGUE) {
      if (!tried.contains(model.name())) {
        candidates.add(candidate(model, request, now));
      }
    }
    String id = "decision" + routed;
    Weighed weighed =
        new Weighed(
            candidates,
            List.of(),
            Router.Prices.of(candidates),
            Router.draw(id),
            Map.of(),
            null,
            List.copyOf(tried));
    Router.Choice choice = weighed.choice();
    if (choice.selected().isEmpty()) {
      return Optional.empty();
    }
    Candidate chosen = choice.selected().get().candidate();
    CatalogModel model =
        CATALOGUE.stream().filter(one -> one.name().equals(chosen.name())).findAny().orElseThrow();
    if (chosen.trial()) {
      trials.put(model.name(), routed);
      health.answer(HealthRules.permit(model.provider(), model.modelId()), now);
    }
    String reservation = reserve(model, now);
    decisions.put(
        id,
        new Snapshot(
            RoutingAudit.ref(id),
            DecisionCodec.document(request, weighed, choice, reservation, now),
            now));
    return Optional.of(new Routed(id, model, reservation));
  }

  private Candidate candidate(CatalogModel model, RouteRequest request, Instant now) {
    Candidate candidate =
        Candidate.of(model, health(model), quotas.state(quota(model)), request, now);
    Long last = trials.get(model.name());
    return last == null || routed - last >= CALLS_A_TRIAL ? candidate : candidate.withoutTrial();
  }

  private String reserve(CatalogModel model, Instant now) {
    QuotaCommand.Reserve reserve =
        new QuotaCommand.Reserve(
            model.provider(),
            model.modelId(),
            2 * TOKENS,
            1,
            QuotaRules.DEFAULT_TTL,
            model.limits());
    Object id =
        quotas
            .answer(QuotaRules.reserve(quota(model), "key" + keys++, "hash", reserve), now)
            .get(QuotaRules.RESERVATION_ID);
    return String.valueOf(id);
  }

  /** Settles the reservation of a decision whose model is not called again. */
  void settle(Routed routed, long tokens, long millis) {
    ReservationId reservation = ReservationId.parse(routed.reservationId()).orElseThrow();
    quotas.answer(QuotaRules.settle(reservation, tokens, "key" + keys++, "hash"), at(millis));
  }

  /** How a call ended, in the provider's own words. */
  Advice report(Routed routed, FailoverScript.Reply reply, long millis) {
    Instant now = at(millis);
    if (reply.good()) {
      return observe(routed.model(), reply.took(), null, true, millis);
    }
    ProviderErrors.Verdict verdict =
        ProviderErrors.verdict(
            ProviderError.reported(
                routed.model().provider(),
                reply.status(),
                reply.code(),
                reply.message(),
                reply.retryAfter()),
            now);
    Snapshot decision = decision(routed.decisionId());
    if (!verdict.counts() && !verdict.tooLong()) {
      return observe(routed.model(), reply.took(), verdict, true, millis);
    }
    boolean first = RoutingAudit.isFirstAttempt(decision);
    Map<String, Object> noted = new LinkedHashMap<>(decision.fields());
    noted.put(RoutingDecisions.FAILED, RoutingAudit.failed(decision, routed.model().name()));
    decisions.put(routed.decisionId(), new Snapshot(decision.ref(), noted, now));
    return observe(routed.model(), reply.took(), verdict, first, millis);
  }

  private Advice observe(
      CatalogModel model,
      long took,
      ProviderErrors.@Nullable Verdict verdict,
      boolean first,
      long millis) {
    Map<String, Object> answer =
        health.answer(
            HealthRules.observe(
                new HealthCommand.Observe(
                    model.provider(), model.modelId(), took, null, verdict, first, null)),
            at(millis));
    Map<?, ?> retry = (Map<?, ?>) answer.get("retry");
    return new Advice((String) retry.get("advice"), (Long) retry.get("wait_ms"));
  }

  private Snapshot decision(String id) {
    return decisions.get(id);
  }

  private HealthState health(CatalogModel model) {
    return health.state(HealthRules.owner(model.provider()));
  }

  private static DocRef quota(CatalogModel model) {
    return QuotaRules.owner(model.provider(), model.modelId());
  }

  /** Whether a model takes all calls. */
  boolean isInUse(CatalogModel model, long millis) {
    return health(model).away(model.modelId(), at(millis)).isEmpty();
  }

  /** The tokens charged to a model. */
  long tokensUsed(CatalogModel model) {
    return quotas.get(quota(model)).fields().get("tokens_used") instanceof Long used ? used : 0;
  }
}
