package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.local.chaos.Calls;
import dev.meterkite.local.chaos.Journal;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.local.chaos.World;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.commands.CreditCommands;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.ModelPrices;
import dev.meterkite.model.schema.Schema.UserLedger;
import dev.meterkite.model.schema.Schema.Users;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Calls of models that are charged by their tokens, at the price of the call's own time, while
 * prices change. Each payer's credits and the part of one that is accrued are the sum of its calls,
 * to the last pico-USD.
 */
final class ChargedCalls implements Trade {
  private static final String PROVIDER = "meter";
  private static final int MODELS = 4;
  private static final int PAYERS = 12;

  /** Of every third payer, so that some are refused. */
  private static final long LITTLE = 300;

  private static final long MUCH = 50_000_000;
  private static final int SHARE_OF_CHANGES = 40;
  private static final BigInteger PICO_A_CREDIT = BigInteger.valueOf(10_000_000_000L);
  private static final BigInteger PICO_A_MICRO = BigInteger.valueOf(1_000_000);

  /** Ledgers count fractions of a micro-USD in units of which a pico-USD has so many. */
  private static final BigInteger UNITS_A_PICO = BigInteger.valueOf(10_000_000);

  /** A price that was written is not called by before it must have been seen. */
  private static final Duration UNTIL_SEEN = Duration.ofSeconds(60);

  /**
   * A version of a price.
   *
   * @param input pico-USD a token
   * @param output pico-USD a token
   * @param written when, in real time
   */
  private record Price(long input, long output, Instant written) {}

  /**
   * A call.
   *
   * @param cost in pico-USD
   */
  private record Charge(String payer, long cost, Outcome outcome) {}

  private final Simulation simulation;
  private final Documents documents;
  private final EarlierStates history;
  private final InstantSource clock;
  private final Journal journal;
  private final Calls calls;
  private final Map<String, NavigableMap<Instant, Price>> prices = new TreeMap<>();
  private final Map<String, Charge> charges = new TreeMap<>();
  private final Store store;
  private long keys;

  ChargedCalls(
      Simulation simulation,
      Documents documents,
      EarlierStates history,
      InstantSource clock,
      Journal journal,
      Store store,
      Calls calls) {
    this.simulation = simulation;
    this.documents = documents;
    this.history = history;
    this.clock = clock;
    this.journal = journal;
    this.store = store;
    this.calls = calls;
  }

  private static String payer(int index) {
    return "payer-" + index;
  }

  private static long opening(int index) {
    return index % 3 == 0 ? LITTLE : MUCH;
  }

  @Override
  public void create(Store through, Instant now) {
    for (int i = 0; i < MODELS; i++) {
      // Before any call, and seen by all.
      price("model-" + i, now.minus(Duration.ofDays(60)), Instant.EPOCH);
    }
    for (int i = 0; i < PAYERS; i++) {
      journal.reckonedElsewhere.add(payer(i));
      World.write(
          store,
          Mutation.replace(
              CreditRefs.user(payer(i)),
              Map.of(
                  Users.USER_ID,
                  payer(i),
                  Users.EMAIL,
                  payer(i) + "@example.com",
                  Users.TIER,
                  "payg",
                  Users.CREDITS_BALANCE,
                  opening(i))));
    }
  }

  private void price(String model, Instant from, Instant written) {
    Instant start = from.truncatedTo(ChronoUnit.MILLIS);
    Price price =
        new Price(
            1 + simulation.random().nextLong(6_000_000),
            1 + simulation.random().nextLong(20_000_000),
            written);
    if (prices.computeIfAbsent(model, unused -> new TreeMap<>()).putIfAbsent(start, price)
        != null) {
      return;
    }
    World.write(
        store,
        Mutation.replace(
            new DocRef(ModelPrices.COLLECTION, PROVIDER + "_" + model + "_" + start.toEpochMilli()),
            Map.of(
                ModelPrices.PROVIDER,
                PROVIDER,
                ModelPrices.MODEL_ID,
                model,
                ModelPrices.EFFECTIVE_FROM,
                start,
                ModelPrices.STATUS,
                "active",
                ModelPrices.COMPONENTS,
                List.of(component("input", price.input), component("output", price.output)))));
  }

  private static Map<String, Object> component(String meter, long price) {
    return Map.of(ModelPrices.METER, meter, ModelPrices.UNIT, "token", ModelPrices.PRICE, price);
  }

