package dev.meterkite.functions.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.health.ReportOutcome;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.quotas.SettleQuota;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.routing.DecisionCodec;
import dev.meterkite.model.routing.Router;
import dev.meterkite.model.routing.RoutingAudit;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.schema.Schema.ModelCatalog;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/**
 * Decisions through the invoker, with the emulator behind it. Each test has a language that no
 * other test's models speak.
 */
class RouteModelTest {
  private final Hosted hosted = Hosted.shared();
  private final String language = "x" + UUID.randomUUID().toString().substring(0, 8);
  private final String alpha = "alpha-" + language;
  private final String beta = "beta-" + language;

  private void model(String provider, String id, long price, Map<String, Object> more) {
    Map<String, Object> fields = new HashMap<>();
    fields.put(ModelCatalog.PROVIDER, provider);
    fields.put(ModelCatalog.MODEL_ID, id);
    fields.put(ModelCatalog.TASK_TYPES, List.of("llm"));
    fields.put(ModelCatalog.CONTEXT_TOKENS, 8_000L);
    fields.put(ModelCatalog.LANGUAGES, List.of(language));
    fields.put(ModelCatalog.INPUT_COST_MICROS_PER_MILLION, price);
    fields.put(ModelCatalog.OUTPUT_COST_MICROS_PER_MILLION, price);
    fields.putAll(more);
    hosted.set(ModelCatalog.COLLECTION, QuotaRules.id(provider, id), fields);
    hosted.advance(CatalogueCache.MAX_AGE);
  }

  private void quota(String provider, String id, long used, long limit, Instant resetAt) {
    Map<String, Object> fields = new HashMap<>();
    fields.put(ModelQuotas.PROVIDER, provider);
    fields.put(ModelQuotas.MODEL_ID, id);
    fields.put(ModelQuotas.TOKENS_USED, used);
    fields.put(ModelQuotas.TOKENS_LIMIT, limit);
    fields.put(ModelQuotas.RESET_AT, resetAt);
    hosted.set(ModelQuotas.COLLECTION, QuotaRules.id(provider, id), fields);
  }

  private void circuit(String provider, String state, Instant until) {
    hosted.set(
        ModelProviderHealth.COLLECTION,
        provider,
        Map.of(
            "provider",
            provider,
            "status",
            "unavailable",
            "last_check",
            now(),
            "circuit",
            Map.of("state", state, "until", until, "opened_at", until.minusSeconds(300))));
  }

  private Instant now() {
    return hosted.now();
  }

  private HttpResponse<String> route(String key, String more) {
    return hosted.post(
        RouteModel.class,
        "service",
        key,
        "{\"task_type\":\"llm\",\"input_tokens\":900,\"output_tokens\":100,\"language\":\""
            + language
            + "\",\"explain\":true"
            + more
            + "}");
  }

