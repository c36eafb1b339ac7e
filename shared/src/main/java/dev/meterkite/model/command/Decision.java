package dev.meterkite.model.command;

import java.util.List;
import java.util.Map;

/**
 * What the rules make of a command.
 *
 * @param <S> the state of the owner document
 */
public sealed interface Decision<S> {

  /**
   * The command applies: the owner's next state and the other writes go out in one commit.
   *
   * @param next the owner's next state
   * @param answer what the caller is told, in this order; replays repeat it byte for byte
   * @param writes changes to other documents; a {@link Write.Create} of one of the command's
   *     markers becomes the marker, else a document in {@code idempotency_keys} does
   */
  record Applied<S>(S next, Map<String, Object> answer, List<Write> writes)
      implements Decision<S> {}

  /** There is nothing to do; answered from a state read for this command, without a commit. */
  record Unchanged<S>(Map<String, Object> answer) implements Decision<S> {}

  /**
   * The command is refused, and leaves nothing behind but the memory of it where {@link
   * Outcome#remembered} asks for that.
   *
   * @param figures members of the problem answer, such as {@code balance}; may be empty
   */
  record Refused<S>(Outcome outcome, Map<String, Object> figures) implements Decision<S> {}

  /** The rules cannot decide before they have seen these too. */
  record NeedsReads<S>(List<Read> reads) implements Decision<S> {}
}
