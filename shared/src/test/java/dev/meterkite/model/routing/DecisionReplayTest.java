package dev.meterkite.model.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DecisionReplayTest {
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
  private static final RouteRequest REQUEST =
      RouteRequest.of(TaskType.LLM, RouteRequest.Size.tokens(900, 100));

  private static Candidate candidate(String model, double share, @Nullable String unfit) {
    return new Candidate("p", model, unfit, null, 1_000, share, 400L, false, null, 0.25);
  }

  private static Weighed weighed(Candidate... candidates) {
    List<Candidate> all = List.of(candidates);
    return new Weighed(
        all, List.of(), Router.Prices.of(all), 0.5, Map.of("language", 2L), null, List.of());
  }

  private static Snapshot stored(RouteRequest request, Weighed weighed) {
    Map<String, Object> fields =
        DecisionCodec.document(request, weighed, weighed.choice(), "r", NOW);
    return new Snapshot(RoutingAudit.ref("d"), fields, NOW);
  }

  @Test
  void request_isReadBackFromItsDecision() {
    for (long seed = 0; seed < 500; seed++) {
      Random random = new Random(seed);
      boolean spoken = random.nextBoolean();
      long input = random.nextInt(1_000);
      RouteRequest request =
          new RouteRequest(
              random.nextBoolean() ? "job" : null,
              List.of(TaskType.values()).get(random.nextInt(3)),
              new RouteRequest.Size(
                  input,
                  random.nextInt((int) input + 1),
                  1 + random.nextInt(1_000),
                  spoken ? Long.valueOf(1 + random.nextInt(9_000)) : null,
                  random.nextBoolean() ? Long.valueOf(1 + random.nextInt(600)) : null),
              random.nextBoolean() ? "pt-BR" : null,
              random.nextBoolean() ? Set.of("p/a", "b") : Set.of(),
              random.nextBoolean() ? Long.valueOf(random.nextInt(9)) : null,
              random.nextBoolean() ? "before" : null,
              false);
      assertEquals(
          Optional.of(request),
          DecisionCodec.request(stored(request, weighed(candidate("a", 1, null)))),
          "seed " + seed);
    }
  }

  @Test
  void documentOfAnotherProgram_hasNoRequest() {
    Map<String, Object> fields = new HashMap<>();
    assertEquals(Optional.empty(), request(fields));
    fields.put(RoutingDecisions.TASK_TYPE, "painting");
    assertEquals(Optional.empty(), request(fields));
    fields.put(RoutingDecisions.TASK_TYPE, "llm");
    assertEquals(Optional.empty(), request(fields), "without any size");
    fields.put(RoutingDecisions.INPUT_TOKENS, -5L);
    assertEquals(Optional.empty(), request(fields));
    fields.put(RoutingDecisions.INPUT_TOKENS, 5L);
    fields.put(RoutingDecisions.ATTEMPT_OF, "a/b");
    assertEquals(
        RouteRequest.of(TaskType.LLM, RouteRequest.Size.tokens(5, 0)),
        request(fields).orElseThrow());
  }

  private static Optional<RouteRequest> request(Map<String, Object> fields) {
    return DecisionCodec.request(new Snapshot(RoutingAudit.ref("d"), fields, NOW));
  }

  @Test
  void nothingChanged_replaysToTheSame() {
    Weighed weighed = weighed(candidate("a", 1, null), candidate("b", 0.2, null));
    Snapshot decision = stored(REQUEST, weighed);
    Map<String, Object> replay = DecisionReplay.of(decision, REQUEST, weighed, NOW.plusSeconds(9));
    assertEquals(true, replay.get("same_model"));
    assertEquals(List.of(), replay.get("differences"));
    assertEquals(NOW.plusSeconds(9), replay.get("replayed_at"));
    for (String same : List.of("selected_model", "score", "candidates", "excluded", "fallbacks")) {
      assertEquals(decision.fields().get(same), replay.get(same), same);
    }
    assertFalse(replay.containsKey("reservation_id") || replay.containsKey("input_tokens"));
  }

  @Test
  void whatChanged_isNamedForEachModel() {
    Snapshot decision =
        stored(
            REQUEST,
            weighed(
                candidate("a", 1, null), candidate("gone", 0.5, null), candidate("b", 0.2, null)));
    Map<String, Object> replay =
        DecisionReplay.of(
            decision,
            REQUEST,
            weighed(
                candidate("a", 1, "circuit_open"),
                candidate("b", 0.2, null),
                candidate("new", 0.1, null)),
            NOW);
    assertEquals(false, replay.get("same_model"));
    assertEquals("b", replay.get("selected_model"));
    List<?> differences = (List<?>) replay.get("differences");
    assertEquals(
        List.of("a", "new", "gone"),
        differences.stream().map(each -> ((Map<?, ?>) each).get("model_id")).toList(),
        "b is as it was");
    assertEquals("circuit_open", side(differences, 0, "now").get("unfit"));
    assertEquals(100.0, ((Map<?, ?>) side(differences, 0, "then").get("terms")).get("health"));
    assertFalse(((Map<?, ?>) differences.get(1)).containsKey("then"));
    assertFalse(((Map<?, ?>) differences.get(2)).containsKey("now"));
  }

  private static Map<?, ?> side(List<?> differences, int index, String side) {
    return (Map<?, ?>) ((Map<?, ?>) differences.get(index)).get(side);
  }

  @Test
  void nobodyThenAndNow_isTheSame() {
    Weighed nobody = weighed(candidate("a", 1, "circuit_open"));
    Map<String, Object> replay = DecisionReplay.of(stored(REQUEST, nobody), REQUEST, nobody, NOW);
    assertEquals(true, replay.get("same_model"));
    assertEquals(RoutingAudit.NO_CANDIDATE, replay.get("reason"));
    assertFalse(replay.containsKey("selected_model"));
  }
}