  @Override
  public void step(String caller) throws InterruptedException {
    String model = "model-" + simulation.random().nextInt(MODELS);
    Instant now = clock.instant();
    if (simulation.random().nextInt(SHARE_OF_CHANGES) == 0) {
      long ahead = 10 + simulation.random().nextLong(Duration.ofDays(2).toMinutes());
      price(model, now.plus(Duration.ofMinutes(ahead)), simulation.instant());
      journal.count(ModelPrices.COLLECTION, Outcome.APPLIED);
      return;
    }
    long back = simulation.random().nextLong(Duration.ofDays(30).toSeconds());
    Instant at = seen(model, now.minusSeconds(simulation.random().nextBoolean() ? 0 : back));
    call(payer(simulation.random().nextInt(PAYERS)), model, at, caller + "-" + keys++);
  }

  /** This moment, or an earlier one whose price must have been seen by all. */
  private Instant seen(String model, Instant at) {
    Instant moment = at.truncatedTo(ChronoUnit.MICROS);
    Instant since = simulation.instant().minus(UNTIL_SEEN);
    for (Map.Entry<Instant, Price> each : versions(model).entrySet()) {
      if (each.getValue().written.isAfter(since) && !each.getKey().isAfter(moment)) {
        moment = each.getKey().minus(1, ChronoUnit.MICROS);
      }
    }
    return moment;
  }

  private NavigableMap<Instant, Price> versions(String model) {
    return prices.getOrDefault(model, new TreeMap<>());
  }

  private void call(String payer, String model, Instant at, String key)
      throws InterruptedException {
    long input = simulation.random().nextLong(20_000);
    long output = 1 + simulation.random().nextLong(4_000);
    Price price = versions(model).floorEntry(at).getValue();
    String body =
        "{\"user_id\":\"%s\",\"usage\":{\"provider\":\"%s\",\"model_id\":\"%s\",\"input_tokens\":%d,\"output_tokens\":%d,\"at\":\"%s\"}}"
            .formatted(payer, PROVIDER, model, input, output, at);
    Outcome outcome = outcome(key, body);
    charges.put(
        Ids.marker(CreditCommands.DEBIT, CreditRefs.user(payer), key),
        new Charge(payer, input * price.input + output * price.output, outcome));
    journal.count("debit-credits by tokens", outcome);
  }

  private Outcome outcome(String key, String body) throws InterruptedException {
    try {
      Calls.Answer answer = calls.post(CreditCommands.DEBIT, key, body);
      if (answer.status() == 200) {
        return Outcome.APPLIED;
      } else if (answer.status() == 402) {
        return Outcome.REFUSED;
      } else if (answer.status() == 429 || answer.status() >= 500) {
        return Outcome.UNKNOWN;
      }
      journal.surprise("debit-credits answered " + answer.status() + ": " + answer.body());
      return Outcome.REFUSED;
    } catch (IOException noAnswer) {
      return Outcome.UNKNOWN;
    }
  }

  @Override
  public boolean isBusy() {
    return false;
  }

  @Override
  public List<String> findings(Instant now) {
    List<String> findings = new ArrayList<>();
    Map<String, BigInteger> spent = new HashMap<>();
    charges.forEach(
        (marker, charge) -> {
          boolean found = isFound(marker);
          if (charge.outcome != Outcome.UNKNOWN && found != (charge.outcome == Outcome.APPLIED)) {
            findings.add("debit-credits " + marker + ": found is " + found + ": " + charge);
          }
          if (found) {
            spent.merge(charge.payer, BigInteger.valueOf(charge.cost), BigInteger::add);
          }
        });
    for (int i = 0; i < PAYERS; i++) {
      Map<String, Object> user = documents.get(CreditRefs.user(payer(i))).fields();
      Map<?, ?> ledger = user.get(Users.LEDGER) instanceof Map<?, ?> map ? map : Map.of();
      BigInteger units =
          PICO_A_CREDIT
              .multiply(number(user.get(Users.CREDITS_BALANCE)))
              .subtract(PICO_A_MICRO.multiply(number(ledger.get(UserLedger.ACCRUED_MICROS))))
              .multiply(UNITS_A_PICO)
              .subtract(number(ledger.get(UserLedger.ACCRUED_FRACTION)));
      BigInteger due =
          PICO_A_CREDIT
              .multiply(BigInteger.valueOf(opening(i)))
              .subtract(spent.getOrDefault(payer(i), BigInteger.ZERO))
              .multiply(UNITS_A_PICO);
      if (!units.equals(due)) {
        findings.add(
            "users/%s has %s units of 1e-19 USD left, its calls leave %s"
                .formatted(payer(i), units, due));
      }
    }
    return findings;
  }

  private boolean isFound(String marker) {
    Snapshot record = history.lastOf(new DocRef(IdempotencyKeys.COLLECTION, marker));
    return documents.get(new DocRef(CreditTransactions.COLLECTION, marker)).exists()
        || (record.exists() && !record.fields().containsKey(IdempotencyKeys.CODE));
  }

  private static BigInteger number(@Nullable Object value) {
    return value instanceof Long number ? BigInteger.valueOf(number) : BigInteger.ZERO;
  }
}
