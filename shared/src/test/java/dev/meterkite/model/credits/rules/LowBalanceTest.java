package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.plans.Threshold;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The level of a balance, and the alerts of its crossings. */
class LowBalanceTest {
  private static InMemoryLedger bank(long balance, Object lowAt) {
    InMemoryLedger bank = InMemoryLedger.with("payg", balance);
    change(bank, Users.LOW_BALANCE_AT, lowAt);
    bank.sweep();
    return bank;
  }

  private static void change(InMemoryLedger bank, String field, Object value) {
    Map<String, Object> user =
        new LinkedHashMap<>(bank.documents.get(CreditRefs.user(InMemoryLedger.USER)));
    user.put(field, value);
    bank.documents.put(CreditRefs.user(InMemoryLedger.USER), user);
  }

  private static Object level(InMemoryLedger bank) {
    return bank.documents.get(CreditRefs.user(InMemoryLedger.USER)).get(Users.BALANCE_LEVEL);
  }

  /** The alerts of levels in the order they were raised, such as {@code balance_low open}. */
  private static List<String> alerts(InMemoryLedger bank) {
    List<String> alerts = new ArrayList<>();
    bank.documents.forEach(
        (ref, fields) -> {
          String type = String.valueOf(fields.get(ModelRouterAlerts.TYPE));
          if (ref.collection().equals(ModelRouterAlerts.COLLECTION)
              && type.startsWith("balance_")) {
            alerts.add(type + " " + fields.get(ModelRouterAlerts.STATUS));
          }
        });
    return alerts;
  }

  @Test
  void crossings_raiseOneAlertEachAndResolveIt() {
    InMemoryLedger bank = bank(200, 50L);
    assertEquals("ok", level(bank));
    bank.debit(150);
    assertEquals("ok", level(bank), "50 is not below 50");
    bank.debit(1);
    assertEquals("low", level(bank));
    bank.debit(1);
    assertEquals(List.of("balance_low open"), alerts(bank), "one for a crossing");
    bank.debit(48);
    assertEquals("empty", level(bank));
    assertEquals(List.of("balance_low open", "balance_empty open"), alerts(bank));
    bank.after(Duration.ofHours(1)).grant(20, null);
    assertEquals("low", level(bank));
    assertEquals(List.of("balance_low open", "balance_empty resolved"), alerts(bank));
    bank.grant(30, null);
    assertEquals("ok", level(bank));
    assertEquals(List.of("balance_low resolved", "balance_empty resolved"), alerts(bank));
    bank.after(Duration.ofHours(1)).debit(50);
    assertEquals(
        List.of("balance_low resolved", "balance_empty resolved", "balance_empty open"),
        alerts(bank),
        "from ok to nothing is one crossing");
  }

  @Test
  void holds_countAsSpentUntilTheyComeBack() {
    InMemoryLedger bank = bank(100, 50L);
    bank.hold("h", 60);
    assertEquals("low", level(bank));
    bank.after(Duration.ofDays(2)).sweep();
    assertEquals("ok", level(bank), "the hold lapsed");
    assertEquals(List.of("balance_low resolved"), alerts(bank));
  }

  @Test
  void userWithoutThreshold_hasALevelAndNoAlerts() {
    InMemoryLedger bank = bank(100, null);
    bank.debit(99);
    assertEquals("ok", level(bank));
    bank.debit(1);
    assertEquals("empty", level(bank));
    bank.grant(5, null);
    assertEquals("ok", level(bank));
    assertEquals(List.of(), alerts(bank));
  }

  @Test
  void newAndAdoptedUsers_haveCrossedNothing() {
    InMemoryLedger bank = bank(10, 50L);
    assertEquals("low", level(bank));
    assertEquals(List.of(), alerts(bank));
    bank.debit(10);
    assertEquals(List.of("balance_empty open"), alerts(bank));
  }

  @Test
  void wordOfAnotherProgram_isPutRight() {
    InMemoryLedger bank = bank(100, 50L);
    for (Object word : new Object[] {"plenty", 7L, null}) {
      change(bank, Users.BALANCE_LEVEL, word);
      bank.debit(1);
      assertEquals("ok", level(bank));
    }
    assertEquals(List.of(), alerts(bank));
  }

  @Test
  void alertThatIsGone_isNotMadeAgainByItsResolution() {
    InMemoryLedger bank = bank(100, 50L);
    bank.debit(60);
    bank.documents.keySet().removeIf(r -> r.collection().equals(ModelRouterAlerts.COLLECTION));
    bank.grant(60, null);
    assertEquals("ok", level(bank));
    assertEquals(List.of(), alerts(bank));
  }

  @Test
  void thresholdOfTheTier_isAShareOfItsMonth() {
    CreditRules rules =
        new CreditRules(ForeignBalance.PUT_BACK, Threshold.parse("33%"), DefaultPlans.PLANS);
    InMemoryLedger bank = new InMemoryLedger(rules).user(InMemoryLedger.USER, "free", 10L);
    bank.sweep();
    bank.debit(6);
    assertEquals("ok", level(bank), "4 is not below 3.3");
    bank.debit(1);
    assertEquals("low", level(bank), "3 is");
  }

  @Test
  void randomLives_haveOneOpenAlertForEachLevelBelow() {
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      InMemoryLedger bank = bank(100, 30L);
      String before = "ok";
      int crossings = 0;
      for (int step = 0; step < 40; step++) {
        bank.after(Duration.ofSeconds(random.nextInt(3)));
        long available = bank.ledger().balance() - bank.ledger().held();
        switch (random.nextInt(4)) {
          case 0 -> bank.grant(1 + random.nextInt(60), null);
          case 1 -> bank.hold("h" + step, 1 + random.nextInt(40));
          case 2 -> bank.debit(Math.max(1, available));
          default -> bank.debit(1 + random.nextInt(50));
        }
        available = bank.ledger().balance() - bank.ledger().held();
        String now = available == 0 ? "empty" : available < 30 ? "low" : "ok";
        assertEquals(now, level(bank), "seed " + seed + ", step " + step);
        boolean worse = rank(now) > rank(before);
        crossings += worse ? 1 : 0;
        before = now;
        List<String> alerts = alerts(bank);
        boolean isEmptyOpen = alerts.contains("balance_empty open");
        assertEquals(now.equals("empty"), isEmptyOpen, "seed " + seed + ", step " + step);
        if (now.equals("ok")) {
          assertFalse(alerts.contains("balance_low open"), "seed " + seed + ", step " + step);
        }
      }
      assertEquals(crossings, alerts(bank).size(), "seed " + seed);
    }
  }

  private static int rank(String level) {
    return List.of("ok", "low", "empty").indexOf(level);
  }

  @ParameterizedTest
  @CsvSource({"'',0,false", "0,0,false", "50,50,false", "20%,20,true", "100 %,100,true"})
  void threshold_isReadAsWritten(String text, long amount, boolean isPercent) {
    assertEquals(new Threshold(amount, isPercent), Threshold.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1.5", "101%", "%", "many", " 5", "9999999999999999"})
  void otherThresholds_areRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> Threshold.parse(text));
  }

  @Test
  void unreadableThresholdOfAUser_countsAsNone() {
    for (Object odd : new Object[] {"50", -5L, 1.5, Instant.EPOCH}) {
      InMemoryLedger bank = bank(100, odd);
      bank.debit(80);
      assertEquals("ok", level(bank), () -> "with " + odd);
    }
  }
}
