package dev.meterkite.model.command;

import dev.meterkite.model.document.Snapshot;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The rules of one kind of owner document, as pure functions: the same arguments give the same
 * result, nothing is read or written, no clock is asked.
 *
 * @param <S> the state of the owner document, immutable
 * @param <I> the input of its commands
 */
public interface Rules<S, I> {
  /**
   * The state that a document, present or absent, holds. Never fails: what is broken is part of the
   * state.
   */
  S decode(Snapshot owner);

  /**
   * What has to be written to bring the document from one state to the next: values by field path,
   * {@link Write#REMOVED} for fields to remove. Only fields that the rules own; unknown ones stay.
   */
  Map<String, Object> changes(S before, S after);

  /**
   * Decides one command.
   *
   * @param now the domain's time, never before the last change of the state, in microseconds
   */
  Decision<S> decide(S state, Seen seen, Command<I> command, Instant now);

  /**
   * The refusal of a command whose key was refused with this code some minutes ago at the most,
   * with the figures of the moment.
   */
  Decision.Refused<S> refuseAgain(S state, Command<I> command, String code, Instant now);

  /**
   * How other instances are handed commands of this domain.
   *
   * @return null where commands never leave the instance
   */
  default @Nullable CommandCodec<I> codec() {
    return null;
  }
}
