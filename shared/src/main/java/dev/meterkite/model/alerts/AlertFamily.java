package dev.meterkite.model.alerts;

import java.util.List;
import java.util.Optional;

/**
 * Alert types that are levels of one thing, the mildest first: a worse level escalates the milder
 * alert, a better one resolves the worse.
 */
public enum AlertFamily {
  QUOTA,
  HEALTH,
  /** The health of one model while its provider serves others. */
  MODEL,
  /** Models that the provider does not serve. */
  MODEL_GONE,
  CREDIT,
  CIRCUIT;

  /** The levels, the mildest first. */
  public List<AlertType> levels() {
    return switch (this) {
      case QUOTA ->
          List.of(AlertType.QUOTA_WARNING, AlertType.QUOTA_CRITICAL, AlertType.QUOTA_EXHAUSTED);
      case HEALTH -> List.of(AlertType.PROVIDER_UNHEALTHY, AlertType.PROVIDER_UNAVAILABLE);
      case MODEL -> List.of(AlertType.MODEL_UNAVAILABLE);
      case MODEL_GONE -> List.of(AlertType.MODEL_GONE);
      case CREDIT -> List.of(AlertType.PROVIDER_CREDIT_GONE);
      case CIRCUIT -> List.of(AlertType.CIRCUIT_BREAKER_OPENED);
    };
  }

  /** What is raised, for information, when the family's last alert is resolved. */
  public Optional<AlertType> recovery() {
    return this == HEALTH ? Optional.of(AlertType.PROVIDER_RECOVERED) : Optional.empty();
  }
}
