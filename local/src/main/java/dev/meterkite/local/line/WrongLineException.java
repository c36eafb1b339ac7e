package dev.meterkite.local.line;

/** A command line that is refused; the message is one sentence for the terminal. */
public final class WrongLineException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  public WrongLineException(String sentence) {
    super(sentence);
  }
}
