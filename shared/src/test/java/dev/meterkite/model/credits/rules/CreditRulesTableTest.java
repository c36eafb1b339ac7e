package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Decision;
import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.jobs.JobRules;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.ledger.LedgerSession;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * State, command, expected outcome, in order of precedence; with the values just below, at and just
 * above each limit. The figures behind are {@code balance/held} after the command.
 */
public class CreditRulesTableTest {
  private record Row(
      String name,
      Supplier<InMemoryLedger> state,
      Function<InMemoryLedger, String> command,
      String outcome,
      String figures) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final List<Row> ROWS = new ArrayList<>();

  private static void row(
      String name,
      Supplier<InMemoryLedger> state,
      Function<InMemoryLedger, String> command,
      String outcome,
      String figures) {
    ROWS.add(new Row(name, state, command, outcome, figures));
  }

  private static InMemoryLedger payg(long balance) {
    InMemoryLedger bank = InMemoryLedger.with("payg", balance);
    bank.sweep();
    return bank;
  }

  /** 100 credits, a hold {@code h} of 40 that lapses in a day. */
  private static InMemoryLedger held() {
    InMemoryLedger bank = payg(100);
    bank.hold("h", 40);
    return bank;
  }

  /** 100 credits, a deduction of 60 as the last transaction. */
  private static InMemoryLedger spent() {
    InMemoryLedger bank = payg(100);
    bank.debit(60);
    return bank;
  }

  /** 1,000 credits and that many holds {@code h0, h1} and so on, which lapse in a day. */
  public static InMemoryLedger many(int holds) {
    InMemoryLedger bank = payg(1_000);
    CreditState state = bank.state();
    LedgerSession session =
        new LedgerSession(InMemoryLedger.USER, state.ledger(), DefaultPlans.PLANS, bank.now);
    for (int i = 0; i < holds; i++) {
      session.openNew(bank.holdId("h" + i), 1, null, bank.now.plus(DAY), null, null);
    }
    CreditState next = state.with(session.ledger(), session.dueAt());
    bank.commit(
        CreditCommands.sweep(InMemoryLedger.USER),
        state,
        new Decision.Applied<>(next, Map.of(), session.writes()));
    return bank;
  }

  private static InMemoryLedger captured(InMemoryLedger bank) {
    bank.capture("h", null);
    return bank;
  }

  private static InMemoryLedger released(InMemoryLedger bank) {
    bank.release("h");
    return bank;
  }

  private static final long MAX = Ledger.MAX_BALANCE;
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration MICRO = Duration.ofNanos(1_000);

  static {
    debits();
    grants();
    holds();
    settlements();
    refunds();
    jobs();
    sweeps();
  }

  private static void debits() {
    row("debit of nobody", InMemoryLedger::new, b -> b.debit(1), "not_found", null);
    row("debit of 1 from 0", () -> payg(0), b -> b.debit(1), "insufficient_credits", "0/0");
    row("debit of 1 from 1", () -> payg(1), b -> b.debit(1), "applied", "0/0");
    row("debit one below all", () -> payg(100), b -> b.debit(99), "applied", "1/0");
    row("debit of all", () -> payg(100), b -> b.debit(100), "applied", "0/0");
    row("debit one above all", () -> payg(100), b -> b.debit(101), "insufficient_credits", "100/0");
    row(
        "debit one below available",
        CreditRulesTableTest::held,
        b -> b.debit(59),
        "applied",
        "41/40");
    row("debit of available", CreditRulesTableTest::held, b -> b.debit(60), "applied", "40/40");
    row(
        "debit above available",
        CreditRulesTableTest::held,
        b -> b.debit(61),
        "insufficient_credits",
        "100/40");
    row(
        "debit just before a hold lapses",
        () -> held().after(DAY.minus(MICRO)),
        b -> b.debit(61),
        "insufficient_credits",
        "100/40");
    row("debit as a hold lapses", () -> held().after(DAY), b -> b.debit(61), "applied", "39/0");
    row(
        "debit by a huge amount",
        () -> payg(100),
        b -> b.debit(Long.MAX_VALUE),
        "insufficient_credits",
        "100/0");
  }

