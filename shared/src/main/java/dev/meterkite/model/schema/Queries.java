package dev.meterkite.model.schema;

import dev.meterkite.model.document.Query;
import dev.meterkite.model.document.Query.Op;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every query that the code runs.
 *
 * <p>A query is added here with a sample in {@link #all}; a test derives the composite indexes that
 * the samples need and fails when {@code firestore.indexes.json} lacks one, or exempts a field from
 * indexing that a query asks for.
 */
public final class Queries {
  private Queries() {}

  /** The jobs of a user, latest first. */
  public static Query jobsOfUser(String userId, int limit) {
    return Query.of(Schema.PodcastJobs.COLLECTION, limit)
        .where(Schema.PodcastJobs.USER_ID, Op.EQUAL, userId)
        .descending(Schema.PodcastJobs.CREATED_AT);
  }

  /** The jobs of a user in one status, latest first. */
  public static Query jobsOfUserInStatus(String userId, String status, int limit) {
    return Query.of(Schema.PodcastJobs.COLLECTION, limit)
        .where(Schema.PodcastJobs.USER_ID, Op.EQUAL, userId)
        .where(Schema.PodcastJobs.STATUS, Op.EQUAL, status)
        .descending(Schema.PodcastJobs.CREATED_AT);
  }

  /** The jobs in one status, latest first. */
  public static Query jobsInStatus(String status, int limit) {
    return Query.of(Schema.PodcastJobs.COLLECTION, limit)
        .where(Schema.PodcastJobs.STATUS, Op.EQUAL, status)
        .descending(Schema.PodcastJobs.CREATED_AT);
  }

  /**
   * The jobs in one status that were created between two moments, latest first, for a sweep.
   *
   * @param after {@code created_at} and document id of the last one found before; empty to begin
   */
  public static Query jobsInStatusCreatedBy(
      String status, Instant from, Instant by, int limit, List<Object> after) {
    return Query.of(Schema.PodcastJobs.COLLECTION, limit)
        .where(Schema.PodcastJobs.STATUS, Op.EQUAL, status)
        .where(Schema.PodcastJobs.CREATED_AT, Op.GREATER_OR_EQUAL, from)
        .where(Schema.PodcastJobs.CREATED_AT, Op.LESS_OR_EQUAL, by)
        .descending(Schema.PodcastJobs.CREATED_AT)
        .descending(Query.ID)
        .after(after);
  }

  /**
   * The jobs in one status that were written between two moments, as their writers state it, latest
   * first, for a sweep.
   *
   * @param after {@code updated_at} and document id of the last one found before; empty to begin
   */
  public static Query jobsInStatusUpdatedBy(
      String status, Instant from, Instant by, int limit, List<Object> after) {
    return Query.of(Schema.PodcastJobs.COLLECTION, limit)
        .where(Schema.PodcastJobs.STATUS, Op.EQUAL, status)
        .where(Schema.PodcastJobs.UPDATED_AT, Op.GREATER_OR_EQUAL, from)
        .where(Schema.PodcastJobs.UPDATED_AT, Op.LESS_OR_EQUAL, by)
        .descending(Schema.PodcastJobs.UPDATED_AT)
        .descending(Query.ID)
        .after(after);
  }

  /** The versions of a model's price, the latest first. */
  public static Query pricesOf(String provider, String modelId, int limit) {
    return Query.of(Schema.ModelPrices.COLLECTION, limit)
        .where(Schema.ModelPrices.PROVIDER, Op.EQUAL, provider)
        .where(Schema.ModelPrices.MODEL_ID, Op.EQUAL, modelId)
        .descending(Schema.ModelPrices.EFFECTIVE_FROM);
  }

  /** The versions of a provider's prices in one status, in the order of their ids. */
  public static Query pricesInStatus(
      String provider, String status, int limit, List<Object> after) {
    return Query.of(Schema.ModelPrices.COLLECTION, limit)
        .where(Schema.ModelPrices.PROVIDER, Op.EQUAL, provider)
        .where(Schema.ModelPrices.STATUS, Op.EQUAL, status)
        .ascending(Query.ID)
        .after(after);
  }

  /** The documents of a model in the catalogue. */
  public static Query catalogueOf(String provider, String modelId, int limit) {
    return Query.of(Schema.ModelCatalog.COLLECTION, limit)
        .where(Schema.ModelCatalog.PROVIDER, Op.EQUAL, provider)
        .where(Schema.ModelCatalog.MODEL_ID, Op.EQUAL, modelId);
  }

  /**
   * The open relays of an owner document.
   *
   * @param openFor the hash of its name
   */
  public static Query openRelays(String openFor, int limit) {
    return Query.of(Schema.CommandRelays.COLLECTION, limit)
        .where(Schema.CommandRelays.OPEN_FOR, Op.EQUAL, openFor);
  }

  /** All relays in the order of their ids, from behind one. There are few: each lives briefly. */
  public static Query relaysAfter(List<Object> after, int limit) {
    return Query.of(Schema.CommandRelays.COLLECTION, limit).ascending(Query.ID).after(after);
  }

  /** All users in the order of their ids, from behind one. */
  public static Query usersAfter(List<Object> after, int limit) {
    return Query.of(Schema.Users.COLLECTION, limit).ascending(Query.ID).after(after);
  }

  /** The users with an e-mail address; there should be one at most. */
  public static Query usersOfEmail(String email, int limit) {
    return Query.of(Schema.Users.COLLECTION, limit).where(Schema.Users.EMAIL, Op.EQUAL, email);
  }

  /**
   * A page of users in the order of their ids; null for a condition that is not made.
   *
   * @param after the id behind which the page begins; empty for the first
   */
  public static Query users(
      @Nullable String email,
      @Nullable String stripeCustomerId,
      @Nullable String tier,
      int limit,
      List<Object> after) {
    Query query = Query.of(Schema.Users.COLLECTION, limit);
    if (email != null) {
      query = query.where(Schema.Users.EMAIL, Op.EQUAL, email);
    }
    if (stripeCustomerId != null) {
      query = query.where(Schema.Users.STRIPE_CUSTOMER_ID, Op.EQUAL, stripeCustomerId);
    }
    if (tier != null) {
      query = query.where(Schema.Users.TIER, Op.EQUAL, tier);
    }
    return query.ascending(Query.ID).after(after);
  }

  /** The payments of a user at Stripe, in no order. */
  public static Query paymentsOfUser(String userId, int limit) {
    return Query.of(Schema.StripePayments.COLLECTION, limit)
        .where(Schema.StripePayments.USER_ID, Op.EQUAL, userId);
  }

  /** The user whose credits a Stripe subscription renews. */
  public static Query usersOfStripeSubscription(String stripeSubscriptionId, int limit) {
    return Query.of(Schema.Users.COLLECTION, limit)
        .where(Schema.Users.STRIPE_SUBSCRIPTION_ID, Op.EQUAL, stripeSubscriptionId);
  }

  /** The user that a Stripe customer is. */
  public static Query usersOfStripeCustomer(String stripeCustomerId, int limit) {
    return Query.of(Schema.Users.COLLECTION, limit)
        .where(Schema.Users.STRIPE_CUSTOMER_ID, Op.EQUAL, stripeCustomerId);
  }

  /** The transactions of a user, latest first. */
  public static Query transactionsOfUser(String userId, int limit) {
    return Query.of(Schema.CreditTransactions.COLLECTION, limit)
        .where(Schema.CreditTransactions.USER_ID, Op.EQUAL, userId)
        .descending(Schema.CreditTransactions.CREATED_AT);
  }

  /** The sequenced transactions of a user from the last backwards. */
  public static Query lastTransactionsOfUser(String userId, int limit) {
    return Query.of(Schema.CreditTransactions.COLLECTION, limit)
        .where(Schema.CreditTransactions.USER_ID, Op.EQUAL, userId)
        .descending(Schema.CreditTransactions.SEQUENCE);
  }

  /** What was booked for a job. */
  public static Query transactionsOfJob(String jobId, int limit) {
    return Query.of(Schema.CreditTransactions.COLLECTION, limit)
        .where(Schema.CreditTransactions.JOB_ID, Op.EQUAL, jobId);
  }

  /** The last transaction of a user that has a sequence; none means that there was no ledger. */
  public static Query lastTransactionOfUser(String userId) {
    return Query.of(Schema.CreditTransactions.COLLECTION, 1)
        .where(Schema.CreditTransactions.USER_ID, Op.EQUAL, userId)
        .where(Schema.CreditTransactions.SEQUENCE, Op.GREATER_OR_EQUAL, 1L)
        .descending(Schema.CreditTransactions.SEQUENCE);
  }

  /** The transactions of a user behind a sequence, in their order, for an audit. */
  public static Query transactionsOfUserAfter(String userId, long sequence, int limit) {
    return Query.of(Schema.CreditTransactions.COLLECTION, limit)
        .where(Schema.CreditTransactions.USER_ID, Op.EQUAL, userId)
        .where(Schema.CreditTransactions.SEQUENCE, Op.GREATER, sequence)
        .ascending(Schema.CreditTransactions.SEQUENCE);
  }

  /** The last transaction of a user before a moment, for the balance as it was then. */
  public static Query lastTransactionOfUserBefore(String userId, Instant before) {
    return Query.of(Schema.CreditTransactions.COLLECTION, 1)
        .where(Schema.CreditTransactions.USER_ID, Op.EQUAL, userId)
        .where(Schema.CreditTransactions.CREATED_AT, Op.LESS, before)
        .descending(Schema.CreditTransactions.CREATED_AT)
        .descending(Schema.CreditTransactions.SEQUENCE);
  }

  /**
   * The transactions of a user's ledger, latest first; those of one commit share their moment and
   * come in the order of their sequence.
   *
   * @param from the earliest moment to show, or null
   * @param to the first moment not to show, or null
   * @param after {@code created_at} and {@code sequence} of the last one of the page before; empty
   *     for the first page
   */
  public static Query statement(
      String userId, @Nullable Instant from, @Nullable Instant to, int limit, List<Object> after) {
    return transactions(userId, from, to, limit)
        .descending(Schema.CreditTransactions.CREATED_AT)
        .descending(Schema.CreditTransactions.SEQUENCE)
        .after(after);
  }

  /**
   * All transactions of a user, latest first, also those of an older system, which have no sequence
   * and which no query can ask for alone. Those without a moment in {@code created_at} are not
   * found.
   *
   * @param after {@code created_at} and document id of the last one found before; empty to begin
   */
  public static Query statementWithOlder(
      String userId, @Nullable Instant from, @Nullable Instant to, int limit, List<Object> after) {
    return transactions(userId, from, to, limit)
        .descending(Schema.CreditTransactions.CREATED_AT)
        .descending(Query.ID)
        .after(after);
  }

  private static Query transactions(
      String userId, @Nullable Instant from, @Nullable Instant to, int limit) {
    Query query =
        Query.of(Schema.CreditTransactions.COLLECTION, limit)
            .where(Schema.CreditTransactions.USER_ID, Op.EQUAL, userId)
            .where(
                Schema.CreditTransactions.CREATED_AT,
                Op.GREATER_OR_EQUAL,
                from == null ? Instant.EPOCH : from);
    if (to != null) {
      query = query.where(Schema.CreditTransactions.CREATED_AT, Op.LESS, to);
    }
    return query;
  }

  /** The holds of a user in one status. */
  public static Query holdsOfUserInStatus(String userId, String status, int limit) {
    return Query.of(Schema.CreditHolds.COLLECTION, limit)
        .where(Schema.CreditHolds.USER_ID, Op.EQUAL, userId)
        .where(Schema.CreditHolds.STATUS, Op.EQUAL, status);
  }

  /**
   * The idempotency records of an owner document in the order of their ids: those of debits by
   * usage that took no whole credit keep the call.
   *
   * @param owner the document's name, such as {@code users/ada}
   */
  public static Query idempotencyRecordsOf(String owner, int limit, List<Object> after) {
    return Query.of(Schema.IdempotencyKeys.COLLECTION, limit)
        .where(Schema.IdempotencyKeys.OWNER, Op.EQUAL, owner)
        .ascending(Query.ID)
        .after(after);
  }

  /** The holds of a user of which no whole credit was captured, in the order of their ids. */
  public static Query capturesOfNothing(String userId, int limit, List<Object> after) {
    return Query.of(Schema.CreditHolds.COLLECTION, limit)
        .where(Schema.CreditHolds.USER_ID, Op.EQUAL, userId)
        .where(Schema.CreditHolds.CAPTURED, Op.EQUAL, 0L)
        .ascending(Query.ID)
        .after(after);
  }

  /** All customers. */
  public static Query customers(int limit) {
    return Query.of(Schema.Customers.COLLECTION, limit).ascending(Query.ID);
  }

  /** The customers of a tier. */
  public static Query customersInTier(String bundleTier, int limit) {
    return Query.of(Schema.Customers.COLLECTION, limit)
        .where(Schema.Customers.BUNDLE_TIER, Op.EQUAL, bundleTier)
        .ascending(Query.ID);
  }

  /** The customers whose contract ends before a moment, the earliest first. */
  public static Query customersWithContractEndBefore(Instant moment, int limit) {
    return Query.of(Schema.Customers.COLLECTION, limit)
        .where(Schema.Customers.CONTRACT_END, Op.LESS, moment)
        .ascending(Schema.Customers.CONTRACT_END);
  }

  /** The customers of a tier whose contract ends before a moment, the earliest first. */
  public static Query customersInTierWithContractEndBefore(
      String bundleTier, Instant moment, int limit) {
    return Query.of(Schema.Customers.COLLECTION, limit)
        .where(Schema.Customers.BUNDLE_TIER, Op.EQUAL, bundleTier)
        .where(Schema.Customers.CONTRACT_END, Op.LESS, moment)
        .ascending(Schema.Customers.CONTRACT_END);
  }

  /** The scenes of a customer. */
  public static Query scenesOfCustomer(String customerId, int limit) {
    return Query.of(Schema.Scenes.COLLECTION, limit)
        .where(Schema.Scenes.CUSTOMER_ID, Op.EQUAL, customerId)
        .ascending(Query.ID);
  }

  /** The scenes that name a tier of their own. */
  public static Query scenesInTier(String bundleTier, int limit) {
    return Query.of(Schema.Scenes.COLLECTION, limit)
        .where(Schema.Scenes.BUNDLE_TIER, Op.EQUAL, bundleTier)
        .ascending(Query.ID);
  }

  /** The usage records of a customer from one moment, included, to another, not included. */
  public static Query usageOfCustomer(String customerId, Instant from, Instant to, int limit) {
    return Query.of(Schema.UsageTracking.COLLECTION, limit)
        .where(Schema.UsageTracking.CUSTOMER_ID, Op.EQUAL, customerId)
        .where(Schema.UsageTracking.TIMESTAMP, Op.GREATER_OR_EQUAL, from)
        .where(Schema.UsageTracking.TIMESTAMP, Op.LESS, to)
        .ascending(Schema.UsageTracking.TIMESTAMP);
  }

  /** The usage records of a scene from one moment, included, to another, not included. */
  public static Query usageOfScene(String sceneId, Instant from, Instant to, int limit) {
    return Query.of(Schema.UsageTracking.COLLECTION, limit)
        .where(Schema.UsageTracking.SCENE_ID, Op.EQUAL, sceneId)
        .where(Schema.UsageTracking.TIMESTAMP, Op.GREATER_OR_EQUAL, from)
        .where(Schema.UsageTracking.TIMESTAMP, Op.LESS, to)
        .ascending(Schema.UsageTracking.TIMESTAMP);
  }

  /** The records of the customer that comes next behind an id, by one of them. */
  public static Query usageOfNextCustomer(String customerId) {
    return Query.of(Schema.UsageTracking.COLLECTION, 1)
        .where(Schema.UsageTracking.CUSTOMER_ID, Op.GREATER, customerId)
        .ascending(Schema.UsageTracking.CUSTOMER_ID);
  }

  /** What was counted for a customer from one moment, included, to another, not included. */
  public static Query countsOfCustomer(String customerId, Instant from, Instant to, int limit) {
    return Query.of(Schema.UsageCounts.COLLECTION, limit)
        .where(Schema.UsageCounts.CUSTOMER_ID, Op.EQUAL, customerId)
        .where(Schema.UsageCounts.TIMESTAMP, Op.GREATER_OR_EQUAL, from)
        .where(Schema.UsageCounts.TIMESTAMP, Op.LESS, to)
        .ascending(Schema.UsageCounts.TIMESTAMP);
  }

  /** What waits for this customer to appear before it can be counted. */
  public static Query pendingUsageOfCustomer(String customerId, int limit) {
    return Query.of(Schema.UsageCounts.COLLECTION, limit)
        .where(Schema.UsageCounts.CUSTOMER_ID, Op.EQUAL, customerId)
        .where(Schema.UsageCounts.STATUS, Op.EQUAL, "pending")
        .ascending(Query.ID);
  }

  /**
   * The documents of a collection for which something is due, the longest waiting first. A document
   * without the field is not found.
   *
   * @param dueAt one of the fields {@code *_due_at}
   * @param now the last moment that is due, included
   */
  public static Query due(String collection, String dueAt, Instant now, int limit) {
    return Query.of(collection, limit).where(dueAt, Op.LESS_OR_EQUAL, now).ascending(dueAt);
  }

  /**
   * A page of alerts, latest first. Alerts of other writers without a moment in {@code created_at}
   * are not found.
   *
   * @param acknowledged only such, or null for both
   * @param provider only those about it, or null for all
   * @param after {@code created_at} and id of the last one of the page before; empty for the first
   */
  public static Query alerts(
      @Nullable Boolean acknowledged, @Nullable String provider, int limit, List<Object> after) {
    Query query = Query.of(Schema.ModelRouterAlerts.COLLECTION, limit);
    if (acknowledged != null) {
      query = query.where(Schema.ModelRouterAlerts.ACKNOWLEDGED, Op.EQUAL, acknowledged);
    }
    if (provider != null) {
      query = query.where(Schema.ModelRouterAlerts.PROVIDER, Op.EQUAL, provider);
    }
    return query
        .where(Schema.ModelRouterAlerts.CREATED_AT, Op.GREATER_OR_EQUAL, Instant.EPOCH)
        .descending(Schema.ModelRouterAlerts.CREATED_AT)
        .descending(Query.ID)
        .after(after);
  }

  /**
   * The alerts that nobody has acknowledged, to be counted.
   *
   * @param status only such, or null for all
   */
  public static Query unacknowledgedAlerts(@Nullable String status) {
    Query query =
        Query.of(Schema.ModelRouterAlerts.COLLECTION, 1)
            .where(Schema.ModelRouterAlerts.ACKNOWLEDGED, Op.EQUAL, false);
    return status == null ? query : query.where(Schema.ModelRouterAlerts.STATUS, Op.EQUAL, status);
  }

  /** The alerts of a type in one status, in the order of their ids. */
  public static Query alertsOfType(String type, String status, int limit) {
    return Query.of(Schema.ModelRouterAlerts.COLLECTION, limit)
        .where(Schema.ModelRouterAlerts.TYPE, Op.EQUAL, type)
        .where(Schema.ModelRouterAlerts.STATUS, Op.EQUAL, status)
        .ascending(Query.ID);
  }

  /**
   * Decisions of whatever writer in the order they were taken, for a sweep.
   *
   * @param from the first moment to look at, included
   * @param after {@code timestamp} and document id of the last one found before; empty to begin
   */
  public static Query decisionsFrom(Instant from, int limit, List<Object> after) {
    return Query.of(Schema.RoutingDecisions.COLLECTION, limit)
        .where(Schema.RoutingDecisions.TIMESTAMP, Op.GREATER_OR_EQUAL, from)
        .ascending(Schema.RoutingDecisions.TIMESTAMP)
        .after(after);
  }

  /**
   * A page of decisions, newest first; null for a condition that is not made. Decisions without a
   * timestamp are not found.
   *
   * @param after {@code timestamp} and id of the last one of the page before; empty for the first
   */
  public static Query decisions(
      @Nullable String jobId, @Nullable String provider, int limit, List<Object> after) {
    Query query = Query.of(Schema.RoutingDecisions.COLLECTION, limit);
    if (jobId != null) {
      query = query.where(Schema.RoutingDecisions.JOB_ID, Op.EQUAL, jobId);
    }
    if (provider != null) {
      query = query.where(Schema.RoutingDecisions.SELECTED_PROVIDER, Op.EQUAL, provider);
    }
    return query
        .where(Schema.RoutingDecisions.TIMESTAMP, Op.GREATER_OR_EQUAL, Instant.EPOCH)
        .descending(Schema.RoutingDecisions.TIMESTAMP)
        .descending(Query.ID)
        .after(after);
  }

  /**
   * The documents of a collection that name a person, in the order of their ids.
   *
   * @param by the field that names it
   * @param after the id behind which the page begins; empty for the first
   */
  public static Query ofPerson(String collection, String by, String name, int limit, String after) {
    Query query = Query.of(collection, limit).where(by, Op.EQUAL, name).ascending(Query.ID);
    return after.isEmpty() ? query : query.after(List.of(after));
  }

  /** The documents of a collection by their ids, behind one of them where that is not empty. */
  public static Query allOf(String collection, int limit, String afterId) {
    Query query = Query.of(collection, limit).ascending(Query.ID);
    return afterId.isEmpty() ? query : query.after(List.of(afterId));
  }

  /**
   * The fields of which sums are asked over {@link #usageOfCustomer}; each needs the index of that
   * query with the field behind it.
   */
  public static List<String> usageSums() {
    return List.of(
        Schema.UsageTracking.EPISODES_GENERATED,
        Schema.UsageTracking.COMPUTE_MINUTES,
        Schema.UsageTracking.STORAGE_GB,
        Schema.UsageTracking.ESTIMATED_COST);
  }

  /** A sample of each query, for the indexes they need. */
  public static List<Query> all() {
    Instant moment = Instant.EPOCH;
    return List.of(
        openRelays("hash", 1),
        relaysAfter(List.of(), 1),
        jobsOfUser("u", 1),
        jobsOfUserInStatus("u", "completed", 1),
        jobsInStatus("completed", 1),
        jobsInStatusCreatedBy("completed", moment, moment, 1, List.of()),
        jobsInStatusUpdatedBy("completed", moment, moment, 1, List.of()),
        pricesOf("p", "m", 1),
        pricesInStatus("p", "held", 1, List.of()),
        catalogueOf("p", "m", 1),
        alertsOfType("price_held", "open", 1),
        usersAfter(List.of(), 1),
        users("e", "c", "pro", 1, List.of()),
        usersOfEmail("e", 1),
        usersOfStripeCustomer("c", 1),
        usersOfStripeSubscription("s", 1),
        paymentsOfUser("u", 1),
        transactionsOfUser("u", 1),
        lastTransactionsOfUser("u", 1),
        transactionsOfJob("j", 1),
        lastTransactionOfUser("u"),
        transactionsOfUserAfter("u", 0, 1),
        lastTransactionOfUserBefore("u", moment),
        statement("u", moment, moment, 1, List.of()),
        statementWithOlder("u", moment, moment, 1, List.of()),
        holdsOfUserInStatus("u", "held", 1),
        idempotencyRecordsOf("users/u", 1, List.of()),
        capturesOfNothing("u", 1, List.of()),
        customers(1),
        customersInTier("pro", 1),
        customersWithContractEndBefore(moment, 1),
        customersInTierWithContractEndBefore("pro", moment, 1),
        scenesOfCustomer("c", 1),
        scenesInTier("pro", 1),
        usageOfCustomer("c", moment, moment, 1),
        usageOfScene("s", moment, moment, 1),
        usageOfNextCustomer("c"),
        countsOfCustomer("c", moment, moment, 1),
        due(Schema.Users.COLLECTION, Schema.Users.LEDGER_DUE_AT, moment, 1),
        due(Schema.PodcastJobs.COLLECTION, Schema.PodcastJobs.PAYMENT_DUE_AT, moment, 1),
        due(Schema.StripePayments.COLLECTION, Schema.StripePayments.TIE_DUE_AT, moment, 1),
        due(Schema.ModelQuotas.COLLECTION, Schema.ModelQuotas.QUOTA_DUE_AT, moment, 1),
        due(
            Schema.ModelProviderHealth.COLLECTION,
            Schema.ModelProviderHealth.HEALTH_DUE_AT,
            moment,
            1),
        due(Schema.ModelRouterAlerts.COLLECTION, Schema.ModelRouterAlerts.NOTIFY_DUE_AT, moment, 1),
        alerts(null, null, 1, List.of()),
        alerts(false, null, 1, List.of()),
        alerts(null, "openai", 1, List.of()),
        alerts(false, "openai", 1, List.of()),
        unacknowledgedAlerts(null),
        unacknowledgedAlerts("resolved"),
        decisionsFrom(moment, 1, List.of()),
        decisions(null, null, 1, List.of()),
        decisions("j", null, 1, List.of()),
        decisions(null, "openai", 1, List.of()),
        decisions("j", "openai", 1, List.of()),
        allOf(Schema.ModelCatalog.COLLECTION, 1, ""),
        due(Schema.Customers.COLLECTION, Schema.Customers.QUOTA_DUE_AT, moment, 1),
        ofPerson(
            Schema.CreditTransactions.COLLECTION, Schema.CreditTransactions.USER_ID, "u", 1, ""),
        ofPerson(Schema.CreditHolds.COLLECTION, Schema.CreditHolds.USER_ID, "u", 1, ""),
        ofPerson(Schema.PodcastJobs.COLLECTION, Schema.PodcastJobs.USER_ID, "u", 1, ""),
        ofPerson(Schema.StripePayments.COLLECTION, Schema.StripePayments.USER_ID, "u", 1, ""),
        ofPerson(Schema.ModelRouterAlerts.COLLECTION, Schema.ModelRouterAlerts.USER_ID, "u", 1, ""),
        ofPerson(
            Schema.ModelRouterAlerts.COLLECTION, Schema.ModelRouterAlerts.CUSTOMER_ID, "c", 1, ""),
        ofPerson(Schema.IdempotencyKeys.COLLECTION, Schema.IdempotencyKeys.OWNER, "users/u", 1, ""),
        ofPerson(Schema.Scenes.COLLECTION, Schema.Scenes.CUSTOMER_ID, "c", 1, ""),
        ofPerson(Schema.UsageTracking.COLLECTION, Schema.UsageTracking.CUSTOMER_ID, "c", 1, ""),
        ofPerson(Schema.UsageCounts.COLLECTION, Schema.UsageCounts.CUSTOMER_ID, "c", 1, ""),
        ofPerson(Schema.UsageSummaries.COLLECTION, Schema.UsageSummaries.CUSTOMER_ID, "c", 1, ""),
        pendingUsageOfCustomer("c", 1),
        due(Schema.UsageCounts.COLLECTION, Schema.UsageCounts.COUNT_DUE_AT, moment, 1),
        due(Schema.UsageSummaries.COLLECTION, Schema.UsageSummaries.CLOSE_DUE_AT, moment, 1));
  }
}
