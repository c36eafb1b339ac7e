package dev.meterkite.model.credits;

import dev.meterkite.model.document.DocRef;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Ids;
import dev.meterkite.model.schema.Schema.CreditHolds;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import dev.meterkite.model.schema.Schema.StripePayments;
import dev.meterkite.model.schema.Schema.Users;
import java.util.Optional;

/** The documents of credits whose ids follow from other ids. */
public final class CreditRefs {
  private CreditRefs() {}

  /** The document of a user. */
  public static DocRef user(String userId) {
    return new DocRef(Users.COLLECTION, userId);
  }

  /** The hold of a job's first attempt; its id is made of the job's id alone. */
  public static DocRef jobHold(String jobId) {
    return jobHold(jobId, 1);
  }

  /**
   * The hold of an attempt of a job.
   *
   * @param attempt counted from 1
   */
  public static DocRef jobHold(String jobId, long attempt) {
    return new DocRef(CreditHolds.COLLECTION, ofAttempt("job-hold", jobId, attempt));
  }

  /** The deduction by which a job's trigger charges an attempt. */
  public static DocRef jobCharge(String jobId, long attempt) {
    return new DocRef(CreditTransactions.COLLECTION, ofAttempt("job-charge", jobId, attempt));
  }

  private static String ofAttempt(String what, String jobId, long attempt) {
    return attempt == 1 ? Ids.uuid(what, jobId) : Ids.uuid(what, jobId, Long.toString(attempt));
  }

  /** The monthly grant of a tier to a user for the period that starts on this day. */
  public static DocRef monthlyGrant(String userId, String tier, String periodStart) {
    return new DocRef(
        CreditTransactions.COLLECTION, Ids.uuid("monthly-grant", userId, tier, periodStart));
  }

  /** The transaction that takes over the balance of an older system. */
  public static DocRef openingBalance(String userId) {
    return new DocRef(CreditTransactions.COLLECTION, Ids.uuid("opening-balance", userId));
  }

  /** The transaction of the packages that a session or invoice sold. */
  public static DocRef packages(String saleId) {
    return transaction(Ids.uuid("stripe-purchase", saleId));
  }

  /** The document of a payment at Stripe. */
  public static DocRef payment(String paymentId) {
    return new DocRef(StripePayments.COLLECTION, paymentId);
  }

  /**
   * The {@code user_id} of a job, hold, transaction or payment; empty where it is not a valid id.
   */
  public static Optional<String> owner(Snapshot document) {
    // All collections of credits call the owner by the same name.
    return Optional.ofNullable(LenientFields.text(document.fields(), PodcastJobs.USER_ID))
        .filter(DocRef::isId);
  }

  /** The transaction with this id. */
  public static DocRef transaction(String id) {
    return new DocRef(CreditTransactions.COLLECTION, id);
  }
}
