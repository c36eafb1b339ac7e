package dev.meterkite.simulation;

import dev.meterkite.functions.simulated.Documents;
import dev.meterkite.functions.simulated.Simulation;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.local.chaos.Journal;
import dev.meterkite.local.chaos.Journal.Outcome;
import dev.meterkite.local.chaos.World;
import dev.meterkite.model.credits.CreditRefs;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sells packages, months and years by way of Stripe, gives money back in parts or whole, and has
 * disputes. Buyers spend nothing, so that each has the credits of what was paid and not paid back.
 */
final class Shop implements Trade {
  /** What the prices stand for, as {@code STRIPE_PRICES}. */
  static final String PRICES =
      "{\"price_enthu\":\"enthu\",\"price_pro\":\"pro\",\"price_pro_plus\":\"pro_plus\","
          + "\"price_100\":100}";

  private static final int BUYERS = 20;
  private static final int MOST_ALIVE = 30;
  private static final long PACKAGE_CENTS = 600;
  private static final long PACKAGE_CREDITS = 100;

  /** A tier: its price in cents and its credits, a month. */
  private record Tier(String price, long cents, long credits) {}

  private static final List<Tier> TIERS =
      List.of(
          new Tier("price_enthu", 900, 1_000),
          new Tier("price_pro", 2_900, 2_500),
          new Tier("price_pro_plus", 4_900, 6_000));

  private final Simulation simulation;
  private final Documents documents;
  private final InstantSource clock;
  private final Journal journal;
  private final StripePosts posts;
  private final List<Sale> sales = new ArrayList<>();

  /** Buyer, tier and second of a period: two invoices of one give its credits once. */
  private final Set<String> periods = new HashSet<>();

  private int ids;

  Shop(
      Simulation simulation,
      Documents documents,
      InstantSource clock,
      Journal journal,
      StripePosts posts) {
    this.simulation = simulation;
    this.documents = documents;
    this.clock = clock;
    this.journal = journal;
    this.posts = posts;
  }

  private static String buyer(int index) {
    return "buyer-" + index;
  }

  /** Of every second buyer the product learns the customer's id by the first session. */
  @Override
  public void create(Store store, Instant now) {
    for (int i = 0; i < BUYERS; i++) {
      String user = buyer(i);
      Map<String, Object> fields = new HashMap<>();
      fields.put(Users.USER_ID, user);
      fields.put(Users.EMAIL, user + "@example.com");
      fields.put(Users.TIER, "payg");
      fields.put(Users.CREATED_AT, now.truncatedTo(ChronoUnit.MICROS));
      if (i % 2 == 0) {
        fields.put(Users.STRIPE_CUSTOMER_ID, "cus_" + user);
      }
      journal.reckonedElsewhere.add(user);
      World.write(store, Mutation.replace(CreditRefs.user(user), fields));
      packages(user, now.truncatedTo(ChronoUnit.SECONDS));
    }
  }

  @Override
  public void step(String caller) {
    String buyer = buyer(simulation.random().nextInt(BUYERS));
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    int kind = simulation.random().nextInt(10);
    if (kind < 3) {
      packages(buyer, now);
    } else if (kind < 6) {
      subscription(buyer, now);
    } else if (kind < 9) {
      refund(now);
    } else {
      dispute(now);
    }
    journal.count("stripe-webhook", Outcome.APPLIED);
  }

  @Override
  public boolean isBusy() {
    return posts.pending() > 0;
  }

  private void packages(String buyer, Instant now) {
    int count = 1 + simulation.random().nextInt(3);
    Sale sale =
        new Sale(buyer, "pi_" + ids++, PACKAGE_CREDITS * count, PACKAGE_CENTS * count, now, null);
    sales.add(sale);
    posts.send("checkout.session.completed", now, StripeShapes.session(sale, count));
  }