  private static void grants() {
    row("grant to nobody", InMemoryLedger::new, b -> b.grant(1, null), "not_found", null);
    row("grant of 1", () -> payg(0), b -> b.grant(1, null), "applied", "1/0");
    row("grant up to the limit", () -> payg(1), b -> b.grant(MAX - 1, null), "applied", MAX + "/0");
    row(
        "grant above the limit",
        () -> payg(1),
        b -> b.grant(MAX, null),
        "balance_limit_exceeded",
        "1/0");
    row(
        "grant of the largest long",
        () -> payg(1),
        b -> b.grant(Long.MAX_VALUE, null),
        "balance_limit_exceeded",
        "1/0");
    row(
        "grant that expires this hour",
        () -> payg(0),
        b -> b.grant(5, b.now.plus(MICRO)),
        "applied",
        "5/0");
    row("grant that expires now", () -> payg(0), b -> b.grant(5, b.now), "already_expired", "0/0");
    row(
        "grant that expired long ago",
        () -> payg(7),
        b -> b.grant(5, Instant.EPOCH),
        "already_expired",
        "7/0");
    row(
        "grant that never expires for Firestore",
        () -> payg(0),
        b -> b.grant(5, Instant.MAX),
        "applied",
        "5/0");
  }

  private static void holds() {
    row("hold of nobody", InMemoryLedger::new, b -> b.hold("x", 1), "not_found", null);
    row(
        "hold one below available",
        CreditRulesTableTest::held,
        b -> b.hold("x", 59),
        "applied",
        "100/99");
    row(
        "hold of available",
        CreditRulesTableTest::held,
        b -> b.hold("x", 60),
        "applied",
        "100/100");
    row(
        "hold above available",
        CreditRulesTableTest::held,
        b -> b.hold("x", 61),
        "insufficient_credits",
        "100/40");
    row(
        "hold again with the key",
        CreditRulesTableTest::held,
        b -> b.hold("h", 40),
        "replayed",
        "100/40");
    row("hold number 499", () -> many(498), b -> b.hold("x", 1), "applied", "1000/499");
    row("hold number 500", () -> many(499), b -> b.hold("x", 1), "applied", "1000/500");
    row("hold number 501", () -> many(500), b -> b.hold("x", 1), "too_many_holds", "1000/500");
    row(
        "hold number 501 that is not covered",
        () -> many(500),
        b -> b.hold("x", 501),
        "insufficient_credits",
        "1000/500");
    row(
        "hold number 501 when the others lapsed",
        () -> many(500).after(DAY),
        b -> b.hold("x", 1),
        "applied",
        "1000/1");
    row("hold of a job", () -> payg(100), b -> jobHold(b, 30), "applied", "100/30");
    row(
        "hold of a job that has one",
        () -> jobHeld(payg(100)),
        b -> jobHold(b, 10),
        "applied",
        "100/10");
    row(
        "c23 hold of a job that has less",
        () -> jobHeld(payg(100)),
        b -> jobHold(b, 11),
        "job_hold_conflict",
        "100/10");
    row(
        "c23 hold of a job that has more",
        () -> jobHeld(payg(100)),
        b -> jobHold(b, 9),
        "job_hold_conflict",
        "100/10");
    row(
        "c23 hold of a job that failed",
        () -> jobHeld(payg(100), "failed"),
        b -> jobHold(b, 10),
        "hold_already_released",
        "100/0");
    row(
        "c23 hold of a job whose hold lapsed",
        () -> jobHeld(payg(100)).after(JobRules.HOLD_LIFE),
        b -> jobHold(b, 10),
        "hold_expired",
        "100/10");
    row(
        "hold of a job that is paid",
        () -> jobHeld(payg(100), "completed"),
        b -> jobHold(b, 10),
        "hold_already_captured",
        "90/0");
    row(
        "hold of a job in its second attempt",
        () -> jobHeld(payg(100), "failed", "queued"),
        b -> jobHold(b, 10),
        "applied",
        "100/10");
    row(
        "c23 hold of a job whose second attempt has another amount",
        () -> jobHeld(payg(100), "failed", "queued"),
        b -> jobHold(b, 9),
        "job_hold_conflict",
        "100/10");
    row(
        "c23 hold of a job whose second attempt is paid",
        () -> jobHeld(payg(100), "failed", "queued", "completed"),
        b -> jobHold(b, 10),
        "hold_already_captured",
        "90/0");
    row(
        "hold of a stranger's job",
        () -> strangersJob(),
        b -> jobHold(b, 1),
        "job_hold_conflict",
        "100/0");
  }

