package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.command.Command;
import dev.meterkite.model.command.Decision;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.ForeignBalance;
import dev.meterkite.model.credits.commands.CreditCommand;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.credits.commands.UsageCharge;
import dev.meterkite.model.credits.ledger.CreditState;
import dev.meterkite.model.credits.ledger.Ledger;
import dev.meterkite.model.credits.lots.Holds;
import dev.meterkite.model.credits.lots.Lots;
import dev.meterkite.model.credits.stripe.Terms;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.prices.CallUsage;
import dev.meterkite.model.prices.CallUsage.Quantity;
import dev.meterkite.model.prices.ExactMicros;
import dev.meterkite.model.prices.Meter;
import dev.meterkite.model.prices.PriceBook;
import dev.meterkite.model.prices.PriceCodec;
import dev.meterkite.model.prices.PriceComponent;
import dev.meterkite.model.prices.PriceHistory;
import dev.meterkite.model.prices.PriceStatus;
import dev.meterkite.model.prices.PriceUnit;
import dev.meterkite.model.prices.PriceVersion;
import dev.meterkite.model.prices.Priced;
import dev.meterkite.model.prices.ServiceTier;
import dev.meterkite.model.schema.Schema.ModelPrices;
import dev.meterkite.model.schema.Schema.Users;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random calls at random prices of the course of a month, with random markups: each is charged at
 * the price of its own time, and the deductions are the exact sum.
 */
class ExactChargesTest {
  private static final String USER = InMemoryLedger.USER;

  /** Calls of each seed; each is charged in two orders. */
  private static final int CALLS = Boolean.getBoolean("meterkite.deep") ? 1_000_000 : 10_000;

  private static final int SEEDS = Boolean.getBoolean("meterkite.deep") ? 1 : 2;
  private static final int PROVIDERS = 5;
  private static final int VERSIONS = 6;
  private static final int SECONDS = 30 * 86_400;
  private static final int LONGEST_BATCH = 40;

  /** A price of a unit from a second of the month on. */
  private record Step(int from, long pico) {}

  /** The prices of a provider's model: as the test knows them, and as the program reads them. */
  private record Model(String provider, List<Step> steps, PriceHistory history) {
    static Model draw(Random random, String provider) {
      List<Step> steps = new ArrayList<>();
      List<Snapshot> documents = new ArrayList<>();
      int from = 0;
      for (int i = 0; i < VERSIONS; i++) {
        long pico = 1 + (long) (Math.pow(random.nextDouble(), 6) * 3_000_000_000L);
        steps.add(new Step(from, pico));
        PriceVersion version = version(provider, from, pico);
        documents.add(
            new Snapshot(
                new DocRef(ModelPrices.COLLECTION, version.id()),
                PriceCodec.encode(version),
                Instant.EPOCH));
        from += 1 + random.nextInt(SECONDS / VERSIONS);
      }
      Collections.shuffle(documents, random);
      return new Model(provider, steps, PriceHistory.of(provider, "m", documents, null));
    }

    private static PriceVersion version(String provider, int from, long pico) {
      return new PriceVersion(
          provider,
          "m",
          null,
          InMemoryLedger.START.plusSeconds(from),
          null,
          null,
          PriceStatus.ACTIVE,
          null,
          false,
          List.of(
              PriceComponent.of(Meter.INPUT, PriceUnit.TOKEN, pico),
              PriceComponent.of(Meter.AUDIO_IN, PriceUnit.SECOND, pico)));
    }

    /** The last step that has begun. */
    Step at(int second) {
      Step found = steps.get(0);
      for (Step each : steps) {
        found = each.from() <= second ? each : found;
      }
      return found;
    }
  }

  /** One random call: its charge as an exact decimal, and the command's part. */
  private record Drawn(BigDecimal micros, UsageCharge usage) {}

  /** Often at the first or last second of a price. */
  private static int second(Random random, Model model) {
    return random.nextInt(5) == 0
        ? Math.max(0, model.steps().get(random.nextInt(VERSIONS)).from() - random.nextInt(2))
        : random.nextInt(SECONDS);
  }

  private static Drawn draw(Random random, List<Model> models, PriceBook book, String message) {
    Model model = models.get(random.nextInt(models.size()));
    int second = second(random, model);
    boolean seconds = random.nextInt(4) == 0;
    BigDecimal quantity =
        seconds
            ? new BigDecimal(random.nextInt(900_000)).movePointLeft(3)
            : new BigDecimal(random.nextInt(100_000));
    CallUsage usage =
        new CallUsage(
            model.provider(),
            "m",
            Map.of(seconds ? Quantity.AUDIO_SECONDS : Quantity.INPUT_TOKENS, quantity),
            ServiceTier.STANDARD,
            null);
    Instant at = InMemoryLedger.START.plusSeconds(second);
    Priced priced = model.history().cost(usage, at);
    Step step = model.at(second);
    String version = assertInstanceOf(Priced.Known.class, priced, message).version();
    assertTrue(
        version.equals(model.provider() + "_m_" + InMemoryLedger.START.plusSeconds(step.from())),
        () -> message + ": " + version + " is charged at " + at);
    BigDecimal percent = BigDecimal.valueOf(book.markup("payg", usage.provider(), "m"), 2);
    BigDecimal micros =
        quantity
            .multiply(BigDecimal.valueOf(step.pico()))
            .movePointLeft(6)
            .multiply(percent.movePointLeft(2).add(BigDecimal.ONE));
    return new Drawn(micros, new UsageCharge(usage, at, priced, book, "p"));
  }