  /** A month, or one in six times a year, for one to three seats. */
  private void subscription(String buyer, Instant now) {
    Tier tier = TIERS.get(simulation.random().nextInt(TIERS.size()));
    int seats = 1 + simulation.random().nextInt(3);
    boolean isYear = simulation.random().nextInt(6) == 0;
    boolean isOld = simulation.random().nextBoolean();
    long alive =
        sales.stream().filter(each -> each.buyer.equals(buyer) && each.isAlive(now)).count();
    if (alive >= MOST_ALIVE || !periods.add(buyer + tier.price + now)) {
      return;
    }
    Instant end = now.atZone(ZoneOffset.UTC).plusMonths(isYear ? 12 : 1).toInstant();
    long cents = tier.cents * seats * (isYear ? 10 : 1);
    Sale sale = new Sale(buyer, "pi_" + ids++, tier.credits * seats, cents, now, end);
    sales.add(sale);
    String invoice = "in_" + ids++;
    posts.send(
        "invoice.paid",
        now,
        StripeShapes.invoice(invoice, sale, isOld, StripeShapes.line(tier.price, seats, now, end)));
    if (!isOld) {
      posts.send("invoice_payment.paid", now, StripeShapes.tie(invoice, sale));
    }
  }

  /** Of a part or of all that is left; one in four fails later. */
  private void refund(Instant now) {
    Sale sale = sales.get(simulation.random().nextInt(sales.size()));
    long left = sale.refundable();
    if (left == 0 || !sale.moves(now)) {
      return;
    }
    long cents = simulation.random().nextBoolean() ? left : 1 + simulation.random().nextLong(left);
    String id = "re_" + ids++;
    sale.refund(cents);
    posts.send("charge.refunded", now, StripeShapes.charge(sale));
    posts.send("refund.created", now, StripeShapes.refund(id, sale, cents, now, "pending"));
    if (simulation.random().nextInt(4) == 0) {
      sale.refund(-cents);
      posts.send(
          "refund.failed", now.plusSeconds(1), StripeShapes.refund(id, sale, cents, now, "failed"));
    }
  }

  private void dispute(Instant now) {
    Sale sale = sales.get(simulation.random().nextInt(sales.size()));
    if (sale.isDisputed() || !sale.moves(now)) {
      return;
    }
    String id = "dp_" + ids++;
    sale.dispute(true);
    posts.send(
        "charge.dispute.funds_withdrawn", now, StripeShapes.dispute(id, sale, "needs_response"));
    if (simulation.random().nextBoolean()) {
      sale.dispute(false);
      posts.send(
          "charge.dispute.funds_reinstated",
          now.plusSeconds(1),
          StripeShapes.dispute(id, sale, "won"));
    }
  }

  @Override
  public List<String> findings(Instant now) {
    Map<String, Long> worth = new HashMap<>();
    Map<String, Long> remains = new HashMap<>();
    sales.forEach(sale -> worth.merge(sale.buyer, sale.worth(now), Long::sum));
    sales.forEach(sale -> remains.merge(sale.buyer, sale.remains(now), Long::sum));
    List<String> findings = new ArrayList<>();
    posts.refused().forEach(event -> findings.add("stripe-webhook never takes " + event));
    for (int i = 0; i < BUYERS; i++) {
      String user = buyer(i);
      Object balance = documents.get(CreditRefs.user(user)).fields().get(Users.CREDITS_BALANCE);
      long due = worth.getOrDefault(user, 0L);
      boolean isRight =
          balance instanceof Long credits
              && credits >= due
              && credits <= due + remains.getOrDefault(user, 0L);
      if (!isRight) {
        findings.add(
            "users/%s has %s credits, paid and not paid back are %d: %s"
                .formatted(
                    user,
                    balance,
                    due,
                    sales.stream()
                        .filter(sale -> sale.buyer.equals(user) && sale.isAlive(now))
                        .toList()));
      }
    }
    return findings;
  }
}