  private static void settlements() {
    row("capture of no hold", () -> payg(100), b -> b.capture("x", null), "not_found", "100/0");
    row(
        "capture of a refused hold",
        () -> {
          InMemoryLedger b = payg(1);
          b.hold("h", 2);
          return b;
        },
        b -> b.capture("h", null),
        "not_found",
        "1/0");
    row("capture of all", CreditRulesTableTest::held, b -> b.capture("h", null), "applied", "60/0");
    row(
        "capture of nothing",
        CreditRulesTableTest::held,
        b -> b.capture("h", 0L),
        "applied",
        "100/0");
    row(
        "capture one below the hold",
        CreditRulesTableTest::held,
        b -> b.capture("h", 39L),
        "applied",
        "61/0");
    row(
        "capture of the hold",
        CreditRulesTableTest::held,
        b -> b.capture("h", 40L),
        "applied",
        "60/0");
    row(
        "capture above the hold",
        CreditRulesTableTest::held,
        b -> b.capture("h", 41L),
        "capture_exceeds_hold",
        "100/40");
    row(
        "capture twice",
        () -> captured(held()),
        b -> b.capture("h", null),
        "hold_already_captured",
        "60/0");
    row(
        "capture twice, and too much",
        () -> captured(held()),
        b -> b.capture("h", 41L),
        "hold_already_captured",
        "60/0");
    row(
        "capture after release",
        () -> released(held()),
        b -> b.capture("h", null),
        "hold_already_released",
        "100/0");
    row(
        "capture just before the lapse",
        () -> held().after(DAY.minus(MICRO)),
        b -> b.capture("h", null),
        "applied",
        "60/0");
    row(
        "capture as it lapses",
        () -> held().after(DAY),
        b -> b.capture("h", null),
        "hold_expired",
        "100/40");
    row(
        "capture of a swept hold",
        () -> {
          InMemoryLedger b = held().after(DAY);
          b.sweep();
          return b;
        },
        b -> b.capture("h", 41L),
        "hold_expired",
        "100/0");
    row("release", CreditRulesTableTest::held, b -> b.release("h"), "applied", "100/0");
    row(
        "release twice",
        () -> released(held()),
        b -> b.release("h"),
        "hold_already_released",
        "100/0");
    row(
        "release after capture",
        () -> captured(held()),
        b -> b.release("h"),
        "hold_already_captured",
        "60/0");
    row(
        "release as it lapses",
        () -> held().after(DAY),
        b -> b.release("h"),
        "hold_expired",
        "100/40");
  }

