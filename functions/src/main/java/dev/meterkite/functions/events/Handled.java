package dev.meterkite.functions.events;

/**
 * What became of an event.
 *
 * @param verdict what happens to the event now
 * @param outcome a word for the log
 * @param attempts commits tried; 0 where nothing was to be committed
 * @param batch commands in the last of them
 */
public record Handled(Verdict verdict, String outcome, int attempts, int batch) {

  /** What happens to an event now. */
  public enum Verdict {
    /** Acknowledged: done, or nothing was to be done. */
    DONE,
    /** Acknowledged with a warning: it can never succeed. */
    IMPOSSIBLE,
    /** Thrown, so that it is delivered again: it may succeed later. */
    LATER
  }

  /** Done, or nothing was to be done. */
  public static Handled done(String outcome) {
    return new Handled(Verdict.DONE, outcome, 0, 0);
  }

  /** It can never succeed; delivering it again would be in vain. */
  public static Handled impossible(String outcome) {
    return new Handled(Verdict.IMPOSSIBLE, outcome, 0, 0);
  }

  /** It may succeed when it is delivered again. */
  public static Handled later(String outcome) {
    return new Handled(Verdict.LATER, outcome, 0, 0);
  }

  /** This with what it took, for the log. */
  public Handled took(int commitAttempts, int commandsInBatch) {
    return new Handled(verdict, outcome, commitAttempts, commandsInBatch);
  }
}
