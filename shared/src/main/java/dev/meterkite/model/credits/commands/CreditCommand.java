package dev.meterkite.model.credits.commands;

import dev.meterkite.model.credits.TransactionType;
import dev.meterkite.model.credits.jobs.JobEvent;
import dev.meterkite.model.credits.stripe.StripePayment;
import dev.meterkite.model.credits.stripe.Subscription;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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
   * Spend what a call of a model costs.
   *
   * @param recordId the id of the command's idempotency record
   * @param transactionId the id that the deduction gets, if whole credits are deducted
   * @param usage the call
   * @param jobId a label
   * @param description a text for people
   */
  record DebitUsage(
      String recordId,
      String transactionId,
      UsageCharge usage,
      @Nullable String jobId,
      @Nullable String description)
      implements CreditCommand {}

  /**
   * Set aside what a call of a model may cost, in whole credits.
   *
   * @param holdId as of {@link Hold}
   * @param usage the most that the call may consume
   */
  record HoldUsage(String holdId, UsageCharge usage, @Nullable String jobId, Duration expiresIn)
      implements CreditCommand {}

  /**
   * Capture what a call of a model cost, or an amount that may be more than the hold.
   *
   * @param usage the call; null for an amount
   * @param amount how much to spend where there is no usage, at least 0
   * @param overage whether what is more than the hold is deducted as far as credits are available;
   *     else the capture is refused
   * @param transactionId the id that the deduction gets
   */
  record SettleUsage(
      String holdId,
      @Nullable UsageCharge usage,
      long amount,
      boolean overage,
      String transactionId)
      implements CreditCommand {
    public SettleUsage {
      if (amount < 0) {
        throw new IllegalArgumentException("amount " + amount + " of a settlement");
      }
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
   * Add facts to a payment at Stripe and book what follows: give what it sold, take back what the
   * money that went back had bought.
   *
   * @param ids the payment intents, invoice or charge by which the payment is known, at least one
   * @param facts what the event says of it
   * @param told the event
   */
  record Pay(List<String> ids, StripePayment facts, Told told) implements CreditCommand {
    public Pay {
      ids = List.copyOf(ids);
      if (ids.isEmpty()) {
        throw new IllegalArgumentException("a payment without an id");
      }
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
   * @param eventId its id, for the journal; null where it is not noted; the same thing may be told
   *     by several
   * @param customerId the customer that it names, or null
   */
  record Told(@Nullable String eventId, @Nullable String customerId) {}

  /**
   * Bring the payment of a job to where its status says it should be.
   *
   * @param event what the event proves about the job's past
   */
  record Job(String jobId, JobEvent event) implements CreditCommand {}

  /**
   * Create the user, or complete it: a field that the document has is never changed.
   *
   * @param email null to leave it out
   * @param tier null for the first tier of the plans, or for the tier that the user has
   * @param stripeCustomerId who the user is at Stripe; null to leave it out
   * @param keepsAnswer whether the answer has to be kept even if nothing changes, because an
   *     idempotency key may ask for it again
   */
  record Register(
      @Nullable String email,
      @Nullable String tier,
      @Nullable String stripeCustomerId,
      boolean keepsAnswer)
      implements CreditCommand {}

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
