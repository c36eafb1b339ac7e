package dev.meterkite.functions.store;

import dev.meterkite.model.command.Outcome;
import java.time.Duration;
import java.util.Map;

/** What became of a command. */
public sealed interface Reply {
  /** What it took; for the log. */
  Effort effort();

  /**
   * Applied now or earlier, or nothing was to be done.
   *
   * @param json the answer, byte for byte the same in every replay
   * @param replayed whether the command had been applied before
   */
  record Answered(String json, boolean replayed, Effort effort) implements Reply {}

  /**
   * Refused by the rules; nothing was changed.
   *
   * @param figures members of the problem answer as of this moment
   */
  record Refused(Outcome outcome, Map<String, Object> figures, Effort effort) implements Reply {}

  /** The key has been used for another request. */
  record Conflict(Effort effort) implements Reply {}

  /** Too much waits for this document; nothing was done, the key is free. */
  record Busy(Duration retryAfter, Effort effort) implements Reply {}

  /** No certain answer within the attempts and the time; repeat with the same key. */
  record Unavailable(String reason, Duration retryAfter, Effort effort) implements Reply {}

  /**
   * What a command took.
   *
   * @param attempts commits tried for this command, the last included
   * @param batch commands in its last commit
   */
  record Effort(int attempts, int batch) {
    /** Nothing was tried. */
    public static final Effort NONE = new Effort(0, 0);
  }
}
