package dev.meterkite.local.chaos;

import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Store;
import dev.meterkite.local.Pages;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.quotas.QuotaRules;
import dev.meterkite.model.schema.Schema.Customers;
import dev.meterkite.model.schema.Schema.ModelQuotas;
import dev.meterkite.model.schema.Schema.Users;
import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whom the workload is about: users that an older system left with a balance, customers of whom the
 * first have a quota, models of which the first have little left.
 *
 * @param users at least 10
 * @param customers at least 2
 */
public record World(int users, int customers) {
  /** How many models there are. */
  public static final int MODELS = 6;

  /** Of all models. */
  public static final String PROVIDER = "chaos";

  static final long OPENING_BALANCE = 2_000;
  static final long SCENE_QUOTA = 300;

  private static final String NEW_YORK = "America/New_York";
  private static final String BERLIN = "Europe/Berlin";
  private static final int DOCUMENTS_A_COMMIT = 200;
  private static final List<String> TIERS = List.of("payg", "free", "enthu", "pro");
  private static final long SMALL_LIMIT = 3_000;
  private static final long LARGE_LIMIT = 1_000_000_000_000L;

  /** The id of a user. */
  public String user(int index) {
    return "user-" + index;
  }

  /** The id of a customer. */
  public String customer(int index) {
    return "customer-" + index;
  }

  /** The id of a model. */
  public String model(int index) {
    return "model-" + index;
  }

  /** One in five customers has a quota. */
  public int limitedCustomers() {
    return Math.max(1, customers / 5);
  }

  /** A user by a draw from 0 to 1; the first ones come up most. */
  String drawnUser(double draw) {
    return user((int) (users * draw * draw * draw));
  }

  /** Writes all of them. */
  public void create(Store store, Instant now) {
    List<Mutation> all = new ArrayList<>();
    for (int i = 0; i < users; i++) {
      all.add(user(i, TIERS.get(i % TIERS.size())));
    }
    for (int i = 0; i < customers; i++) {
      all.add(customerDocument(i));
    }
    for (int i = 0; i < MODELS; i++) {
      all.add(quota(i, now));
    }
    for (int from = 0; from < all.size(); from += DOCUMENTS_A_COMMIT) {
      List<Mutation> page = all.subList(from, Math.min(all.size(), from + DOCUMENTS_A_COMMIT));
      store.commit(page).join();
    }
  }

  private Mutation user(int index, String tier) {
    return Mutation.replace(
        new DocRef(Users.COLLECTION, user(index)),
        Map.of(
            Users.USER_ID,
            user(index),
            Users.EMAIL,
            user(index) + "@example.com",
            Users.TIER,
            tier,
            Users.CREDITS_BALANCE,
            OPENING_BALANCE));
  }

  private Mutation customerDocument(int index) {
    Map<String, Object> customer = new HashMap<>();
    customer.put(Customers.ORGANIZATION_NAME, "Lab " + index);
    customer.put(Customers.BUNDLE_TIER, "pro");
    if (index % 3 > 0) {
      // Their months end at another time, and begin an hour earlier or later after a change of
      // clocks.
      customer.put(Customers.BILLING_TIME_ZONE, index % 3 == 1 ? NEW_YORK : BERLIN);
      customer.put(Customers.BILLING_ANCHOR_DAY, index % 3 == 1 ? 31L : 15L);
    }
    if (index < limitedCustomers()) {
      customer.put(Customers.MONTHLY_SCENE_QUOTA, SCENE_QUOTA);
    }
    return Mutation.replace(new DocRef(Customers.COLLECTION, customer(index)), customer);
  }

  private Mutation quota(int index, Instant now) {
    YearMonth month = YearMonth.from(now.atZone(ZoneOffset.UTC));
    Map<String, Object> window =
        Map.of(
            ModelQuotas.STARTS_AT,
            month.atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant(),
            ModelQuotas.RESET_AT,
            month.plusMonths(1).atDay(1).atStartOfDay(ZoneOffset.UTC).toInstant(),
            ModelQuotas.TOKENS_USED,
            0L,
            ModelQuotas.TOKENS_LIMIT,
            index < 2 ? SMALL_LIMIT : LARGE_LIMIT);
    return Mutation.replace(
        QuotaRules.owner(PROVIDER, model(index)),
        Map.of(
            ModelQuotas.PROVIDER, PROVIDER,
            ModelQuotas.MODEL_ID, model(index),
            ModelQuotas.WINDOWS, Map.of("month", window)));
  }

  /** Writes a document as other programs do, which repeat what failed. */
  public static void write(Store store, Mutation mutation) {
    Pages.commit(store, () -> List.of(mutation));
  }

  /** Likewise a new document: one that is there by now came from a commit without an answer. */
  static void create(Store store, Mutation creation) {
    Pages.commit(
        store,
        () ->
            Pages.read(store, List.of(creation.ref())).get(0).exists()
                ? List.of()
                : List.of(creation));
  }
}
