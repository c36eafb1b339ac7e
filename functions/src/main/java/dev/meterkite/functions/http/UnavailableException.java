package dev.meterkite.functions.http;

/**
 * Something that a request needs is not there for now, and a person may have to see to it: the
 * caller is answered 503 {@code unavailable} with the reason, an event is delivered again.
 */
public final class UnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param reason one sentence for a person
   */
  public UnavailableException(String reason) {
    super(reason);
  }

  Problem problem() {
    return Problem.of(503, "unavailable", String.valueOf(getMessage()));
  }
}
