package dev.meterkite.local;

import com.google.gson.JsonObject;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.Users;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One user of an older system through a month: taken over with its balance, holds captured in part
 * and released, a refund, credits that expire, a job that is paid and one that is too long, the
 * grant of the next month, a statement, and the audit of all ledgers.
 */
final class DemoCredits implements DemoSection {
  private static final String USER = "demo-ada";
  private static final long FROM_OLDER_SYSTEM = 120;

  private int calls;
  private long expected;
  private long mismatches = -1;
  private Instant began = Instant.EPOCH;

  @Override
  public String name() {
    return "A month of one user of an older system; the balance after each step";
  }

  @Override
  public void play(DemoStage stage) throws IOException, InterruptedException {
    // The hours that this takes must not lead into the next month before its time.
    Instant inSixHours = stage.host().clock().instant().plus(Duration.ofHours(6));
    if (!inSixHours.isBefore(nextMonth(stage.host().clock().instant()))) {
      stage.host().clock().set(inSixHours);
    }
    began = stage.host().clock().instant().truncatedTo(ChronoUnit.MICROS);
    adopt(stage);
    holds(stage);
    refund(stage);
    expiry(stage);
    jobs(stage);
    nextMonth(stage);
    statement(stage);
  }

  private void adopt(DemoStage stage) throws IOException, InterruptedException {
    Map<DocRef, Map<String, Object>> older = new LinkedHashMap<>();
    older.put(
        new DocRef(CreditTransactions.COLLECTION, "demo-ada-of-older-system"),
        Map.of(
            CreditTransactions.USER_ID,
            USER,
            CreditTransactions.AMOUNT,
            FROM_OLDER_SYSTEM,
            CreditTransactions.TYPE,
            "purchase",
            CreditTransactions.CREATED_AT,
            began.minus(Duration.ofDays(30))));
    older.put(
        new DocRef(Users.COLLECTION, USER),
        Map.of(Users.USER_ID, USER, Users.TIER, "pro", Users.CREDITS_BALANCE, FROM_OLDER_SYSTEM));
    stage.create(older);
    stage.awaitEvents();
    expected = FROM_OLDER_SYSTEM;
    show(stage, "taken over, its old transaction left alone");
  }

  private void holds(DemoStage stage) throws IOException, InterruptedException {
    String first = id(ofUser(stage, 200, "hold-credits", 50), "hold", "hold_id");
    String second = id(ofUser(stage, 200, "hold-credits", 40), "hold", "hold_id");
    ofUser(stage, 402, "hold-credits", 31);
    show(stage, "50 and 40 held, another 31 refused");
    call(stage, 200, "settle-hold", Map.of("hold_id", first, "action", "capture", "amount", 30));
    call(stage, 200, "settle-hold", Map.of("hold_id", second, "action", "release"));
    expected -= 30;
    show(stage, "30 of the 50 captured, the 40 released");
  }

  private void refund(DemoStage stage) throws IOException, InterruptedException {
    String debit = id(ofUser(stage, 200, "debit-credits", 25), "transaction", "transaction_id");
    call(stage, 200, "refund-credits", refund(debit, 10));
    call(stage, 409, "refund-credits", refund(debit, 16));
    expected -= 15;
    show(stage, "25 debited, 10 refunded, another 16 refused");
  }

  private static Map<String, Object> refund(String transaction, long amount) {
    return Map.of("transaction_id", transaction, "amount", amount, "reason", "demo");
  }

  private void expiry(DemoStage stage) throws IOException, InterruptedException {
    Instant soon = stage.host().clock().instant().plus(Duration.ofHours(2));
    call(
        stage,
        200,
        "grant-credits",
        Map.of(
            "user_id",
            USER,
            "amount",
            60,
            "type",
            "purchase",
            "expires_at",
            soon.truncatedTo(ChronoUnit.SECONDS).toString()));
    ofUser(stage, 200, "debit-credits", 20);
    expected += 40;
    show(stage, "60 granted for two hours, 20 of them spent first");
    stage.host().clock().advance(Duration.ofHours(4));
    stage.fire("expire-credits");
    expected -= 40;
    show(stage, "four hours later: the other 40 have expired");
  }

  private void jobs(DemoStage stage) throws IOException, InterruptedException {
    DocRef job = job(stage, "demo-ada-episode", 10);
    awaitPayment(stage, job, "held");
    stage.write(Mutation.blind(job, Map.of(PodcastJobs.STATUS, "completed"), Map.of()));
    awaitPayment(stage, job, "captured");
    expected -= 30;
    DocRef tooLong = job(stage, "demo-ada-audiobook", 31);
    awaitPayment(stage, tooLong, "refused");
    show(stage, "a job of 30 paid, one of 31 minutes refused");
  }

