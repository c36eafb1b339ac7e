package dev.meterkite.local;

import com.google.gson.JsonElement;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One user of an older system through a month: taken over with its balance, holds captured in part
 * and released, a refund, credits that expire, a job that is paid and one that is too long, the
 * grant of the next month, a statement, and the audit of all ledgers.
 */
final class DemoCredits implements DemoSection {
  private static final String USER = "demo-ada";
  private static final long FROM_OLDER_SYSTEM = 120;
  private static final long POLL_MILLIS = 50;
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  private int calls;
  private long expected;
  private long mismatches = -1;
  private Instant began = Instant.EPOCH;

  @Override
  public String name() {
    return "A month of credits of one user, found with %d credits of an older system"
        .formatted(FROM_OLDER_SYSTEM);
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
    stage
        .store()
        .commit(
            List.of(
                Mutation.replace(
                    new DocRef(CreditTransactions.COLLECTION, "demo-ada-of-older-system"),
                    Map.of(
                        CreditTransactions.USER_ID,
                        USER,
                        CreditTransactions.AMOUNT,
                        120L,
                        CreditTransactions.TYPE,
                        "purchase",
                        CreditTransactions.CREATED_AT,
                        began.minus(Duration.ofDays(30)))),
                Mutation.replace(
                    new DocRef(Users.COLLECTION, USER),
                    Map.of(
                        Users.USER_ID,
                        USER,
                        Users.TIER,
                        "pro",
                        Users.CREDITS_BALANCE,
                        FROM_OLDER_SYSTEM))))
        .join();
    stage.awaitEvents();
    expected = FROM_OLDER_SYSTEM;
    show(stage, "taken over, its old transaction left alone");
  }

  private void holds(DemoStage stage) throws IOException, InterruptedException {
    String first = hold(stage, 50);
    String second = hold(stage, 40);
    call(stage, 402, "hold-credits", "\"user_id\": \"" + USER + "\", \"amount\": 31");
    show(stage, "50 and 40 held, another 31 refused");
    settle(stage, first, "capture", ", \"amount\": 30");
    settle(stage, second, "release", "");
    expected -= 30;
    show(stage, "30 of the 50 captured, the 40 released");
  }

  private String hold(DemoStage stage, long amount) throws IOException, InterruptedException {
    JsonObject answer =
        call(stage, 200, "hold-credits", "\"user_id\": \"" + USER + "\", \"amount\": " + amount);
    return answer.has("hold")
        ? answer.getAsJsonObject("hold").get("hold_id").getAsString()
        : "none";
  }

  private void settle(DemoStage stage, String hold, String action, String amount)
      throws IOException, InterruptedException {
    call(
        stage,
        200,
        "settle-hold",
        "\"hold_id\": \"%s\", \"action\": \"%s\"%s".formatted(hold, action, amount));
  }

  private void refund(DemoStage stage) throws IOException, InterruptedException {
    JsonObject debit =
        call(stage, 200, "debit-credits", "\"user_id\": \"" + USER + "\", \"amount\": 25");
    String id =
        debit.has("transaction")
            ? debit.getAsJsonObject("transaction").get("transaction_id").getAsString()
            : "none";
    String which = "\"transaction_id\": \"" + id + "\", \"reason\": \"demo\"";
    call(stage, 200, "refund-credits", which + ", \"amount\": 10");
    call(stage, 409, "refund-credits", which + ", \"amount\": 16");
    expected -= 15;
    show(stage, "25 debited, 10 refunded, another 16 refused");
  }

