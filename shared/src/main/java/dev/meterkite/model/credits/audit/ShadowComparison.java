package dev.meterkite.model.credits.audit;

import dev.meterkite.model.alerts.AlertType;
import dev.meterkite.model.credits.jobs.PaymentStatus;
import dev.meterkite.model.document.FieldValues;
import dev.meterkite.model.document.LenientFields;
import dev.meterkite.model.document.Snapshot;
import dev.meterkite.model.schema.Schema.CreditTransactions;
import dev.meterkite.model.schema.Schema.ModelRouterAlerts;
import dev.meterkite.model.schema.Schema.PodcastJobs;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a commit that is not made would have meant, beside what an older system has written.
 *
 * <p>Worked example: a job of 30 credits is completed, so its payment would be captured with 30.
 * The older system deducted 30 and refunded 5 of it: it charged 25, a difference.
 */
public final class ShadowComparison {
  private ShadowComparison() {}

  /**
   * The end of a job's payment.
   *
   * @param status captured, released, refused or unpaid
   * @param credits what the user would have paid: 0 unless captured
   */
  public record Charge(String status, long credits) {}

  /**
   * The end of a job's payment that these changes of the job bring about.
   *
   * @param changes by field path
   * @return empty while the job is held, or where the changes do not concern its payment
   */
  public static Optional<Charge> charge(Map<String, Object> changes) {
    return PaymentStatus.parse(LenientFields.text(changes, PodcastJobs.PAYMENT_STATUS))
        .filter(status -> status != PaymentStatus.HELD)
        .map(
            status ->
                new Charge(
                    status.wire(),
                    status == PaymentStatus.CAPTURED
                        ? LenientFields.whole(changes, PodcastJobs.PAYMENT_CREDITS, 0)
                        : 0));
  }

  /**
   * What an older system has charged for a job: its deductions less its refunds; 0 without any.
   *
   * @param transactions all that name the job
   * @return empty when one of them is of Meterkite's own ledger
   */
  public static Optional<Long> charged(List<Snapshot> transactions) {
    long charged = 0;
    for (Snapshot transaction : transactions) {
      if (transaction.fields().get(CreditTransactions.SEQUENCE) != null) {
        return Optional.empty();
      }
      Long amount = FieldValues.integer(transaction.fields().get(CreditTransactions.AMOUNT));
      charged -= amount == null ? 0 : amount; // what cannot be read shows as a difference
    }
    return Optional.of(charged);
  }

  /** What a {@code ledger_mismatch} that these fields raise says; empty for any other alert. */
  public static Optional<String> mismatch(Map<String, Object> alert) {
    return AlertType.LEDGER_MISMATCH
            .wire()
            .equals(LenientFields.text(alert, ModelRouterAlerts.TYPE))
        ? Optional.ofNullable(LenientFields.text(alert, ModelRouterAlerts.MESSAGE))
        : Optional.empty();
  }
}