  private static void refunds() {
    row(
        "refund of nothing",
        CreditRulesTableTest::spent,
        b -> b.refund("x", 1L),
        "not_found",
        "40/0");
    row(
        "refund of a grant",
        () -> payg(100),
        b -> b.refund(b.lastTransactionId(), 1L),
        "not_refundable",
        "100/0");
    row(
        "refund of all",
        CreditRulesTableTest::spent,
        b -> b.refund(b.lastTransactionId(), null),
        "applied",
        "100/0");
    row(
        "refund one below",
        CreditRulesTableTest::spent,
        b -> b.refund(b.lastTransactionId(), 59L),
        "applied",
        "99/0");
    row(
        "refund exactly",
        CreditRulesTableTest::spent,
        b -> b.refund(b.lastTransactionId(), 60L),
        "applied",
        "100/0");
    row(
        "refund one above",
        CreditRulesTableTest::spent,
        b -> b.refund(b.lastTransactionId(), 61L),
        "refund_exceeds_transaction",
        "40/0");
    row(
        "refund of a refund",
        () -> refunded(60),
        b -> b.refund(b.lastTransactionId(), null),
        "not_refundable",
        "100/0");
    row(
        "refund of the rest",
        () -> refunded(20),
        b -> b.refund(deduction(b), null),
        "applied",
        "100/0");
    row(
        "refund above the rest",
        () -> refunded(20),
        b -> b.refund(deduction(b), 41L),
        "refund_exceeds_transaction",
        "60/0");
    row(
        "refund of what is refunded",
        () -> refunded(60),
        b -> b.refund(deduction(b), null),
        "refund_exceeds_transaction",
        "100/0");
    row(
        "refund to the largest balance",
        () -> full(60),
        b -> b.refund(deduction(b), 60L),
        "applied",
        MAX + "/0");
    row(
        "refund one above the largest balance",
        () -> full(59),
        b -> b.refund(deduction(b), 60L),
        "balance_limit_exceeded",
        MAX - 59 + "/0");
    row(
        "refund of a capture",
        () -> captured(held()),
        b -> b.refund(b.lastTransactionId(), 40L),
        "applied",
        "100/0");
  }

