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
import dev.meterkite.model.health.ProviderErrors.Kind;
import dev.meterkite.model.health.ProviderErrors.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HealthRulesTest {
  private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");
  private static final DocRef OWNER = HealthRules.owner("openai");
  private static final Verdict FAULT = new Verdict(Kind.PROVIDER_FAULT, null);

  private final OneByOne<HealthState, HealthCommand> store = new OneByOne<>(new HealthRules());
  private Instant now = T0;

  private Map<String, Object> observe(Verdict error, long latency) {
    now = now.plusSeconds(1);
    return store.answer(
        HealthRules.observe(new HealthCommand.Observe("openai", latency, error, null)), now);
  }

  private Map<String, Object> ok() {
    return observe(null, 100);
  }

  private Map<String, Object> fail() {
    return observe(FAULT, 100);
  }

  private HealthState state() {
    return store.state(OWNER);
  }

  private boolean permit() {
    return (boolean) store.answer(HealthRules.permit("openai"), now).get("permitted");
  }

  @Test
  void averages_weighTheNewestByAFifth() {
    ok();
    fail();
    assertEquals(0.8, state().successRate());
    fail();
    assertEquals(0.64, state().successRate(), 1e-12);
    observe(null, 1_100);
    assertEquals(300.0, state().latencyMs(), 1e-9);
    assertEquals(0.288, state().errorRate());
    assertEquals(0.288, store.get(OWNER).fields().get("error_rate"));
    assertEquals(300L, store.get(OWNER).fields().get("latency_ms"));
  }

  @Test
  void tenFastThenTwentySlow_showsSlow() { // A33
    for (int i = 0; i < 10; i++) {
      observe(null, 100);
    }
    assertEquals("healthy", ok().get("status"));
    for (int i = 0; i < 20; i++) {
      observe(null, 10_000);
    }
    assertTrue(state().latencyMs() > 9_500, state()::toString);
    assertEquals(HealthStatus.UNAVAILABLE, state().status());
  }

  @ParameterizedTest
  @CsvSource({
    "0.8, 1999, HEALTHY",
    "0.8, 2000, DEGRADED",
    "0.7999, 1999, DEGRADED",
    "0.5, 5000, DEGRADED",
    "0.4999, 100, UNAVAILABLE",
    "1.0, 5000.1, UNAVAILABLE",
    "1.0, 0, HEALTHY"
  })
  void target_followsTheLimits(double rate, double latency, HealthStatus status) {
    HealthState state =
        new HealthState(
            true,
            "p",
            status,
            null,
            T0,
            rate,
            latency,
            Circuit.CLOSED,
            null,
            null,
            null,
            List.of());
    assertEquals(status, state.target());
  }

  @Test
  void oneError_doesNotBringDownAndOneSuccessNotBack() { // A29: new-api#4585
    ok();
    assertEquals("healthy", fail().get("status"));
    assertEquals("healthy", fail().get("status"));
    assertEquals("degraded", fail().get("status"));
    for (int i = 0; i < 5; i++) {
      fail();
    }
    assertEquals("unavailable", fail().get("status"));
    assertEquals("unavailable", ok().get("status"));
  }

  @Test
  void firstSuccess_showsAtOnceAndFirstFailuresOnlyWhenTheyAgree() {
    assertEquals("unknown", fail().get("status")); // 0.8: healthy, once
    assertEquals("unknown", fail().get("status")); // 0.64: degraded, once
    assertEquals("degraded", fail().get("status"));
    store.put(OWNER, Map.of());
    assertEquals("healthy", ok().get("status"));
  }

  @Test
  void oneFailureOfANewProvider_doesNotBringItDown() { // A29; it once averaged to nought
    fail();
    assertEquals("healthy", ok().get("status"));
  }

  @Test
  void jumpPastDegraded_goesToTheNearerFirst() {
    ok();
    observe(null, 15_000);
    assertEquals(HealthStatus.HEALTHY, state().status()); // 3,080 ms: degraded, once
    observe(null, 15_000);
    assertEquals(HealthStatus.DEGRADED, state().status()); // 5,464 ms: unavailable, once
    observe(null, 15_000);
    assertEquals(HealthStatus.UNAVAILABLE, state().status());
  }

  @ParameterizedTest
  @CsvSource({"180000000, healthy", "180000001, unknown"})
  void evidenceOlderThanThreeIntervals_saysNothing(long micros, String status) { // A29
    ok();
    Instant later = now.plusNanos(micros * 1_000);
    assertEquals(status, state().statusAt(later).wire());
    store.decide(HealthRules.refresh("openai"), later);
    assertEquals(status, store.get(OWNER).fields().get("status"));
  }

  @Test
  void callersFault_saysNothing() { // A31
    ok();
    Map<String, Object> before = store.get(OWNER).fields();
    for (int i = 0; i < 50; i++) {
      observe(new Verdict(Kind.CALLER_FAULT, null), 9_000);
    }
    assertEquals(before, store.get(OWNER).fields());
    assertEquals(1, store.commits());
  }

  @ParameterizedTest
  @CsvSource({"225, true", "226, false"}) // 4 gaps of 225 s are 15 min
  void fiveFailuresWithinFifteenMinutes_openTheCircuit(long gap, boolean opens) {
    for (int i = 0; i < 5; i++) {
      now = T0.plusSeconds(gap * i);
      fail();
    }
    assertEquals(opens, state().circuit().state() == CircuitState.OPEN);
  }

  @Test
  void successBetween_startsTheCountAnew() {
    for (int i = 0; i < 20; i++) {
      fail();
      fail();
      fail();
      fail();
      ok();
    }
    assertEquals(CircuitState.CLOSED, state().circuit().state());
  }

  @Test
  void repeatedOpenings_lastLongerUpToAnHour() { // A30: envoy#26758
    for (int i = 0; i < 5; i++) {
      fail();
    }
    for (long times = 1; times <= 15; times++) {
      Instant opened = state().circuit().openedAt();
      Instant until = opened.plusSeconds(Math.min(300 * times, 3_600));
      assertEquals(until, state().circuit().until());
      assertEquals(CircuitState.OPEN, state().circuit().at(until.minusNanos(1_000)).state());
      assertEquals(CircuitState.HALF_OPEN, state().circuit().at(until).state());
      now = until;
      fail();
    }
    now = state().circuit().until();
    ok();
    assertEquals("half_open", state().circuit().state().wire());
    assertEquals("closed", ok().get("circuit"));
    for (int i = 0; i < 5; i++) {
      fail();
    }
    assertEquals(now.plusSeconds(300), state().circuit().until());
  }

  @Test
  void halfOpen_letsThreeThroughAndNeverHangs() { // A30: resilience4j#903, #1432
    for (int i = 0; i < 5; i++) {
      fail();
    }
    assertFalse(permit());
    now = state().circuit().until();
    for (int i = 0; i < Circuit.PROBES; i++) {
      assertTrue(permit());
    }
    assertFalse(permit());
    now = now.plus(Circuit.PERMIT).minusNanos(1_000);
    assertFalse(permit());
    now = now.plusNanos(1_000);
    assertTrue(permit());
    ok();
    assertTrue(permit());
    ok();
    assertEquals(CircuitState.CLOSED, state().circuit().state());
    assertTrue(permit());
  }

  @Test
  void longerOfTwoDeadlines_stays() { // A31: litellm#40130
    Instant far = T0.plusSeconds(1_000);
    observe(new Verdict(Kind.RATE_LIMITED, far), 5);
    observe(new Verdict(Kind.RATE_LIMITED, T0.plusSeconds(60)), 5);
    assertEquals(far, state().rateLimitedUntil());
    ok();
    assertEquals(far, state().rateLimitedUntil());
    observe(new Verdict(Kind.QUOTA_GONE, far.plusSeconds(9)), 5);
    assertEquals(far, state().rateLimitedUntil());
    assertEquals(far.plusSeconds(9), state().quotaGoneUntil());
    now = far;
    ok();
    assertNull(state().rateLimitedUntil());
    assertFalse(store.get(OWNER).fields().containsKey("rate_limited_until"));
  }

  @Test
  void keyedReport_countsOnceAndRepeatsItsAnswer() {
    HealthCommand.Replay replay = new HealthCommand.Replay("k", "h");
    HealthCommand.Observe report = new HealthCommand.Observe("openai", 100, FAULT, replay);
    ok();
    Map<String, Object> first = store.answer(HealthRules.observe(report), now);
    fail();
    fail();
    fail();
    double rate = state().successRate();
    Map<String, Object> again = new HashMap<>(store.answer(HealthRules.observe(report), now));
    assertEquals(true, again.remove(HealthRules.REPLAYED));
    assertEquals(first, again);
    assertEquals(rate, state().successRate());
    Decision<HealthState> other =
        store.decide(
            HealthRules.observe(
                new HealthCommand.Observe(
                    "openai", 100, FAULT, new HealthCommand.Replay("k", "other"))),
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
                  "openai", 100, null, new HealthCommand.Replay("k" + i, "h"))),
          now);
    }
    assertEquals(HealthState.MAX_RECENT, state().recent().size());
    assertTrue(store.get(OWNER).fields().toString().length() < 100_000);
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
  void figuresOfAnotherProgram_count() {
    ok();
    store.merge(OWNER, Map.of("error_rate", 0.6, "latency_ms", 900L, "note", "kept"));
    assertEquals(0.4, state().successRate(), 1e-9);
    assertEquals(900.0, state().latencyMs());
    fail();
    assertEquals(0.32, state().successRate(), 1e-9);
    assertEquals("kept", store.get(OWNER).fields().get("note"));
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
    for (Map<String, Object> fields : documents) {
      store.put(OWNER, fields);
      fail();
      ok();
      permit();
      assertEquals("openai", store.get(OWNER).fields().get("provider"), fields::toString);
    }
  }

  @Test
  void healthAlerts_followStatusAndCircuit() {
    ok();
    assertEquals(List.of(AlertCommand.Level.FINE, AlertCommand.Level.FINE), levels());
    for (int i = 0; i < 5; i++) {
      fail();
    }
    assertEquals(List.of(1, 0), levels());
    assertTrue(HealthAlerts.concerns(store.get(HealthRules.owner("other")), store.get(OWNER)));
    now = state().circuit().until();
    store.decide(HealthRules.refresh("openai"), now);
    assertEquals(
        1,
        HealthAlerts.of(store.get(OWNER), now).stream()
            .filter(AlertCommand.Event.class::isInstance)
            .count());
    assertFalse(HealthAlerts.concerns(store.get(OWNER), store.get(OWNER)));
  }

  private List<Integer> levels() {
    return HealthAlerts.of(store.get(OWNER), now).stream()
        .filter(AlertCommand.Level.class::isInstance)
        .map(AlertCommand.Level.class::cast)
        .sorted(Comparator.comparing(AlertCommand.Level::family))
        .map(AlertCommand.Level::level)
        .toList();
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
        Verdict error =
            switch (random.nextInt(6)) {
              case 0, 1 -> FAULT;
              case 2 -> new Verdict(Kind.RATE_LIMITED, at.plusSeconds(random.nextInt(900)));
              default -> null;
            };
        documents.decide(
            random.nextInt(5) == 0
                ? HealthRules.permit("openai")
                : HealthRules.observe(
                    new HealthCommand.Observe("openai", random.nextInt(9_000), error, null)),
            at);
        check(documents.state(OWNER), at, "seed " + seed + " step " + step);
      }
    }
  }

  private static void check(HealthState state, Instant at, String where) {
    Circuit circuit = state.circuit();
    assertTrue(circuit.permits().size() <= Circuit.PROBES, where);
    assertTrue(circuit.failures().size() <= Circuit.FAILURES, where);
    if (circuit.state() == CircuitState.OPEN) {
      assertEquals(HealthStatus.UNAVAILABLE, state.status(), where);
      Duration open = Duration.between(circuit.openedAt(), circuit.until());
      assertTrue(open.compareTo(Circuit.LONGEST_OPEN) <= 0, where);
      assertFalse(circuit.until().isAfter(at.plus(Circuit.LONGEST_OPEN)), where);
    }
    assertTrue(state.successRate() >= 0 && state.successRate() <= 1, where);
  }
}
