package dev.meterkite.functions.credits;

import static dev.meterkite.functions.credits.Desk.HOSTED;
import static dev.meterkite.functions.credits.Desk.balance;
import static dev.meterkite.functions.credits.Desk.key;
import static dev.meterkite.functions.credits.Desk.user;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What {@code on-job-written} makes of jobs, whatever order their events come in. */
class JobPaymentTest {
  /** One job and its trigger. */
  private static final class Job {
    private final OnJobWritten trigger = Desk.with(OnJobWritten::new);
    private final DocRef ref = new DocRef("podcast_jobs", "job-" + key());
    private final List<FakeEvent> events = new ArrayList<>();

    /** Sets the whole document, as the pipeline does, and keeps the event. */
    Job set(String user, String status, Object... more) {
      Map<String, Object> fields = new HashMap<>();
      fields.put("user_id", user);
      fields.put("status", status);
      fields.put("topic", "kites");
      fields.put("duration_min", 10L);
      fields.put("created_at", Instant.now());
      return write(with(fields, more));
    }

    /** Changes fields of the document and keeps the event. */
    Job change(Object... more) {
      return write(with(fields(), more));
    }

    private static Map<String, Object> with(Map<String, Object> fields, Object... more) {
      for (int i = 0; i < more.length; i += 2) {
        fields.put((String) more[i], more[i + 1]);
      }
      return fields;
    }

    private Job write(Map<String, Object> fields) {
      Map<String, Object> before = fields();
      HOSTED.set("podcast_jobs", ref.id(), fields);
      events.add(FakeEvent.of(ref, before, fields));
      return this;
    }

    Job delete() {
      events.add(FakeEvent.of(ref, fields(), Map.of()));
      HOSTED.delete("podcast_jobs", ref.id());
      return this;
    }

    /** Delivers all events kept, in this order. */
    Job deliver() {
      events.forEach(trigger::accept);
      events.clear();
      return this;
    }

    Map<String, Object> fields() {
      return new HashMap<>(HOSTED.read("podcast_jobs", ref.id()).fields());
    }

    String payment() {
      Map<?, ?> payment = (Map<?, ?>) fields().getOrDefault("payment", Map.of());
      return payment.get("status")
          + " "
          + payment.get("credits")
          + (payment.containsKey("code") ? " " + payment.get("code") : "");
    }

    String hold() {
      Map<String, Object> hold =
          HOSTED.read("credit_holds", CreditRefs.jobHold(ref.id()).id()).fields();
      return hold.get("status") + " " + hold.get("captured");
    }
  }

  private static long held(String user) {
    return Desk.held(user);
  }

  private static String figures(String user) {
    return balance(user) + " " + held(user) + " " + Desk.userFields(user).get("credits_available");
  }

  private static List<Object> messages(String user) {
    Query ofUser = Query.of("model_router_alerts", 10).where("user_id", Query.Op.EQUAL, user);
    return HOSTED.store().find(ofUser).join().stream()
        .map(alert -> alert.fields().get("message"))
        .toList();
  }

  @Test
  void queuedJob_isHeldThenCaptured() {
    // A7: each event is delivered three times.
    String user = user(100);
    Job job = new Job().set(user, "queued", "quality", "hd", "priority", "express");
    job.events.addAll(List.copyOf(job.events));
    job.deliver();
    assertEquals("held 30", job.payment());
    assertEquals("100 30", balance(user) + " " + held(user));
    job.change("status", "running").deliver();
    assertEquals("held 30", job.payment());
    job.change("status", "completed", "credits_actual", 24L);
    job.events.addAll(List.copyOf(job.events));
    job.deliver();
    assertEquals("captured 24", job.payment());
    assertEquals("captured 24", job.hold());
    assertEquals("76 0", balance(user) + " " + held(user));
    assertNull(job.fields().get("payment_due_at"));
  }

  @Test
  void creditsActual_isCappedAtTheHold() {
    String user = user(100);
    Job job = new Job().set(user, "queued").deliver();
    job.change("status", "completed", "credits_actual", 99L).deliver();
    assertEquals("captured 10", job.payment());
    assertEquals(90, balance(user));
  }

  @Test
  void failedCancelledOrDeletedJob_isReleased() {
    for (String end : List.of("failed", "cancelled", "deleted")) {
      String user = user(100);
      Job job = new Job().set(user, "queued").deliver();
      if (end.equals("deleted")) {
        job.delete().deliver();
      } else {
        job.change("status", end).deliver();
        assertEquals("released 0", job.payment());
      }
      assertEquals("released 0", job.hold(), end);
      assertEquals("100 0", balance(user) + " " + held(user), end);
      // A late completion charges nothing any more; one written anew after a deletion is another
      // job.
      job.set(user, "completed").deliver();
      assertEquals(end.equals("deleted") ? 90 : 100, balance(user), end);
    }
  }

