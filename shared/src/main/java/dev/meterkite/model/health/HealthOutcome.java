package dev.meterkite.model.health;

import dev.meterkite.model.command.Outcome;

/** Why a report is refused. */
public enum HealthOutcome implements Outcome {
  /** The key was used for another report. */
  IDEMPOTENCY_CONFLICT;

  @Override
  public String code() {
    return "idempotency_conflict";
  }

  @Override
  public boolean remembered() {
    return false;
  }
}
