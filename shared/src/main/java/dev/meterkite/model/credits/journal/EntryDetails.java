package dev.meterkite.model.credits.journal;

import dev.meterkite.model.credits.lots.OpenHold;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a transaction says beyond its amount. Everything is null where the transaction does not have
 * it.
 *
 * @param jobId the job that it was for
 * @param holdId the hold that it captured
 * @param description a text for people
 * @param reason why credits came back or were taken back
 * @param expiresAt when the credits expire
 * @param periodStart the start of the period that the credits are for
 * @param reverses the transaction that it reverses
 * @param reversesSequence the sequence of that transaction
 * @param stripeEventId the event at Stripe that led to it
 * @param plansVersion the plans that decided it, where they are not the present ones
 * @param charge the call that it charges
 * @param accruedMicros micro-USD accrued below a credit after it, rounded down
 */
public record EntryDetails(
    @Nullable String jobId,
    @Nullable String holdId,
    @Nullable String description,
    @Nullable String reason,
    @Nullable Instant expiresAt,
    @Nullable Instant periodStart,
    @Nullable String reverses,
    @Nullable Long reversesSequence,
    @Nullable String stripeEventId,
    @Nullable String plansVersion,
    @Nullable CallCharge charge,
    @Nullable Long accruedMicros) {
  /** No details. */
  public static final EntryDetails NONE = builder().build();

  /** Starts without details. */
  public static Builder builder() {
    return new Builder();
  }

  /** Starts with the details of a capture of a hold. */
  public static Builder ofCapture(OpenHold hold) {
    return builder().jobId(hold.jobId()).holdId(hold.holdId()).plansVersion(hold.plansVersion());
  }

  /** These, decided by the plans of a version unless they name other ones. */
  public EntryDetails decidedBy(String version) {
    return plansVersion != null
        ? this
        : new EntryDetails(
            jobId,
            holdId,
            description,
            reason,
            expiresAt,
            periodStart,
            reverses,
            reversesSequence,
            stripeEventId,
            version,
            charge,
            accruedMicros);
  }

  /** Collects details; null leaves one out. */
  public static final class Builder {
    private @Nullable String jobId;
    private @Nullable String holdId;
    private @Nullable String description;
    private @Nullable String reason;
    private @Nullable Instant expiresAt;
    private @Nullable Instant periodStart;
    private @Nullable String reverses;
    private @Nullable Long reversesSequence;
    private @Nullable String stripeEventId;
    private @Nullable String plansVersion;
    private @Nullable CallCharge charge;
    private @Nullable Long accruedMicros;

    private Builder() {}

    public Builder jobId(@Nullable String value) {
      jobId = value;
      return this;
    }

    public Builder holdId(@Nullable String value) {
      holdId = value;
      return this;
    }

    public Builder description(@Nullable String value) {
      description = value;
      return this;
    }

    public Builder reason(@Nullable String value) {
      reason = value;
      return this;
    }

    public Builder expiresAt(@Nullable Instant value) {
      expiresAt = value;
      return this;
    }

    public Builder periodStart(@Nullable Instant value) {
      periodStart = value;
      return this;
    }

    public Builder reverses(@Nullable String id, @Nullable Long sequence) {
      reverses = id;
      reversesSequence = sequence;
      return this;
    }

    public Builder stripeEventId(@Nullable String value) {
      stripeEventId = value;
      return this;
    }

    public Builder plansVersion(@Nullable String value) {
      plansVersion = value;
      return this;
    }

    /** The call that is charged, and what is accrued after it. */
    public Builder charge(@Nullable CallCharge value, long accrued) {
      charge = value;
      accruedMicros = accrued;
      return this;
    }

    public EntryDetails build() {
      return new EntryDetails(
          jobId,
          holdId,
          description,
          reason,
          expiresAt,
          periodStart,
          reverses,
          reversesSequence,
          stripeEventId,
          plansVersion,
          charge,
          accruedMicros);
    }
  }
}
