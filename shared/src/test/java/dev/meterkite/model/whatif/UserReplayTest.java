package dev.meterkite.model.whatif;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.plans.Plans;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A user's period under other plans. */
class UserReplayTest {
  private static final Plans BEFORE = DefaultPlans.PLANS;

  /** A markup of 50 %, two cents a credit, another month of pro, jobs at twice the price. */
  private static final Plans AFTER =
      plans(
          Map.of(
              "version",
              "after",
              "tiers",
              List.of(
                  Map.of("tier", "payg", "monthly_credits", 20L, "longest_job_min", 10L),
                  Map.of("tier", "pro", "monthly_credits", 3_000L, "longest_job_min", 20L)),
              "jobs",
              Map.of(
                  "credits_per_minute",
                  2L,
                  "qualities",
                  List.of(Map.of("quality", "standard", "multiplier", 1L)),
                  "priorities",
                  List.of(Map.of("priority", "standard", "multiplier", 1L))),
              "price_book",
              Map.of(
                  "credit_micros",
                  20_000L,
                  "markups",
                  List.of(
                      Map.of("tier", "pro", "percent", 50L),
                      Map.of("tier", "pro", "provider", "other", "percent", 100L)))));

  private static Plans plans(Map<String, Object> fields) {
    Plans.Decoded decoded = Plans.decode(fields, BEFORE);
    assertEquals(List.of(), decoded.faults());
    return decoded.plans().orElseThrow();
  }

  private static UserReplay replay() {
    return new UserReplay(BEFORE, AFTER, "pro");
  }

  private static Map<String, Object> transaction(String type, long amount, Object... more) {
    Map<String, Object> fields = new HashMap<>();
    fields.put("type", type);
    fields.put("amount", amount);
    for (int i = 0; i < more.length; i += 2) {
      fields.put((String) more[i], more[i + 1]);
    }
    return fields;
  }

  /** What an entry keeps of a call that cost so many micro-USD. */
  private static Map<String, Object> call(String provider, String micros, long credits) {
    return transaction(
        "deduction",
        -credits,
        "usage",
        Map.of("provider", provider, "model_id", "m", "input_tokens", 1L),
        "cost_exact",
        micros,
        "charge_exact",
        micros,
        "plans_version",
        BEFORE.version());
  }

  private static Snapshot job(double minutes, String quality) {
    return new Snapshot(
        new DocRef("podcast_jobs", "j"),
        Map.of("duration_min", minutes, "quality", quality),
        Instant.EPOCH);
  }

  private static Map<String, Object> paid(long credits) {
    return transaction("deduction", -credits, "job_id", "j", "hold_id", "h");
  }

  /** {@code charged -> charged, granted -> granted} and the notes. */
  private static String shown(UserReplay replay) {
    Replayed end = replay.end();
    return plain(end.before().charged(BEFORE.priceBook().creditMicros()))
        + " -> "
        + plain(end.after().charged(AFTER.priceBook().creditMicros()))
        + ", "
        + end.before().granted()
        + " -> "
        + end.after().granted()
        + (end.notes().isEmpty() ? "" : " " + end.notes());
  }

  private static String plain(BigDecimal credits) {
    return credits.signum() == 0 ? "0" : credits.stripTrailingZeros().toPlainString();
  }

  @Test
  void calls_haveTheOtherMarkupAndCredit_atTheCostOfTheirOwnTime() {
    UserReplay replay = replay();
    replay.transaction(call("acme", "10000", 1), null);
    assertEquals("1 -> 0.75, 0 -> 0", shown(replay));
    replay = replay();
    replay.transaction(call("other", "10000.5", 1), null);
    assertEquals("1.00005 -> 1.00005, 0 -> 0", shown(replay));
    replay = replay();
    replay.callBelowACredit(call("acme", "0.0000000000001", 0));
    assertEquals("0 -> 0, 0 -> 0", shown(replay), "less than six places");
  }

  @Test
  void callThatWasNotPaidInFull_countsWhatWasPaid_atMostTheOtherCharge() {
    UserReplay replay = replay();
    replay.transaction(transaction("deduction", -47, "description", "beyond hold h"), null);
    Map<String, Object> call = call("acme", "2400000000", 1);
    call.put("hold_id", "h");
    replay.transaction(call, null);
    assertEquals("48 -> 48, 0 -> 0 {UNPAID_CALL=1}", shown(replay));
    replay = replay();
    replay.transaction(call("acme", "110000", 10), null);
    assertEquals("10 -> 8.25, 0 -> 0 {UNPAID_CALL=1}", shown(replay), "half as much again");
    replay = replay();
    replay.transaction(call("acme", "109999.9", 10), null);
    assertEquals("10.99999 -> 8.249993, 0 -> 0", shown(replay), "less than a credit is accrued");
    replay = replay();
    call.put("plans_version", "older");
    replay.transaction(call, null);
    assertEquals("240000 -> 180000, 0 -> 0 {OTHER_VERSION=1}", shown(replay));
  }