  private static PriceBook book(Random random, long creditMicros) {
    List<PriceBook.Markup> markups = new ArrayList<>();
    for (int i = 0; i < PROVIDERS - 1; i++) {
      markups.add(new PriceBook.Markup(null, "p" + i, null, random.nextInt(40_000)));
    }
    return new PriceBook(creditMicros, random.nextInt(10_000), markups);
  }

  /**
   * The sum of what is deducted is the sum of the exact charges, rounded down, and the rest is what
   * is accrued; in whatever order, batches and after any number of crashes. No call is charged at a
   * price of another time.
   */
  @Test
  void deductionsOfRandomCalls_areTheExactSum_atThePriceOfTheirTime_inAnyOrderAndBatches() {
    for (long seed = 1; seed <= SEEDS; seed++) {
      Random random = new Random(seed);
      String message = "seed " + seed;
      long creditMicros = seed == 1 ? 10_000 : 1 + random.nextInt(30_000);
      PriceBook book = book(random, creditMicros);
      List<Model> models = new ArrayList<>();
      for (int i = 0; i < PROVIDERS; i++) {
        models.add(Model.draw(random, "p" + i));
      }
      List<Drawn> calls = new ArrayList<>();
      BigDecimal sum = BigDecimal.ZERO;
      for (int i = 0; i < CALLS; i++) {
        Drawn call = draw(random, models, book, message);
        calls.add(call);
        sum = sum.add(call.micros());
      }
      BigDecimal[] expected = sum.divideAndRemainder(BigDecimal.valueOf(creditMicros));
      for (int order = 0; order < 2; order++) {
        Ledger end = new Play(random).all(calls, message);
        String inOrder = message + ", order " + order;
        long deducted = Ledger.MAX_BALANCE - end.balance();
        assertEquals(
            expected[0].setScale(0, RoundingMode.UNNECESSARY).longValueExact(), deducted, inOrder);
        assertEquals(0, expected[1].compareTo(new BigDecimal(end.accrued().text())), inOrder);
        Collections.shuffle(calls, random);
      }
    }
  }

  /** Decides batches of calls; a process that crashes leaves the last batch to another. */
  private static final class Play {
    private static final DocRef REF = CreditRefs.user(USER);

    private final CreditRules rules = new CreditRules(ForeignBalance.PUT_BACK, DefaultPlans.PLANS);
    private final InMemoryLedger documents = new InMemoryLedger();
    private final Random random;
    private int keys;

    Play(Random random) {
      this.random = random;
      Map<String, Object> opened = new LinkedHashMap<>();
      opened.put(Users.TIER, "payg");
      documents.documents.put(REF, opened);
      CreditState empty = read();
      Ledger ledger =
          new Ledger(
              1,
              Ledger.MAX_BALANCE,
              "a".repeat(64),
              Lots.NONE.give(null, Ledger.MAX_BALANCE, true),
              Holds.NONE,
              null,
              Terms.NONE,
              List.of(),
              null,
              ExactMicros.ZERO);
      documents.set(REF, rules.changes(empty, empty.with(ledger, null)));
    }

    /** The state as a process reads it from the document. */
    private CreditState read() {
      return rules.decode(documents.snapshot(REF));
    }

    Ledger all(List<Drawn> calls, String message) {
      CreditState written = read();
      int done = 0;
      while (done < calls.size()) {
        int end = Math.min(calls.size(), done + 1 + random.nextInt(LONGEST_BATCH));
        CreditState next = written;
        for (Drawn call : calls.subList(done, end)) {
          next = decide(next, call, message);
        }
        if (random.nextInt(10) == 0) {
          written = read(); // It crashed before its commit.
        } else {
          documents.set(REF, rules.changes(written, next));
          written = random.nextInt(20) == 0 ? read() : next;
          done = end;
        }
      }
      Ledger ledger = read().ledger();
      assertTrue(ledger != null, message);
      return ledger;
    }

    private CreditState decide(CreditState state, Drawn call, String message) {
      Command<CreditCommand> command =
          CreditCommands.debit(USER, call.usage(), null, null, "k" + keys++, "h");
      Decision<CreditState> decision =
          rules.decide(state, NothingRead.INSTANCE, command, InMemoryLedger.START);
      assertInstanceOf(Decision.Applied.class, decision, message);
      return ((Decision.Applied<CreditState>) decision).next();
    }
  }
}