  /** What the rules let an owner write, whichever event comes first. */
  @Test
  void jobThatItsOwnerCancels_isReleasedAndNeverCharged() {
    for (boolean inOrder : List.of(true, false)) {
      String user = user(100);
      Job job = new Job().set(user, "queued");
      if (inOrder) {
        job.deliver();
        assertEquals("100 10 90", figures(user));
      }
      job.change("status", "cancelled", "updated_at", HOSTED.now());
      Collections.reverse(job.events);
      job.deliver();
      assertEquals("released 0", job.payment());
      assertEquals("released 0", job.hold());
      assertEquals("100 0 100", figures(user));
      job.change("status", "completed").deliver();
      assertEquals("100 0 100", figures(user), "the pipeline had not seen it");
    }
  }

  @Test
  void jobThatFailedBeforeItWasHeld_isNeverCharged() {
    String user = user(100);
    Job job = new Job().set(user, "queued").change("status", "failed");
    Collections.reverse(job.events);
    job.deliver();
    assertEquals("released 0", job.payment());
    assertEquals("released 0", job.hold());
    assertEquals(100, balance(user));
  }

  @Test
  void jobFirstSeenCompleted_isChargedInOneCommit() {
    String user = user(100);
    Job job = new Job().set(user, "completed").deliver();
    assertEquals("captured 10", job.payment());
    assertEquals("captured 10", job.hold());
    assertEquals(90, balance(user));
    String poor = user(9);
    job = new Job().set(poor, "completed").deliver();
    assertEquals("unpaid 10 insufficient_credits", job.payment());
    assertEquals("completed", job.fields().get("status"));
    assertEquals(9, balance(poor));
  }

  @Test
  void jobThatCannotBePaid_isRefusedAndFailsFromQueuedOnly() {
    // A14, A16
    String poor = user(9);
    Job job = new Job().set(poor, "queued").deliver();
    assertEquals("refused 10 insufficient_credits", job.payment());
    assertEquals("failed", job.fields().get("status"));
    assertEquals("9 0", balance(poor) + " " + held(poor));
    job = new Job().set(poor, "running").deliver();
    assertEquals("refused 10 insufficient_credits", job.payment());
    assertEquals("running", job.fields().get("status"));
    String rich = user(1_000);
    job = new Job().set(rich, "queued", "duration_min", 10.1).deliver();
    assertEquals("refused 11 duration_exceeds_tier", job.payment());
    assertEquals("failed", job.fields().get("status"));
    job = new Job().set(rich, "queued", "duration_min", 181L).deliver();
    assertEquals("refused 0 invalid_job", job.payment());
    job = new Job().set(rich, "queued", "quality", 7L).deliver();
    assertEquals("refused 0 invalid_job", job.payment());
    assertEquals(1_000, balance(rich));
  }

  @Test
  void setThatWipesThePayment_getsItBackAndChargesNothing() {
    String user = user(100);
    Job job = new Job().set(user, "queued").deliver();
    job.set(user, "running").deliver();
    assertEquals("held 10", job.payment());
    assertEquals("100 10", balance(user) + " " + held(user));
    job.set(user, "completed").deliver();
    assertEquals("captured 10", job.payment());
    job.set(user, "completed").deliver();
    assertEquals("captured 10", job.payment());
    assertEquals(90, balance(user));
  }

  @Test
  void hostileJob_isLeftAlone() {
    // A39
    String user = user(100);
    Job job = new Job().set(user, "exploded").deliver();
    assertFalse(job.fields().containsKey("payment"));
    job = new Job().set(user, "queued", "user_id", 17L).deliver();
    assertFalse(job.fields().containsKey("payment"));
    job = new Job().set(user, "queued", "user_id", "a/b").deliver();
    assertFalse(job.fields().containsKey("payment"));
    job = new Job().set(user, "queued", "status", List.of("queued")).deliver();
    assertFalse(job.fields().containsKey("payment"));
    assertEquals(100, balance(user));
  }

  @Test
  void jobOfAUserWhoComesLater_isPaidThen() {
    String user = "late-" + key();
    Job job = new Job().set(user, "running").deliver();
    assertEquals("refused 10 not_found", job.payment());
    Instant due = (Instant) job.fields().get("payment_due_at");
    assertFalse(due.isBefore(Instant.now()));
    HOSTED.set("users", user, Map.of("user_id", user, "tier", "payg", "credits_balance", 50L));
    job.change("status", "completed").deliver();
    assertEquals("captured 10", job.payment());
    assertEquals(40, balance(user));
  }

  @Test
  void completedJobWhoseHoldLapsed_isCharged() {
    String user = user(100);
    Job job = new Job().set(user, "queued").deliver();
    HOSTED.advance(Duration.ofDays(7));
    job.change("status", "completed").deliver();
    assertEquals("captured 10", job.payment());
    assertEquals("captured 10", job.hold());
    assertEquals("90 0", balance(user) + " " + held(user));
  }

