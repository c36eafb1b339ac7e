package dev.meterkite.model.alerts;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What an alert reports, with the severity that it has unless the reporter says otherwise. */
public enum AlertType implements Word {
  QUOTA_WARNING(AlertSeverity.WARNING),
  QUOTA_CRITICAL(AlertSeverity.CRITICAL),
  QUOTA_EXHAUSTED(AlertSeverity.EMERGENCY),
  PROVIDER_UNHEALTHY(AlertSeverity.WARNING),
  PROVIDER_UNAVAILABLE(AlertSeverity.CRITICAL),
  PROVIDER_RECOVERED(AlertSeverity.INFO),
  PROVIDER_CREDIT_GONE(AlertSeverity.CRITICAL),
  MODEL_UNAVAILABLE(AlertSeverity.WARNING),
  MODEL_GONE(AlertSeverity.WARNING),
  CIRCUIT_BREAKER_OPENED(AlertSeverity.CRITICAL),
  CIRCUIT_BREAKER_HALF_OPEN(AlertSeverity.INFO),
  FAILOVER_EXECUTED(AlertSeverity.INFO),
  BALANCE_LOW(AlertSeverity.WARNING),
  BALANCE_EMPTY(AlertSeverity.WARNING),
  BALANCE_UNREADABLE(AlertSeverity.CRITICAL),
  LEDGER_MISMATCH(AlertSeverity.EMERGENCY),
  REFUND_ABUSE(AlertSeverity.WARNING),
  JOB_UNPAID(AlertSeverity.WARNING),
  PRICE_HELD(AlertSeverity.WARNING),
  USAGE_QUOTA_WARNING(AlertSeverity.WARNING),
  USAGE_QUOTA_EXHAUSTED(AlertSeverity.CRITICAL),
  PLANS_INVALID(AlertSeverity.CRITICAL);

  private final AlertSeverity defaultSeverity;

  AlertType(AlertSeverity defaultSeverity) {
    this.defaultSeverity = defaultSeverity;
  }

  /** The severity of such an alert unless the reporter says otherwise. */
  public AlertSeverity defaultSeverity() {
    return defaultSeverity;
  }

  /** The constant written so; empty for null and unknown words. */
  public static Optional<AlertType> parse(@Nullable String wire) {
    return Word.parse(AlertType.class, wire);
  }
}
