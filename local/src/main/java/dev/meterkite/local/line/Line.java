package dev.meterkite.local.line;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A command line as it was read.
 *
 * @param command the sub-command; empty for a tool without
 * @param options each option that was given, with its value, empty for a flag
 * @param arguments the words that are no options
 */
public record Line(String command, Map<String, String> options, List<String> arguments) {
  public Line {
    options = Map.copyOf(options);
    arguments = List.copyOf(arguments);
  }

  public boolean has(String option) {
    return options.containsKey(option);
  }

  public Optional<String> text(String option) {
    return Optional.ofNullable(options.get(option));
  }

  /** The number that was given, which lies within the option's range. */
  public OptionalLong number(String option) {
    String text = options.get(option);
    return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
  }
}
