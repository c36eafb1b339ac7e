package dev.meterkite.model.health;

/** The result of a command on a provider's health. */
sealed interface HealthResult {
  /**
   * A call was counted.
   *
   * @param provider the provider's id
   * @param answer what its caller is told
   * @param replayed whether it had been counted before
   */
  record Reported(String provider, ReportAnswer answer, boolean replayed) implements HealthResult {}

  /** A probe was counted. */
  record Probed(HealthStatus status) implements HealthResult {}

  /** Whether the caller makes the probe of this interval. */
  record Claimed(boolean claimed) implements HealthResult {}

  /** Whether the caller may make the call. */
  record Permitted(boolean permitted) implements HealthResult {}

  /** Whether time had changed anything. */
  record Refreshed(boolean changed) implements HealthResult {}
}
