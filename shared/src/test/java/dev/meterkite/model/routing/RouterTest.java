package dev.meterkite.model.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.HealthCommand;
import dev.meterkite.model.health.HealthRules;
import dev.meterkite.model.health.HealthState;
import dev.meterkite.model.health.ProviderErrors;
import dev.meterkite.model.prices.Meter;
import dev.meterkite.model.prices.PriceComponent;
import dev.meterkite.model.prices.PriceStatus;
import dev.meterkite.model.prices.PriceUnit;
import dev.meterkite.model.prices.PriceVersion;
import dev.meterkite.model.quotas.QuotaLimits;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.quotas.QuotaState;
import dev.meterkite.model.time.Window;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouterTest {
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
  private static final QuotaLimits FREE = new QuotaLimits(ZoneOffset.UTC, Map.of());
  private static final RouteRequest REQUEST = request(1_000, 1_000, null, Set.of(), null);

  private static RouteRequest request(
      long input, long output, String language, Set<String> exclude, Long most) {
    return new RouteRequest(
        "job",
        TaskType.LLM,
        RouteRequest.Size.tokens(input, output),
        language,
        exclude,
        most,
        null,
        false);
  }

  private static CatalogModel model(String provider, String id, long price) {
    return new CatalogModel(
        provider,
        id,
        Set.of(TaskType.LLM),
        true,
        8_000,
        Set.of("en", "pt"),
        ModelPrice.tokens(price, price),
        FREE);
  }

  private static Candidate candidate(String provider, String id, long cost) {
    return new Candidate(provider, id, null, null, cost, 1.0, 0L, false, null, 0);
  }

  private static HealthState health(Map<String, Object> fields) {
    return new HealthRules()
        .decode(new Snapshot(HealthRules.owner("openai"), new HashMap<>(fields), NOW));
  }

  private static QuotaState quota(long used, long limit) {
    return new QuotaRules()
        .decode(
            new Snapshot(
                QuotaRules.owner("openai", "a"),
                Map.of("tokens_used", used, "tokens_limit", limit, "reset_at", NOW.plusSeconds(90)),
                NOW));
  }

  private static Candidate of(HealthState health, QuotaState quota, RouteRequest request) {
    return Candidate.of(model("openai", "a", 1_000_000), health, quota, request, NOW);
  }

  private static Router.Choice choose(List<Candidate> candidates, List<String> lost) {
    return choose(candidates, lost, 0);
  }

  private static Router.Choice choose(List<Candidate> candidates, List<String> lost, double draw) {
    return Router.choose(candidates, lost, Router.Prices.of(candidates), draw);
  }

  private static Candidate trial(String provider, long cost, boolean trial) {
    return new Candidate(
        provider,
        "m",
        trial ? null : "circuit_open",
        NOW.plusSeconds(9),
        cost,
        0.9,
        0L,
        trial,
        NOW.minusSeconds(60),
        0);
  }

  @Test
  void score_isTheWeightedSumOfItsTerms() {
    Candidate cheap = new Candidate("a", "m", null, null, 100, 0.9, 1_000L, false, null, 0.25);
    Candidate dear = new Candidate("b", "m", null, null, 10_000, 0.3, 6_000L, false, null, 0.5);
    Candidate middle = new Candidate("c", "m", null, null, 1_000, null, null, false, null, 1.5);
    Candidate down = new Candidate("d", "m", null, null, 0, 0.0, 5_000L, false, null, 0);
    List<Router.Scored> ranked = choose(List.of(dear, cheap, middle), List.of()).ranked();
    Router.Scored first = ranked.get(0);
    assertEquals("a", first.candidate().provider());
    assertEquals(
        List.of(90.0, 75.0, 100.0, 80.0, 86.5),
        List.of(first.health(), first.quota(), first.cost(), first.performance(), first.score()));
    Router.Scored second = ranked.get(1); // 0.4 × 50 + 0 + 0.2 × 50 + 0.1 × 50
    assertEquals("c", second.candidate().provider());
    assertEquals(35.0, second.score());
    assertEquals(0.4 * 30 + 0.3 * 50, ranked.get(2).score(), 1e-9);
    Router.Scored alone = choose(List.of(down), List.of()).ranked().get(0);
    assertEquals(30 + 20, alone.score());
  }

  @Test
  void c56_equalModels_shareTheCalls_andADrawGivesTheSameAgain() {
    List<Candidate> equal =
        List.of(
            candidate("a", "m", 5),
            candidate("b", "m", 5),
            candidate("c", "m", 5),
            candidate("d", "m", 6_000_000));
    Map<String, Integer> counts = new HashMap<>();
    for (int call = 0; call < 3_000; call++) {
      double draw = Router.draw("decision-" + call);
      Router.Choice choice = choose(equal, List.of(), draw);
      assertEquals(choice, choose(equal, List.of(), draw));
      counts.merge(choice.selected().get().candidate().provider(), 1, Integer::sum);
      assertEquals(3, choice.fallbacks().size());
    }
    assertEquals(Set.of("a", "b", "c"), counts.keySet());
    counts.values().forEach(count -> assertTrue(count > 900 && count < 1_100, counts::toString));
  }

  @ParameterizedTest
  @CsvSource({"2.0, true", "2.1, false"}) // points behind the best
  void draw_isAmongThoseWithinTwoPoints(double behind, boolean drawn) {
    Candidate best = new Candidate("a", "m", null, null, 5, 1.0, 0L, false, null, 0);
    Candidate next = new Candidate("b", "m", null, null, 5, 1 - behind / 40, 0L, false, null, 0);
    String chosen =
        choose(List.of(best, next), List.of(), 0.99).selected().get().candidate().name();
    assertEquals(drawn ? "b/m" : "a/m", chosen);
  }

  @Test
  void trialThatIsDue_isChosenWhereItWouldBeAmongTheFirstThree() {
    List<Candidate> good = List.of(candidate("b", "m", 9), candidate("c", "m", 9));
    List<Candidate> due = new ArrayList<>(good);
    due.add(trial("a", 9, true));
    assertEquals("a/m", choose(due, List.of()).selected().get().candidate().name());
    due.add(candidate("d", "m", 9));
    Router.Choice fourth = choose(due, List.of());
    assertEquals("b/m", fourth.selected().get().candidate().name());
    assertEquals("circuit_open", fourth.excluded().get(0).reason());
    assertEquals(3, fourth.fallbacks().size() + 1);
    Router.Choice alone = choose(List.of(trial("a", 9, true)), List.of());
    assertTrue(alone.selected().get().candidate().trial());
    assertTrue(choose(List.of(trial("a", 9, true).withoutTrial()), List.of()).ranked().isEmpty());
  }

  @Test
  void failover_namesTheModelWhosePlaceIsTaken() {
    List<Candidate> candidates = List.of(trial("a", 1, false), candidate("b", "m", 900));
    Router.Choice choice = choose(candidates, List.of());
    assertEquals("a/m", Router.failedOver(choice).get().name());
    List<Candidate> dear = List.of(trial("a", 900, false), candidate("b", "m", 1));
    assertTrue(Router.failedOver(choose(dear, List.of())).isEmpty());
  }

  @Test
  void costZero_countsAsOneMicro() {
    List<Router.Scored> ranked =
        choose(
                List.of(candidate("a", "m", 0), candidate("b", "m", 1), candidate("c", "m", 9)),
                List.of())
            .ranked();
    assertEquals(100, ranked.get(0).cost());
    assertEquals(100, ranked.get(1).cost());
    assertEquals("a", ranked.get(0).candidate().provider());
    assertEquals(0, ranked.get(2).cost());
  }

  @Test
  void ties_goToTheCheaperThenByName() {
    List<Candidate> candidates =
        List.of(candidate("b", "x", 5), candidate("a", "y", 5), candidate("a", "x", 5));
    List<String> names =
        choose(candidates, List.of()).ranked().stream()
            .map(scored -> scored.candidate().name())
            .toList();
    assertEquals(List.of("a/x", "a/y", "b/x"), names);
  }

  @Test
  void fallbacks_areOtherProvidersFirstAndAtMostThree() {
    List<Candidate> candidates =
        List.of(
            candidate("a", "1", 1),
            candidate("a", "2", 2),
            candidate("a", "3", 3),
            candidate("b", "4", 4),
            candidate("c", "5", 5));
    List<String> names =
        choose(candidates, List.of()).fallbacks().stream()
            .map(scored -> scored.candidate().name())
            .toList();
    assertEquals(List.of("b/4", "c/5", "a/2"), names);
  }

  @Test
  void lostReservation_triesTheNext() {
    List<Candidate> candidates = List.of(candidate("a", "1", 1), candidate("b", "2", 2));
    Router.Choice choice = choose(candidates, List.of("a/1"));
    assertEquals("b/2", choice.selected().orElseThrow().candidate().name());
    assertEquals("reservation_lost", choice.excluded().get(0).reason());
  }

  @ParameterizedTest
  @CsvSource({
    "4000, 4000, , , , ''",
    "4000, 4001, , , , context_length",
    "1000, 1000, en, , , ''",
    "1000, 1000, pt-BR, , , ''",
    "1000, 1000, EN, , , ''",
    "1000, 1000, de, , , language",
    "1000, 1000, e, , , language",
    "1000, 1000, , a, , excluded",
    "1000, 1000, , openai/a, , excluded",
    "1000, 1000, , openai, , ''",
    "1000, 1000, , , 2000, ''",
    "1000, 1000, , , 1999, too_expensive"
  })
  void models_areLeftOutForTheFirstReason(
      long input, long output, String language, String exclude, Long most, String reason) {
    Candidate candidate =
        of(
            null,
            null,
            request(input, output, language, exclude == null ? Set.of() : Set.of(exclude), most));
    assertEquals(reason, candidate.unfit() == null ? "" : candidate.unfit());
    assertNull(candidate.returnsAt());
  }

  @Test
  void disabledAndOtherTasks_areLeftOut() {
    CatalogModel off =
        new CatalogModel(
            "p", "m", Set.of(TaskType.LLM), false, 9_000, Set.of(), ModelPrice.tokens(1, 1), FREE);
    assertEquals("disabled", Candidate.of(off, null, null, REQUEST, NOW).unfit());
    CatalogModel tts =
        new CatalogModel(
            "p", "m", Set.of(TaskType.TTS), true, 9_000, Set.of(), ModelPrice.tokens(1, 1), FREE);
    assertEquals("task_type", Candidate.of(tts, null, null, REQUEST, NOW).unfit());
  }

  @Test
  void providersThatAreAway_areLeftOutUntilTheyReturn() {
    Instant until = NOW.plusSeconds(60);
    Map<String, Object> open =
        Map.of("circuit", Map.of("state", "open", "until", until, "opened_at", NOW));
    assertEquals("circuit_open", of(health(open), null, REQUEST).unfit());
    assertEquals(until, of(health(open), null, REQUEST).returnsAt());
    Candidate limited = of(health(Map.of("rate_limited_until", until)), null, REQUEST);
    assertEquals("rate_limited", limited.unfit());
    Candidate gone =
        of(
            health(Map.of("rate_limited_until", until, "quota_gone_until", NOW.plusSeconds(99))),
            null,
            REQUEST);
    assertEquals("quota_gone", gone.unfit());
    assertEquals(NOW.plusSeconds(99), gone.returnsAt());
    assertNull(of(health(Map.of("rate_limited_until", NOW)), null, REQUEST).unfit());
    Map<String, Object> due = Map.of("circuit", Map.of("state", "half_open", "until", NOW));
    assertNull(of(health(due), null, REQUEST).unfit());
    assertTrue(of(health(due), null, REQUEST).trial());
    Map<String, Object> model = Map.of("at", NOW, "until", until, "reason", "model_gone");
    Candidate unserved =
        of(health(Map.of("models", Map.of("a", Map.of("pause", model)))), null, REQUEST);
    assertEquals("model_gone", unserved.unfit());
    assertNull(
        of(health(Map.of("models", Map.of("b", Map.of("pause", model)))), null, REQUEST).unfit());
  }

  @Test
  void c57_modelsTriedBefore_areLeftOut() {
    CatalogModel model = model("openai", "a", 1);
    assertEquals(
        Candidate.Reason.TRIED,
        Candidate.unserving(model, REQUEST, Set.of("openai/a")).orElseThrow());
    assertTrue(Candidate.unserving(model, REQUEST, Set.of("openai/b", "a")).isEmpty());
    Snapshot decision =
        new Snapshot(
            RoutingAudit.ref("d"),
            Map.of(
                "selected_provider",
                "p",
                "selected_model",
                "m",
                "tried",
                List.of("a/1"),
                "failed",
                List.of("b/2", "p/m", 7L)),
            NOW);
    assertEquals(Set.of("a/1", "b/2", "p/m"), RoutingAudit.tried(decision));
    assertFalse(RoutingAudit.isFirstAttempt(decision));
    assertTrue(RoutingAudit.isFirstAttempt(Snapshot.absent(RoutingAudit.ref("d"))));
    assertEquals(List.of("b/2", "p/m", "c/3"), RoutingAudit.failed(decision, "c/3"));
  }

  private static RouteRequest sized(
      long input, long cached, long output, Long characters, Long seconds) {
    return new RouteRequest(
        null,
        TaskType.TTS,
        new RouteRequest.Size(input, cached, output, characters, seconds),
        null,
        Set.of(),
        null,
        null,
        false);
  }

  @Test
  void c59_eachModel_isPricedInItsOwnUnit() {
    ModelPrice.Rate flat = new ModelPrice.Rate(180_000_000, null, 0);
    ModelPrice characters = new ModelPrice(ModelPrice.Unit.CHARACTER, flat, null, null);
    ModelPrice tokens = ModelPrice.tokens(600_000, 12_000_000);
    RouteRequest said = sized(0, 0, 0, 1_000L, null);
    assertEquals(180_000, characters.cost(said.size()).orElseThrow());
    assertEquals(150, tokens.cost(said.size()).orElseThrow()); // 250 tokens
    RouteRequest estimated = sized(250, 0, 0, null, null);
    assertEquals(180_000, characters.cost(estimated.size()).orElseThrow());
    assertEquals(1_000, characters.amount(estimated.size()));
    ModelPrice seconds =
        new ModelPrice(
            ModelPrice.Unit.SECOND, new ModelPrice.Rate(100_000_000, null, 0), null, null);
    assertTrue(seconds.cost(estimated.size()).isEmpty());
    assertEquals(6_000, seconds.cost(sized(0, 0, 0, null, 60L).size()).orElseThrow());
    assertTrue(tokens.cost(sized(0, 0, 0, null, 60L).size()).isEmpty());
  }

  @Test
  void c22_fullPrice_countsInPlaceOfTheShortForm() {
    ModelPrice shortForm = ModelPrice.tokens(1, 1);
    PriceVersion tokens =
        version(
            PriceStatus.ACTIVE,
            PriceComponent.of(Meter.INPUT, PriceUnit.TOKEN, 2_000_000),
            PriceComponent.of(Meter.CACHED_READ, PriceUnit.TOKEN, 200_000),
            PriceComponent.of(Meter.INPUT, PriceUnit.TOKEN, 4_000_000).above(Meter.INPUT, 1_000),
            PriceComponent.of(Meter.OUTPUT, PriceUnit.TOKEN, 8_000_000));
    ModelPrice full = shortForm.with(tokens);
    assertEquals(1_820 + 80, full.cost(sized(1_000, 100, 10, null, null).size()).orElseThrow());
    assertEquals(4_004, full.cost(sized(1_001, 0, 0, null, null).size()).orElseThrow());
    assertTrue(full.cost(sized(0, 0, 0, null, 60L).size()).isEmpty());
    assertEquals(250, shortForm.amount(sized(250, 0, 0, null, null).size()));
    ModelPrice characters =
        shortForm.with(
            version(
                PriceStatus.ACTIVE,
                PriceComponent.of(Meter.INPUT, PriceUnit.CHARACTER, 15_000_000)));
    assertEquals(15_000, characters.cost(sized(0, 0, 9, 1_000L, null).size()).orElseThrow());
    for (Meter meter : List.of(Meter.INPUT, Meter.AUDIO_IN)) {
      ModelPrice seconds =
          shortForm.with(
              version(PriceStatus.ACTIVE, PriceComponent.of(meter, PriceUnit.SECOND, 100_000_000)));
      assertEquals(6_000, seconds.cost(sized(0, 0, 0, null, 60L).size()).orElseThrow());
    }
    ModelPrice unknown = shortForm.with(version(PriceStatus.UNKNOWN));
    assertTrue(unknown.cost(sized(1, 0, 0, null, null).size()).isEmpty());
  }

  private static PriceVersion version(PriceStatus status, PriceComponent... components) {
    return new PriceVersion(
        "p", "m", null, Instant.EPOCH, null, null, status, null, false, List.of(components));
  }

  /**
   * The last day on which a model is offered is the one before its {@code deprecated_on}, in UTC.
   */
  @Test
  void deprecatedModel_isNotOffered_andKeepsItsPrice() {
    Instant midnight = Instant.parse("2026-12-01T00:00:00Z");
    CatalogModel model =
        new CatalogModel(
            "p", "m", Set.of(TaskType.LLM), true, 9_000, Set.of(), ModelPrice.tokens(1, 1), FREE);
    PriceVersion version = version(PriceStatus.ACTIVE);
    PriceVersion ends =
        new PriceVersion(
            "p",
            "m",
            null,
            Instant.EPOCH,
            null,
            LocalDate.of(2026, 12, 1),
            PriceStatus.ACTIVE,
            null,
            false,
            List.of());
    assertTrue(model.with(version, midnight).enabled());
    assertTrue(model.with(ends, midnight.minusMillis(1)).enabled());
    assertFalse(model.with(ends, midnight).enabled());
    assertEquals(ends, model.with(ends, midnight).price().full());
  }

  @Test
  void c59_cachedTokensAndSteps_haveTheirPrices() {
    ModelPrice price =
        new ModelPrice(
            ModelPrice.Unit.TOKEN,
            new ModelPrice.Rate(1_250_000, 125_000L, 10_000_000),
            200_000L,
            new ModelPrice.Rate(2_500_000, 250_000L, 15_000_000));
    assertEquals(
        250_000 + 10_000, price.cost(sized(200_000, 0, 1_000, null, null).size()).orElseThrow());
    assertEquals(
        500_003 + 15_000, price.cost(sized(200_001, 0, 1_000, null, null).size()).orElseThrow());
    assertEquals(12_500 + 125_000, price.cost(sized(200_000, 100_000, 0, null, null).size()).get());
    CatalogModel model =
        new CatalogModel("p", "m", Set.of(TaskType.TTS), true, 9_000, Set.of(), price, FREE);
    Snapshot document = new Snapshot(new DocRef("model_catalog", model.id()), model.encode(), NOW);
    assertEquals(model.encode(), CatalogModel.decode(document).orElseThrow().encode());
    assertEquals(
        Candidate.Reason.NO_PRICE,
        Candidate.unserving(model, sized(0, 0, 0, null, 60L), Set.of()).orElseThrow());
  }

  @ParameterizedTest
  @CsvSource({
    "8000, 10000, ''",
    "8001, 10000, quota_exhausted",
    "0, 2000, ''",
    "0, 1999, exceeds_limit"
  })
  void quota_mustHoldTheRequest(long used, long limit, String reason) {
    Candidate candidate = of(null, quota(used, limit), REQUEST);
    assertEquals(reason, candidate.unfit() == null ? "" : candidate.unfit());
    if (reason.equals("quota_exhausted")) {
      assertEquals(NOW.plusSeconds(90), candidate.returnsAt());
    }
  }

  @Test
  void limitOfTheCatalogue_holdsBeforeThereIsADocument() { // A15
    QuotaLimits small =
        new QuotaLimits(ZoneOffset.UTC, Map.of(Window.MINUTE, new QuotaLimits.Limit(1_999L, null)));
    CatalogModel model =
        new CatalogModel(
            "p", "m", Set.of(TaskType.LLM), true, 9_000, Set.of(), ModelPrice.tokens(1, 1), small);
    assertEquals("exceeds_limit", Candidate.of(model, null, null, REQUEST, NOW).unfit());
  }

  @Test
  void noCandidate_tellsTheEarliestReturn() { // A32: litellm#27823
    Candidate first =
        new Candidate("a", "m", "circuit_open", NOW.plusSeconds(300), 1, 0.0, null, false, null, 0);
    Candidate second =
        new Candidate(
            "b", "m", "quota_exhausted", NOW.plusSeconds(40), 1, 1.0, null, false, null, 0);
    Candidate never = new Candidate("c", "m", "disabled", null, 1, 1.0, null, false, null, 0);
    Router.Choice choice = choose(List.of(first, second, never), List.of());
    assertTrue(choice.selected().isEmpty());
    assertEquals(NOW.plusSeconds(40), choice.retryAt());
    assertEquals(3, choice.excluded().size());
    assertNull(choose(List.of(never), List.of()).retryAt());
    assertNull(choose(List.of(), List.of()).retryAt());
  }

  @Test
  void cost_isRoundedUpExactly() {
    ModelPrice price = ModelPrice.tokens(2_500_000, 10_000_000);
    assertEquals(2_603, price.cost(RouteRequest.Size.tokens(1_001, 10)).orElseThrow());
    ModelPrice dearest = ModelPrice.tokens(ModelPrice.MAX_COST, ModelPrice.MAX_COST);
    long most = RouteRequest.MAX_TOKENS;
    assertEquals(
        2_000_000_000_000L, dearest.cost(RouteRequest.Size.tokens(most, most)).orElseThrow());
  }

  @Test
  void storedDecisions_replayToTheSameAnswer() {
    int seeds = Boolean.getBoolean("meterkite.deep") ? 20_000 : 1_000;
    for (int seed = 0; seed < seeds; seed++) {
      Random random = new Random(seed);
      List<Candidate> candidates = new ArrayList<>();
      for (int i = random.nextInt(12); i >= 0; i--) {
        candidates.add(random(random, i));
      }
      List<String> lost =
          random.nextBoolean() ? List.of() : List.of(candidates.get(0).name(), "x/y");
      Weighed weighed =
          new Weighed(
              candidates,
              lost,
              Router.Prices.of(candidates),
              random.nextDouble(),
              Map.of("disabled", 3L),
              null,
              List.of());
      Router.Choice choice = weighed.choice();
      Map<String, Object> stored = DecisionCodec.document(REQUEST, weighed, choice, null, NOW);
      long left = weighed.excluded(choice).values().stream().mapToLong(count -> count).sum();
      assertEquals(candidates.size() + 3L, choice.ranked().size() + left);
      Snapshot document = new Snapshot(RoutingAudit.ref("d"), stored, NOW);
      assertEquals(choice, RoutingAudit.replay(document), "seed " + seed);
      check(choice, candidates, "seed " + seed);
    }
  }

  private static Candidate random(Random random, int i) {
    boolean unfit = random.nextInt(3) == 0;
    return new Candidate(
        "p" + random.nextInt(4),
        "m" + i,
        unfit ? "rate_limited" : null,
        unfit ? NOW.plusSeconds(random.nextInt(900)) : null,
        random.nextInt(5) * 1_000L,
        random.nextInt(4) == 0 ? null : random.nextDouble(),
        random.nextBoolean() ? null : (long) random.nextInt(9_000),
        !unfit && random.nextInt(5) == 0,
        random.nextInt(5) == 0 ? NOW : null,
        random.nextDouble() * 1.2);
  }

  private static void check(Router.Choice choice, List<Candidate> candidates, String where) {
    assertEquals(candidates.size(), choice.ranked().size() + choice.excluded().size(), where);
    double last = 100;
    for (Router.Scored scored :
        choice.ranked().subList(Math.min(1, choice.ranked().size()), choice.ranked().size())) {
      assertTrue(scored.score() >= 0 && scored.score() <= last, where);
      last = scored.score();
    }
    assertTrue(choice.fallbacks().size() <= Router.FALLBACKS, where);
    assertTrue(choice.ranked().isEmpty() || choice.retryAt() == null, where);
  }

  @Test
  void decisionDocument_holdsTheFieldsOfTheSchema() {
    List<Candidate> candidates = List.of(candidate("openai", "a", 7));
    Weighed weighed =
        new Weighed(
            candidates, List.of(), Router.Prices.of(candidates), 0.5, Map.of(), null, List.of());
    Map<String, Object> document =
        DecisionCodec.document(REQUEST, weighed, weighed.choice(), "r", NOW);
    assertEquals("job", document.get("job_id"));
    assertEquals("llm", document.get("task_type"));
    assertEquals("openai", document.get("selected_provider"));
    assertEquals("a", document.get("selected_model"));
    assertEquals(100.0, document.get("score"));
    assertEquals(NOW, document.get("timestamp"));
    assertEquals(NOW.plus(Duration.ofDays(30)), document.get("expire_at"));
    assertEquals("r", document.get("reservation_id"));
  }

  @Test
  void decisionsOfOtherWriters_getTheirExpiry() {
    DocRef ref = RoutingAudit.ref("d");
    Instant due = NOW.plus(Duration.ofDays(30));
    assertEquals(
        due, RoutingAudit.missingExpiry(new Snapshot(ref, Map.of("timestamp", NOW), NOW)).get());
    assertEquals(due, RoutingAudit.missingExpiry(new Snapshot(ref, Map.of(), NOW)).get());
    assertTrue(
        RoutingAudit.missingExpiry(
                new Snapshot(ref, Map.of("timestamp", NOW, "expire_at", due), NOW))
            .isEmpty());
    assertTrue(
        RoutingAudit.missingExpiry(
                new Snapshot(ref, Map.of("expire_at", NOW, "timestamp", "x"), NOW))
            .isEmpty());
    assertTrue(RoutingAudit.missingExpiry(Snapshot.absent(ref)).isEmpty());
  }

  @Test
  void catalogueModel_survivesItsDocument() {
    CatalogModel model =
        new CatalogModel(
            "google",
            "gemini/2.0%",
            Set.of(TaskType.LLM, TaskType.TTS),
            true,
            1_000_000,
            Set.of("en", "de"),
            ModelPrice.tokens(100_000, 400_000),
            new QuotaLimits(
                ZoneId.of("America/Los_Angeles"),
                Map.of(
                    Window.MINUTE, new QuotaLimits.Limit(1_000L, 15L),
                    Window.DAY, new QuotaLimits.Limit(null, 1_500L))));
    assertEquals("google_gemini%2F2.0%25", model.id());
    Snapshot document = new Snapshot(new DocRef("model_catalog", model.id()), model.encode(), NOW);
    assertEquals(model.encode(), CatalogModel.decode(document).orElseThrow().encode());
  }

  @Test
  void brokenCatalogueDocument_isNoModel() { // A39
    Map<String, Object> good = model("p", "m", 5).encode();
    for (Map.Entry<String, Object> broken :
        Map.<String, Object>of(
                "provider",
                7L,
                "model_id",
                "",
                "context_tokens",
                -1L,
                "input_cost_micros_per_million",
                "cheap",
                "output_cost_micros_per_million",
                ModelPrice.MAX_COST + 1,
                "time_zone",
                "Moon/Crater",
                "windows",
                Map.of("day", Map.of("tokens_limit", -4L)))
            .entrySet()) {
      Map<String, Object> fields = new HashMap<>(good);
      fields.put(broken.getKey(), broken.getValue());
      Snapshot document = new Snapshot(new DocRef("model_catalog", "x"), fields, NOW);
      assertTrue(CatalogModel.decode(document).isEmpty(), broken::toString);
    }
    Map<String, Object> odd = new HashMap<>(good);
    odd.put("task_types", List.of("llm", "telepathy", 4L));
    odd.put("windows", Map.of("fortnight", Map.of(), "day", "none"));
    odd.put("languages", "en");
    Snapshot document = new Snapshot(new DocRef("model_catalog", "x"), odd, NOW);
    assertEquals(Set.of(TaskType.LLM), CatalogModel.decode(document).orElseThrow().taskTypes());
  }

  @Test
  void requestWithoutTokens_isABug() {
    assertThrows(IllegalArgumentException.class, () -> request(0, 0, null, Set.of(), null));
    assertThrows(
        IllegalArgumentException.class,
        () -> request(RouteRequest.MAX_TOKENS + 1, 0, null, Set.of(), null));
    assertEquals(1, request(1, 0, null, Set.of(), null).size().input());
  }

  /** Whatever was reported, a model that is out or paused is chosen for a trial or not at all. */
  @Test
  void modelThatIsOut_isNeverChosenButForATrial() {
    ProviderErrors.Kind[] kinds = ProviderErrors.Kind.values();
    for (int seed = 0; seed < 150; seed++) {
      Random random = new Random(seed);
      HealthRules rules = new HealthRules();
      HealthState state = rules.decode(Snapshot.absent(HealthRules.owner("p")));
      Instant at = NOW;
      for (int step = 0; step < 80; step++) {
        at = at.plusMillis(random.nextInt(20_000));
        String id = "m" + random.nextInt(3);
        ProviderErrors.Verdict error =
            random.nextInt(3) == 0
                ? null
                : new ProviderErrors.Verdict(
                    kinds[random.nextInt(kinds.length)], at.plusSeconds(random.nextInt(90)));
        HealthCommand.Observe report =
            new HealthCommand.Observe("p", id, random.nextInt(900), null, error, true, null);
        if (rules.decide(state, null, HealthRules.observe(report), at)
            instanceof Decision.Applied<HealthState> applied) {
          state = applied.next();
        }
        for (int model = 0; model < 3; model++) {
          String name = "m" + model;
          CatalogModel served =
              new CatalogModel(
                  "p",
                  name,
                  Set.of(TaskType.LLM),
                  true,
                  1_000,
                  Set.of(),
                  ModelPrice.tokens(1, 1),
                  new QuotaLimits(ZoneOffset.UTC, Map.of()));
          Candidate candidate =
              Candidate.of(served, state, null, request(1, 1, null, Set.of(), null), at);
          boolean able = candidate.unfit() == null;
          String where = "seed " + seed + " step " + step + " " + candidate;
          assertEquals(able, state.away(name, at).isEmpty() || candidate.trial(), where);
          assertTrue(!able || !candidate.trial() || state.isTrialDue(name, at), where);
        }
      }
    }
  }

  @Test
  void fiftyCandidates_areDecidedInWellUnderAMillisecond() {
    List<Candidate> candidates = new ArrayList<>();
    Random random = new Random(1);
    for (int i = 0; i < 50; i++) {
      candidates.add(random(random, i));
    }
    long best = Long.MAX_VALUE;
    for (int i = 0; i < 2_000; i++) {
      long start = System.nanoTime();
      assertEquals(
          50,
          choose(candidates, List.of()).ranked().size()
              + choose(candidates, List.of()).excluded().size());
      best = Math.min(best, (System.nanoTime() - start) / 2);
    }
    System.out.println("decision among 50 candidates: " + best / 1_000 + " µs");
    assertTrue(best < 1_000_000, "best of 2,000: " + best + " ns");
  }
}
