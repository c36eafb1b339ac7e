package dev.meterkite.model.alerts;

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
   */
  record Level(AlertSubject subject, AlertFamily family, int level, String incident, String message)
      implements AlertCommand {
    /** The level of a family of which nothing is wrong. */
    public static final int FINE = -1;

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
