package dev.meterkite.emulator;

import org.jspecify.annotations.Nullable;

/**
 * The Firestore emulator cannot be found, started or asked. The message is written for the person
 * at the terminal: it says what was tried and which command helps.
 */
public final class EmulatorUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public EmulatorUnavailableException(String message) {
    super(message);
  }

  public EmulatorUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