  private static JsonObject json(HttpResponse<String> response) {
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  private static String text(HttpResponse<String> response, String field) {
    return json(response).get(field).getAsString();
  }

  private Snapshot decision(HttpResponse<String> response) {
    return hosted.read(RoutingDecisions.COLLECTION, text(response, "decision_id"));
  }

  /** Why models of this test were left out, by their names; of an explained answer. */
  private Map<String, String> excluded(HttpResponse<String> response) {
    Map<String, String> reasons = new TreeMap<>();
    json(response)
        .getAsJsonArray("excluded")
        .forEach(
            entry -> {
              String provider = entry.getAsJsonObject().get("provider").getAsString();
              if (provider.endsWith(language)) {
                reasons.put(
                    provider.substring(0, provider.length() - language.length())
                        + entry.getAsJsonObject().get("model_id").getAsString(),
                    entry.getAsJsonObject().get("reason").getAsString());
              }
            });
    return reasons;
  }

  private JsonObject replay(HttpResponse<String> decided) {
    HttpResponse<String> answer =
        hosted.get(
            ListDecisions.class,
            "admin",
            "replay=true&decision_id=" + text(decided, "decision_id"));
    assertEquals(200, answer.statusCode(), answer.body());
    return json(answer).getAsJsonObject("replay");
  }

  /** Everything that a decision could leave behind; its own time is not among it. */
  private Map<DocRef, Snapshot> traces() {
    Map<DocRef, Snapshot> traces = new HashMap<>();
    for (String provider : List.of(alpha, beta)) {
      for (DocRef ref :
          List.of(
              new DocRef(ModelProviderHealth.COLLECTION, provider),
              new DocRef(ModelQuotas.COLLECTION, QuotaRules.id(provider, "m")))) {
        traces.put(ref, hosted.read(ref.collection(), ref.id()));
      }
    }
    hosted
        .store()
        .find(Query.of(RoutingDecisions.COLLECTION, 10).where("language", Query.Op.EQUAL, language))
        .join()
        .forEach(decision -> traces.put(decision.ref(), decision));
    return traces;
  }

  /** Decided again, it shows what differs, and leaves nothing: no decision, tokens, or trial. */
  @Test
  void replay_decidesByWhatIsKnownNow_andWritesNothing() {
    model(alpha, "m", 1_000_000, Map.of());
    model(beta, "m", 9_000_000, Map.of());
    quota(alpha, "m", 0, 10_000, Instant.now().plus(Duration.ofDays(3650)));
    quota(beta, "m", 0, 10_000, Instant.now().plus(Duration.ofDays(3650)));
    HttpResponse<String> decided = route(null, "");
    assertEquals(alpha, text(decided, "provider"));
    Map<DocRef, Snapshot> before = traces();
    assertEquals(5, before.size(), before::toString);
    JsonObject same = replay(decided);
    assertTrue(same.get("same_model").getAsBoolean(), same::toString);
    assertEquals(alpha, same.get("selected_provider").getAsString());
    assertEquals(before, traces());

    circuit(alpha, "open", now().plus(Duration.ofHours(1)));
    before = traces();
    JsonObject away = replay(decided);
    assertFalse(away.get("same_model").getAsBoolean());
    assertEquals(beta, away.get("selected_provider").getAsString());
    assertTrue(away.get("differences").toString().contains("circuit_open"), away::toString);
    assertEquals(before, traces());

    circuit(alpha, "open", now().minus(Duration.ofSeconds(1)));
    circuit(beta, "open", now().plus(Duration.ofHours(1)));
    before = traces();
    JsonObject trial = replay(decided);
    assertTrue(trial.get("trial").getAsBoolean(), trial::toString);
    assertTrue(replay(decided).get("trial").getAsBoolean(), "the trial is still to be had");
    assertEquals(before, traces());
    HttpResponse<String> next = route(null, "");
    assertEquals(alpha, text(next, "provider"), next.body());
    assertTrue(json(next).get("trial").getAsBoolean(), next.body());
  }

  @Test
  void decision_isReservedWrittenAndAnswered() {
    model(alpha, "cheap", 1_000_000, Map.of());
    model(beta, "dear", 9_000_000, Map.of());
    quota(alpha, "cheap", 0, 10_000, Instant.now().plus(Duration.ofDays(3650)));
    HttpResponse<String> answer = route(null, ",\"job_id\":\"job-1\"");
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals(alpha, text(answer, "provider"));
    assertEquals("cheap", text(answer, "model_id"));
    assertEquals(1, json(answer).getAsJsonArray("fallbacks").size());
    String reservation = text(answer, "reservation_id");
    Map<String, Object> document = decision(answer).fields();
    assertEquals("job-1", document.get("job_id"));
    assertEquals("llm", document.get("task_type"));
    assertEquals(alpha, document.get("selected_provider"));
    assertEquals("cheap", document.get("selected_model"));
    // 0.4 × 50, since nothing is known of its health, + 30 + 20 + 0.1 × 50
    assertEquals(75.0, document.get("score"));
    Instant at = (Instant) document.get("timestamp");
    assertEquals(at.plus(Duration.ofDays(30)), document.get("expire_at"));
    assertEquals(reservation, document.get("reservation_id"));
    Map<String, Object> quota =
        hosted.read(ModelQuotas.COLLECTION, QuotaRules.id(alpha, "cheap")).fields();
    assertEquals(1, ((Map<?, ?>) quota.get("reservations")).size());
    HttpResponse<String> settled =
        hosted.post(
            SettleQuota.class,
            "service",
            "s",
            "{\"reservation_id\":\"" + reservation + "\",\"tokens\":640}");
    assertEquals("640", text(settled, "tokens_used"), settled.body());
    assertEquals("9360", text(settled, "tokens_remaining"));
  }

  @Test
  void a12_reservationOfADecision_isSettledByItsOutcome() {
    model(alpha, "m", 1_000_000, Map.of());
    quota(alpha, "m", 0, 10_000, Instant.now().plus(Duration.ofDays(3650)));
    String reservation = text(route(null, ""), "reservation_id");
    String report =
        "{\"provider\":\"" + alpha + "\",\"model_id\":\"m\",\"success\":true,\"latency_ms\":9";
    String of = ",\"reservation_id\":\"" + reservation + "\"";
    for (String partly : List.of(report + of + "}", report + ",\"tokens\":77}")) {
      assertEquals(200, report(partly).statusCode(), "has nothing to settle");
      assertEquals(1, ((Map<?, ?>) quotaOf("m").get("reservations")).size());
    }
    HttpResponse<String> reported = report(report + of + ",\"tokens\":77}");
    assertEquals("settled", text(reported, "reservation"), reported.body());
    assertEquals(77L, quotaOf("m").get("tokens_used"));
    assertEquals(Map.of(), quotaOf("m").get("reservations"));
  }

  private HttpResponse<String> report(String body) {
    return hosted.post(ReportOutcome.class, "service", null, body);
  }

  private Map<String, Object> quotaOf(String model) {
    return hosted.read(ModelQuotas.COLLECTION, QuotaRules.id(alpha, model)).fields();
  }

  @Test
  void modelWithoutAQuota_isChosenWithoutAReservation() {
    model(alpha, "m", 1_000_000, Map.of());
    HttpResponse<String> answer = route(null, "");
    assertEquals(200, answer.statusCode(), answer.body());
    assertFalse(json(answer).has("reservation_id"));
    assertEquals(alpha, decision(answer).fields().get("selected_provider"));
    assertFalse(hosted.read(ModelQuotas.COLLECTION, QuotaRules.id(alpha, "m")).exists());
  }

  @Test
  void windowsOfTheCatalogue_makeTheQuota() {
    model(
        alpha,
        "m",
        1_000_000,
        Map.of("windows", Map.of("day", Map.of("tokens_limit", 5_000L, "requests_limit", 2L))));
    assertEquals(200, route("a", "").statusCode());
    assertEquals(200, route("b", "").statusCode());
    HttpResponse<String> third = route("c", "");
    assertEquals(503, third.statusCode());
    assertEquals(Map.of("alpha-m", "quota_exhausted"), excluded(third));
    Map<String, Object> quota =
        hosted.read(ModelQuotas.COLLECTION, QuotaRules.id(alpha, "m")).fields();
    assertEquals(5_000L, quota.get("tokens_limit"));
    assertEquals(2L, quota.get("requests_limit"));
  }

  @Test
  void repeatedKey_replays_andAnotherBodyConflicts() {
    model(alpha, "m", 1_000_000, Map.of());
    quota(alpha, "m", 0, 10_000, Instant.now().plus(Duration.ofDays(3650)));
    String key = "k-" + language;
    HttpResponse<String> first = route(key, "");
    HttpResponse<String> again = route(key, "");
    assertEquals(first.body(), again.body());
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
    HttpResponse<String> other = route(key, ",\"job_id\":\"another\"");
    assertEquals(409, other.statusCode());
    assertEquals("idempotency_conflict", text(other, "code"));
    Map<String, Object> quota =
        hosted.read(ModelQuotas.COLLECTION, QuotaRules.id(alpha, "m")).fields();
    assertEquals(1, ((Map<?, ?>) quota.get("reservations")).size());
  }

  @Test
  void repeatedKeyAtOnce_reservesOnce() {
    model(alpha, "m", 1_000_000, Map.of());
    model(beta, "n", 1_000_000, Map.of());
    Instant far = Instant.now().plus(Duration.ofDays(3650));
    quota(alpha, "m", 0, 1_000_000, far);
    quota(beta, "n", 0, 1_000_000, far);
    String key = "k-" + language;
    List<HttpResponse<String>> answers = many(24, i -> route(key, ""));
    assertEquals(1, answers.stream().map(HttpResponse::body).distinct().count());
    int open = 0;
    for (String id : List.of(QuotaRules.id(alpha, "m"), QuotaRules.id(beta, "n"))) {
      Object reservations =
          hosted.read(ModelQuotas.COLLECTION, id).fields().get(ModelQuotas.RESERVATIONS);
      open += reservations == null ? 0 : ((Map<?, ?>) reservations).size();
    }
    assertEquals(1, open);
  }

  private static List<HttpResponse<String>> many(
      int calls, java.util.function.IntFunction<HttpResponse<String>> call) {
    ExecutorService callers = Executors.newFixedThreadPool(12);
    try {
      List<CompletableFuture<HttpResponse<String>>> futures = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        int number = i;
        futures.add(CompletableFuture.supplyAsync(() -> call.apply(number), callers));
      }
      return futures.stream().map(CompletableFuture::join).toList();
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void a13_concurrentDecisions_neverReserveMoreThanTheLimit_andTheLoserGetsTheNext() {
    model(alpha, "m", 1_000_000, Map.of());
    model(beta, "n", 9_000_000, Map.of());
    Instant far = Instant.now().plus(Duration.ofDays(3650));
    quota(alpha, "m", 0, 10_000, far); // ten requests of 1,000
    quota(beta, "n", 0, 1_000_000, far);
    // Alpha is far ahead while it is empty: its last places are contended.
    hosted.set(
        ModelProviderHealth.COLLECTION,
        beta,
        Map.of("provider", beta, "status", "unavailable", "error_rate", 1.0, "last_check", now()));
    List<HttpResponse<String>> answers = many(40, i -> route(null, ""));
    answers.forEach(answer -> assertEquals(200, answer.statusCode(), answer.body()));
    long atAlpha = answers.stream().filter(answer -> text(answer, "model_id").equals("m")).count();
    assertEquals(10, atAlpha);
    answers.forEach(answer -> assertReplays(decision(answer)));
  }

  private static void assertReplays(Snapshot decision) {
    Router.Choice again = RoutingAudit.replay(decision);
    Map<String, Object> stored = decision.fields();
    assertEquals(stored.get("fallbacks"), DecisionCodec.fallbacks(again));
    assertEquals(
        stored.get("selected_model"),
        again.selected().map(scored -> scored.candidate().modelId()).orElse(null));
    assertEquals(stored.get("score"), again.selected().map(Router.Scored::score).orElse(null));
  }

  @Test
  void a32_noCandidate_saysWhenTheFirstReturns_writesWhy_andBurnsNoKey() {
    model(alpha, "m", 1_000_000, Map.of());
    model(beta, "n", 1_000_000, Map.of());
    Instant now = now();
    circuit(alpha, "open", now.plusSeconds(300));
    quota(beta, "n", 100, 100, now.plusSeconds(40));
    hosted.set(
        ModelQuotas.COLLECTION,
        QuotaRules.id(beta, "n"),
        Map.of("tokens_used", 9_900L, "tokens_limit", 10_000L, "reset_at", now.plusSeconds(40)));
    HttpResponse<String> none = route("key-" + language, "");
    assertEquals(503, none.statusCode(), none.body());
    assertEquals("no_candidate", text(none, "code"));
    long wait = Long.parseLong(none.headers().firstValue("Retry-After").orElseThrow());
    assertTrue(wait > 30 && wait <= 40, "waits " + wait);
    assertEquals(Map.of("alpha-m", "circuit_open", "beta-n", "quota_exhausted"), excluded(none));
    Snapshot written = decision(none);
    assertEquals("no_candidate", written.fields().get("reason"));
    assertFalse(written.fields().containsKey("selected_model"));
    assertReplays(written);
    quota(beta, "n", 0, 10_000, now.plusSeconds(4_000));
    HttpResponse<String> later = route("key-" + language, "");
    assertEquals(200, later.statusCode(), later.body());
    assertNotEquals(text(none, "decision_id"), text(later, "decision_id"));
  }

  @Test
  void models_areLeftOutWithTheReason() {
    model(alpha, "off", 1, Map.of("enabled", false));
    model(alpha, "voice", 1, Map.of("task_types", List.of("tts")));
    model(alpha, "short", 1, Map.of("context_tokens", 999L));
    model(alpha, "mute", 1, Map.of("languages", List.of("tlh")));
    model(alpha, "dear", 5_000_000_000L, Map.of());
    model(alpha, "unwanted", 1, Map.of());
    model(beta, "unwanted", 1, Map.of());
    model(beta, "small", 1, Map.of("windows", Map.of("day", Map.of("tokens_limit", 999L))));
    model(beta, "shared", 1, Map.of());
    quota(beta, "shared", 0, 10_000, Instant.now().plus(Duration.ofDays(9)));
    hosted.set(
        ModelQuotas.COLLECTION,
        QuotaRules.id(beta, "shared"),
        Map.of("provider", "somebody", "model_id", "else", "tokens_limit", 10_000L));
    model(beta, "good", 1, Map.of());
    HttpResponse<String> answer =
        route(
            null,
            ",\"max_cost_micros\":4999999,\"exclude\":[\"" + alpha + "/unwanted\",\"nobody\"]");
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals(
        Map.of(
            "alpha-off", "disabled",
            "alpha-voice", "task_type",
            "alpha-short", "context_length",
            "alpha-mute", "language",
            "alpha-dear", "too_expensive",
            "alpha-unwanted", "excluded",
            "beta-small", "exceeds_limit",
            "beta-shared", "ambiguous_id"),
        excluded(answer));
  }

  @Test
  void a30_modelThatIsOut_getsOneTrialAtATime_andTheRestGoElsewhere() {
    model(alpha, "m", 1_000_000, Map.of());
    circuit(alpha, "half_open", now().minusSeconds(1));
    List<HttpResponse<String>> answers = many(9, i -> route(null, ""));
    assertEquals(1, answers.stream().filter(answer -> answer.statusCode() == 200).count());
    HttpResponse<String> refused =
        answers.stream().filter(answer -> answer.statusCode() == 503).findFirst().orElseThrow();
    assertEquals("circuit_open", excluded(refused).get("alpha-m"));
    model(beta, "n", 1_000_000, Map.of());
    assertEquals(beta, text(route(null, ""), "provider"));
    hosted.advance(Duration.ofMinutes(1)); // The trial was never reported: its permit has lapsed.
    HttpResponse<String> next = route(null, ",\"exclude\":[\"n\"]");
    assertEquals(alpha, text(next, "provider"));
    assertTrue(json(next).get("trial").getAsBoolean());
    assertEquals(true, decision(next).fields().get("trial"));
  }

  private HttpResponse<String> reportOf(HttpResponse<String> routed, String more) {
    return report(
        "{\"provider\":\""
            + text(routed, "provider")
            + "\",\"model_id\":\""
            + text(routed, "model_id")
            + "\",\"latency_ms\":90,\"decision_id\":\""
            + text(routed, "decision_id")
            + "\","
            + more
            + "}");
  }

  @Test
  void c51_providerThatNobodyProbes_isTriedAndGetsItsShareBack() {
    model(alpha, "cheap", 1_000_000, Map.of());
    model(beta, "dear", 9_000_000, Map.of());
    for (int i = 0; i < 5; i++) {
      hosted.advance(Duration.ofSeconds(1));
      HttpResponse<String> routed = route(null, "");
      assertEquals(alpha, text(routed, "provider"), "call " + i);
      reportOf(routed, "\"success\":false,\"http_status\":503");
      if (!text(route(null, ""), "provider").equals(alpha)) {
        break;
      }
    }
    int firstTrial = -1;
    int back = -1;
    for (int second = 0; second < 120 && back < 0; second++) {
      hosted.advance(Duration.ofSeconds(1));
      HttpResponse<String> routed = route(null, "");
      boolean there = text(routed, "provider").equals(alpha);
      boolean trial = json(routed).get("trial").getAsBoolean();
      firstTrial = there && firstTrial < 0 ? second : firstTrial;
      back = there && !trial ? second : back;
      reportOf(routed, "\"success\":true");
    }
    assertTrue(firstTrial >= 0 && firstTrial <= 60, "first trial after " + firstTrial);
    assertTrue(back >= 0 && back <= 90, "back after " + back);
  }

  @Test
  void c56_equalModels_shareTheCalls_andAReplayGivesTheSame() {
    Map<String, Integer> counts = new TreeMap<>();
    List.of("a", "b", "c").forEach(name -> model(name + language, "m", 1_000_000, Map.of()));
    for (int call = 0; call < 60; call++) {
      HttpResponse<String> answer = route(null, "");
      counts.merge(text(answer, "provider"), 1, Integer::sum);
      if (call % 10 == 0) {
        assertReplays(decision(answer));
      }
    }
    assertEquals(3, counts.size(), counts::toString);
    counts.values().forEach(count -> assertTrue(count >= 8, counts::toString));
  }

  @Test
  void c57_nextAttempt_leavesOutWhatFailedBefore_andTheAdviceFollows() {
    List.of("a", "b", "c").forEach(name -> model(name + language, "m", 1_000_000, Map.of()));
    String fault = "\"success\":false,\"http_status\":500";
    HttpResponse<String> first = route(null, "");
    JsonObject advice = json(reportOf(first, fault)).getAsJsonObject("retry");
    assertEquals("same", advice.get("advice").getAsString());
    assertEquals("other", advice(reportOf(first, fault)));
    HttpResponse<String> second =
        route(null, ",\"attempt_of\":\"" + text(first, "decision_id") + "\"");
    assertNotEquals(text(first, "provider"), text(second, "provider"));
    assertEquals("other", advice(reportOf(second, fault)));
    HttpResponse<String> third =
        route(null, ",\"attempt_of\":\"" + text(second, "decision_id") + "\"");
    assertEquals(
        3,
        List.of(first, second, third).stream()
            .map(one -> text(one, "provider"))
            .distinct()
            .count());
    assertEquals(2, excluded(third).values().stream().filter("tried"::equals).count());
    assertEquals("none", advice(reportOf(third, "\"success\":false,\"http_status\":400")));
    HttpResponse<String> fourth =
        route(null, ",\"attempt_of\":\"" + text(third, "decision_id") + "\"");
    assertEquals(503, fourth.statusCode());
  }

  @Test
  void c57_requestThatIsTooLong_getsOneOtherModel_whereTheRouterChose() {
    List.of("a", "b", "c").forEach(name -> model(name + language, "m", 1_000_000, Map.of()));
    String tooLong =
        "\"success\":false,\"http_status\":400,\"error_code\":\"context_length_exceeded\"";
    HttpResponse<String> first = route(null, "");
    assertEquals("other", advice(reportOf(first, tooLong)));
    HttpResponse<String> second =
        route(null, ",\"attempt_of\":\"" + text(first, "decision_id") + "\"");
    assertNotEquals(text(first, "provider"), text(second, "provider"));
    assertEquals("none", advice(reportOf(second, tooLong)));
    HttpResponse<String> alone =
        report(
            "{\"provider\":\"a"
                + language
                + "\",\"model_id\":\"m\",\"latency_ms\":10,"
                + tooLong
                + "}");
    assertEquals("none", advice(alone));
  }

  /** A decision expires after 30 days; a caller in an outage gets a model all the same. */
  @Test
  void c57_attemptOfADecisionThatIsNotKept_leavesNothingOut_andSaysSo() {
    model(alpha, "m", 1_000_000, Map.of());
    HttpResponse<String> known = route(null, "");
    assertFalse(json(known).has("attempt_of_found"));
    HttpResponse<String> unknown = route(null, ",\"attempt_of\":\"nobody\"");
    assertEquals(200, unknown.statusCode(), unknown.body());
    assertEquals(alpha, text(unknown, "provider"));
    assertFalse(json(unknown).get("attempt_of_found").getAsBoolean());
    assertEquals("nobody", decision(unknown).fields().get("attempt_of"));
    HttpResponse<String> none =
        route(null, ",\"attempt_of\":\"nobody\",\"exclude\":[\"" + alpha + "/m\"]");
    assertEquals(503, none.statusCode(), none.body());
    assertFalse(json(none).get("attempt_of_found").getAsBoolean());
  }

  @Test
  void c58_repeatOfAnExplainedCall_answersTheSameList() {
    model(alpha, "m", 1_000_000, Map.of());
    model(beta, "other", 1_000_000, Map.of(ModelCatalog.CONTEXT_TOKENS, 10L));
    String key = "explained-" + language;
    HttpResponse<String> first = route(key, "");
    assertEquals("context_length", excluded(first).get("beta-other"));
    model(beta, "third", 1_000_000, Map.of());
    HttpResponse<String> again = route(key, "");
    assertEquals(first.body(), again.body());
    assertEquals("true", again.headers().firstValue("Idempotency-Replayed").orElse(""));
  }

  private static String advice(HttpResponse<String> reported) {
    return json(reported).getAsJsonObject("retry").get("advice").getAsString();
  }

  @Test
  void c57_fallbackThatFailedUnderTheSameDecision_isLeftOutToo() {
    List.of("a", "b", "c").forEach(name -> model(name + language, "m", 1_000_000, Map.of()));
    HttpResponse<String> first = route(null, "");
    String fallback =
        json(first)
            .getAsJsonArray("fallbacks")
            .get(0)
            .getAsJsonObject()
            .get("provider")
            .getAsString();
    report(
        "{\"provider\":\""
            + fallback
            + "\",\"model_id\":\"m\",\"latency_ms\":9,\"success\":false,\"decision_id\":\""
            + text(first, "decision_id")
            + "\"}");
    HttpResponse<String> second =
        route(null, ",\"attempt_of\":\"" + text(first, "decision_id") + "\"");
    assertNotEquals(fallback, text(second, "provider"));
    assertNotEquals(text(first, "provider"), text(second, "provider"));
  }

  @Test
  void c64_limitsOfTheProvidersHeaders_lowerWhatIsLeft() {
    model(alpha, "m", 1_000_000, Map.of());
    quota(alpha, "m", 0, 10_000, Instant.now().plus(Duration.ofDays(3650)));
    String report =
        "{\"provider\":\"" + alpha + "\",\"model_id\":\"m\",\"success\":true,\"latency_ms\":9,";
    for (String limits :
        List.of(
            "{\"remaining_tokens\":\"700\",\"remaining_requests\":5,\"reset\":\"6m0s\"}",
            "{\"remaining_tokens\":9000,\"reset\":null}",
            "{\"remaining_tokens\":\"many\",\"reset\":\"soon\"}",
            "{}")) {
      assertEquals(200, report(report + "\"limits\":" + limits + "}").statusCode(), limits);
      assertEquals(9_300L, quotaOf("m").get("tokens_used"));
    }
    assertEquals(503, route(null, "").statusCode());
    assertEquals(400, report(report + "\"limits\":{\"tokens\":1}}").statusCode());
  }

  @Test
  void c59_textToSpeech_isPricedByCharactersAndByTokens() {
    Map<String, Object> speaks = Map.of("task_types", List.of("tts"));
    model(alpha, "tokens", 15_000_000, speaks);
    model(
        beta,
        "characters",
        15_000_000,
        Map.of("task_types", List.of("tts"), "input_unit", "character"));
    HttpResponse<String> answer =
        hosted.post(
            RouteModel.class,
            "service",
            null,
            "{\"task_type\":\"tts\",\"input_tokens\":0,\"output_tokens\":0,\"characters\":1000,"
                + "\"language\":\""
                + language
                + "\"}");
    assertEquals(200, answer.statusCode(), answer.body());
    assertEquals("tokens", text(answer, "model_id"));
    assertEquals("3750", text(answer, "cost_micros")); // 250 tokens
    assertEquals(1_000L, decision(answer).fields().get("characters"));
  }

  private List<Snapshot> failovers() {
    return hosted.store().find(Queries.alerts(null, alpha, 10, List.of())).join().stream()
        .filter(alert -> "failover_executed".equals(alert.fields().get(ModelRouterAlerts.TYPE)))
        .toList();
  }

  @Test
  void a34_callsThatGoElsewhere_areAlertedOnceForEachOutage() {
    model(alpha, "cheap", 1_000_000, Map.of());
    model(beta, "dear", 9_000_000, Map.of());
    circuit(alpha, "open", now().plusSeconds(300));
    for (int call = 0; call < 3; call++) {
      assertEquals(beta, text(route(null, ""), "provider"));
    }
    assertEquals(1, failovers().size());
    Map<String, Object> alert = failovers().get(0).fields();
    assertEquals("info", alert.get(ModelRouterAlerts.SEVERITY));
    assertEquals(
        "Calls for " + alpha + "/cheap go to " + beta + "/dear",
        alert.get(ModelRouterAlerts.MESSAGE));
    circuit(alpha, "open", now().plusSeconds(600));
    assertEquals(beta, text(route(null, ""), "provider"));
    assertEquals(2, failovers().size());
  }

  @Test
  void dearModelWhoseCircuitIsOpen_isNoFailover() {
    model(alpha, "dear", 9_000_000, Map.of());
    model(beta, "cheap", 1_000_000, Map.of());
    circuit(alpha, "open", now().plusSeconds(300));
    assertEquals(beta, text(route(null, ""), "provider"));
    assertEquals(List.of(), failovers());
  }

  @Test
  void retryAfterAsANumber_isUnderstood() {
    model(alpha, "m", 1_000_000, Map.of());
    String outcome =
        "{\"provider\":\""
            + alpha
            + "\",\"model_id\":\"m\",\"success\":false,\"latency_ms\":5,\"http_status\":429,"
            + "\"retry_after\":";
    assertEquals(
        200, hosted.post(ReportOutcome.class, "service", null, outcome + "-1}").statusCode());
    hosted.advance(Duration.ofSeconds(15));
    assertEquals(
        200, hosted.post(ReportOutcome.class, "service", null, outcome + "500}").statusCode());
    HttpResponse<String> none = route(null, "");
    assertEquals(Map.of("alpha-m", "rate_limited"), excluded(none));
    long wait = Long.parseLong(none.headers().firstValue("Retry-After").orElseThrow());
    assertTrue(wait > 450 && wait <= 500, "waits " + wait);
  }

  @Test
  void a31_providerThatSaidWhenToComeBack_isLeftAloneUntilThen() {
    model(alpha, "m", 1_000_000, Map.of());
    HttpResponse<String> limited =
        hosted.post(
            ReportOutcome.class,
            "service",
            null,
            "{\"provider\":\""
                + alpha
                + "\",\"model_id\":\"m\",\"success\":false,\"latency_ms\":5,\"http_status\":429,"
                + "\"retry_after\":\"1976.365s\"}");
    assertEquals("closed", text(limited, "circuit"));
    HttpResponse<String> none = route(null, "");
    assertEquals(Map.of("alpha-m", "rate_limited"), excluded(none));
    long wait = Long.parseLong(none.headers().firstValue("Retry-After").orElseThrow());
    assertTrue(wait > 1_900 && wait <= 1_977, "waits " + wait);
    hosted.advance(Duration.ofSeconds(wait));
    assertEquals(200, route(null, "").statusCode());
  }

  @Test
  void badFields_areNamedAllAtOnce_andWriteNothing() {
    HttpResponse<String> bad =
        hosted.post(
            RouteModel.class,
            "service",
            null,
            "{\"task_type\":\"telepathy\",\"input_tokens\":-1,\"outputs\":4,\"exclude\":[7],"
                + "\"max_cost_micros\":-1}");
    assertEquals(400, bad.statusCode());
    assertEquals(6, json(bad).getAsJsonArray("errors").size(), bad.body());
    assertEquals(400, route(null, ",\"job_id\":\"a/b\"").statusCode());
    HttpResponse<String> nothing =
        hosted.post(
            RouteModel.class,
            "service",
            null,
            "{\"task_type\":\"llm\",\"input_tokens\":0,\"output_tokens\":0}");
    assertEquals(400, nothing.statusCode());
    assertEquals(403, hosted.post(RouteModel.class, "admin", null, "{}").statusCode());
  }

  @Test
  void documents_ofAnyOrigin_neverBreakADecision() { // A39
    model(alpha, "m", 1_000_000, Map.of());
    hosted.set(ModelCatalog.COLLECTION, "broken-" + language, Map.of("provider", 7L));
    hosted.set(ModelCatalog.COLLECTION, "empty-" + language, Map.of());
    hosted.set(
        ModelProviderHealth.COLLECTION,
        alpha,
        Map.of("status", "splendid", "error_rate", "none", "circuit", "open", "latency_ms", -5L));
    hosted.set(
        ModelQuotas.COLLECTION,
        QuotaRules.id(alpha, "m"),
        Map.of("tokens_used", "many", "windows", List.of(1L), "reservations", 5L));
    HttpResponse<String> answer = route(null, "");
    assertEquals(200, answer.statusCode(), answer.body());
    DocRef ref = decision(answer).ref();
    assertReplays(hosted.read(ref.collection(), ref.id()));
  }
}
