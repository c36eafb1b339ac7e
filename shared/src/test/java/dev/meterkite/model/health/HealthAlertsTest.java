package dev.meterkite.model.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertCommand;
import dev.meterkite.model.alerts.AlertRules;
import dev.meterkite.model.alerts.AlertState;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.OneByOne;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.health.ProviderErrors.Kind;
import dev.meterkite.model.health.ProviderErrors.Verdict;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Alerts of whole incidents: reports, the sweep of each minute, and the trigger that follows. */
class HealthAlertsTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");
  private static final DocRef OWNER = HealthRules.owner("p");
  private static final Verdict FAULT = new Verdict(Kind.PROVIDER_FAULT, null);

  private OneByOne<HealthState, HealthCommand> health = new OneByOne<>(new HealthRules());
  private OneByOne<AlertState, AlertCommand> alerts = new OneByOne<>(new AlertRules());
  private Instant now = T0;

  private void decide(Command<HealthCommand> command) {
    Snapshot before = copy();
    health.decide(command, now);
    Snapshot after = copy();
    for (int delivery = 0; delivery < 2; delivery++) { // An event can come twice.
      if (HealthAlerts.concerns(before, after)) {
        HealthAlerts.of(before, after, now)
            .forEach(told -> alerts.decide(AlertRules.command(told), now));
      }
    }
  }

  private Snapshot copy() {
    Snapshot document = health.get(OWNER);
    return document.exists()
        ? new Snapshot(OWNER, new HashMap<>(deep(document.fields())), Instant.EPOCH)
        : document;
  }

  private static Map<String, Object> deep(Map<String, Object> fields) {
    Map<String, Object> copy = new HashMap<>();
    fields.forEach((name, value) -> copy.put(name, copied(value)));
    return copy;
  }

  private static Object copied(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> copy = new HashMap<>();
      map.forEach((name, inner) -> copy.put((String) name, copied(inner)));
      return copy;
    }
    return value;
  }

  private void call(String model, boolean good) {
    decide(
        HealthRules.observe(
            new HealthCommand.Observe("p", model, 100, null, good ? null : FAULT, true, null)));
  }

  /** Time passes; the sweep of each minute writes down what is due. */
  private void pass(Duration time) {
    Instant end = now.plus(time);
    while (now.isBefore(end)) {
      now = now.plusSeconds(60).isAfter(end) ? end : now.plusSeconds(60);
      if (health.get(OWNER).fields().get("health_due_at") instanceof Instant due
          && !due.isAfter(now)) {
        decide(HealthRules.refresh("p"));
      }
    }
  }

  private void calls(int count, boolean good, String... models) {
    for (int i = 0; i < count; i++) {
      for (String model : models) {
        pass(Duration.ofSeconds(1));
        call(model, good);
      }
    }
  }

  /** All alerts of outages, as {@code type status}, in the order in which they were raised. */
  private List<String> told() {
    return alerts.in("model_router_alerts").stream()
        .filter(alert -> String.valueOf(alert.fields().get("type")).contains("unavailable"))
        .map(alert -> alert.fields().get("type") + " " + alert.fields().get("status"))
        .toList();
  }

  private void outage() {
    calls(20, true, "a", "b");
    calls(8, false, "a", "b");
    assertEquals(List.of("provider_unavailable open"), told());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 14, 16, 20, 45, 59})
  void outageThatGoesOnAfterASilence_isOneAlert(int minutes) {
    outage();
    pass(Duration.ofMinutes(minutes));
    calls(1, false, "a");
    assertEquals("unavailable", health.state(OWNER).statusAt(now).wire());
    calls(6, false, "a");
    calls(6, false, "b");
    assertEquals(List.of("provider_unavailable open"), told());
  }

  @ParameterizedTest
  @ValueSource(ints = {61, 120, 3_000})
  void outageAfterAnHourWithoutCalls_isToldAgain(int minutes) {
    outage();
    pass(Duration.ofMinutes(minutes));
    assertEquals(List.of("provider_unavailable open"), told());
    assertEquals("unknown", health.state(OWNER).statusAt(now).wire());
    calls(3, false, "a", "b");
    pass(Duration.ofMinutes(2));
    assertEquals(List.of("provider_unavailable resolved", "provider_unavailable open"), told());
    calls(3, true, "a", "b");
    pass(Duration.ofMinutes(6));
    calls(2, true, "a", "b");
    assertTrue(told().stream().noneMatch(alert -> alert.endsWith("open")), told()::toString);
  }

  @Test
  void modelsOutageAfterAnHourWithoutCalls_isToldAgain() {
    calls(20, true, "a", "b");
    for (int i = 0; i < 8; i++) {
      calls(1, false, "a");
      calls(1, true, "b");
    }
    assertEquals(List.of("model_unavailable open"), told());
    pass(Duration.ofHours(3));
    calls(1, true, "b");
    calls(1, false, "a");
    assertEquals(List.of("model_unavailable resolved", "model_unavailable open"), told());
  }

  @Test
  void modelThatNobodyTriesAfterTheProvidersReturn_isNoIncidentOfItsOwn() {
    outage();
    calls(200, true, "a");
    pass(Duration.ofMinutes(4));
    calls(200, true, "a");
    assertEquals(List.of("provider_unavailable resolved"), told());
    calls(1, false, "b"); // Now it is known to fail while the other does well.
    assertEquals(List.of("provider_unavailable resolved", "model_unavailable open"), told());
  }

  @Test
  void failingProbesThroughASilence_keepTheAlert_andAreNoOtherIncident() {
    outage();
    for (int minute = 0; minute < 90; minute++) {
      pass(Duration.ofMinutes(1));
      decide(HealthRules.probed(new HealthCommand.Probed("p", 10, FAULT)));
    }
    assertEquals("unavailable", health.state(OWNER).statusAt(now).wire());
    assertEquals(List.of("provider_unavailable open"), told());
  }

  /** Whatever the traffic, each outage of a provider or of one model is told, and none twice. */
  @Test
  void randomOutages_areEachToldOnce() {
    for (int seed = 0; seed < (DEEP ? 2_000 : 20); seed++) {
      Random random = new Random(seed);
      health = new OneByOne<>(new HealthRules());
      alerts = new OneByOne<>(new AlertRules());
      now = T0;
      String[] models = new String[1 + random.nextInt(4)];
      for (int i = 0; i < models.length; i++) {
        models[i] = "m" + i;
      }
      List<String> history = new ArrayList<>();
      for (int incident = 1; incident <= 3; incident++) {
        calls(10 + random.nextInt(30), true, models);
        pass(Duration.ofSeconds(random.nextInt(300)));
        calls(2, true, models);
        int bursts = 1 + random.nextInt(4);
        boolean whole = models.length == 1 || random.nextBoolean();
        for (int burst = 0; burst < bursts; burst++) {
          for (int i = (burst == 0 ? 6 : 1) + random.nextInt(6); i > 0; i--) {
            calls(1, false, whole ? models : new String[] {models[0]});
            calls(whole ? 0 : 1, true, Arrays.copyOfRange(models, 1, models.length));
          }
          pass(Duration.ofSeconds(random.nextInt(3_500)));
        }
        history.add(whole + ", " + bursts + " bursts until " + now);
        String what = "seed " + seed + " " + history + " " + told();
        assertEquals(incident, told().size(), what);
        String type = (whole ? "provider" : "model") + "_unavailable open";
        assertEquals(type, told().get(incident - 1), what);
        for (int i = 0; i < 60; i++) {
          calls(1, true, models);
          pass(Duration.ofSeconds(7));
        }
        assertTrue(told().stream().noneMatch(alert -> alert.endsWith("open")), what);
      }
    }
  }
}
