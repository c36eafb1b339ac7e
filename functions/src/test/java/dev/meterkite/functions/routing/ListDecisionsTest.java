package dev.meterkite.functions.routing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.hosted.Hosted;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code list-decisions}, through the invoker, on the emulator; each test has a job of its own. */
class ListDecisionsTest {
  private final Hosted hosted = Hosted.shared();
  private final String job = "job-" + UUID.randomUUID();

  private void decision(String name, String provider, Object timestamp, Map<String, ?> more) {
    Map<String, Object> fields = new HashMap<>(more);
    fields.put("job_id", job);
    fields.put("selected_provider", provider);
    fields.put("timestamp", timestamp);
    hosted.set("routing_decisions", name + "-" + job, fields);
  }

  private JsonObject page(String query) {
    HttpResponse<String> response = hosted.get(ListDecisions.class, "admin", query);
    assertEquals(200, response.statusCode(), response::body);
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  private List<String> names(JsonObject page) {
    List<String> names = new ArrayList<>();
    for (JsonElement decision : page.getAsJsonArray("decisions")) {
      names.add(decision.getAsJsonObject().get("decision_id").getAsString().replace("-" + job, ""));
    }
    return names;
  }

  @Test
  void decisions_comeNewestFirstInPages() {
    Instant start = hosted.now();
    for (int i = 0; i < 5; i++) {
      // Pairs share their moment; the id decides then.
      decision("d" + i, "alpha", start.plus(Duration.ofSeconds(i / 2)), Map.of());
    }
    List<String> found = new ArrayList<>();
    String token = "";
    do {
      JsonObject page = page("limit=2&job_id=" + job + token);
      found.addAll(names(page));
      token =
          page.has("next_page_token")
              ? "&page_token=" + page.get("next_page_token").getAsString()
              : "";
    } while (!token.isEmpty());
    assertEquals(List.of("d4", "d3", "d2", "d1", "d0"), found);
  }

  @Test
  void provider_isThatWhichWasChosen() {
    String alpha = "alpha-" + job;
    decision("one", alpha, hosted.now(), Map.of());
    decision("two", "beta", hosted.now(), Map.of());
    assertEquals(List.of("one"), names(page("provider=" + alpha)));
    assertEquals(List.of("one"), names(page("provider=" + alpha + "&job_id=" + job)));
    assertEquals(2, names(page("job_id=" + job)).size());
  }

  @Test
  void fieldsOfTheDocument_areShownWithoutThoseOfTheEngine() {
    decision(
        "one",
        "alpha",
        Instant.parse("2026-03-01T10:00:00Z"),
        Map.of(
            "score", 88.5, "request_hash", "x", "answer", "{}", "commit", Map.of("revision", 1L)));
    JsonObject shown = page("job_id=" + job).getAsJsonArray("decisions").get(0).getAsJsonObject();
    assertEquals(
        JsonParser.parseString(
            "{\"decision_id\":\"one-"
                + job
                + "\",\"job_id\":\""
                + job
                + "\",\"selected_provider\":\"alpha\",\"score\":88.5,"
                + "\"timestamp\":\"2026-03-01T10:00:00Z\"}"),
        shown);
  }

  @Test
  void expiredAndUntimedOnes_areLeftOut() {
    decision("kept", "alpha", hosted.now(), Map.of());
    decision("gone", "alpha", hosted.now(), Map.of("expire_at", hosted.now()));
    decision("odd", "alpha", "yesterday", Map.of());
    JsonObject page = page("limit=2&job_id=" + job);
    assertEquals(List.of("kept"), names(page));
    assertFalse(page.has("next_page_token"));
  }

  @Test
  void oneDecision_isFoundByItsId() {
    decision("one", "alpha", hosted.now(), Map.of());
    decision("gone", "alpha", hosted.now(), Map.of("expire_at", hosted.now()));
    assertEquals(List.of("one"), names(page("decision_id=one-" + job)));
    assertEquals(List.of(), names(page("decision_id=gone-" + job)));
    JsonObject none = page("replay=true&decision_id=none-" + job);
    assertEquals(List.of(), names(none));
    assertFalse(none.has("replay"));
  }

  @Test
  void decisionThatDoesNotSayWhatItWasAskedFor_cannotBeReplayed() {
    decision("one", "alpha", hosted.now(), Map.of());
    HttpResponse<String> answer =
        hosted.get(ListDecisions.class, "admin", "replay=true&decision_id=one-" + job);
    assertEquals(409, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("not_replayable"), answer.body());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "limit=0",
        "job_id=a/b",
        "provider=",
        "page_token=WyJhIl0",
        "colour=red",
        "replay=true",
        "replay=1&decision_id=d",
        "decision_id=d&job_id=j",
        "decision_id=d&provider=p",
        "decision_id=a/b"
      })
  void wrongQuery_isRefused(String query) {
    assertEquals(400, hosted.get(ListDecisions.class, "admin", query).statusCode());
  }
}
