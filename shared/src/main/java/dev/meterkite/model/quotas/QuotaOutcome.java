package dev.meterkite.model.quotas;

import dev.meterkite.model.command.Outcome;

/** Why a reservation or settlement is refused; the first that applies is the answer. */
public enum QuotaOutcome implements Outcome {
  /** No such quota or reservation. */
  NOT_FOUND("not_found"),
  /** The reservation was settled before. */
  ALREADY_SETTLED("already_settled"),
  /** More than a window allows in all: no waiting helps. */
  EXCEEDS_LIMIT("exceeds_limit"),
  /** It does not fit now; {@code retry_after_seconds} tells when windows have reset. */
  QUOTA_EXHAUSTED("quota_exhausted"),
  /** As many reservations as a document holds are open. */
  TOO_MANY_RESERVATIONS("rate_limited");

  private final String code;

  QuotaOutcome(String code) {
    this.code = code;
  }

  @Override
  public String code() {
    return code;
  }

  /** Never: a reservation that applies late lapses by itself. */
  @Override
  public boolean remembered() {
    return false;
  }
}
