package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.credits.CreditOutcome;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.commands.UsageCharge;
import dev.meterkite.model.credits.journal.LedgerChain;
import dev.meterkite.model.credits.ledger.BalanceAlert;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.stripe.PaymentCodec;
import dev.meterkite.model.credits.stripe.PaymentRecord;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.Subscription;
import dev.meterkite.model.credits.stripe.SubscriptionStatus;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * Random sequences of every command with time moving, and after each step everything that must
 * hold. The seed in a failure's message repeats it.
 */
class CreditSequencesTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final int STEPS = DEEP ? 30 : 10;
  private static final List<String> TIERS = List.of("free", "enthu", "pro", "payg", "gold");
  private static final List<String> STATUSES =
      List.of("queued", "clarifying", "running", "completed", "failed", "cancelled", "paused");

  /** {@code -Dmeterkite.sequences=1 -Dmeterkite.seed=N} repeats one. */
  private static final long FIRST = Long.getLong("meterkite.seed", 0);

  private static final int SEQUENCES =
      Integer.getInteger("meterkite.sequences", DEEP ? 200_000 : 2_000);

  @Test
  void anySequence_keepsTheBooks() {
    Map<String, Integer> outcomes = new ConcurrentSkipListMap<>();
    LongStream.range(FIRST, FIRST + SEQUENCES).parallel().forEach(seed -> play(seed, outcomes));
    System.out.println("credits: " + SEQUENCES + " sequences of " + STEPS + ": " + outcomes);
    if (SEQUENCES < 1_000) {
      return; // too few for the rare ones
    }
    for (CreditOutcome outcome : CreditOutcome.values()) {
      // Of jobs, of erased users, of calls that cost nothing, or of more than a sequence has.
      boolean isPlayedElsewhere =
          outcome == CreditOutcome.INVALID_JOB
              || outcome == CreditOutcome.USER_ERASED
              || outcome == CreditOutcome.DURATION_EXCEEDS_TIER
              || outcome == CreditOutcome.NOTHING_TO_HOLD
              || outcome == CreditOutcome.TOO_MANY_HOLDS
              || outcome == CreditOutcome.TOO_MANY_LINES
              || outcome == CreditOutcome.BALANCE_LIMIT_EXCEEDED;
      assertTrue(
          isPlayedElsewhere || outcomes.containsKey(outcome.code()),
          () -> "never happened: " + outcome);
    }
  }

  private static void play(long seed, Map<String, Integer> outcomes) {
    try {
      new Play(seed, outcomes).play();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }

  private static final class Play {
    private final Random random;
    private final Map<String, Integer> outcomes;
    private final InMemoryLedger bank;
    private final List<String> holds = new ArrayList<>();
    private final List<String> keys = new ArrayList<>();

    /** The versions of each job in their order; what events carry, in any order. */
    private final Map<String, List<Map<String, Object>>> versions = new HashMap<>();

    /** How often each job may have lived again, and those that have ended since. */
    private final Map<String, Integer> revivals = new HashMap<>();

    private final Set<String> ended = new HashSet<>();
    private long summed;
    private long counted;
    private String hash = LedgerChain.FIRST;

    Play(long seed, Map<String, Integer> outcomes) {
      random = new Random(seed);
      this.outcomes = outcomes;
      bank =
          new InMemoryLedger(random.nextBoolean() ? ForeignBalance.PUT_BACK : ForeignBalance.ADOPT)
              .user(
                  InMemoryLedger.USER,
                  tier(),
                  random.nextInt(4) == 0 ? null : (long) random.nextInt(200));
      bank.isCached = random.nextBoolean();
    }

    private String tier() {
      return TIERS.get(random.nextInt(TIERS.size()));
    }

    void play() {
      for (int step = 0; step < STEPS; step++) {
        bank.now = bank.now.plus(pause());
        Map<DocRef, Map<String, Object>> before = bank.copy();
        String outcome = command(before);
        outcomes.merge(outcome, 1, Integer::sum);
        if (!outcome.equals("applied")) {
          // A16: a rejected request leaves every document as it was.
          assertEquals(before, bank.documents, outcome);
        }
        check();
      }
      finish();
    }

    private Duration pause() {
      return switch (random.nextInt(8)) {
        case 0 -> Duration.ofHours(random.nextInt(30));
        case 1 -> Duration.ofDays(random.nextInt(9));
        case 2 -> Duration.ofMinutes(60);
        default -> Duration.ofSeconds(random.nextInt(3));
      };
    }

    private String command(Map<DocRef, Map<String, Object>> before) {
      long amount = 1L + random.nextInt(60);
      return switch (random.nextInt(19)) {
        case 0, 1 -> debit(amount);
        case 2 -> usage(amount);
        case 3, 4 ->
            bank.grant(
                amount,
                random.nextInt(3) == 0
                    ? null
                    : bank.now.plus(Duration.ofMinutes(random.nextInt(60 * 24 * 6) - 60)));
        case 5, 6 -> hold(amount);
        case 7 ->
            random.nextInt(4) == 0
                ? captureUsage(amount)
                : bank.capture(hold(), random.nextBoolean() ? null : amount - 1);
        case 8 -> bank.release(hold());
        case 9 -> bank.refund(transaction(), random.nextBoolean() ? null : amount);
        case 10, 11 -> job(before);
        case 12 -> bank.sweep();
        case 13 -> another(before);
        case 14, 15, 16 -> stripe();
        case 17 -> register();
        default -> jobHold(amount);
      };
    }

    private String debit(long amount) {
      boolean again = !keys.isEmpty() && random.nextInt(5) == 0;
      String key = again ? keys.get(random.nextInt(keys.size())) : bank.key();
      keys.add(key);
      return bank.run(CreditCommands.debit(InMemoryLedger.USER, amount, null, "text", key, "h"));
    }

    /** A call of some credits and a part of one; the books below a credit are checked. */
    private String usage(long amount) {
      boolean again = !keys.isEmpty() && random.nextInt(5) == 0;
      String key = again ? keys.get(random.nextInt(keys.size())) : bank.key();
      keys.add(key);
      UsageCharge charge =
          random.nextInt(9) == 0
              ? CallChargeRulesTest.unknown()
              : CallChargeRulesTest.call(amount * random.nextInt(2_000));
      String outcome =
          bank.run(CreditCommands.debit(InMemoryLedger.USER, charge, null, "text", key, "h"));
      if (outcome.equals("applied")) {
        assertTrue(bank.ledger().accrued().micros() < 10_000, () -> bank.ledger().toString());
      }
      return outcome;
    }

    private String captureUsage(long amount) {
      return bank.run(
          CreditCommands.capture(
              InMemoryLedger.USER,
              bank.holdId(hold()),
              CallChargeRulesTest.call(amount * 5_000),
              0,
              random.nextBoolean(),
              bank.key(),
              "h"));
    }

    private String hold(long amount) {
      String key = bank.key();
      holds.add(key);
      return bank.hold(key, amount);
    }

    private String hold() {
      return holds.isEmpty() || random.nextInt(9) == 0
          ? "none"
          : holds.get(random.nextInt(holds.size()));
    }

    /** Without a key it changes nothing the second time. */
    private String register() {
      String customer = random.nextBoolean() ? null : "cus_" + random.nextInt(2);
      String tier =
          Optional.ofNullable(tier())
              .filter(any -> random.nextBoolean() && DefaultPlans.PLANS.tier(any).isPresent())
              .orElse(null);
      var command = CreditCommands.register(InMemoryLedger.USER, null, tier, customer, null, "h");
      String outcome = bank.run(command);
      if (outcome.equals("applied")) {
        assertEquals("unchanged", bank.run(command), command::toString);
      }
      return outcome;
    }

    private String jobHold(long amount) {
      String job = "job-" + random.nextInt(3);
      String user = random.nextInt(6) == 0 ? "u2" : InMemoryLedger.USER;
      return user.equals(InMemoryLedger.USER)
          ? bank.run(CreditCommands.hold(user, amount, job, Duration.ofDays(2), bank.key(), "h"))
          : stranger(amount, job);
    }

    /** Another user with the same job: only one of them can have its hold. */
    private String stranger(long amount, String job) {
      Map<DocRef, Map<String, Object>> before = bank.copy();
      if (!bank.documents.containsKey(CreditRefs.user("u2"))) {
        bank.user("u2", "payg", 1_000L);
        bank.run(CreditCommands.sweep("u2"));
      }
      String outcome =
          bank.run(CreditCommands.hold("u2", amount, job, Duration.ofDays(2), bank.key(), "h"));
      return bank.documents.equals(before) ? outcome : remember(outcome);
    }

    /** The stranger's set-up changed documents whatever came of the command. */
    private String remember(String outcome) {
      outcomes.merge(outcome, 1, Integer::sum);
      return "applied";
    }

    private String transaction() {
      List<Map<String, Object>> all = bank.transactions();
      return all.isEmpty() || random.nextInt(9) == 0
          ? "none"
          : (String) all.get(random.nextInt(all.size())).get(CreditTransactions.TRANSACTION_ID);
    }

    private String job(Map<DocRef, Map<String, Object>> before) {
      String job = "job-" + random.nextInt(3);
      note(job);
      if (random.nextInt(12) == 0) {
        bank.documents.remove(new DocRef(PodcastJobs.COLLECTION, job));
      } else {
        write(job);
      }
      note(job);
      before.clear();
      before.putAll(bank.copy());
      return switch (random.nextInt(6)) {
        case 0 -> "unchanged"; // the event is lost
        case 1, 2 -> late(job);
        default -> bank.event(job);
      };
    }

    private void write(String job) {
      bank.job(job, PodcastJobs.STATUS, STATUSES.get(random.nextInt(STATUSES.size())));
      if (random.nextInt(4) == 0) {
        Object[] actual = {(long) random.nextInt(15), 7.5, "7", -1L, null};
        bank.job(job, PodcastJobs.CREDITS_ACTUAL, actual[random.nextInt(actual.length)]);
      }
      if (random.nextInt(9) == 0) {
        bank.job(job, PodcastJobs.DURATION_MIN, random.nextInt(40) / 2.0);
      }
      if (random.nextInt(6) == 0) {
        Object[] users = {InMemoryLedger.USER, "u2", "ghost", null, 7L};
        bank.job(job, PodcastJobs.USER_ID, users[random.nextInt(users.length)]);
      }
      if (random.nextInt(9) == 0) {
        bank.job(job, PodcastJobs.CREATED_AT, bank.now).copyOf(job).remove(PodcastJobs.PAYMENT);
      }
    }

    /** Keeps the present version of a job, and counts that it lives after it had ended. */
    private void note(String job) {
      DocRef ref = new DocRef(PodcastJobs.COLLECTION, job);
      Map<String, Object> version = Map.of();
      if (bank.documents.containsKey(ref)) {
        version = bank.copyOf(job);
      }
      List<Map<String, Object>> all = versions.computeIfAbsent(job, unused -> new ArrayList<>());
      boolean first = all.isEmpty();
      boolean wasDeleted = !first && all.get(all.size() - 1).isEmpty();
      all.add(version);
      Object status = version.get(PodcastJobs.STATUS);
      if (List.of("queued", "clarifying", "running").contains(String.valueOf(status))
          || (wasDeleted && "completed".equals(status))) {
        if (ended.remove(job)) {
          revivals.merge(job, 1, Integer::sum);
        }
      } else if ((version.isEmpty() && !first)
          || "failed".equals(status)
          || "cancelled".equals(status)
          || "refused".equals(LenientFields.map(version, PodcastJobs.PAYMENT).get("status"))) {
        ended.add(job);
      }
    }

    /** Delivers an event of any change that ever was. */
    private String late(String job) {
      List<Map<String, Object>> all = versions.get(job);
      int at = random.nextInt(all.size());
      return bank.event(job, at == 0 ? Map.of() : all.get(at - 1), all.get(at));
    }

    /** What Stripe tells; told again at once, it says nothing new. */
    private String stripe() {
      var command = CreditCommands.stripe(InMemoryLedger.USER, told());
      String outcome = bank.run(command);
      if (outcome.equals("applied")) {
        bank.sweep(); // a tier that it ended or changed may have a grant due
        assertEquals("unchanged", bank.run(command), command::toString);
      }
      return outcome;
    }

    private CreditCommand told() {
      CreditCommand.Told told =
          new CreditCommand.Told("evt", random.nextBoolean() ? null : "cus_" + random.nextInt(2));
      String id = Integer.toString(random.nextInt(3));
      String payment = "pi_" + id;
      String tier = random.nextBoolean() ? "enthu" : "pro";
      return switch (random.nextInt(5)) {
        case 0 ->
            new CreditCommand.Pay(
                List.of(payment),
                sale("cs_" + id, new StripePayment.Sale(false, 600L, 100, List.of())),
                told);
        case 1 -> {
          int days = 10 * random.nextInt(4);
          Instant start = InMemoryLedger.START.plus(Duration.ofDays(days));
          StripePayment.Line line =
              new StripePayment.Line(
                  "il_1",
                  StripePayment.LineKind.WHOLE,
                  tier,
                  DefaultPlans.PLANS.tier(tier).orElseThrow().monthlyCredits(),
                  1,
                  start,
                  start.plus(Duration.ofDays(id.equals("0") ? 90 : 30)),
                  600L,
                  null);
          String invoice = "in_" + id + tier + days;
          yield new CreditCommand.Pay(
              random.nextBoolean() ? List.of("in_" + payment, invoice) : List.of(invoice),
              sale(invoice, new StripePayment.Sale(true, 600L, 0, List.of(line))),
              told);
        }
        case 2 -> {
          String back = (random.nextBoolean() ? "in_" : "") + payment;
          StripePayment.Part part =
              new StripePayment.Part(
                  600L,
                  null,
                  List.of(new StripePayment.Refunded(bank.now, 1L + random.nextInt(600))));
          yield new CreditCommand.Pay(
              List.of(back),
              new StripePayment(Map.of(), Map.of(back, part), Map.of(), Map.of()),
              told);
        }
        case 3 -> {
          String back = (random.nextBoolean() ? "in_" : "") + payment;
          Instant at = bank.now.truncatedTo(ChronoUnit.SECONDS);
          StripePayment.Dispute dispute =
              random.nextBoolean()
                  ? new StripePayment.Dispute(600, at, null)
                  : new StripePayment.Dispute(600, null, at);
          yield new CreditCommand.Pay(
              List.of(back),
              new StripePayment(Map.of(), Map.of(), Map.of(), Map.of("dp_" + back, dispute)),
              told);
        }
        default -> {
          SubscriptionStatus[] statuses = SubscriptionStatus.values();
          Subscription.Change[] changes = Subscription.Change.values();
          yield new CreditCommand.Subscribe(
              "sub_" + random.nextInt(2),
              new Subscription(
                  statuses[random.nextInt(statuses.length)],
                  tier,
                  InMemoryLedger.START.plusSeconds(random.nextInt(9)),
                  changes[random.nextInt(changes.length)],
                  null),
              told);
        }
      };
    }

    /** What other programs do to the user's document. */
    private String another(Map<DocRef, Map<String, Object>> before) {
      Map<String, Object> user =
          new LinkedHashMap<>(bank.documents.get(CreditRefs.user(InMemoryLedger.USER)));
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> user.put(Users.CREDITS_BALANCE, (long) random.nextInt(300));
        case 3 -> user.put(Users.TIER, tier());
        case 4 -> {
          user.remove(Users.LEDGER);
          user.remove(Users.LEDGER_DUE_AT);
        }
        default -> user.put(Users.CREDITS_BALANCE, "many");
      }
      bank.documents.put(CreditRefs.user(InMemoryLedger.USER), user);
      before.clear();
      before.putAll(bank.copy());
      return bank.debit(1L + random.nextInt(9));
    }

    private void check() {
      List<Map<String, Object>> all = bank.transactions();
      for (Map<String, Object> each : all.subList((int) counted, all.size())) {
        assertTrue(LedgerChain.verify(each, counted, hash).isEmpty(), () -> each.toString());
        counted++;
        hash = (String) each.get(CreditTransactions.HASH);
        summed += (Long) each.get(CreditTransactions.AMOUNT);
        assertTrue(summed >= 0, "below zero");
        assertEquals(summed, each.get(CreditTransactions.BALANCE_AFTER));
      }
      Ledger ledger = bank.ledger();
      if (ledger == null) {
        return;
      }
      assertEquals(summed, ledger.balance(), "balance is the sum");
      assertEquals(counted, ledger.sequence(), "no gap");
      assertEquals(ledger.balance(), ledger.lots().total(), "lots are the balance");
      assertEquals(ledger.held(), ledger.lots().held(), "pins are the holds");
      assertTrue(ledger.held() <= ledger.balance(), "more held than there is");
      long open =
          bank.openHolds().stream()
              .mapToLong(hold -> (Long) hold.fields().get(CreditHolds.AMOUNT))
              .sum();
      assertEquals(open, ledger.held(), "held is the sum of open holds");
      jobsChargedOnce(all);
      attemptsAreLives();
      paymentsTakenBackOnce();
    }

    private static StripePayment sale(String id, StripePayment.Sale sale) {
      return new StripePayment(Map.of(id, sale), Map.of(), Map.of(), Map.of());
    }

    /** Of a purchase no more is taken back than it gave. */
    private void paymentsTakenBackOnce() {
      bank.documents.forEach(
          (ref, transaction) -> {
            if (ref.collection().equals(CreditTransactions.COLLECTION)) {
              long refunded = LenientFields.whole(transaction, CreditTransactions.REFUNDED, 0);
              long amount = LenientFields.whole(transaction, CreditTransactions.AMOUNT, 0);
              assertTrue(
                  refunded >= 0 && refunded <= Math.abs(amount),
                  () -> "too much is taken back: " + transaction);
            }
          });
      bank.documents.forEach(
          (ref, payment) -> {
            if (ref.collection().equals(StripePayments.COLLECTION)) {
              PaymentRecord state = PaymentCodec.decode(bank.snapshot(ref));
              state
                  .bookings()
                  .forEach(
                      (sale, booking) ->
                          assertTrue(
                              booking.total() <= booking.due() && booking.due() <= booking.given(),
                              booking::toString));
            }
          });
    }

    /** A job has no more attempts than it had lives. */
    private void attemptsAreLives() {
      for (String job : versions.keySet()) {
        long attempts = LenientFields.whole(bank.jobHold(job, 1), CreditHolds.ATTEMPTS, 1);
        int lives = 1 + revivals.getOrDefault(job, 0);
        assertTrue(attempts <= lives, () -> job + ": " + attempts + " attempts in " + lives);
      }
    }

    private void jobsChargedOnce(List<Map<String, Object>> all) {
      Map<Object, Long> charges = new HashMap<>();
      for (Map<String, Object> each : all) {
        Object hold = each.get(CreditTransactions.HOLD_ID);
        if (hold != null) {
          charges.merge(hold, 1L, Long::sum);
        }
      }
      charges.forEach((hold, times) -> assertEquals(1, times, () -> "charged again: " + hold));
    }

    /** In the end everything lapses, nothing stays held, and the audit derives the same books. */
    private void finish() {
      boolean unreadable = bank.sweepAnswer().containsKey("code");
      Map<String, Object> user =
          new LinkedHashMap<>(bank.documents.get(CreditRefs.user(InMemoryLedger.USER)));
      user.put(Users.TIER, "payg");
      if (unreadable) {
        user.put(Users.CREDITS_BALANCE, 50L);
      }
      bank.documents.put(CreditRefs.user(InMemoryLedger.USER), user);
      bank.after(Duration.ofDays(8)).sweep();
      check();
      assertEquals(0, bank.ledger().held(), "A12: a held amount returns to zero");
      assertTrue(
          bank.ledger().lots().list().stream().noneMatch(lot -> lot.isExpired(bank.now)),
          "an expired lot is left");
      assertEquals("unchanged", bank.sweep(), "nothing is due twice");
      assertEquals(List.of(), bank.audit());
      Map<String, Object> swept = bank.documents.get(CreditRefs.user(InMemoryLedger.USER));
      assertEquals(bank.ledger().balance(), swept.get(Users.CREDITS_AVAILABLE), "nothing is held");
      assertTrue(
          bank.documents.entrySet().stream()
              .filter(each -> each.getKey().equals(BalanceAlert.read(InMemoryLedger.USER).ref()))
              .allMatch(each -> "resolved".equals(each.getValue().get("status"))),
          "the alert of a balance that can be read again is open");
    }
  }
}
