package dev.meterkite.model.whatif;

/** What a replay could not do exactly; each is counted. */
public enum Note {
  /** The record of the call is gone; it is priced as the user's other calls are. */
  ESTIMATED_CREDITS("credits of calls whose records are gone, priced as the user's other calls"),
  /** Its charge cannot be read; it stays as it was. */
  UNREADABLE_CALL("charges of calls that cannot be read, unchanged"),
  /** Another version of the plans decided it, whose credit may have had another value. */
  OTHER_VERSION("charges that another version of the plans decided"),
  /** It used more than its hold, and its user could not pay all; what was paid counts. */
  UNPAID_CALL("calls that were not paid in full, at what was paid"),
  /** The document is gone, or the other plans do not sell it; it costs what it cost. */
  UNPRICED_JOB("jobs without a document or a price under the other plans, unchanged"),
  /** It is longer than the tier allows under the other plans; it costs nothing there. */
  REFUSED_JOB("jobs that the other plans refuse as too long"),
  /** One of the plans does not have the tier; it stays as it was. */
  UNKNOWN_TIER("grants of a tier that one of the plans does not have, unchanged"),
  /** Its customer's quota under the other plans is used up; it costs nothing there. */
  REFUSED_SCENE("scenes beyond the quota of the other plans"),
  /** Nobody knows what it costs; it counts as nothing under both. */
  UNPRICED_RECORD("usage records without a cost");

  private final String text;

  Note(String text) {
    this.text = text;
  }

  /** What is counted, for people. */
  public String text() {
    return text;
  }
}
