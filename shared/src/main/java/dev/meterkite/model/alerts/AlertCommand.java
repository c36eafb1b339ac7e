package dev.meterkite.model.alerts;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What becomes known about the subject of an alert. */
public sealed interface AlertCommand {
  /** Whom or what it is about. */
  AlertSubject subject();

  /**
   * The family's present level, as its document shows it now.
   *
   * @param level one of the family's levels, or {@link #FINE}
   * @param incident what tells this incident from the next, where the document says so (the start
   *     of a quota's window); empty where the next incident begins when this one is over
   * @param message for people
   * @param since an alert raised before this moment, though still open, is of an earlier incident;
   *     null where an open alert is always of this one
   */
  record Level(
      AlertSubject subject,
      AlertFamily family,
      int level,
      String incident,
      String message,
      @Nullable Instant since)
      implements AlertCommand {
    /** The level of a family of which nothing is wrong. */
    public static final int FINE = -1;

    /** A level whose open alert is always of the present incident. */
    public Level(
        AlertSubject subject, AlertFamily family, int level, String incident, String message) {
      this(subject, family, level, incident, message, null);
    }

    public Level {
      if (level < FINE || level >= family.levels().size()) {
        throw new IllegalArgumentException("no level " + level + " of " + family);
      }
    }
  }

  /**
   * Something of a moment, told for information.
   *
   * @param incident what tells it from the next
   */
  record Event(AlertSubject subject, AlertType type, String incident, String message)
      implements AlertCommand {}
}