  private static void jobs() {
    row(
        "job of 10 min",
        () -> payg(10).job("j", "status", "queued"),
        b -> b.event("j"),
        "applied",
        "10/10");
    row(
        "job one above the balance",
        () -> payg(9).job("j", "status", "queued"),
        b -> code(b),
        "refused insufficient_credits failed",
        "9/0");
    row(
        "running job above the balance",
        () -> payg(9).job("j", "status", "running"),
        b -> code(b),
        "refused insufficient_credits running",
        "9/0");
    row(
        "job at the tier's limit",
        () -> tier("free").job("j", "status", "queued", "duration_min", 1.0),
        b -> code(b),
        "held null queued",
        "100/1");
    row(
        "job above the tier's limit",
        () -> tier("free").job("j", "status", "queued", "duration_min", 1.1),
        b -> code(b),
        "refused duration_exceeds_tier failed",
        "100/0");
    row(
        "job below the shortest",
        () -> tier("pro").job("j", "status", "queued", "duration_min", 0.4),
        b -> code(b),
        "refused invalid_job failed",
        "100/0");
    row(
        "job at the shortest",
        () -> tier("pro").job("j", "status", "queued", "duration_min", 0.5),
        b -> code(b),
        "held null queued",
        "100/1");
    row(
        "job at the longest",
        () -> tier("ultimate").job("j", "status", "queued", "duration_min", 120L),
        b -> code(b),
        "refused insufficient_credits failed",
        "100/0");
    row(
        "job above the longest",
        () -> tier("ultimate").job("j", "status", "queued", "duration_min", 180.1),
        b -> code(b),
        "refused invalid_job failed",
        "100/0");
    row(
        "job in unknown quality",
        () -> tier("pro").job("j", "status", "queued", "quality", "8k"),
        b -> code(b),
        "refused invalid_job failed",
        "100/0");
    row(
        "job with a topic of 500",
        () -> tier("pro").job("j", "status", "queued", "topic", "t".repeat(500)),
        b -> code(b),
        "held null queued",
        "100/10");
    row(
        "job with a topic of 501",
        () -> tier("pro").job("j", "status", "queued", "topic", "t".repeat(501)),
        b -> code(b),
        "refused invalid_job failed",
        "100/0");
    row(
        "job with a topic of one character",
        () -> tier("pro").job("j", "status", "queued", "topic", "t"),
        b -> code(b),
        "held null queued",
        "100/10");
    row(
        "job with a topic of 500 characters of two units",
        () -> tier("pro").job("j", "status", "queued", "topic", "\uD83E\uDE81".repeat(500)),
        b -> code(b),
        "held null queued",
        "100/10");
    row(
        "job for an audience of 200",
        () -> tier("pro").job("j", "status", "queued", "audience", "a".repeat(200)),
        b -> code(b),
        "held null queued",
        "100/10");
    row(
        "job for an empty audience",
        () -> tier("pro").job("j", "status", "queued", "audience", ""),
        b -> code(b),
        "held null queued",
        "100/10");
    row(
        "job with an empty topic",
        () -> tier("pro").job("j", "status", "queued", "topic", ""),
        b -> code(b),
        "refused invalid_job failed",
        "100/0");
    row(
        "job for an audience of 201",
        () -> tier("pro").job("j", "status", "queued", "audience", "a".repeat(201)),
        b -> code(b),
        "refused invalid_job failed",
        "100/0");
    row(
        "job hd express",
        () -> tier("pro").job("j", "status", "queued", "quality", "hd", "priority", "express"),
        b -> code(b),
        "held null queued",
        "100/30");
    row(
        "job in a status we do not know",
        () -> tier("pro").job("j", "status", "paused"),
        b -> b.event("j"),
        "unchanged",
        "100/0");
    row(
        "job first seen completed",
        () -> payg(100).job("j", "status", "completed"),
        b -> code(b),
        "captured null completed",
        "90/0");
    row(
        "job first seen completed, one short",
        () -> payg(9).job("j", "status", "completed"),
        b -> code(b),
        "unpaid insufficient_credits completed",
        "9/0");
    row(
        "job completed for less",
        () -> jobHeld(payg(100)).job("j", "status", "completed", "credits_actual", 7L),
        b -> code(b),
        "captured null completed",
        "93/0");
    row(
        "job completed for less, by a program without integers",
        () -> jobHeld(payg(100)).job("j", "status", "completed", "credits_actual", 7.0),
        b -> code(b),
        "captured null completed",
        "93/0");
    row(
        "c25 job completed for a fraction",
        () -> jobHeld(payg(100)).job("j", "status", "completed", "credits_actual", 7.5),
        b -> code(b),
        "refused invalid_job completed",
        "100/10");
    row(
        "c25 job completed for 7.0, which is whole",
        () -> jobHeld(payg(100)).job("j", "status", "completed", "credits_actual", 7.0),
        b -> code(b),
        "captured null completed",
        "93/0");
    row(
        "c25 job completed without a hold for a text",
        () -> payg(100).job("j", "status", "completed", "credits_actual", "7"),
        b -> code(b),
        "refused invalid_job completed",
        "100/0");
    row(
        "job completed for nothing",
        () -> jobHeld(payg(100)).job("j", "status", "completed", "credits_actual", 0L),
        b -> code(b),
        "captured null completed",
        "100/0");
    row(
        "job completed for more",
        () -> jobHeld(payg(100)).job("j", "status", "completed", "credits_actual", 11L),
        b -> code(b),
        "captured null completed",
        "90/0");
    row(
        "job failed",
        () -> jobHeld(payg(100)).job("j", "status", "failed"),
        b -> code(b),
        "released null failed",
        "100/0");
    row(
        "job failed before it was held",
        () -> payg(100).job("j", "status", "cancelled"),
        b -> code(b),
        "released null cancelled",
        "100/0");
    row(
        "job of nobody",
        () -> new InMemoryLedger().job("j", "status", "queued"),
        b -> code(b),
        "refused not_found queued",
        null);
    row(
        "job of a stranger's hold, completed",
        () -> strangersJob().job("j", "status", "completed"),
        b -> code(b),
        "captured null completed",
        "100/0");
    row(
        "job of a stranger's hold, failed",
        () -> strangersJob().job("j", "status", "failed"),
        b -> b.event("j"),
        "applied",
        "100/0");
    row(
        "job number 501 of open holds",
        () -> many(500).job("j", "status", "queued"),
        b -> code(b),
        "refused too_many_holds queued",
        "1000/500");
    row(
        "completed job that cannot be priced",
        () -> payg(100).job("j", "status", "completed", "duration_min", 0.4),
        b -> code(b),
        "unpaid invalid_job completed",
        "100/0");
    row(
        "completed job of one credit, of one",
        () -> payg(1).job("j", "status", "completed", "duration_min", 0.5),
        b -> code(b),
        "captured null completed",
        "0/0");
    row(
        "paid job that is said to have failed",
        () -> jobHeld(payg(100), "completed").job("j", "status", "failed"),
        b -> b.event("j"),
        "unchanged",
        "90/0");
    row(
        "job of a stranger's hold",
        () -> strangersJob().job("j", "status", "queued"),
        b -> code(b),
        "held null queued",
        "100/0");
  }