  private void expiry(DemoStage stage) throws IOException, InterruptedException {
    Instant soon = stage.host().clock().instant().plus(Duration.ofHours(2));
    call(
        stage,
        200,
        "grant-credits",
        "\"user_id\": \"%s\", \"amount\": 60, \"type\": \"purchase\", \"expires_at\": \"%s\""
            .formatted(USER, soon.truncatedTo(ChronoUnit.SECONDS)));
    call(stage, 200, "debit-credits", "\"user_id\": \"" + USER + "\", \"amount\": 20");
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
    stage
        .store()
        .commit(List.of(Mutation.blind(job, Map.of(PodcastJobs.STATUS, "completed"), Map.of())))
        .join();
    awaitPayment(stage, job, "captured");
    expected -= 30;
    DocRef tooLong = job(stage, "demo-ada-audiobook", 31);
    awaitPayment(stage, tooLong, "refused");
    show(stage, "a job of 30 paid, one of 31 minutes refused");
  }

  private static DocRef job(DemoStage stage, String id, double minutes) {
    DocRef job = new DocRef(PodcastJobs.COLLECTION, id);
    stage
        .store()
        .commit(
            List.of(
                Mutation.create(
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
                        stage.host().clock().instant()))))
        .join();
    return job;
  }

  private static void awaitPayment(DemoStage stage, DocRef job, String status)
      throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    Object found = null;
    while (System.nanoTime() < deadline) {
      found =
          stage.store().read(List.of(job)).join().get(0).fields().get(PodcastJobs.PAYMENT)
                  instanceof Map<?, ?> payment
              ? payment.get("status")
              : null;
      if (status.equals(found)) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
    stage.surprise(job + " should be " + status + " and is " + found);
  }

  private void nextMonth(DemoStage stage) throws IOException, InterruptedException {
    stage.host().clock().set(nextMonth(stage.host().clock().instant()).plus(Duration.ofMinutes(1)));
    stage.fire("expire-credits");
    stage.fire("expire-credits");
    expected += 2_500;
    show(stage, "the month ends: 2,500 of tier pro, once for two sweeps");
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
        stage
            .expect(
                200,
                "credit-statement",
                stage
                    .service()
                    .get(
                        "credit-statement?user_id="
                            + USER
                            + "&limit=100&to="
                            + began.plus(Duration.ofHours(1)).truncatedTo(ChronoUnit.SECONDS)))
            .orElseGet(JsonObject::new);
    if (page.has("transactions") && page.has("balance_at_to")) {
      stage.row(
          "its statement of the first hour, transactions",
          page.getAsJsonArray("transactions").size());
      stage.row("and the balance at its end", page.get("balance_at_to").getAsLong());
    } else {
      stage.surprise("the statement has no balance at its end: " + page);
    }
    mismatches = 0;
    JsonObject audit;
    do {
      audit =
          stage
              .expect(200, "reconcile-ledger", stage.admin().post("reconcile-ledger", null, "{}"))
              .orElseGet(JsonObject::new);
      JsonElement found = audit.get("mismatches");
      mismatches += found == null ? 1 : found.getAsLong();
    } while (audit.has("more") && audit.get("more").getAsBoolean());
    stage.row("ledgers that reconcile-ledger finds wrong", mismatches);
  }

  private void show(DemoStage stage, String what) throws IOException, InterruptedException {
    JsonObject view =
        stage
            .expect(
                200,
                "credit-statement",
                stage.service().get("credit-statement?user_id=" + USER + "&limit=1"))
            .orElseGet(JsonObject::new);
    long balance = view.has("balance") ? view.get("balance").getAsLong() : -1;
    stage.out().printf("  %-56s %,8d credits%n", what, balance);
    if (balance != expected) {
      stage.surprise(USER + " should have " + expected + " and has " + balance + ": " + what);
    }
  }

  private JsonObject call(DemoStage stage, int status, String function, String fields)
      throws IOException, InterruptedException {
    return stage
        .expect(
            status,
            function,
            stage.service().post(function, "demo-ada-" + calls++, "{" + fields + "}"))
        .orElseGet(JsonObject::new);
  }

  @Override
  public List<String> check(DemoStage stage) {
    List<String> findings = new ArrayList<>();
    Map<String, Object> user =
        stage.store().read(List.of(new DocRef(Users.COLLECTION, USER))).join().get(0).fields();
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