  @Test
  void anyOrderOfDeliveries_endsTheSame() {
    // A7, A12, A27
    for (long seed = 0; seed < 12; seed++) {
      Random random = new Random(seed);
      String user = user(100);
      Job job = new Job().set(user, "queued");
      if (random.nextBoolean()) {
        job.deliver().set(user, "queued");
      }
      job.change("status", "clarifying").change("status", "running");
      job.change("status", "completed", "credits_actual", 7L);
      job.events.addAll(List.copyOf(job.events));
      Collections.shuffle(job.events, random);
      job.deliver();
      assertEquals("captured 7", job.payment(), "seed " + seed);
      assertEquals("93 0", balance(user) + " " + held(user), "seed " + seed);
    }
  }

  @Test
  void c21_jobThatChangesItsUser_isPaidByWhomItWasHeldFor() {
    for (String other : List.of(user(100), "unknown-" + key())) {
      String user = user(100);
      Job job = new Job().set(user, "queued").deliver();
      job.change("user_id", other).change("status", "completed").deliver();
      assertEquals("captured 10", job.payment());
      assertEquals("90 0 90", figures(user));
      assertEquals(1, messages(user).size());
      String message = String.valueOf(messages(user).get(0));
      assertTrue(message.contains(user) && message.contains(other), message);
      assertEquals(List.of(), messages(other));
      job.delete().deliver();
      assertEquals("90 0 90", figures(user));
    }
  }

  @Test
  void c24_eachAttempt_isHeldAndPaid() {
    for (String end : List.of("failed", "cancelled", "deleted")) {
      String user = user(100);
      Job job = new Job().set(user, "queued");
      List<FakeEvent> first = new ArrayList<>(job.events);
      job.deliver();
      if (end.equals("deleted")) {
        job.delete();
      } else {
        job.change("status", end);
      }
      first.addAll(job.events);
      job.deliver();
      assertEquals("100 0 100", figures(user));
      if (end.equals("deleted")) {
        job.set(user, "queued").deliver();
      } else {
        job.change("status", "queued").deliver();
      }
      assertEquals("held 10", job.payment());
      assertEquals(2L, ((Map<?, ?>) job.fields().get("payment")).get("attempt"));
      assertEquals("100 10 90", figures(user));
      job.events.addAll(first);
      job.deliver();
      assertEquals("100 10 90", figures(user), "what is late of the first attempt");
      job.change("status", "running").change("status", "completed").deliver();
      assertEquals("captured 10", job.payment());
      job.events.addAll(first);
      job.deliver();
      assertEquals("90 0 90", figures(user), end);
      Map<String, Object> second =
          HOSTED.read("credit_holds", CreditRefs.jobHold(job.ref.id(), 2).id()).fields();
      assertEquals("captured 2", second.get("status") + " " + second.get("attempt"));
    }
  }

  /** All events of the second attempt come after its end, in any order and twice. */
  @Test
  void c24_attemptWhoseEventsComeLate_isPaidOnce() {
    for (long seed = 0; seed < 8; seed++) {
      String user = user(100);
      Job job = new Job().set(user, "queued").deliver();
      job.change("status", "failed").deliver();
      job.change("status", "queued").change("status", "running").change("status", "completed");
      job.events.addAll(List.copyOf(job.events));
      Collections.shuffle(job.events, new Random(seed));
      job.deliver();
      assertEquals("captured 10", job.payment(), "seed " + seed);
      assertEquals("90 0 90", figures(user), "seed " + seed);
    }
  }

  @Test
  void c25_actualCreditsThatCannotBeRead_areWaitedFor() {
    for (Object odd : List.of(7.5, "7", -1L, Long.MAX_VALUE, true)) {
      String user = user(100);
      Job job = new Job().set(user, "queued").deliver();
      job.change("status", "completed", "credits_actual", odd).deliver();
      assertEquals("refused 0 invalid_job", job.payment());
      assertEquals("credits_actual", ((Map<?, ?>) job.fields().get("payment")).get("field"));
      assertEquals("100 10 90", figures(user), "the hold stays");
      assertTrue(String.valueOf(messages(user).get(0)).contains("credits_actual is"));
      job.change("credits_actual", 7L).deliver();
      assertEquals("captured 7", job.payment());
      assertEquals("93 0 93", figures(user));
    }
  }

  @Test
  void c20_jobOfAUserWhoseBalanceCannotBeRead_isPaidOnceItCan() {
    String user = "odd-" + key();
    HOSTED.set("users", user, Map.of("user_id", user, "tier", "payg", "credits_balance", "many"));
    Job job = new Job().set(user, "queued").deliver();
    assertEquals("refused 10 balance_unreadable", job.payment());
    assertEquals("queued", job.fields().get("status"));
    assertEquals("many", Desk.userFields(user).get("credits_balance"));
    HOSTED.set("users", user, Map.of("user_id", user, "tier", "payg", "credits_balance", 50L));
    job.change("status", "running").deliver();
    assertEquals("held 10", job.payment());
    assertEquals("50 10 40", figures(user));
  }
}