  @Test
  void jobs_haveTheOtherPrice_partsAtMostThat_andTooLongOnesNone() {
    UserReplay replay = replay();
    replay.transaction(paid(10), job(10, "standard"));
    replay.transaction(paid(4), job(10, "standard"));
    replay.transaction(paid(20), job(20, "standard"));
    assertEquals("34 -> 64, 0 -> 0", shown(replay));
    replay = replay();
    replay.transaction(paid(21), job(20.5, "standard"));
    replay.transaction(paid(15), job(10, "hd"));
    replay.transaction(paid(7), Snapshot.absent(new DocRef("podcast_jobs", "gone")));
    assertEquals("43 -> 22, 0 -> 0 {UNPRICED_JOB=2, REFUSED_JOB=1}", shown(replay));
  }

  @Test
  void grants_areTheOtherMonths_partsInProportion() {
    UserReplay replay = replay();
    String pro = "monthly credits of pro";
    replay.transaction(transaction("subscription_grant", 2_500, "description", pro), null);
    replay.transaction(transaction("subscription_grant", 1_249, "description", pro), null);
    assertEquals("0 -> 0, 3749 -> 4498", shown(replay));
    replay = replay();
    String gone = "monthly credits of ultimate";
    replay.transaction(transaction("subscription_grant", 15_000, "description", gone), null);
    assertEquals("0 -> 0, 15000 -> 15000 {UNKNOWN_TIER=1}", shown(replay));
  }

  @Test
  void tierThatGrantsNothingNow_grantsTheMonthsThatBegan() {
    UserReplay payg = new UserReplay(BEFORE, AFTER, "payg");
    payg.monthsWithoutAGrant(3);
    assertEquals("0 -> 0, 0 -> 60", shown(payg));
    UserReplay pro = replay();
    pro.monthsWithoutAGrant(3);
    assertEquals("0 -> 0, 0 -> 0", shown(pro), "its grants are transactions");
  }

  @Test
  void anythingElse_isUnchanged_andPurchasesAreNotLookedAt() {
    UserReplay replay = replay();
    replay.transaction(transaction("deduction", -30), null);
    replay.transaction(transaction("deduction", -3, "job_id", "a label"), null);
    replay.transaction(transaction("refund", 10), null);
    replay.transaction(transaction("purchase", 500), null);
    replay.transaction(transaction("admin_adjustment", -7), null);
    replay.transaction(transaction("expiration", -9), null);
    replay.transaction(transaction("of_another_program", -9), null);
    assertEquals("23 -> 23, 0 -> 0", shown(replay));
  }

  @Test
  void creditsBeyondAHold_areThoseOfItsCall_orOfItsAmount() {
    UserReplay replay = replay();
    Map<String, Object> capture = call("acme", "50000", 2);
    capture.put("hold_id", "h");
    replay.transaction(transaction("deduction", -3, "description", "beyond hold h"), null);
    replay.transaction(capture, null);
    assertEquals("5 -> 3.75, 0 -> 0", shown(replay));
    replay = replay();
    replay.transaction(transaction("deduction", -3, "description", "beyond hold h"), null);
    replay.transaction(transaction("deduction", -2, "hold_id", "h"), null);
    replay.transaction(transaction("deduction", -1, "description", "beyond hold last"), null);
    assertEquals("6 -> 6, 0 -> 0", shown(replay));
  }

  @Test
  void unreadableCall_isUnchanged_andSo_isOneOfAnotherVersionNoted() {
    UserReplay replay = replay();
    Map<String, Object> broken = call("acme", "a lot", 4);
    replay.transaction(broken, null);
    assertEquals("4 -> 4, 0 -> 0 {UNREADABLE_CALL=1}", shown(replay));
    replay = replay();
    Map<String, Object> older = call("acme", "10000", 3);
    older.put("plans_version", "older");
    replay.transaction(older, null);
    assertEquals("1 -> 0.75, 0 -> 0 {OTHER_VERSION=1}", shown(replay), "nothing is estimated");
  }

  /** Nearly all calls are below a credit; their records expire, what they took does not. */
  @Test
  void callsWhoseRecordsAreGone_arePricedAsTheOthers_whichIsExactForOneMarkup() {
    for (long seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      UserReplay all = replay();
      UserReplay gone = replay();
      BigInteger sum = BigInteger.ZERO;
      long accrued = 0;
      List<Map<String, Object>> latestFirst = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        long micros = random.nextInt(900);
        sum = sum.add(BigInteger.valueOf(micros));
        accrued += micros;
        long credits = accrued / 10_000;
        accrued %= 10_000;
        Map<String, Object> call = call("acme", Long.toString(micros), credits);
        if (credits > 0) {
          latestFirst.add(0, call);
        } else {
          all.callBelowACredit(call);
        }
      }
      for (Map<String, Object> call : latestFirst) {
        all.transaction(call, null);
        gone.transaction(call, null);
      }
      Replayed exact = all.end();
      String message = "seed " + seed;
      assertEquals(sum, exact.before().calls().units().divide(BigInteger.TEN.pow(13)), message);
      assertEquals(Map.of(), exact.notes(), message);
      Replayed estimated = gone.end();
      long deducted = latestFirst.size() * 10_000L;
      assertEquals(deducted, estimated.before().calls().micros(), message);
      long roundedUp = estimated.after().calls().microsRoundedUp() - deducted * 3 / 2;
      assertTrue(roundedUp >= -1 && roundedUp <= 1, message + ": " + roundedUp);
      assertEquals(1, estimated.notes().size(), message);
    }
  }
}