  private static void sweeps() {
    row("sweep of nobody", InMemoryLedger::new, InMemoryLedger::sweep, "not_found", null);
    row("sweep when nothing is due", () -> payg(5), InMemoryLedger::sweep, "unchanged", "5/0");
    row(
        "sweep before a lot expires",
        () -> lot().after(Duration.ofHours(5).minus(MICRO)),
        InMemoryLedger::sweep,
        "unchanged",
        "5/0");
    row(
        "sweep as a lot expires",
        () -> lot().after(Duration.ofHours(5)),
        InMemoryLedger::sweep,
        "applied",
        "0/0");
    row(
        "sweep before a hold lapses",
        () -> held().after(DAY.minus(MICRO)),
        InMemoryLedger::sweep,
        "unchanged",
        "100/40");
    row(
        "sweep as a hold lapses",
        () -> held().after(DAY),
        InMemoryLedger::sweep,
        "applied",
        "100/0");
  }

  private static InMemoryLedger tier(String tier) {
    InMemoryLedger bank = InMemoryLedger.with(tier, 100);
    bank.sweep();
    return bank;
  }

  private static InMemoryLedger lot() {
    InMemoryLedger bank = payg(0);
    bank.grant(5, bank.now.plus(Duration.ofHours(5)));
    return bank;
  }

  /** A deduction of 60, and room for that many credits. */
  private static InMemoryLedger full(long room) {
    InMemoryLedger bank = spent();
    bank.grant(MAX - room - 40, null);
    return bank;
  }

  private static InMemoryLedger refunded(long amount) {
    InMemoryLedger bank = spent();
    bank.refund(bank.lastTransactionId(), amount);
    return bank;
  }

  private static String deduction(InMemoryLedger bank) {
    return (String) bank.transactions().get(1).get(CreditTransactions.TRANSACTION_ID);
  }

  private static String jobHold(InMemoryLedger bank, long amount) {
    return bank.run(CreditCommands.hold(InMemoryLedger.USER, amount, "j", DAY, bank.key(), "h"));
  }

  private static InMemoryLedger jobHeld(InMemoryLedger bank, String... then) {
    bank.job("j", "status", "queued").event("j");
    for (String status : then) {
      bank.job("j", "status", status).event("j");
    }
    return bank;
  }

  private static InMemoryLedger strangersJob() {
    InMemoryLedger bank = payg(100).user("u2", "payg", 100L);
    bank.run(CreditCommands.hold("u2", 5, "j", DAY, "k", "h"));
    return bank;
  }

