package dev.meterkite.functions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.cloud.functions.CloudEventsFunction;
import dev.meterkite.functions.credits.DebitCredits;
import dev.meterkite.functions.credits.GrantCredits;
import dev.meterkite.functions.credits.OnJobWritten;
import dev.meterkite.functions.credits.OnUserCreated;
import dev.meterkite.functions.customers.OnCustomerWritten;
import dev.meterkite.functions.customers.OnSceneWritten;
import dev.meterkite.functions.events.FakeEvent;
import dev.meterkite.functions.hosted.Hosted;
import dev.meterkite.functions.usage.RecordUsage;
import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.Query;
import dev.meterkite.model.schema.Queries;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The queries that both source schemas show, or name an index for, on documents that our functions
 * wrote. Each is among the samples whose indexes are checked.
 */
class SchemaQueriesTest {
  private static final Hosted HOSTED = Hosted.shared();
  private static Instant begin;

  @BeforeAll
  static void write() throws Exception {
    begin = DomainClock.of(HOSTED.settings().domainClockFile().orElseThrow()).instant();
    written(
        new OnUserCreated(),
        new DocRef("users", "query-user"),
        Map.of(
            "email",
            "query@tests.invalid",
            "stripe_customer_id",
            "cus_query",
            "stripe_subscription_id",
            "sub_query",
            "tier",
            "free"));
    ok(
        HOSTED.post(
            GrantCredits.class,
            "service",
            "query-grant",
            "{\"user_id\":\"query-user\",\"amount\":500,\"type\":\"purchase\"}"));
    ok(
        HOSTED.post(
            DebitCredits.class,
            "service",
            "query-debit",
            "{\"user_id\":\"query-user\",\"amount\":3,\"job_id\":\"query-label\"}"));
    for (int i = 1; i <= 2; i++) {
      written(new OnJobWritten(), new DocRef("podcast_jobs", "query-job-" + i), job(i));
    }
    written(
        new OnCustomerWritten(),
        new DocRef("customers", "query-lab"),
        Map.of(
            "bundle_tier",
            "enterprise",
            "monthly_scene_quota",
            1L,
            "contract_end",
            begin.plus(Duration.ofDays(900))));
    written(
        new OnSceneWritten(),
        new DocRef("scenes", "query-scene"),
        Map.of("customer_id", "query-lab", "bundle_tier", "foundation"));
    ok(
        HOSTED.post(
            RecordUsage.class,
            "service",
            "query-usage",
            """
            {"customer_id": "query-lab", "scene_id": "query-scene", "action": "scene_generated",
             "timestamp": "%s"}\
            """
                .formatted(begin)));
  }

  private static Map<String, Object> job(int minute) {
    return Map.of(
        "job_id",
        "query-job-" + minute,
        "user_id",
        "query-user",
        "topic",
        "kites",
        "duration_min",
        1.0,
        "status",
        "completed",
        "created_at",
        begin.plusSeconds(60L * minute));
  }

  private static void written(CloudEventsFunction function, DocRef ref, Map<String, Object> fields)
      throws Exception {
    HOSTED.set(ref.collection(), ref.id(), fields);
    function.accept(FakeEvent.of(ref, Map.of(), fields));
  }

  private static void ok(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response::body);
  }

  /** What a query finds, as long as it is one whose indexes are checked. */
  private static List<String> found(Query query) {
    assertTrue(Queries.all().stream().anyMatch(sample -> isAlike(sample, query)), query::toString);
    return HOSTED.store().find(query).join().stream().map(one -> one.ref().id()).toList();
  }

  private static boolean isAlike(Query one, Query other) {
    return one.collection().equals(other.collection())
        && one.orders().equals(other.orders())
        && comparisons(one).toList().equals(comparisons(other).toList());
  }

  private static Stream<String> comparisons(Query query) {
    return query.filters().stream().map(filter -> filter.field() + " " + filter.op());
  }

  private static Object field(String collection, String id, String name) {
    return HOSTED.read(collection, id).fields().get(name);
  }

  @Test
  void jobs_ofAUserAndInAStatus_latestFirst() {
    List<String> both = List.of("query-job-2", "query-job-1");
    assertEquals(both, found(Queries.jobsOfUser("query-user", 10)));
    assertEquals(both, found(Queries.jobsOfUserInStatus("query-user", "completed", 10)));
    assertEquals(List.of(), found(Queries.jobsOfUserInStatus("query-user", "running", 10)));
    assertTrue(found(Queries.jobsInStatus("completed", 1_000)).containsAll(both));
    assertEquals(
        "captured",
        ((Map<?, ?>) field("podcast_jobs", "query-job-1", "payment")).get("status"),
        "ours too");
  }

  @Test
  void users_byEmailAndByStripeCustomer() {
    assertEquals(List.of("query-user"), found(Queries.usersOfEmail("query@tests.invalid", 2)));
    assertEquals(List.of("query-user"), found(Queries.usersOfStripeCustomer("cus_query", 2)));
    assertEquals(List.of("query-user"), found(Queries.usersOfStripeSubscription("sub_query", 2)));
  }

  @Test
  void transactions_ofAUserLatestFirstAndOfAJob() {
    List<String> ofUser = found(Queries.transactionsOfUser("query-user", 10));
    assertTrue(ofUser.size() >= 4, "a grant, a debit, two jobs: " + ofUser);
    List<Instant> moments =
        ofUser.stream()
            .map(id -> (Instant) field("credit_transactions", id, "created_at"))
            .toList();
    assertEquals(moments.stream().sorted(java.util.Comparator.reverseOrder()).toList(), moments);
    List<String> ofJob = found(Queries.transactionsOfJob("query-label", 10));
    assertEquals(1, ofJob.size());
    assertEquals(-3L, field("credit_transactions", ofJob.get(0), "amount"));
    assertEquals(1, found(Queries.transactionsOfJob("query-job-1", 10)).size());
  }

  @Test
  void customers_byTierAndByContractEnd_andTheirScenes() {
    assertTrue(found(Queries.customersInTier("enterprise", 1_000)).contains("query-lab"));
    Instant after = begin.plus(Duration.ofDays(901));
    assertTrue(found(Queries.customersWithContractEndBefore(after, 1_000)).contains("query-lab"));
    assertEquals(List.of("query-scene"), found(Queries.scenesOfCustomer("query-lab", 10)));
    assertTrue(found(Queries.scenesInTier("foundation", 1_000)).contains("query-scene"));
  }

  @Test
  void usage_ofACustomerAndOfAScene_inATime() {
    Instant end = begin.plusSeconds(1);
    List<String> ofCustomer = found(Queries.usageOfCustomer("query-lab", begin, end, 10));
    assertEquals(1, ofCustomer.size());
    assertEquals(ofCustomer, found(Queries.usageOfScene("query-scene", begin, end, 10)));
    assertEquals("scene_generated", field("usage_tracking", ofCustomer.get(0), "action"));
    assertEquals(List.of(), found(Queries.usageOfCustomer("query-lab", end, end, 10)));
  }

  /** The quota of one scene is used up: an alert that metering raised. */
  @Test
  void alerts_thatNobodyHasAcknowledged_latestFirst() {
    assertTrue(
        found(Queries.alerts(false, null, 1_000, List.of())).stream()
            .anyMatch(
                id ->
                    "usage_quota_exhausted".equals(field("model_router_alerts", id, "type"))
                        && "query-lab".equals(field("model_router_alerts", id, "customer_id"))));
  }
}
