package dev.meterkite.model.schema;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An enum whose constants stand in documents as their names in lower case.
 *
 * <p>Other programs write the same documents and may know more words than we do, so reading one is
 * a question, never a failure.
 */
public interface Word {
  /** The constant's name, as every enum has it. */
  String name();

  /** How it is written in documents and answers: {@code PRO_PLUS} is {@code pro_plus}. */
  default String wire() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The constant that is written so, exactly; empty for null and for words that we do not know. */
  static <E extends Enum<E> & Word> Optional<E> parse(Class<E> words, @Nullable String wire) {
    for (E word : words.getEnumConstants()) {
      if (word.wire().equals(wire)) {
        return Optional.of(word);
      }
    }
    return Optional.empty();
  }
}
