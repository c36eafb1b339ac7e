package dev.meterkite.model.routing;

import dev.meterkite.model.schema.Word;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a model is needed for. */
public enum TaskType implements Word {
  /** Text in, text out. */
  LLM,
  /** Text in, speech out. */
  TTS,
  /** Speech in, text out. */
  TRANSCRIPTION;

  /** The constant written so; empty for null and unknown words. */
  public static Optional<TaskType> parse(@Nullable String wire) {
    return Word.parse(TaskType.class, wire);
  }
}
