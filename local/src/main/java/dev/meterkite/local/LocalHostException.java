package dev.meterkite.local;

/** The local host cannot start; the message is written for the person at the terminal. */
public final class LocalHostException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public LocalHostException(String message) {
    super(message);
  }

  public LocalHostException(String message, Throwable cause) {
    super(message, cause);
  }
}