  /** Delivers the event, and tells the payment's status, code and the job's status. */
  private static String code(InMemoryLedger bank) {
    bank.event("j");
    return bank.payment("j", "status")
        + " "
        + bank.payment("j", "code")
        + " "
        + bank.jobField("j", "status");
  }

  static Stream<Row> rows() {
    return ROWS.stream();
  }

  @ParameterizedTest
  @MethodSource("rows")
  void command_hasItsOutcome(Row row) {
    InMemoryLedger bank = row.state().get();
    assertEquals(row.outcome(), row.command().apply(bank));
    if (row.figures() != null) {
      assertEquals(row.figures(), bank.figures());
      assertEquals(List.of(), bank.audit());
    }
  }

  @Test
  void table_hasAtLeastSixtyRows() {
    assertTrue(ROWS.size() >= 60, () -> "only " + ROWS.size());
    System.out.println("credits: a table of " + ROWS.size() + " rows");
  }

  /** A16: a refusal leaves every document as it was, also when something was due. */
  @ParameterizedTest
  @MethodSource("rows")
  void refusal_changesNothing(Row row) {
    InMemoryLedger bank = row.state().get();
    Map<DocRef, Map<String, Object>> before = new HashMap<>();
    bank.documents.forEach((ref, fields) -> before.put(ref, new LinkedHashMap<>(fields)));
    String outcome = row.command().apply(bank);
    boolean refused = Stream.of(CreditOutcome.values()).anyMatch(o -> o.code().equals(outcome));
    assertEquals(
        refused || outcome.equals("unchanged") || outcome.equals("replayed"),
        before.equals(bank.documents));
  }

  /** A10: five holds of 1,000 on 5,000 succeed, the sixth is refused. */
  @Test
  void sixthHold_isRefused() {
    InMemoryLedger bank = payg(5_000);
    for (int i = 0; i < 5; i++) {
      assertEquals("applied", bank.hold("h" + i, 1_000));
    }
    assertEquals("insufficient_credits", bank.hold("h5", 1_000));
    assertEquals("5000/5000", bank.figures());
  }

  /** A4: a hold repeated after its lot expired replays the first answer. */
  @Test
  void holdRepeatedAfterItsLotExpired_isReplayed() {
    InMemoryLedger bank = lot();
    assertEquals("applied", bank.hold("h", 5));
    assertEquals("replayed", bank.after(Duration.ofHours(6)).hold("h", 5));
    assertEquals("5/5", bank.figures());
    bank.release("h");
    assertEquals("0/0", bank.figures(), "what came back to an expired lot expired at once");
  }

  /** A2: a settlement retried with its key replays; with another key it conflicts. */
  @Test
  void settlementRepeated_neverMovesCreditsTwice() {
    InMemoryLedger bank = held();
    var capture = CreditCommands.settle(InMemoryLedger.USER, bank.holdId("h"), true, 30L, "k", "h");
    assertEquals("applied", bank.run(capture));
    assertEquals("replayed", bank.run(capture));
    assertEquals("hold_already_captured", bank.capture("h", 30L));
    var release =
        CreditCommands.settle(InMemoryLedger.USER, bank.holdId("h"), false, null, "k", "h");
    assertEquals("replayed", bank.run(release), "the key names both places of its marker");
    assertEquals("70/0", bank.figures());
  }

  @Test
  void captureOfNothing_leavesAMarkerAndNoTransaction() {
    InMemoryLedger bank = held();
    var capture = CreditCommands.settle(InMemoryLedger.USER, bank.holdId("h"), true, 0L, "k", "h");
    assertEquals("applied", bank.run(capture));
    assertEquals("replayed", bank.run(capture));
    assertEquals(1, bank.transactions().size());
    assertEquals(
        "captured",
        bank.documents.get(new DocRef(CreditHolds.COLLECTION, bank.holdId("h"))).get("status"));
  }
}
