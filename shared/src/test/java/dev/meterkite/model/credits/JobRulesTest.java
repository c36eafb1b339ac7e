package dev.meterkite.model.credits;

import static dev.meterkite.model.credits.CreditRulesTest.unread;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a job owes, as short stories: whatever comes late, twice or never. */
class JobRulesTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final DocRef OWNER = CreditCommands.user(Bank.USER);

  @Test
  void everyOrderOfEvents_chargesOnce() {
    for (List<String> order : orders(List.of("queued", "running", "completed", "completed"))) {
      Bank bank = Bank.with("payg", 100);
      order.forEach(status -> bank.job("j", "status", status).event("j"));
      bank.job("j", "status", "completed");
      bank.event("j");
      assertEquals("unchanged", bank.event("j"), "A38: it stops after one round");
      assertEquals("90/0", bank.figures(), order::toString);
      assertEquals("captured", bank.payment("j", "status"));
      assertNull(bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    }
  }

  private static List<List<String>> orders(List<String> words) {
    if (words.isEmpty()) {
      return List.of(List.of());
    }
    List<List<String>> all = new ArrayList<>();
    for (int i = 0; i < words.size(); i++) {
      List<String> rest = new ArrayList<>(words);
      String first = rest.remove(i);
      for (List<String> behind : orders(rest)) {
        List<String> order = new ArrayList<>(List.of(first));
        order.addAll(behind);
        all.add(order);
      }
    }
    return all;
  }

  @Test
  void jobThatFailedBeforeItWasHeld_isNeverCharged() {
    Bank bank = Bank.with("payg", 100);
    bank.job("j", "status", "failed").event("j");
    bank.job("j", "status", "running").event("j");
    bank.job("j", "status", "completed").event("j");
    assertEquals("100/0", bank.figures());
    assertEquals("released", bank.payment("j", "status"));
  }

  @Test
  void refusedJob_keepsItsCodeAndIsLeftAlone() {
    Bank bank = Bank.with("payg", 9).job("j", "status", "queued");
    bank.event("j");
    assertEquals("failed", bank.jobField("j", "status"));
    assertEquals("unchanged", bank.event("j"), "our own change comes back as an event");
    assertEquals("insufficient_credits", bank.payment("j", "code"));
  }

  @Test
  void refusedRunningJob_isTriedAgainDaily() {
    Bank bank = Bank.with("payg", 9).job("j", "status", "running");
    bank.event("j");
    assertEquals(bank.now.plus(DAY), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    assertEquals("unchanged", bank.after(Duration.ofHours(1)).event("j"));
    assertEquals("applied", bank.after(DAY).event("j"), "or the sweep would find it for ever");
    bank.grant(1, null);
    bank.event("j");
    assertEquals("held", bank.payment("j", "status"));
    assertNull(bank.payment("j", "code"));
    Bank old = Bank.with("payg", 9).job("j", "status", "running");
    old.after(JobRules.RETRY_WINDOW).event("j");
    assertNull(old.jobField("j", PodcastJobs.PAYMENT_DUE_AT), "not for ever");
  }

  @Test
  void completedJobWhoseHoldLapsed_isDebitedOrUnpaid() {
    Bank bank = Bank.with("payg", 10).job("j", "status", "queued");
    bank.event("j");
    assertEquals("10/10", bank.figures());
    assertEquals("applied", bank.after(JobRules.HOLD_LIFE).event("j"));
    assertEquals("hold_expired", bank.payment("j", "code"));
    bank.job("j", "status", "completed").event("j");
    assertEquals("captured", bank.payment("j", "status"));
    assertEquals("0/0", bank.figures());
    Bank poor = Bank.with("payg", 10).job("j", "status", "queued");
    poor.event("j");
    poor.after(JobRules.HOLD_LIFE).debit(5);
    poor.job("j", "status", "completed").event("j");
    assertEquals("unpaid", poor.payment("j", "status"));
    assertEquals(List.of("job_unpaid"), poor.alerts());
    poor.grant(100, null);
    assertEquals("unchanged", poor.event("j"), "unpaid is final");
    assertEquals("105/0", poor.figures());
  }

  @Test
  void completedJobSeenAsItsHoldLapses_isChargedInThatCommit() {
    Bank bank = Bank.with("payg", 10).job("j", "status", "queued");
    bank.event("j");
    bank.after(JobRules.HOLD_LIFE).job("j", "status", "completed").event("j");
    assertEquals("0/0", bank.figures());
    assertEquals(
        "captured", bank.documents.get(CreditCommands.jobHold("j")).get(CreditHolds.STATUS));
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void deletedJob_releasesItsHold() {
    Bank bank = Bank.with("payg", 10).job("j", "status", "queued");
    bank.event("j");
    bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
    assertEquals("applied", bank.event("j"));
    assertEquals("10/0", bank.figures());
    assertFalse(bank.documents.containsKey(new DocRef(PodcastJobs.COLLECTION, "j")));
    assertEquals("unchanged", bank.event("j"));
  }

  @Test
  void jobHeldOverHttp_isCapturedByItsTriggerOnce() {
    Bank bank = Bank.with("payg", 100);
    bank.run(CreditCommands.hold(Bank.USER, 30, "j", DAY, "k", "h"));
    bank.job("j", "status", "running").event("j");
    assertEquals("100/30", bank.figures());
    bank.job("j", "status", "completed").event("j");
    assertEquals("90/0", bank.figures(), "the price, and the rest comes back");
  }

  @Test
  void jobOfAUserThatComesLater_isHeldThen() {
    Bank bank = new Bank().job("j", "status", "queued");
    assertEquals("applied", bank.event("j"));
    assertEquals("unchanged", bank.event("j"));
    assertFalse(bank.documents.containsKey(OWNER), "no user is made up");
    assertEquals(
        bank.now.plus(Duration.ofHours(1)), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    bank.user(Bank.USER, "payg", 100L).event("j");
    assertEquals("held", bank.payment("j", "status"));
    Bank late = new Bank().job("j", "status", "completed");
    late.event("j");
    assertEquals(List.of("job_unpaid"), late.alerts());
    late.user(Bank.USER, "payg", 100L).event("j");
    assertEquals("captured", late.payment("j", "status"));
  }

  @Test
  void chargeThatExists_isNotMadeAgainThoughTheHoldIsGone() {
    Bank bank = Bank.with("payg", 100).job("j", "status", "queued");
    bank.event("j");
    bank.job("j", "status", "completed").event("j");
    bank.documents.remove(CreditCommands.jobHold("j"));
    bank.event("j");
    assertEquals("90/0", bank.figures());
    assertEquals("captured", bank.payment("j", "status"));
  }

  @Test
  void oddJobDocuments_crashNothing() {
    Bank bank = Bank.with("pro", 100);
    for (Object odd : List.of(1L, "x", true, List.of(), Map.of(), Double.NaN)) {
      for (String field :
          List.of(
              "duration_min",
              "quality",
              "priority",
              "status",
              "payment",
              "credits_actual",
              "created_at",
              "topic",
              "audience",
              "payment_due_at")) {
        String id = field + " " + odd; // each with a hold of its own
        bank.job(id, "status", "queued").job(id, field, odd);
        assertNotEquals("nobody's", bank.event(id));
        bank.job(id, "status", "cancelled").event(id);
      }
    }
    for (Object odd : List.of(1L, true, List.of(), Map.of())) {
      assertEquals("invalid_job", bank.payment("topic " + odd, "code"));
      assertEquals("invalid_job", bank.payment("quality " + odd, "code"));
    }
    bank.job("nobody's", "user_id", 7L);
    assertEquals("nobody's", bank.event("nobody's"));
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void answer_namesJobHoldCreditsAndCode() {
    Bank bank = Bank.with("payg", 9).job("j", "status", "running");
    String hold = CreditCommands.jobHold("j").id();
    assertEquals(
        Map.of(
            "job_id",
            "j",
            "payment",
            Map.of(
                "status",
                "refused",
                "code",
                "insufficient_credits",
                "hold_id",
                hold,
                "credits",
                10L)),
        answer(bank, "j"));
    bank.grant(1, null);
    assertEquals(
        Map.of("job_id", "j", "payment", Map.of("status", "held", "hold_id", hold, "credits", 10L)),
        answer(bank, "j"));
  }

  private static Command<CreditCommand> command(Bank bank, String jobId) {
    return CreditCommands.job(
            bank.snapshot(new DocRef(PodcastJobs.COLLECTION, jobId)),
            bank.snapshot(CreditCommands.jobHold(jobId)),
            Bank.USER)
        .orElseThrow();
  }

  private static Map<String, Object> answer(Bank bank, String jobId) {
    return ((Decision.Applied<CreditState>) bank.decide(command(bank, jobId))).answer();
  }

  @Test
  void jobThatWasNotReadYet_isAskedForWithItsHold() {
    Read job = new Read.Get(new DocRef(PodcastJobs.COLLECTION, "j"));
    Bank bank = Bank.with("payg", 10).job("j", "status", "queued");
    bank.sweep();
    assertEquals("applied", bank.run(unread(command(bank, "j"))));
    assertEquals(List.of(job, new Read.Get(CreditCommands.jobHold("j"))), bank.asked);
    assertEquals("10/10", bank.figures());
    Bank nobodys = new Bank().job("j", "status", "queued");
    assertEquals("applied", nobodys.run(unread(command(nobodys, "j"))));
    assertEquals(List.of(job, new Read.Get(OWNER)), nobodys.asked);
  }

  /** A refusal is for a state that was read for it: a cached one may lack what was just bought. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void refusalAndLapse_areDecidedOnAFreshState(boolean isCached) {
    List<Read> owner = isCached ? List.of(new Read.Get(OWNER)) : List.of();
    Bank refused = Bank.with("payg", 9).job("j", "status", "running");
    refused.sweep();
    refused.isCached = isCached;
    refused.event("j");
    assertEquals(owner, refused.asked);
    assertEquals("refused", refused.payment("j", "status"));
    Bank lapsed = Bank.with("payg", 10).job("j", "status", "running");
    lapsed.event("j");
    lapsed.isCached = isCached;
    lapsed.after(JobRules.HOLD_LIFE).event("j");
    assertEquals(owner, lapsed.asked);
    assertEquals("released hold_expired", status(lapsed));
    assertEquals(lapsed.now.plus(DAY), lapsed.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    Bank foreign = strangers("completed");
    foreign.isCached = isCached;
    foreign.event("j");
    assertEquals(owner, foreign.asked);
    assertEquals("unpaid job_hold_conflict", status(foreign));
    Bank charged = Bank.with("payg", 10).job("j", "status", "completed");
    charged.sweep();
    charged.isCached = isCached;
    charged.event("j");
    Read charge = new Read.Get(CreditCommands.jobCharge("j"));
    assertEquals(List.of(new Read.Get(OWNER), charge), charged.asked);
    assertEquals("captured null", status(charged));
  }

  private static String status(Bank bank) {
    return bank.payment("j", "status") + " " + bank.payment("j", "code");
  }

  /** A job whose hold another user has. */
  private static Bank strangers(String status) {
    Bank bank = Bank.with("payg", 100).user("u2", "payg", 100L);
    bank.sweep();
    bank.run(CreditCommands.hold("u2", 5, "j", DAY, "k", "h"));
    return bank.job("j", "status", status);
  }

  @Test
  void jobWhoseHoldAnotherUserHas_isNeverChargedAndReleasesNothing() {
    Bank failed = strangers("failed");
    assertEquals("unchanged", failed.event("j"));
    assertNull(failed.jobField("j", PodcastJobs.PAYMENT));
    Bank completed = strangers("completed");
    assertEquals("applied", completed.event("j"));
    assertEquals("unpaid job_hold_conflict", status(completed));
    assertEquals(0L, completed.payment("j", "credits"));
    assertEquals(List.of("job_unpaid"), completed.alerts());
    assertEquals("100/0", completed.figures());
    assertEquals("held", completed.documents.get(CreditCommands.jobHold("j")).get("status"));
  }

  @Test
  void jobOfAUserWithTooManyHolds_isTriedAgainAndNotFailed() {
    Bank bank = CreditRulesTableTest.many(Holds.MAX).job("j", "status", "queued");
    bank.event("j");
    assertEquals("refused too_many_holds", status(bank));
    assertEquals("queued", bank.jobField("j", "status"));
    assertEquals(bank.now.plus(DAY), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    bank.release("h0");
    bank.event("j");
    assertEquals("held null", status(bank));
    assertEquals(bank.now.plus(JobRules.HOLD_LIFE), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
  }

  @Test
  void completedJobThatCannotBePriced_isUnpaidForGood() {
    Bank bank = Bank.with("payg", 100).job("j", "status", "completed", "duration_min", 0.4);
    bank.event("j");
    assertEquals("unpaid invalid_job", status(bank));
    assertEquals(List.of("job_unpaid"), bank.alerts());
    bank.job("j", "duration_min", 10.0);
    assertEquals("unchanged", bank.event("j"), "unpaid is final");
    assertEquals("100/0", bank.figures());
  }

  @Test
  void chargeWithoutAHold_namesItsTransactionOnTheHoldThatItLeaves() {
    Bank bank = Bank.with("payg", 10).job("j", "status", "completed", "duration_min", 0.5);
    bank.event("j");
    Map<String, Object> hold = bank.documents.get(CreditCommands.jobHold("j"));
    assertEquals("9/0", bank.figures(), "the least that a job costs");
    assertEquals(bank.lastTransactionId(), hold.get(CreditHolds.TRANSACTION_ID));
    assertEquals(
        Map.of(
            CreditHolds.HOLD_ID,
            CreditCommands.jobHold("j").id(),
            CreditHolds.USER_ID,
            Bank.USER,
            CreditHolds.AMOUNT,
            1L,
            CreditHolds.STATUS,
            "captured",
            CreditHolds.JOB_ID,
            "j",
            CreditHolds.CAPTURED,
            1L,
            CreditHolds.TRANSACTION_ID,
            bank.lastTransactionId(),
            CreditHolds.EXPIRES_AT,
            bank.now,
            CreditHolds.CREATED_AT,
            bank.now,
            CreditHolds.CLOSED_AT,
            bank.now),
        hold);
    assertEquals("j", bank.lastTransaction().get(CreditTransactions.JOB_ID));
    assertEquals(
        CreditCommands.jobHold("j").id(), bank.lastTransaction().get(CreditTransactions.HOLD_ID));
  }

  @Test
  void jobThatUsedNothing_isCapturedWithoutATransaction() {
    Bank bank = Bank.with("payg", 10);
    bank.job("j", "status", "completed", "credits_actual", 0L).event("j");
    assertEquals(List.of("admin_adjustment 10"), bank.entries());
    assertEquals("captured null", status(bank));
    assertEquals(0L, bank.payment("j", "credits"));
    assertNull(bank.documents.get(CreditCommands.jobHold("j")).get(CreditHolds.TRANSACTION_ID));
  }

  @Test
  void chargeThatWasFound_isToldWithItsCredits() {
    Bank bank = Bank.with("payg", 100).job("j", "status", "completed", "credits_actual", 7L);
    bank.event("j");
    bank.documents.remove(CreditCommands.jobHold("j"));
    bank.documents.get(new DocRef(PodcastJobs.COLLECTION, "j")).remove(PodcastJobs.PAYMENT);
    bank.event("j");
    assertEquals(7L, bank.payment("j", "credits"));
    assertEquals("93/0", bank.figures());
  }

  @Test
  void paidJobThatIsSaidToHaveFailed_staysPaid() {
    Bank bank = Bank.with("payg", 100).job("j", "status", "completed");
    bank.event("j");
    for (String status : List.of("failed", "cancelled", "running")) {
      assertEquals("unchanged", bank.job("j", "status", status).event("j"));
      assertEquals("captured", bank.payment("j", "status"));
      assertEquals(10L, bank.payment("j", "credits"));
    }
    assertEquals("90/0", bank.figures());
  }

  @Test
  void releasedJobThatIsSaidToGoOn_staysReleased() {
    Bank bank = Bank.with("payg", 100).job("j", "status", "queued");
    bank.event("j");
    assertEquals("applied", bank.job("j", "status", "failed").event("j"));
    for (String status : List.of("running", "completed", "failed")) {
      assertEquals("unchanged", bank.job("j", "status", status).event("j"));
      assertEquals("released null", status(bank));
    }
    assertEquals("100/0", bank.figures());
  }

  @Test
  void refusedJobThatFails_staysRefusedAndIsNotLookedAtAgain() {
    Bank bank = Bank.with("payg", 9).job("j", "status", "running");
    bank.event("j");
    assertEquals(bank.now.plus(DAY), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    assertEquals("applied", bank.job("j", "status", "failed").event("j"));
    assertNull(bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    assertEquals("refused insufficient_credits", status(bank));
    assertEquals("unchanged", bank.event("j"));
    assertFalse(bank.documents.containsKey(CreditCommands.jobHold("j")));
    bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
    assertEquals("applied", bank.event("j"), "that it was refused is gone with it");
    assertEquals("9/0", bank.figures());
  }

  @ParameterizedTest
  @ValueSource(strings = {"failed", "cancelled", "paused"})
  void jobOfNobodyThatOwesNothing_isLeftAlone(String status) {
    Bank bank = new Bank().job("j", "status", status);
    assertEquals("unchanged", bank.event("j"));
    assertNull(bank.jobField("j", PodcastJobs.PAYMENT));
    assertEquals(List.of(), bank.alerts());
  }

  @Test
  void jobOfNobody_isRefusedWithItsPriceOrUnpaidWithOneAlert() {
    Bank bank = new Bank().job("j", "status", "running");
    bank.event("j");
    assertEquals("refused not_found", status(bank));
    assertEquals(10L, bank.payment("j", "credits"));
    assertEquals(List.of(), bank.alerts(), "it may be paid yet");
    bank.after(Duration.ofHours(2)).job("j", "status", "completed").event("j");
    assertEquals("unpaid not_found", status(bank));
    assertEquals(List.of("job_unpaid"), bank.alerts());
    assertEquals("applied", bank.after(Duration.ofHours(2)).event("j"), "looked at again");
    assertEquals(List.of("job_unpaid"), bank.alerts(), "one alert for one job");
  }

  @Test
  void jobGivenToAnotherUser_isNotTheFirstOnesToPay() {
    Bank bank = Bank.with("payg", 100).job("j", "status", "queued");
    Command<CreditCommand> early = command(bank, "j");
    bank.job("j", "user_id", "u2");
    assertEquals("unchanged", bank.run(early), "decided on the job as it is read now");
    assertNull(bank.jobField("j", PodcastJobs.PAYMENT));
  }

  @Test
  void retry_isKeptAsNotedAndEndsThirtyDaysAfterTheJobsCreation() {
    Bank bank = Bank.with("payg", 9).job("j", "status", "running");
    Instant created = bank.now;
    bank.after(JobRules.RETRY_WINDOW.minusNanos(1_000)).event("j");
    Instant due = bank.now.plus(DAY);
    assertEquals(due, bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    assertEquals("applied", bank.after(Duration.ofNanos(1_000)).event("j"));
    assertEquals(created.plus(JobRules.RETRY_WINDOW), bank.now);
    assertNull(bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT), "too old");
    Bank timeless = Bank.with("payg", 9).job("j", "status", "running", "created_at", "once");
    timeless.event("j");
    assertNull(timeless.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
  }

  /** A20: exact for every duration of a tenth of a minute. */
  @Test
  void priceOfAJob_isExact() {
    for (int tenths = 5; tenths <= 1_800; tenths++) {
      Bank bank = new Bank();
      bank.job("j", "duration_min", tenths / 10.0, "quality", "hd", "priority", "express");
      long price =
          JobOrder.of(bank.snapshot(new DocRef(PodcastJobs.COLLECTION, "j"))).orElseThrow().price();
      assertEquals((3L * tenths + 9) / 10, price, "tenths " + tenths);
    }
  }
}
