package dev.meterkite.functions.credits;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.meterkite.functions.backend.Backend;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.events.Intake;
import dev.meterkite.functions.http.Answer;
import dev.meterkite.functions.http.Edge;
import dev.meterkite.functions.log.Log;
import dev.meterkite.functions.plans.CurrentPlans;
import dev.meterkite.functions.store.EmulatedStore;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Pauses;
import dev.meterkite.model.command.Command;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.journal.StatementPage;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.schema.Queries;
import dev.meterkite.model.stripe.StripeEvent;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What each operation on credits costs in calls of Firestore, counted at the gRPC layer too. */
class CreditRoundTripsTest {
  private final List<String> table = new ArrayList<>();
  private final EmulatedStore emulated = new EmulatedStore();
  private final MeteredStore store = new MeteredStore(emulated.store());
  private final Backend backend =
      new Backend(
          emulated.settings(),
          store,
          InstantSource.system(),
          new Pauses(),
          Edge.of(emulated.settings()),
          Intake.of(emulated.settings()),
          Log.ofProcess(emulated.settings()));

  /** Read already, as in a process that has served a request within the last minute. */
  private final CurrentPlans plans = read(backend);

  private final Credits credits = new Credits(backend, plans);

  /**
   * Fixed, as the keys are: what a statement reads depends on the order of the ids made of them.
   */
  private final String user = "u-1";

  private int keys;

  private static CurrentPlans read(Backend backend) {
    CurrentPlans plans = new CurrentPlans(backend);
    plans.get();
    return plans;
  }

  private void assertTable(String expected) {
    String found = String.join("\n", table);
    System.out.println("operation: round trips, reads, writes\n" + found);
    assertEquals(expected.strip(), found);
  }

  private void set(DocRef ref, Map<String, Object> fields) {
    emulated.store().commit(List.of(Mutation.replace(ref, fields))).join();
  }

  private void user(long balance) {
    set(CreditRefs.user(user), Map.of("user_id", user, "tier", "payg", "credits_balance", balance));
  }

  private long rpcs() {
    return emulated.calls("Commit")
        + emulated.calls("BatchGetDocuments")
        + emulated.calls("RunQuery")
        + emulated.calls("RunAggregationQuery");
  }

  private String key() {
    return "key-" + keys++;
  }

  private void costs(String operation, Runnable run) {
    store.cost();
    long before = rpcs();
    run.run();
    long after = rpcs();
    String found = store.cost();
    table.add(operation + ": " + found);
    assertEquals(Long.toString(after - before), found.substring(0, found.indexOf(' ')), operation);
  }

  private JsonObject done(Answer answer) {
    assertEquals(200, answer.status(), answer.body());
    return JsonParser.parseString(answer.body()).getAsJsonObject();
  }

  private Command<CreditCommand> debit(long amount) {
    return CreditCommands.debit(user, amount, null, null, key(), "h");
  }

  private void told(StripeEvents stripe, String type, Map<String, Object> object) {
    done(stripe.take(new StripeEvent(key(), type, Instant.EPOCH, object)));
  }

  @Test
  void registration_costsThis() {
    costs(
        "a new user",
        () ->
            done(
                credits.carryOut(
                    CreditCommands.register("new", "a@b.example", null, "cus_1", null, "h"))));
    costs(
        "again",
        () -> done(credits.carryOut(CreditCommands.register("new", null, null, null, null, "h"))));
    assertTable(
        """
        a new user: 5 5 2
        again: 1 1 0
        """);
  }

  private String hold(long amount) {
    return done(credits.carryOut(
            CreditCommands.hold(user, amount, null, Duration.ofDays(1), key(), "h")))
        .getAsJsonObject("hold")
        .get("hold_id")
        .getAsString();
  }

