package dev.meterkite.model.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.OneByOne;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.ProviderErrors.Kind;
import dev.meterkite.model.health.ProviderErrors.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthRulesTest {
  private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");
  private static final DocRef OWNER = HealthRules.owner("openai");
  private static final Verdict FAULT = new Verdict(Kind.PROVIDER_FAULT, null);
  private static final Verdict GONE = new Verdict(Kind.MODEL_GONE, null);
  private static final Verdict LIMITED = new Verdict(Kind.RATE_LIMITED, null);

  private final OneByOne<HealthState, HealthCommand> store = new OneByOne<>(new HealthRules());
  private Instant now = T0;

  private Map<String, Object> observe(
      @Nullable String model, @Nullable Verdict error, long latency) {
    return store.answer(
        HealthRules.observe(
            new HealthCommand.Observe("openai", model, latency, null, error, true, null)),
        now);
  }

  private Map<String, Object> after(long millis, String model, @Nullable Verdict error) {
    now = now.plusMillis(millis);
    return observe(model, error, 100);
  }

  private Map<String, Object> ok(String model) {
    return after(1_000, model, null);
  }

  private Map<String, Object> fail(String model) {
    return after(1_000, model, FAULT);
  }

  private HealthState state() {
    return store.state(OWNER);
  }

  private ModelHealth model(String id) {
    return state().model(id).at(now);
  }

  private boolean permit(String model) {
    return (boolean) store.answer(HealthRules.permit("openai", model), now).get("permitted");
  }

  private void probe(@Nullable Verdict error) {
    store.answer(HealthRules.probed(new HealthCommand.Probed("openai", 200, error)), now);
  }

  private static Object inner(Map<String, Object> answer, String object, String field) {
    return ((Map<?, ?>) answer.get(object)).get(field);
  }

  @Test
  void threeFailuresWithNothingGoodForTwoSeconds_takeAModelOut() {
    ok("m");
    after(100, "m", FAULT);
    after(100, "m", FAULT);
    after(100, "m", FAULT);
    assertEquals(CircuitState.CLOSED, model("m").circuit(now), "a burst within 2 s");
    after(1_800, "m", FAULT);
    assertEquals(CircuitState.OPEN, model("m").circuit(now));
    assertEquals(HealthStatus.HEALTHY, model("m").told(), "not sure yet");
    after(10, "m", FAULT);
    assertEquals(HealthStatus.UNAVAILABLE, model("m").told());
  }

  @Test
  void fiveFailuresInARowOfANewModel_areSureAtOnce() {
    Map<String, Object> answer = Map.of();
    for (int i = 0; i < 5; i++) {
      answer = after(0, "m", FAULT);
    }
    assertEquals("unavailable", answer.get("status"));
    assertEquals("open", answer.get("circuit"));
    assertEquals("unavailable", inner(answer, "model", "status"));
    assertEquals(now.plusSeconds(5), inner(answer, "model", "away_until"));
  }

  @ParameterizedTest
  @CsvSource({"15, false", "16, true"}) // of 200: below 8 %, and 8 %
  void shareOfFailures_takesAModelOut(int failures, boolean out) {
    for (int i = 0; i < 200; i++) {
      boolean bad = i >= 200 - 2 * failures && i % 2 == 1;
      after(500, "m", bad ? FAULT : null);
    }
    assertEquals(out, model("m").outage() != null);
    assertEquals(out ? HealthStatus.DEGRADED : HealthStatus.HEALTHY, model("m").told());
  }

  @Test
  void fewerThanFiftyCalls_saySoLittleOfAShare() {
    for (int i = 0; i < 49; i++) {
      after(1_000, "m", i % 5 == 4 ? FAULT : null);
    }
    assertNull(model("m").outage());
  }

  @Test
  void waits_areFiveTenTwentyThenThirtySeconds() {
    for (int i = 0; i < 3; i++) {
      fail("m");
    }
    for (long wait : new long[] {5, 10, 20, 30, 30, 30}) {
      now = now.plusSeconds(wait).minusMillis(1);
      assertFalse(permit("m"), "before " + wait);
      now = now.plusMillis(1);
      assertTrue(permit("m"), "after " + wait);
      assertFalse(permit("m"), "one in flight");
      assertEquals(CircuitState.HALF_OPEN, model("m").circuit(now));
      observe("m", FAULT, 0);
    }
  }

  @Test
  void permitThatIsNotReported_lapsesAfterAMinute() {
    outage("m");
    now = now.plusSeconds(5);
    assertTrue(permit("m"));
    now = now.plus(Outage.PERMIT).minusMillis(1);
    assertFalse(permit("m"));
    now = now.plusMillis(1);
    assertTrue(permit("m"));
  }

  private void outage(String model) {
    for (int i = 0; i < 3; i++) {
      fail(model);
    }
    assertEquals(CircuitState.OPEN, model(model).circuit(now));
  }

  @Test
  void threeGoodTrialsTwoSecondsApart_bringItBack_andARelapseDoublesThem() {
    for (int needed : new int[] {3, 6, 12, 24, 24}) {
      outage("m");
      now = now.plusSeconds(5);
      after(0, "m", null);
      after(1_999, "m", null); // Too soon after the last to count.
      for (int good = 2; good < needed; good++) {
        after(good == 2 ? 1 : 2_000, "m", null);
        assertEquals(CircuitState.OPEN, model("m").circuit(now), "after " + good);
      }
      after(2_000, "m", null);
      assertEquals(CircuitState.CLOSED, model("m").circuit(now), "after " + needed);
    }
    now = now.plus(Duration.ofMinutes(10));
    outage("m");
    assertEquals(3, model("m").needed());
  }

  @Test
  void badTrial_startsTheWaitAgain() {
    outage("m");
    now = now.plusSeconds(5);
    after(0, "m", null);
    after(2_000, "m", null);
    after(2_000, "m", FAULT);
    assertFalse(permit("m"));
    now = now.plusSeconds(10);
    assertTrue(permit("m"));
    assertEquals(0, model("m").outage().good());
  }

  @Test
  void callsFromBeforeItLeft_neitherHealNorProlong() {
    outage("m");
    Outage before = model("m").outage();
    now = now.plusSeconds(4);
    observe("m", FAULT, 30_000);
    observe("m", null, 67_000);
    assertEquals(before, model("m").outage());
  }

  @Test
  void c50_longAnswers_sayNothing() {
    Map<String, Object> answer = Map.of();
    for (int i = 0; i < 30; i++) {
      now = now.plusSeconds(1);
      answer = observe("m", null, 67_000);
    }
    assertEquals("healthy", answer.get("status"));
    assertFalse(store.get(OWNER).fields().containsKey("latency_ms"));
    store.answer(
        HealthRules.observe(
            new HealthCommand.Observe("openai", "m", 67_000, 400L, null, true, null)),
        now);
    assertEquals(400L, store.get(OWNER).fields().get("latency_ms"));
  }

  @Test
  void c51_providerThatNobodyProbes_isTriedWithinSecondsAndBackWithinAMinute() {
    for (int i = 0; i < 5; i++) {
      fail(null);
    }
    Instant well = now;
    while (model("").outage() != null) {
      now = now.plusSeconds(1);
      if (permit("")) {
        observe(null, null, 100);
      }
    }
    assertTrue(Duration.between(well, now).toSeconds() <= 60, "back at " + now);
  }

  @Test
  void c52_oneModelsFault_leavesItsSiblingsAlone() {
    ok("sibling");
    Verdict hour = new Verdict(Kind.RATE_LIMITED, now.plusSeconds(3_600));
    Map<String, Object> answer = after(0, "limited", hour);
    assertEquals(now.plusSeconds(3_600), inner(answer, "model", "away_until"));
    answer = after(0, "gone", GONE);
    assertEquals("unavailable", inner(answer, "model", "status"));
    assertEquals(now.plus(Duration.ofMinutes(10)), inner(answer, "model", "away_until"));
    for (int i = 0; i < 5; i++) {
      ok("sibling");
      fail("failing");
    }
    assertEquals("unavailable", model("failing").told().wire());
    assertTrue(state().away("sibling", now).isEmpty());
    assertTrue(state().away(now).isEmpty());
    assertEquals(HealthStatus.DEGRADED, state().statusAt(now));
    assertEquals(List.of("model_gone openai/gone", "model_unavailable openai/failing"), raised());
  }

  @Test
  void c52_modelThatIsNotServed_isLeftAloneForLongerEachTime_withOneAlert() {
    ok("sibling");
    for (long minutes : new long[] {10, 20, 40, 80, 160, 320, 640, 1_280, 1_440, 1_440}) {
      after(0, "m", GONE);
      after(0, "m", GONE); // Two at once are no longer wait.
      assertEquals(now.plus(Duration.ofMinutes(minutes)), state().away("m", now).get().until());
      assertEquals(List.of("model_gone openai/m"), raised());
      now = now.plus(Duration.ofMinutes(minutes));
      assertTrue(state().away("m", now).isEmpty());
    }
    after(0, "m", null);
    assertEquals(List.of(), raised());
    after(0, "m", GONE);
    assertEquals(now.plus(Duration.ofMinutes(10)), state().away("m", now).get().until());
  }

  @Test
  void creditAndKey_areTheProviders() {
    ok("a");
    ok("b");
    now = now.plusSeconds(3);
    Instant hour = now.plusSeconds(3_600);
    Map<String, Object> answer = after(0, "a", new Verdict(Kind.CREDIT_GONE, hour));
    assertEquals("unavailable", answer.get("status"));
    assertEquals(hour, state().away("b", now).get().until()); // C65
    assertEquals(hour, HealthView.of("openai", state(), now).away().until());
    assertEquals(AwayReason.QUOTA_GONE, HealthView.of("openai", state(), now).away().reason());
    assertEquals(List.of("provider_credit_gone openai"), raised());
    now = hour;
    ok("a");
    assertEquals(List.of(), raised());
    now = now.plusSeconds(3);
    for (int i = 0; i < 3; i++) {
      after(0, i % 2 == 0 ? "a" : "b", new Verdict(Kind.KEY_REFUSED, null));
    }
    assertEquals(AwayReason.FAILING, state().away("b", now).get().reason());
    assertEquals(CircuitState.OPEN, state().circuit(now));
    now = now.plusSeconds(60);
    assertEquals(List.of("provider_unavailable openai"), raised());
    for (int i = 0; i < 3; i++) {
      after(2_000, "b", null);
    }
    assertTrue(state().away("a", now).isEmpty());
  }

  @Test
  void rateLimitsWithoutAHint_pauseFor15Then30Then60Seconds_and15AfterASuccess() {
    for (long wait : new long[] {15, 30, 60, 60}) {
      after(0, "m", LIMITED);
      after(1, "m", LIMITED); // Under way at the same time.
      assertEquals(now.plusSeconds(wait).minusMillis(1), state().away("m", now).get().until());
      now = now.plusSeconds(wait);
    }
    ok("m");
    after(0, "m", LIMITED);
    assertEquals(now.plusSeconds(15), state().away("m", now).get().until());
    assertNull(model("m").outage());
  }

  @Test
  void longerOfTwoDeadlines_stays() { // A31: litellm#40130
    Instant far = T0.plusSeconds(1_000);
    after(0, "m", new Verdict(Kind.RATE_LIMITED, far));
    after(0, "m", new Verdict(Kind.RATE_LIMITED, T0.plusSeconds(60)));
    assertEquals(far, state().away("m", now).get().until());
    after(0, "m", new Verdict(Kind.QUOTA_GONE, far.plusSeconds(9)));
    assertEquals(far.plusSeconds(9), state().away("m", now).get().until());
    assertEquals(AwayReason.QUOTA_GONE, state().away("m", now).get().reason());
  }

  @Test
  void c53_goodProbes_healNothingAndBreakNoRow() {
    for (int i = 0; i < 3; i++) {
      now = now.plusSeconds(60);
      probe(null);
      after(0, "m", FAULT);
    }
    assertEquals(CircuitState.OPEN, model("m").circuit(now));
    for (int minute = 0; minute < 60; minute++) {
      now = now.plusSeconds(60);
      probe(null);
      if (permit("m")) {
        observe("m", FAULT, 100);
      }
      assertEquals(List.of("provider_unavailable openai"), raised());
    }
  }

  @Test
  void failingProbe_holdsTrialsBack_andAGoodOneAllowsTheNextAtOnce() {
    outage("m");
    now = now.plusSeconds(5);
    probe(FAULT);
    assertFalse(permit("m"));
    now = now.plusSeconds(60);
    probe(FAULT);
    assertFalse(permit("m"));
    now = now.plusSeconds(1);
    probe(null);
    assertTrue(permit("m"));
    observe("m", FAULT, 100);
    assertFalse(permit("m"));
    now = now.plusSeconds(1);
    probe(null);
    assertTrue(permit("m"));
  }

  @Test
  void probesThatFail_ofAProviderThatNobodyCalls_areAnOutage() {
    probe(null);
    assertEquals(HealthStatus.HEALTHY, state().statusAt(now));
    for (int i = 0; i < 3; i++) {
      assertEquals(HealthStatus.HEALTHY, state().statusAt(now));
      now = now.plusSeconds(60);
      probe(FAULT);
    }
    assertEquals(HealthStatus.UNAVAILABLE, state().statusAt(now));
    assertEquals(List.of("provider_unavailable openai"), raised());
  }

  @ParameterizedTest
  @CsvSource({"2, 60", "3, 60"})
  void c55_outageAfterWhichNobodyCalls_isAlertedWithinAMinute(int failures, long seconds) {
    ok("m");
    for (int i = 0; i < failures; i++) {
      fail("m");
    }
    assertEquals(List.of(), raised());
    Instant due = (Instant) store.get(OWNER).fields().get("health_due_at");
    assertFalse(due.isAfter(now.plusSeconds(seconds)));
    now = now.plusSeconds(seconds);
    Snapshot before = copied();
    store.decide(HealthRules.refresh("openai"), now);
    assertTrue(HealthAlerts.concerns(before, store.get(OWNER)));
    assertEquals(List.of("provider_unavailable openai"), raised());
    assertFalse(store.get(OWNER).fields().containsKey("health_due_at"));
    now = now.plusSeconds(5);
    assertTrue(permit("m"));
  }

  @Test
  void twoFailuresOfAModelThatIsCalledOnceAMinute_areNone() {
    ok("m");
    after(60_000, "m", FAULT);
    after(60_000, "m", FAULT);
    now = now.plusSeconds(59);
    store.decide(HealthRules.refresh("openai"), now);
    assertNull(model("m").outage());
  }

  @Test
  void incidentEnds_whenItIsBackForFiveMinutes_andARelapseIsTheSame() {
    for (int i = 0; i < 5; i++) {
      fail("m");
    }
    assertEquals(List.of("provider_unavailable openai"), raised());
    now = now.plusSeconds(5);
    for (int i = 0; i < 3; i++) {
      after(2_000, "m", null);
    }
    assertNull(model("m").outage());
    assertEquals("unavailable", state().statusAt(now).wire());
    now = now.plusSeconds(299);
    assertEquals("unavailable", state().statusAt(now).wire());
    now = now.plusSeconds(1);
    Snapshot before = copied();
    store.decide(HealthRules.refresh("openai"), now);
    assertTrue(HealthAlerts.concerns(before, store.get(OWNER)));
    assertEquals(List.of(), raised());
  }

  private Snapshot copied() {
    return new Snapshot(OWNER, copy(store.get(OWNER).fields()), T0);
  }

  private static Map<String, Object> copy(Map<?, ?> fields) {
    Map<String, Object> copy = new HashMap<>();
    fields.forEach(
        (name, value) ->
            copy.put((String) name, value instanceof Map<?, ?> map ? copy(map) : value));
    return copy;
  }

  /** The alerts that the document calls for now. */
  private List<String> raised() {
    List<String> raised = new ArrayList<>();
    for (AlertCommand command : HealthAlerts.of(Snapshot.absent(OWNER), store.get(OWNER), now)) {
      AlertCommand.Level level = assertInstanceOf(AlertCommand.Level.class, command);
      if (level.level() >= 0) {
        String model = level.subject().model();
        raised.add(
            level.family().levels().get(level.level()).wire()
                + " openai"
                + (model == null ? "" : "/" + model));
      }
    }
    return raised;
  }

  @Test
  void bothModelsDead_isOneAlertOfTheProvider() {
    ok("a");
    ok("b");
    now = now.plusSeconds(2);
    List<String> seen = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      fail("a");
      fail("b");
      raised().stream().filter(alert -> !seen.contains(alert)).forEach(seen::add);
    }
    assertEquals(List.of("provider_unavailable openai"), seen);
    assertEquals("open", state().circuit(now).wire());
    now = now.plusSeconds(30);
    assertTrue(permit("a"));
    assertFalse(permit("b"), "one trial at a time for all of them");
  }

  @ParameterizedTest
  @CsvSource({"900000000, healthy", "900000001, unknown"})
  void evidenceOlderThanAQuarterOfAnHour_saysNothing(long micros, String status) {
    ok("m");
    assertEquals(status, state().statusAt(now.plusNanos(micros * 1_000)).wire());
  }

  @Test
  void callersFault_saysNothing() { // A31
    ok("m");
    Map<String, Object> before = store.get(OWNER).fields();
    for (int i = 0; i < 50; i++) {
      Map<String, Object> answer = after(1_000, "m", new Verdict(Kind.CALLER_FAULT, null));
      assertEquals("none", inner(answer, "retry", "advice"));
    }
    assertEquals(before, store.get(OWNER).fields());
    assertEquals(1, store.commits());
  }

  @Test
  void c57_advice_isSameOnceThenOther() {
    ok("m");
    Map<String, Object> first = fail("m");
    assertEquals("same", inner(first, "retry", "advice"));
    assertEquals(500L, inner(first, "retry", "wait_ms"));
    Map<String, Object> second =
        store.answer(
            HealthRules.observe(
                new HealthCommand.Observe("openai", "m", 10, null, FAULT, false, null)),
            now);
    assertEquals("other", inner(second, "retry", "advice"));
    now = now.plusSeconds(1);
    assertEquals("other", inner(observe("m", FAULT, 30_000), "retry", "advice"));
    Map<String, Object> brief =
        after(0, "b", new Verdict(Kind.RATE_LIMITED, now.plusMillis(1_500)));
    assertEquals("same", inner(brief, "retry", "advice"));
    assertEquals(1_500L, inner(brief, "retry", "wait_ms"));
    assertEquals("other", inner(after(0, "c", LIMITED), "retry", "advice"));
    assertEquals("other", inner(after(0, "d", GONE), "retry", "advice"));
    assertEquals("none", inner(ok("m"), "retry", "advice"));
  }

  /** A user has waited long enough: 5 s are no transient fault. */
  @ParameterizedTest
  @CsvSource({"4999, same", "5000, other", "10000, other"})
  void c57_slowFailure_isNotRepeatedAtTheSameModel(long latency, String advice) {
    ok("m");
    now = now.plusSeconds(60);
    assertEquals(advice, inner(observe("m", FAULT, latency), "retry", "advice"));
  }

  @ParameterizedTest
  @CsvSource({"true, other", "false, none"})
  void c57_requestThatIsTooLong_isWorthOneOtherModel_andCountsForNothing(
      boolean first, String advice) {
    ok("m");
    Map<String, Object> before = store.get(OWNER).fields();
    Verdict verdict = new Verdict(Kind.CALLER_FAULT, null, true);
    Map<String, Object> answer =
        store.answer(
            HealthRules.observe(
                new HealthCommand.Observe("openai", "m", 10, null, verdict, first, null)),
            now);
    assertEquals(advice, inner(answer, "retry", "advice"));
    assertEquals(0L, inner(answer, "retry", "wait_ms"));
    assertEquals(before, store.get(OWNER).fields());
  }

  @Test
  void keyedReport_countsOnceAndRepeatsItsAnswer() {
    HealthCommand.Replay replay = new HealthCommand.Replay("k", "h");
    HealthCommand.Observe report =
        new HealthCommand.Observe("openai", "a b", 100, null, FAULT, true, replay);
    ok("a b");
    Map<String, Object> first = store.answer(HealthRules.observe(report), now);
    fail("a b");
    fail("a b");
    HealthState then = state();
    Map<String, Object> again = new HashMap<>(store.answer(HealthRules.observe(report), now));
    assertEquals(true, again.remove(HealthResultCodec.REPLAYED));
    assertEquals(first, again);
    assertEquals(then, state());
    Decision<HealthState> other =
        store.decide(
            HealthRules.observe(
                new HealthCommand.Observe(
                    "openai",
                    "a b",
                    100,
                    null,
                    FAULT,
                    true,
                    new HealthCommand.Replay("k", "other"))),
            now);
    Decision.Refused<?> refused = assertInstanceOf(Decision.Refused.class, other);
    assertEquals("idempotency_conflict", refused.outcome().code());
  }

  @Test
  void ringOfKeys_isBounded() {
    for (int i = 0; i < HealthState.MAX_RECENT + 50; i++) {
      store.answer(
          HealthRules.observe(
              new HealthCommand.Observe(
                  "openai", "m", 100, null, null, true, new HealthCommand.Replay("k" + i, "h"))),
          now);
    }
    assertEquals(HealthState.MAX_RECENT, state().recent().size());
    assertTrue(store.get(OWNER).fields().toString().length() < 100_000);
  }

  @Test
  void models_areBounded_andTheLeastRecentlyCalledGoes() {
    for (int i = 0; i < HealthState.MAX_MODELS + 20; i++) {
      after(10, "model-" + i, i % 3 == 0 ? FAULT : null);
    }
    assertEquals(HealthState.MAX_MODELS, state().models().size());
    assertFalse(state().models().containsKey("model-19"));
    assertTrue(state().models().containsKey("model-20"));
    Object models = store.get(OWNER).fields().get("models");
    assertTrue(models.toString().length() < 200 * HealthState.MAX_MODELS, models::toString);
  }

  @ParameterizedTest
  @CsvSource({"''", "__x__", "%", "%5F", "a.b/c:d@e", "`", "'*'"})
  void modelIdsOfAnyKind_surviveTheDocument(String id) {
    ok("other");
    fail(id);
    assertTrue(state().models().containsKey(id), () -> store.get(OWNER).fields().toString());
    Map<?, ?> models = (Map<?, ?>) store.get(OWNER).fields().get("models");
    models.keySet().forEach(key -> assertFalse(key.equals("") || key.toString().startsWith("__")));
  }

  @Test
  void reportsWithoutAModel_countForTheOnlyOne_elseForANamelessOne() {
    ok("m");
    ok(null);
    assertEquals(List.of("m"), List.copyOf(state().models().keySet()));
    ok("n");
    ok(null);
    assertTrue(state().models().containsKey(""));
  }

  @Test
  void claim_isGivenOnceAnIntervalWhateverTheNumberOfInstances() { // A28
    int claimed = 0;
    for (int second = 0; second < 600; second++) {
      for (int instance = 0; instance < 3; instance++) {
        HealthCommand.Claim claim =
            new HealthCommand.Claim("openai", second + "/" + instance, HealthState.PROBE_INTERVAL);
        Map<String, Object> answer = store.answer(HealthRules.claim(claim), T0.plusSeconds(second));
        claimed += (boolean) answer.get("claimed") ? 1 : 0;
      }
    }
    assertEquals(10, claimed);
  }

  @Test
  void claimWithLostAcknowledgement_isStillTheClaimants() {
    HealthCommand.Claim claim = new HealthCommand.Claim("openai", "me", HealthState.PROBE_INTERVAL);
    store.answer(HealthRules.claim(claim), T0);
    assertEquals(true, store.answer(HealthRules.claim(claim), T0.plusSeconds(1)).get("claimed"));
    assertFalse(store.get(OWNER).fields().containsKey("last_check"));
  }

  @Test
  void documentOfTheOlderForm_isRead_andLeftBehindByTheFirstReport() {
    Map<String, Object> older = new HashMap<>();
    older.put("provider", "openai");
    older.put("status", "unavailable");
    older.put("last_check", T0);
    older.put("success_rate", 0.3);
    older.put("error_rate", 0.7);
    older.put("pending_status", "degraded");
    older.put("rate_limited_until", T0.plusSeconds(30));
    older.put("circuit", Map.of("state", "open", "opened_at", T0, "until", T0.plusSeconds(300)));
    older.put("note", "kept");
    store.put(OWNER, older);
    assertEquals(HealthStatus.UNAVAILABLE, state().statusAt(T0));
    assertEquals(CircuitState.OPEN, state().circuit(T0));
    assertEquals(T0.plusSeconds(30), state().away("any", T0).get().until());
    now = T0.plusSeconds(299);
    assertFalse(permit("m"));
    now = T0.plusSeconds(300);
    assertTrue(permit("m"));
    for (int i = 0; i < 3; i++) {
      after(2_000, "m", null);
    }
    Map<String, Object> fields = store.get(OWNER).fields();
    assertFalse(fields.containsKey("pending_status") || fields.containsKey("rate_limited_until"));
    assertEquals("kept", fields.get("note"));
    assertTrue(state().away("m", now).isEmpty());
  }

  @Test
  void figuresOfAnotherProgram_count() {
    store.put(
        OWNER,
        Map.of("status", "degraded", "error_rate", 0.6, "latency_ms", 900L, "last_check", T0));
    assertEquals(0.4, state().successShare("m", T0).get(), 1e-9);
    assertEquals(900L, state().firstTokenMs("m"));
    assertEquals(HealthStatus.DEGRADED, state().statusAt(T0));
    assertEquals(List.of("provider_unhealthy openai"), raised());
  }

  @Test
  void hostileDocument_isReadSafely() { // A39
    List<Map<String, Object>> documents = new ArrayList<>();
    documents.add(Map.of("status", "sleepy", "error_rate", -3.0, "latency_ms", "slow"));
    documents.add(Map.of("error_rate", Double.NaN, "latency_ms", Double.POSITIVE_INFINITY));
    documents.add(Map.of("error_rate", 7L, "circuit", 5L, "recent_keys", List.of(1L, "x")));
    documents.add(Map.of("circuit", Map.of("state", "open", "openings", Long.MAX_VALUE)));
    documents.add(Map.of("circuit", Map.of("state", "half_open", "permits", List.of("a", T0))));
    documents.add(Map.of("claim", Map.of("at", "now"), "last_check", 7L, "pending_status", 1L));
    documents.add(Map.of("models", List.of("m"), "access", "all", "probe", T0));
    documents.add(
        Map.of(
            "models",
            Map.of(
                "m",
                Map.of("calls", -5L, "failed", "zzzz", "usual", 9.0, "row", "x", "told", "unknown"),
                "n",
                Map.of("calls", 7L, "failed", "-1", "out", Map.of("at", T0, "trials", -1L)),
                "o",
                Map.of("pause", Map.of("at", T0, "until", T0.plusSeconds(9), "reason", "moon")),
                "p",
                9L)));
    for (Map<String, Object> fields : documents) {
      store.put(OWNER, fields);
      fail("m");
      ok("m");
      permit("n");
      fail("o");
      raised();
      assertEquals("openai", store.get(OWNER).fields().get("provider"), fields::toString);
    }
  }

  /** A trial is never permitted while another is in flight, nor a call of a model that is out. */
  private static void checkTrials(
      OneByOne<HealthState, HealthCommand> documents, String model, Instant at, String where) {
    HealthState state = documents.state(OWNER);
    boolean out = state.model(model).at(at).outage() != null || state.access().outage() != null;
    if (!out) {
      return;
    }
    assertTrue(state.away(model, at).isPresent(), where);
    boolean due = state.isTrialDue(model, at);
    assertEquals(due, documents.answer(HealthRules.permit("openai", model), at).get("permitted"));
    if (due) {
      assertEquals(
          false, documents.answer(HealthRules.permit("openai", model), at).get("permitted"), where);
    }
  }

  /** A caller's own error changes nothing but that its trial is over. */
  private static void checkCallersFault(
      OneByOne<HealthState, HealthCommand> documents, String model, Instant at, String where) {
    HealthCommand.Observe callers =
        new HealthCommand.Observe(
            "openai", model, 5, null, new Verdict(Kind.CALLER_FAULT, null), true, null);
    documents.decide(HealthRules.observe(callers), at);
    Map<String, Object> before = new HashMap<>(documents.get(OWNER).fields());
    documents.decide(HealthRules.observe(callers), at);
    assertEquals(before, documents.get(OWNER).fields(), where);
  }

  @Test
  void seededSequences_keepEveryInvariant() {
    int seeds = Boolean.getBoolean("meterkite.deep") ? 5_000 : 200;
    for (int seed = 0; seed < seeds; seed++) {
      Random random = new Random(seed);
      OneByOne<HealthState, HealthCommand> documents = new OneByOne<>(new HealthRules());
      Instant at = T0;
      for (int step = 0; step < 100; step++) {
        at = at.plusSeconds(random.nextInt(random.nextInt(10) == 0 ? 4_000 : 60));
        String model = "m" + random.nextInt(3);
        Verdict error =
            switch (random.nextInt(9)) {
              case 0, 1, 2 -> FAULT;
              case 3 -> new Verdict(Kind.RATE_LIMITED, at.plusSeconds(random.nextInt(900)));
              case 4 ->
                  new Verdict(random.nextBoolean() ? Kind.KEY_REFUSED : Kind.RATE_LIMITED, null);
              default -> null;
            };
        documents.decide(
            switch (random.nextInt(6)) {
              case 0 -> HealthRules.permit("openai", model);
              case 1 -> HealthRules.refresh("openai");
              case 2 -> HealthRules.probed(new HealthCommand.Probed("openai", 5, error));
              default ->
                  HealthRules.observe(
                      new HealthCommand.Observe(
                          "openai", model, random.nextInt(9_000), null, error, true, null));
            },
            at);
        String where = "seed " + seed + " step " + step;
        check(documents.state(OWNER), at, where);
        checkTrials(documents, model, at, where);
        checkCallersFault(documents, model, at, where);
      }
    }
  }

  private static void check(HealthState state, Instant at, String where) {
    for (ModelHealth model : state.models().values()) {
      assertTrue(model.needed() >= 3 && model.needed() <= 24, where);
      Outage outage = model.outage();
      if (outage != null) {
        assertFalse(outage.since().isAfter(at), where);
        assertTrue(outage.good() < model.needed(), where);
        assertFalse(outage.next().isAfter(at.plusSeconds(30)), where);
      }
      Pause pause = model.pause();
      if (pause != null && pause.isOn(at)) {
        assertTrue(Duration.between(pause.since(), pause.until()).toDays() <= 1, where);
      }
    }
    state.at(at).dueAt().ifPresent(due -> assertTrue(due.isAfter(at), where + " due " + due));
  }
}
