package dev.meterkite.model.command;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A command that was refused, as its owner document remembers it for people who look.
 *
 * @param at the domain's time
 * @param operation what was refused, such as {@code debit-credits}
 * @param code why, such as {@code insufficient_credits}
 * @param figures the whole numbers among the figures that the caller was told, such as {@code
 *     required}
 */
public record RefusedCommand(Instant at, String operation, String code, Map<String, Long> figures) {
  private static final int MOST_FIGURES = 8;

  public RefusedCommand {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
  }

  /** The refusal of an operation. */
  public static RefusedCommand of(String operation, Decision.Refused<?> refused, Instant at) {
    Map<String, Long> figures = new LinkedHashMap<>();
    refused
        .figures()
        .forEach(
            (name, figure) -> {
              if (figure instanceof Long whole && figures.size() < MOST_FIGURES) {
                figures.put(name, whole);
              }
            });
    return new RefusedCommand(at, operation, refused.outcome().code(), figures);
  }
}