  @Test
  void operations_costWhatTheTableSays() {
    user(1_000);
    costs("debit, first of a user of an older system", () -> done(credits.carryOut(debit(1))));
    costs("debit, warm", () -> done(credits.carryOut(debit(1))));
    Credits elsewhere = new Credits(backend, plans);
    costs("debit, cold", () -> done(elsewhere.carryOut(debit(1))));
    costs("debit, after another writer's", () -> done(credits.carryOut(debit(1))));
    Command<CreditCommand> repeated = debit(1);
    done(credits.carryOut(repeated));
    costs("debit, repeated", () -> done(credits.carryOut(repeated)));
    costs("debit, refused", () -> assertEquals(402, credits.carryOut(debit(10_000)).status()));
    costs(
        "grant",
        () ->
            done(
                credits.carryOut(
                    CreditCommands.grant(
                        user, 5, TransactionType.PURCHASE, null, null, key(), "h"))));
    List<String> holds = new ArrayList<>();
    costs("hold", () -> holds.add(hold(10)));
    costs("capture", () -> done(credits.settle(holds.get(0), true, null, key(), "h")));
    holds.add(hold(10));
    costs("release", () -> done(credits.settle(holds.get(1), false, null, key(), "h")));
    Command<CreditCommand> refundable = debit(7);
    done(credits.carryOut(refundable));
    costs(
        "refund",
        () -> done(credits.refund(refundable.markers().get(0).id(), 3L, "r", key(), "h")));
    StripeEvents stripe = new StripeEvents(backend, credits);
    Map<String, Object> session =
        Map.of(
            "id",
            "cs_" + user,
            "payment_status",
            "paid",
            "payment_intent",
            "pi_" + user,
            "metadata",
            Map.of("user_id", user, "credits", "100"));
    Map<String, Object> charge =
        Map.of(
            "id",
            "ch_" + user,
            "payment_intent",
            "pi_" + user,
            "amount",
            BigDecimal.valueOf(600),
            "amount_refunded",
            BigDecimal.valueOf(300));
    costs("purchase at Stripe", () -> told(stripe, "checkout.session.completed", session));
    costs("the same, told again", () -> told(stripe, "checkout.session.completed", session));
    costs("refund at Stripe", () -> told(stripe, "charge.refunded", charge));
    costs("other event of Stripe", () -> told(stripe, "customer.updated", charge));
    costs(
        "statement, warm",
        () ->
            done(
                credits.statement(
                    new Statements.Request(user, 1, null, null, StatementPage.Position.START))));
    StatementPage.Position end =
        new StatementPage.Position(false, List.of(first().get("created_at"), 2L));
    costs(
        "statement, its last page",
        () -> done(credits.statement(new Statements.Request(user, 1, null, null, end))));
    older("before", Instant.parse("2025-01-01T00:00:00Z"));
    costs(
        "statement, one of an older system behind it",
        () -> done(credits.statement(new Statements.Request(user, 2, null, null, end))));
    assertTable(
        """
        debit, first of a user of an older system: 4 5 3
        debit, warm: 1 0 2
        debit, cold: 2 1 2
        debit, after another writer's: 3 1 4
        debit, repeated: 0 0 0
        debit, refused: 2 2 1
        grant: 1 0 2
        hold: 1 0 3
        capture: 2 1 4
        release: 2 1 3
        refund: 2 1 3
        purchase at Stripe: 2 3 3
        the same, told again: 2 6 0
        refund at Stripe: 3 6 5
        other event of Stripe: 0 0 0
        statement, warm: 2 3 0
        statement, its last page: 5 5 0
        statement, one of an older system behind it: 6 6 0
        """);
  }

  /** The user's first transaction. */
  private Map<String, Object> first() {
    return emulated
        .store()
        .find(Queries.transactionsOfUserAfter(user, 0, 1))
        .join()
        .get(0)
        .fields();
  }

  private void older(String id, Instant at) {
    set(
        new DocRef("credit_transactions", user + id),
        Map.of("user_id", user, "type", "deduction", "amount", -1L, "created_at", at));
  }

  @Test
  void aJobsLife_costsTwoReadsAndOneCommitAChange() {
    user(100);
    done(credits.carryOut(debit(1)));
    DocRef job = new DocRef("podcast_jobs", "job-" + UUID.randomUUID());
    OnJobWritten trigger = new OnJobWritten(backend.intake(), credits);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("user_id", user);
    fields.put("status", "queued");
    fields.put("topic", "kites");
    fields.put("duration_min", 10L);
    fields.put("created_at", Instant.parse("2026-01-01T00:00:00Z"));
    set(job, fields);
    costs("job written", () -> trigger.accept(FakeEvent.of(job, Map.of(), fields)));
    Map<String, Object> held = read(job);
    // A38: what the trigger itself wrote, and what changes all the time, costs nothing.
    costs("payment written", () -> trigger.accept(FakeEvent.of(job, fields, held)));
    Map<String, Object> progress = new LinkedHashMap<>(held);
    progress.put("progress", Map.of("pct", 40L));
    progress.put("updated_at", Instant.parse("2026-01-01T00:00:01Z"));
    costs("progress written", () -> trigger.accept(FakeEvent.of(job, held, progress)));
    Map<String, Object> completed = new LinkedHashMap<>(held);
    completed.put("status", "completed");
    set(job, completed);
    costs("job completed", () -> trigger.accept(FakeEvent.of(job, held, completed)));
    assertEquals("captured", ((Map<?, ?>) read(job).get("payment")).get("status"));
    costs(
        "job completed, delivered again", () -> trigger.accept(FakeEvent.of(job, held, completed)));
    assertEquals(89L, read(CreditRefs.user(user)).get("credits_balance"));
    assertTable(
        """
        job written: 2 2 3
        payment written: 0 0 0
        progress written: 0 0 0
        job completed: 2 2 4
        job completed, delivered again: 2 5 0
        """);
  }

  private Map<String, Object> read(DocRef ref) {
    return emulated.store().read(List.of(ref)).join().get(0).fields();
  }
}
