package dev.meterkite.model.alerts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.alerts.AlertCommand.Level;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.OneByOne;
import dev.meterkite.model.command.Write;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AlertsTest {
  private static final Instant T0 = Instant.parse("2026-03-01T10:00:00Z");
  private static final AlertSubject MODEL = AlertSubject.model("openai", "gpt-4o");
  private static final AlertSubject OPENAI = AlertSubject.provider("openai");
  private static final String ALERTS = "model_router_alerts";

  private final OneByOne<AlertState, AlertCommand> store = new OneByOne<>(new AlertRules());

  private Decision<AlertState> quota(int level, String window, Instant now) {
    return store.decide(
        AlertRules.command(new Level(MODEL, AlertFamily.QUOTA, level, window, "m")), now);
  }

  private Decision<AlertState> health(int level, Instant now) {
    return store.decide(
        AlertRules.command(new Level(OPENAI, AlertFamily.HEALTH, level, "", "m")), now);
  }

  private List<String> alerts() {
    return store.in(ALERTS).stream()
        .map(alert -> alert.fields().get("type") + " " + alert.fields().get("status"))
        .toList();
  }

  @Test
  void oneIncidentToldAThousandTimes_makesOneAlert() { // A34
    for (int i = 0; i < 1_000; i++) {
      health(0, T0.plusMillis(i));
    }
    assertEquals(List.of("provider_unhealthy open"), alerts());
    assertEquals(1, store.commits());
  }

  @Test
  void criticalAfterWarning_isToldToo() { // A34: 85 % does not swallow 95 %
    quota(0, "w1", T0);
    quota(1, "w1", T0.plusSeconds(60));
    assertEquals(List.of("quota_warning escalated", "quota_critical open"), alerts());
  }

  @Test
  void jumpToTheWorst_raisesOnlyThat() {
    quota(2, "w1", T0);
    assertEquals(List.of("quota_exhausted open"), alerts());
  }

  @Test
  void recovery_resolvesTheWholeFamilyAndSaysSoOnce() { // A34
    health(0, T0);
    health(1, T0.plusSeconds(60));
    health(Level.FINE, T0.plusSeconds(600));
    health(Level.FINE, T0.plusSeconds(601));
    assertEquals(
        List.of(
            "provider_unhealthy resolved",
            "provider_unavailable resolved",
            "provider_recovered resolved"),
        alerts());
    assertEquals(T0.plusSeconds(600), store.in(ALERTS).get(1).fields().get("resolved_at"));
  }

  @Test
  void fineFromTheStart_writesNothing() {
    assertTrue(health(Level.FINE, T0) instanceof Decision.Unchanged);
    assertEquals(0, store.commits());
  }

  @Test
  void betterButNotFine_returnsToTheMilderAlert() {
    health(0, T0);
    health(1, T0.plusSeconds(60));
    health(0, T0.plusSeconds(120));
    assertEquals(List.of("provider_unhealthy open", "provider_unavailable resolved"), alerts());
    assertFalse(store.in(ALERTS).get(0).fields().containsKey("resolved_at"));
  }

  @Test
  void thresholdCrossedTwiceInOneWindow_firesOnce() { // A34: flexprice#1916
    quota(0, "w1", T0);
    quota(Level.FINE, "w1", T0.plusSeconds(10));
    quota(0, "w1", T0.plusSeconds(20));
    assertEquals(List.of("quota_warning open"), alerts());
    quota(0, "w2", T0.plusSeconds(86_400));
    assertEquals(List.of("quota_warning resolved", "quota_warning open"), alerts());
  }

  @Test
  void sixthOfOneFingerprintWithinAnHour_isHeldBackUntilThereIsRoom() {
    for (int i = 0; i < 6; i++) {
      quota(0, "w" + i, T0.plusSeconds(60L * i));
      if (i < 5) {
        quota(Level.FINE, "w" + i, T0.plusSeconds(60L * i + 30));
      }
    }
    assertEquals(5, alerts().size());
    quota(0, "w5", T0.plus(AlertRules.HOUR).minusNanos(1_000));
    assertEquals(5, alerts().size());
    quota(0, "w5", T0.plus(AlertRules.HOUR));
    assertEquals(6, alerts().size());
    assertEquals("quota_warning open", alerts().get(5));
  }

  @Test
  void fingerprintsDoNotShareTheirFive() {
    for (int i = 0; i < 5; i++) {
      quota(0, "w" + i, T0.plusSeconds(i));
    }
    quota(1, "w4", T0.plusSeconds(9));
    assertEquals(6, alerts().size());
    assertEquals("quota_critical open", alerts().get(5));
  }

  @Test
  void resolvingAnAlertThatHasExpired_bringsNothingBack() {
    health(0, T0);
    DocRef expired = store.in(ALERTS).get(0).ref();
    OneByOne<AlertState, AlertCommand> other = new OneByOne<>(new AlertRules());
    other.put(AlertRules.owner(OPENAI), store.get(AlertRules.owner(OPENAI)).fields());
    other.decide(
        AlertRules.command(new Level(OPENAI, AlertFamily.HEALTH, Level.FINE, "", "m")),
        T0.plusSeconds(1));
    assertFalse(other.get(expired).exists());
  }

  @Test
  void event_isToldOnceAnIncident() {
    AlertCommand event =
        new AlertCommand.Event(
            OPENAI, AlertType.CIRCUIT_BREAKER_HALF_OPEN, "opened 1", "half open");
    store.decide(AlertRules.command(event), T0);
    assertTrue(
        store.decide(AlertRules.command(event), T0.plusSeconds(1)) instanceof Decision.Unchanged);
    assertEquals(List.of("circuit_breaker_half_open resolved"), alerts());
  }

  @Test
  void seededSequences_keepEveryInvariant() {
    int seeds = Boolean.getBoolean("meterkite.deep") ? 2_000 : 100;
    for (int seed = 0; seed < seeds; seed++) {
      Random random = new Random(seed);
      OneByOne<AlertState, AlertCommand> documents = new OneByOne<>(new AlertRules());
      Instant now = T0;
      for (int step = 0; step < 100; step++) {
        now = now.plusSeconds(random.nextInt(600));
        int level = random.nextInt(4) - 1;
        String window = random.nextBoolean() ? "" : "w" + now.getEpochSecond() / 3_600;
        documents.decide(
            AlertRules.command(new Level(MODEL, AlertFamily.QUOTA, level, window, "m")), now);
        check(documents, level, "seed " + seed + " step " + step);
      }
    }
  }

  private static void check(OneByOne<AlertState, AlertCommand> documents, int level, String where) {
    Set<String> open = new HashSet<>();
    Map<String, List<Instant>> raised = new java.util.HashMap<>();
    for (Snapshot alert : documents.in(ALERTS)) {
      String type = (String) alert.fields().get("type");
      raised
          .computeIfAbsent(type, key -> new ArrayList<>())
          .add((Instant) alert.fields().get("created_at"));
      if (!alert.fields().get("status").equals("resolved")) {
        assertTrue(open.add(type), where + ": two open of " + type);
      }
      assertEquals(
          alert.fields().get("status").equals("resolved"),
          alert.fields().containsKey("resolved_at"),
          where);
    }
    for (int worse = level + 1; worse < 3; worse++) {
      assertFalse(open.contains(AlertFamily.QUOTA.levels().get(worse).wire()), where);
    }
    raised.values().forEach(times -> assertAtMostFiveAnHour(times, where));
  }

  private static void assertAtMostFiveAnHour(List<Instant> times, String where) {
    for (int i = 5; i < times.size(); i++) {
      Duration span = Duration.between(times.get(i - 5), times.get(i));
      assertTrue(span.compareTo(AlertRules.HOUR) >= 0, where + ": six within " + span);
    }
  }

  @Test
  void groupedIncidents_makeAtMostFiveAlertsInAnyHourAndLoseNone() {
    Set<DocRef> refs = new HashSet<>();
    AlertSubject user = AlertSubject.user("u");
    Instant start = T0.plusSeconds(7 * 60);
    for (int second = 0; second < 3_600; second++) {
      refs.add(
          Alerts.grouped(
                  AlertType.JOB_UNPAID, user, "job/" + second, "m", start.plusSeconds(second))
              .ref());
    }
    assertEquals(5, refs.size());
    Write.Merge one = Alerts.grouped(AlertType.JOB_UNPAID, user, "job/1", "m", T0);
    assertEquals(T0, one.fields().get("details.incidents.`job/1`"));
  }

  @Test
  void onceIncident_hasOneIdWhoeverNoticesItWhenever() {
    AlertSubject user = AlertSubject.user("u");
    Write.Merge first = Alerts.once(AlertType.LEDGER_MISMATCH, user, "17", "m", T0);
    Write.Merge again = Alerts.once(AlertType.LEDGER_MISMATCH, user, "17", "n", T0.plusSeconds(99));
    assertEquals(first.ref(), again.ref());
    assertNotEquals(first.ref(), Alerts.once(AlertType.LEDGER_MISMATCH, user, "18", "m", T0).ref());
    assertEquals("emergency", first.fields().get("severity"));
    assertEquals("u", first.fields().get("user_id"));
    assertEquals(false, first.fields().get("acknowledged"));
  }

  @Test
  void longMessage_isCutBetweenCharacters() {
    String message = "x".repeat(499) + "😀😀";
    Map<String, Object> alert = Alerts.document(AlertType.JOB_UNPAID, OPENAI, message, T0);
    assertEquals("x".repeat(499), alert.get("message"));
    assertEquals(
        "y".repeat(500),
        Alerts.document(AlertType.JOB_UNPAID, OPENAI, "y".repeat(501), T0).get("message"));
  }

  @Test
  void acknowledging_setsTheExpiryNinetyDaysAfterCreationAndTwiceIsHarmless() { // A34
    DocRef ref = new DocRef(ALERTS, "a");
    Snapshot alert = new Snapshot(ref, Map.of("created_at", T0, "acknowledged", false), T0);
    Map<String, Object> changes =
        AlertCodec.encode(
            Alert.of(alert).acknowledge("root", T0.plusSeconds(86_400)).orElseThrow());
    assertEquals(true, changes.get("acknowledged"));
    assertEquals(T0.plus(Duration.ofDays(90)), changes.get("expire_at"));
    store.put(ref, alert.fields());
    store.merge(ref, changes);
    assertEquals(
        Optional.empty(), Alert.of(store.get(ref)).acknowledge("other", T0.plusSeconds(90_000)));
    assertThrows(
        IllegalArgumentException.class,
        () -> Alert.of(Snapshot.absent(ref)).acknowledge("root", T0));
  }

  private static Optional<AlertChange> repair(Snapshot alert) {
    return Alert.of(alert).repair();
  }

  @Test
  void alertsOfOtherWriters_getTheirExpiry() {
    DocRef ref = new DocRef(ALERTS, "a");
    Instant due = T0.plus(Duration.ofDays(90));
    assertEquals(
        Optional.of(new AlertChange.Expire(due)),
        repair(new Snapshot(ref, Map.of("created_at", T0, "acknowledged", true), T0)));
    assertEquals(
        Optional.of(new AlertChange.Expire(null)),
        repair(new Snapshot(ref, Map.of("created_at", T0, "expire_at", due), T0)));
    assertEquals(
        Optional.of(new AlertChange.Expire(due)),
        repair(new Snapshot(ref, Map.of("created_at", "soon", "acknowledged", true), T0)));
    assertEquals(
        Optional.empty(),
        repair(
            new Snapshot(ref, Map.of("acknowledged", true, "expire_at", due), T0.plusSeconds(9))));
    assertEquals(Optional.empty(), repair(Snapshot.absent(ref)));
    assertEquals(Optional.empty(), repair(new Snapshot(ref, Map.of("acknowledged", "yes"), T0)));
  }

  @Test
  void hostileStateDocument_isReadAsEmpty() {
    DocRef owner = AlertRules.owner(MODEL);
    store.put(
        owner,
        Map.of(
            "alerts",
            Map.of("quota_warning", 7L, "other", Map.of(), "quota_critical", Map.of("status", 1L)),
            "incidents",
            -4L));
    quota(0, "", T0);
    assertEquals(List.of("quota_warning open"), alerts());
  }

  @Test
  void subjectOfNothingOrTwoThings_isABug() {
    assertThrows(
        IllegalArgumentException.class, () -> new AlertSubject(null, null, null, null, null));
    assertThrows(
        IllegalArgumentException.class, () -> new AlertSubject("p", null, "u", null, null));
    assertThrows(
        IllegalArgumentException.class, () -> new AlertSubject(null, "m", "u", null, null));
    assertEquals("customer:c", AlertSubject.customer("c").name());
  }
}
