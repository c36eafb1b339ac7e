package dev.meterkite.functions.events;

/** Asks the platform to deliver an event again. */
public final class RedeliveryException extends RuntimeException {
  private static final long serialVersionUID = 1;

  RedeliveryException(String trigger, String outcome) {
    super(trigger + ": " + outcome, null, false, false);
  }
}
