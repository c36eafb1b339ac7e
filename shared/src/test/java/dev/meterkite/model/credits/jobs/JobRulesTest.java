package dev.meterkite.model.credits.jobs;

import static dev.meterkite.model.credits.rules.CreditRulesTest.change;
import static dev.meterkite.model.credits.rules.CreditRulesTest.unread;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.command.Read;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.lots.Holds;
import dev.meterkite.model.credits.rules.CreditRulesTableTest;
import dev.meterkite.model.credits.rules.InMemoryLedger;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a job owes, as short stories: whatever comes late, twice or never. */
class JobRulesTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final DocRef OWNER = CreditRefs.user(InMemoryLedger.USER);

  @Test
  void everyOrderOfEvents_chargesOnce() {
    for (List<String> order : orders(List.of("queued", "running", "completed", "completed"))) {
      InMemoryLedger bank = InMemoryLedger.with("payg", 100);
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
  void jobThatFailedBeforeItWasHeld_isNotChargedForThatAttempt() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.job("j", "status", "failed").event("j");
    bank.job("j", "status", "completed").event("j");
    assertEquals("100/0", bank.figures());
    assertEquals("released", bank.payment("j", "status"));
  }

  @Test
  void refusedJob_keepsItsCodeAndIsLeftAlone() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 9).job("j", "status", "queued");
    bank.event("j");
    assertEquals("failed", bank.jobField("j", "status"));
    assertEquals("unchanged", bank.event("j"), "our own change comes back as an event");
    assertEquals("insufficient_credits", bank.payment("j", "code"));
  }

  @Test
  void refusedRunningJob_isTriedAgainDaily() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 9).job("j", "status", "running");
    bank.event("j");
    assertEquals(bank.now.plus(DAY), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    assertEquals("unchanged", bank.after(Duration.ofHours(1)).event("j"));
    assertEquals("applied", bank.after(DAY).event("j"), "or the sweep would find it for ever");
    bank.grant(1, null);
    bank.event("j");
    assertEquals("held", bank.payment("j", "status"));
    assertNull(bank.payment("j", "code"));
    InMemoryLedger old = InMemoryLedger.with("payg", 9).job("j", "status", "running");
    old.after(JobRules.RETRY_WINDOW).event("j");
    assertNull(old.jobField("j", PodcastJobs.PAYMENT_DUE_AT), "not for ever");
  }

  @Test
  void completedJobWhoseHoldLapsed_isDebitedOrUnpaid() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 10).job("j", "status", "queued");
    bank.event("j");
    assertEquals("10/10", bank.figures());
    assertEquals("applied", bank.after(JobRules.HOLD_LIFE).event("j"));
    assertEquals("hold_expired", bank.payment("j", "code"));
    bank.job("j", "status", "completed").event("j");
    assertEquals("captured", bank.payment("j", "status"));
    assertEquals("0/0", bank.figures());
    InMemoryLedger poor = InMemoryLedger.with("payg", 10).job("j", "status", "queued");
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
    InMemoryLedger bank = InMemoryLedger.with("payg", 10).job("j", "status", "queued");
    bank.event("j");
    bank.after(JobRules.HOLD_LIFE).job("j", "status", "completed").event("j");
    assertEquals("0/0", bank.figures());
    assertEquals("captured", bank.documents.get(CreditRefs.jobHold("j")).get(CreditHolds.STATUS));
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void deletedJob_releasesItsHold() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 10).job("j", "status", "queued");
    bank.event("j");
    bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
    assertEquals("applied", bank.event("j"));
    assertEquals("10/0", bank.figures());
    assertFalse(bank.documents.containsKey(new DocRef(PodcastJobs.COLLECTION, "j")));
    assertEquals("unchanged", bank.event("j"));
  }

  @Test
  void jobHeldOverHttp_isCapturedByItsTriggerOnce() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.run(CreditCommands.hold(InMemoryLedger.USER, 30, "j", DAY, "k", "h"));
    bank.job("j", "status", "running").event("j");
    assertEquals("100/30", bank.figures());
    bank.job("j", "status", "completed").event("j");
    assertEquals("90/0", bank.figures(), "the price, and the rest comes back");
  }

  /** So that a job which is created anew under its id is known to be another one. */
  @ParameterizedTest
  @ValueSource(strings = {"completed", "failed"})
  void c24_holdMadeBeforeItsJob_notesAtItsEndWhoseItWas(String end) {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100);
    bank.run(CreditCommands.hold(InMemoryLedger.USER, 30, "j", DAY, "k", "h"));
    assertNull(bank.jobHold("j", 1).get(CreditHolds.JOB_CREATED_AT));
    Instant created = bank.now;
    bank.job("j", "status", "running").after(Duration.ofHours(1)).event("j");
    bank.job("j", "status", end).event("j");
    assertEquals(created, bank.jobHold("j", 1).get(CreditHolds.JOB_CREATED_AT));
    assertEquals(1L, bank.jobHold("j", 1).get(CreditHolds.ATTEMPT));
  }

  @Test
  void c24_lastAttemptThatIsTold_isFollowedByOneMore() {
    for (long told : new long[] {JobPayment.MAX_ATTEMPT - 1, JobPayment.MAX_ATTEMPT}) {
      InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
      bank.job("j", "payment", Map.of("status", "refused", "attempt", told)).event("j");
      boolean isBelieved = told < JobPayment.MAX_ATTEMPT;
      assertEquals(isBelieved ? told + 1 : 2, bank.payment("j", "attempt"));
      assertEquals("applied", bank.job("j", "status", "completed").event("j"));
      assertEquals("90/0", bank.figures());
    }
  }

  @Test
  void c25_largestActualCredits_areReadAndCutToTheHold() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
    bank.event("j");
    bank.job("j", "status", "completed", "credits_actual", Ledger.MAX_BALANCE).event("j");
    assertEquals("captured null", status(bank));
    assertEquals("90/0", bank.figures());
  }

  @Test
  void heldJobWhoseUserIsGone_isUnpaidAtItsEnd() {
    for (Duration wait : List.of(Duration.ZERO, JobRules.HOLD_LIFE)) {
      InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "running");
      bank.event("j");
      bank.after(wait).sweep();
      bank.documents.remove(OWNER);
      assertEquals("applied", bank.job("j", "status", "completed").event("j"), wait::toString);
      assertEquals("unpaid not_found", status(bank));
      assertEquals(1L, bank.payment("j", "attempt"));
      assertEquals(List.of("job_unpaid"), bank.alerts());
      bank.user(
          InMemoryLedger.USER, "payg", 0L); // the ledger is found again in its last transaction
      bank.event("j");
      assertEquals("captured null", status(bank), wait::toString);
      assertEquals("90/0", bank.figures());
    }
    InMemoryLedger captured = InMemoryLedger.with("payg", 100).job("j", "status", "completed");
    captured.event("j");
    captured.documents.remove(OWNER);
    assertEquals("unchanged", captured.event("j"), "it is paid");
    assertEquals("captured null", status(captured));
  }

  @Test
  void jobOfAUserThatComesLater_isHeldThen() {
    InMemoryLedger bank = new InMemoryLedger().job("j", "status", "queued");
    assertEquals("applied", bank.event("j"));
    assertEquals("unchanged", bank.event("j"));
    assertFalse(bank.documents.containsKey(OWNER), "no user is made up");
    assertEquals(
        bank.now.plus(Duration.ofHours(1)), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    bank.user(InMemoryLedger.USER, "payg", 100L).event("j");
    assertEquals("held", bank.payment("j", "status"));
    InMemoryLedger late = new InMemoryLedger().job("j", "status", "completed");
    late.event("j");
    assertEquals(List.of("job_unpaid"), late.alerts());
    late.user(InMemoryLedger.USER, "payg", 100L).event("j");
    assertEquals("captured", late.payment("j", "status"));
  }

  @Test
  void chargeThatExists_isNotMadeAgainThoughTheHoldIsGone() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
    bank.event("j");
    bank.job("j", "status", "completed").event("j");
    bank.documents.remove(CreditRefs.jobHold("j"));
    bank.event("j");
    assertEquals("90/0", bank.figures());
    assertEquals("captured", bank.payment("j", "status"));
  }

  @Test
  void oddJobDocuments_crashNothing() {
    InMemoryLedger bank = InMemoryLedger.with("pro", 100);
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
    InMemoryLedger bank = InMemoryLedger.with("payg", 9).job("j", "status", "running");
    String hold = CreditRefs.jobHold("j").id();
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
                10L,
                "attempt",
                1L)),
        answer(bank, "j"));
    bank.grant(1, null);
    assertEquals(
        Map.of(
            "job_id",
            "j",
            "payment",
            Map.of("status", "held", "hold_id", hold, "credits", 10L, "attempt", 1L)),
        answer(bank, "j"));
  }

  private static Command<CreditCommand> command(InMemoryLedger bank, String jobId) {
    return CreditCommands.job(
            bank.snapshot(new DocRef(PodcastJobs.COLLECTION, jobId)),
            bank.snapshot(CreditRefs.jobHold(jobId)),
            bank.snapshot(CreditRefs.jobHold(jobId)),
            new JobEvent(InMemoryLedger.USER, 0, null))
        .orElseThrow();
  }

  private static Map<String, Object> answer(InMemoryLedger bank, String jobId) {
    return ((Decision.Applied<CreditState>) bank.decide(command(bank, jobId))).answer();
  }

  @Test
  void jobThatWasNotReadYet_isAskedForWithItsHold() {
    Read job = new Read.Get(new DocRef(PodcastJobs.COLLECTION, "j"));
    InMemoryLedger bank = InMemoryLedger.with("payg", 10).job("j", "status", "queued");
    bank.sweep();
    assertEquals("applied", bank.run(unread(command(bank, "j"))));
    assertEquals(List.of(job, new Read.Get(CreditRefs.jobHold("j"))), bank.asked);
    assertEquals("10/10", bank.figures());
    InMemoryLedger nobodys = new InMemoryLedger().job("j", "status", "queued");
    assertEquals("applied", nobodys.run(unread(command(nobodys, "j"))));
    assertEquals(
        List.of(new Read.Get(OWNER), job, new Read.Get(CreditRefs.jobHold("j"))), nobodys.asked);
  }

  /** A refusal is for a state that was read for it: a cached one may lack what was just bought. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void refusalAndLapse_areDecidedOnAFreshState(boolean isCached) {
    List<Read> owner = isCached ? List.of(new Read.Get(OWNER)) : List.of();
    InMemoryLedger refused = InMemoryLedger.with("payg", 9).job("j", "status", "running");
    refused.sweep();
    refused.isCached = isCached;
    refused.event("j");
    assertEquals(owner, refused.asked);
    assertEquals("refused", refused.payment("j", "status"));
    InMemoryLedger lapsed = InMemoryLedger.with("payg", 10).job("j", "status", "running");
    lapsed.event("j");
    lapsed.isCached = isCached;
    lapsed.after(JobRules.HOLD_LIFE).event("j");
    assertEquals(owner, lapsed.asked);
    assertEquals("released hold_expired", status(lapsed));
    assertEquals(lapsed.now.plus(DAY), lapsed.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    InMemoryLedger charged = InMemoryLedger.with("payg", 10).job("j", "status", "completed");
    charged.sweep();
    charged.isCached = isCached;
    charged.event("j");
    Read charge = new Read.Get(CreditRefs.jobCharge("j", 1));
    assertEquals(List.of(new Read.Get(OWNER), charge), charged.asked);
    assertEquals("captured null", status(charged));
    InMemoryLedger unpaid = InMemoryLedger.with("payg", 9).job("j", "status", "completed");
    unpaid.sweep();
    unpaid.isCached = isCached;
    unpaid.event("j");
    assertEquals("unpaid insufficient_credits", status(unpaid));
    assertTrue(unpaid.asked.contains(new Read.Get(OWNER)));
  }

  private static String status(InMemoryLedger bank) {
    return bank.payment("j", "status") + " " + bank.payment("j", "code");
  }

  /** What a user has, as {@code balance/held}. */
  private static String figures(InMemoryLedger bank, String userId) {
    Ledger ledger =
        Objects.requireNonNull(bank.rules.decode(bank.snapshot(CreditRefs.user(userId))).ledger());
    return ledger.balance() + "/" + ledger.held();
  }

  private static InMemoryLedger twoUsers() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).user("u2", "payg", 100L);
    bank.sweep();
    bank.run(CreditCommands.sweep("u2"));
    return bank;
  }

  private static List<Object> messages(InMemoryLedger bank) {
    return bank.documents.entrySet().stream()
        .filter(each -> each.getKey().collection().equals("model_router_alerts"))
        .map(each -> each.getValue().get("message"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"u2", "nobody-registered", "a/b", "7", "null"})
  void c21_jobThatChangesItsUser_isPaidByWhomItWasHeldFor(String other) {
    for (String how : List.of("trigger", "hold-credits")) {
      InMemoryLedger bank = twoUsers().job("j", "status", "queued");
      if (how.equals("trigger")) {
        bank.event("j");
      } else {
        bank.run(CreditCommands.hold(InMemoryLedger.USER, 10, "j", DAY, "k", "h"));
      }
      Object named = other.equals("7") ? (Object) 7L : other.equals("null") ? null : other;
      bank.job("j", "user_id", named).event("j");
      bank.job("j", "status", "completed").event("j");
      assertEquals("captured null", status(bank));
      assertEquals("90/0", bank.figures(), how);
      assertEquals("100/0", figures(bank, "u2"));
      assertEquals("unchanged", bank.event("j"));
      assertEquals(1, messages(bank).size(), () -> messages(bank).toString());
      String message = String.valueOf(messages(bank).get(0));
      assertTrue(message.startsWith("user u1 pays"), message);
      assertTrue(message.contains(named == null ? "nobody" : String.valueOf(named)), message);
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void c21_endOfAJobWithAnotherUser_releasesWhatWasHeld() {
    for (String end : List.of("failed", "cancelled", "deleted")) {
      InMemoryLedger bank = twoUsers().job("j", "status", "queued");
      bank.event("j");
      bank.job("j", "user_id", "u2");
      if (end.equals("deleted")) {
        bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
      } else {
        bank.job("j", "status", end);
      }
      bank.event("j", new JobEvent("u2", 0, null));
      assertEquals("100/0", bank.figures(), end);
      assertEquals("100/0", figures(bank, "u2"), end);
      assertEquals(end.equals("deleted") ? 0 : 1, messages(bank).size());
    }
  }

  @Test
  void c21_userChangedBeforeTheHoldOrAfterTheEnd() {
    InMemoryLedger before = twoUsers().job("j", "status", "queued", "user_id", "u2");
    before.event("j");
    assertEquals("100/10", figures(before, "u2"));
    assertEquals(List.of(), before.alerts());
    InMemoryLedger refused =
        InMemoryLedger.with("payg", 9).user("u2", "payg", 100L).job("j", "status", "running");
    refused.event("j");
    refused.job("j", "user_id", "u2").event("j");
    assertEquals("held null", status(refused));
    assertEquals("100/10", figures(refused, "u2"));
    InMemoryLedger after = twoUsers().job("j", "status", "completed");
    after.event("j");
    after.job("j", "user_id", "u2").event("j");
    assertEquals("90/0", after.figures());
    assertEquals("100/0", figures(after, "u2"));
    assertEquals(1, after.alerts().size());
    after.job("j", "user_id", "u3").event("j");
    assertEquals(2, after.alerts().size(), "one for each other user");
    after.job("j", "user_id", "u2").event("j");
    assertEquals(2, after.alerts().size());
  }

  // Attempts.

  @ParameterizedTest
  @ValueSource(strings = {"failed", "cancelled", "deleted"})
  void c24_jobThatLivesAgain_isANewAttempt(String end) {
    InMemoryLedger bank = twoUsers();
    for (long attempt = 1; attempt <= 4; attempt++) {
      bank.job("j", "status", "queued").event("j");
      assertEquals("held null", status(bank));
      assertEquals(attempt, bank.payment("j", "attempt"));
      assertEquals(bank.jobHold("j", attempt).get("hold_id"), bank.payment("j", "hold_id"));
      assertEquals("100/10", bank.figures());
      if (end.equals("deleted")) {
        bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
      } else {
        bank.job("j", "status", end);
      }
      bank.event("j");
      assertEquals("unchanged", bank.event("j"));
      assertEquals("100/0", bank.figures());
      assertEquals("released", bank.jobHold("j", attempt).get("status"));
      assertEquals(end, bank.jobHold("j", attempt).get("code"));
    }
    bank.job("j", "status", "running").event("j");
    bank.job("j", "status", "completed", "credits_actual", 7L).event("j");
    assertEquals("captured null", status(bank));
    assertEquals(5L, bank.payment("j", "attempt"));
    assertEquals(5L, bank.jobHold("j", 1).get("attempts"));
    assertEquals("93/0", bank.figures());
    for (String late : List.of("failed", "running", "queued", "completed")) {
      bank.job("j", "status", late).event("j");
      assertEquals("93/0", bank.figures(), "what is paid stays paid");
    }
    assertEquals(List.of(), bank.alerts());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void c24_nextAttemptIsTheUsersWhomTheJobNamesThen() {
    InMemoryLedger bank = twoUsers().job("j", "status", "queued");
    bank.event("j");
    bank.job("j", "status", "failed").event("j");
    bank.job("j", "status", "queued", "user_id", "u2").event("j");
    assertEquals("100/0", bank.figures());
    assertEquals("100/10", figures(bank, "u2"));
    assertEquals(List.of(), bank.alerts());
    bank.job("j", "user_id", InMemoryLedger.USER, "status", "completed").event("j");
    assertEquals("100/0", bank.figures());
    assertEquals("90/0", figures(bank, "u2"));
    assertEquals(1, bank.alerts().size());
  }

  @Test
  void c24_whatIsLateOfAnAttempt_chargesNothing() {
    for (String end : List.of("failed", "cancelled")) {
      InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
      bank.event("j");
      bank.job("j", "status", end).event("j");
      bank.job("j", "status", "completed").event("j");
      assertEquals("100/0", bank.figures(), end);
      assertEquals("released null", status(bank));
    }
    InMemoryLedger lapsed = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
    lapsed.event("j");
    lapsed.after(JobRules.HOLD_LIFE).event("j");
    lapsed.job("j", "status", "failed").event("j");
    lapsed.job("j", "status", "completed").event("j");
    assertEquals("100/0", lapsed.figures(), "though its hold lapsed before it failed");
    lapsed.job("j", "status", "queued").event("j");
    assertEquals("100/10", lapsed.figures());
  }

  /** All events of the second life come when the job is completed already. */
  @Test
  void c24_lifeSeenInEventsAlone_isPaidOnce() {
    Map<String, Object> failed = Map.of("status", "failed");
    Map<String, Object> held1 = Map.of("status", "held", "attempt", 1L);
    Map<String, Object> released1 = Map.of("status", "released", "attempt", 1L);
    for (List<Map<String, Object>> versions :
        List.of(
            List.of(failed, Map.<String, Object>of("status", "queued")),
            List.<Map<String, Object>>of(
                Map.of("status", "failed", "payment", held1),
                Map.of("status", "running", "payment", held1)),
            List.<Map<String, Object>>of(
                Map.of("status", "running", "payment", released1),
                Map.of("status", "completed", "payment", released1)))) {
      InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
      bank.event("j");
      bank.job("j", "status", "failed").event("j");
      bank.job("j", "status", "completed");
      assertEquals("unchanged", bank.event("j", failed, Map.of("status", "completed")));
      assertEquals("applied", bank.event("j", versions.get(0), versions.get(1)));
      assertEquals("captured null", status(bank));
      assertEquals(2L, bank.payment("j", "attempt"));
      assertEquals(2L, bank.jobHold("j", 1).get(CreditHolds.ATTEMPTS));
      assertEquals("unchanged", bank.event("j", versions.get(0), versions.get(1)));
      assertEquals("90/0", bank.figures());
    }
  }

  @Test
  void c24_oldEventsOfAnEarlierAttempt_proveNothingOfTheLatest() {
    Map<String, Object> failed = Map.of("status", "failed");
    Map<String, Object> queued = Map.of("status", "queued");
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
    bank.event("j");
    bank.job("j", "status", "failed").event("j");
    bank.job("j", "status", "queued").event("j", failed, queued);
    bank.job("j", "status", "failed").event("j");
    assertEquals(2L, bank.payment("j", "attempt"));
    bank.job("j", "status", "completed");
    assertEquals("unchanged", bank.event("j", failed, queued), "doubled");
    assertEquals("unchanged", bank.event("j", Map.of(), queued), "of its first creation");
    assertEquals("100/0", bank.figures());
  }

  @Test
  void c24_jobCreatedAnewBeforeItsDeletionIsHeardOf_startsANewAttempt() {
    InMemoryLedger bank = twoUsers().job("j", "status", "queued");
    bank.event("j");
    Map<String, Object> first = bank.copyOf("j");
    assertEquals("unchanged", bank.event("j", Map.of(), first), "told again");
    for (String userId : List.of(InMemoryLedger.USER, "u2")) {
      bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
      bank.after(DAY).job("j", "status", "queued", "duration_min", 5.0, "user_id", userId);
      Map<String, Object> anew = bank.copyOf("j");
      assertEquals("applied", bank.event("j", Map.of(), anew));
      assertEquals("held null", status(bank));
      assertEquals("deleted", bank.jobHold("j", 1).get(CreditHolds.CODE));
      assertEquals(5L, bank.payment("j", "credits"));
      assertEquals("unchanged", bank.event("j", Map.of(), anew));
      assertEquals("unchanged", bank.event("j", Map.of(), first), "told again, late");
      assertEquals("unchanged", bank.event("j", first, Map.of()), "the deletion, late");
    }
    assertEquals("100/0", bank.figures());
    assertEquals("100/5", figures(bank, "u2"));
    assertEquals(3L, bank.payment("j", "attempt"));
    bank.job("j", "status", "completed").event("j");
    bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
    bank.event("j");
    bank.after(DAY).job("j", "status", "completed", "user_id", InMemoryLedger.USER);
    bank.event("j");
    assertEquals("100/0", bank.figures(), "a paid job that is only written again");
    assertEquals(
        "applied",
        bank.event("j", Map.of(), Map.of("status", "queued", "created_at", bank.now)),
        "one that was created anew");
    assertEquals("90/0", bank.figures());
    assertEquals("95/0", figures(bank, "u2"));
    assertEquals(List.of(), bank.audit());
  }

  @ParameterizedTest
  @ValueSource(strings = {"queued", "failed", "cancelled"})
  void c24_jobDeletedAndCreatedAnewAsCompleted_isPaid(String before) {
    InMemoryLedger bank = twoUsers().job("j", "status", "queued");
    bank.event("j");
    bank.job("j", "status", before).event("j");
    bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
    bank.event("j");
    assertEquals("100/0", bank.figures());
    bank.job("j", "status", "completed", "duration_min", 5.0);
    assertEquals("applied", bank.event("j"));
    assertEquals("captured null", status(bank));
    assertEquals(2L, bank.payment("j", "attempt"));
    assertEquals("95/0", bank.figures());
    assertEquals("unchanged", bank.event("j"));
    assertEquals("95/0", bank.figures());
  }

  @Test
  void c24_refusedJobQueuedAgain_isTheNextAttempt() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 9).job("j", "status", "queued");
    for (long attempt = 1; attempt <= 3; attempt++) {
      bank.job("j", "status", "queued").event("j");
      assertEquals("refused insufficient_credits", status(bank));
      assertEquals(attempt, bank.payment("j", "attempt"));
      assertEquals("failed", bank.jobField("j", "status"));
      assertEquals("unchanged", bank.event("j"));
    }
    bank.grant(11, null);
    bank.job("j", "status", "queued").event("j");
    assertEquals("held null", status(bank));
    assertEquals(4L, bank.payment("j", "attempt"));
    assertEquals(4L, bank.jobHold("j", 1).get("attempts"));
    assertEquals("released", bank.jobHold("j", 1).get("status"));
    bank.job("j", "status", "completed").event("j");
    assertEquals("10/0", bank.figures());
    assertEquals(List.of(), bank.audit());
  }

  @Test
  void c24_attemptOfAnotherProgram_isNotBelieved() {
    for (Object odd : List.of(Long.MAX_VALUE, -1L, 0L, "2", 2.5)) {
      InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
      bank.job("j", "payment", Map.of("status", "refused", "attempt", odd)).event("j");
      assertEquals("held null", status(bank));
      assertEquals(2L, bank.payment("j", "attempt"), odd::toString);
      change(bank, CreditRefs.jobHold("j"), CreditHolds.ATTEMPTS, odd);
      bank.job("j", "status", "completed").event("j");
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void c24_lostEventsOfANewLife_areSeenBySweeps() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
    DocRef job = new DocRef(PodcastJobs.COLLECTION, "j");
    assertTrue(CreditCommands.isOverlooked(bank.snapshot(job)));
    bank.event("j");
    assertFalse(CreditCommands.isOverlooked(bank.snapshot(job)));
    bank.job("j", "status", "failed").event("j");
    assertFalse(CreditCommands.isOverlooked(bank.snapshot(job)));
    bank.job("j", "status", "running");
    assertTrue(CreditCommands.isOverlooked(bank.snapshot(job)));
    bank.event("j", JobEvent.NONE);
    assertFalse(CreditCommands.isOverlooked(bank.snapshot(job)));
    assertEquals("100/10", bank.figures());
  }

  /** The lost event of an end left the price held for a week, until the hold was due. */
  @Test
  void lostEventOfAnEnd_isSeenBySweeps() {
    DocRef job = new DocRef(PodcastJobs.COLLECTION, "j");
    for (String end : List.of("completed", "failed", "cancelled")) {
      InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
      bank.event("j");
      bank.job("j", "status", "running");
      assertFalse(CreditCommands.isOverlooked(bank.snapshot(job)), end);
      bank.job("j", "status", end);
      assertTrue(CreditCommands.isOverlooked(bank.snapshot(job)), end);
      bank.event("j", JobEvent.NONE);
      assertFalse(CreditCommands.isOverlooked(bank.snapshot(job)), end);
      assertEquals(end.equals("completed") ? "90/0" : "100/0", bank.figures(), end);
    }
  }

  @Test
  void holdReleasedByHand_staysReleasedWhileTheJobGoesOn() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
    bank.event("j");
    String id = CreditRefs.jobHold("j").id();
    bank.run(CreditCommands.settle(InMemoryLedger.USER, id, false, null, "k", "h"));
    bank.job("j", "status", "running").event("j");
    assertEquals("released hold_already_released", status(bank));
    assertEquals("unchanged", bank.event("j"));
    assertEquals("100/0", bank.figures());
    bank.job("j", "status", "failed").event("j");
    assertEquals("released null", status(bank));
    bank.job("j", "status", "queued").event("j");
    assertEquals("held null", status(bank));
    assertEquals("100/10", bank.figures());
  }

  // Fields that cannot be read.

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void c25_actualCreditsThatCannotBeRead_areWaitedFor(boolean held) {
    for (Object odd :
        List.of(
            7.5,
            "7",
            -1L,
            -0.5,
            Ledger.MAX_BALANCE + 1,
            Long.MAX_VALUE,
            1e300,
            Double.NaN,
            true,
            List.of(7L),
            Map.of())) {
      InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
      bank.sweep();
      if (held) {
        bank.event("j");
      }
      bank.job("j", "status", "completed", "credits_actual", odd).event("j");
      assertEquals("refused invalid_job", status(bank));
      assertEquals("credits_actual", bank.payment("j", "field"));
      assertEquals("completed", bank.jobField("j", "status"));
      assertEquals("unchanged", bank.event("j"));
      assertEquals(held ? "100/10" : "100/0", bank.figures());
      assertEquals(List.of("job_unpaid"), bank.alerts());
      String message = String.valueOf(messages(bank).get(0));
      assertTrue(message.contains("credits_actual is " + LenientFields.shown(odd)), message);
      if (held) {
        bank.after(JobRules.HOLD_LIFE).event("j");
        assertEquals("100/0", bank.figures(), "it lapses");
        assertNull(bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
      }
      bank.job("j", "credits_actual", 7L).event("j");
      assertEquals("captured null", status(bank));
      assertNull(bank.payment("j", "field"));
      assertEquals("93/0", bank.figures(), "once it can be read it is charged");
      bank.job("j", "credits_actual", odd).event("j");
      assertEquals("captured null", status(bank), "and stays so");
      assertEquals(List.of(), bank.audit());
    }
    InMemoryLedger none =
        InMemoryLedger.with("payg", 100).job("j", "status", "completed", "credits_actual", null);
    none.event("j");
    assertEquals("90/0", none.figures(), "null is not given");
  }

  @Test
  void c25_otherFieldsThatCannotBeRead_areNamed() {
    for (String field : List.of("duration_min", "quality", "priority", "topic", "audience")) {
      InMemoryLedger bank =
          InMemoryLedger.with("payg", 100).job("j", "status", "running", field, true);
      bank.event("j");
      assertEquals("refused invalid_job", status(bank));
      assertEquals(field, bank.payment("j", "field"));
      bank.job("j", "status", "completed").event("j");
      assertEquals("unpaid invalid_job", status(bank));
      assertEquals(field, bank.payment("j", "field"));
      assertTrue(String.valueOf(messages(bank).get(0)).contains(field + " is true"));
      bank.documents.get(new DocRef(PodcastJobs.COLLECTION, "j")).remove(field);
      bank.job("j").event("j");
      assertEquals("captured null", status(bank), "once it can be read it is charged");
      InMemoryLedger held = InMemoryLedger.with("payg", 100).job("j", "status", "running");
      held.event("j");
      held.job("j", "status", "completed", field, true).event("j");
      assertEquals("captured null", status(held), "at the price that was held");
      assertEquals("90/0", held.figures());
    }
  }

  @Test
  void jobOfAUserWithTooManyHolds_isTriedAgainAndNotFailed() {
    InMemoryLedger bank = CreditRulesTableTest.many(Holds.MAX).job("j", "status", "queued");
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
  void completedJobThatCannotBePriced_isUnpaidUntilItCan() {
    InMemoryLedger bank =
        InMemoryLedger.with("payg", 100).job("j", "status", "completed", "duration_min", 0.4);
    bank.event("j");
    assertEquals("unpaid invalid_job", status(bank));
    assertEquals(List.of("job_unpaid"), bank.alerts());
    assertEquals("unchanged", bank.event("j"));
    bank.job("j", "duration_min", 10.0);
    assertEquals("applied", bank.event("j"));
    assertEquals("90/0", bank.figures());
  }

  @Test
  void chargeWithoutAHold_namesItsTransactionOnTheHoldThatItLeaves() {
    InMemoryLedger bank =
        InMemoryLedger.with("payg", 10).job("j", "status", "completed", "duration_min", 0.5);
    bank.event("j");
    Map<String, Object> hold = bank.documents.get(CreditRefs.jobHold("j"));
    assertEquals("9/0", bank.figures(), "the least that a job costs");
    assertEquals(bank.lastTransactionId(), hold.get(CreditHolds.TRANSACTION_ID));
    assertEquals(
        Map.ofEntries(
            Map.entry(CreditHolds.HOLD_ID, CreditRefs.jobHold("j").id()),
            Map.entry(CreditHolds.USER_ID, InMemoryLedger.USER),
            Map.entry(CreditHolds.AMOUNT, 1L),
            Map.entry(CreditHolds.STATUS, "captured"),
            Map.entry(CreditHolds.JOB_ID, "j"),
            Map.entry(CreditHolds.CAPTURED, 1L),
            Map.entry(CreditHolds.TRANSACTION_ID, bank.lastTransactionId()),
            Map.entry(CreditHolds.EXPIRES_AT, bank.now),
            Map.entry(CreditHolds.CREATED_AT, bank.now),
            Map.entry(CreditHolds.CLOSED_AT, bank.now),
            Map.entry(CreditHolds.ATTEMPT, 1L),
            Map.entry(CreditHolds.JOB_CREATED_AT, bank.now)),
        hold);
    assertEquals("j", bank.lastTransaction().get(CreditTransactions.JOB_ID));
    assertEquals(
        CreditRefs.jobHold("j").id(), bank.lastTransaction().get(CreditTransactions.HOLD_ID));
  }

  @Test
  void jobThatUsedNothing_isCapturedWithoutATransaction() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 10);
    bank.job("j", "status", "completed", "credits_actual", 0L).event("j");
    assertEquals(List.of("admin_adjustment 10"), bank.entries());
    assertEquals("captured null", status(bank));
    assertEquals(0L, bank.payment("j", "credits"));
    assertNull(bank.documents.get(CreditRefs.jobHold("j")).get(CreditHolds.TRANSACTION_ID));
  }

  @Test
  void chargeThatWasFound_isToldWithItsCredits() {
    InMemoryLedger bank =
        InMemoryLedger.with("payg", 100).job("j", "status", "completed", "credits_actual", 7L);
    bank.event("j");
    bank.documents.remove(CreditRefs.jobHold("j"));
    bank.documents.get(new DocRef(PodcastJobs.COLLECTION, "j")).remove(PodcastJobs.PAYMENT);
    bank.event("j");
    assertEquals(7L, bank.payment("j", "credits"));
    assertEquals("93/0", bank.figures());
  }

  @Test
  void paidJobThatIsSaidToHaveFailed_staysPaid() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "completed");
    bank.event("j");
    for (String status : List.of("failed", "cancelled", "running")) {
      assertEquals("unchanged", bank.job("j", "status", status).event("j"));
      assertEquals("captured", bank.payment("j", "status"));
      assertEquals(10L, bank.payment("j", "credits"));
    }
    assertEquals("90/0", bank.figures());
  }

  @Test
  void releasedJobThatIsSaidToBeDone_staysReleased() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
    bank.event("j");
    assertEquals("applied", bank.job("j", "status", "failed").event("j"));
    for (String status : List.of("completed", "failed", "cancelled")) {
      assertEquals("unchanged", bank.job("j", "status", status).event("j"));
      assertEquals("released null", status(bank));
    }
    assertEquals("100/0", bank.figures());
  }

  @Test
  void refusedJobThatFails_staysRefusedAndIsNotLookedAtAgain() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 9).job("j", "status", "running");
    bank.event("j");
    assertEquals(bank.now.plus(DAY), bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    assertEquals("applied", bank.job("j", "status", "failed").event("j"));
    assertNull(bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    assertEquals("refused insufficient_credits", status(bank));
    assertEquals("unchanged", bank.event("j"));
    assertFalse(bank.documents.containsKey(CreditRefs.jobHold("j")));
    bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, "j"));
    assertEquals("applied", bank.event("j"), "that it was refused is gone with it");
    assertEquals("9/0", bank.figures());
  }

  @ParameterizedTest
  @ValueSource(strings = {"failed", "cancelled", "paused"})
  void jobOfNobodyThatOwesNothing_isLeftAlone(String status) {
    InMemoryLedger bank = new InMemoryLedger().job("j", "status", status);
    assertEquals("unchanged", bank.event("j"));
    assertNull(bank.jobField("j", PodcastJobs.PAYMENT));
    assertEquals(List.of(), bank.alerts());
  }

  @Test
  void jobOfNobody_isRefusedWithItsPriceOrUnpaidWithOneAlert() {
    InMemoryLedger bank = new InMemoryLedger().job("j", "status", "running");
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
  void jobGivenToAnotherUserBeforeItWasHeld_isNotTheFirstOnesToPay() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 100).job("j", "status", "queued");
    Command<CreditCommand> early = command(bank, "j");
    bank.job("j", "user_id", "u2");
    assertEquals("job_hold_conflict", bank.run(early), "decided on the job as it is read now");
    assertNull(bank.jobField("j", PodcastJobs.PAYMENT));
  }

  @Test
  void retry_isKeptAsNotedAndEndsThirtyDaysAfterTheJobsCreation() {
    InMemoryLedger bank = InMemoryLedger.with("payg", 9).job("j", "status", "running");
    Instant created = bank.now;
    bank.after(JobRules.RETRY_WINDOW.minusNanos(1_000)).event("j");
    Instant due = bank.now.plus(DAY);
    assertEquals(due, bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
    assertEquals("applied", bank.after(Duration.ofNanos(1_000)).event("j"));
    assertEquals(created.plus(JobRules.RETRY_WINDOW), bank.now);
    assertNull(bank.jobField("j", PodcastJobs.PAYMENT_DUE_AT), "too old");
    InMemoryLedger timeless =
        InMemoryLedger.with("payg", 9).job("j", "status", "running", "created_at", "once");
    timeless.event("j");
    assertNull(timeless.jobField("j", PodcastJobs.PAYMENT_DUE_AT));
  }

  /** A20: exact for every duration of a tenth of a minute. */
  @Test
  void priceOfAJob_isExact() {
    for (int tenths = 5; tenths <= 1_800; tenths++) {
      InMemoryLedger bank = new InMemoryLedger();
      bank.job("j", "duration_min", tenths / 10.0, "quality", "hd", "priority", "express");
      long price =
          JobOrder.of(
                  bank.snapshot(new DocRef(PodcastJobs.COLLECTION, "j")), DefaultPlans.PLANS.jobs())
              .orElseThrow()
              .price();
      assertEquals((3L * tenths + 9) / 10, price, "tenths " + tenths);
    }
  }
}
