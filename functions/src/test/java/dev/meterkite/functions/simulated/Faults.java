package dev.meterkite.functions.simulated;

/**
 * Probabilities, 0 to 1, of what goes wrong with a call to the store.
 *
 * @param lostBefore a commit never arrives, and its caller hears nothing certain
 * @param appliedLate a commit is applied 20 to 80 s late, long after its caller was told that its
 *     outcome is unknown
 * @param lostAfter a commit is applied, and its caller hears nothing certain
 * @param aborted a commit is refused as ABORTED
 * @param readLost a read, query or total gets no answer
 * @param appliedTwice a commit is repeated unseen
 * @param late an answer takes up to 4 s, within the caller's deadline
 * @param outage a call begins an outage of up to 1.5 s, during which every call is UNAVAILABLE
 */
public record Faults(
    double lostBefore,
    double appliedLate,
    double lostAfter,
    double aborted,
    double readLost,
    double appliedTwice,
    double late,
    double outage) {

  /** Nothing goes wrong. */
  public static final Faults NONE = new Faults(0, 0, 0, 0, 0, 0, 0, 0);

  /** More goes wrong than ever would, for runs of few calls. */
  public static final Faults MANY = new Faults(0.05, 0.12, 0.12, 0.05, 0.04, 0.03, 0.02, 0.001);

  /** One call in ten or so, for runs of many. */
  public static final Faults SOME = new Faults(0.01, 0.01, 0.02, 0.02, 0.01, 0.002, 0.02, 0.000_05);
}
