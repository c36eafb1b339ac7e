package dev.meterkite.simulation;

/** Ends the code of an instance that was killed; nothing of it may run after this. */
final class Killed extends Error {
  private static final long serialVersionUID = 1;

  Killed() {
    super("the instance was killed", null, false, false);
  }
}
