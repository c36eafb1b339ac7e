package dev.meterkite.model.credits.rules;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.credits.payments.StripeTeller;
import dev.meterkite.model.plans.DefaultPlans;
import dev.meterkite.model.schema.Schema.Users;
import dev.meterkite.model.stripe.StripePrices;
import dev.meterkite.model.stripe.StripeRules;
import dev.meterkite.model.stripe.TrialCredits;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Random lives of customers at Stripe, told in several orders: in time, delayed and doubled, all at
 * the end and backwards. The credits at the end are the same, and are worth the money that was paid
 * and not paid back, but for roundings. {@code -Dmeterkite.seed=N -Dmeterkite.lives=1} repeats one.
 */
class StripeLivesTest {
  private static final boolean DEEP = Boolean.getBoolean("meterkite.deep");
  private static final int LIVES = Integer.getInteger("meterkite.lives", DEEP ? 200_000 : 250);
  private static final long SEED = Long.getLong("meterkite.seed", 20_261_130);

  private static final StripeRules RULES =
      new StripeRules(
          new StripePrices(
              Map.of(
                  "price_enthu", "enthu",
                  "price_pro", "pro",
                  "price_pro_plus", "pro_plus",
                  "price_ultimate", "ultimate"),
              Map.of("price_100", 100L),
              Set.of(),
              DefaultPlans.PLANS),
          TrialCredits.SHARE,
          false);

  private record Delivery(Instant at, StripeLife.Told told) {}

  private static long play(StripeLife life, List<Delivery> deliveries, String how) {
    InMemoryLedger bank = InMemoryLedger.with("payg", 0);
    bank.documents.get(CreditRefs.user(InMemoryLedger.USER)).put(Users.STRIPE_CUSTOMER_ID, "cus_1");
    StripeTeller teller = new StripeTeller(bank, RULES);
    for (Delivery each : deliveries) {
      bank.now = each.at();
      String outcome = teller.tell(each.told().event());
      assertTrue(
          Set.of("applied", "unchanged", "kept").contains(outcome),
          () -> how + ": " + outcome + " of " + each.told());
    }
    bank.now = life.end();
    bank.sweep();
    assertEquals(List.of(), bank.audit(), how);
    assertEquals(List.of(), alerts(bank), how);
    return bank.ledger().balance();
  }

  /** Alerts but those of lines that were over when their money went back. */
  private static List<Object> alerts(InMemoryLedger bank) {
    return bank.alerts().stream().filter(type -> !type.equals("refund_abuse")).toList();
  }

  private static List<Delivery> inTime(StripeLife life) {
    return life.events.stream().map(each -> new Delivery(each.at(), each)).toList();
  }

  private static List<Delivery> delayedAndDoubled(StripeLife life, Random random) {
    List<Delivery> all = new ArrayList<>();
    for (StripeLife.Told each : life.events) {
      int times = 1 + random.nextInt(2);
      for (int i = 0; i < times; i++) {
        long left = life.end().getEpochSecond() - each.at().getEpochSecond();
        long delay = random.nextInt(3) == 0 ? 0 : (long) (random.nextDouble() * left);
        all.add(new Delivery(each.at().plusSeconds(delay), each));
      }
    }
    Collections.shuffle(all, random);
    all.sort(Comparator.comparing(Delivery::at));
    return all;
  }

  private static List<Delivery> atTheEnd(StripeLife life, Random random) {
    List<Delivery> all = new ArrayList<>();
    life.events.forEach(each -> all.add(new Delivery(life.end(), each)));
    if (random.nextBoolean()) {
      Collections.reverse(all);
    } else {
      Collections.shuffle(all, random);
    }
    return all;
  }

  @Test
  void livesOfASubscription_areWorthTheirMoneyInEveryOrder() {
    long told = 0;
    double most = 0;
    for (long seed = SEED; seed < SEED + LIVES; seed++) {
      StripeLife life = new StripeLife(seed);
      Random random = new Random(seed);
      String name = "seed " + seed + " " + life;
      long inTime = play(life, inTime(life), name + " in time");
      long worth = Math.round(life.worth());
      assertTrue(
          Math.abs(inTime - worth) <= life.roundings(),
          () -> name + ": " + inTime + " of " + life.worth());
      assertEquals(inTime, play(life, delayedAndDoubled(life, random), name + " delayed"), name);
      assertEquals(inTime, play(life, atTheEnd(life, random), name + " at the end"), name);
      told += life.events.size();
      most = Math.max(most, inTime - life.worth());
    }
    System.out.println(
        "stripe: " + LIVES + " lives of " + told + " events, at most " + most + " credits over");
  }
}