  private static DocRef job(DemoStage stage, String id, double minutes) {
    DocRef job = new DocRef(PodcastJobs.COLLECTION, id);
    stage.create(
        Map.of(
            job,
            Map.of(
                PodcastJobs.JOB_ID,
                id,
                PodcastJobs.USER_ID,
                USER,
                PodcastJobs.TOPIC,
                "Kites",
                PodcastJobs.DURATION_MIN,
                minutes,
                PodcastJobs.QUALITY,
                "hd",
                PodcastJobs.PRIORITY,
                "express",
                PodcastJobs.STATUS,
                "queued",
                PodcastJobs.CREATED_AT,
                stage.host().clock().instant())));
    return job;
  }

  private static void awaitPayment(DemoStage stage, DocRef job, String status)
      throws InterruptedException {
    stage.await(
        "the payment of " + job.id() + " is " + status,
        () -> status.equals(DemoJobs.payment(stage, job)));
  }

  private void nextMonth(DemoStage stage) throws IOException, InterruptedException {
    stage.host().clock().set(nextMonth(stage.host().clock().instant()).plus(Duration.ofMinutes(1)));
    stage.fire("expire-credits");
    stage.fire("expire-credits");
    expected += 2_500;
    show(stage, "the next month: 2,500 of tier pro, once for two sweeps");
  }

  private static Instant nextMonth(Instant now) {
    return YearMonth.from(now.atZone(ZoneOffset.UTC))
        .plusMonths(1)
        .atDay(1)
        .atStartOfDay(ZoneOffset.UTC)
        .toInstant();
  }

  private void statement(DemoStage stage) throws IOException, InterruptedException {
    JsonObject page =
        view(
            stage,
            "&limit=100&to=" + began.plus(Duration.ofHours(1)).truncatedTo(ChronoUnit.SECONDS));
    if (page.has("transactions") && page.has("balance_at_to")) {
      stage.row(
          "transactions in the statement of its first hour",
          page.getAsJsonArray("transactions").size());
      stage.row("the balance at the end of it", page.get("balance_at_to").getAsLong());
    } else {
      stage.surprise("the statement has no balance at its end: " + page);
    }
    mismatches = 0;
    JsonObject audit;
    do {
      audit = stage.fire("reconcile-ledger");
      mismatches += audit.has("mismatches") ? audit.get("mismatches").getAsLong() : 1;
    } while (audit.has("more") && audit.get("more").getAsBoolean());
    stage.row("ledgers that reconcile-ledger finds wrong", mismatches);
  }

  private static JsonObject view(DemoStage stage, String query)
      throws IOException, InterruptedException {
    return stage
        .expect(
            200,
            "credit-statement",
            stage.service().get("credit-statement?user_id=" + USER + query))
        .orElseGet(JsonObject::new);
  }

  private void show(DemoStage stage, String what) throws IOException, InterruptedException {
    JsonObject view = view(stage, "&limit=1");
    long balance = view.has("balance") ? view.get("balance").getAsLong() : -1;
    stage.row(what, balance);
    if (balance != expected) {
      stage.surprise(USER + " should have " + expected + " and has " + balance + ": " + what);
    }
  }

  private JsonObject ofUser(DemoStage stage, int status, String function, long amount)
      throws IOException, InterruptedException {
    return call(stage, status, function, Map.of("user_id", USER, "amount", amount));
  }

  private JsonObject call(DemoStage stage, int status, String function, Map<String, ?> body)
      throws IOException, InterruptedException {
    String key = "demo-ada-" + calls++;
    return stage
        .expect(status, function, stage.service().post(function, key, Loopback.GSON.toJson(body)))
        .orElseGet(JsonObject::new);
  }

  /** An id in an answer; a word that names nothing where the call failed. */
  private static String id(JsonObject answer, String object, String field) {
    return answer.has(object) ? answer.getAsJsonObject(object).get(field).getAsString() : "none";
  }

  @Override
  public List<String> check(DemoStage stage) {
    List<String> findings = new ArrayList<>();
    Map<String, Object> user = stage.read(new DocRef(Users.COLLECTION, USER)).fields();
    if (mismatches != 0) {
      findings.add("reconcile-ledger found " + mismatches + " ledgers wrong");
    }
    if (!(user.get(Users.CREDITS_BALANCE) instanceof Long balance)) {
      findings.add(USER + " has no balance");
    } else if (balance < expected) {
      findings.add(USER + " has " + balance + " credits, less than " + expected);
    }
    return findings;
  }
}
