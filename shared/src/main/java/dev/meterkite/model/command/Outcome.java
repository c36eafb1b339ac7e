package dev.meterkite.model.command;

/**
 * Why a command was refused: a constant of a domain's enum, which lists them in order of
 * precedence.
 */
public interface Outcome {
  /** The stable {@code code} that callers see, such as {@code insufficient_credits}. */
  String code();

  /**
   * Whether the refusal must be remembered in the owner document for some minutes, because a later
   * change could let an attempt of the same command that is still under way succeed. False where
   * nothing can follow (the document is absent, the hold is closed) or a late application harms
   * nobody.
   */
  boolean remembered();
}
