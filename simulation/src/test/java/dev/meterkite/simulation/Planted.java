package dev.meterkite.simulation;

import static dev.meterkite.simulation.Defects.body;
import static dev.meterkite.simulation.Defects.idle;
import static dev.meterkite.simulation.Defects.lostWrites;
import static dev.meterkite.simulation.Defects.reads;
import static dev.meterkite.simulation.Defects.status;
import static dev.meterkite.simulation.Defects.without;
import static dev.meterkite.simulation.Defects.writes;

import dev.meterkite.functions.simulated.Request;
import dev.meterkite.functions.simulated.Response;
import dev.meterkite.functions.store.Mutation;
import dev.meterkite.functions.store.Mutation.Condition;
import dev.meterkite.functions.store.StoreException;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.FeatureFlags;
import dev.meterkite.model.schema.Schema.IdempotencyKeys;
import dev.meterkite.model.schema.Schema.ModelProviderHealth;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.RoutingDecisions;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.schema.Schema.UsageCounts;
import dev.meterkite.model.schema.Schema.UsageSummaries;
import dev.meterkite.model.schema.Schema.UsageTracking;
import dev.meterkite.model.schema.Schema.Users;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** Faults of the product, each in one part. */
@SuppressWarnings("ImmutableEnumChecker") // one play at a time
enum Planted implements Defect {
  OWNERS_WITHOUT_PRECONDITION(
      "engine", "the owner is written whatever it holds by now", without(Condition.VERSION)),
  MARKERS_MAY_EXIST("engine", "a marker may exist already", without(Condition.ABSENT)),
  UNKNOWN_TAKEN_FOR_SUCCESS(
      "engine",
      "a commit without an answer is taken for applied",
      Defects.takenForApplied(StoreException.Kind.UNKNOWN)),
  CONTENTION_TAKEN_FOR_SUCCESS(
      "engine",
      "ABORTED is taken for applied",
      Defects.takenForApplied(StoreException.Kind.CONTENTION)),
  COMMITS_APART(
      "engine", "owner and markers leave in commits of their own", Defects.commitsApart()),
  MARKERS_OF_SETTLEMENTS_MISSING(
      "engine",
      "settlements of holds leave no marker",
      lostWrites("settle-hold", IdempotencyKeys.COLLECTION, 1)),
  RECORDS_EXPIRE_AT_ONCE(
      "engine",
      "idempotency records expire when they are made",
      writes(
          function -> true,
          IdempotencyKeys.COLLECTION,
          Defects.copied(IdempotencyKeys.CREATED_AT, IdempotencyKeys.EXPIRE_AT))),
  KEY_WITH_A_SALT(
      "functions",
      "debit-credits adds something of its own to the key",
      Defects.salt("debit-credits")),
  REFUSAL_ANSWERED_AS_DONE(
      "functions",
      "debit-credits answers 200 where credits are missing",
      status("debit-credits", 402, 200, 1)),
  DONE_ANSWERED_AS_REFUSED(
      "functions",
      "hold-credits answers 409 to one in twenty that it made",
      status("hold-credits", 200, 409, 20)),
  GRANT_WITHOUT_EXPIRY(
      "functions",
      "grant-credits does not store when credits expire",
      writes(
          "grant-credits"::equals,
          CreditTransactions.COLLECTION,
          without(CreditTransactions.EXPIRES_AT::equals))),
  CAPTURE_OF_THE_WHOLE_HOLD(
      "functions",
      "settle-hold captures the whole hold",
      body("settle-hold", Planted::withoutAmount)),
  RELEASE_CAPTURES(
      "functions",
      "settle-hold captures a credit where it should release",
      body("settle-hold", body -> body.replace("\"release\"", "\"capture\",\"amount\":1"))),
  REFUND_IN_FULL(
      "functions",
      "refund-credits gives the whole deduction back",
      body("refund-credits", Planted::withoutAmount)),
  DEBIT_ONE_LESS(
      "functions",
      "debit-credits takes a credit less above twenty",
      body("debit-credits", body -> body.replaceAll("\"amount\":2[1-9]", "\"amount\":20"))),
  CALLS_AT_PRESENT_PRICES(
      "functions",
      "debit-credits charges a call at the price of now",
      body("debit-credits", body -> body.replaceAll(",\"at\":\"[^\"]*\"", ""))),
  DUE_MOMENTS_NOT_WRITTEN(
      "functions",
      "no function writes when something is due to a user",
      writes(function -> true, Users.COLLECTION, without(Users.LEDGER_DUE_AT::equals))),
  USAGE_RECORD_LOST(
      "functions",
      "record-usage counts a record that it does not store",
      lostWrites("record-usage", UsageTracking.COLLECTION, 50)),
  USAGE_NOT_SUMMED(
      "functions",
      "record-usage leaves the month's summary as it is",
      lostWrites("record-usage", UsageSummaries.COLLECTION, 1)),
  SETTLEMENT_FOR_HALF(
      "functions",
      "settle-quota charges half of the tokens",
      body("settle-quota", Defects::halved)),
  REPORTS_NOT_COUNTED(
      "functions",
      "report-outcome answers and does nothing",
      lostWrites("report-outcome", ModelProviderHealth.COLLECTION, 5)),
  REPORTS_COUNTED_TWICE(
      "functions",
      "report-outcome remembers no report",
      writes(
          "report-outcome"::equals,
          ModelProviderHealth.COLLECTION,
          without(name -> name.startsWith(ModelProviderHealth.RECENT_KEYS)))),
  ROUTED_FOR_HALF(
      "functions",
      "report-outcome settles a decision's reservation for half",
      body("report-outcome", Defects::halved)),
  DECISIONS_NOT_KEPT(
      "functions",
      "route-model stores every fifth decision not",
      lostWrites("route-model", RoutingDecisions.COLLECTION, 5)),
  STRIPE_EVENTS_DROPPED(
      "functions",
      "stripe-webhook answers 200 to what it cannot apply yet",
      status("stripe-webhook", 503, 200, 1)),
  PAYMENTS_FORGOTTEN(
      "functions",
      "stripe-webhook keeps nothing of a payment",
      lostWrites("stripe-webhook", StripePayments.COLLECTION, 1)),
  DISPUTES_FORGOTTEN(
      "functions",
      "stripe-webhook forgets disputes",
      writes(
          "stripe-webhook"::equals,
          StripePayments.COLLECTION,
          without(name -> name.startsWith(StripePayments.DISPUTES)))),
  ALERTS_KEPT_FOR_EVER(
      "functions",
      "acknowledged alerts do not expire",
      writes(
          function -> true,
          ModelRouterAlerts.COLLECTION,
          without(ModelRouterAlerts.EXPIRE_AT::equals))),
  USERS_NOT_OPENED(
      "triggers", "on-user-created acknowledges and does nothing", idle("on-user-created")),
  TIER_NOT_SEEN(
      "triggers",
      "users get no monthly credits after the month in which they came",
      reads(
          function -> true,
          user ->
              user.ref().collection().equals(Users.COLLECTION)
                  && user.fields().get(Users.LEDGER) != null,
          Users.TIER,
          tier -> "payg")),
  JOBS_PAID_AT_ANOTHER_PRICE(
      "triggers",
      "on-job-written reads a minute too many",
      reads(
          "on-job-written"::equals,
          job ->
              job.ref().collection().equals(PodcastJobs.COLLECTION)
                  && job.fields().get(PodcastJobs.DURATION_MIN) instanceof Long,
          PodcastJobs.DURATION_MIN,
          minutes -> (Long) minutes + 1)),
  JOBS_NEVER_COMPLETE(
      "triggers",
      "nobody sees that a job is completed",
      reads(
          function -> true,
          job ->
              job.ref().collection().equals(PodcastJobs.COLLECTION)
                  && "completed".equals(job.fields().get(PodcastJobs.STATUS)),
          PodcastJobs.STATUS,
          status -> "running")),
  ALERTS_OF_QUOTAS_MISSING(
      "triggers", "on-quota-written acknowledges and does nothing", idle("on-quota-written")),
  ALERTS_OF_OUTAGES_MISSING(
      "triggers", "on-health-written acknowledges and does nothing", idle("on-health-written")),
  FLAGS_NOT_INITIALISED(
      "triggers",
      "on-customer-written writes no flags",
      writes(function -> true, FeatureFlags.COLLECTION, write -> null)),
  EDITS_NOT_COUNTED(
      "triggers",
      "records of others are stored as counted, and are not",
      new Defect() {
        @Override
        public @Nullable Mutation write(String function, Mutation mutation) {
          String collection = mutation.ref().collection();
          boolean counts =
              collection.equals(UsageSummaries.COLLECTION)
                  || collection.equals(UsageCounts.COLLECTION);
          return function.equals("on-usage-written") && counts ? null : mutation;
        }
      }),
  HOLDS_NOT_SWEPT("sweeps", "expire-credits does nothing", idle("expire-credits")),
  RESERVATIONS_NOT_SWEPT("sweeps", "reset-quotas does nothing", idle("reset-quotas")),
  PROVIDERS_NOT_PROBED("sweeps", "check-providers does nothing", idle("check-providers")),
  WINDOWS_CHARGED_HALF_AT_THEIR_END(
      "sweeps",
      "settle-quota charges half in the last days of a month",
      Defects.bodyAtTheEndOfMonths("settle-quota", Defects::halved));

  final String part;
  final String what;
  private final Defect defect;

  Planted(String part, String what, Defect defect) {
    this.part = part;
    this.what = what;
    this.defect = defect;
  }

  private static String withoutAmount(String body) {
    return body.replaceAll(",\"amount\":[0-9]+", "");
  }

  @Override
  public void begins(InstantSource domainClock) {
    defect.begins(domainClock);
  }

  @Override
  public Request request(String function, Request request) {
    return defect.request(function, request);
  }

  @Override
  public Response.Answer answer(String function, Response.Answer answer) {
    return defect.answer(function, answer);
  }

  @Override
  public boolean works(String function) {
    return defect.works(function);
  }

  @Override
  public Snapshot read(String function, Snapshot document) {
    return defect.read(function, document);
  }

  @Override
  public @Nullable Mutation write(String function, Mutation mutation) {
    return defect.write(function, mutation);
  }

  @Override
  public boolean commitsApart(String function) {
    return defect.commitsApart(function);
  }

  @Override
  public boolean takesForApplied(String function, StoreException.Kind failure) {
    return defect.takesForApplied(function, failure);
  }
}
