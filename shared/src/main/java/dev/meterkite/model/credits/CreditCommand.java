package dev.meterkite.model.credits;

import dev.meterkite.model.time.Period;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What can be asked of a user's credits; made by {@link CreditCommands}. */
public sealed interface CreditCommand {
  /**
   * Spend.
   *
   * @param transactionId the id that the deduction gets
   * @param amount at least 1
   * @param jobId a label
   * @param description a text for people
   */
  record Debit(
      String transactionId, long amount, @Nullable String jobId, @Nullable String description)
      implements CreditCommand {
    public Debit {
      positive(amount);
    }
  }

  /**
   * Give.
   *
   * @param transactionId the id that the transaction gets
   * @param amount at least 1
   * @param type why
   * @param expiresAt when what is left expires, rounded up to the hour; null for never
   * @param description a text for people
   */
  record Grant(
      String transactionId,
      long amount,
      TransactionType type,
      @Nullable Instant expiresAt,
      @Nullable String description)
      implements CreditCommand {
    public Grant {
      positive(amount);
      if (!type.grants()) {
        throw new IllegalArgumentException("not a grant: " + type);
      }
    }
  }

  /**
   * Set aside.
   *
   * @param holdId the id that the hold gets; made of the job alone when there is one
   * @param amount at least 1
   * @param expiresIn when it lapses, counted from its commit
   */
  record Hold(String holdId, long amount, @Nullable String jobId, Duration expiresIn)
      implements CreditCommand {
    public Hold {
      positive(amount);
    }
  }

  /**
   * Close a hold.
   *
   * @param capture whether to spend from it; else all goes back
   * @param amount how much to spend, at least 0, the rest goes back; null for all of it
   * @param transactionId the id that the deduction gets
   */
  record Settle(String holdId, boolean capture, @Nullable Long amount, String transactionId)
      implements CreditCommand {
    public Settle {
      if (amount != null && (amount < 0 || !capture)) {
        throw new IllegalArgumentException("amount " + amount + " of a settlement");
      }
    }
  }

  /**
   * Give back what a deduction took.
   *
   * @param reverses the deduction's id
   * @param amount at least 1; null for all that is left of it
   * @param reason a text for people
   * @param transactionId the id that the refund gets
   */
  record Refund(
      String reverses, @Nullable Long amount, @Nullable String reason, String transactionId)
      implements CreditCommand {
    public Refund {
      if (amount != null) {
        positive(amount);
      }
    }
  }

  /**
   * Give what was bought at Stripe: a package, or the credits of a tier for one period. The
   * transaction's id is made of what was bought, so it is given once however often it is told.
   *
   * @param objectId the session or invoice at Stripe
   * @param amount at least 1
   * @param tier whose monthly credits these are; null for a package
   * @param period the first instant of that tier's period, and the first behind it; null for a
   *     package, which never expires
   * @param paymentId the payment, by which a refund finds it; null for what cost nothing
   * @param told the event
   */
  record Purchase(
      String objectId,
      long amount,
      @Nullable SubscriptionTier tier,
      @Nullable Period period,
      @Nullable String paymentId,
      Told told)
      implements CreditCommand {
    public Purchase {
      positive(amount);
      if ((tier == null) != (period == null)) {
        throw new IllegalArgumentException("a tier is bought for a period, a package for good");
      }
    }
  }

  /**
   * Take back what a refunded payment had bought, in proportion.
   *
   * @param paymentId the payment
   * @param chargeId the charge of it that was refunded
   * @param paid what it was, in the currency's smallest unit, at least 1
   * @param refunded how much of that was refunded by now, all refunds together, at least 1
   * @param told the event
   */
  record TakeBack(String paymentId, String chargeId, long paid, long refunded, Told told)
      implements CreditCommand {
    public TakeBack {
      positive(paid);
      positive(refunded);
    }
  }

  /**
   * Note what became of a subscription.
   *
   * @param subscriptionId the subscription at Stripe
   * @param subscription what the event tells of it
   * @param told the event
   */
  record Subscribe(String subscriptionId, Subscription subscription, Told told)
      implements CreditCommand {}

  /** Note who the user is at Stripe. */
  record Introduce(Told told) implements CreditCommand {}

  /**
   * Which event of Stripe a command comes from.
   *
   * @param eventId its id, for the journal; the same thing may be told by several
   * @param customerId the customer that it names, or null
   */
  record Told(String eventId, @Nullable String customerId) {}

  /**
   * Bring the payment of a job to where its status says it should be.
   *
   * @param event what the event proves about the job's past
   */
  record Job(String jobId, JobEvent event) implements CreditCommand {}

  /** Apply what is due: opening balance, lapsed holds, expired lots, the monthly grant. */
  record Sweep() implements CreditCommand {}

  /**
   * Report balance, held, available and lots of the moment, with the sequence that they are of;
   * applies what is due, as a sweep does, so that the transactions agree with them.
   */
  record View() implements CreditCommand {}

  private static void positive(long amount) {
    if (amount < 1) {
      throw new IllegalArgumentException("amount must be at least 1: " + amount);
    }
  }
}
